// include/linux/bpf_verifier.h: the state of a program at one instruction: frames with registers and stack, references that
// are held, and how it got there. States are copied at branches and kept at checkpoints; a kept state is changed only by
// marks of precision and when what is dead in it is forgotten.
import type { MapView } from './map_view.js';
import { PTR_TO_STACK, SCALAR_VALUE } from '../type_flags.js';
import { DEF_NOT_SUBREG, RegState } from './reg_state.js';
import { Word } from './word.js';

export const BPF_REG_SIZE = 8;

/** enum bpf_stack_slot_type: what is known of one byte of the stack. */
export const STACK_INVALID = 0;
export const STACK_SPILL = 1;
export const STACK_MISC = 2;
export const STACK_ZERO = 3;
export const STACK_DYNPTR = 4;

/** A slot whose eight bytes are of one kind. */
export const ALL_SPILL = 0x11111111;
export const ALL_MISC = 0x22222222;

/** Callsite of the outermost frame. */
export const BPF_MAIN_FUNC = -1;

/** Eight bytes of the stack. */
export class StackSlot {
  /** Kinds of the bytes, four bits each; byte 0 is the one with the highest address. */
  types = 0;
  /** The register that was spilled, when the last byte says so. */
  readonly reg = new RegState();

  typeOf(byte: number): number {
    return (this.types >>> (byte * 4)) & 15;
  }

  setType(byte: number, type: number): void {
    const shift = byte * 4;
    this.types = (this.types & ~(15 << shift)) | (type << shift);
  }

  get isSpilled(): boolean {
    return this.types >>> 28 === STACK_SPILL;
  }

  get isSpilledScalar(): boolean {
    return this.isSpilled && this.reg.type === SCALAR_VALUE;
  }

  get isSpilledScalar64(): boolean {
    return (this.types & 15) === STACK_SPILL && this.reg.type === SCALAR_VALUE;
  }

  /** Whether a register or an object of the kernel lies there. */
  get isSpecial(): boolean {
    const type = this.types >>> 28;
    return type === STACK_SPILL || type >= STACK_DYNPTR;
  }

  /** scrub_spilled_slot() of every byte */
  scrub(): void {
    for (let byte = 0; byte < BPF_REG_SIZE; byte++)
      if (this.typeOf(byte) !== STACK_INVALID) this.setType(byte, STACK_MISC);
  }

  clone(): StackSlot {
    const made = new StackSlot();
    made.types = this.types;
    if (this.isSpecial) made.reg.copy(this.reg);
    return made;
  }
}

/** struct bpf_retval_range */
export interface RetvalRange {
  readonly min: number;
  readonly max: number;
}

/** struct bpf_func_state: one active function. */
export class FuncState {
  readonly regs: RegState[];
  /** Slots from the frame pointer down: slot 0 is fp-8. */
  readonly stack: StackSlot[];
  readonly callsite: number;
  readonly frameno: number;
  readonly subprogno: number;
  callbackDepth = 0;
  inCallbackFn = false;
  inAsyncCallbackFn = false;
  asyncEntryCnt = 0;
  callbackRetRange: RetvalRange = { min: 0, max: 0 };

  constructor(callsite: number, frameno: number, subprogno: number, regs: RegState[], stack: StackSlot[]) {
    this.callsite = callsite;
    this.frameno = frameno;
    this.subprogno = subprogno;
    this.regs = regs;
    this.stack = stack;
  }

  /** init_func_state(): no register has a value but the frame pointer. */
  static entered(callsite: number, frameno: number, subprogno: number, precise: boolean): FuncState {
    const regs = Array.from({ length: 11 }, () => {
      const reg = new RegState();
      reg.markNotInit(precise);
      reg.subregDef = DEF_NOT_SUBREG;
      return reg;
    });
    const fp = regs[10]!;
    fp.type = PTR_TO_STACK;
    fp.markKnown(Word.ZERO);
    fp.frameno = frameno;
    return new FuncState(callsite, frameno, subprogno, regs, []);
  }

  /** Bytes of the stack that are tracked. */
  get allocatedStack(): number {
    return this.stack.length * BPF_REG_SIZE;
  }

  clone(): FuncState {
    const made = new FuncState(
      this.callsite,
      this.frameno,
      this.subprogno,
      this.regs.map((reg) => reg.clone()),
      this.stack.map((slot) => slot.clone()),
    );
    made.callbackDepth = this.callbackDepth;
    made.inCallbackFn = this.inCallbackFn;
    made.inAsyncCallbackFn = this.inAsyncCallbackFn;
    made.asyncEntryCnt = this.asyncEntryCnt;
    made.callbackRetRange = this.callbackRetRange;
    return made;
  }
}

/** enum ref_state_type */
export const REF_TYPE_PTR = 2;
export const REF_TYPE_LOCK = 8;

/** struct bpf_reference_state: something of the kernel that must be given back. */
export interface RefState {
  readonly type: number;
  readonly id: number;
  readonly insnIdx: number;
  /** The map a lock lies in. */
  readonly ptr: MapView | undefined;
}

/** A register or spilled register: struct linked_reg. */
export interface LinkedReg {
  readonly frameno: number;
  /** Register or stack slot. */
  readonly index: number;
  readonly isReg: boolean;
}

/** Flags of a history entry: the instruction accessed a slot of the stack; which operand was a stack pointer. */
export const INSN_F_STACK_ACCESS = 1 << 9;
export const INSN_F_DST_REG_STACK = 1 << 10;
export const INSN_F_SRC_REG_STACK = 1 << 11;
const INSN_F_SPI_SHIFT = 3;

/** @models kernel/bpf/verifier.c insn_stack_access_flags() */
export const stackAccessFlags = (frameno: number, spi: number): number =>
  INSN_F_STACK_ACCESS | (spi << INSN_F_SPI_SHIFT) | frameno;
/** @models kernel/bpf/verifier.c insn_stack_access_spi() */
export const stackAccessSpi = (flags: number): number => (flags >> INSN_F_SPI_SHIFT) & 0x3f;
/** @models kernel/bpf/verifier.c insn_stack_access_frameno() */
export const stackAccessFrameno = (flags: number): number => flags & 7;

/** struct bpf_jmp_history_entry: never changed, replaced. */
export interface HistoryEntry {
  readonly idx: number;
  readonly prevIdx: number;
  readonly flags: number;
  readonly linkedRegs: readonly LinkedReg[] | undefined;
}

export class VerifierState {
  frame: FuncState[] = [];
  refs: readonly RefState[] = [];
  activeLocks = 0;
  activeLockId = 0;
  activeLockPtr: MapView | undefined = undefined;
  speculative = false;
  /** Paths from here that are not yet walked to their end. */
  branches = 0;
  parent: VerifierState | undefined = undefined;
  insnIdx = 0;
  firstInsnIdx = 0;
  lastInsnIdx = -1;
  history: HistoryEntry[] = [];
  dfsDepth = 0;
  callbackUnrollDepth = 0;
  mayGotoDepth = 0;
  /** The state this one was found equal to (back edges). */
  equalState: VerifierState | undefined = undefined;
  cleaned = false;
  /** As a kept state: how often it was equal, and not. */
  hitCnt = 0;
  missCnt = 0;
  inFreeList = false;

  get curframe(): number {
    return this.frame.length - 1;
  }

  get cur(): FuncState {
    return this.frame[this.frame.length - 1]!;
  }

  /** copy_verifier_state() */
  clone(): VerifierState {
    const made = new VerifierState();
    made.frame = this.frame.map((frame) => frame.clone());
    made.refs = this.refs;
    made.activeLocks = this.activeLocks;
    made.activeLockId = this.activeLockId;
    made.activeLockPtr = this.activeLockPtr;
    made.speculative = this.speculative;
    made.branches = this.branches;
    made.parent = this.parent;
    made.insnIdx = this.insnIdx;
    made.firstInsnIdx = this.firstInsnIdx;
    made.lastInsnIdx = this.lastInsnIdx;
    made.history = this.history.slice();
    made.dfsDepth = this.dfsDepth;
    made.callbackUnrollDepth = this.callbackUnrollDepth;
    made.mayGotoDepth = this.mayGotoDepth;
    made.equalState = this.equalState;
    made.cleaned = this.cleaned;
    return made;
  }

  /** bpf_for_each_reg_in_vstate(): registers and spilled registers of all frames. */
  forEachReg(visit: (reg: RegState) => void): void {
    for (const frame of this.frame) {
      for (const reg of frame.regs) visit(reg);
      for (const slot of frame.stack) if (slot.isSpilled) visit(slot.reg);
    }
  }

  /** frame_insn_idx(): where a frame is, or where it has called. */
  insnOf(frame: number): number {
    return frame === this.curframe ? this.insnIdx : this.frame[frame + 1]!.callsite;
  }

  sameCallsites(b: VerifierState): boolean {
    if (this.frame.length !== b.frame.length) return false;
    for (let i = this.frame.length - 1; i >= 0; i--) if (this.frame[i]!.callsite !== b.frame[i]!.callsite) return false;
    return true;
  }
}
