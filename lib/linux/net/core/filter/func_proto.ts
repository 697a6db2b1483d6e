// net/core/filter.c: which helpers the kinds of programs over packets have. Own tables come first, then the socket casts,
// then what every kind has.
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import type { BpfFuncProto } from '../../../kernel/bpf/func_proto.js';
import { baseHelpers } from '../../../kernel/bpf/base_helpers.js';
import { bpfBaseFuncProto } from '../../../kernel/bpf/helpers.js';
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import { withFuncs } from '../../../kernel/bpf/proto_table.js';
import { perfmonCapable } from '../../../kernel/bpf/token.js';
import type { Task } from '../../../kernel/task.js';
import type { HelperEntry } from './call.js';
import { skbCgroupHelpers } from './cgroup.js';
import { fibHelpers } from './fib.js';
import { redirectHelpers } from './redirect.js';
import { skStorageHelpers } from './sk_storage.js';
import { skbBytesHelpers } from './skb_bytes.js';
import { skbCsumHelpers } from './skb_csum.js';
import { skbMetaHelpers, skbSocketHelpers } from './skb_meta.js';
import { castProtos, ktimeGetCoarseNsProto, socketProtos, tcProtos } from './skb_protos.js';
import { skbShapeHelpers } from './skb_shape.js';
import { castHelpers, socketHelpers } from './sockets.js';
import { tunnelHelpers } from './tunnel.js';

const classid: HelperEntry = [F.BPF_FUNC_get_cgroup_classid, baseHelpers.get(F.BPF_FUNC_get_cgroup_classid)!];
const smpProcessorId: HelperEntry = [
  F.BPF_FUNC_get_smp_processor_id,
  baseHelpers.get(F.BPF_FUNC_get_smp_processor_id)!,
];
const isOfSockets = ([id]: HelperEntry): boolean => socketProtos.has(id);

const socketTable = withFuncs(socketProtos, new Map([...skbBytesHelpers.filter(isOfSockets), ...skbSocketHelpers]));
const tcTable = withFuncs(
  tcProtos,
  new Map([
    ...skbBytesHelpers.filter((entry) => !isOfSockets(entry)),
    ...skbCsumHelpers,
    ...skbShapeHelpers,
    ...skbMetaHelpers,
    ...tunnelHelpers,
    ...redirectHelpers,
    ...fibHelpers,
    ...socketHelpers,
    ...skbCgroupHelpers,
    ...skStorageHelpers,
    smpProcessorId,
    classid,
  ]),
);
const coarse = { ...ktimeGetCoarseNsProto, func: baseHelpers.get(F.BPF_FUNC_ktime_get_coarse_ns)! };

const castTable = withFuncs(castProtos, new Map(castHelpers));

/** @models net/core/filter.c bpf_sk_base_func_proto() */
function bpfSkBaseFuncProto(id: number, task: Task): BpfFuncProto | undefined {
  const cast = castTable.get(id);
  if (cast !== undefined) return perfmonCapable(task) ? cast : undefined;
  return id === F.BPF_FUNC_ktime_get_coarse_ns ? coarse : bpfBaseFuncProto(id, task);
}

/** @models net/core/filter.c sk_filter_func_proto() */
export const skFilterFuncProto = (id: number, _prog: BpfProg, task: Task): BpfFuncProto | undefined =>
  socketTable.get(id) ?? bpfSkBaseFuncProto(id, task);

/** @models net/core/filter.c tc_cls_act_func_proto() */
export const tcClsActFuncProto = (id: number, _prog: BpfProg, task: Task): BpfFuncProto | undefined =>
  tcTable.get(id) ?? socketTable.get(id) ?? bpfSkBaseFuncProto(id, task);
