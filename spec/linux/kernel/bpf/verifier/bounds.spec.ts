// What is known of a number stays true under every operation: properties, held against concrete numbers.
import { expect } from 'chai';
import * as fc from 'fast-check';
import * as Bounds from '../../../../../lib/linux/kernel/bpf/verifier/bounds.js';
import { isBranchTaken, regsRefineCondOp, revOpcode } from '../../../../../lib/linux/kernel/bpf/verifier/condition.js';
import { RegState } from '../../../../../lib/linux/kernel/bpf/verifier/reg_state.js';
import * as Scalar from '../../../../../lib/linux/kernel/bpf/verifier/scalar.js';
import { Tnum } from '../../../../../lib/linux/kernel/bpf/verifier/tnum.js';
import { Word } from '../../../../../lib/linux/kernel/bpf/verifier/word.js';
import { SCALAR_VALUE } from '../../../../../lib/linux/kernel/bpf/type_flags.js';
import * as C from '../../../../../lib/uapi/linux/bpf_common.js';
import * as I from '../../../../../lib/uapi/linux/bpf_insn.js';

const MASK64 = (1n << 64n) - 1n;
const MASK32 = (1n << 32n) - 1n;
const s64 = (n: bigint): bigint => BigInt.asIntN(64, n);
const u64 = (n: bigint): bigint => BigInt.asUintN(64, n);
const s32 = (n: bigint): bigint => BigInt.asIntN(32, n);

/** Numbers near the edges of all four domains, and others. */
const number = fc.oneof(
  fc.bigInt({ min: 0n, max: MASK64 }),
  fc.bigInt({ min: 0n, max: 255n }),
  fc
    .tuple(fc.constantFrom(0n, 1n << 31n, 1n << 32n, 1n << 63n, MASK32, MASK64), fc.bigInt({ min: -3n, max: 3n }))
    .map(([edge, by]) => u64(edge + by)),
);

/** A number, and what is known of it: some bits, and ranges around it. */
interface Known {
  readonly value: bigint;
  readonly reg: RegState;
}

const known: fc.Arbitrary<Known> = fc
  .record({ value: number, mask: number, below: number, above: number, kind: fc.integer({ min: 0, max: 7 }) })
  .map(({ value, mask, below, above, kind }) => {
    const reg = new RegState();
    reg.type = SCALAR_VALUE;
    if ((kind & 1) !== 0) reg.varOff = new Tnum(Word.fromBigInt(value & ~mask & MASK64), Word.fromBigInt(mask));
    if ((kind & 2) !== 0) {
      reg.umin = Word.fromBigInt(below < value ? below : value);
      reg.umax = Word.fromBigInt(above > value ? above : value);
    }
    if ((kind & 4) !== 0) {
      reg.smin = Word.fromBigInt(s64(below) < s64(value) ? below : value);
      reg.smax = Word.fromBigInt(s64(above) > s64(value) ? above : value);
    }
    Bounds.regBoundsSync(reg);
    return { value, reg };
  });

function holds(reg: RegState, value: bigint): boolean {
  const low = Number(value & MASK32);
  return (
    (value & ~reg.varOff.mask.unsigned) === reg.varOff.value.unsigned &&
    reg.umin.unsigned <= value &&
    value <= reg.umax.unsigned &&
    reg.smin.signed <= s64(value) &&
    s64(value) <= reg.smax.signed &&
    reg.u32min <= low &&
    low <= reg.u32max &&
    reg.s32min <= (low | 0) &&
    (low | 0) <= reg.s32max
  );
}

const binary: readonly [string, (a: RegState, b: RegState) => void, (a: bigint, b: bigint) => bigint][] = [
  ['+', Scalar.scalarAdd, (a, b) => a + b],
  ['-', Scalar.scalarSub, (a, b) => a - b],
  ['*', Scalar.scalarMul, (a, b) => a * b],
  ['&', Scalar.scalarAnd, (a, b) => a & b],
  ['|', Scalar.scalarOr, (a, b) => a | b],
  ['^', Scalar.scalarXor, (a, b) => a ^ b],
];

const shifts: readonly [string, (a: RegState, by: number) => void, (a: bigint, by: bigint) => bigint, number][] = [
  ['<<', Scalar.scalarLsh, (a, by) => a << by, 64],
  ['>>', Scalar.scalarRsh, (a, by) => a >> by, 64],
  ['s>>', Scalar.scalarArsh, (a, by) => s64(a) >> by, 64],
  ['w<<', Scalar.scalar32Lsh, (a, by) => ((a & MASK32) << by) & MASK32, 32],
  ['w>>', Scalar.scalar32Rsh, (a, by) => (a & MASK32) >> by, 32],
  ['ws>>', Scalar.scalar32Arsh, (a, by) => BigInt.asUintN(32, s32(a) >> by), 32],
];

const comparisons: readonly [number, (a: bigint, b: bigint) => boolean][] = [
  [C.BPF_JEQ, (a, b) => a === b],
  [I.BPF_JNE, (a, b) => a !== b],
  [C.BPF_JGT, (a, b) => a > b],
  [C.BPF_JGE, (a, b) => a >= b],
  [I.BPF_JLT, (a, b) => a < b],
  [I.BPF_JLE, (a, b) => a <= b],
  [I.BPF_JSGT, (a, b) => s64(a) > s64(b)],
  [I.BPF_JSGE, (a, b) => s64(a) >= s64(b)],
  [I.BPF_JSLT, (a, b) => s64(a) < s64(b)],
  [I.BPF_JSLE, (a, b) => s64(a) <= s64(b)],
  [C.BPF_JSET, (a, b) => (a & b) !== 0n],
];

describe('kernel/bpf/verifier: what is known of numbers', () => {
  it('deduces nothing false', () => {
    fc.assert(
      fc.property(known, ({ value, reg }) => holds(reg, value)),
      { numRuns: 1000 },
    );
  });

  for (const [name, op, concrete] of binary)
    it(`keeps the result of ${name}, 64 and 32 bits`, () => {
      fc.assert(
        fc.property(known, known, fc.boolean(), (a, b, isShort) => {
          op(a.reg, b.reg);
          if (isShort) Bounds.zext32To64(a.reg);
          Bounds.regBoundsSync(a.reg);
          const result = concrete(a.value, b.value);
          return holds(a.reg, isShort ? result & MASK32 : u64(result));
        }),
        { numRuns: 1000 },
      );
    });

  for (const [name, op, concrete, bits] of shifts)
    it(`keeps the result of ${name}`, () => {
      fc.assert(
        fc.property(known, fc.integer({ min: 0, max: bits - 1 }), (a, by) => {
          op(a.reg, by);
          if (bits === 32) Bounds.zext32To64(a.reg);
          Bounds.regBoundsSync(a.reg);
          return holds(a.reg, u64(concrete(a.value, BigInt(by))));
        }),
        { numRuns: 1000 },
      );
    });

  it('keeps what is cut to a size, with zeros or with the sign', () => {
    const property = fc.property(known, fc.constantFrom(1, 2, 4), fc.boolean(), ({ value, reg }, size, isSigned) => {
      if (isSigned) Bounds.coerceRegToSizeSx(reg, size);
      else Bounds.coerceRegToSize(reg, size);
      Bounds.regBoundsSync(reg);
      const cut = isSigned ? u64(BigInt.asIntN(size * 8, value)) : BigInt.asUintN(size * 8, value);
      return holds(reg, cut);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('keeps what is negated, and what has its bytes swapped', () => {
    const property = fc.property(known, known, (a, b) => {
      Scalar.scalarNeg(a.reg);
      Bounds.regBoundsSync(a.reg);
      Scalar.scalarByteSwap(b.reg, 32, true);
      Bounds.regBoundsSync(b.reg);
      const low = Buffer.alloc(4);
      low.writeUInt32LE(Number(b.value & MASK32));
      return holds(a.reg, u64(-a.value)) && holds(b.reg, BigInt(low.readUInt32BE()));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  for (const [op, concrete] of comparisons)
    it(`goes no way that a comparison 0x${op.toString(16)} forbids, and learns nothing false from it`, () => {
      const property = fc.property(known, known, fc.boolean(), (a, b, isShort) => {
        // A 32-bit comparison is a 64-bit one of the lower halves, extended with zeros or the sign.
        const isSigned = [I.BPF_JSGT, I.BPF_JSGE, I.BPF_JSLT, I.BPF_JSLE].includes(op);
        const operand = (n: bigint): bigint => (!isShort ? n : isSigned ? u64(s32(n)) : n & MASK32);
        const isTrue = concrete(operand(a.value), operand(b.value));
        const taken = isBranchTaken(a.reg, b.reg, op, isShort);
        if (taken !== undefined) return taken === isTrue;
        regsRefineCondOp(a.reg, b.reg, isTrue ? op : revOpcode(op), isShort);
        Bounds.regBoundsSync(a.reg);
        Bounds.regBoundsSync(b.reg);
        return holds(a.reg, a.value) && holds(b.reg, b.value);
      });
      fc.assert(property, { numRuns: 1000 });
    });

  it('steps through the numbers that a tnum allows', () => {
    const property = fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), (value, mask) => {
      const tnum = new Tnum(Word.int(value & ~mask), Word.int(mask));
      const all = Array.from({ length: 256 }, (_, n) => n).filter((n) => (n & ~mask) === (value & ~mask));
      for (let n = 0; n < 256; n++) {
        const next = all.find((one) => one > n) ?? all[all.length - 1]!;
        if (tnum.step(Word.int(n)).lo !== next) return false;
      }
      return true;
    });
    fc.assert(property);
  });
});

describe('kernel/bpf/verifier: words', () => {
  it('calculate as 64-bit numbers do', () => {
    const property = fc.property(number, number, fc.integer({ min: 0, max: 63 }), (a, b, n) => {
      const x = Word.fromBigInt(a);
      const y = Word.fromBigInt(b);
      const by = BigInt(n);
      expect(x.add(y).unsigned).to.equal(u64(a + b));
      expect(x.sub(y).unsigned).to.equal(u64(a - b));
      expect(x.mul(y).unsigned).to.equal(u64(a * b));
      expect(x.shl(n).unsigned).to.equal(u64(a << by));
      expect(x.shr(n).unsigned).to.equal(a >> by);
      expect(x.sar(n).signed).to.equal(s64(a) >> by);
      expect(x.ltu(y)).to.equal(a < b);
      expect(x.lts(y)).to.equal(s64(a) < s64(b));
      expect(x.mulUnsigned(y)?.unsigned).to.equal(a * b <= MASK64 ? a * b : undefined);
      const product = s64(a) * s64(b);
      expect(x.mulSigned(y)?.signed).to.equal(product === s64(product) ? product : undefined);
      expect(x.fls()).to.equal(a === 0n ? 0 : a.toString(2).length);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
