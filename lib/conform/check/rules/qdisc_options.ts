// net/sched/sch_*.c: the options of each kind of qdisc, and of htb classes, in the order the kernel judges them.
import * as P from '../../../uapi/linux/pkt_sched.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes } from '../attributes.js';
import { liberally, silently } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { red, sfq } from './early_drop.js';
import { rejectsEstimator } from './estimator.js';
import { noteLongStruct, options, parentOf } from './tc.js';

/** What a request comes to: a new qdisc, a change of one, or what is there decides. */
export type Course = 'create' | 'change' | 'either';

const { KIND, OPTIONS, RATE } = TCA;
const MAX_FLOWS = 65536;
const LEAST_QUANTUM = 256;
const FQ_CODEL_QUANTUM_MAX = 1 << 20;
const NSEC_PER_SEC = 1e9;
const PSCHED_SHIFT = 6;
const U32_MAX = 0xffffffff;

/** The options are missing where a new qdisc needs them. */
function needOptions(tca: Attributes, course: Course): boolean {
  if (tca.has(OPTIONS.type)) return tca.ok(OPTIONS.type);
  if (course === 'create')
    tca.judge.deny(C.missingAttribute, 'EINVAL', undefined, tca.whole, 'TCA_OPTIONS is missing', tca);
  else if (course === 'either') tca.judge.may('EINVAL: a new qdisc of this kind needs options');
  return false;
}

const missing = (run: Attributes, name: string): void => {
  run.judge.deny(C.missingAttribute, 'EINVAL', undefined, run.whole, `${name} is missing`, run);
};

function htb(tca: Attributes, course: Course): void {
  const { judge } = tca;
  if (course === 'change' || !needOptions(tca, course)) return;
  const run = options(tca, OPTIONS.type, judge.has('htb-offload') ? P.TCA_HTB : P.TCA_HTB_4_1, silently);
  const { INIT, OFFLOAD } = P.TCA_HTB;
  if (!run.has(INIT.type)) missing(run, 'TCA_HTB_INIT');
  noteLongStruct(run, INIT.type, P.tc_htb_glob.size);
  const version = run.u32(INIT.type);
  if (version !== undefined && version !== P.TC_HTB_PROTOVER) {
    const text = `struct tc_htb_glob has version ${version}, not ${P.TC_HTB_PROTOVER}`;
    judge.deny(C.version, 'EINVAL', undefined, run.place(INIT.type), text);
  }
  if (!run.has(OFFLOAD.type)) return;
  judge.may('EOPNOTSUPP: HTB must be the root qdisc to use offload');
  judge.may('EOPNOTSUPP: hw-tc-offload ethtool feature flag must be on');
}

/** A table of a rate that names its link layer. */
function noteTable(run: Attributes, type: number, parms: number, at: number): void {
  const { judge } = run;
  if (!run.has(type) || judge.sink === undefined) return;
  if (judge.view.getUint8(run.start(parms) + at + P.tc_ratespec.offsetof.linklayer) === P.TC_LINKLAYER_UNAWARE) return;
  const text = 'the rate names its link layer: the kernel does not look at the table';
  judge.note({ code: C.needlessTable, severity: 'wasteful', at: run.place(type), text, fix: 'leave it out' });
}

/** A struct tc_ratespec within an attribute. */
const rateOf = (run: Attributes, type: number, at: number): number =>
  run.judge.view.getUint32(run.start(type) + at + P.tc_ratespec.offsetof.rate, true);

function tbf(tca: Attributes, course: Course): void {
  if (!needOptions(tca, course)) return;
  const { judge } = tca;
  const run = options(tca, OPTIONS.type, P.TCA_TBF);
  const { PARMS, RATE64, PRATE64 } = P.TCA_TBF;
  noteLongStruct(run, PARMS.type, P.tc_tbf_qopt.size);
  if (!run.has(PARMS.type)) missing(run, 'TCA_TBF_PARMS');
  if (!run.ok(PARMS.type)) return;
  noteTable(run, P.TCA_TBF.RTAB.type, PARMS.type, P.tc_tbf_qopt.offsetof.rate);
  noteTable(run, P.TCA_TBF.PTAB.type, PARMS.type, P.tc_tbf_qopt.offsetof.peakrate);
  if (run.has(RATE64.type) || run.has(PRATE64.type)) judge.may('EINVAL: no packet could pass');
  else checkBuckets(run);
}

/** What no packet could pass is refused. */
function checkBuckets(run: Attributes): void {
  const { judge } = run;
  const { PARMS, BURST } = P.TCA_TBF;
  const { offsetof } = P.tc_tbf_qopt;
  const rate = rateOf(run, PARMS.type, offsetof.rate);
  const peak = rateOf(run, PARMS.type, offsetof.peakrate);
  if (peak !== 0 && peak <= rate)
    judge.deny(
      C.zeroRate,
      'EINVAL',
      undefined,
      run.place(PARMS.type),
      `the peak rate ${peak} is not above the rate ${rate}`,
    );
  if (run.u32(BURST.type) === 0)
    judge.deny(C.zeroRate, 'EINVAL', undefined, run.place(BURST.type), 'a burst of no bytes');
  else if (!run.has(BURST.type)) checkDepth(run, rate);
  judge.may('EINVAL: no packet could pass');
}

function checkDepth(run: Attributes, rate: number): void {
  const { judge } = run;
  const { PARMS } = P.TCA_TBF;
  const ticks = judge.view.getUint32(run.start(PARMS.type) + P.tc_tbf_qopt.offsetof.buffer, true);
  const bytes = (Math.min(ticks * 2 ** PSCHED_SHIFT, U32_MAX) * rate) / NSEC_PER_SEC;
  if (rate === 0) judge.deny(C.zeroRate, 'EINVAL', undefined, run.place(PARMS.type), 'the rate is 0');
  else if (bytes < 1) {
    const text = `a buffer of ${ticks} ticks holds no byte at ${rate} bytes a second`;
    judge.deny(C.zeroRate, 'EINVAL', undefined, run.place(PARMS.type), text);
  }
}

/** Whether the options are no whole struct; up to `most` bytes of them are read. */
function shortOptions(tca: Attributes, size: number, name: string, most = size): boolean {
  if (tca.len(OPTIONS.type) >= size) {
    noteLongStruct(tca, OPTIONS.type, most);
    return false;
  }
  const text = `struct ${name} takes ${size} bytes, ${tca.len(OPTIONS.type)} are given`;
  tca.judge.deny(C.shortStruct, 'EINVAL', undefined, tca.place(OPTIONS.type), text);
  return true;
}

function fifo(tca: Attributes): void {
  if (tca.ok(OPTIONS.type)) shortOptions(tca, P.tc_fifo_qopt.size, 'tc_fifo_qopt');
}

function prio(tca: Attributes, course: Course): void {
  if (!needOptions(tca, course) || shortOptions(tca, P.tc_prio_qopt.size, 'tc_prio_qopt')) return;
  const { judge } = tca;
  const start = tca.start(OPTIONS.type);
  const bands = judge.view.getInt32(start, true);
  const at = tca.place(OPTIONS.type);
  if (bands < P.TCQ_MIN_PRIO_BANDS || bands > P.TCQ_PRIO_BANDS) {
    judge.deny(
      C.priorities,
      'EINVAL',
      undefined,
      at,
      `${P.TCQ_MIN_PRIO_BANDS} to ${P.TCQ_PRIO_BANDS} bands, not ${bands}`,
    );
    return;
  }
  for (let i = 0; i <= P.TC_PRIO_MAX; i++) {
    const band = judge.view.getUint8(start + P.tc_prio_qopt.offsetof.priomap + i);
    if (band < bands) continue;
    judge.deny(C.priorities, 'EINVAL', undefined, at, `priority ${i} goes to band ${band} of ${bands}`);
    return;
  }
}

function fqCodel(tca: Attributes, course: Course): void {
  if (!tca.ok(OPTIONS.type)) return;
  const { judge } = tca;
  const modern = judge.has('fq-codel-batches');
  const run = options(tca, OPTIONS.type, modern ? P.TCA_FQ_CODEL : P.TCA_FQ_CODEL_4_1);
  const { FLOWS, QUANTUM } = P.TCA_FQ_CODEL;
  const flows = run.u32(FLOWS.type);
  if (flows !== undefined && (flows === 0 || flows > MAX_FLOWS))
    judge.deny(C.badValue, 'EINVAL', undefined, run.place(FLOWS.type), `1 to ${MAX_FLOWS} flows, not ${flows}`);
  else if (flows !== undefined && course === 'change')
    judge.deny(C.badValue, 'EINVAL', undefined, run.place(FLOWS.type), 'the number of flows cannot be changed');
  else if (flows !== undefined && course === 'either') judge.may('EINVAL: the number of flows cannot be changed');
  const quantum = Math.max(LEAST_QUANTUM, run.u32(QUANTUM.type) ?? 0);
  if (modern && quantum > FQ_CODEL_QUANTUM_MAX)
    judge.deny(
      C.badValue,
      'EINVAL',
      'Invalid quantum',
      run.place(QUANTUM.type),
      `a quantum is at most ${FQ_CODEL_QUANTUM_MAX}`,
    );
}

function redOptions(tca: Attributes, course: Course): void {
  if (needOptions(tca, course)) red(tca, course === 'create');
}

function sfqOptions(tca: Attributes, course: Course): void {
  if (!tca.ok(OPTIONS.type) || shortOptions(tca, P.tc_sfq_qopt.size, 'tc_sfq_qopt', P.tc_sfq_qopt_v1.size)) return;
  sfq(tca, course === 'create');
}

/** Only classes of drr have options. */
const noOptions = (): void => undefined;

/** Kinds that hang at one place alone. */
function onlyAt(judge: Judge, course: Course, place: number, name: string): void {
  if (parentOf(judge) === place || course === 'change') return;
  const text = `the qdisc hangs at ${name} alone`;
  if (course === 'either') judge.may(`EOPNOTSUPP: ${text}`);
  else {
    const at = { offset: judge.start + 28, length: 4, path: 'tcm_parent' };
    judge.deny(C.badField, 'EOPNOTSUPP', undefined, at, text);
  }
}

function ingress({ judge }: Attributes, course: Course): void {
  onlyAt(judge, course, P.TC_H_INGRESS, 'TC_H_INGRESS (ffff:fff1)');
}

function mq({ judge }: Attributes, course: Course): void {
  onlyAt(judge, course, P.TC_H_ROOT, 'TC_H_ROOT (ffff:ffff)');
  judge.may('EOPNOTSUPP: the device has a single queue');
}

interface QdiscKind {
  readonly rule: (tca: Attributes, course: Course) => void;
  readonly symbol: string;
  /** There is no change operation. */
  readonly fixed?: true;
}

const fifoKind: QdiscKind = { rule: fifo, symbol: 'net/sched/sch_fifo.c __fifo_init()' };
const kinds: ReadonlyMap<string, QdiscKind> = new Map<string, QdiscKind>([
  ['htb', { rule: htb, symbol: 'net/sched/sch_htb.c htb_init()', fixed: true }],
  ['tbf', { rule: tbf, symbol: 'net/sched/sch_tbf.c tbf_change()' }],
  ['prio', { rule: prio, symbol: 'net/sched/sch_prio.c prio_tune()' }],
  ['pfifo', fifoKind],
  ['bfifo', fifoKind],
  ['pfifo_head_drop', fifoKind],
  ['drr', { rule: noOptions, symbol: 'net/sched/sch_drr.c drr_init_qdisc()', fixed: true }],
  ['red', { rule: redOptions, symbol: 'net/sched/sch_red.c red_change()' }],
  ['sfq', { rule: sfqOptions, symbol: 'net/sched/sch_sfq.c sfq_change()' }],
  ['fq_codel', { rule: fqCodel, symbol: 'net/sched/sch_fq_codel.c fq_codel_change()' }],
  ['mq', { rule: mq, symbol: 'net/sched/sch_mq.c mq_init()', fixed: true }],
  ['ingress', { rule: ingress, symbol: 'net/sched/sch_ingress.c ingress_init()', fixed: true }],
  ['clsact', { rule: ingress, symbol: 'net/sched/sch_ingress.c clsact_init()', fixed: true }],
]);

/** Whether qdiscs of a kind take new options. */
export const changeable = (kind: string | undefined): boolean => kinds.get(kind ?? '')?.fixed !== true;

/** Without a kind it is that of the qdisc that is there. */
function mayBeAny(tca: Attributes): void {
  for (const { rule } of kinds.values())
    tca.judge.perhaps(() => {
      rule(tca, 'change');
    });
}

export function checkQdiscOptions(tca: Attributes, name: string | undefined, course: Course): void {
  const { judge } = tca;
  const kind = kinds.get(name ?? '');
  if (kind === undefined) {
    judge.may('EINVAL: the kind of qdisc refuses its options');
    judge.may('EOPNOTSUPP: the kind of qdisc refuses this place');
    if (name === undefined) mayBeAny(tca);
    return;
  }
  const outer = judge.symbol;
  judge.symbol = kind.symbol;
  kind.rule(tca, course);
  judge.symbol = outer;
}

/** Options of an htb class. */
function htbClass(tca: Attributes): void {
  const { judge } = tca;
  if (!tca.ok(OPTIONS.type)) {
    judge.deny(C.missingAttribute, 'EINVAL', undefined, tca.whole, 'TCA_OPTIONS is missing', tca);
    return;
  }
  const set = judge.has('htb-offload') ? P.TCA_HTB : P.TCA_HTB_4_1;
  const run = options(tca, OPTIONS.type, set, judge.has('htb-class-texts') ? liberally : silently);
  const { PARMS } = P.TCA_HTB;
  noteLongStruct(run, PARMS.type, P.tc_htb_opt.size);
  if (!run.has(PARMS.type)) missing(run, 'TCA_HTB_PARMS');
  if (run.ok(PARMS.type)) {
    const { rate, ceil } = P.tc_htb_opt.offsetof;
    noteTable(run, P.TCA_HTB.RTAB.type, PARMS.type, rate);
    noteTable(run, P.TCA_HTB.CTAB.type, PARMS.type, ceil);
    if (rateOf(run, PARMS.type, rate) === 0 || rateOf(run, PARMS.type, ceil) === 0)
      judge.deny(C.zeroRate, 'EINVAL', undefined, run.place(PARMS.type), 'the rate or the ceil of tc_htb_opt is 0');
  }
  judge.may('EINVAL: the handle is none of this qdisc');
  judge.may('EINVAL: sch_htb: tree is too deep');
  if (rejectsEstimator(tca, RATE.type))
    judge.deny(C.estimator, 'EINVAL', undefined, tca.place(RATE.type), 'there is no such rate estimator');
}

/** Options of a drr class. */
function drrClass(tca: Attributes): void {
  const { judge } = tca;
  if (!tca.ok(OPTIONS.type)) {
    const msg = 'DRR options are required for this operation';
    judge.deny(C.missingAttribute, 'EINVAL', msg, tca.whole, 'TCA_OPTIONS is missing', tca);
    return;
  }
  const { QUANTUM } = P.TCA_DRR;
  const run = options(tca, OPTIONS.type, P.TCA_DRR, liberally);
  if (run.u32(QUANTUM.type) === 0) {
    const msg = 'Specified DRR quantum cannot be zero';
    judge.deny(C.badValue, 'EINVAL', msg, run.place(QUANTUM.type), 'a class whose turns send nothing');
  }
  if (!rejectsEstimator(tca, RATE.type)) return;
  const msg = 'Failed to replace estimator';
  judge.deny(C.estimator, 'EINVAL', msg, tca.place(RATE.type), 'there is no such rate estimator');
}

interface ClassKind {
  readonly rule: (tca: Attributes) => void;
  readonly symbol: string;
}

const classKinds: ReadonlyMap<string, ClassKind> = new Map([
  ['htb', { rule: htbClass, symbol: 'net/sched/sch_htb.c htb_change_class()' }],
  ['drr', { rule: drrClass, symbol: 'net/sched/sch_drr.c drr_change_class()' }],
]);

/** The options of a class, which are those of its qdisc's kind, whatever the request calls it. */
export function checkClassOptions(tca: Attributes): void {
  const { judge } = tca;
  const kind = classKinds.get(tca.string(KIND.type) ?? '');
  if (kind === undefined) {
    judge.may('EINVAL: the qdisc refuses the options');
    for (const { rule } of classKinds.values())
      judge.perhaps(() => {
        rule(tca);
      });
    return;
  }
  const outer = judge.symbol;
  judge.symbol = kind.symbol;
  kind.rule(tca);
  judge.symbol = outer;
}
