// A wait between two tries at a file that is not ready and that nobody polls: a pipe that was made non-blocking.

const MILLISECONDS = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Lets a little time go by. */
export function pause(): void {
  Atomics.wait(sleeper, 0, 0, MILLISECONDS);
}
