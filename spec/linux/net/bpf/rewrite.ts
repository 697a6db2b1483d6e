// What the verifier does to the recorded programs, without a verifier: accesses to the context become accesses to struct
// sk_buff, old loads become calls. The programs keep their context in R6 and use no other register for it, which makes that
// possible without knowing types.
import type { BpfProg } from '../../../../lib/linux/kernel/bpf/prog.js';
import { BPF_READ, BPF_WRITE, SCALAR_VALUE } from '../../../../lib/linux/kernel/bpf/type_flags.js';
import type { BpfInsn, BpfVerifierOps } from '../../../../lib/linux/kernel/bpf/verifier_ops.js';
import { verifierOpsOf } from '../../../../lib/linux/net/core/filter/verifier_ops.js';
import * as C from '../../../../lib/uapi/linux/bpf_common.js';
import * as I from '../../../../lib/vm/build.js';

const CTX = 6;
const LD_IMM64 = 0x18;
const CALL = 0x85;
const EXIT = 0x95;
const bytes: Readonly<Record<number, number>> = { [C.BPF_W]: 4, [C.BPF_H]: 2, [C.BPF_B]: 1, 0x18: 8 };

function decode(hex: string): BpfInsn[] {
  const raw = Buffer.from(hex, 'hex');
  return Array.from({ length: raw.length / 8 }, (_, i) => ({
    code: raw.readUInt8(8 * i),
    dst: raw.readUInt8(8 * i + 1) & 15,
    src: raw.readUInt8(8 * i + 1) >> 4,
    off: raw.readInt16LE(8 * i + 2),
    imm: raw.readInt32LE(8 * i + 4),
  }));
}

function encode(insns: readonly BpfInsn[]): Uint8Array {
  const raw = Buffer.alloc(insns.length * 8);
  insns.forEach(({ code, dst, src, off, imm }, i) => {
    raw.writeUInt8(code, 8 * i);
    raw.writeUInt8((src << 4) | dst, 8 * i + 1);
    raw.writeInt16LE(off, 8 * i + 2);
    raw.writeInt32LE(imm, 8 * i + 4);
  });
  return new Uint8Array(raw);
}

interface Access {
  readonly insn: BpfInsn;
  readonly type: typeof BPF_READ | typeof BPF_WRITE;
  readonly size: number;
  /** Of the whole field; 0: as asked. */
  readonly field: number;
}

function accessOf(ops: BpfVerifierOps, insn: BpfInsn, prog: BpfProg): Access | undefined {
  const kind = insn.code & 0x07;
  const isLoad = kind === C.BPF_LDX && insn.src === CTX;
  const isStore = (kind === C.BPF_ST || kind === C.BPF_STX) && insn.dst === CTX;
  if ((insn.code & 0xe0) !== C.BPF_MEM || (!isLoad && !isStore)) return undefined;
  const type = isLoad ? BPF_READ : BPF_WRITE;
  const size = bytes[insn.code & 0x18]!;
  const info = { regType: SCALAR_VALUE, isLdsx: false, ctxFieldSize: 0, isRetval: false };
  if (!ops.isValidAccess(insn.off, size, type, prog, info)) throw new Error(`refused: ${size} bytes at ${insn.off}`);
  return { insn, type, size, field: info.ctxFieldSize };
}

/** A load of a part becomes one of the whole, shifted and masked. */
function narrow(ops: BpfVerifierOps, { insn, type, size }: Access, prog: BpfProg): BpfInsn[] {
  const whole = { ...insn, code: insn.code & ~0x18, off: insn.off & ~3 };
  const { insns, targetSize } = ops.convertCtxAccess!(type, whole, prog);
  if (size >= targetSize) return insns;
  const shift = (insn.off & 3) * 8;
  return [
    ...insns,
    ...(shift === 0 ? [] : [I.alu32Imm(C.BPF_RSH, insn.dst, shift)]),
    I.alu32Imm(C.BPF_AND, insn.dst, size === 1 ? 0xff : 0xffff),
  ];
}

const isOldLoad = ({ code }: BpfInsn): boolean =>
  (code & 0x07) === C.BPF_LD && ((code & 0xe0) === C.BPF_ABS || (code & 0xe0) === C.BPF_IND);

function isJump({ code }: BpfInsn): boolean {
  const kind = code & 0x07;
  return (kind === C.BPF_JMP || kind === 0x06) && code !== CALL && code !== EXIT;
}

/** The instructions to run, of a program as it was submitted. */
export function rewrite(prog: BpfProg, hex: string): Uint8Array {
  const ops = verifierOpsOf(prog.type)!;
  const submitted = decode(hex);
  const second = (i: number): boolean => submitted[i - 1]?.code === LD_IMM64;
  const accesses = submitted.map((insn, i) => (second(i) ? undefined : accessOf(ops, insn, prog)));
  const blocks = submitted.map((insn, i): BpfInsn[] => {
    const access = accesses[i];
    if (access !== undefined)
      return access.field > access.size
        ? narrow(ops, access, prog)
        : ops.convertCtxAccess!(access.type, insn, prog).insns;
    return isOldLoad(insn) && !second(i) ? ops.genLdAbs!(insn) : [insn];
  });
  const starts = [0];
  for (const block of blocks) starts.push(starts.at(-1)! + block.length);
  const moved = (insn: BpfInsn, i: number): BpfInsn =>
    insn === submitted[i] && isJump(insn) && !second(i)
      ? { ...insn, off: starts[i + 1 + insn.off]! - starts[i + 1]! }
      : insn;
  return encode(blocks.flatMap((block, i) => block.map((insn) => moved(insn, i))));
}
