// Files, pipes and terminals that commands read and write, one call after the other: what is not ready is waited for, and what
// `tcbox send` cannot write ends it with one line.
import { writeSync } from 'node:fs';

/** What is told cannot be written. Without a message: nobody reads it any more, which needs no words. */
export class OutputError extends Error {}

const asleep = new Int32Array(new SharedArrayBuffer(4));
/** How long a reader or writer that is not ready is waited for at a time, ms. */
const NAP_MS = 5;

/** What a call on a file failed with, such as ENOSPC. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** A call on a file that may not block; tried until it can be made. */
export function patiently(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(asleep, 0, 0, NAP_MS);
    }
  }
}

/** Writes all of `bytes`. Throws what write(2) failed with. */
export function putAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += patiently(() => writeSync(fd, bytes, at));
}

/** Writes all of `bytes`. Throws an OutputError. */
export function writeAll(fd: number, bytes: Uint8Array, name: string): void {
  try {
    putAll(fd, bytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OutputError(code === 'EPIPE' ? '' : `${name}: ${message}`);
  }
}
