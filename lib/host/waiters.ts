// Calls that block: receives on an empty socket. A waiter holds no fd, so that the last close is still seen; it is
// dropped when its thread exits or makes another call, which means that a signal ended this one.
import type { Placeholder, Unreceived } from './placeholder.js';
import { LATER } from './verdict.js';

export interface Waiter {
  readonly idLow: number;
  readonly idHigh: number;
  readonly tid: number;
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
}

export class Waiters {
  readonly #byThread = new Map<number, Waiter>();
  nextDeadline = Infinity;

  get size(): number {
    return this.#byThread.size;
  }

  add(waiter: Waiter): number {
    this.#byThread.set(waiter.tid, waiter);
    this.nextDeadline = Math.min(this.nextDeadline, waiter.deadline);
    return LATER;
  }

  on(placeholder: Placeholder): boolean {
    if (this.#byThread.size === 0) return false;
    for (const waiter of this.#byThread.values()) if (waiter.placeholder === placeholder) return true;
    return false;
  }

  of(placeholder: Placeholder): Waiter[] {
    return [...this.#byThread.values()].filter((waiter) => waiter.placeholder === placeholder);
  }

  due(now: number): Waiter[] {
    return [...this.#byThread.values()].filter((waiter) => waiter.deadline <= now);
  }

  /** The blocked call of a thread, which blocks no longer. */
  take(tid: number): Waiter | undefined {
    if (this.#byThread.size === 0) return undefined;
    const waiter = this.#byThread.get(tid);
    if (waiter !== undefined) this.drop(tid);
    return waiter;
  }

  drop(tid: number): void {
    const waiter = this.#byThread.get(tid);
    if (waiter === undefined) return;
    this.#byThread.delete(tid);
    if (waiter.deadline === Infinity) return;
    this.nextDeadline = Infinity;
    for (const { deadline } of this.#byThread.values()) this.nextDeadline = Math.min(this.nextDeadline, deadline);
  }

  dropAll(placeholder: Placeholder): void {
    for (const waiter of this.of(placeholder)) this.drop(waiter.tid);
  }
}
