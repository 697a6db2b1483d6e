// kernel/bpf/syscall.c: BPF_OBJ_GET_INFO_BY_FD. The user's struct is copied in first, since it carries buffers and their
// sizes; as much of the kernel's struct as was asked for is copied out. Programs are in info_prog.ts.
import { sha256 } from '@noble/hashes/sha2.js';
import { EBADFD, EINVAL, ENOSPC, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as A from '../../../../uapi/linux/bpf_attr.js';
import { errno } from '../../../errno.js';
import { BPF_ARRAY_VALUE } from '../../../../vm/maps/bpf_map.js';
import { ArrayMap } from '../arraymap.js';
import type { Btf } from '../btf/btf.js';
import { BtfFile, LinkFile, MapFile, ProgFile } from '../file.js';
import type { BpfLink } from '../link.js';
import type { BpfMap } from '../map.js';
import type { BpfCall } from './attr.js';
import { fillProgInfo } from './info_prog.js';
import { checkTailZero } from './tail.js';

const at = A.bpf_attr_info.offsetof;

/** SHA256_DIGEST_SIZE */
const DIGEST = 32;

/** A struct of information between the user and the kernel. */
export class Info {
  readonly call: BpfCall;
  readonly u8: Uint8Array;
  readonly view: DataView;
  readonly #address: number;
  readonly #length: number;

  /** Copies in what the user gives of a struct of `size` bytes; E2BIG when something is set behind it. */
  constructor(call: BpfCall, size: number) {
    this.call = call;
    this.#address = call.u64(at.info);
    const given = call.u32(at.info_len);
    checkTailZero(call.task, this.#address, size, given);
    this.#length = Math.min(size, given);
    this.u8 = new Uint8Array(size);
    this.u8.set(call.read(this.#address, this.#length));
    this.view = new DataView(this.u8.buffer);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  setU32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  /** A 64-bit number below 2^53. */
  setU64(offset: number, value: number): void {
    this.view.setUint32(offset, value >>> 0, true);
    this.view.setUint32(offset + 4, Math.floor(value / 0x100000000), true);
  }

  /** A user address that the struct carries. */
  address(offset: number): number {
    return this.u32(offset + 4) * 0x100000000 + this.u32(offset);
  }

  setText(offset: number, text: string): void {
    for (let i = 0; i < text.length; i++) this.u8[offset + i] = text.charCodeAt(i);
  }

  /** Copies the struct out, and says how long it is. */
  finish(): number {
    this.call.write(this.#address, this.u8.subarray(0, this.#length));
    this.call.putU32(at.info_len, this.#length);
    return 0;
  }
}

/** The values of a map whose kind has a digest. @models kernel/bpf/arraymap.c array_map_get_hash() */
function contentsOf(map: BpfMap): Uint8Array | undefined {
  if (!(map instanceof ArrayMap)) return undefined;
  const start = map.address + BPF_ARRAY_VALUE;
  return map.memory.u8.subarray(start, start + map.elemSize * map.maxEntries);
}

/** The digest of a map's contents, for kinds that have one. */
function fillMapHash(info: Info, map: BpfMap): void {
  const { hash, hash_size } = A.bpf_map_info.offsetof;
  const to = info.address(hash);
  if (to === 0 && info.u32(hash_size) === 0) return;
  const contents = contentsOf(map);
  if (to === 0 || contents === undefined || info.u32(hash_size) !== DIGEST) throw errno(EINVAL);
  if (!map.frozen) throw errno(EPERM);
  info.call.write(to, sha256(contents));
}

/** @models kernel/bpf/syscall.c bpf_map_get_info_by_fd() */
function mapInfo(call: BpfCall, map: BpfMap): number {
  const m = A.bpf_map_info.offsetof;
  const hashes = call.machine.has('bpf-map-hash');
  const info = new Info(call, hashes ? A.bpf_map_info.size : A.BPF_MAP_INFO_SIZE_6_1);
  if (!hashes) info.u8.fill(0);
  info.setU32(m.type, map.mapType);
  info.setU32(m.id, map.id);
  info.setU32(m.key_size, map.keySize);
  info.setU32(m.value_size, map.valueSize);
  info.setU32(m.max_entries, map.maxEntries);
  info.setU32(m.map_flags, map.mapFlags);
  info.u8.fill(0, m.name, m.ifindex);
  info.setText(m.name, map.name);
  info.setU32(m.btf_vmlinux_value_type_id, map.btfVmlinuxValueTypeId);
  info.setU32(m.map_extra, map.mapExtraLow);
  info.setU32(m.map_extra + 4, map.mapExtraHigh);
  if (map.btf !== undefined) {
    info.setU32(m.btf_id, map.btf.id);
    info.setU32(m.btf_key_type_id, map.btfKeyTypeId);
    info.setU32(m.btf_value_type_id, map.btfValueTypeId);
  }
  if (hashes) fillMapHash(info, map);
  return info.finish();
}

/** @models kernel/bpf/syscall.c bpf_link_get_info_by_fd() */
function linkInfo(call: BpfCall, link: BpfLink): number {
  const l = A.bpf_link_info.offsetof;
  const info = new Info(call, A.bpf_link_info.size);
  info.setU32(l.type, link.type);
  info.setU32(l.id, link.id);
  info.setU32(l.prog_id, link.prog.id);
  link.fillInfo(info.view);
  return info.finish();
}

/** The name, as much of it as there is room for: 0, or ENOSPC when that is not all. */
function fillBtfName(info: Info, name: string): number {
  const b = A.bpf_btf_info.offsetof;
  const address = info.address(b.name);
  const room = info.u32(b.name_len);
  if ((address === 0) !== (room === 0)) throw errno(EINVAL);
  info.setU32(b.name_len, name.length);
  if (address === 0) return 0;
  const shown = Math.min(name.length, room - 1);
  info.call.write(
    address,
    Uint8Array.from(`${name.slice(0, shown)}\0`, (letter) => letter.charCodeAt(0)),
  );
  return shown < name.length ? -ENOSPC : 0;
}

/** @models kernel/bpf/btf.c btf_get_info_by_fd() */
function btfInfo(call: BpfCall, btf: Btf): number {
  const b = A.bpf_btf_info.offsetof;
  const info = new Info(call, A.bpf_btf_info.size);
  info.setU32(b.id, btf.id);
  const size = Math.min(info.u32(b.btf_size), btf.data.length);
  call.write(info.address(b.btf), btf.data.subarray(0, size));
  info.setU32(b.btf_size, btf.data.length);
  info.setU32(b.kernel_btf, btf.kernelBtf ? 1 : 0);
  const cut = fillBtfName(info, btf.name);
  info.finish();
  return cut;
}

/** BPF_OBJ_GET_INFO_BY_FD. @models kernel/bpf/syscall.c bpf_obj_get_info_by_fd() */
export function objGetInfoByFd(call: BpfCall): number {
  const file: unknown = call.task.fget(call.s32(at.bpf_fd));
  if (file === undefined) throw errno(EBADFD);
  if (file instanceof ProgFile) return fillProgInfo(new Info(call, A.bpf_prog_info.size), file.prog);
  if (file instanceof MapFile) return mapInfo(call, file.map);
  if (file instanceof BtfFile) return btfInfo(call, file.btf);
  if (file instanceof LinkFile) return linkInfo(call, file.link);
  throw errno(EINVAL);
}
