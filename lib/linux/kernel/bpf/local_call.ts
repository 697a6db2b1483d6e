// bpf(2) for callers in the same process: attributes as an object with the kernel's field names, buffers as Uint8Array.
// The object and the buffers are the caller's own memory, so what the kernel writes back stands in them afterwards.
import { Bytes } from '../../../codec/bytes.js';
import type { Struct } from '../../../codec/struct.js';
import * as B from '../../../uapi/linux/bpf.js';
import * as A from '../../../uapi/linux/bpf_attr.js';
import type { Machine } from '../../machine.js';
import type { LocalTask } from '../local_task.js';
import type { BpfResult } from './syscall/attr.js';
import { sysBpf } from './syscall/syscall.js';

/** Fields of union bpf_attr: numbers; for names and pointers to text, strings; for pointers to memory, the memory. */
export type BpfAttr = Record<string, number | bigint | string | Uint8Array | undefined>;

type AnyStruct = Struct<Record<string, never>>;

/** The struct of each command. */
const structs: Readonly<Record<number, unknown>> = {
  [B.BPF_MAP_CREATE]: A.bpf_attr_map_create,
  [B.BPF_MAP_LOOKUP_ELEM]: A.bpf_attr_elem,
  [B.BPF_MAP_UPDATE_ELEM]: A.bpf_attr_elem,
  [B.BPF_MAP_DELETE_ELEM]: A.bpf_attr_elem,
  [B.BPF_MAP_GET_NEXT_KEY]: A.bpf_attr_elem,
  [B.BPF_PROG_LOAD]: A.bpf_attr_prog_load,
  [B.BPF_OBJ_PIN]: A.bpf_attr_obj,
  [B.BPF_OBJ_GET]: A.bpf_attr_obj,
  [B.BPF_PROG_ATTACH]: A.bpf_attr_attach,
  [B.BPF_PROG_DETACH]: A.bpf_attr_attach,
  [B.BPF_PROG_TEST_RUN]: A.bpf_attr_test,
  [B.BPF_PROG_GET_NEXT_ID]: A.bpf_attr_id,
  [B.BPF_MAP_GET_NEXT_ID]: A.bpf_attr_id,
  [B.BPF_PROG_GET_FD_BY_ID]: A.bpf_attr_id,
  [B.BPF_MAP_GET_FD_BY_ID]: A.bpf_attr_id,
  [B.BPF_OBJ_GET_INFO_BY_FD]: A.bpf_attr_info,
  [B.BPF_PROG_QUERY]: A.bpf_attr_query,
  [B.BPF_RAW_TRACEPOINT_OPEN]: A.bpf_attr_raw_tracepoint,
  [B.BPF_BTF_LOAD]: A.bpf_attr_btf_load,
  [B.BPF_BTF_GET_FD_BY_ID]: A.bpf_attr_id,
  [B.BPF_TASK_FD_QUERY]: A.bpf_attr_task_fd_query,
  [B.BPF_MAP_LOOKUP_AND_DELETE_ELEM]: A.bpf_attr_elem,
  [B.BPF_MAP_FREEZE]: A.bpf_attr_elem,
  [B.BPF_BTF_GET_NEXT_ID]: A.bpf_attr_id,
  [B.BPF_MAP_LOOKUP_BATCH]: A.bpf_attr_batch,
  [B.BPF_MAP_LOOKUP_AND_DELETE_BATCH]: A.bpf_attr_batch,
  [B.BPF_MAP_UPDATE_BATCH]: A.bpf_attr_batch,
  [B.BPF_MAP_DELETE_BATCH]: A.bpf_attr_batch,
  [B.BPF_LINK_CREATE]: A.bpf_attr_link_create,
  [B.BPF_LINK_UPDATE]: A.bpf_attr_link_update,
  [B.BPF_LINK_GET_FD_BY_ID]: A.bpf_attr_id,
  [B.BPF_LINK_GET_NEXT_ID]: A.bpf_attr_id,
  [B.BPF_ENABLE_STATS]: A.bpf_attr_enable_stats,
  [B.BPF_ITER_CREATE]: A.bpf_attr_iter_create,
  [B.BPF_LINK_DETACH]: A.bpf_attr_link_update,
  [B.BPF_PROG_BIND_MAP]: A.bpf_attr_prog_bind_map,
  [B.BPF_TOKEN_CREATE]: A.bpf_attr_token_create,
  [B.BPF_PROG_STREAM_READ_BY_FD]: A.bpf_attr_prog_stream_read,
};

/** Other names of fields, as the kernel's unions have them. */
const aliases: Readonly<Record<string, string>> = {
  next_key: 'value',
  prog_id: 'start_id',
  map_id: 'start_id',
  btf_id: 'start_id',
  link_id: 'start_id',
  target_ifindex: 'target_fd',
  relative_id: 'relative_fd',
  prog_cnt: 'count',
  attach_btf_obj_fd: 'attach_prog_fd',
};

function structOf(cmd: number): AnyStruct {
  const found = structs[cmd];
  if (found === undefined) throw new RangeError(`no attributes are known for bpf() command ${cmd}: give bytes`);
  return found as AnyStruct;
}

/** The member that a field of the attributes names. */
function memberOf(layout: AnyStruct, field: string): string {
  for (const name of [field, aliases[field]]) if (name !== undefined && name in layout.members) return name;
  throw new RangeError(`${layout.name} has no field '${field}'`);
}

/** Memory that stays mapped until the call is over. */
class Mappings {
  readonly #task: LocalTask;
  readonly #made: number[] = [];

  constructor(task: LocalTask) {
    this.#task = task;
  }

  map(bytes: Uint8Array): number {
    const address = this.#task.memory.map(bytes);
    this.#made.push(address);
    return address;
  }

  unmap(): void {
    for (const address of this.#made) this.#task.memory.unmap(address);
  }
}

const text = (value: string): Uint8Array => Uint8Array.from(`${value}\0`, (letter) => letter.charCodeAt(0));

function put(to: Bytes, layout: AnyStruct, field: string, value: BpfAttr[string], mappings: Mappings): void {
  const member = memberOf(layout, field);
  const codec = (layout.members as Readonly<Record<string, { name: string }>>)[member]!;
  const offset = (layout.offsetof as Readonly<Record<string, number>>)[member]!;
  const bytes = typeof value === 'string' ? text(value) : value;
  if (codec.name === 'u64') {
    const word = bytes instanceof Uint8Array ? mappings.map(bytes) : (bytes ?? 0);
    to.view.setBigUint64(offset, BigInt(word), true);
  } else if (bytes instanceof Uint8Array) to.u8.set(bytes.subarray(0, B.BPF_OBJ_NAME_LEN), offset);
  else to.view.setUint32(offset, Number(bytes ?? 0), true);
}

/** Fields that are numbers and were changed by the kernel go back into the object. */
function takeBack(attr: BpfAttr, layout: AnyStruct, before: Uint8Array, after: DataView): void {
  const old = new DataView(before.buffer);
  for (const [member, codec] of Object.entries<{ name: string }>(layout.members)) {
    if (codec.name !== 'u32' && codec.name !== 's32') continue;
    const offset = (layout.offsetof as Readonly<Record<string, number>>)[member]!;
    const value = after.getUint32(offset, true);
    if (value === old.getUint32(offset, true)) continue;
    const given = Object.keys(attr).find((field) => memberOf(layout, field) === member);
    attr[given ?? member] = value;
  }
}

/** bpf(2) as `task`: the return value, an fd of `task.files` where the kernel gives one, or a negative errno. @differs no kernel has it */
export function localBpf(machine: Machine, task: LocalTask, cmd: number, attr: BpfAttr | Uint8Array): number {
  const mappings = new Mappings(task);
  try {
    if (attr instanceof Uint8Array) return install(task, sysBpf(machine, task, cmd, mappings.map(attr), attr.length));
    const layout = structOf(cmd);
    const union = Bytes.zeroed(layout.size);
    for (const [field, value] of Object.entries(attr)) put(union, layout, field, value, mappings);
    const before = union.u8.slice();
    const result = sysBpf(machine, task, cmd, mappings.map(union.u8), union.u8.length);
    takeBack(attr, layout, before, union.view);
    return install(task, result);
  } finally {
    mappings.unmap();
  }
}

function install(task: LocalTask, result: BpfResult): number {
  return typeof result === 'number' ? result : task.install(result);
}
