// Files, pipes and terminals that `tcbox send` reads and writes, one call after the other: what is not ready is waited for, and
// what cannot be written ends the command with one line.
import { writeSync } from 'node:fs';

/** What is told cannot be written. Without a message: nobody reads it any more, which needs no words. */
export class OutputError extends Error {}

const asleep = new Int32Array(new SharedArrayBuffer(4));
/** How long a reader or writer that is not ready is waited for at a time, ms. */
const NAP_MS = 5;

/** A call on a file that may not block; tried until it can be made. */
export function patiently(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(asleep, 0, 0, NAP_MS);
    }
  }
}

/** Writes all of `bytes`. Throws an OutputError. */
export function writeAll(fd: number, bytes: Uint8Array, name: string): void {
  try {
    for (let at = 0; at < bytes.length;) at += patiently(() => writeSync(fd, bytes, at));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OutputError(code === 'EPIPE' ? '' : `${name}: ${message}`);
  }
}
