// kernel/bpf/liveness.c: which slots of the stack may still be read from an instruction on. While the program is walked,
// reads and certain writes are noted for each chain of calls; whenever a path ends they are carried backwards, and out
// into the callers, until nothing changes. Comparing states forgets the slots that are dead.
import type { VerifierEnv } from './env.js';
import { stackMaskStr } from './print.js';
import type { VerifierState } from './state.js';
import { successors } from './successors.js';

/** Sets of slots as bits, low and high halves by turns: what may be read, is written, is written from here on, is live. */
const MAY_READ = 0;
const MUST_WRITE = 2;
const MUST_WRITE_ACC = 4;
const LIVE = 6;
const WORDS = 8;

/** struct func_instance: a function as called through one chain of calls. */
class FuncInstance {
  readonly callsites: readonly number[];
  readonly starts: readonly number[];
  readonly count: number;
  updated = false;
  mustWriteDropped = false;
  /** By frame; WORDS for each instruction. */
  readonly frames: (Int32Array | undefined)[] = [];
  readonly mustWriteSet: Uint8Array;

  constructor(callsites: readonly number[], starts: readonly number[], count: number) {
    this.callsites = callsites;
    this.starts = starts;
    this.count = count;
    this.mustWriteSet = new Uint8Array(count);
  }

  get curframe(): number {
    return this.callsites.length - 1;
  }

  get start(): number {
    return this.starts[this.starts.length - 1]!;
  }

  masks(frame: number): Int32Array {
    return (this.frames[frame] ??= new Int32Array(this.count * WORDS));
  }

  at(insn: number): number {
    return (insn - this.start) * WORDS;
  }
}

export class StackLiveness {
  readonly #env: VerifierEnv;
  readonly #instances = new Map<string, FuncInstance>();
  #cur: FuncInstance | undefined;
  readonly #writesLow = new Int32Array(8);
  readonly #writesHigh = new Int32Array(8);
  #writeInsn = 0;
  #query: readonly FuncInstance[] = [];
  #queryInsn = 0;

  constructor(env: VerifierEnv) {
    this.#env = env;
  }

  /** The function of the current state is another one. @models kernel/bpf/liveness.c bpf_reset_live_stack_callchain() */
  resetCallchain(): void {
    this.#cur = undefined;
  }

  /** @models kernel/bpf/liveness.c bpf_mark_stack_read() */
  markRead(frame: number, insn: number, slot: number): void {
    const [low, high] = bits(slot);
    this.#markRead(this.#current(), frame, insn, low, high);
  }

  /** @models kernel/bpf/liveness.c bpf_reset_stack_write_marks() */
  resetWrites(insn: number): void {
    this.#current();
    this.#writeInsn = insn;
    this.#writesLow.fill(0);
    this.#writesHigh.fill(0);
  }

  /** @models kernel/bpf/liveness.c bpf_mark_stack_write() */
  markWrite(frame: number, slot: number): void {
    const [low, high] = bits(slot);
    this.#writesLow[frame]! |= low;
    this.#writesHigh[frame]! |= high;
  }

  /** @models kernel/bpf/liveness.c bpf_commit_stack_write_marks() */
  commitWrites(): void {
    if (this.#cur !== undefined) this.#commit(this.#cur);
  }

  /** Carries everything backwards along the current chain of calls. @models kernel/bpf/liveness.c bpf_update_live_stack() */
  update(): void {
    this.#cur = undefined;
    const state = this.#env.curState;
    for (let frame = state.curframe; frame >= 0; frame--) {
      const instance = this.#lookup(state, frame);
      if (!instance.updated) continue;
      this.#updateInstance(instance);
      instance.updated = false;
      instance.mustWriteDropped = false;
    }
  }

  /** Asks about a state from now on. @models kernel/bpf/liveness.c bpf_live_stack_query_init() */
  query(state: VerifierState): void {
    this.#query = state.frame.map((_, frame) => this.#lookup(state, frame));
    this.#queryInsn = state.insnIdx;
  }

  /** Whether a slot may be read. @models kernel/bpf/liveness.c bpf_stack_slot_alive() */
  isAlive(frame: number, slot: number): boolean {
    const query = this.#query;
    const inner = query[query.length - 1]!;
    if (isLiveBefore(inner, this.#queryInsn, frame, slot)) return true;
    for (let i = frame; i < query.length - 1; i++) {
      const callsite = inner.callsites[i]!;
      const at = this.#env.aux[callsite]!.callsCallback ? callsite : callsite + 1;
      if (isLiveBefore(query[i]!, at, frame, slot)) return true;
    }
    return false;
  }

  #current(): FuncInstance {
    return (this.#cur ??= this.#lookup(this.#env.curState, this.#env.curState.curframe));
  }

  #lookup(state: VerifierState, frameno: number): FuncInstance {
    const { subprogs } = this.#env;
    const starts: number[] = [];
    const callsites: number[] = [];
    for (let i = 0; i <= frameno; i++) {
      starts.push(subprogs[state.frame[i]!.subprogno]!.start);
      if (i < frameno) callsites.push(state.frame[i + 1]!.callsite);
    }
    callsites.push(starts[frameno]!);
    return this.#instance(callsites, starts);
  }

  #instance(callsites: readonly number[], starts: readonly number[]): FuncInstance {
    const key = callsites.join(',');
    let instance = this.#instances.get(key);
    if (instance === undefined) {
      const { subprogs } = this.#env;
      const start = starts[starts.length - 1]!;
      const subprog = this.#env.findSubprog(start);
      instance = new FuncInstance(callsites, starts, subprogs[subprog + 1]!.start - start);
      this.#instances.set(key, instance);
    }
    return instance;
  }

  #markRead(instance: FuncInstance, frame: number, insn: number, low: number, high: number): void {
    const masks = instance.masks(frame);
    const at = instance.at(insn);
    const newLow = masks[at + MAY_READ]! | low;
    const newHigh = masks[at + MAY_READ + 1]! | high;
    const isNew = newLow !== masks[at + MAY_READ] || newHigh !== masks[at + MAY_READ + 1];
    if (isNew && ((newLow & ~masks[at + LIVE]!) | (newHigh & ~masks[at + LIVE + 1]!)) !== 0) instance.updated = true;
    masks[at + MAY_READ] = newLow;
    masks[at + MAY_READ + 1] = newHigh;
  }

  #commit(instance: FuncInstance): void {
    const index = this.#writeInsn - instance.start;
    const set = instance.mustWriteSet[index] !== 0;
    for (let frame = 0; frame <= instance.curframe; frame++) {
      let low = this.#writesLow[frame]!;
      let high = this.#writesHigh[frame]!;
      if ((low | high) === 0 && !set) continue;
      if (instance.frames[frame] === undefined && (low | high) === 0) continue;
      const masks = instance.masks(frame);
      const at = index * WORDS + MUST_WRITE;
      if (set) {
        low &= masks[at]!;
        high &= masks[at + 1]!;
      }
      if (masks[at] === low && masks[at + 1] === high) continue;
      if (((masks[at]! & ~low) | (masks[at + 1]! & ~high)) !== 0) instance.mustWriteDropped = true;
      masks[at] = low;
      masks[at + 1] = high;
      instance.updated = true;
    }
    instance.mustWriteSet[index] = 1;
    this.#writeInsn = 0;
  }

  #updateInstance(instance: FuncInstance): void {
    const { curframe } = instance;
    if (instance.mustWriteDropped)
      for (const masks of instance.frames) {
        if (masks === undefined) continue;
        for (let at = MUST_WRITE_ACC; at < masks.length; at += WORDS) masks[at] = masks[at + 1] = 0;
      }
    const subprog = this.#env.findSubprog(instance.start);
    const from = this.#env.subprogs[subprog]!.postorderStart;
    const to = this.#env.subprogs[subprog + 1]!.postorderStart;
    let rounds = 0;
    let changed = true;
    while (changed) {
      rounds++;
      changed = false;
      for (let frame = 0; frame <= curframe; frame++) {
        const masks = instance.frames[frame];
        if (masks === undefined) continue;
        for (let i = from; i < to; i++)
          if (this.#updateInsn(instance, masks, frame, this.#env.postorder[i]!)) changed = true;
      }
    }
    if (this.#env.tracingAll)
      this.#env.verbose(`(${instance.callsites.join(',')}) live stack update done in ${rounds} iterations\n`);
    if (curframe > 0) this.#propagate(instance);
  }

  #updateInsn(instance: FuncInstance, masks: Int32Array, frame: number, insn: number): boolean {
    const next = successors(this.#env.insns, insn);
    if (next.length === 0) return false;
    const at = instance.at(insn);
    let afterLow = 0;
    let afterHigh = 0;
    let accLow = -1;
    let accHigh = -1;
    for (const successor of next) {
      const to = instance.at(successor);
      afterLow |= masks[to + LIVE]!;
      afterHigh |= masks[to + LIVE + 1]!;
      accLow &= masks[to + MUST_WRITE_ACC]!;
      accHigh &= masks[to + MUST_WRITE_ACC + 1]!;
    }
    accLow |= masks[at + MUST_WRITE]!;
    accHigh |= masks[at + MUST_WRITE + 1]!;
    const low = (afterLow & ~masks[at + MUST_WRITE]!) | masks[at + MAY_READ]!;
    const high = (afterHigh & ~masks[at + MUST_WRITE + 1]!) | masks[at + MAY_READ + 1]!;
    const changed =
      low !== masks[at + LIVE] ||
      high !== masks[at + LIVE + 1] ||
      accLow !== masks[at + MUST_WRITE_ACC] ||
      accHigh !== masks[at + MUST_WRITE_ACC + 1];
    if (this.#env.tracingAll) this.#log(instance, masks, frame, insn, [low, high, accLow, accHigh]);
    masks[at + LIVE] = low;
    masks[at + LIVE + 1] = high;
    masks[at + MUST_WRITE_ACC] = accLow;
    masks[at + MUST_WRITE_ACC + 1] = accHigh;
    return changed;
  }

  /** What a function reads and surely writes of its callers' stacks is read and written by the call. */
  #propagate(instance: FuncInstance): void {
    const { callsites, starts, curframe } = instance;
    const outerStarts = starts.slice(0, -1);
    const outer = this.#instance([...callsites.slice(0, -2), outerStarts[curframe - 1]!], outerStarts);
    const callsite = callsites[curframe - 1]!;
    this.#writeInsn = callsite;
    this.#writesLow.fill(0);
    this.#writesHigh.fill(0);
    for (let frame = 0; frame < curframe; frame++) {
      const masks = instance.frames[frame];
      if (masks === undefined) continue;
      this.#writesLow[frame]! |= masks[MUST_WRITE_ACC]!;
      this.#writesHigh[frame]! |= masks[MUST_WRITE_ACC + 1]!;
      this.#markRead(outer, frame, callsite, masks[LIVE]!, masks[LIVE + 1]!);
    }
    this.#commit(outer);
  }

  #log(instance: FuncInstance, masks: Int32Array, frame: number, insn: number, now: readonly number[]): void {
    const at = instance.at(insn);
    const shown =
      (masks[at + MAY_READ]! | masks[at + MAY_READ + 1]! | masks[at + MUST_WRITE]! | masks[at + MUST_WRITE + 1]!) !==
        0 ||
      insn === instance.start ||
      this.#env.aux[insn]!.prunePoint;
    if (!shown) return;
    const prefix = `(${instance.callsites.join(',')}) frame ${frame} insn ${insn} `;
    this.#logChange(prefix, 'live', [masks[at + LIVE]!, masks[at + LIVE + 1]!], now.slice(0, 2));
    this.#logChange(prefix, 'written', [masks[at + MUST_WRITE_ACC]!, masks[at + MUST_WRITE_ACC + 1]!], now.slice(2));
  }

  #logChange(prefix: string, name: string, [oldLow = 0, oldHigh = 0]: readonly number[], now: readonly number[]): void {
    const [low = 0, high = 0] = now;
    if (oldLow === low && oldHigh === high) return;
    const ones = stackMaskStr(low & ~oldLow, high & ~oldHigh);
    const zeros = stackMaskStr(oldLow & ~low, oldHigh & ~high);
    this.#env.verbose(`${prefix}${ones === '' ? '' : `+${name} ${ones} `}${zeros === '' ? '' : `-${name} ${zeros}`}\n`);
  }
}

/** The bit of a slot as halves. */
const bits = (slot: number): readonly [low: number, high: number] =>
  slot < 32 ? [1 << slot, 0] : [0, 1 << (slot - 32)];

function isLiveBefore(instance: FuncInstance, insn: number, frame: number, slot: number): boolean {
  const masks = instance.frames[frame];
  if (masks === undefined) return false;
  const [low, high] = bits(slot);
  const at = instance.at(insn) + LIVE;
  return ((masks[at]! & low) | (masks[at + 1]! & high)) !== 0;
}
