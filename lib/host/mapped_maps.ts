// Maps whose values clients may mmap(2) (BPF_F_MMAPABLE): their pages of the linear memory become those of a memory file,
// which the client's fd is. So the program that runs, bpf(2) and the client that has it mapped see the same bytes.
import { readFileSync } from 'node:fs';
import { BASE, STAT, addressOf, close, fcntl, fstat, get64, mapOver, memfdCreate, truncate } from './libc.js';
import { descendants } from './descendants.js';
import { FMODE_READ, FMODE_WRITE, type MapFile } from '../linux/kernel/bpf/file.js';
import type { BpfMap, SharedPages } from '../linux/kernel/bpf/map.js';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SHRINK, F_SEAL_GROW: a file that shrinks under our own mapping would be the end of us. */
const FIXED_SIZE = 2 | 4;
const F_SEAL_FUTURE_WRITE = 16;
/** Larger maps cannot be mapped: a claim of 2 GiB should cost nothing. */
const MOST = 64 << 20;
const PAGE = 4096;

/** The file that a map's pages are. */
export class MappedMap implements SharedPages {
  /** Our own open file. */
  readonly fd: number;
  readonly #map: BpfMap;
  readonly #size: number;
  readonly #address: number;

  constructor(map: BpfMap, fd: number, address: number, size: number) {
    this.#map = map;
    this.fd = fd;
    this.#address = address;
    this.#size = size;
    map.shared = this;
    if (map.frozen) this.freeze();
  }

  get written(): boolean {
    fstat(this.fd, BASE + STAT);
    const writable = new RegExp(`^\\S+ .w.s .* ${get64(STAT + 8)} +/memfd:anon_inode:bpf-map`, 'm');
    return descendants().some((pid) => writable.test(mapsOf(pid)));
  }

  freeze(): void {
    fcntl(this.fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
  }

  end(): void {
    const { memory, mappedArea } = this.#map;
    const from = mappedArea!.address;
    const values = memory.u8.slice(from, from + this.#size);
    if (!mapOver(this.#address, this.#size, -1)) throw new Error('pages of the linear memory cannot be had back');
    memory.u8.set(values, from);
    this.#map.shared = undefined;
    close(this.fd);
  }
}

/** The file of the pages of a map, made at its first use; undefined when `file` cannot be mapped. */
export function mappedPages({ map, mode }: MapFile): MappedMap | undefined {
  if (mode !== (FMODE_READ | FMODE_WRITE)) return undefined;
  if (map.shared instanceof MappedMap) return map.shared;
  const area = map.mappedArea;
  if (area === undefined || area.size > MOST) return undefined;
  const address = addressOf(map.memory.u8) + area.address;
  // V8 reserves a memory as a whole, from a page on; where it could not, the memory would move when it grows.
  if (address % PAGE !== 0) return undefined;
  const values = map.memory.u8.slice(area.address, area.address + area.size);
  const fd = memfdCreate('anon_inode:bpf-map', MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return undefined;
  if (truncate(fd, area.size) !== 0 || fcntl(fd, F_ADD_SEALS, FIXED_SIZE) !== 0 || !mapOver(address, area.size, fd)) {
    close(fd);
    return undefined;
  }
  map.memory.u8.set(values, area.address);
  return new MappedMap(map, fd, address, area.size);
}

function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1');
  } catch {
    return '';
  }
}
