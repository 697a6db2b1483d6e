// net/sched/cls_*.c: the options of each kind of classifier, in the order its change function judges them.
import { NLM_F_EXCL } from '../../../uapi/linux/netlink.js';
import * as P from '../../../uapi/linux/pkt_cls.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes } from '../attributes.js';
import { liberally } from '../attributes.js';
import { C } from '../codes.js';
import { checkActions, checkPolicer } from './actions.js';
import { checkFlower } from './flower.js';
import { checkInstructionsOrFd, checkPresence } from './program.js';
import { handleOf, isLongName, noteLongStruct, noteUnread, options } from './tc.js';

const SKIP_BOTH = P.TCA_CLS_FLAGS_SKIP_HW | P.TCA_CLS_FLAGS_SKIP_SW;
const GEN_FLAGS = SKIP_BOTH;
const MAX_BUCKETS = 0x100;
const OPTIONS = TCA.OPTIONS.type;

/** tc_flags_valid() */
export const flagsValid = (flags: number): boolean =>
  (flags & ~(SKIP_BOTH | P.TCA_CLS_FLAGS_VERBOSE)) === 0 && (flags & SKIP_BOTH) !== SKIP_BOTH;

/** No options at all. */
export function missingOptions(tca: Attributes): void {
  tca.judge.deny(C.missingAttribute, 'EINVAL', undefined, tca.whole, 'TCA_OPTIONS is missing', tca);
}

const asker = (tca: Attributes) => ({ binds: true, tca, rate: TCA.RATE.type });

/** Hardware that is not there cannot be asked for. */
function checkOffload(run: Attributes, type: number): void {
  const flags = run.u32(type) ?? 0;
  if ((flags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) run.judge.may('EOPNOTSUPP: the device takes no filters into hardware');
}

/** A device by its name. tcf_change_indev() */
export function checkIndev(run: Attributes, type: number): void {
  const { judge } = run;
  if (!run.ok(type)) return;
  if (isLongName(run, type))
    judge.refuse({
      code: C.longName,
      errno: 'EINVAL',
      msg: 'Interface name too long',
      at: run.place(type),
      text: 'the name of a device has at most 15 characters',
      bad: run.off(type),
    });
  judge.may('ENODEV: Network device not found');
  judge.may('EINVAL: Network device not found');
}

function bpf(tca: Attributes): void {
  const { judge } = tca;
  const direct = judge.has('bpf-direct-action');
  const run = options(tca, OPTIONS, direct ? P.TCA_BPF : P.TCA_BPF_4_1);
  const T = P.TCA_BPF;
  const types = { len: T.OPS_LEN.type, ops: T.OPS.type, fd: T.FD.type, name: T.NAME.type };
  checkPresence(run, types);
  if (!direct && !run.has(T.CLASSID.type))
    judge.deny(C.missingAttribute, 'EINVAL', undefined, run.whole, 'TCA_BPF_CLASSID is missing', run);
  if (run.has(T.POLICE.type)) {
    noteUnread(run, T.ACT.type, 'the old-style policer takes the place of all actions');
    checkPolicer(run, T.POLICE.type, asker(tca));
  } else checkActions(run, T.ACT.type, asker(tca));
  checkBpfFlags(run);
  checkInstructionsOrFd(run, types);
  checkOffload(run, T.FLAGS_GEN.type);
}

function checkBpfFlags(run: Attributes): void {
  const { judge } = run;
  const { FLAGS, FLAGS_GEN } = P.TCA_BPF;
  const deny = (type: number, text: string): void => {
    judge.deny(C.reservedBits, 'EINVAL', undefined, run.place(type), text);
  };
  if (((run.u32(FLAGS.type) ?? 0) & ~P.TCA_BPF_FLAG_ACT_DIRECT) !== 0)
    deny(FLAGS.type, 'there is no flag but TCA_BPF_FLAG_ACT_DIRECT');
  const flags = run.u32(FLAGS_GEN.type) ?? 0;
  if ((flags & ~GEN_FLAGS) !== 0) deny(FLAGS_GEN.type, 'only TCA_CLS_FLAGS_SKIP_HW and SKIP_SW may be asked for');
  else if (flags === GEN_FLAGS) deny(FLAGS_GEN.type, 'neither hardware nor software is to run it');
}

function checkFlags(run: Attributes, type: number): void {
  if (flagsValid(run.u32(type) ?? 0)) return;
  const text = 'TCA_CLS_FLAGS that do not go together, or are not for users';
  run.judge.deny(C.reservedBits, 'EINVAL', undefined, run.place(type), text);
}

function matchall(tca: Attributes): void {
  const { judge } = tca;
  const { ACT, FLAGS } = P.TCA_MATCHALL;
  judge.may('EEXIST: the priority has its filter');
  const run = options(tca, OPTIONS, P.TCA_MATCHALL);
  checkFlags(run, FLAGS.type);
  checkActions(run, ACT.type, asker(tca));
  checkOffload(run, FLAGS.type);
}

function flower(tca: Attributes): void {
  const { judge } = tca;
  const { ACT, FLAGS } = P.TCA_FLOWER;
  const run = options(tca, OPTIONS, judge.has('flower-later-keys') ? P.TCA_FLOWER : P.TCA_FLOWER_6_1);
  if (handleOf(judge) !== 0) judge.may('EINVAL: another filter has this handle');
  checkFlags(run, FLAGS.type);
  checkActions(run, ACT.type, asker(tca));
  checkFlower(run);
  judge.may('EINVAL: cls_flower: Mask does not fit the template');
  judge.may('EINVAL: another mask than that of the filter');
  judge.may('EEXIST: another filter matches the same');
  checkOffload(run, FLAGS.type);
}

function u32(tca: Attributes): void {
  const { judge } = tca;
  const T = P.TCA_U32;
  const run = options(tca, OPTIONS, T, liberally);
  if (!flagsValid(run.u32(T.FLAGS.type) ?? 0))
    judge.deny(
      C.reservedBits,
      'EINVAL',
      'cls_u32: Invalid filter flags',
      run.place(T.FLAGS.type),
      'TCA_CLS_FLAGS that do not go together, or are not for users',
    );
  if (handleOf(judge) !== 0) {
    judge.may('EINVAL: cls_u32: Key node id cannot be zero');
    judge.may('EINVAL: cls_u32: Key node flags do not match passed flags');
  }
  const fresh = handleOf(judge) === 0 || judge.wants(NLM_F_EXCL);
  if (!run.has(T.DIVISOR.type)) {
    u32Node(run, fresh);
    u32Parms(tca, run);
    return;
  }
  u32Table(run, fresh);
  if (fresh) return;
  judge.perhaps(() => {
    u32Parms(tca, run);
  });
}

/** A new hash table. */
function u32Table(run: Attributes, fresh: boolean): void {
  const { judge } = run;
  const { DIVISOR, FLAGS } = P.TCA_U32;
  const buckets = run.u32(DIVISOR.type);
  const deny = (msg: string, text: string): void => {
    if (fresh) judge.deny(C.divisor, 'EINVAL', `cls_u32: ${msg}`, run.place(DIVISOR.type), text);
    else judge.may(`EINVAL: cls_u32: ${msg}`);
  };
  if (buckets !== undefined && (buckets === 0 || (buckets & (buckets - 1)) !== 0))
    deny('Divisor is not a power of 2', `${buckets} buckets are no power of two`);
  else if (buckets !== undefined && buckets > MAX_BUCKETS)
    deny('Exceeded maximum 256 hash buckets', `${buckets} buckets are more than ${MAX_BUCKETS}`);
  if (P.TC_U32_KEY(handleOf(judge)) !== 0)
    deny('Divisor can only be used on a hash table', 'the handle names a filter, not a table');
  if (fresh) noteUnread(run, P.TCA_U32.SEL.type, 'a hash table has no selector');
  if (handleOf(judge) !== 0) judge.may('ENOSPC: the handle of a table is taken');
  judge.may('ENOMEM: no handle is left');
  if (((run.u32(FLAGS.type) ?? 0) & P.TCA_CLS_FLAGS_SKIP_SW) !== 0)
    judge.may('EINVAL: the device takes no tables into hardware');
}

/** A new filter in a table. */
function u32Node(run: Attributes, fresh: boolean): void {
  const { judge } = run;
  const { SEL, MARK } = P.TCA_U32;
  judge.may('EINVAL: cls_u32: Specified hash table not found');
  judge.may('EINVAL: cls_u32: Specified hash table buckets exceed configured value');
  judge.may('EINVAL: cls_u32: Handle specified hash table address mismatch');
  judge.may('ENOSPC: the handle is taken, or none is left');
  noteLongStruct(run, MARK.type, P.tc_u32_mark.size);
  if (!run.has(SEL.type)) {
    const msg = 'cls_u32: Selector not specified';
    if (fresh) judge.deny(C.missingAttribute, 'EINVAL', msg, run.whole, 'TCA_U32_SEL is missing', run);
    else judge.may(`EINVAL: ${msg}`);
  } else if (run.ok(SEL.type)) checkSelector(run, fresh);
}

function checkSelector(run: Attributes, fresh: boolean): void {
  const { judge } = run;
  const { SEL } = P.TCA_U32;
  const keys = judge.view.getUint8(run.start(SEL.type) + P.tc_u32_sel.offsetof.nkeys);
  const size = P.tc_u32_sel.size + keys * P.tc_u32_key.size;
  if (run.len(SEL.type) >= size) {
    noteLongStruct(run, SEL.type, size);
    return;
  }
  const text = `a selector with ${keys} keys takes ${size} bytes, ${run.len(SEL.type)} are given`;
  if (fresh) judge.deny(C.selectorKeys, 'EINVAL', undefined, run.place(SEL.type), text);
  else judge.may('EINVAL: the selector is too short for its keys');
}

/** What a new filter and a change have in common. u32_set_parms() */
function u32Parms(tca: Attributes, run: Attributes): void {
  const { judge } = run;
  const T = P.TCA_U32;
  if (run.has(T.POLICE.type)) {
    noteUnread(run, T.ACT.type, 'the old-style policer takes the place of all actions');
    checkPolicer(run, T.POLICE.type, asker(tca));
  } else checkActions(run, T.ACT.type, asker(tca));
  checkIndev(run, T.INDEV.type);
  const link = run.u32(T.LINK.type) ?? 0;
  if (P.TC_U32_KEY(link) !== 0)
    judge.deny(
      C.badValue,
      'EINVAL',
      'cls_u32: u32 Link handle must be a hash table',
      run.place(T.LINK.type),
      'a link goes to a table, not to a filter',
    );
  if (link === 0) return;
  judge.may('EINVAL: cls_u32: Link hash table not found');
  judge.may('EINVAL: cls_u32: Not linking to root node');
}

interface ClassifierKind {
  readonly rule: (tca: Attributes) => void;
  readonly symbol: string;
  /** Without options there is a filter, or none is needed. */
  readonly optional?: true;
}

const kinds: ReadonlyMap<string, ClassifierKind> = new Map([
  ['bpf', { rule: bpf, symbol: 'net/sched/cls_bpf.c cls_bpf_change()' }],
  ['matchall', { rule: matchall, symbol: 'net/sched/cls_matchall.c mall_change()' }],
  ['flower', { rule: flower, symbol: 'net/sched/cls_flower.c fl_change()' }],
  ['u32', { rule: u32, symbol: 'net/sched/cls_u32.c u32_change()', optional: true }],
]);

/** A u32 request without options makes nothing but the place for filters. */
function u32WithoutOptions(tca: Attributes): void {
  const { judge } = tca;
  if (handleOf(judge) === 0) return;
  const msg = 'cls_u32: Filter handle requires options';
  judge.deny(C.missingAttribute, 'EINVAL', msg, tca.whole, 'a handle, but no TCA_OPTIONS', tca);
}

/** The options of a filter of the kind that the request names. */
export function checkClassifier(tca: Attributes, name: string): void {
  const { judge } = tca;
  const kind = kinds.get(name);
  if (kind === undefined) {
    judge.may('EINVAL: the kind of classifier refuses its options');
    return;
  }
  const outer = judge.symbol;
  judge.symbol = kind.symbol;
  if (tca.ok(OPTIONS)) kind.rule(tca);
  else if (kind.optional === true) u32WithoutOptions(tca);
  else missingOptions(tca);
  judge.symbol = outer;
}

/** The options of a filter of the kind that is there. */
export function checkAnyClassifier(tca: Attributes): void {
  const { judge } = tca;
  judge.may('EINVAL: the kind of classifier refuses its options');
  for (const name of kinds.keys())
    judge.perhaps(() => {
      checkClassifier(tca, name);
    });
}
