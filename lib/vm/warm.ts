// A program with every operation in it. The engine compiles the interpreter's loop for what it has seen it do; an operation
// that appears for the first time throws the compiled loop away. So the loop sees everything once before it runs anything.
import * as C from '../uapi/linux/bpf_common.js';
import * as I from '../uapi/linux/bpf_insn.js';
import * as B from './build.js';
import type { Insn } from './insn.js';
import { encodeInsns } from './insn.js';
import { atomicOps, bpfSize, opcodes } from './isa.js';

/** Numbers with the highest bit of either half set, so that unsigned halves are seen as such. */
const numbers: readonly (readonly [low: number, high: number])[] = [
  [-3, -7],
  [-5, 0],
  [3, -1],
];

/** One instruction of each opcode and variant, on R0 and R2; memory at R9. Jumps lead to the next instruction. */
function everyOperation(): Insn[] {
  const list: Insn[] = [];
  for (const opcode of opcodes) {
    if (opcode === undefined) continue;
    const { code, form } = opcode;
    switch (form) {
      case 'alu-imm':
        list.push(B.raw(code, 0, 0, 0, 7), B.raw(code, 0, 0, 1, 7), B.raw(code, 0, 0, 0, 40));
        break;
      case 'alu-reg':
        for (const off of [0, 1, 8, 16, 32]) list.push(B.raw(code, 0, 2, off, 0));
        break;
      case 'neg':
        list.push(B.raw(code, 0, 0, 0, 0));
        break;
      case 'end':
        for (const bits of [16, 32, 64]) list.push(B.raw(code, 0, 0, 0, bits));
        break;
      case 'ldx':
        list.push(B.raw(code, 3, 9, 0, 0));
        break;
      case 'st':
      case 'stx':
        list.push(B.raw(code, 9, 2, 8, 1));
        break;
      case 'jmp-imm':
      case 'jmp-reg':
        list.push(B.raw(code, 0, form === 'jmp-reg' ? 2 : 0, 0, -3));
        break;
      default:
        break;
    }
  }
  for (const { imm } of atomicOps.values())
    list.push(B.atomicOp(C.BPF_W, imm, 9, 2, 0), B.atomicOp(I.BPF_DW, imm, 9, 2, 0));
  return list.filter(({ code, imm }) => imm < I.BPF_LOAD_ACQ || bpfSize(code) !== I.BPF_DW);
}

/** Runs on R1 = 16 bytes of memory; calls helper 1, and the tail call of slot 0. Returns when it is told so by R0 of it. */
export function warmProgram(): Uint8Array {
  const body = numbers.flatMap(([low, high]) => [
    ...B.ldImm64(0, low, high),
    ...B.ldImm64(2, high, low),
    ...everyOperation(),
  ]);
  const insns = [
    B.mov64Reg(9, 1),
    B.mov64Imm(8, 2),
    ...body,
    B.emitCall(1),
    B.alu64Imm(C.BPF_SUB, 8, 1),
    B.jmpImm(I.BPF_JNE, 8, 0, -3),
    B.raw(C.BPF_JMP | I.BPF_JCOND, 0, I.BPF_MAY_GOTO, 0, 0),
    B.callRel(1),
    B.exitInsn(),
    B.tailCall(),
    B.ldAbs(C.BPF_B, 0),
    B.exitInsn(),
  ];
  return encodeInsns(insns);
}
