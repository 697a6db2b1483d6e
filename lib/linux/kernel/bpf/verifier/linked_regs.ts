// kernel/bpf/verifier.c: scalars that are copies of one another, or copies plus a constant: what a comparison teaches about
// one holds for all.
import { SCALAR_VALUE } from '../type_flags.js';
import { regBoundsSync, zext32To64 } from './bounds.js';
import type { VerifierEnv } from './env.js';
import { BPF_ADD_CONST, BPF_ADD_CONST32, RegState } from './reg_state.js';
import { scalarAdd } from './scalar.js';
import { clearScalarId } from './stack.js';
import type { LinkedReg, VerifierState } from './state.js';
import { Word } from './word.js';

const LINKED_REGS_MAX = 6;

const baseId = ({ id }: RegState): number => id & ~BPF_ADD_CONST;

function collect(reg: RegState, id: number, entry: LinkedReg, linked: LinkedReg[]): void {
  if (reg.type !== SCALAR_VALUE || baseId(reg) !== id) return;
  if (linked.length < LINKED_REGS_MAX) linked.push(entry);
  else clearScalarId(reg);
}

/** All scalars of an id; what is too many loses it. @models kernel/bpf/verifier.c collect_linked_regs() */
export function collectLinkedRegs(env: VerifierEnv, state: VerifierState, id: number, linked: LinkedReg[]): void {
  const base = id & ~BPF_ADD_CONST;
  for (let frameno = state.curframe; frameno >= 0; frameno--) {
    const frame = state.frame[frameno]!;
    const live = env.aux[state.insnOf(frameno)]!.liveRegsBefore;
    for (let i = 0; i < 10; i++)
      if ((live & (1 << i)) !== 0) collect(frame.regs[i]!, base, { frameno, index: i, isReg: true }, linked);
    for (const [i, slot] of frame.stack.entries())
      if (slot.isSpilled) collect(slot.reg, base, { frameno, index: i, isReg: false }, linked);
  }
}

/** reg = known + the difference of their constants */
function shiftFrom(reg: RegState, known: RegState): void {
  const { subregDef, off, id } = reg;
  const delta = new RegState();
  delta.type = SCALAR_VALUE;
  delta.markKnown(Word.from(off - known.off));
  reg.copy(known);
  reg.off = off;
  reg.id = id;
  reg.subregDef = subregDef;
  scalarAdd(reg, delta);
  if ((known.id & BPF_ADD_CONST32) !== 0) zext32To64(reg);
  regBoundsSync(reg);
}

/** @models kernel/bpf/verifier.c sync_linked_regs() */
export function syncLinkedRegs(state: VerifierState, known: RegState, linked: readonly LinkedReg[]): void {
  for (const { frameno, index, isReg } of linked) {
    const frame = state.frame[frameno]!;
    const reg = isReg ? frame.regs[index]! : frame.stack[index]!.reg;
    if (reg.type !== SCALAR_VALUE || reg === known || baseId(reg) !== baseId(known)) continue;
    const plain = (reg.id & BPF_ADD_CONST) === 0 && (known.id & BPF_ADD_CONST) === 0;
    if (plain || reg.off === known.off) {
      const { subregDef } = reg;
      reg.copy(known);
      reg.subregDef = subregDef;
    } else shiftFrom(reg, known);
  }
}
