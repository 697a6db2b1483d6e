// What the verifier accepts does no harm: random programs that it lets pass run with every access watched.
import { expect } from 'chai';
import * as fc from 'fast-check';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import * as C from '../../../../../lib/uapi/linux/bpf_common.js';
import * as I from '../../../../../lib/uapi/linux/bpf_insn.js';
import * as Build from '../../../../../lib/vm/build.js';
import type { Insn } from '../../../../../lib/vm/insn.js';
import { trace, type Access } from '../../../../../lib/vm/stepper.js';
import { Bed } from './bed.js';

const VALUE_SIZE = 32;
const ENTRIES = 4;
const FP = I.BPF_REG_FP;

const scalar = fc.constantFrom(6, 7, 8);
const small = fc.constantFrom(0, 1, 2, 3, 4, 7, 8, 15, 16, 24, 28, 31, 32, 40, -1, -4, -8, -16);
const aluOps = [C.BPF_ADD, C.BPF_SUB, C.BPF_MUL, C.BPF_AND, C.BPF_OR, C.BPF_XOR, C.BPF_LSH, C.BPF_RSH, I.BPF_ARSH];
const jumpOps = [
  ...[C.BPF_JEQ, I.BPF_JNE, C.BPF_JGT, C.BPF_JGE, I.BPF_JLT, I.BPF_JLE],
  ...[I.BPF_JSGT, I.BPF_JSGE, I.BPF_JSLT, I.BPF_JSLE, C.BPF_JSET],
];
const size = fc.constantFrom(C.BPF_B, C.BPF_H, C.BPF_W, I.BPF_DW);

const isShift = (op: number): boolean => op === C.BPF_LSH || op === C.BPF_RSH || op === I.BPF_ARSH;

const arithmetic = fc
  .record({
    op: fc.constantFrom(...aluOps),
    dst: scalar,
    src: scalar,
    imm: small,
    kind: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ op, dst, src, imm, kind }): Insn[] => {
    const value = isShift(op) ? imm & 31 : imm;
    if (kind === 0) return [Build.alu64Reg(op, dst, src)];
    if (kind === 1) return [Build.alu32Reg(op, dst, src)];
    return [kind === 2 ? Build.alu64Imm(op, dst, value) : Build.alu32Imm(op, dst, value)];
  });

/** Over the next piece. */
const jump = fc
  .record({
    op: fc.constantFrom(...jumpOps),
    dst: scalar,
    src: scalar,
    imm: small,
    kind: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ op, dst, src, imm, kind }) => (length: number): Insn => {
    if (kind === 0) return Build.jmpReg(op, dst, src, length);
    if (kind === 1) return Build.jmp32Reg(op, dst, src, length);
    return kind === 2 ? Build.jmpImm(op, dst, imm, length) : Build.jmp32Imm(op, dst, imm, length);
  });

/** R9: the value of a map; R10: the stack. */
const access = fc
  .record({
    base: fc.constantFrom(9, FP),
    by: fc.option(scalar),
    off: small,
    size,
    value: scalar,
    isWrite: fc.boolean(),
  })
  .map(({ base, by, off, size: bits, value, isWrite }): Insn[] => {
    const at = base === FP ? off - 32 : off;
    return [
      Build.mov64Reg(1, base),
      ...(by === null ? [] : [Build.alu64Reg(C.BPF_ADD, 1, by)]),
      isWrite ? Build.stxMem(bits, 1, value, at) : Build.ldxMem(bits, value, 1, at),
    ];
  });

const piece = fc.oneof({ weight: 5, arbitrary: arithmetic }, { weight: 4, arbitrary: access });
const body = fc
  .array(fc.record({ piece, jump: fc.option(jump) }), { minLength: 1, maxLength: 8 })
  .map((pieces) =>
    pieces.flatMap(({ piece: insns, jump: over }) => [...(over === null ? [] : [over(insns.length)]), ...insns]),
  );

/** Scalars come from the value, which holds anything; the stack below is zeroed. */
function programOf(map: number, insns: readonly Insn[]): Insn[] {
  return [
    ...[-8, -16, -24, -32, -40].map((off) => Build.stMem(I.BPF_DW, FP, off, 0)),
    ...Build.ldImm64(1, map, 0, B.BPF_PSEUDO_MAP_FD),
    Build.mov64Reg(2, FP),
    Build.alu64Imm(C.BPF_ADD, 2, -8),
    Build.emitCall(1),
    Build.jmpImm(I.BPF_JNE, 0, 0, 2),
    Build.mov64Imm(0, 0),
    Build.exitInsn(),
    Build.mov64Reg(9, 0),
    Build.ldxMem(C.BPF_B, 6, 9, 0),
    Build.ldxMem(C.BPF_W, 7, 9, 4),
    Build.ldxMem(I.BPF_DW, 8, 9, 8),
    ...insns,
    Build.mov64Imm(0, 0),
    Build.exitInsn(),
  ];
}

describe('kernel/bpf/verifier: programs that are accepted', () => {
  it('touch the value and the stack alone, whatever the value holds', () => {
    const bed = new Bed();
    const map = bed.map(B.BPF_MAP_TYPE_ARRAY, 4, VALUE_SIZE, ENTRIES);
    const { memory, vm } = bed.machine;
    let accepted = 0;
    const property = fc.property(
      body,
      fc.uint8Array({ minLength: VALUE_SIZE, maxLength: VALUE_SIZE }),
      (insns, bytes) => {
        const { prog } = bed.load(programOf(map, insns), { level: 0 });
        if (prog === undefined) return;
        accepted++;
        const value = prog.usedMaps[0]!.lookupElem(memory.alloc(8));
        let frame = 0;
        for (let run = 0; run < 4; run++) {
          memory.u8.set(bytes, value);
          for (let i = 0; i < VALUE_SIZE; i++)
            if (run > 0) memory.u8[value + i] = bytes[(i * 7 + run) % VALUE_SIZE]! ^ (run * 85);
          frame = 0;
          const allows = ({ address, size: length }: Access): boolean =>
            (address >= value && address + length <= value + VALUE_SIZE) ||
            (address >= frame - I.MAX_BPF_STACK && address + length <= frame);
          trace(memory, vm.compile(prog.insns), 0, {
            onStep: ({ regs }) => {
              frame ||= regs[2 * FP]! >>> 0;
            },
            allows,
          });
        }
        prog.program?.close();
        for (const fd of [...bed.task.files.keys()]) if (fd !== map) bed.task.close(fd);
      },
    );
    fc.assert(property, { numRuns: 1500 });
    expect(accepted).to.be.greaterThan(100);
  }).timeout(240_000);
});
