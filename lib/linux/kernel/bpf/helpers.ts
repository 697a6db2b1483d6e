// kernel/bpf/helpers.c: the helpers that every kind of program has: which a program may call, by what its loader may do, and
// what runs. A kind looks in its own table first and asks here for the rest.
import { cgroupHelpers } from '../../net/core/filter/cgroup.js';
import type { Task } from '../task.js';
import { probeReadHelpers } from '../trace/probe_read.js';
import { baseHelpers } from './base_helpers.js';
import { mapHelpers } from './map_helpers.js';
import { bpfCapableProtos, perfmonCapableProtos, unprivilegedProtos } from './base_protos.js';
import type { BpfFuncProto } from './func_proto.js';
import { type ProtoTable, withFuncs } from './proto_table.js';
import { bpfCapable, perfmonCapable } from './token.js';

type Maker = NonNullable<BpfFuncProto['func']>;

const implemented: readonly (readonly [number, Maker])[] = [
  ...baseHelpers,
  ...mapHelpers,
  ...probeReadHelpers,
  ...cgroupHelpers,
];
const complete = (table: ProtoTable): ProtoTable =>
  withFuncs(table, new Map(implemented.filter(([id]) => table.has(id))));

const unprivileged = complete(unprivilegedProtos);
const bpfCapableOnly = complete(bpfCapableProtos);
const perfmonCapableOnly = complete(perfmonCapableProtos);

/** @models kernel/bpf/helpers.c bpf_base_func_proto() */
export function bpfBaseFuncProto(id: number, task: Task): BpfFuncProto | undefined {
  const proto = unprivileged.get(id);
  if (proto !== undefined || !bpfCapable(task)) return proto;
  return bpfCapableOnly.get(id) ?? (perfmonCapable(task) ? perfmonCapableOnly.get(id) : undefined);
}
