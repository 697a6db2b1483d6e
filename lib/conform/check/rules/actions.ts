// net/sched/act_api.c tcf_action_init() and the init functions of the actions: what a table of actions must hold, in a
// filter as well as in a request of its own.
import { rejectsEstimator } from './estimator.js';
import * as P from '../../../uapi/linux/pkt_cls.js';
import { tc_ratespec, TC_RTAB_SIZE } from '../../../uapi/linux/pkt_sched.js';
import { tc_act_bpf, TCA_ACT_BPF } from '../../../uapi/linux/tc_act/tc_bpf.js';
import { MAX_RAND, tc_gact, tc_gact_p, TCA_GACT } from '../../../uapi/linux/tc_act/tc_gact.js';
import * as M from '../../../uapi/linux/tc_act/tc_mirred.js';
import type { AttrSet } from '../../../codec/attrs.js';
import type { Attributes } from '../attributes.js';
import { byPosition, liberally } from '../attributes.js';
import { C, type Code } from '../codes.js';
import type { Judge } from '../judge.js';
import { checkProgram } from './program.js';
import { isLongName, noteLongStruct, noteUnread, options } from './tc.js';

const { TCA_ACT } = P;
/** Greatest position the kernel looks at; the one behind it is refused. */
const MAX = P.TCA_ACT_MAX_PRIO;
const SKIP_FLAGS = P.TCA_ACT_FLAGS_SKIP_HW | P.TCA_ACT_FLAGS_SKIP_SW;
/** The struct of old programs ends before the counts. */
const POLICE_COMPAT_SIZE = P.tc_police.offsetof.refcnt;

/** Who asks for actions. */
export interface Asker {
  /** The actions are those of a filter, which may take one that is there. */
  readonly binds: boolean;
  /** The top attributes hold this attribute as rate estimator (TCA_RATE); 0 = none. */
  readonly tca?: Attributes;
  readonly rate?: number;
}

/** Where the verdict stands in struct tc_gen, behind index and capabilities. */
const VERDICT_AT = 8;

/** Whether the parameters of an action are judged for sure: a filter that takes one by its index looks no further. */
const isFresh = (asker: Asker, index: number): boolean => !asker.binds || index === 0;

/** The verdict of an action. @see tcf_action_check_ctrlact() */
function checkVerdict(run: Attributes, asker: Asker, type: number, at: number, index: number): void {
  const { judge } = run;
  const verdict = judge.view.getInt32(run.start(type) + at, true);
  const opcode = P.TC_ACT_EXT_OPCODE(verdict);
  const known = opcode === 0 ? verdict <= P.TC_ACT_VALUE_MAX : opcode <= P.TC_ACT_EXT_OPCODE_MAX;
  const place = { offset: run.start(type) + at, length: 4, path: `${run.pathOf(type)} action` };
  if (!known && verdict !== P.TC_ACT_UNSPEC) {
    if (isFresh(asker, index))
      judge.deny(C.verdict, 'EINVAL', 'invalid control action', place, `there is no verdict ${verdict}`);
    else judge.may('EINVAL: invalid control action');
  } else if (P.TC_ACT_EXT_CMP(verdict, P.TC_ACT_GOTO_CHAIN) && !asker.binds) {
    judge.deny(
      C.verdict,
      'EINVAL',
      "can't goto NULL proto/chain",
      place,
      'an action of no filter cannot go to a chain',
    );
  }
}

/** The index is reserved, perhaps by an action before it in the table. @see tcf_idr_check_alloc() */
function mayBeTaken(judge: Judge, index: number): void {
  if (index !== 0) judge.may('EAGAIN: the index is being taken');
}

/** What every kind does with index and estimator before the verdict. */
function lookUp(judge: Judge, asker: Asker, index: number): void {
  mayBeTaken(judge, index);
  if (index !== 0 && !asker.binds) judge.may('EEXIST: an action of this index exists');
  const { tca, rate = 0 } = asker;
  if (tca === undefined || !rejectsEstimator(tca, rate)) return;
  if (index === 0) judge.deny(C.estimator, 'EINVAL', undefined, tca.place(rate), 'there is no such rate estimator');
  else judge.may('EINVAL: there is no such rate estimator');
}

function missing(run: Attributes, type: number, msg: string | undefined): void {
  run.judge.deny(C.missingAttribute, 'EINVAL', msg, run.whole, `${run.set.$byType[type]!.name} is missing`, run);
}

/** PARMS of an action with struct tc_gen; its index, undefined when there is none. */
function parms(run: Attributes, type: number, size: number, msg?: string): number | undefined {
  if (!run.has(type)) missing(run, type, msg);
  noteLongStruct(run, type, size);
  return run.u32(type);
}

function gact(run: Attributes, asker: Asker): void {
  const { judge } = run;
  const index = parms(run, TCA_GACT.PARMS.type, tc_gact.size);
  if (run.ok(TCA_GACT.PROB.type)) checkProbability(run);
  if (index === undefined) return;
  lookUp(judge, asker, index);
  checkVerdict(run, asker, TCA_GACT.PARMS.type, VERDICT_AT, index);
}

function checkProbability(run: Attributes): void {
  const { judge } = run;
  const type = TCA_GACT.PROB.type;
  const start = run.start(type);
  noteLongStruct(run, type, tc_gact_p.size);
  const ptype = judge.view.getUint16(start, true);
  if (ptype >= MAX_RAND)
    judge.deny(C.badValue, 'EINVAL', undefined, run.place(type), `there is no kind of chance ${ptype}`);
  const paction = judge.view.getInt32(start + tc_gact_p.offsetof.paction, true);
  if (P.TC_ACT_EXT_CMP(paction, P.TC_ACT_GOTO_CHAIN))
    judge.deny(
      C.verdict,
      'EINVAL',
      'goto chain not allowed on fallback',
      run.place(type),
      'the other verdict cannot go to a chain',
    );
}

function mirred(run: Attributes, asker: Asker): void {
  const { judge } = run;
  const { PARMS, BLOCKID } = M.TCA_MIRRED;
  const index = parms(run, PARMS.type, M.tc_mirred.size, 'act_mirred: Missing required mirred parameters');
  if (index === undefined) return;
  const start = run.start(PARMS.type);
  const ifindex = judge.view.getUint32(start + M.tc_mirred.offsetof.ifindex, true);
  mayBeTaken(judge, index);
  checkMirred(run, isFresh(asker, index), index, ifindex);
  lookUp(judge, asker, index);
  checkVerdict(run, asker, PARMS.type, VERDICT_AT, index);
  if (ifindex !== 0) judge.may('ENODEV: there is no device of this index');
  if (run.has(BLOCKID.type)) judge.may('ENOENT: there is no block of this index');
}

/** What is refused of a new action; of one that a filter takes by its index nothing is. */
function checkMirred(run: Attributes, fresh: boolean, index: number, ifindex: number): void {
  const { judge } = run;
  const { PARMS, BLOCKID } = M.TCA_MIRRED;
  const block = run.has(BLOCKID.type);
  const at = run.place(PARMS.type);
  const deny = (code: Code, msg: string, text: string): void => {
    if (fresh) judge.deny(code, 'EINVAL', `act_mirred: ${msg}`, at, text);
    else judge.may(`EINVAL: act_mirred: ${msg}`);
  };
  if (block && ifindex !== 0)
    deny(C.exclusiveAttributes, 'Cannot specify Block ID and dev simultaneously', 'both a device and a block');
  const eaction = judge.view.getInt32(run.start(PARMS.type) + M.tc_mirred.offsetof.eaction, true);
  if (eaction < M.TCA_EGRESS_REDIR || eaction > M.TCA_INGRESS_MIRROR)
    deny(C.badValue, 'Unknown mirred option', `there is no way of redirecting ${eaction}`);
  if (block || ifindex !== 0) return;
  const msg = judge.has('mirred-block') ? 'Must specify device or block' : 'Specified device does not exist';
  if (index === 0) deny(C.badValue, msg, 'neither a device nor a block is named');
  else judge.may(`EINVAL: act_mirred: ${msg}`);
}

function bpf(run: Attributes, asker: Asker): void {
  const { judge } = run;
  const T = TCA_ACT_BPF;
  const index = parms(run, T.PARMS.type, tc_act_bpf.size);
  if (index === undefined) return;
  lookUp(judge, asker, index);
  checkVerdict(run, asker, T.PARMS.type, VERDICT_AT, index);
  if (!isFresh(asker, index)) {
    judge.may('EINVAL: a new action of this index may be refused');
    return;
  }
  const types = { len: T.OPS_LEN.type, ops: T.OPS.type, fd: T.FD.type, name: T.NAME.type };
  checkProgram(run, types);
}

/** struct tc_police as it is given: the shorter one of old programs, too. */
function police(run: Attributes, asker: Asker): void {
  const { judge } = run;
  const { TBF } = P.TCA_POLICE;
  if (!run.has(TBF.type)) {
    missing(run, TBF.type, undefined);
    return;
  }
  const length = run.len(TBF.type);
  if (length !== P.tc_police.size && length !== POLICE_COMPAT_SIZE) {
    const text = `struct tc_police takes ${P.tc_police.size} bytes, ${length} are given`;
    judge.deny(C.shortStruct, 'EINVAL', undefined, run.place(TBF.type), text);
    return;
  }
  const index = judge.view.getUint32(run.start(TBF.type), true);
  lookUp(judge, { binds: asker.binds }, index);
  checkVerdict(run, asker, TBF.type, P.tc_police.offsetof.action, index);
  if (isFresh(asker, index)) checkRates(run);
  else judge.may('EINVAL: a new action of this index may be refused');
}

/** A rate needs a table of 256 words and the size of its cells. */
function checkTable(run: Attributes, rateAt: number, table: number): boolean {
  const { judge } = run;
  const spec = run.start(P.TCA_POLICE.TBF.type) + rateAt;
  const rate = judge.view.getUint32(spec + tc_ratespec.offsetof.rate, true);
  if (rate === 0) return false;
  const cellLog = judge.view.getUint8(spec + tc_ratespec.offsetof.cell_log);
  if (run.len(table) === TC_RTAB_SIZE && cellLog > 0 && cellLog < 32) return true;
  const text =
    run.len(table) === TC_RTAB_SIZE
      ? `cells of 2^${cellLog} bytes make no rate table`
      : `a rate needs a table of ${TC_RTAB_SIZE} bytes`;
  const at = run.has(table) ? run.place(table) : run.place(P.TCA_POLICE.TBF.type);
  judge.deny(C.rateTable, 'ENOMEM', undefined, at, text, run);
  return true;
}

function checkRates(run: Attributes): void {
  const { judge } = run;
  const T = P.TCA_POLICE;
  const limited = checkTable(run, P.tc_police.offsetof.rate, T.RATE.type);
  if (limited) checkTable(run, P.tc_police.offsetof.peakrate, T.PEAKRATE.type);
  if (run.has(T.AVRATE.type)) judge.may('EINVAL: an average rate needs an estimator');
  const result = run.u32(T.RESULT.type) ?? 0;
  if (P.TC_ACT_EXT_CMP(result | 0, P.TC_ACT_GOTO_CHAIN))
    judge.deny(
      C.verdict,
      'EINVAL',
      'goto chain not allowed on fallback',
      run.place(T.RESULT.type),
      'the other verdict cannot go to a chain',
    );
  const packets = run.has(T.PKTRATE64.type);
  if (packets !== run.has(T.PKTBURST64.type)) {
    const there = packets ? T.PKTRATE64.type : T.PKTBURST64.type;
    const msg = 'Both or neither packet-per-second burst and rate must be provided';
    judge.deny(
      C.missingAttribute,
      'EINVAL',
      msg,
      run.place(there),
      'a rate of packets needs its burst, and the other way round',
      run,
    );
  }
  if (packets && limited) {
    const msg = 'packet-per-second and byte-per-second rate limits not allowed in same action';
    judge.deny(
      C.exclusiveAttributes,
      'EINVAL',
      msg,
      run.place(T.PKTRATE64.type),
      'either bytes or packets are limited',
    );
  }
}

type KindRule = (run: Attributes, asker: Asker) => void;

interface ActionKind {
  readonly set: AttrSet<object>;
  readonly rule: KindRule;
  /** The kernel passes its extack to the parser. */
  readonly extack: boolean;
  /** Text when there are no options at all. */
  readonly none?: string;
  readonly symbol: string;
}

const kinds: ReadonlyMap<string, ActionKind> = new Map<string, ActionKind>([
  ['gact', { set: TCA_GACT, rule: gact, extack: false, symbol: 'net/sched/act_gact.c tcf_gact_init()' }],
  [
    'mirred',
    {
      set: M.TCA_MIRRED,
      rule: mirred,
      extack: true,
      none: 'act_mirred: Mirred requires attributes to be passed',
      symbol: 'net/sched/act_mirred.c tcf_mirred_init()',
    },
  ],
  ['bpf', { set: TCA_ACT_BPF, rule: bpf, extack: false, symbol: 'net/sched/act_bpf.c tcf_bpf_init()' }],
  ['police', { set: P.TCA_POLICE, rule: police, extack: false, symbol: 'net/sched/act_police.c tcf_police_init()' }],
]);

function checkOptions(run: Attributes, kind: ActionKind, asker: Asker): void {
  const { judge } = run;
  const { OPTIONS } = TCA_ACT;
  const outer = judge.symbol;
  judge.symbol = kind.symbol;
  if (!run.has(OPTIONS.type)) {
    missing(run, OPTIONS.type, kind.none);
  } else if (run.ok(OPTIONS.type)) {
    const set = kind.rule === mirred && !judge.has('mirred-block') ? M.TCA_MIRRED_6_1 : kind.set;
    kind.rule(options(run, OPTIONS.type, set, kind.extack ? liberally : undefined), asker);
  }
  judge.symbol = outer;
}

/** An old-style policer: its options stand where a table of actions would. */
export function checkPolicer(run: Attributes, type: number, asker: Asker): void {
  const { judge } = run;
  judge.may('ENOENT: Failed to load TC action module');
  const outer = judge.symbol;
  judge.symbol = 'net/sched/act_police.c tcf_police_init()';
  police(options(run, type, P.TCA_POLICE), asker);
  judge.symbol = outer;
}

/** The kind of an action, which is looked up before any action is made. */
function checkKind(run: Attributes): void {
  const { judge } = run;
  const { KIND } = TCA_ACT;
  const outer = judge.symbol;
  judge.symbol = 'net/sched/act_api.c tc_action_load_ops()';
  if (!run.has(KIND.type)) missing(run, KIND.type, 'TC action kind must be specified');
  else if (run.ok(KIND.type) && isLongName(run, KIND.type))
    judge.deny(
      C.longName,
      'EINVAL',
      'TC action name too long',
      run.place(KIND.type),
      'the name of an action has at most 15 characters',
    );
  judge.may('ENOENT: Failed to load TC action module');
  judge.symbol = outer;
}

function checkOne(run: Attributes, asker: Asker): void {
  const { judge } = run;
  const { FLAGS, KIND } = TCA_ACT;
  if (run.ok(FLAGS.type)) {
    const flags = judge.view.getUint32(run.start(FLAGS.type), true);
    if ((flags & SKIP_FLAGS) === SKIP_FLAGS)
      judge.deny(C.badValue, 'EINVAL', undefined, run.place(FLAGS.type), 'neither hardware nor software is to run it');
  }
  const kind = kinds.get(run.string(KIND.type) ?? '');
  if (kind !== undefined) checkOptions(run, kind, asker);
  else judge.may('EINVAL: the kind of action refuses its options');
  if (asker.binds) judge.may('EINVAL: Mismatch between action and filter offload flags');
  else {
    judge.may('EOPNOTSUPP: the action cannot be offloaded');
    judge.may('EINVAL: no hardware takes the action');
  }
}

/** A table of actions: the attribute `type` of `outer`. */
export function checkActions(outer: Attributes, type: number, asker: Asker): void {
  const { judge } = outer;
  if (!outer.ok(type)) return;
  if (!judge.has('action-rules')) {
    judge.may('EINVAL: the actions are refused');
    return;
  }
  const tab = outer.nested(type, P.TCA_ACT_TAB, byPosition);
  if (tab.has(MAX + 1) && judge.has('too-many-actions'))
    judge.deny(
      C.tooManyActions,
      'EINVAL',
      `Only ${MAX} actions supported per filter`,
      tab.place(MAX + 1),
      `there are more than ${MAX} actions`,
    );
  const actions: Attributes[] = [];
  for (const run of actionsOf(tab)) {
    checkKind(run);
    actions.push(run);
  }
  for (const run of actions) checkOne(run, asker);
}

/** The actions from position 1 up to the first that is missing, each parsed when its turn comes. */
export function* actionsOf(tab: Attributes): Iterable<Attributes> {
  let at = 1;
  for (; at <= MAX && tab.has(at); at++) yield tab.nested(at, TCA_ACT, liberally);
  for (let behind = at + 1; behind <= MAX; behind++)
    noteUnread(tab, behind, `position ${at} is empty: the kernel looks at no action behind it`);
}
