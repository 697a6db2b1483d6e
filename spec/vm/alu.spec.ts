// Arithmetic of the interpreter against 64-bit integers of the language: every operation of ALU and ALU64, by constant and
// by register, on numbers near the limits of both widths and on any others.
import { expect } from 'chai';
import fc from 'fast-check';
import * as C from '../../lib/uapi/linux/bpf_common.js';
import * as I from '../../lib/uapi/linux/bpf_insn.js';
import * as B from '../../lib/vm/build.js';
import type { Insn } from '../../lib/vm/insn.js';
import { Bench, high, low, u64 } from './bench.js';

const interesting = [0n, 1n, 2n, 0x7fn, 0x80n, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n]
  .flatMap((n) => [n, u64(-n), u64(n + 1n)])
  .concat([1n << 63n, (1n << 63n) - 1n, 0xfffffffe00000001n]);
const number64 = fc.oneof(
  fc.constantFrom(...interesting),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: 0n, max: (1n << 34n) - 1n }),
);
const number32 = fc.oneof(fc.constantFrom(0, 1, -1, 2, 0x7fffffff, -0x80000000, 31, 32, 63), fc.integer());

const s64 = (x: bigint): bigint => BigInt.asIntN(64, x);
const s32 = (x: bigint): bigint => BigInt.asIntN(32, x);
const u32 = (x: bigint): bigint => BigInt.asUintN(32, x);

interface Case {
  readonly name: string;
  readonly op: number;
  readonly off?: number;
  /** On unsigned operands of `bits` bits; the result is cut to them. */
  readonly means: (a: bigint, b: bigint, bits: 32 | 64) => bigint;
}

const signedOf = (x: bigint, bits: number): bigint => BigInt.asIntN(bits, x);

const cases: readonly Case[] = [
  { name: '+=', op: C.BPF_ADD, means: (a, b) => a + b },
  { name: '-=', op: C.BPF_SUB, means: (a, b) => a - b },
  { name: '*=', op: C.BPF_MUL, means: (a, b) => a * b },
  { name: '/=', op: C.BPF_DIV, means: (a, b) => (b === 0n ? 0n : a / b) },
  { name: '%=', op: C.BPF_MOD, means: (a, b) => (b === 0n ? a : a % b) },
  {
    name: 's/=',
    op: C.BPF_DIV,
    off: 1,
    means: (a, b, bits) => (b === 0n ? 0n : signedOf(a, bits) / signedOf(b, bits)),
  },
  {
    name: 's%=',
    op: C.BPF_MOD,
    off: 1,
    means: (a, b, bits) => (b === 0n ? a : signedOf(a, bits) % signedOf(b, bits)),
  },
  { name: '|=', op: C.BPF_OR, means: (a, b) => a | b },
  { name: '&=', op: C.BPF_AND, means: (a, b) => a & b },
  { name: '^=', op: C.BPF_XOR, means: (a, b) => a ^ b },
  { name: '=', op: I.BPF_MOV, means: (_, b) => b },
  { name: '<<=', op: C.BPF_LSH, means: (a, b, bits) => a << (b & BigInt(bits - 1)) },
  { name: '>>=', op: C.BPF_RSH, means: (a, b, bits) => a >> (b & BigInt(bits - 1)) },
  { name: 's>>=', op: I.BPF_ARSH, means: (a, b, bits) => signedOf(a, bits) >> (b & BigInt(bits - 1)) },
];

describe('vm: arithmetic', () => {
  const bench = new Bench();
  const load = (dst: number, value: bigint): Insn[] => B.ldImm64(dst, low(value), high(value));
  const runOn = (a: bigint, b: bigint, ...insns: Insn[]): bigint =>
    bench.result([load(0, a), load(1, b), ...insns, B.exitInsn()]);

  for (const { name, op, off = 0, means } of cases) {
    it(`r ${name} r`, () => {
      fc.assert(
        fc.property(number64, number64, (a, b) => {
          expect(runOn(a, b, B.alu64Reg(op, 0, 1, off))).to.equal(u64(means(a, b, 64)));
        }),
      );
    });

    it(`r ${name} constant`, () => {
      fc.assert(
        fc.property(number64, number32, (a, k) => {
          expect(runOn(a, 0n, B.alu64Imm(op, 0, k, off))).to.equal(u64(means(a, u64(BigInt(k)), 64)));
        }),
      );
    });

    it(`w ${name} w`, () => {
      fc.assert(
        fc.property(number64, number64, (a, b) => {
          expect(runOn(a, b, B.alu32Reg(op, 0, 1, off))).to.equal(u32(means(u32(a), u32(b), 32)));
        }),
      );
    });

    it(`w ${name} constant`, () => {
      fc.assert(
        fc.property(number64, number32, (a, k) => {
          expect(runOn(a, 0n, B.alu32Imm(op, 0, k, off))).to.equal(u32(means(u32(a), u32(BigInt(k)), 32)));
        }),
      );
    });

    it(`r = r; r ${name} constant`, () => {
      fc.assert(
        fc.property(number64, number64, number32, fc.boolean(), (a, b, k, isSame) => {
          const from = isSame ? 0 : 1;
          const want = u64(means(isSame ? a : b, u64(BigInt(k)), 64));
          expect(runOn(a, b, B.mov64Reg(0, from), B.alu64Imm(op, 0, k, off))).to.equal(want);
        }),
      );
    });

    it(`r ${name} itself`, () => {
      fc.assert(
        fc.property(number64, (a) => {
          expect(runOn(a, 0n, B.alu64Reg(op, 0, 0, off))).to.equal(u64(means(a, a, 64)));
        }),
      );
    });
  }

  it('negates', () => {
    fc.assert(
      fc.property(number64, (a) => {
        expect(runOn(a, 0n, B.alu64Imm(C.BPF_NEG, 0, 0))).to.equal(u64(-a));
        expect(runOn(a, 0n, B.alu32Imm(C.BPF_NEG, 0, 0))).to.equal(u32(-a));
      }),
    );
  });

  for (const bits of [8, 16, 32]) {
    it(`moves with the sign of ${bits} bits`, () => {
      fc.assert(
        fc.property(number64, (b) => {
          expect(runOn(1n, b, B.alu64Reg(I.BPF_MOV, 0, 1, bits))).to.equal(u64(signedOf(b, bits)));
          if (bits < 32) expect(runOn(1n, b, B.alu32Reg(I.BPF_MOV, 0, 1, bits))).to.equal(u32(signedOf(b, bits)));
        }),
      );
    });
  }

  it('swaps bytes', () => {
    const swapped = (x: bigint, bytes: number): bigint => {
      let out = 0n;
      for (let i = 0; i < bytes; i++) out = (out << 8n) | ((x >> BigInt(8 * i)) & 0xffn);
      return out;
    };
    fc.assert(
      fc.property(number64, fc.constantFrom(16, 32, 64), (a, bits) => {
        expect(runOn(a, 0n, B.endian(I.BPF_TO_BE, 0, bits))).to.equal(swapped(a, bits / 8));
        expect(runOn(a, 0n, B.bswap(0, bits))).to.equal(swapped(a, bits / 8));
        expect(runOn(a, 0n, B.endian(I.BPF_TO_LE, 0, bits))).to.equal(BigInt.asUintN(bits, a));
      }),
    );
  });

  it('divides the most negative number by -1', () => {
    const least = 1n << 63n;
    expect(runOn(least, u64(-1n), B.alu64Reg(C.BPF_DIV, 0, 1, 1))).to.equal(least);
    expect(runOn(least, u64(-1n), B.alu64Reg(C.BPF_MOD, 0, 1, 1))).to.equal(0n);
    expect(runOn(0x80000000n, 0xffffffffn, B.alu32Reg(C.BPF_DIV, 0, 1, 1))).to.equal(0x80000000n);
    expect(runOn(0x80000000n, 0xffffffffn, B.alu32Reg(C.BPF_MOD, 0, 1, 1))).to.equal(0n);
  });

  const conditions: readonly (readonly [string, number, (a: bigint, b: bigint, bits: number) => boolean])[] = [
    ['==', C.BPF_JEQ, (a, b) => a === b],
    ['!=', I.BPF_JNE, (a, b) => a !== b],
    ['>', C.BPF_JGT, (a, b) => a > b],
    ['>=', C.BPF_JGE, (a, b) => a >= b],
    ['<', I.BPF_JLT, (a, b) => a < b],
    ['<=', I.BPF_JLE, (a, b) => a <= b],
    ['s>', I.BPF_JSGT, (a, b, bits) => signedOf(a, bits) > signedOf(b, bits)],
    ['s>=', I.BPF_JSGE, (a, b, bits) => signedOf(a, bits) >= signedOf(b, bits)],
    ['s<', I.BPF_JSLT, (a, b, bits) => signedOf(a, bits) < signedOf(b, bits)],
    ['s<=', I.BPF_JSLE, (a, b, bits) => signedOf(a, bits) <= signedOf(b, bits)],
    ['&', C.BPF_JSET, (a, b) => (a & b) !== 0n],
  ];
  const jumps = (a: bigint, b: bigint, jump: Insn): boolean =>
    bench.result([load(0, a), load(1, b), jump, B.mov64Imm(0, 0), B.exitInsn(), B.mov64Imm(0, 1), B.exitInsn()]) === 1n;
  // Two numbers that often share a half.
  const pair = fc
    .tuple(number64, number64, fc.constantFrom(0, 1, 2, 3))
    .map(([a, b, how]): [bigint, bigint] => [a, how === 0 ? a : how === 1 ? (a & ~0xffffffffn) | u32(b) : b]);

  for (const [name, op, means] of conditions) {
    it(`jumps if ${name}`, () => {
      fc.assert(
        fc.property(pair, number32, ([a, b], k) => {
          expect(jumps(a, b, B.jmpReg(op, 0, 1, 2))).to.equal(means(a, b, 64));
          expect(jumps(a, b, B.jmpImm(op, 0, k, 2))).to.equal(means(a, u64(BigInt(k)), 64));
          expect(jumps(a, b, B.jmp32Reg(op, 0, 1, 2))).to.equal(means(u32(a), u32(b), 32));
          expect(jumps(a, b, B.jmp32Imm(op, 0, k, 2))).to.equal(means(u32(a), u32(BigInt(k)), 32));
          expect(jumps(u64(BigInt(k)), b, B.jmpImm(op, 0, k, 2))).to.equal(means(u64(BigInt(k)), u64(BigInt(k)), 64));
        }),
      );
    });
  }

  it('keeps numbers as they are signed', () => {
    expect(s64(bench.result([B.mov64Imm(0, -5), B.exitInsn()]))).to.equal(-5n);
    expect(s32(bench.result([B.mov32Imm(0, -5), B.exitInsn()]))).to.equal(-5n);
    expect(bench.result([B.mov32Imm(0, -5), B.exitInsn()])).to.equal(0xfffffffbn);
  });
});
