// BPF_ATOMIC on memory: one program runs at a time, so that reading and writing is all there is to it. The old value goes
// to the source register (R0 for cmpxchg) when the operation fetches; 32-bit values are zero-extended.
import * as C from '../uapi/linux/bpf_common.js';
import { BPF_CMPXCHG, BPF_FETCH, BPF_XCHG } from '../uapi/linux/bpf_insn.js';

/** One half of the new value, without the carry of the other: `a` of the old value, `b` of the source register. */
function combine(op: number, a: number, b: number): number {
  switch (op) {
    case C.BPF_ADD:
      return (a + b) | 0;
    case C.BPF_OR:
      return a | b;
    case C.BPF_AND:
      return a & b;
    case C.BPF_XOR:
      return a ^ b;
    default:
      throw new RangeError(`no atomic operation 0x${op.toString(16)}`);
  }
}

/** Operation `imm` on `size` bytes (4 or 8) at `address`; `s` is the low half of the source register. */
export function atomic(view: DataView, regs: Int32Array, address: number, s: number, imm: number, size: number): void {
  const isLong = size === 8;
  const al = view.getInt32(address, true);
  const ah = isLong ? view.getInt32(address + 4, true) : 0;
  const bl = regs[s]!;
  const bh = isLong ? regs[s + 1]! : 0;
  if (imm === BPF_CMPXCHG) {
    if (al === regs[0] && (!isLong || ah === regs[1])) put(view, address, bl, bh, isLong);
    regs[0] = al;
    regs[1] = ah;
    return;
  }
  if (imm === BPF_XCHG) {
    put(view, address, bl, bh, isLong);
  } else {
    const op = imm & ~BPF_FETCH;
    const low = combine(op, al, bl);
    const carry = op === C.BPF_ADD && low >>> 0 < al >>> 0 ? 1 : 0;
    put(view, address, low, isLong ? combine(op, ah, bh) + carry : 0, isLong);
  }
  if ((imm & BPF_FETCH) === 0) return;
  regs[s] = al;
  regs[s + 1] = ah;
}

function put(view: DataView, address: number, low: number, high: number, isLong: boolean): void {
  view.setInt32(address, low, true);
  if (isLong) view.setInt32(address + 4, high, true);
}
