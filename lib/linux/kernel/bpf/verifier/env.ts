// include/linux/bpf_verifier.h struct bpf_verifier_env: everything that belongs to the check of one program. Made by
// bpfCheck(), handed to every function of the verifier, thrown away when the verdict is there.
import { CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN } from '../../../../uapi/linux/capability.js';

import { decodeInsns, Insns } from '../../../../vm/insn.js';
import { EFAULT } from '../../../../uapi/asm-generic/errno.js';
import type { Errno } from '../../../errno.js';
import { errno } from '../../../errno.js';
import type { Task } from '../../task.js';
import type { BpfFuncProto } from '../func_proto.js';
import { BPF_LOG_LEVEL, BPF_LOG_LEVEL2, type VerifierLog } from '../log.js';
import type { BpfMap } from '../map.js';
import type { BpfProg } from '../prog.js';
import { NOT_INIT } from '../type_flags.js';
import type { BpfInsn, BpfVerifierOps } from '../verifier_ops.js';
import type { ProgTypes } from './btf_info.js';
import { Lines } from './lines.js';
import type { StackLiveness } from './liveness.js';
import type { MapView } from './map_view.js';
import type { RegState } from './reg_state.js';
import type { HistoryEntry, VerifierState } from './state.js';
import type { SccTable } from './scc.js';

/** struct bpf_insn_aux_data: what was found out about one instruction. */
export class InsnAux {
  /** Type of the pointer it uses. */
  ptrType = NOT_INIT;
  /** Map of a 64-bit load, and the offset in its value. */
  map: BpfMap | undefined = undefined;
  mapOff = 0;
  /** Map of a helper call; poisoned when paths differ. */
  mapPtr: MapView | undefined = undefined;
  mapPoisoned = false;
  mapUnpriv = false;
  /** Constant index of a tail call. */
  mapKey = 0;
  mapKeySeen = false;
  mapKeyPoisoned = false;
  ctxFieldSize = 0;
  /** BPF_ALU_* and limit of a masked pointer operation. */
  aluState = 0;
  aluLimit = 0;
  seen = false;
  /** A barrier against speculation goes in front, or behind. */
  nospec = false;
  nospecResult = false;
  zextDst = false;
  prunePoint = false;
  jmpPoint = false;
  /** A jump leads here. */
  jumpTarget = false;
  forceCheckpoint = false;
  callsCallback = false;
  /** Member of a spill-call-fill pattern; on the call: how many pairs. */
  fastcallPattern = false;
  fastcallSpills = 0;
  /** Bit mask of registers that may be read from here on. */
  liveRegsBefore = 0;
  /** Number of the loop it is in; 0: none. */
  scc = 0;
  /** bpf_loop(): callback when it can be written out in place; -1 unknown, -2 cannot. */
  loopCallback = -1;
  readonly origIdx: number;

  constructor(origIdx: number) {
    this.origIdx = origIdx;
  }
}

/** struct bpf_subprog_info */
export class SubprogInfo {
  start: number;
  linfoIdx = 0;
  /** Bytes of stack, at most. */
  stackDepth = 0;
  stackExtra = 0;
  fastcallStackOff = 0;
  keepFastcallStack = false;
  hasTailCall = false;
  tailCallReachable = false;
  hasLdAbs = false;
  isCb = false;
  isAsyncCb = false;
  changesPktData = false;
  mightSleep = false;
  postorderStart = 0;

  constructor(start: number) {
    this.start = start;
  }
}

/** struct bpf_verifier_stack_elem: a branch that waits. */
export interface StackElem {
  readonly state: VerifierState;
  readonly insnIdx: number;
  readonly prevInsnIdx: number;
  readonly logPos: number;
}

export interface Privileges {
  /** CAP_BPF */
  readonly bpfCapable: boolean;
  /** CAP_PERFMON: addresses may leak, the stack may be uninitialised, no barriers. */
  readonly perfmon: boolean;
}

/** @models include/linux/bpf.h bpf_allow_ptr_leaks() */
export function privilegesOf(task: Task): Privileges {
  const admin = task.capable(CAP_SYS_ADMIN);
  return { bpfCapable: admin || task.capable(CAP_BPF), perfmon: admin || task.capable(CAP_PERFMON) };
}

export class VerifierEnv {
  readonly prog: BpfProg;
  readonly task: Task;
  readonly log: VerifierLog;
  readonly ops: BpfVerifierOps;
  insns: BpfInsn[];
  /** The same as bytes, for the log. */
  readonly code: Insns;
  aux: InsnAux[];
  /** With one more at the end, whose start is the length of the program. */
  subprogs: SubprogInfo[] = [];
  subprogCnt = 0;
  readonly bpfCapable: boolean;
  readonly allowPtrLeaks: boolean;
  readonly allowUninitStack: boolean;
  readonly bypassSpecV1: boolean;
  readonly bypassSpecV4: boolean;
  strictAlignment = false;
  testStateFreq = false;
  testRegInvariants = false;
  /** Type information, when it was given. */
  types: ProgTypes | undefined = undefined;

  curState!: VerifierState;
  insnIdx = 0;
  prevInsnIdx = -1;
  /** Branches that wait, the next one last. */
  readonly pending: StackElem[] = [];
  /** Kept states by (instruction ^ callsite). */
  explored: (VerifierState[] | undefined)[] = [];
  exploredSize = 0;
  freeListSize = 0;
  numBackedges = 0;
  curHistEnt: HistoryEntry | undefined = undefined;
  liveness!: StackLiveness;
  scc!: SccTable;
  /** Instructions in postorder, subprogram by subprogram. */
  postorder: number[] = [];
  idGen = 0;
  exploreAluLimits = false;
  seenDirectWrite = false;

  insnProcessed = 0;
  jmpsProcessed = 0;
  prevInsnProcessed = 0;
  prevJmpsProcessed = 0;
  totalStates = 0;
  maxStatesPerInsn = 0;
  peakStates = 0;

  /** Registers (bits) and stack slots that the next line of the log shows. */
  scratchedRegs = 0;
  scratchedSlotsLow = 0;
  scratchedSlotsHigh = 0;
  prevLogPos = 0;
  prevInsnPrintPos = 0;
  /** Lines of source by instruction. */
  readonly lines = new Lines();
  readonly #protos = new Map<number, BpfFuncProto | undefined>();

  constructor(prog: BpfProg, ops: BpfVerifierOps, task: Task, log: VerifierLog) {
    this.prog = prog;
    this.ops = ops;
    this.task = task;
    this.log = log;
    this.insns = decodeInsns(prog.insns);
    this.code = new Insns(prog.insns.slice());
    this.aux = this.insns.map((_, i) => new InsnAux(i));
    const { bpfCapable, perfmon } = privilegesOf(task);
    this.bpfCapable = bpfCapable;
    this.allowPtrLeaks = perfmon;
    this.allowUninitStack = perfmon;
    this.bypassSpecV1 = perfmon;
    this.bypassSpecV4 = perfmon;
  }

  /** bpf_token_capable() of scalars: all are precise for those who may not. */
  get precise(): boolean {
    return !this.bpfCapable;
  }

  /** Whether steps are shown. */
  get tracing(): boolean {
    return (this.log.level & BPF_LOG_LEVEL) !== 0;
  }

  get tracingAll(): boolean {
    return (this.log.level & BPF_LOG_LEVEL2) !== 0;
  }

  verbose(text: string): void {
    this.log.write(text);
  }

  /** Says why, and gives the refusal to throw. */
  refuse(number: number, text: string): Errno {
    this.log.write(`${text}\n`);
    return errno(number);
  }

  /** The refusal alone, where the text is already there. */
  refuseQuietly(number: number): Errno {
    return errno(number);
  }

  /** verifier_bug(): a state that no program should be able to bring about. */
  bug(text: string): Errno {
    return this.refuse(EFAULT, `verifier bug: ${text}`);
  }

  get regs(): RegState[] {
    return this.curState.cur.regs;
  }

  get curAux(): InsnAux {
    return this.aux[this.insnIdx]!;
  }

  /** The helper `id`, or undefined when the program has none of that number. */
  proto(id: number): BpfFuncProto | undefined {
    let proto = this.#protos.get(id);
    if (proto === undefined && !this.#protos.has(id)) {
      proto = this.ops.getFuncProto(id, this.prog, this.task);
      this.#protos.set(id, proto);
    }
    return proto;
  }

  markRegScratched(regno: number): void {
    this.scratchedRegs |= 1 << regno;
  }

  markSlotScratched(spi: number): void {
    if (spi < 32) this.scratchedSlotsLow |= 1 << spi;
    else this.scratchedSlotsHigh |= 1 << (spi - 32);
  }

  isSlotScratched(spi: number): boolean {
    return spi < 32 ? (this.scratchedSlotsLow & (1 << spi)) !== 0 : (this.scratchedSlotsHigh & (1 << (spi - 32))) !== 0;
  }

  get isScratched(): boolean {
    return (this.scratchedRegs | this.scratchedSlotsLow | this.scratchedSlotsHigh) !== 0;
  }

  markAllScratched(): void {
    this.scratchedRegs = this.scratchedSlotsLow = this.scratchedSlotsHigh = -1;
  }

  markClean(): void {
    this.scratchedRegs = this.scratchedSlotsLow = this.scratchedSlotsHigh = 0;
  }

  /** Number of the subprogram that starts at `start`, or -1. */
  findSubprog(start: number): number {
    for (let i = 0; i < this.subprogCnt; i++) if (this.subprogs[i]!.start === start) return i;
    return -1;
  }

  /** The subprogram that `insn` lies in. */
  containingSubprog(insn: number): SubprogInfo {
    let found = this.subprogs[0]!;
    for (let i = 1; i < this.subprogCnt && this.subprogs[i]!.start <= insn; i++) found = this.subprogs[i]!;
    return found;
  }
}
