// Memory, calls, tail calls and faults of the interpreter, and single steps through the same loop.
import { expect } from 'chai';
import fc from 'fast-check';
import * as C from '../../lib/uapi/linux/bpf_common.js';
import * as I from '../../lib/uapi/linux/bpf_insn.js';
import * as B from '../../lib/vm/build.js';
import { ProgramFault } from '../../lib/vm/fault.js';
import { setR0, setR0Unsigned } from '../../lib/vm/helper_call.js';
import type { Insn } from '../../lib/vm/insn.js';
import type { Program } from '../../lib/vm/program.js';
import { Stepper, trace } from '../../lib/vm/stepper.js';
import { Bench, high, low, u64 } from './bench.js';

const sizes: readonly (readonly [number, number])[] = [
  [C.BPF_B, 1],
  [C.BPF_H, 2],
  [C.BPF_W, 4],
  [I.BPF_DW, 8],
];
const { BPF_DW } = I;
const number64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

/** The number in little-endian bytes. */
const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

describe('vm: memory of a program', () => {
  const bench = new Bench();
  const place = bench.memory.alloc(64);
  const bytesAt = (address: number, size: number): Uint8Array => bench.memory.u8.slice(address, address + size);
  const load = (dst: number, value: bigint): Insn[] => B.ldImm64(dst, low(value), high(value));

  for (const [bits, size] of sizes) {
    it(`loads and stores ${size} bytes, aligned or not`, () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 16, maxLength: 16 }),
          fc.integer({ min: -4, max: 4 }),
          number64,
          (data, off, v) => {
            bench.memory.u8.set(data, place + 8);
            const want = littleEndian(data.subarray(4 + off, 4 + off + size));
            expect(bench.result([B.ldxMem(bits, 0, 1, off), B.exitInsn()], place + 12)).to.equal(want);
            if (size < 8)
              expect(bench.result([B.ldxMemsx(bits, 0, 1, off), B.exitInsn()], place + 12)).to.equal(
                u64(BigInt.asIntN(8 * size, want)),
              );
            bench.result([load(2, v), B.stxMem(bits, 1, 2, off), B.exitInsn()], place + 12);
            expect(littleEndian(bytesAt(place + 12 + off, size))).to.equal(BigInt.asUintN(8 * size, v));
            const k = low(v);
            bench.result([B.stMem(bits, 1, off, k), B.exitInsn()], place + 12);
            expect(littleEndian(bytesAt(place + 12 + off, size))).to.equal(BigInt.asUintN(8 * size, BigInt(k)));
            const rest = [...data.keys()].filter((i) => i < 4 + off || i >= 4 + off + size);
            expect(rest.map((i) => bench.memory.u8[place + 8 + i])).to.deep.equal(rest.map((i) => data[i]));
          },
        ),
      );
    });
  }

  const combined: readonly (readonly [number, (a: bigint, b: bigint) => bigint])[] = [
    [C.BPF_ADD, (a, b) => a + b],
    [C.BPF_OR, (a, b) => a | b],
    [C.BPF_AND, (a, b) => a & b],
    [C.BPF_XOR, (a, b) => a ^ b],
    [I.BPF_XCHG & ~I.BPF_FETCH, (_, b) => b],
  ];
  for (const [bits, width] of [
    [C.BPF_W, 32],
    [BPF_DW, 64],
  ] as const) {
    it(`combines ${width} bits in memory and fetches the old value`, () => {
      fc.assert(
        fc.property(number64, number64, fc.constantFrom(...combined), (a, b, [op, means]) => {
          const start = [load(2, a), B.stxMem(BPF_DW, 1, 2, 0), load(3, b)];
          const isExchange = op === (I.BPF_XCHG & ~I.BPF_FETCH);
          const sum = means(a, b);
          const want = width === 64 ? u64(sum) : (a & ~0xffffffffn) | BigInt.asUintN(32, sum);
          const old = BigInt.asUintN(width, a);
          const fetched = bench.result(
            [...start, B.atomicOp(bits, op | I.BPF_FETCH, 1, 3, 0), B.mov64Reg(0, 3), B.exitInsn()],
            place,
          );
          expect(fetched).to.equal(old);
          expect(littleEndian(bytesAt(place, 8))).to.equal(want);
          if (isExchange) return;
          const kept = bench.result([...start, B.atomicOp(bits, op, 1, 3, 0), B.mov64Reg(0, 3), B.exitInsn()], place);
          expect(kept).to.equal(b);
          expect(littleEndian(bytesAt(place, 8))).to.equal(want);
        }),
      );
    });

    it(`exchanges ${width} bits if they are as expected`, () => {
      fc.assert(
        fc.property(number64, number64, number64, fc.boolean(), (a, b, other, isEqual) => {
          const expected = isEqual ? a : other;
          const old = bench.result(
            [
              ...[load(2, a), B.stxMem(BPF_DW, 1, 2, 0), load(0, expected), load(3, b)],
              ...[B.atomicOp(bits, I.BPF_CMPXCHG, 1, 3, 0), B.exitInsn()],
            ],
            place,
          );
          expect(old).to.equal(BigInt.asUintN(width, a));
          const met = BigInt.asUintN(width, a) === BigInt.asUintN(width, expected);
          const mask = BigInt.asUintN(width, -1n);
          expect(littleEndian(bytesAt(place, 8))).to.equal(met ? (a & ~mask) | (b & mask) : a);
        }),
      );
    });
  }

  it('acquires and releases like a load and a store', () => {
    const insns = [
      ...[B.mov64Imm(2, -2), B.atomicOp(C.BPF_H, I.BPF_STORE_REL, 1, 2, 4)],
      ...[B.atomicOp(C.BPF_H, I.BPF_LOAD_ACQ, 0, 1, 4), B.exitInsn()],
    ];
    expect(bench.result(insns, place)).to.equal(0xfffen);
  });

  it('loads what may be NULL', () => {
    bench.memory.u8.set([0xf0, 0xff, 1, 2], place);
    const probe = (bits: number): bigint => bench.result([B.raw(C.BPF_LDX | bits, 0, 1, 0, 0), B.exitInsn()], place);
    expect(probe(C.BPF_W | I.BPF_PROBE_MEM)).to.equal(0x0201fff0n);
    expect(probe(C.BPF_H | I.BPF_PROBE_MEMSX)).to.equal(u64(-16n));
    expect(probe(BPF_DW | I.BPF_PROBE_MEM)).to.equal(littleEndian(bytesAt(place, 8)));
    const beyond = [B.ldImm64(0, 9, 9), B.raw(C.BPF_LDX | BPF_DW | I.BPF_PROBE_MEM, 0, 1, 512, 0), B.exitInsn()];
    for (const nowhere of [0, -64, bench.memory.u8.length]) expect(bench.result(beyond, nowhere)).to.equal(0n);
  });

  it('gives each function 512 bytes of stack', () => {
    const insns = [
      ...[B.stMem(BPF_DW, 10, -512, 7), B.callRel(2), B.ldxMem(BPF_DW, 0, 10, -512), B.exitInsn()],
      ...[B.stMem(BPF_DW, 10, -512, 9), B.stMem(BPF_DW, 10, -8, 9), B.exitInsn()],
    ];
    expect(bench.result(insns)).to.equal(7n);
  });
});

describe('vm: what a program cannot do', () => {
  const bench = new Bench();
  const fault = (...insns: (Insn | Insn[])[]): ProgramFault => {
    try {
      bench.result([...insns, B.exitInsn()]);
    } catch (error) {
      if (error instanceof ProgramFault) return error;
      throw error;
    }
    throw new Error('no fault');
  };
  const end = bench.memory.u8.length;

  it('reaches nothing behind the memory', () => {
    for (const [bits, size] of sizes) {
      const address = B.ldImm64(1, end - size + 1, 0);
      expect(fault(address, B.ldxMem(bits, 0, 1, 0)).pc).to.equal(2);
      expect(fault(address, B.stMem(bits, 1, 0, 0)).pc).to.equal(2);
      expect(fault(address, B.stxMem(bits, 1, 0, 0)).pc).to.equal(2);
    }
    expect(fault(B.ldImm64(1, end - 3, 0), B.atomicOp(BPF_DW, C.BPF_ADD, 1, 0, 0)).message).to.match(
      /^instruction 2: /,
    );
  });

  it('reaches nothing at its beginning, where NULL leads', () => {
    for (const [bits] of sizes) {
      expect(fault(B.mov64Imm(1, 0), B.ldxMem(bits, 0, 1, 8)).pc).to.equal(1);
      expect(fault(B.mov64Imm(1, 65535), B.stMem(bits, 1, 0, 0)).pc).to.equal(1);
      expect(fault(B.mov64Imm(1, 0), B.stxMem(bits, 1, 0, 0)).pc).to.equal(1);
    }
    expect(fault(B.mov64Imm(1, 0), B.atomicOp(BPF_DW, C.BPF_ADD, 1, 0, 8)).message).to.contain(
      'R1 is 0x0000000000000000',
    );
  });

  it('reaches nothing before it, and no address with a high half', () => {
    expect(fault(B.mov64Imm(1, 2), B.ldxMem(C.BPF_B, 0, 1, -3)).pc).to.equal(1);
    expect(fault(B.ldImm64(1, 65536, 1), B.ldxMem(C.BPF_B, 0, 1, 0)).message).to.contain('R1 is 0x0000000100010000');
    expect(fault(B.ldImm64(1, 65536, -1), B.stMem(BPF_DW, 1, 0, 0)).pc).to.equal(2);
  });

  it('runs no unknown instruction and calls no unknown helper', () => {
    expect(fault(B.raw(0xff, 0, 0, 0, 0)).pc).to.equal(0);
    expect(fault(B.mov64Imm(0, 0), B.emitCall(77)).message).to.equal('instruction 1: there is no helper 77');
    expect(() => bench.compile([B.jmpA(5), B.exitInsn()])).to.throw(
      ProgramFault,
      'instruction 0: jump to instruction 6',
    );
  });

  it('does not run off its end', () => {
    expect(() => bench.result([B.mov64Imm(0, 0)])).to.throw(ProgramFault, 'instruction 1');
  });

  it('calls at most eight functions deep', () => {
    const recursing = [B.mov64Imm(0, 0), B.callRel(-2), B.exitInsn()];
    expect(() => bench.result(recursing)).to.throw(ProgramFault, 'too many active functions');
  });
});

describe('vm: calls', () => {
  it('hands registers to helpers and takes R0', () => {
    const bench = new Bench();
    const seen: number[] = [];
    const helpers =
      (id: number): ((regs: Int32Array) => void) =>
      (regs) => {
        seen.push(id, ...regs.subarray(2, 12));
        if (id === 1) setR0(regs, -3);
        else setR0Unsigned(regs, -3);
      };
    const insns = [...[1, 2, 3, 4, 5].map((r) => B.mov64Imm(r, r * (r % 2 === 0 ? -1 : 1))), B.emitCall(1)];
    expect(bench.result([...insns, B.exitInsn()], 0, { helpers })).to.equal(u64(-3n));
    expect(bench.result([...insns.slice(0, -1), B.emitCall(2), B.exitInsn()], 0, { helpers })).to.equal(0xfffffffdn);
    expect(seen).to.deep.equal([1, 2].flatMap((id) => [id, 1, 0, -2, -1, 3, 0, -4, -1, 5, 0]));
  });

  it('sees memory that a helper has grown', () => {
    const bench = new Bench();
    let address = 0;
    const grow = (regs: Int32Array): void => {
      address = bench.memory.alloc(4 << 20);
      setR0Unsigned(regs, address);
    };
    const insns = [B.emitCall(1), B.stMem(BPF_DW, 0, (4 << 10) - 8, 5), B.ldxMem(BPF_DW, 0, 0, (4 << 10) - 8)];
    expect(bench.result([...insns, B.exitInsn()], 0, { helpers: () => grow })).to.equal(5n);
    expect(bench.memory.u8[address + (4 << 10) - 8]).to.equal(5);
  });

  it('keeps R6 to R10 over a call of a subprogram', () => {
    const bench = new Bench();
    const main = [
      ...[6, 7, 8, 9].map((r) => B.mov64Imm(r, r)),
      B.mov64Imm(1, 30),
      B.callRel(6),
      ...[6, 7, 8, 9].map((r) => B.alu64Reg(C.BPF_ADD, 0, r)),
      B.alu64Reg(C.BPF_SUB, 10, 10),
      B.exitInsn(),
    ];
    const sub = [B.mov64Reg(0, 1), ...[6, 7, 8, 9].map((r) => B.mov64Imm(r, 1000)), B.exitInsn()];
    expect(bench.result([...main, ...sub])).to.equal(60n);
  });

  it('knows rewritten calls, with the distance in off', () => {
    const bench = new Bench();
    const call = B.raw(C.BPF_JMP | I.BPF_CALL, 0, 1, 1, 1);
    expect(bench.result([call, B.exitInsn(), B.mov64Imm(0, 4), B.exitInsn()])).to.equal(4n);
  });

  it('calls back into the program, nested', () => {
    const bench = new Bench();
    const loop = (regs: Int32Array): void => {
      let sum = 0;
      for (let i = 0; i < regs[2]!; i++)
        sum += bench.vm.callback(regs[4]!, regs[5]!, Int32Array.of(i, 0, regs[6]!, regs[7]!));
      setR0(regs, sum);
    };
    // R1 rounds of a function that adds its number to what R3 points to; the first adds by a loop of its own.
    const main = [
      ...[B.stMem(BPF_DW, 10, -8, 0), B.mov64Imm(1, 4), B.ldImm64(2, 6, 0, 4), B.mov64Reg(3, 10)],
      ...[B.alu64Imm(C.BPF_ADD, 3, -8), B.emitCall(181), B.ldxMem(BPF_DW, 0, 10, -8), B.exitInsn()],
    ].flat();
    const callback = [
      ...[B.ldxMem(BPF_DW, 3, 2, 0), B.alu64Reg(C.BPF_ADD, 3, 1), B.stxMem(BPF_DW, 2, 3, 0)],
      ...[B.mov64Imm(6, 99), B.mov64Imm(0, 1), B.exitInsn()],
    ];
    expect(main.length).to.equal(9);
    const program = bench.compile([...main, ...callback], { helpers: () => loop });
    expect(bench.run(program)).to.equal(6n);
    program.close();
    expect(() => bench.run(program)).to.throw(ProgramFault, 'a callback is no function');
  });
});

describe('vm: division by zero', () => {
  const bench = new Bench();
  const insns = (divide: Insn): (Insn | Insn[])[] => [
    ...[B.mov64Imm(0, 7), B.mov64Imm(6, 20), B.ldImm64(7, 0, 3), divide],
    ...[B.mov64Reg(0, 6), B.exitInsn()],
  ];
  const ends = { zeroDivisorEnds: true };

  it('goes on', () => {
    expect(bench.result(insns(B.alu64Reg(C.BPF_DIV, 6, 8)))).to.equal(0n);
    expect(bench.result(insns(B.alu64Reg(C.BPF_MOD, 6, 8)))).to.equal(20n);
  });

  it('ends the program on early kernels', () => {
    for (const op of [C.BPF_DIV, C.BPF_MOD]) {
      expect(bench.result(insns(B.alu64Reg(op, 6, 8)), 0, ends)).to.equal(0n);
      // All of R7 is not 0, its low half is.
      expect(bench.result(insns(B.alu32Reg(op, 6, 7)), 0, ends)).to.equal(0n);
      expect(bench.result(insns(B.alu64Reg(op, 6, 7)), 0, ends)).to.equal(op === C.BPF_DIV ? 0n : 20n);
    }
    expect(bench.result(insns(B.alu32Reg(C.BPF_MOD, 6, 0)), 0, ends)).to.equal(6n);
    expect(bench.result(insns(B.alu64Reg(C.BPF_DIV, 6, 0)), 0, ends)).to.equal(2n);
  });

  it('is one step', () => {
    const program = bench.compile(insns(B.alu64Reg(C.BPF_DIV, 6, 0)), ends);
    expect(trace(bench.memory, program, 0)).to.deep.equal({ low: 2, high: 0, insns: 6 });
    const zero = bench.compile(insns(B.alu64Reg(C.BPF_DIV, 6, 8)), ends);
    expect(trace(bench.memory, zero, 0)).to.deep.equal({ low: 0, high: 0, insns: 4 });
  });
});

describe('vm: tail calls', () => {
  const bench = new Bench();
  const slots = new Map<number, Program>();
  const options = { tailCall: (map: number, index: number) => (map === 4096 ? slots.get(index) : undefined) };
  const jump = (index: number): Insn[] => [B.mov64Imm(2, 4096), B.mov64Imm(3, index), B.tailCall()];
  const counts = bench.memory.alloc(8);
  const count = [B.ldxMem(BPF_DW, 4, 1, 0), B.alu64Imm(C.BPF_ADD, 4, 1), B.stxMem(BPF_DW, 1, 4, 0)];

  beforeEach(() => {
    slots.clear();
    bench.memory.u8.fill(0, counts, counts + 8);
  });

  it('goes into the program of the slot and does not come back', () => {
    slots.set(1, bench.compile([B.ldxMem(BPF_DW, 0, 1, 0), B.alu64Imm(C.BPF_ADD, 0, 5), B.exitInsn()]));
    bench.memory.u8[counts] = 2;
    expect(bench.result([jump(1), B.mov64Imm(0, 1), B.exitInsn()], counts, options)).to.equal(7n);
  });

  it('falls through where there is no program', () => {
    expect(bench.result([jump(1), B.mov64Imm(0, 1), B.exitInsn()], counts, options)).to.equal(1n);
  });

  it('jumps 33 times at most', () => {
    slots.set(0, bench.compile([...count, jump(0), B.mov64Imm(0, 8), B.exitInsn()], options));
    expect(bench.run(slots.get(0)!, counts)).to.equal(8n);
    expect(bench.memory.u8[counts]).to.equal(34);
  });

  it('returns to the caller of a subprogram that jumped', () => {
    slots.set(2, bench.compile([B.mov64Imm(6, 0), B.mov64Imm(0, 40), B.exitInsn()]));
    const main = [B.mov64Imm(6, 2), B.callRel(2), B.alu64Reg(C.BPF_ADD, 0, 6), B.exitInsn()];
    expect(bench.result([...main, jump(2), B.mov64Imm(0, 1), B.exitInsn()], counts, options)).to.equal(42n);
  });
});

describe('vm: loads of the packet that a program holds itself', () => {
  const bench = new Bench();
  const load = (regs: Int32Array, offset: number, size: number): boolean => {
    regs[0] = offset * 10 + size;
    regs[1] = 0;
    return offset < 100;
  };

  it('asks for offset and size', () => {
    expect(bench.result([B.ldAbs(C.BPF_H, 7), B.exitInsn()], 0, { load })).to.equal(72n);
    expect(bench.result([B.mov64Imm(3, 4), B.ldInd(C.BPF_W, 3, 5), B.exitInsn()], 0, { load })).to.equal(94n);
  });

  it('ends the program where there is nothing', () => {
    expect(bench.result([B.ldAbs(C.BPF_B, 100), B.mov64Imm(0, 1), B.exitInsn()], 0, { load })).to.equal(0n);
  });
});

describe('vm: programs under control', () => {
  const loop = [B.mov64Imm(1, 100_000), B.alu64Imm(C.BPF_SUB, 1, 1), B.jmpImm(I.BPF_JNE, 1, 0, -2), B.mov64Imm(0, 3)];

  it('stops a loop', () => {
    const bench = new Bench();
    const program = bench.compile([...loop, B.exitInsn()]);
    let asked = 0;
    bench.vm.onBudget = () => {
      asked++;
      throw new Error('enough');
    };
    expect(() => bench.run(program)).to.throw('enough');
    bench.vm.onBudget = undefined;
    expect(bench.run(program)).to.equal(3n);
    expect(asked).to.equal(1);
  });

  it('stops a helper that loops', () => {
    const bench = new Bench();
    const forever = (regs: Int32Array): void => {
      for (;;) bench.vm.callback(regs[2]!, regs[3]!, new Int32Array(10));
    };
    const insns = [B.ldImm64(1, 3, 0, 4), B.emitCall(181), B.exitInsn(), B.mov64Imm(0, 0), B.exitInsn()];
    const program = bench.compile(insns, { helpers: () => forever });
    bench.vm.onBudget = () => {
      throw new Error('enough');
    };
    expect(() => bench.run(program)).to.throw('enough');
  });

  it('may_goto ends a loop at last', () => {
    const bench = new Bench();
    const jump = B.raw(C.BPF_JMP | I.BPF_JCOND, 0, 0, 2, 0);
    const insns = [B.mov64Imm(0, 0), jump, B.alu64Imm(C.BPF_ADD, 0, 1), B.jmpA(-3), B.exitInsn()];
    expect(bench.result(insns)).to.equal(BigInt(I.BPF_MAX_LOOPS));
  });

  it('goes step by step', () => {
    const bench = new Bench();
    const program = bench.compile([
      ...[B.ldImm64(6, 1, 2), B.callRel(2), B.jmpImm(I.BPF_JNE, 0, 0, -2)].flat(),
      ...[B.exitInsn(), B.mov64Imm(0, 0), B.exitInsn()],
    ]);
    const stepper = new Stepper(bench.memory, program, 0);
    const pcs: number[] = [];
    const depths: number[] = [];
    do {
      pcs.push(stepper.pc);
      depths.push(stepper.depth);
    } while (!stepper.step());
    stepper.close();
    expect(pcs).to.deep.equal([0, 2, 5, 6, 3, 4]);
    expect(depths).to.deep.equal([0, 0, 1, 1, 0, 0]);
    expect([...stepper.regs.subarray(12, 14)]).to.deep.equal([1, 2]);
  });

  it('counts what runs, and leaves the program as it was', () => {
    const bench = new Bench();
    const program = bench.compile([B.mov64Imm(1, 3), ...loop.slice(1), B.exitInsn()]);
    expect(trace(bench.memory, program, 0)).to.deep.equal({ low: 3, high: 0, insns: 9 });
    expect(bench.run(program)).to.equal(3n);
  });

  it('steps through a move and what runs together with it, and jumps between them', () => {
    const bench = new Bench();
    const insns = [B.mov64Imm(0, 5), B.mov64Imm(1, 9), B.jmpA(1), B.mov64Reg(0, 1), B.alu64Imm(C.BPF_ADD, 0, 3)];
    expect(bench.result([...insns, B.exitInsn()])).to.equal(8n);
    const both = bench.compile([...insns.slice(0, 2), ...insns.slice(3), B.exitInsn()]);
    expect(bench.run(both)).to.equal(12n);
    const pcs: number[] = [];
    const onStep = ({ pc, regs }: Stepper): number => pcs.push(pc, regs[0]!);
    expect(trace(bench.memory, both, 0, { onStep: (stepper) => void onStep(stepper) })).to.include({
      low: 12,
      insns: 5,
    });
    expect(pcs.slice(4)).to.deep.equal([2, 5, 3, 9, 4, 12]);
  });

  it('stops in a jump to itself', () => {
    const bench = new Bench();
    const stepper = new Stepper(bench.memory, bench.compile([B.jmpA(-1), B.exitInsn()]), 0);
    expect([stepper.step(), stepper.pc, stepper.step(), stepper.pc]).to.deep.equal([false, 0, false, 0]);
    stepper.close();
  });

  it('asks about every access', () => {
    const bench = new Bench();
    const place = bench.memory.alloc(16);
    const insns = [
      ...[B.stMem(C.BPF_H, 1, 2, 5), B.ldxMem(C.BPF_W, 0, 1, 4), B.atomicOp(BPF_DW, C.BPF_ADD, 1, 0, 8), B.exitInsn()],
    ];
    const program = bench.compile(insns);
    const seen: unknown[] = [];
    trace(bench.memory, program, place, { allows: (access) => seen.push(access) > 0 });
    expect(seen).to.deep.equal([
      { address: place + 2, size: 2, isWrite: true },
      { address: place + 4, size: 4, isWrite: false },
      { address: place + 8, size: 8, isWrite: true },
    ]);
    const isRead = (access: { isWrite: boolean }): boolean => !access.isWrite;
    expect(() => trace(bench.memory, program, place, { allows: isRead })).to.throw(
      ProgramFault,
      'instruction 0: 2 bytes',
    );
  });
});
