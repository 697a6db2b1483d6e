// kernel/bpf/arena.c: BPF_MAP_TYPE_ARENA: sparse memory that programs and a process share. It is made and described; no
// page of it ever comes to be, for no program that uses one is accepted.
import { E2BIG, EINVAL, EOPNOTSUPP, ERANGE } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { BpfMap, type MapAttr } from './map.js';

const PAGE_SIZE = 4096;
const KNOWN_FLAGS = B.BPF_F_SEGV_ON_FAULT | B.BPF_F_MMAPABLE | B.BPF_F_NO_USER_CONV;

/** @models kernel/bpf/arena.c arena_map_alloc() */
export function arenaMapAlloc(machine: Machine, attr: MapAttr, creator: Holder): BpfMap {
  const { mapFlags: flags, mapExtraLow: low, mapExtraHigh: high } = attr;
  if (attr.keySize !== 0 || attr.valueSize !== 0 || attr.maxEntries === 0) throw errno(EINVAL);
  if ((flags & B.BPF_F_MMAPABLE) === 0 || (flags & ~KNOWN_FLAGS) !== 0) throw errno(EINVAL);
  if (low % PAGE_SIZE !== 0) throw errno(EINVAL);
  const range = attr.maxEntries * PAGE_SIZE;
  if (range > 2 ** 32) throw errno(E2BIG);
  const last = high * 2 ** 32 + low + range - 1;
  if (Math.floor(last / 2 ** 32) !== high) throw errno(ERANGE);
  return new ArenaMap(machine, attr, creator);
}

export class ArenaMap extends BpfMap {
  override sysLookup(): number {
    return -EINVAL;
  }

  override updateElem(): number {
    return -EOPNOTSUPP;
  }

  override memUsage(): number {
    return 0;
  }
}
