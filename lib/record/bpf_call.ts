// What a bpf(2) call names besides its attributes: the fds in them, and the memory that their pointers lead to. A recorder
// (lib/host/recorder.ts) keeps both, so that a recording can be understood without the process that made the call.
import * as B from '../uapi/linux/bpf.js';
import * as A from '../uapi/linux/bpf_attr.js';

/** What is known of the object behind an fd. */
export interface FdInfo {
  readonly kind: string;
  /** Of the map, program, link or BTF object; 0: unknown. */
  readonly id: number;
  /** Of a map whose values are of that size. */
  readonly keySize?: number;
  readonly valueSize?: number;
}

/** Memory that a field of the attributes points at. */
export interface Pointed {
  /** Offset of the field. */
  readonly field: number;
  readonly address: number;
  readonly length: number;
  /** It ends with the first zero byte. */
  readonly text: boolean;
  /** The kernel writes it; else it only reads it. */
  readonly out: boolean;
}

/** More than the longest log that is kept whole, and than any program. */
const LENGTH_MAX = 16 << 20;
const LICENSE_MAX = 128;
/** sizeof(struct bpf_insn) */
const INSN_SIZE = 8;
const PATH_MAX = 4096;
/** Kinds of maps whose values come once for each CPU. */
const perCpu = new Set<number>([
  B.BPF_MAP_TYPE_PERCPU_HASH,
  B.BPF_MAP_TYPE_PERCPU_ARRAY,
  B.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/** FdInfo from what /proc/PID/fdinfo/N shows. */
export function fdInfoOf(kind: string, fdinfo: string): FdInfo {
  const numberOf = (name: string): number => Number(new RegExp(`^${name}:\\t(\\d+)$`, 'm').exec(fdinfo)?.[1] ?? 0);
  const own = { 'bpf-map': 'map_id', 'bpf-prog': 'prog_id', btf: 'btf_id' }[kind] ?? 'link_id';
  const info = { kind, id: numberOf(own) };
  if (kind !== 'bpf-map' || perCpu.has(numberOf('map_type'))) return info;
  return { ...info, keySize: numberOf('key_size'), valueSize: numberOf('value_size') };
}

class Attributes {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Zero where the attributes end before, as the kernel takes them. */
  u32(at: number): number {
    return at + 4 <= this.#view.byteLength ? this.#view.getUint32(at, true) : 0;
  }

  pointer(at: number): number {
    return this.u32(at) + this.u32(at + 4) * 2 ** 32;
  }
}

/** Offset of a field that names an fd; with `optional`, 0 there is none. */
type FdField = readonly [at: number, optional?: 'optional'];

const elem: readonly FdField[] = [[A.bpf_attr_elem.offsetof.map_fd]];
const batch: readonly FdField[] = [[A.bpf_attr_batch.offsetof.map_fd]];
const create = A.bpf_attr_map_create.offsetof;
const load = A.bpf_attr_prog_load.offsetof;

const fdFields: Partial<Record<number, readonly FdField[]>> = {
  [B.BPF_MAP_CREATE]: [
    [create.inner_map_fd, 'optional'],
    [create.btf_fd, 'optional'],
  ],
  [B.BPF_MAP_LOOKUP_ELEM]: elem,
  [B.BPF_MAP_UPDATE_ELEM]: elem,
  [B.BPF_MAP_DELETE_ELEM]: elem,
  [B.BPF_MAP_GET_NEXT_KEY]: elem,
  [B.BPF_MAP_LOOKUP_AND_DELETE_ELEM]: elem,
  [B.BPF_MAP_FREEZE]: elem,
  [B.BPF_MAP_LOOKUP_BATCH]: batch,
  [B.BPF_MAP_LOOKUP_AND_DELETE_BATCH]: batch,
  [B.BPF_MAP_UPDATE_BATCH]: batch,
  [B.BPF_MAP_DELETE_BATCH]: batch,
  [B.BPF_PROG_LOAD]: [
    [load.prog_btf_fd, 'optional'],
    [load.attach_prog_fd, 'optional'],
  ],
  [B.BPF_OBJ_PIN]: [[A.bpf_attr_obj.offsetof.bpf_fd]],
  [B.BPF_PROG_ATTACH]: [[A.bpf_attr_attach.offsetof.attach_bpf_fd]],
  [B.BPF_PROG_TEST_RUN]: [[A.bpf_attr_test.offsetof.prog_fd]],
  [B.BPF_OBJ_GET_INFO_BY_FD]: [[A.bpf_attr_info.offsetof.bpf_fd]],
  [B.BPF_RAW_TRACEPOINT_OPEN]: [[A.bpf_attr_raw_tracepoint.offsetof.prog_fd]],
  [B.BPF_LINK_CREATE]: [[A.bpf_attr_link_create.offsetof.prog_fd]],
  [B.BPF_LINK_UPDATE]: [
    [A.bpf_attr_link_update.offsetof.link_fd],
    [A.bpf_attr_link_update.offsetof.new_prog_fd],
    [A.bpf_attr_link_update.offsetof.old_prog_fd, 'optional'],
  ],
  [B.BPF_LINK_DETACH]: [[0]],
  [B.BPF_ITER_CREATE]: [[A.bpf_attr_iter_create.offsetof.link_fd]],
  [B.BPF_PROG_BIND_MAP]: [[A.bpf_attr_prog_bind_map.offsetof.prog_fd], [A.bpf_attr_prog_bind_map.offsetof.map_fd]],
};

/** Numbers of the fds that the attributes name. */
export function fdsInAttr(cmd: number, attr: Uint8Array): number[] {
  const fields = new Attributes(attr);
  return (fdFields[cmd] ?? []).flatMap(([at, optional]) => {
    const fd = fields.u32(at) | 0;
    return optional !== undefined && fd === 0 ? [] : [fd];
  });
}

/** Whether what the call makes is a new fd. */
export const makesFd = (cmd: number): boolean => makers.has(cmd);

const makers = new Set<number>([
  ...[B.BPF_MAP_CREATE, B.BPF_PROG_LOAD, B.BPF_OBJ_GET, B.BPF_BTF_LOAD, B.BPF_LINK_CREATE, B.BPF_ITER_CREATE],
  ...[B.BPF_PROG_GET_FD_BY_ID, B.BPF_MAP_GET_FD_BY_ID, B.BPF_BTF_GET_FD_BY_ID, B.BPF_LINK_GET_FD_BY_ID],
  ...[B.BPF_RAW_TRACEPOINT_OPEN, B.BPF_ENABLE_STATS, B.BPF_TOKEN_CREATE],
]);

/** A pointer field, and how much lies there. */
interface PointerField {
  readonly field: number;
  readonly length: (fields: Attributes, fd: (at: number) => FdInfo | undefined) => number;
  readonly text?: true;
  readonly out?: true;
}

/** `count` at an offset, times the size of one. */
const counted =
  (at: number, size = 1) =>
  (fields: Attributes): number =>
    fields.u32(at) * size;
const ofKey = (_fields: Attributes, fd: (at: number) => FdInfo | undefined): number =>
  fd(A.bpf_attr_elem.offsetof.map_fd)?.keySize ?? 0;
const ofValue = (_fields: Attributes, fd: (at: number) => FdInfo | undefined): number =>
  fd(A.bpf_attr_elem.offsetof.map_fd)?.valueSize ?? 0;

const element = A.bpf_attr_elem.offsetof;
const key: PointerField = { field: element.key, length: ofKey };
const value: PointerField = { field: element.value, length: ofValue };
const test = A.bpf_attr_test.offsetof;
const btf = A.bpf_attr_btf_load.offsetof;
const path: readonly PointerField[] = [{ field: A.bpf_attr_obj.offsetof.pathname, length: () => PATH_MAX, text: true }];

const pointerFields: Partial<Record<number, readonly PointerField[]>> = {
  [B.BPF_MAP_LOOKUP_ELEM]: [key, { ...value, out: true }],
  [B.BPF_MAP_UPDATE_ELEM]: [key, value],
  [B.BPF_MAP_DELETE_ELEM]: [key],
  [B.BPF_MAP_GET_NEXT_KEY]: [key, { field: element.value, length: ofKey, out: true }],
  [B.BPF_MAP_LOOKUP_AND_DELETE_ELEM]: [key, { ...value, out: true }],
  [B.BPF_PROG_LOAD]: [
    { field: load.insns, length: counted(load.insn_cnt, INSN_SIZE) },
    { field: load.license, length: () => LICENSE_MAX, text: true },
    { field: load.log_buf, length: counted(load.log_size), text: true, out: true },
  ],
  [B.BPF_OBJ_PIN]: path,
  [B.BPF_OBJ_GET]: path,
  [B.BPF_PROG_TEST_RUN]: [
    { field: test.data_in, length: counted(test.data_size_in) },
    { field: test.data_out, length: counted(test.data_size_out), out: true },
    { field: test.ctx_in, length: counted(test.ctx_size_in) },
    { field: test.ctx_out, length: counted(test.ctx_size_out), out: true },
  ],
  [B.BPF_OBJ_GET_INFO_BY_FD]: [
    { field: A.bpf_attr_info.offsetof.info, length: counted(A.bpf_attr_info.offsetof.info_len), out: true },
  ],
  [B.BPF_BTF_LOAD]: [
    { field: btf.btf, length: counted(btf.btf_size) },
    { field: btf.btf_log_buf, length: counted(btf.btf_log_size), text: true, out: true },
  ],
};

/** The memory that the attributes point at; `describe` tells what an fd of the caller is. */
export function pointedAt(cmd: number, attr: Uint8Array, describe: (fd: number) => FdInfo | undefined): Pointed[] {
  const fields = new Attributes(attr);
  return (pointerFields[cmd] ?? []).flatMap(({ field, length, text, out }) => {
    const address = fields.pointer(field);
    const bytes = Math.min(
      length(fields, (at) => describe(fields.u32(at) | 0)),
      LENGTH_MAX,
    );
    if (address === 0 || bytes === 0) return [];
    return [{ field, address, length: bytes, text: text === true, out: out === true }];
  });
}

/** Text up to and with its zero byte. */
export function cutText(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end + 1);
}
