// kernel/bpf/helpers.c, lib/kstrtox.c: numbers out of text, for programs that parse. Text need not end with NUL: its length
// is given.
import { EINVAL, ERANGE } from '../../../uapi/asm-generic/errno.js';
import { setR0 } from '../../../vm/helper_call.js';
import type { Memory } from '../../../vm/memory.js';
import type { BpfFuncProto } from './func_proto.js';

type Maker = NonNullable<BpfFuncProto['func']>;

const BASE_MASK = 0x1f;
const LONGEST = 63;
const U64 = 1n << 64n;
const S64_MIN = 1n << 63n;

const isSpace = (c: number): boolean => c === 0x20 || (c >= 0x09 && c <= 0x0d);

function digit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : 99;
}

interface Parsed {
  readonly value: bigint;
  readonly negative: boolean;
  /** Bytes it took. */
  readonly consumed: number;
}

/** The base that a prefix says, and how long the prefix is: _parse_integer_fixup_radix() of lib/kstrtox.c. */
function fixupRadix(text: Uint8Array, base: number): readonly [base: number, skip: number] {
  const zero = text[0] === 0x30;
  const hex = zero && ((text[1] ?? 0) | 0x20) === 0x78;
  const chosen = base !== 0 ? base : !zero ? 10 : hex && digit(text[2] ?? 0) < 16 ? 16 : 8;
  return [chosen, chosen === 16 && hex ? 2 : 0];
}

/** @models kernel/bpf/helpers.c __bpf_strtoull() */
function strtoull(memory: Memory, address: number, length: number, low: number, high: number): Parsed | number {
  const base = low & BASE_MASK;
  if (length === 0 || ![0, 8, 10, 16].includes(base)) return -EINVAL;
  if (high !== 0 || (low & ~BASE_MASK) !== 0) return -EINVAL;
  const bytes = memory.u8.subarray(address, address + length);
  let at = 0;
  while (at < length && isSpace(bytes[at]!)) at++;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  if (at >= length) return -EINVAL;
  const text = bytes.subarray(at, at + LONGEST);
  const [radix, skip] = fixupRadix(text, base);
  let value = 0n;
  let end = skip;
  for (; end < text.length && digit(text[end]!) < radix; end++)
    value = value * BigInt(radix) + BigInt(digit(text[end]!));
  if (value >= U64) return -ERANGE;
  return end === skip ? -EINVAL : { value, negative, consumed: at + end };
}

/** A helper that parses at R1, R2 bytes, in the base of R3, and writes to R4 what `judge` makes of it. */
const parser =
  (judge: (parsed: Parsed) => bigint | number): Maker =>
  ({ memory }) =>
  (regs) => {
    const to = regs[8]! >>> 0;
    memory.view.setBigInt64(to, 0n, true);
    const parsed = strtoull(memory, regs[2]! >>> 0, regs[4]!, regs[6]!, regs[7]!);
    const value = typeof parsed === 'number' ? parsed : judge(parsed);
    if (typeof parsed === 'number' || typeof value === 'number') {
      setR0(regs, Number(value));
      return;
    }
    memory.view.setBigUint64(to, BigInt.asUintN(64, value), true);
    setR0(regs, parsed.consumed);
  };

/** @models kernel/bpf/helpers.c bpf_strtol() */
export const strtol = parser(({ value, negative }) => {
  if (negative) return value !== 0n && value > S64_MIN ? -ERANGE : -value;
  return value >= S64_MIN ? -ERANGE : value;
});

/** @models kernel/bpf/helpers.c bpf_strtoul() */
export const strtoul = parser(({ value, negative }) => (negative ? -EINVAL : value));
