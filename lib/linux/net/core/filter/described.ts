// net/core/filter.c, kernel/trace/bpf_trace.c and others: struct bpf_verifier_ops of kinds of programs that the model loads
// and describes but never runs. What they may do is a table of measurements (kernel/bpf/described_kinds.ts); accesses to
// contexts that are no packets stay as they were submitted, since nothing will run them.
import * as B from '../../../../uapi/linux/bpf.js';
import { TC_ACT_SHOT } from '../../../../uapi/linux/pkt_cls.js';
import { type AttachedKind, attachedKinds } from '../../../kernel/bpf/attached_kinds.js';
import { BPF_FUNC_ktime_get_coarse_ns, bpfFuncNames } from '../../../../uapi/linux/bpf_func_id.js';
import { ModelGap } from '../../../errno.js';
import type { BpfFuncProto } from '../../../kernel/bpf/func_proto.js';
import { type DescribedKind, describedKinds } from '../../../kernel/bpf/described_kinds.js';
import { describedProtos } from '../../../kernel/bpf/described_protos.js';
import { bpfBaseFuncProto } from '../../../kernel/bpf/helpers.js';
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import { returnRange } from '../../../kernel/bpf/other_types.js';
import { BPF_READ } from '../../../kernel/bpf/type_flags.js';
import { perfmonCapable } from '../../../kernel/bpf/token.js';
import type { BpfVerifierOps } from '../../../kernel/bpf/verifier_ops.js';
import type { Task } from '../../../kernel/task.js';
import { bpfSkbIsValidAccess } from './access.js';
import {
  chainedFieldSize,
  perfEventConvertCtxAccess,
  skLookupConvertCtxAccess,
  skMsgConvertCtxAccess,
  sockAddrConvertCtxAccess,
} from './chains.js';
import { bpfConvertCtxAccess, skSkbConvertCtxAccess, xdpConvertCtxAccess } from './convert.js';
import { bpfUnclonePrologue } from './prologue.js';
import { castProtos, ktimeGetCoarseNsProto, socketProtos, tcProtos } from './skb_protos.js';

/** Whether `off` is in ranges like `0-16 24`. */
function inRanges(ranges: string | undefined, off: number): boolean {
  if (ranges === undefined || ranges === '') return false;
  return ranges.split(' ').some((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return off >= from! && off <= to!;
  });
}

/** What differs where the program is to be attached. */
const attachedOf = ({ type, expectedAttachType }: BpfProg): AttachedKind | undefined =>
  attachedKinds.get(type)?.get(expectedAttachType);

function hasHelper(kind: DescribedKind, attached: AttachedKind | undefined, id: number): boolean {
  if (attached === undefined) return kind.helpers.includes(id);
  return attached.more.includes(id) || (kind.helpers.includes(id) && !attached.fewer.includes(id));
}

function proto(prog: BpfProg, kind: DescribedKind, id: number, task: Task): BpfFuncProto | undefined {
  if (!hasHelper(kind, attachedOf(prog), id)) return bpfBaseFuncProto(id, task);
  if (id === BPF_FUNC_ktime_get_coarse_ns) return ktimeGetCoarseNsProto;
  const cast = castProtos.get(id);
  if (cast !== undefined) return perfmonCapable(task) ? cast : undefined;
  const known = describedProtos.get(id) ?? tcProtos.get(id) ?? socketProtos.get(id);
  if (known === undefined)
    throw new ModelGap(`helper bpf_${bpfFuncNames[id] ?? id} of bpf programs of type ${prog.type}`);
  return known;
}

type Convert = BpfVerifierOps['convertCtxAccess'];

/** Kinds whose context is struct __sk_buff, and what converts it. */
const ofPackets: ReadonlyMap<number, NonNullable<Convert>> = new Map([
  [B.BPF_PROG_TYPE_LWT_IN, bpfConvertCtxAccess],
  [B.BPF_PROG_TYPE_LWT_OUT, bpfConvertCtxAccess],
  [B.BPF_PROG_TYPE_LWT_XMIT, bpfConvertCtxAccess],
  [B.BPF_PROG_TYPE_LWT_SEG6LOCAL, bpfConvertCtxAccess],
  [B.BPF_PROG_TYPE_CGROUP_SKB, bpfConvertCtxAccess],
  [B.BPF_PROG_TYPE_SK_SKB, skSkbConvertCtxAccess],
]);

/** Kinds with a context of their own. */
const ofOthers: ReadonlyMap<number, NonNullable<Convert>> = new Map([
  [B.BPF_PROG_TYPE_XDP, xdpConvertCtxAccess],
  [B.BPF_PROG_TYPE_SK_MSG, skMsgConvertCtxAccess],
  [B.BPF_PROG_TYPE_SK_LOOKUP, skLookupConvertCtxAccess],
  [B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, sockAddrConvertCtxAccess],
  [B.BPF_PROG_TYPE_PERF_EVENT, perfEventConvertCtxAccess],
]);

/** Bytes of a field of which less is asked for; 0: all of it is. */
function narrowField(type: number, off: number, size: number): number {
  const field = chainedFieldSize(type, off);
  return size < field ? field : 0;
}

type Prologue = NonNullable<BpfVerifierOps['genPrologue']>;

const noPrologue: Prologue = () => undefined;
/** SK_DROP */
const DROP_STREAM = 0;

/** Kinds that may write to packets. */
const prologues: ReadonlyMap<number, Prologue> = new Map([
  [B.BPF_PROG_TYPE_XDP, noPrologue],
  [B.BPF_PROG_TYPE_SK_MSG, noPrologue],
  [B.BPF_PROG_TYPE_CGROUP_SOCKOPT, noPrologue],
  [B.BPF_PROG_TYPE_LWT_XMIT, (write, first) => bpfUnclonePrologue(write, first, TC_ACT_SHOT)],
  [B.BPF_PROG_TYPE_SK_SKB, (write, first) => bpfUnclonePrologue(write, first, DROP_STREAM)],
]);

function opsOf(type: number, kind: DescribedKind): BpfVerifierOps {
  const overPackets = ofPackets.has(type);
  const convert = ofPackets.get(type) ?? ofOthers.get(type);
  const prologue = prologues.get(type);
  return {
    getFuncProto: (id, prog, task) => proto(prog, kind, id, task),
    isValidAccess: (off, size, access, prog, info) => {
      if (off % size !== 0) return false;
      const key = `${access === BPF_READ ? 'r' : 'w'}${size}`;
      if (!inRanges(attachedOf(prog)?.access[key] ?? kind.access[key], off)) return false;
      info.regType = kind.pointers[off] ?? info.regType;
      if (!overPackets && convert !== undefined) info.ctxFieldSize = narrowField(type, off, size);
      return !overPackets || bpfSkbIsValidAccess(off, size, access, info);
    },
    returnRange,
    ...(prologue === undefined ? {} : { genPrologue: prologue }),
    ...(convert === undefined ? {} : { convertCtxAccess: convert }),
  };
}

/** By type. @differs tables instead of functions for each kind */
export const describedOps: ReadonlyMap<number, BpfVerifierOps> = new Map(
  Array.from(describedKinds, ([type, kind]) => [type, opsOf(type, kind)]),
);
