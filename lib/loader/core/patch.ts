// Puts the value of a relocation into an instruction: the immediate of an ALU instruction or ld_imm64, the offset of a load
// or store, which may change its size too. What the compiler left there must be what the object's own types say. An
// instruction for which the kernel has nothing becomes a call no verifier accepts, so that only dead code may hold it.
import * as op from '../../uapi/linux/bpf_common.js';
import { BPF_ALU64, BPF_CALL, BPF_DW, BPF_INSN_SIZE } from '../../uapi/linux/bpf_insn.js';

const ldImm64 = op.BPF_LD | op.BPF_IMM | BPF_DW;

/** The helper that does not exist and that libbpf's message names ("invalid func unknown#195896080"). */
const badRelo = 0xbad2310;

export interface Patch {
  readonly poison: boolean;
  /** What the instruction holds now, if that is certain. */
  readonly from: bigint;
  readonly certain: boolean;
  readonly to: bigint;
  /** Size of the field in the object and in the kernel; different only for loads and stores. */
  readonly fromSize: number;
  readonly toSize: number;
  readonly mayResize: boolean;
}

const sizeBits: Readonly<Record<number, number>> = { 1: op.BPF_B, 2: op.BPF_H, 4: op.BPF_W, 8: BPF_DW };

/** Patches the instruction at byte `at`; throws what `fail` makes of a reason. */
export function patchInsn(code: DataView, at: number, patch: Patch, fail: (reason: string) => Error): void {
  const opcode = code.getUint8(at);
  const kind = opcode & 0x07;
  const isMemory = kind === op.BPF_LDX || kind === op.BPF_ST || kind === op.BPF_STX;
  if (patch.poison || (isMemory && !patch.mayResize)) poison(code, at);
  else if (isMemory) patchOffset(code, at, patch, fail);
  else if (kind === op.BPF_LD) patchImm64(code, at, patch, fail);
  else if (kind !== op.BPF_ALU && kind !== BPF_ALU64)
    throw fail(`an instruction of opcode 0x${opcode.toString(16)} cannot be relocated`);
  else if ((opcode & op.BPF_X) !== 0) throw fail('the instruction has no immediate');
  else patchImmediate(code, at, patch, fail);
}

function check(found: bigint, { from, certain }: Patch, bits: number, fail: (reason: string) => Error): void {
  if (certain && BigInt.asUintN(bits, found) !== BigInt.asUintN(bits, from))
    throw fail(`the instruction holds ${found}, the object's types say ${from}`);
}

function patchImmediate(code: DataView, at: number, patch: Patch, fail: (reason: string) => Error): void {
  check(BigInt(code.getInt32(at + 4, true)), patch, 32, fail);
  code.setUint32(at + 4, Number(BigInt.asUintN(32, patch.to)), true);
}

function patchOffset(code: DataView, at: number, patch: Patch, fail: (reason: string) => Error): void {
  check(BigInt(code.getInt16(at + 2, true)), patch, 16, fail);
  if (patch.to > 0x7fffn) throw fail(`offset ${patch.to} is beyond what a load or store can have`);
  code.setInt16(at + 2, Number(patch.to), true);
  if (patch.fromSize === patch.toSize) return;
  const opcode = code.getUint8(at);
  const [was, is] = [sizeBits[patch.fromSize], sizeBits[patch.toSize]];
  if (was !== (opcode & BPF_DW) || is === undefined)
    throw fail(`a load or store of ${patch.fromSize} bytes cannot become one of ${patch.toSize}`);
  code.setUint8(at, (opcode & ~BPF_DW) | is);
}

function patchImm64(code: DataView, at: number, patch: Patch, fail: (reason: string) => Error): void {
  const whole = at + 2 * BPF_INSN_SIZE <= code.byteLength && code.getUint8(at) === ldImm64;
  const clean = whole && code.getUint8(at + 1) >>> 4 === 0 && code.getUint16(at + 2, true) === 0;
  if (!clean || code.getUint32(at + BPF_INSN_SIZE, true) !== 0) throw fail('a load that is no plain ld_imm64');
  const high = code.getUint32(at + BPF_INSN_SIZE + 4, true);
  check((BigInt(high) << 32n) | BigInt(code.getUint32(at + 4, true)), patch, 64, fail);
  code.setUint32(at + 4, Number(BigInt.asUintN(32, patch.to)), true);
  code.setUint32(at + BPF_INSN_SIZE + 4, Number(BigInt.asUintN(64, patch.to) >> 32n), true);
}

function poison(code: DataView, at: number): void {
  const double = code.getUint8(at) === ldImm64 && at + 2 * BPF_INSN_SIZE <= code.byteLength;
  for (const each of double ? [at, at + BPF_INSN_SIZE] : [at]) {
    code.setUint32(each, op.BPF_JMP | BPF_CALL, true);
    code.setUint32(each + 4, badRelo, true);
  }
}
