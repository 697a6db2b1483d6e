// The instructions that the verifier puts in place of a call of map_lookup_elem(), by kind of map: map_gen_lookup() of the
// ops in kernel/bpf/arraymap.c and hashtab.c. R1 is the map, R2 the key, R0 the result. They are what `xlated` shows, and
// they run as they are, for maps lie in memory as the kernel lays them out.
import { HTAB_MAP_LOOKUP_ELEM } from '../../../vm/internal_helpers.js';
import * as at from '../../../vm/maps/bpf_map.js';
import { roundUp8 } from '../../../vm/maps/bytes.js';
import * as C from '../../../uapi/linux/bpf_common.js';
import * as I from '../../../uapi/linux/bpf_insn.js';
import type { BpfMap } from './map.js';
import type { BpfInsn } from './verifier_ops.js';

const insn = (code: number, dst: number, src: number, off: number, imm: number): BpfInsn => ({
  code,
  dst,
  src,
  off,
  imm,
});
const alu64Imm = (op: number, dst: number, imm: number): BpfInsn => insn(I.BPF_ALU64 | op | C.BPF_K, dst, 0, 0, imm);
const alu32Imm = (op: number, dst: number, imm: number): BpfInsn => insn(C.BPF_ALU | op | C.BPF_K, dst, 0, 0, imm);
const addReg = (dst: number, src: number): BpfInsn => insn(I.BPF_ALU64 | C.BPF_ADD | C.BPF_X, dst, src, 0, 0);
const load = (size: number, dst: number, src: number, off: number): BpfInsn =>
  insn(C.BPF_LDX | C.BPF_MEM | size, dst, src, off, 0);
const jumpImm = (op: number, dst: number, imm: number, off: number): BpfInsn =>
  insn(C.BPF_JMP | op | C.BPF_K, dst, 0, off, imm);
const jump = (off: number): BpfInsn => insn(C.BPF_JMP | C.BPF_JA, 0, 0, off, 0);
const thisCpu = (dst: number, src: number): BpfInsn =>
  insn(I.BPF_ALU64 | I.BPF_MOV | C.BPF_X, dst, src, I.BPF_ADDR_PERCPU, 0);
const callLookup = (): BpfInsn => insn(C.BPF_JMP | I.BPF_CALL, 0, 0, 0, HTAB_MAP_LOOKUP_ELEM);

/** What the instructions for an array depend on. */
interface ArrayShape {
  readonly maxEntries: number;
  readonly elemSize: number;
  readonly indexMask: number;
  readonly bypassSpecV1: boolean;
}

/** Index to R0, out of range past `behind` further instructions to the last one, R0 = 0. */
function loadIndex(map: ArrayShape, behind: number): BpfInsn[] {
  const insns = [alu64Imm(C.BPF_ADD, I.BPF_REG_1, at.BPF_ARRAY_VALUE), load(C.BPF_W, I.BPF_REG_0, I.BPF_REG_2, 0)];
  if (map.bypassSpecV1) insns.push(jumpImm(C.BPF_JGE, I.BPF_REG_0, map.maxEntries | 0, behind));
  else {
    insns.push(jumpImm(C.BPF_JGE, I.BPF_REG_0, map.maxEntries | 0, behind + 1));
    insns.push(alu32Imm(C.BPF_AND, I.BPF_REG_0, map.indexMask | 0));
  }
  return insns;
}

/** R0 *= elemSize */
function scale(elemSize: number): BpfInsn {
  const isPowerOfTwo = (elemSize & (elemSize - 1)) === 0;
  return isPowerOfTwo
    ? alu64Imm(C.BPF_LSH, I.BPF_REG_0, 31 - Math.clz32(elemSize))
    : alu64Imm(C.BPF_MUL, I.BPF_REG_0, elemSize | 0);
}

/** The end of both: R0 is good, or 0. */
const orNull = (): BpfInsn[] => [jump(1), alu64Imm(I.BPF_MOV, I.BPF_REG_0, 0)];

/** @models kernel/bpf/arraymap.c array_map_gen_lookup() */
export function arrayLookup(map: ArrayShape): BpfInsn[] {
  return [...loadIndex(map, 3), scale(map.elemSize), addReg(I.BPF_REG_0, I.BPF_REG_1), ...orNull()];
}

/** @models kernel/bpf/arraymap.c percpu_array_map_gen_lookup() */
export function percpuArrayLookup(map: ArrayShape): BpfInsn[] {
  return [
    ...loadIndex(map, 5),
    alu64Imm(C.BPF_LSH, I.BPF_REG_0, 3),
    addReg(I.BPF_REG_0, I.BPF_REG_1),
    load(I.BPF_DW, I.BPF_REG_0, I.BPF_REG_0, 0),
    thisCpu(I.BPF_REG_0, I.BPF_REG_0),
    ...orNull(),
  ];
}

/** @models kernel/bpf/arraymap.c array_of_map_gen_lookup() */
export function arrayOfMapsLookup(map: ArrayShape): BpfInsn[] {
  return [
    ...loadIndex(map, 5),
    scale(map.elemSize),
    addReg(I.BPF_REG_0, I.BPF_REG_1),
    load(I.BPF_DW, I.BPF_REG_0, I.BPF_REG_0, 0),
    jumpImm(C.BPF_JEQ, I.BPF_REG_0, 0, 1),
    ...orNull(),
  ];
}

/** R0 from the element to the value. */
const toValue = (map: BpfMap): BpfInsn => alu64Imm(C.BPF_ADD, I.BPF_REG_0, at.HTAB_ELEM_KEY + roundUp8(map.keySize));

/** @models kernel/bpf/hashtab.c htab_map_gen_lookup() */
export function htabLookup(map: BpfMap): BpfInsn[] {
  return [callLookup(), jumpImm(C.BPF_JEQ, I.BPF_REG_0, 0, 1), toValue(map)];
}

/** @models kernel/bpf/hashtab.c htab_lru_map_gen_lookup() */
export function htabLruLookup(map: BpfMap): BpfInsn[] {
  const ref = at.HTAB_ELEM_LRU_NODE + at.LRU_NODE_REF;
  return [
    callLookup(),
    jumpImm(C.BPF_JEQ, I.BPF_REG_0, 0, 4),
    load(C.BPF_B, I.BPF_REG_1, I.BPF_REG_0, ref),
    jumpImm(I.BPF_JNE, I.BPF_REG_1, 0, 1),
    insn(C.BPF_ST | C.BPF_MEM | C.BPF_B, I.BPF_REG_0, 0, ref, 1),
    toValue(map),
  ];
}

/** @models kernel/bpf/hashtab.c htab_percpu_map_gen_lookup() */
export function htabPercpuLookup(map: BpfMap): BpfInsn[] {
  return [
    callLookup(),
    jumpImm(C.BPF_JEQ, I.BPF_REG_0, 0, 3),
    toValue(map),
    load(I.BPF_DW, I.BPF_REG_0, I.BPF_REG_0, 0),
    thisCpu(I.BPF_REG_0, I.BPF_REG_0),
  ];
}

/** @models kernel/bpf/hashtab.c htab_of_map_gen_lookup() */
export function htabOfMapsLookup(map: BpfMap): BpfInsn[] {
  return [
    callLookup(),
    jumpImm(C.BPF_JEQ, I.BPF_REG_0, 0, 2),
    toValue(map),
    load(I.BPF_DW, I.BPF_REG_0, I.BPF_REG_0, 0),
  ];
}
