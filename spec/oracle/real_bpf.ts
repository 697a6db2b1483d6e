// bpf(2) of the kernel of this computer, as the port that lib/loader/load.ts asks for. Root only; what is made is closed by
// who made it, and nothing is pinned or attached.
import { Bytes } from '../../lib/codec/bytes.js';
import type { Codec } from '../../lib/codec/scalar.js';
import type { Struct } from '../../lib/codec/struct.js';
import { addressOf, close, errno, syscall } from '../../lib/host/libc.js';
import type { BpfFields, BpfPort } from '../../lib/loader/load.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import * as A from '../../lib/uapi/linux/bpf_attr.js';

const NR_BPF = 321;

const layouts: Readonly<Record<number, unknown>> = {
  [B.BPF_MAP_CREATE]: A.bpf_attr_map_create,
  [B.BPF_MAP_LOOKUP_ELEM]: A.bpf_attr_elem,
  [B.BPF_MAP_UPDATE_ELEM]: A.bpf_attr_elem,
  [B.BPF_MAP_FREEZE]: A.bpf_attr_elem,
  [B.BPF_PROG_LOAD]: A.bpf_attr_prog_load,
  [B.BPF_PROG_TEST_RUN]: A.bpf_attr_test,
  [B.BPF_PROG_BIND_MAP]: A.bpf_attr_prog_bind_map,
  [B.BPF_BTF_LOAD]: A.bpf_attr_btf_load,
  [B.BPF_OBJ_GET_INFO_BY_FD]: A.bpf_attr_info,
};

const text = (value: string): Uint8Array => Uint8Array.from(`${value}\0`, (letter) => letter.charCodeAt(0));

/** Encodes `fields`; `memory` keeps alive what they point to. */
function encode(cmd: number, fields: BpfFields, memory: Uint8Array[]): Bytes {
  const layout = layouts[cmd] as Struct<Record<string, Codec<unknown>>>;
  const offsets: Readonly<Record<string, number>> = layout.offsetof;
  const attr = Bytes.zeroed(layout.size);
  for (const [field, value] of Object.entries(fields)) {
    const codec = layout.members[field]!;
    const offset = offsets[field]!;
    const given = typeof value === 'string' ? text(value) : (value ?? 0);
    if (!(given instanceof Uint8Array)) codec.set(attr, offset, codec.name === 'u64' ? BigInt(given) : Number(given));
    else if (codec.name === 'u64') {
      memory.push(given);
      attr.view.setBigUint64(offset, BigInt(given.length === 0 ? 0 : addressOf(given)), true);
    } else codec.set(attr, offset, given);
  }
  return attr;
}

/** A port that can also say where memory lies, for structures that point to some. */
export interface AddressedPort extends BpfPort {
  addressOf(bytes: Uint8Array): number;
}

export const realBpf: AddressedPort = {
  addressOf,
  bpf: (cmd, fields) => {
    const memory: Uint8Array[] = [];
    const { u8 } = encode(cmd, fields, memory);
    memory.push(u8);
    const result = syscall(NR_BPF, cmd, addressOf(u8), u8.length, 0, 0, 0);
    return result < 0 ? -errno() : result;
  },
  close: (fd) => {
    close(fd);
  },
};

/** Why the kernel cannot be asked, undefined when it can. */
export function realBpfMissing(): string | undefined {
  if (process.arch !== 'x64') return 'no x86-64';
  const fd = realBpf.bpf(B.BPF_MAP_CREATE, { map_type: 2, key_size: 4, value_size: 4, max_entries: 1 });
  if (fd < 0) return `bpf(2) answers errno ${-fd}`;
  realBpf.close(fd);
  return undefined;
}
