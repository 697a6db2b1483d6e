// net/sched/act_bpf.c: the action that runs a program, whose result is the verdict. A program is classic (given as
// instructions) or extended (given as an fd). The action holds its program.
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { BPF_PROG_TYPE_SCHED_ACT } from '../../../uapi/linux/bpf.js';
import { BPF_MAXINSNS } from '../../../uapi/linux/bpf_common.js';
import { sock_filter } from '../../../uapi/linux/filter.js';
import {
  TC_ACT_OK,
  TC_ACT_PIPE,
  TC_ACT_RECLASSIFY,
  TC_ACT_REDIRECT,
  TC_ACT_SHOT,
  TC_ACT_UNSPEC,
} from '../../../uapi/linux/pkt_cls.js';
import { TCA_ACT_BPF } from '../../../uapi/linux/tc_act/tc_bpf.js';
import { errno } from '../../errno.js';
import { BpfProg } from '../../kernel/bpf/prog.js';
import { progGetType } from '../../kernel/bpf/syscall/fd.js';
import { bpfProgCreate, type ClassicProg } from '../core/filter/classic.js';
import { runProgram } from '../core/filter/run.js';
import { traceProgram } from '../core/dev/trace.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type ActionInit, type ActionResult, TcAction, type TcActionOps } from './act_api/action.js';
import { tcfActionUpdateBstats, tcfLastuseUpdate } from './act_api/exec.js';
import { tcfTmDump } from './act_api/dump.js';
import { tcfInitAction } from './act_api/idr.js';

/** struct tcf_bpf */
class BpfAction extends TcAction {
  /** Held. */
  filter: ClassicProg | BpfProg | undefined;
  /** Of extended programs alone. */
  bpfName: string | undefined;

  /** Takes over the reference that this action has made. @models net/sched/act_bpf.c tcf_bpf_cfg_cleanup() */
  setFilter(filter: ClassicProg | BpfProg | undefined, name?: string): void {
    const old = this.filter;
    this.filter = filter;
    this.bpfName = name;
    old?.release(this);
  }

  /** @models net/sched/act_bpf.c tcf_bpf_cleanup() */
  protected override cleanup(): void {
    this.setFilter(undefined);
  }
}

/** Refusals here carry no text: this action parses without extack. */
function parseOptions({ options }: ActionInit) {
  if (options === undefined) throw errno(EINVAL);
  const tb = parseNested(TCA_ACT_BPF, options, NL_VALIDATE_LIBERAL, undefined);
  if (tb.PARMS === undefined) throw errno(EINVAL);
  return tb;
}
type Options = ReturnType<typeof parseOptions>;

/** @models net/sched/act_bpf.c tcf_bpf_init_from_ops() */
function initFromOps({ net }: ActionInit, opsLen: number, ops: Nla, action: BpfAction): ClassicProg {
  if (opsLen === 0 || opsLen > BPF_MAXINSNS) throw errno(EINVAL);
  if (opsLen * sock_filter.size !== ops.len) throw errno(EINVAL);
  return bpfProgCreate(net, ops.msg, ops.start, opsLen, action);
}

/**
 * The program behind an fd of the sender at this moment: EBADF, or EINVAL for what is no action.
 *
 * @models net/sched/act_bpf.c tcf_bpf_init_from_efd()
 */
function initFromEfd({ task }: ActionInit, fd: number, action: BpfAction): BpfProg {
  return progGetType(task, fd, BPF_PROG_TYPE_SCHED_ACT).hold(action);
}

function configure(request: ActionInit, tb: Options, action: BpfAction): void {
  const ops = tb.OPS_LEN === undefined ? undefined : tb.$nla[TCA_ACT_BPF.OPS.type];
  if ((ops === undefined) === (tb.FD === undefined)) throw errno(EINVAL);
  if (ops === undefined) action.setFilter(initFromEfd(request, tb.FD!, action), tb.NAME);
  else action.setFilter(initFromOps(request, tb.OPS_LEN!, ops, action));
}

/** @models net/sched/act_bpf.c tcf_bpf_init() */
function init(request: ActionInit): ActionResult {
  const tb = parseOptions(request);
  const { index, action: verdict } = tb.PARMS!;
  return tcfInitAction<BpfAction>(request, 'bpf', {
    index,
    verdict,
    make: (fresh) => new BpfAction(fresh),
    configure: (action) => {
      configure(request, tb, action);
    },
  });
}

/** @models net/sched/act_bpf.c tcf_bpf_dump_bpf_info() */
function dumpBpfInfo(skb: MessageWriter, prog: ClassicProg): void {
  skb.putU16(TCA_ACT_BPF.OPS_LEN.type, prog.len);
  prog.put(skb, TCA_ACT_BPF.OPS.type);
}

/** @models net/sched/act_bpf.c tcf_bpf_dump_ebpf_info() */
function dumpEbpfInfo(skb: MessageWriter, prog: BpfProg, { bpfName }: BpfAction): void {
  if (bpfName !== undefined) skb.put(TCA_ACT_BPF.NAME, bpfName);
  skb.put(TCA_ACT_BPF.ID, prog.id);
  skb.put(TCA_ACT_BPF.TAG, prog.tag);
}

/** @models net/sched/act_bpf.c tcf_bpf_dump() */
function dump(action: BpfAction, skb: MessageWriter, ref: number): void {
  const { index, refcount, bindcnt, action: verdict, filter } = action;
  skb.put(TCA_ACT_BPF.PARMS, { index, capab: 0, action: verdict, refcnt: refcount - ref, bindcnt });
  if (filter instanceof BpfProg) dumpEbpfInfo(skb, filter, action);
  else dumpBpfInfo(skb, filter!);
  tcfTmDump(skb, action, TCA_ACT_BPF.TM.type, TCA_ACT_BPF.PAD.type);
}

/** What a program's result means: TC_ACT_UNSPEC leaves it to the action. */
function verdictOf(action: BpfAction, result: number): number {
  switch (result) {
    case TC_ACT_SHOT:
      action.qstats.drops++;
      return result;
    case TC_ACT_PIPE:
    case TC_ACT_RECLASSIFY:
    case TC_ACT_OK:
    case TC_ACT_REDIRECT:
      return result;
    case TC_ACT_UNSPEC:
      return action.action;
    default:
      return TC_ACT_UNSPEC;
  }
}

/** @models net/sched/act_bpf.c tcf_bpf_act() */
function act(action: BpfAction, skb: SkBuff): number {
  tcfLastuseUpdate(action);
  tcfActionUpdateBstats(action, skb);
  const { atIngress, macLen } = skb;
  if (atIngress) skb.push(macLen);
  const result = runProgram(action.filter!, skb);
  traceProgram(skb, 'action', action.filter!, result);
  if (atIngress) skb.pull(macLen);
  return verdictOf(action, result);
}

export const actBpfOps: TcActionOps = { kind: 'bpf', init, act, dump };
