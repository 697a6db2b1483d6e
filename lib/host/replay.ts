// Answers that reached nobody. A signal that lands while a call is being handled makes the kernel drop the
// notification; the call was done, and comes again, unchanged, when the signal handler is restartable or the program
// retries on EINTR. The second time it is answered from here instead of being done twice.
import type { Notification } from './listener.js';

interface Entry {
  readonly identity: Uint32Array;
  readonly content: Uint8Array | undefined;
  readonly result: number;
  /** Other calls of the same thread that may still come before the repeat: those of a signal handler. */
  patience: number;
}

const PATIENCE = 8;

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => b[i] === byte);
}

export class Replay {
  readonly #byThread = new Map<number, Entry>();

  get size(): number {
    return this.#byThread.size;
  }

  /** Remembers the result of the call at hand; `content` is what it sent, which a repeat must send again. */
  keep(call: Notification, result: number, content: Uint8Array | undefined): void {
    this.#byThread.set(call.tid, { identity: call.identity(), content, result, patience: PATIENCE });
  }

  /** Whether the thread has an undelivered answer; asked for each call before anything else. */
  has(tid: number): boolean {
    return this.#byThread.size !== 0 && this.#byThread.has(tid);
  }

  /** The result of the call at hand when it is the repeat of an undelivered one; it is then forgotten. */
  take(call: Notification, content: Uint8Array | undefined): number | undefined {
    const entry = this.#byThread.get(call.tid);
    if (entry === undefined || !call.equals(entry.identity) || !same(entry.content, content)) return undefined;
    this.#byThread.delete(call.tid);
    return entry.result;
  }

  /** Counts a call that was no repeat. Without content to compare, only the very next call can be one. */
  passed(tid: number): void {
    const entry = this.#byThread.get(tid);
    if (entry !== undefined && (entry.content === undefined || --entry.patience === 0)) this.#byThread.delete(tid);
  }

  forget(tid: number): void {
    this.#byThread.delete(tid);
  }
}
