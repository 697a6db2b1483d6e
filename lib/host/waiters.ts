// Calls that block: receives on an empty socket. A waiter holds no fd, so that the last close is still seen; it is
// dropped when its thread exits or makes another call, which means that a signal ended this one.
import type { Placeholder, Unreceived } from './placeholder.js';
import type { Pending } from './signals.js';
import { LATER } from './verdict.js';

export interface Waiter {
  readonly idLow: number;
  readonly idHigh: number;
  readonly tid: number;
  readonly tgid: number;
  readonly placeholder: Placeholder;
  readonly identity: Uint32Array;
  /** On the host's clock, ns; Infinity = none. */
  readonly deadline: number;
  /** What the call has received so far (recvmmsg). */
  readonly kept: readonly Unreceived[];
  /** Tries once more with a copy of the client's end, or -1; LATER when it still blocks. */
  attempt(copy: number): number;
  /** The answer when the deadline passes. */
  onTimeout(): number;
  /** The answer when a signal is about to be taken. */
  onSignal(): number;
}

interface Entry {
  readonly waiter: Waiter;
  readonly since: number;
  /** When to look for a signal next. */
  look: number;
  /** How often one has been seen that another thread may take. */
  seen: number;
}

/** Bounds of the time between two looks for a signal: a quarter of the time waited, in ns. */
const LOOK_MIN = 1e6;
const LOOK_MAX = 20e6;

export class Waiters {
  readonly #byThread = new Map<number, Entry>();
  readonly #now: () => number;
  /** Whether signals have to be looked for. */
  readonly #watched: boolean;
  nextDeadline = Infinity;

  constructor(now: () => number, watched: boolean) {
    this.#now = now;
    this.#watched = watched;
  }

  get size(): number {
    return this.#byThread.size;
  }

  add(waiter: Waiter): number {
    const since = this.#now();
    this.#byThread.set(waiter.tid, { waiter, since, look: this.#watched ? since + LOOK_MIN : Infinity, seen: 0 });
    this.#plan();
    return LATER;
  }

  on(placeholder: Placeholder): boolean {
    if (this.#byThread.size === 0) return false;
    for (const { waiter } of this.#byThread.values()) if (waiter.placeholder === placeholder) return true;
    return false;
  }

  of(placeholder: Placeholder): Waiter[] {
    return this.#select(({ waiter }) => waiter.placeholder === placeholder);
  }

  due(now: number): Waiter[] {
    return this.#select(({ waiter }) => waiter.deadline <= now);
  }

  /** The waiters a signal has come for, of those it is time to look at. A shared signal counts when it stays. */
  signalled(now: number, pending: (waiter: Waiter) => Pending): Waiter[] {
    const found = this.#select((entry) => {
      if (entry.look > now) return false;
      entry.look = now + Math.min(LOOK_MAX, Math.max(LOOK_MIN, (now - entry.since) / 4));
      const seen = pending(entry.waiter);
      entry.seen = seen === 'shared' ? entry.seen + 1 : 0;
      return seen === 'own' || entry.seen > 1;
    });
    this.#plan();
    return found;
  }

  /** The blocked call of a thread, which blocks no longer. */
  take(tid: number): Waiter | undefined {
    if (this.#byThread.size === 0) return undefined;
    const entry = this.#byThread.get(tid);
    if (entry !== undefined) this.drop(tid);
    return entry?.waiter;
  }

  drop(tid: number): void {
    if (this.#byThread.delete(tid)) this.#plan();
  }

  dropAll(placeholder: Placeholder): void {
    for (const waiter of this.of(placeholder)) this.drop(waiter.tid);
  }

  #select(wanted: (entry: Entry) => boolean): Waiter[] {
    return [...this.#byThread.values()].filter(wanted).map(({ waiter }) => waiter);
  }

  #plan(): void {
    this.nextDeadline = Infinity;
    for (const { waiter, look } of this.#byThread.values()) {
      this.nextDeadline = Math.min(this.nextDeadline, waiter.deadline, look);
    }
  }
}
