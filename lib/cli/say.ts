// Lines for people, on standard error: written before the call returns, so that none is lost at exit.
import { writeSync } from 'node:fs';

/** Exit code when tcbox itself could not do it, as env(1) and docker have it. */
export const CANNOT_START = 125;

export function say(line: string): void {
  try {
    writeSync(2, `tcbox: ${line}\n`);
  } catch {
    // Nobody reads it.
  }
}
