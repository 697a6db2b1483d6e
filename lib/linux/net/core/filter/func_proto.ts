// net/core/filter.c: which helpers the kinds of programs over packets have. Own tables come first, then the socket casts,
// then what every kind has.
import { BPF_FUNC_ktime_get_coarse_ns } from '../../../../uapi/linux/bpf_func_id.js';
import type { BpfFuncProto } from '../../../kernel/bpf/func_proto.js';
import { bpfBaseFuncProto, perfmonCapable } from '../../../kernel/bpf/helpers.js';
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import type { Task } from '../../../kernel/task.js';
import { castProtos, ktimeGetCoarseNsProto, socketProtos, tcProtos } from './skb_protos.js';

/** @models net/core/filter.c bpf_sk_base_func_proto() */
function bpfSkBaseFuncProto(id: number, task: Task): BpfFuncProto | undefined {
  const cast = castProtos.get(id);
  if (cast !== undefined) return perfmonCapable(task) ? cast : undefined;
  return id === BPF_FUNC_ktime_get_coarse_ns ? ktimeGetCoarseNsProto : bpfBaseFuncProto(id, task);
}

/** @models net/core/filter.c sk_filter_func_proto() */
export const skFilterFuncProto = (id: number, _prog: BpfProg, task: Task): BpfFuncProto | undefined =>
  socketProtos.get(id) ?? bpfSkBaseFuncProto(id, task);

/** @models net/core/filter.c tc_cls_act_func_proto() */
export const tcClsActFuncProto = (id: number, _prog: BpfProg, task: Task): BpfFuncProto | undefined =>
  tcProtos.get(id) ?? socketProtos.get(id) ?? bpfSkBaseFuncProto(id, task);
