// net/core/bpf_sk_storage.c: helpers for values that maps keep for sockets.
import { EINVAL, ENOENT } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { setR0, setR0Unsigned } from '../../../../vm/helper_call.js';
import { LocalStorageMap } from '../../../kernel/bpf/bpf_local_storage.js';
import type { Machine } from '../../../machine.js';
import type { SockStruct } from '../sock_struct.js';
import { type HelperEntry, type HelperMaker, R1, R2, R3, R4 } from './call.js';

const GET_F_CREATE = 1;

/** The map in R1 and the socket in R2. */
function pair({ bpfMaps, memory, softnet }: Machine, regs: Int32Array): [LocalStorageMap, SockStruct] | undefined {
  const map = bpfMaps.at(memory, regs[R1]! >>> 0);
  const sock = softnet.socks.get(regs[R2]! >>> 0);
  return map instanceof LocalStorageMap && sock !== undefined ? [map, sock] : undefined;
}

/** Address of the value, made when wanted, or 0. */
function getValue(machine: Machine, regs: Int32Array): number {
  const found = pair(machine, regs);
  const flags = regs[R4]!;
  if (found === undefined || regs[R4 + 1] !== 0 || flags >>> 0 > GET_F_CREATE) return 0;
  const [map, sock] = found;
  const there = map.valueOfOwner(sock, false);
  if (there !== 0 || flags !== GET_F_CREATE) return there;
  const made = map.valueOfOwner(sock, true);
  if (made === 0) return 0;
  sock.storages.add(map);
  const from = regs[R3]! >>> 0;
  if (from !== 0) machine.memory.u8.copyWithin(made, from, from + map.valueSize);
  return made;
}

/** @models net/core/bpf_sk_storage.c bpf_sk_storage_get() */
const skStorageGet: HelperMaker = (machine) => (regs) => {
  setR0Unsigned(regs, getValue(machine, regs));
};

/** @models net/core/bpf_sk_storage.c bpf_sk_storage_delete() */
const skStorageDelete: HelperMaker = (machine) => (regs) => {
  const found = pair(machine, regs);
  if (found === undefined) {
    setR0(regs, -EINVAL);
    return;
  }
  const [map, sock] = found;
  sock.storages.delete(map);
  setR0(regs, map.removeOwner(sock) ? 0 : -ENOENT);
};

export const skStorageHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_sk_storage_get, skStorageGet],
  [F.BPF_FUNC_sk_storage_delete, skStorageDelete],
];
