// Thousands of clients that come and go in one box: the memory of the box must not grow with them.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Box } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Machine } from '../../lib/linux/machine.js';

export interface Growth {
  readonly clients: number;
  /** Resident memory and live heap in MB, after each tenth of the clients. */
  readonly resident: readonly number[];
  readonly heap: readonly number[];
}

const AT_ONCE = 4;
const STEPS = 10;
const MB = 1 << 20;

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Runs a tenth of the clients, a few at a time. */
function runSome(box: Box, count: number): void {
  const loop = `for i in $(seq ${Math.ceil(count / AT_ONCE)}); do ip link show dev lo; done >/dev/null`;
  const shells = Array.from({ length: AT_ONCE }, () => box.spawn(['sh', '-c', loop]));
  while (box.pump(() => shells.every(({ waitStatus }) => waitStatus !== undefined)) !== 'done');
}

/** Runs `clients` times `ip link show`. */
export function shortLived(clients: number, progress: () => void): Growth {
  const collect = collector();
  const box = new Box(new Machine({ clock: hostClock }));
  const [resident, heap]: [number[], number[]] = [[], []];
  for (let step = 0; step < STEPS; step++) {
    runSome(box, clients / STEPS);
    collect();
    const { rss, heapUsed } = process.memoryUsage();
    resident.push(Math.round((10 * rss) / MB) / 10);
    heap.push(Math.round((10 * heapUsed) / MB) / 10);
    progress();
  }
  box.close();
  return { clients, resident, heap };
}
