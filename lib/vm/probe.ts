// BPF_PROBE_MEM: a load through a pointer of the kernel that may lead nowhere. What cannot be read is 0.
import { FIRST } from './allocator.js';

/** Marks a load that extends the sign, beside the size in bytes. */
export const SIGNED = 0x10;

function read(view: DataView, at: number, kind: number): number {
  switch (kind) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true);
    case SIGNED | 1:
      return view.getInt8(at);
    case SIGNED | 2:
      return view.getInt16(at, true);
    default:
      return view.getInt32(at, true);
  }
}

/** Register `d` = what lies `off` behind register `s`; `kind` is the size, and SIGNED. */
export function probe(view: DataView, regs: Int32Array, d: number, s: number, off: number, kind: number): void {
  const size = kind & ~SIGNED;
  const at = (regs[s]! >>> 0) + off;
  const isThere = regs[s + 1] === 0 && at >= FIRST && at + size <= view.byteLength;
  const low = isThere ? read(view, at, kind) : 0;
  regs[d] = low;
  if (size === 8) regs[d + 1] = isThere ? view.getInt32(at + 4, true) : 0;
  else regs[d + 1] = (kind & SIGNED) !== 0 ? low >> 31 : 0;
}
