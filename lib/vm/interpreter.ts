// kernel/bpf/core.c ___bpf_prog_run(): runs a program. One loop over the cells of a Program (see program.ts): registers are
// halves in an Int32Array, memory is the VM's linear memory. The verifier has proved the accesses; one that would still
// leave the memory, meet its unused beginning, or have an address with a high half, is a ProgramFault that names the instruction. Single steps run the
// same loop over cells that trap. Cases carry literal numbers, the opcode or that of op.ts, so that the engine makes a
// jump table.
import { arsh64, div64, lsh64, mod64, mul64, neg64, rsh64, sdiv64, smod64, swapBytes } from './arith64.js';
import { atomic } from './atomic.js';
import type { Cpu } from './cpu.js';
import { faultAt, wild } from './fault.js';
import { FIRST } from './allocator.js';
import { probe } from './probe.js';
import { CELLS } from './program.js';

/**
 * Runs until the function that `cpu` was started at returns (true), or to a trap (false). R0 is in `cpu.regs`.
 *
 * @models kernel/bpf/core.c ___bpf_prog_run()
 */
export function execute(cpu: Cpu): boolean {
  const { regs, memory } = cpu;
  let { code, p } = cpu;
  let { helpers } = cpu.program;
  let { view } = memory;
  let budget = cpu.quantum;
  const lowest = FIRST;
  let low = 0;
  let high = 0;
  let at = 0;
  try {
    for (;;) {
      const w = code[p]!;
      let k = code[p + 1]!;
      const d = (w >> 10) & 31;
      const s = w >> 15;
      p += CELLS;
      switch (w & 0x3ff) {
        case 0x07: // r += K
          low = (regs[d]! + k) | 0;
          regs[d + 1] = regs[d + 1]! + (k >> 31) + (low >>> 0 < k >>> 0 ? 1 : 0);
          regs[d] = low;
          break;
        case 0x0f: // r += X
          k = regs[s]!;
          low = (regs[d]! + k) | 0;
          regs[d + 1] = regs[d + 1]! + regs[s + 1]! + (low >>> 0 < k >>> 0 ? 1 : 0);
          regs[d] = low;
          break;
        case 0x04: // w += K
          regs[d] = regs[d]! + k;
          regs[d + 1] = 0;
          break;
        case 0x0c: // w += X
          regs[d] = regs[d]! + regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x17: // r -= K
          low = regs[d]!;
          regs[d + 1] = regs[d + 1]! - (k >> 31) - (low >>> 0 < k >>> 0 ? 1 : 0);
          regs[d] = low - k;
          break;
        case 0x1f: // r -= X
          k = regs[s]!;
          low = regs[d]!;
          regs[d + 1] = regs[d + 1]! - regs[s + 1]! - (low >>> 0 < k >>> 0 ? 1 : 0);
          regs[d] = low - k;
          break;
        case 0x14: // w -= K
          regs[d] = regs[d]! - k;
          regs[d + 1] = 0;
          break;
        case 0x1c: // w -= X
          regs[d] = regs[d]! - regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x27: // r *= K
          mul64(regs, d, k, k >> 31);
          break;
        case 0x2f: // r *= X
          mul64(regs, d, regs[s]!, regs[s + 1]!);
          break;
        case 0x24: // w *= K
          regs[d] = Math.imul(regs[d]!, k);
          regs[d + 1] = 0;
          break;
        case 0x2c: // w *= X
          regs[d] = Math.imul(regs[d]!, regs[s]!);
          regs[d + 1] = 0;
          break;
        case 0x37: // r /= K
          div64(regs, d, k, k >> 31);
          break;
        case 0x3f: // r /= X
          div64(regs, d, regs[s]!, regs[s + 1]!);
          break;
        case 0x34: // w /= K
          regs[d] = (regs[d]! >>> 0) / (k >>> 0);
          regs[d + 1] = 0;
          break;
        case 0x3c: // w /= X
          regs[d] = regs[s] === 0 ? 0 : (regs[d]! >>> 0) / (regs[s]! >>> 0);
          regs[d + 1] = 0;
          break;
        case 0x97: // r %= K
          mod64(regs, d, k, k >> 31);
          break;
        case 0x9f: // r %= X
          mod64(regs, d, regs[s]!, regs[s + 1]!);
          break;
        case 0x94: // w %= K
          regs[d] = (regs[d]! >>> 0) % (k >>> 0);
          regs[d + 1] = 0;
          break;
        case 0x9c: // w %= X
          if (regs[s] !== 0) regs[d] = (regs[d]! >>> 0) % (regs[s]! >>> 0);
          regs[d + 1] = 0;
          break;
        case 0x47: // r |= K
          regs[d] = regs[d]! | k;
          regs[d + 1] = regs[d + 1]! | (k >> 31);
          break;
        case 0x4f: // r |= X
          regs[d] = regs[d]! | regs[s]!;
          regs[d + 1] = regs[d + 1]! | regs[s + 1]!;
          break;
        case 0x44: // w |= K
          regs[d] = regs[d]! | k;
          regs[d + 1] = 0;
          break;
        case 0x4c: // w |= X
          regs[d] = regs[d]! | regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x57: // r &= K
          regs[d] = regs[d]! & k;
          regs[d + 1] = regs[d + 1]! & (k >> 31);
          break;
        case 0x5f: // r &= X
          regs[d] = regs[d]! & regs[s]!;
          regs[d + 1] = regs[d + 1]! & regs[s + 1]!;
          break;
        case 0x54: // w &= K
          regs[d] = regs[d]! & k;
          regs[d + 1] = 0;
          break;
        case 0x5c: // w &= X
          regs[d] = regs[d]! & regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0xa7: // r ^= K
          regs[d] = regs[d]! ^ k;
          regs[d + 1] = regs[d + 1]! ^ (k >> 31);
          break;
        case 0xaf: // r ^= X
          regs[d] = regs[d]! ^ regs[s]!;
          regs[d + 1] = regs[d + 1]! ^ regs[s + 1]!;
          break;
        case 0xa4: // w ^= K
          regs[d] = regs[d]! ^ k;
          regs[d + 1] = 0;
          break;
        case 0xac: // w ^= X
          regs[d] = regs[d]! ^ regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0xb7: // r = K
          regs[d] = k;
          regs[d + 1] = k >> 31;
          break;
        case 0xbf: // r = X
          regs[d] = regs[s]!;
          regs[d + 1] = regs[s + 1]!;
          break;
        case 0xb4: // w = K
          regs[d] = k;
          regs[d + 1] = 0;
          break;
        case 0xbc: // w = X
          regs[d] = regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x87: // r = -r
          neg64(regs, d);
          break;
        case 0x84: // w = -w
          regs[d] = -regs[d]!;
          regs[d + 1] = 0;
          break;
        case 0x67: // r <<= K, 1 to 31
          low = regs[d]!;
          regs[d + 1] = (regs[d + 1]! << k) | (low >>> (32 - k));
          regs[d] = low << k;
          break;
        case 0x77: // r >>= K, 1 to 31
          high = regs[d + 1]!;
          regs[d] = (regs[d]! >>> k) | (high << (32 - k));
          regs[d + 1] = high >>> k;
          break;
        case 0xc7: // r s>>= K, 1 to 31
          high = regs[d + 1]!;
          regs[d] = (regs[d]! >>> k) | (high << (32 - k));
          regs[d + 1] = high >> k;
          break;
        case 0x100: // r <<= K, 32 to 63
          regs[d + 1] = regs[d]! << k;
          regs[d] = 0;
          break;
        case 0x101: // r >>= K, 32 to 63
          regs[d] = regs[d + 1]! >>> k;
          regs[d + 1] = 0;
          break;
        case 0x102: // r s>>= K, 32 to 63
          high = regs[d + 1]!;
          regs[d] = high >> k;
          regs[d + 1] = high >> 31;
          break;
        case 0x6f: // r <<= X
          lsh64(regs, d, regs[s]! & 63);
          break;
        case 0x7f: // r >>= X
          rsh64(regs, d, regs[s]! & 63);
          break;
        case 0xcf: // r s>>= X
          arsh64(regs, d, regs[s]! & 63);
          break;
        case 0x64: // w <<= K
          regs[d] = regs[d]! << k;
          regs[d + 1] = 0;
          break;
        case 0x6c: // w <<= X
          regs[d] = regs[d]! << regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x74: // w >>= K
          regs[d] = regs[d]! >>> k;
          regs[d + 1] = 0;
          break;
        case 0x7c: // w >>= X
          regs[d] = regs[d]! >>> regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0xc4: // w s>>= K
          regs[d] = regs[d]! >> k;
          regs[d + 1] = 0;
          break;
        case 0xcc: // w s>>= X
          regs[d] = regs[d]! >> regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x15: // if r == K
          if (regs[d] === k && regs[d + 1] === k >> 31) p = code[p - 2]!;
          break;
        case 0x16: // if w == K
          if (regs[d] === k) p = code[p - 2]!;
          break;
        case 0x1d: // if r == X
          if (regs[d] === regs[s] && regs[d + 1] === regs[s + 1]) p = code[p - 2]!;
          break;
        case 0x1e: // if w == X
          if (regs[d] === regs[s]) p = code[p - 2]!;
          break;
        case 0x55: // if r != K
          if (regs[d] !== k || regs[d + 1] !== k >> 31) p = code[p - 2]!;
          break;
        case 0x56: // if w != K
          if (regs[d] !== k) p = code[p - 2]!;
          break;
        case 0x5d: // if r != X
          if (regs[d] !== regs[s] || regs[d + 1] !== regs[s + 1]) p = code[p - 2]!;
          break;
        case 0x5e: // if w != X
          if (regs[d] !== regs[s]) p = code[p - 2]!;
          break;
        case 0x25: // if r > K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 > k >>> 0 : regs[d + 1]! >>> 0 > (k >> 31) >>> 0)
            p = code[p - 2]!;
          break;
        case 0x26: // if w > K
          if (regs[d]! >>> 0 > k >>> 0) p = code[p - 2]!;
          break;
        case 0x2d: // if r > X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 > regs[s]! >>> 0 : regs[d + 1]! >>> 0 > regs[s + 1]! >>> 0)
            p = code[p - 2]!;
          break;
        case 0x2e: // if w > X
          if (regs[d]! >>> 0 > regs[s]! >>> 0) p = code[p - 2]!;
          break;
        case 0x35: // if r >= K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 >= k >>> 0 : regs[d + 1]! >>> 0 >= (k >> 31) >>> 0)
            p = code[p - 2]!;
          break;
        case 0x36: // if w >= K
          if (regs[d]! >>> 0 >= k >>> 0) p = code[p - 2]!;
          break;
        case 0x3d: // if r >= X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 >= regs[s]! >>> 0 : regs[d + 1]! >>> 0 >= regs[s + 1]! >>> 0)
            p = code[p - 2]!;
          break;
        case 0x3e: // if w >= X
          if (regs[d]! >>> 0 >= regs[s]! >>> 0) p = code[p - 2]!;
          break;
        case 0xa5: // if r < K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 < k >>> 0 : regs[d + 1]! >>> 0 < (k >> 31) >>> 0)
            p = code[p - 2]!;
          break;
        case 0xa6: // if w < K
          if (regs[d]! >>> 0 < k >>> 0) p = code[p - 2]!;
          break;
        case 0xad: // if r < X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 < regs[s]! >>> 0 : regs[d + 1]! >>> 0 < regs[s + 1]! >>> 0)
            p = code[p - 2]!;
          break;
        case 0xae: // if w < X
          if (regs[d]! >>> 0 < regs[s]! >>> 0) p = code[p - 2]!;
          break;
        case 0xb5: // if r <= K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 <= k >>> 0 : regs[d + 1]! >>> 0 <= (k >> 31) >>> 0)
            p = code[p - 2]!;
          break;
        case 0xb6: // if w <= K
          if (regs[d]! >>> 0 <= k >>> 0) p = code[p - 2]!;
          break;
        case 0xbd: // if r <= X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 <= regs[s]! >>> 0 : regs[d + 1]! >>> 0 <= regs[s + 1]! >>> 0)
            p = code[p - 2]!;
          break;
        case 0xbe: // if w <= X
          if (regs[d]! >>> 0 <= regs[s]! >>> 0) p = code[p - 2]!;
          break;
        case 0x65: // if r s> K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 > k >>> 0 : regs[d + 1]! > k >> 31) p = code[p - 2]!;
          break;
        case 0x66: // if w s> K
          if (regs[d]! > k) p = code[p - 2]!;
          break;
        case 0x6d: // if r s> X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 > regs[s]! >>> 0 : regs[d + 1]! > regs[s + 1]!)
            p = code[p - 2]!;
          break;
        case 0x6e: // if w s> X
          if (regs[d]! > regs[s]!) p = code[p - 2]!;
          break;
        case 0x75: // if r s>= K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 >= k >>> 0 : regs[d + 1]! >= k >> 31) p = code[p - 2]!;
          break;
        case 0x76: // if w s>= K
          if (regs[d]! >= k) p = code[p - 2]!;
          break;
        case 0x7d: // if r s>= X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 >= regs[s]! >>> 0 : regs[d + 1]! >= regs[s + 1]!)
            p = code[p - 2]!;
          break;
        case 0x7e: // if w s>= X
          if (regs[d]! >= regs[s]!) p = code[p - 2]!;
          break;
        case 0xc5: // if r s< K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 < k >>> 0 : regs[d + 1]! < k >> 31) p = code[p - 2]!;
          break;
        case 0xc6: // if w s< K
          if (regs[d]! < k) p = code[p - 2]!;
          break;
        case 0xcd: // if r s< X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 < regs[s]! >>> 0 : regs[d + 1]! < regs[s + 1]!)
            p = code[p - 2]!;
          break;
        case 0xce: // if w s< X
          if (regs[d]! < regs[s]!) p = code[p - 2]!;
          break;
        case 0xd5: // if r s<= K
          if (regs[d + 1] === k >> 31 ? regs[d]! >>> 0 <= k >>> 0 : regs[d + 1]! <= k >> 31) p = code[p - 2]!;
          break;
        case 0xd6: // if w s<= K
          if (regs[d]! <= k) p = code[p - 2]!;
          break;
        case 0xdd: // if r s<= X
          if (regs[d + 1] === regs[s + 1] ? regs[d]! >>> 0 <= regs[s]! >>> 0 : regs[d + 1]! <= regs[s + 1]!)
            p = code[p - 2]!;
          break;
        case 0xde: // if w s<= X
          if (regs[d]! <= regs[s]!) p = code[p - 2]!;
          break;
        case 0x45: // if r & K
          if ((regs[d]! & k) !== 0 || (regs[d + 1]! & (k >> 31)) !== 0) p = code[p - 2]!;
          break;
        case 0x46: // if w & K
          if ((regs[d]! & k) !== 0) p = code[p - 2]!;
          break;
        case 0x4d: // if r & X
          if ((regs[d]! & regs[s]!) !== 0 || (regs[d + 1]! & regs[s + 1]!) !== 0) p = code[p - 2]!;
          break;
        case 0x4e: // if w & X
          if ((regs[d]! & regs[s]!) !== 0) p = code[p - 2]!;
          break;
        case 0x71: // r = *(u8 *)
          at = (regs[s]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[s + 1] !== 0) wild(regs, s);
          regs[d] = view.getUint8(at);
          regs[d + 1] = 0;
          break;
        case 0x69: // r = *(u16 *)
          at = (regs[s]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[s + 1] !== 0) wild(regs, s);
          regs[d] = view.getUint16(at, true);
          regs[d + 1] = 0;
          break;
        case 0x61: // r = *(u32 *)
          at = (regs[s]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[s + 1] !== 0) wild(regs, s);
          regs[d] = view.getInt32(at, true);
          regs[d + 1] = 0;
          break;
        case 0x91: // r = *(s8 *)
          at = (regs[s]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[s + 1] !== 0) wild(regs, s);
          low = view.getInt8(at);
          regs[d] = low;
          regs[d + 1] = low >> 31;
          break;
        case 0x89: // r = *(s16 *)
          at = (regs[s]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[s + 1] !== 0) wild(regs, s);
          low = view.getInt16(at, true);
          regs[d] = low;
          regs[d + 1] = low >> 31;
          break;
        case 0x81: // r = *(s32 *)
          at = (regs[s]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[s + 1] !== 0) wild(regs, s);
          low = view.getInt32(at, true);
          regs[d] = low;
          regs[d + 1] = low >> 31;
          break;
        case 0x79: // r = *(u64 *)
          at = (regs[s]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[s + 1] !== 0) wild(regs, s);
          regs[d] = view.getInt32(at, true);
          regs[d + 1] = view.getInt32(at + 4, true);
          break;
        case 0x72: // *(u8 *) = K
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt8(at, k);
          break;
        case 0x73: // *(u8 *) = X
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt8(at, regs[s]!);
          break;
        case 0x6a: // *(u16 *) = K
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt16(at, k, true);
          break;
        case 0x6b: // *(u16 *) = X
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt16(at, regs[s]!, true);
          break;
        case 0x62: // *(u32 *) = K
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt32(at, k, true);
          break;
        case 0x63: // *(u32 *) = X
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt32(at, regs[s]!, true);
          break;
        case 0x7a: // *(u64 *) = K
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt32(at + 4, k >> 31, true);
          view.setInt32(at, k, true);
          break;
        case 0x7b: // *(u64 *) = X
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          view.setInt32(at + 4, regs[s + 1]!, true);
          view.setInt32(at, regs[s]!, true);
          break;
        case 0x200: // r = X; r += K
          low = (regs[s]! + k) | 0;
          regs[d + 1] = regs[s + 1]! + (k >> 31) + (low >>> 0 < k >>> 0 ? 1 : 0);
          regs[d] = low;
          p += CELLS;
          break;
        case 0x201: // r = X; r <<= K, 1 to 31
          low = regs[s]!;
          regs[d + 1] = (regs[s + 1]! << k) | (low >>> (32 - k));
          regs[d] = low << k;
          p += CELLS;
          break;
        case 0x202: // r = X; r >>= K, 1 to 31
          high = regs[s + 1]!;
          regs[d] = (regs[s]! >>> k) | (high << (32 - k));
          regs[d + 1] = high >>> k;
          p += CELLS;
          break;
        case 0x203: // r = X; r s>>= K, 1 to 31
          high = regs[s + 1]!;
          regs[d] = (regs[s]! >>> k) | (high << (32 - k));
          regs[d + 1] = high >> k;
          p += CELLS;
          break;
        case 0x204: // r = X; r <<= K, 32 to 63
          regs[d + 1] = regs[s]! << k;
          regs[d] = 0;
          p += CELLS;
          break;
        case 0x205: // r = X; r >>= K, 32 to 63
          regs[d] = regs[s + 1]! >>> k;
          regs[d + 1] = 0;
          p += CELLS;
          break;
        case 0x206: // r = X; r s>>= K, 32 to 63
          high = regs[s + 1]!;
          regs[d] = high >> k;
          regs[d + 1] = high >> 31;
          p += CELLS;
          break;
        case 0x103: // nothing
          break;
        case 0x18: // r = K64
          regs[d] = k;
          regs[d + 1] = code[p - 1]!;
          p += CELLS;
          break;
        case 0x104: // r s/= K
          sdiv64(regs, d, k, k >> 31);
          break;
        case 0x105: // r s/= X
          sdiv64(regs, d, regs[s]!, regs[s + 1]!);
          break;
        case 0x106: // w s/= K
          regs[d] = k === 0 ? 0 : regs[d]! / k;
          regs[d + 1] = 0;
          break;
        case 0x107: // w s/= X
          regs[d] = regs[s] === 0 ? 0 : regs[d]! / regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x108: // r s%= K
          smod64(regs, d, k, k >> 31);
          break;
        case 0x109: // r s%= X
          smod64(regs, d, regs[s]!, regs[s + 1]!);
          break;
        case 0x10a: // w s%= K
          if (k !== 0) regs[d] = regs[d]! % k;
          regs[d + 1] = 0;
          break;
        case 0x10b: // w s%= X
          if (regs[s] !== 0) regs[d] = regs[d]! % regs[s]!;
          regs[d + 1] = 0;
          break;
        case 0x10c: // r = (s)X
          low = (regs[s]! << k) >> k;
          regs[d] = low;
          regs[d + 1] = low >> 31;
          break;
        case 0x10d: // w = (s)X
          regs[d] = (regs[s]! << k) >> k;
          regs[d + 1] = 0;
          break;
        case 0x10e: // r = le
          if (k === 16) regs[d] = regs[d]! & 0xffff;
          regs[d + 1] = 0;
          break;
        case 0x10f: // r = be, bswap
          swapBytes(regs, d, k);
          break;
        case 0x119: // r = *(…) of what may be no address
          probe(view, regs, d, s, code[p - 2]!, k);
          break;
        case 0x110: // atomics
          at = (regs[d]! >>> 0) + code[p - 2]!;
          if (at < lowest || regs[d + 1] !== 0) wild(regs, d);
          atomic(view, regs, at, s, k, code[p - 1]!);
          break;
        case 0x05: // goto
          p = code[p - 2]!;
          break;
        case 0x116: // a backward jump was taken
          p = code[p - 2]!;
          if (--budget === 0) {
            budget = cpu.quantum;
            cpu.onBudget?.();
          }
          break;
        case 0x115: // may_goto
          if (cpu.mayGoto()) p = code[p - 2]!;
          break;
        case 0x112: // call a helper
          helpers[k]!(regs);
          view = memory.view;
          break;
        case 0x111: // call a subprogram
          if (!cpu.enter(p)) throw new RangeError('too many active functions');
          p = k;
          break;
        case 0x95: // exit
          if (cpu.depth === 0) return true;
          p = cpu.leave();
          code = cpu.code;
          helpers = cpu.program.helpers;
          break;
        case 0xf5: // tail call
          if (!cpu.tailCall()) break;
          p = 0;
          code = cpu.code;
          helpers = cpu.program.helpers;
          break;
        case 0x113: // r0 = skb[K]
        case 0x114: // r0 = skb[X + K]
          if ((w & 0x3ff) === 0x114) k = (k + regs[s]!) | 0;
          if (cpu.program.load(regs, k, code[p - 2]!)) break;
          regs[0] = 0;
          regs[1] = 0;
          if (cpu.depth === 0) return true;
          p = cpu.leave();
          code = cpu.code;
          helpers = cpu.program.helpers;
          break;
        case 0x117: // trap
          cpu.p = p - CELLS;
          return false;
        default:
          throw new RangeError('no instruction');
      }
    }
  } catch (error) {
    if (error instanceof RangeError) throw faultAt(cpu, p, error);
    throw error;
  }
}
