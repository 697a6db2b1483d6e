// How many CPUs this machine can have: programs that read per-CPU values ask it themselves, and make their buffers by it.
import { readFileSync } from 'node:fs';

/** Number of possible CPUs; undefined when it cannot be read. The list looks like `0-3,8-11`. */
export function possibleCpus(): number | undefined {
  let list: string;
  try {
    list = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim();
  } catch {
    return undefined;
  }
  const ranges = list.split(',').map((range) => /^(\d+)(?:-(\d+))?$/.exec(range));
  if (ranges.some((range) => range === null)) return undefined;
  return ranges.reduce((sum, range) => sum + Number(range![2] ?? range![1]) - Number(range![1]) + 1, 0);
}
