// kernel/bpf/verifier.c: comparisons of packet pointers with the end of the packet (or of metadata with its start): they
// tell how many bytes behind a pointer are there.
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfOp, bpfSrc } from '../../../../vm/isa.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { AT_PKT_END, BEYOND_PKT_END, type RegState } from './reg_state.js';
import type { VerifierState } from './state.js';
import { Word } from './word.js';

const MAX_PACKET_OFF = 0xffff;

/** @models kernel/bpf/verifier.c reg_is_pkt_pointer_any() */
export const isPktPointerAny = ({ type }: RegState): boolean =>
  type === T.PTR_TO_PACKET || type === T.PTR_TO_PACKET_META || type === T.PTR_TO_PACKET_END;

/** The start of the packet as the context gave it. */
const isInitPacket = (reg: RegState): boolean =>
  reg.type === T.PTR_TO_PACKET && reg.id === 0 && reg.off === 0 && reg.varOff.equalsConst(Word.ZERO);

/** @models kernel/bpf/verifier.c find_good_pkt_pointers() */
function findGood(state: VerifierState, pointer: RegState, rightOpen: boolean): void {
  const { off, type, id, umax } = pointer;
  if (off < 0 || (off === 0 && rightOpen)) return;
  const max = umax.toUnsigned();
  if (max > MAX_PACKET_OFF || max + off > MAX_PACKET_OFF) return;
  const range = rightOpen ? off + 1 : off;
  state.forEachReg((reg) => {
    if (reg.type === type && reg.id === id) reg.range = Math.max(reg.range, range);
  });
}

/** @models kernel/bpf/verifier.c mark_pkt_end() */
function markEnd(state: VerifierState, regno: number, open: boolean): void {
  const reg = state.cur.regs[regno]!;
  if (reg.type === T.PTR_TO_PACKET) reg.range = open ? BEYOND_PKT_END : AT_PKT_END;
}

/** Whether `pointer` is compared with where what it points into ends. */
const isAgainstEnd = (pointer: RegState, end: RegState): boolean =>
  (pointer.type === T.PTR_TO_PACKET && end.type === T.PTR_TO_PACKET_END) ||
  (pointer.type === T.PTR_TO_PACKET_META && isInitPacket(end));

/** `pointer op end`: the state in which the pointer is within, and whether the end itself is not. */
function learn(op: number, pointer: RegState, regno: number, taken: VerifierState, other: VerifierState): boolean {
  switch (op) {
    case C.BPF_JGT:
      findGood(other, pointer, false);
      markEnd(taken, regno, true);
      return true;
    case I.BPF_JLT:
      findGood(taken, pointer, true);
      markEnd(other, regno, false);
      return true;
    case C.BPF_JGE:
      findGood(other, pointer, true);
      markEnd(taken, regno, false);
      return true;
    case I.BPF_JLE:
      findGood(taken, pointer, false);
      markEnd(other, regno, true);
      return true;
    default:
      return false;
  }
}

const flipped = new Map([
  [C.BPF_JGT, I.BPF_JLT],
  [I.BPF_JLT, C.BPF_JGT],
  [C.BPF_JGE, I.BPF_JLE],
  [I.BPF_JLE, C.BPF_JGE],
]);

/** Whether something was learned. @models kernel/bpf/verifier.c try_match_pkt_pointers() */
export function tryMatchPktPointers(
  insn: BpfInsn,
  dst: RegState,
  src: RegState,
  fallthrough: VerifierState,
  taken: VerifierState,
): boolean {
  if (bpfSrc(insn.code) !== C.BPF_X || bpfClass(insn.code) === I.BPF_JMP32) return false;
  const op = bpfOp(insn.code);
  if (isAgainstEnd(dst, src)) return learn(op, dst, insn.dst, taken, fallthrough);
  const flip = flipped.get(op);
  return flip !== undefined && isAgainstEnd(src, dst) && learn(flip, src, insn.src, taken, fallthrough);
}
