// net/sched/cls_bpf.c: filters that are programs. A filter holds one program, classic (given as instructions) or
// extended (given as an fd). The filters of a tcf_proto are a list, newest first; a replacement takes the slot of the
// old one. A filter that leaves the list keeps its program for a grace period, since packets may still run it.
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL, ENOSPC, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import { BPF_PROG_TYPE_SCHED_CLS } from '../../../uapi/linux/bpf.js';
import { BPF_MAXINSNS } from '../../../uapi/linux/bpf_common.js';
import { sock_filter } from '../../../uapi/linux/filter.js';
import * as P from '../../../uapi/linux/pkt_cls.js';
import { TCA_BPF, TCA_BPF_4_1 } from '../../../uapi/linux/pkt_cls.js';
import { TCA } from '../../../uapi/linux/rtnetlink.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import { BpfProg } from '../../kernel/bpf/prog.js';
import { progGetType } from '../../kernel/bpf/syscall/fd.js';
import { Idr } from '../../lib/idr.js';
import type { Machine } from '../../machine.js';
import { bpfProgCreate, type ClassicProg } from '../core/filter/classic.js';
import { runProgram } from '../core/filter/run.js';
import { traceMatch, traceProgram } from '../core/dev/trace.js';
import * as L from '../core/skbuff/layout.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { bindFilter, type TcfResult, unbindFilter } from './cls_api/bind.js';
import type { ClassifyResult } from './cls_api/classify.js';
import * as exts from './cls_api/exts.js';
import { type FilterChange, TcfFilter, type TcfProto, type TcfProtoOps } from './cls_api/proto.js';
import { tcfQueueWork } from './cls_api/work.js';
import type { ClassRef } from './sch_generic.js';

const INT_MAX = 0x7fffffff;
const GEN_FLAGS = P.TCA_CLS_FLAGS_SKIP_HW | P.TCA_CLS_FLAGS_SKIP_SW;

/** What a filter runs, and what it shows of it. */
interface Program {
  readonly prog: ClassicProg | BpfProg;
  /** TCA_BPF_NAME, of extended programs alone. */
  readonly name: string | undefined;
  /** The fd that the request named; old kernels show it. */
  readonly fd: number;
}

/** struct cls_bpf_prog: one filter. Its tcf_proto holds it while it is in the list, then the work queue. */
class ClsBpfProg extends TcfFilter implements TcfResult {
  readonly handle: number;
  readonly classid: number;
  cl: ClassRef = 0;
  /** Direct action: what the program returns is the verdict. */
  readonly extsIntegrated: boolean;
  /** TCA_CLS_FLAGS_* */
  readonly genFlags: number;
  /** Held. */
  readonly filter: ClassicProg | BpfProg;
  readonly bpfName: string | undefined;
  readonly bpfFd: number;
  /** Undefined = none were given. */
  readonly exts: exts.TcfExts | undefined;
  prev: ClsBpfProg | undefined = undefined;
  next: ClsBpfProg | undefined = undefined;

  constructor(machine: Machine, handle: number, parms: Parms, program: Program, creator: Holder) {
    super(machine, creator);
    this.handle = handle;
    this.classid = parms.classid;
    this.extsIntegrated = parms.extsIntegrated;
    this.genFlags = parms.genFlags | P.TCA_CLS_FLAGS_NOT_IN_HW;
    this.exts = parms.exts;
    this.bpfName = program.name;
    this.bpfFd = program.fd;
    this.filter = program.prog.hold(this);
  }

  get res(): TcfResult {
    return this;
  }

  get label(): string {
    return `bpf filter 0x${this.handle.toString(16)}`;
  }

  /** @models net/sched/cls_bpf.c __cls_bpf_delete_prog() */
  protected destroy(): void {
    exts.tcfExtsDestroy(this.exts);
    this.filter.release(this);
  }
}

/** struct cls_bpf_head: the filters of one tcf_proto, as a list and by handle. */
class ClsBpfHead {
  readonly handles = new Idr<ClsBpfProg>(1);
  first: ClsBpfProg | undefined;
  /** Last handle given by kernels that count (4.1). */
  hgen = 0;

  add(prog: ClsBpfProg): void {
    prog.next = this.first;
    if (this.first !== undefined) this.first.prev = prog;
    this.first = prog;
  }

  replace(old: ClsBpfProg, prog: ClsBpfProg): void {
    const { prev, next } = old;
    prog.prev = prev;
    prog.next = next;
    if (prev === undefined) this.first = prog;
    else prev.next = prog;
    if (next !== undefined) next.prev = prog;
  }

  remove(prog: ClsBpfProg): void {
    if (prog.prev === undefined) this.first = prog.next;
    else prog.prev.next = prog.next;
    if (prog.next !== undefined) prog.next.prev = prog.prev;
  }
}

type Change = FilterChange<ClsBpfProg>;

const headOf = (tp: TcfProto): ClsBpfHead => tp.root as ClsBpfHead;

/** What a request says about a filter beside its program. */
interface Parms {
  readonly classid: number;
  readonly extsIntegrated: boolean;
  readonly genFlags: number;
  /** Made, and held for the filter. */
  readonly exts: exts.TcfExts | undefined;
}

const extsAttributes: exts.ExtsAttributes = { action: TCA_BPF.ACT.type, police: TCA_BPF.POLICE.type };

/** The options, or a refusal that carries no text: this classifier parses without extack. */
function parseOptions({ t }: Change) {
  const options = t.tca[TCA.OPTIONS.type];
  if (options === undefined) throw errno(EINVAL);
  const set = t.request.machine.has('bpf-direct-action') ? TCA_BPF : TCA_BPF_4_1;
  return parseNested(set, options, NL_VALIDATE_LIBERAL, undefined);
}
type Options = ReturnType<typeof parseOptions>;

/** @models net/sched/cls_bpf.c cls_bpf_prog_from_ops() */
function progFromOps({ t }: Change, opsLen: number, ops: Nla): Program {
  if (opsLen === 0 || opsLen > BPF_MAXINSNS) throw errno(EINVAL);
  if (opsLen * sock_filter.size !== ops.len) throw errno(EINVAL);
  return { prog: bpfProgCreate(t.net, ops.msg, ops.start, opsLen, t), name: undefined, fd: 0 };
}

/**
 * The program behind an fd of the sender at this moment, held for the request: EBADF, or EINVAL for what is no classifier.
 *
 * @models net/sched/cls_bpf.c cls_bpf_prog_from_efd()
 */
function progFromEfd({ t }: Change, fd: number, name: string | undefined): Program {
  return { prog: progGetType(t.request.task, fd, BPF_PROG_TYPE_SCHED_CLS).hold(t), name, fd };
}

/** The flags, checked, and the actions. */
function parseParms(tb: Options, actions: exts.TcfExts | undefined): Parms {
  const flags = tb.FLAGS ?? 0;
  if ((flags & ~P.TCA_BPF_FLAG_ACT_DIRECT) !== 0) throw errno(EINVAL);
  const genFlags = tb.FLAGS_GEN ?? 0;
  if ((genFlags & ~GEN_FLAGS) !== 0 || genFlags === GEN_FLAGS) throw errno(EINVAL);
  return { classid: tb.CLASSID ?? 0, extsIntegrated: flags !== 0, genFlags, exts: actions };
}

/** Exactly one of instructions and fd; old kernels also want a class. */
function checkPresence({ t }: Change, tb: Options): void {
  const isBpf = tb.OPS_LEN !== undefined && tb.$nla[TCA_BPF.OPS.type] !== undefined;
  const isEbpf = tb.FD !== undefined;
  if (isBpf === isEbpf) throw errno(EINVAL);
  if (tb.CLASSID === undefined && !t.request.machine.has('bpf-direct-action')) throw errno(EINVAL);
}

/** No device takes filters into hardware. @models net/sched/cls_bpf.c cls_bpf_offload() */
function offload(prog: ClsBpfProg, old: ClsBpfProg | undefined): void {
  if (old !== undefined && ((prog.genFlags ^ old.genFlags) & GEN_FLAGS) !== 0) throw errno(EINVAL);
  if ((prog.genFlags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) throw errno(EOPNOTSUPP);
}

/** The program and the rest of a filter in no list yet; its tcf_proto holds it. The actions are the filter's from then on. */
function makeProg(change: Change, tb: Options, handle: number, actions: exts.TcfExts | undefined): ClsBpfProg {
  const { t, tp } = change;
  const parms = parseParms(tb, actions);
  const program =
    tb.FD === undefined
      ? progFromOps(change, tb.OPS_LEN!, tb.$nla[TCA_BPF.OPS.type]!)
      : progFromEfd(change, tb.FD, tb.NAME);
  try {
    return new ClsBpfProg(t.request.machine, handle, parms, program, tp);
  } finally {
    program.prog.release(t);
  }
}

function makeWithActions(change: Change, tb: Options, handle: number): ClsBpfProg {
  const police = tb.$nla[TCA_BPF.POLICE.type];
  const actions = exts.tcfExtsValidate(change.t, change.tp, { action: tb.$nla[TCA_BPF.ACT.type], police });
  let prog: ClsBpfProg | undefined;
  try {
    prog = makeProg(change, tb, handle, actions);
    return prog;
  } finally {
    if (prog === undefined) exts.tcfExtsDestroy(actions);
  }
}

/** A filter that is bound to its class and in no list yet; its tcf_proto holds it. */
function makeFilter(change: Change, tb: Options, handle: number, old: ClsBpfProg | undefined): ClsBpfProg {
  const { tp, base } = change;
  checkPresence(change, tb);
  const prog = makeWithActions(change, tb, handle);
  if (tb.CLASSID !== undefined) bindFilter(tp, prog, base);
  try {
    offload(prog, old);
  } catch (refusal) {
    unbindFilter(tp, prog);
    prog.release(tp);
    throw refusal;
  }
  return prog;
}

/** The next handle that is free, counting on from the last one. @models net/sched/cls_bpf.c cls_bpf_grab_new_handle() */
function grabNewHandle(head: ClsBpfHead): number {
  do {
    if (++head.hgen === INT_MAX) head.hgen = 1;
  } while (head.handles.has(head.hgen));
  return head.hgen;
}

/** A free handle for a new filter. */
function newHandle({ t, tp, handle }: Change): number {
  if (handle !== 0) return handle;
  const head = headOf(tp);
  if (!t.request.machine.has('bpf-handle-idr')) return grabNewHandle(head);
  const lowest = head.handles.lowestFree(INT_MAX);
  if (lowest === undefined) throw errno(ENOSPC);
  return lowest;
}

function addFilter(change: Change, tb: Options): ClsBpfProg {
  const head = headOf(change.tp);
  const prog = makeFilter(change, tb, newHandle(change), undefined);
  head.handles.set(prog.handle, prog);
  head.add(prog);
  return prog;
}

function replaceFilter(change: Change, tb: Options, old: ClsBpfProg): ClsBpfProg {
  const { tp, handle } = change;
  if (handle !== 0 && old.handle !== handle) throw errno(EINVAL);
  const prog = makeFilter(change, tb, old.handle, old);
  const head = headOf(tp);
  head.handles.set(prog.handle, prog);
  head.replace(old, prog);
  unbindFilter(tp, old);
  tcfQueueWork(tp.chain.block.net, old, tp);
  return prog;
}

/**
 * Creates a filter, or replaces `old`: everything comes from the new request. A refusal leaves the old one as it was.
 *
 * @models net/sched/cls_bpf.c cls_bpf_change()
 */
function change(request: Change): ClsBpfProg {
  const tb = parseOptions(request);
  const { old } = request;
  const prog = old === undefined ? addFilter(request, tb) : replaceFilter(request, tb, old);
  request.tp.version++;
  return prog;
}

/** Takes a filter out. @models net/sched/cls_bpf.c __cls_bpf_delete() */
function deleteFilter(tp: TcfProto, prog: ClsBpfProg): void {
  const head = headOf(tp);
  head.handles.remove(prog.handle);
  head.remove(prog);
  tp.version++;
  unbindFilter(tp, prog);
  tcfQueueWork(tp.chain.block.net, prog, tp);
}

/** @models net/sched/cls_bpf.c cls_bpf_destroy() */
function destroy(tp: TcfProto): void {
  const head = headOf(tp);
  while (head.first !== undefined) deleteFilter(tp, head.first);
}

/** @models net/sched/cls_bpf.c cls_bpf_dump_bpf_info() */
function dumpBpfInfo(skb: MessageWriter, prog: ClassicProg): void {
  skb.putU16(TCA_BPF.OPS_LEN.type, prog.len);
  prog.put(skb, TCA_BPF.OPS.type);
}

/** Old kernels show the fd number of whoever made the filter. @models net/sched/cls_bpf.c cls_bpf_dump_ebpf_info() */
function dumpEbpfInfo(skb: MessageWriter, prog: BpfProg, { bpfName, bpfFd }: ClsBpfProg): void {
  const hasIds = prog.machine.has('bpf-objects');
  if (!hasIds) skb.putU32(TCA_BPF.FD.type, bpfFd);
  if (bpfName !== undefined) skb.put(TCA_BPF.NAME, bpfName);
  if (!hasIds) return;
  skb.putU32(TCA_BPF.ID.type, prog.id);
  skb.put(TCA_BPF.TAG, prog.tag);
}

/** @models net/sched/cls_bpf.c cls_bpf_dump() */
function dump(tp: TcfProto, prog: ClsBpfProg, skb: MessageWriter): void {
  const { machine } = tp.chain.block.net;
  const flagsKnown = machine.has('bpf-direct-action');
  const nest = skb.nest(TCA.OPTIONS.type);
  if (prog.classid !== 0 || !flagsKnown) skb.putU32(TCA_BPF.CLASSID.type, prog.classid);
  if (prog.filter instanceof BpfProg) dumpEbpfInfo(skb, prog.filter, prog);
  else dumpBpfInfo(skb, prog.filter);
  exts.tcfExtsDump(skb, prog.exts, extsAttributes);
  if (prog.extsIntegrated) skb.putU32(TCA_BPF.FLAGS.type, P.TCA_BPF_FLAG_ACT_DIRECT);
  if (flagsKnown) skb.putU32(TCA_BPF.FLAGS_GEN.type, prog.genFlags);
  skb.nestEnd(nest);
  exts.tcfExtsDumpStats(skb, prog.exts);
}

/** What a program's result means when it is the verdict. @models net/sched/cls_bpf.c cls_bpf_exec_opcode() */
function execOpcode(code: number): number {
  switch (code) {
    case P.TC_ACT_OK:
    case P.TC_ACT_SHOT:
    case P.TC_ACT_STOLEN:
    case P.TC_ACT_TRAP:
    case P.TC_ACT_REDIRECT:
      return code;
    default:
      return P.TC_ACT_UNSPEC;
  }
}

/** Runs the program of a filter; at ingress it sees the link header. */
function runFilter({ filter, genFlags, extsIntegrated, classid }: ClsBpfProg, skb: SkBuff): number {
  skb.set16(L.SKB_CB + L.QDISC_CB_TC_CLASSID, classid);
  if ((genFlags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) return extsIntegrated ? P.TC_ACT_UNSPEC : 0;
  if (!skb.atIngress) return runProgram(filter, skb);
  skb.push(skb.macLen);
  const result = runProgram(filter, skb);
  skb.pull(skb.macLen);
  return result;
}

/** The first filter whose program matches, and whose actions do not pass on. @models net/sched/cls_bpf.c cls_bpf_classify() */
function classify(tp: TcfProto, skb: SkBuff, res: ClassifyResult): number {
  for (let prog = headOf(tp).first; prog !== undefined; prog = prog.next) {
    const result = runFilter(prog, skb);
    traceProgram(skb, 'filter', prog.filter, result);
    if (prog.extsIntegrated) {
      res.cl = 0;
      res.classid = ((prog.classid & 0xffff0000) | skb.get16(L.SKB_CB + L.QDISC_CB_TC_CLASSID)) >>> 0;
      const verdict = execOpcode(result);
      if (verdict === P.TC_ACT_UNSPEC) continue;
      traceMatch(skb, tp, prog.handle);
      return verdict;
    }
    if (result === 0) continue;
    res.cl = result === -1 ? prog.cl : 0;
    res.classid = result === -1 ? prog.classid : result >>> 0;
    traceMatch(skb, tp, prog.handle);
    const verdict = exts.tcfExtsExec(skb, prog.exts, res);
    if (verdict >= 0) return verdict;
  }
  return P.TC_ACT_UNSPEC;
}

export const clsBpfOps: TcfProtoOps = {
  kind: 'bpf',
  classify,
  init: (tp) => {
    tp.root = new ClsBpfHead();
  },
  destroy,
  get: (tp, handle) => headOf(tp).handles.get(handle),
  change,
  delete: (tp, prog: ClsBpfProg) => {
    deleteFilter(tp, prog);
    return headOf(tp).first === undefined;
  },
  next: (tp, prog: ClsBpfProg | undefined) => (prog === undefined ? headOf(tp).first : prog.next),
  dump,
};
