// A program with every operation in it. The engine compiles the interpreter's loop for what it has seen it do; an operation
// that appears for the first time throws the compiled loop away. So the loop sees everything once before it runs anything.
import * as C from '../uapi/linux/bpf_common.js';
import * as I from '../uapi/linux/bpf_insn.js';
import * as B from './build.js';
import type { Insn } from './insn.js';
import { encodeInsns } from './insn.js';
import type { Opcode } from './isa.js';
import { atomicOps, opcodes } from './isa.js';

type Halves = readonly [low: number, high: number];

/** Operands R0 and R2 of arithmetic: with the highest bit of either half set, so that unsigned halves are seen as such. */
const operands: readonly (readonly [Halves, Halves])[] = [
  [
    [-3, -7],
    [-5, -1],
  ],
  [
    [-5, 7],
    [40, 0],
  ],
  [
    [7, -9],
    [0, 0],
  ],
];

/** The number that jumps compare with, and numbers below and above it that differ in both halves, in one, in none. */
const COMPARED = -3;
const compared: readonly Halves[] = [
  [COMPARED, -1],
  [5, -1],
  [COMPARED, -7],
  [0, 7],
  [-1, -1],
];

/** What `off` makes of an operation: signed divisions, moves that extend the sign. */
const offs = (name: string): readonly number[] =>
  name === 'div' || name === 'mod' ? [0, 1] : name === 'mov' ? [0, 8, 16, 32] : [0];

/** The variants of an arithmetic instruction, or one of memory: R0, R2, and memory at R9. */
function variants({ code, name, form, size }: Opcode): Insn[] {
  switch (form) {
    case 'alu-imm':
      return [...offs(name).map((off) => B.raw(code, 0, 0, off, 7)), B.raw(code, 0, 0, 0, 40)];
    case 'alu-reg':
      return offs(name).map((off) => B.raw(code, 0, 2, off, 0));
    case 'neg':
      return [B.raw(code, 0, 0, 0, 0)];
    case 'end':
      return [16, 32, 64].map((bits) => B.raw(code, 0, 0, 0, bits));
    case 'ldx':
      return [B.raw(code, 3, 9, 0, 0)];
    case 'st':
    case 'stx':
      return [B.raw(code, 9, 2, 8, -1)];
    case 'atomic':
      return size < 4
        ? []
        : [...atomicOps.keys()].filter((imm) => imm < I.BPF_LOAD_ACQ).map((imm) => B.raw(code, 9, 2, 0, imm));
    default:
      return [];
  }
}

const isKnown = (opcode: Opcode | undefined): opcode is Opcode => opcode !== undefined;

function arithmetic(): Insn[] {
  const all = opcodes.filter(isKnown).flatMap(variants);
  return operands.flatMap(([a, b]) => [
    ...B.ldImm64(6, ...a),
    ...B.ldImm64(2, ...b),
    ...all.flatMap((insn) => [B.mov64Reg(0, 6), insn]),
    // The same again where a move does not run together with what follows.
    ...all.flatMap((insn) => (insn.dst === 0 && insn.src === 0 ? [B.mov64Reg(0, 6), B.jmpA(0), insn] : [])),
  ]);
}

/** Every conditional jump on every pair; each leads to the next instruction. */
function jumps(): Insn[] {
  const all = opcodes.filter(isKnown).filter(({ form }) => form === 'jmp-imm' || form === 'jmp-reg');
  const made = all.map(({ code, form }) =>
    form === 'jmp-reg' ? B.raw(code, 0, 2, 0, 0) : B.raw(code, 0, 0, 0, COMPARED),
  );
  return [B.mov64Imm(2, COMPARED), ...compared.flatMap((a) => [...B.ldImm64(0, ...a), ...made])];
}

/** Runs on R1 = 16 bytes of memory; calls helper 1, and the tail call of slot 0. Returns when it is told so by R0 of it. */
export function warmProgram(): Uint8Array {
  const insns = [
    B.mov64Reg(9, 1),
    B.mov64Imm(8, 2),
    ...arithmetic(),
    ...jumps(),
    B.emitCall(1),
    B.jmpA(0),
    B.alu64Imm(C.BPF_SUB, 8, 1),
    B.jmpImm(I.BPF_JNE, 8, 0, -4),
    B.raw(C.BPF_JMP | I.BPF_JCOND, 0, I.BPF_MAY_GOTO, 0, 0),
    B.callRel(1),
    B.exitInsn(),
    B.tailCall(),
    B.ldAbs(C.BPF_B, 0),
    B.exitInsn(),
  ];
  return encodeInsns(insns);
}
