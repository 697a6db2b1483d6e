// Waiting on a box in specs. A pump ends early when clients keep the box busy or a signal comes, and how long something
// takes depends on the computer: whoever waits for something waits for it here, and not for a time.
import type { Box } from '../../lib/host/box.js';

/** Nothing takes this long, ms: whoever waits so long waits in vain. */
const LONG_MS = 60_000;

/** Serves the clients until something holds; throws when it never does. */
export function pumpUntil(box: Box, holds: () => boolean, what: string): void {
  const deadline = performance.now() + LONG_MS;
  while (box.pump(holds, Math.max(1, deadline - performance.now())) !== 'done')
    if (performance.now() >= deadline) throw new Error(`waited in vain: ${what}`);
}

/** Serves the clients for some time, whatever they do. */
export function pumpFor(box: Box, ms: number): void {
  const deadline = performance.now() + ms;
  for (let left = ms; left > 0; left = deadline - performance.now()) box.pump(() => false, left);
}
