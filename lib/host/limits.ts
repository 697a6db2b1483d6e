// Resource limits and the file mode mask, which posix_spawn(3) cannot set: read from the caller of `tcbox exec`, given
// to the program it started. The mask is that of the whole process and set around the start; limits are set on the new
// process as soon as its number is known; on a busy machine a program that starts fast may look before that.
import { readFileSync } from 'node:fs';
import { BASE, WORDS, prlimit, view } from './libc.js';
import type { Limit } from '../record/control.js';

/** RLIMIT_* in the order of their numbers, as /proc names them; the same on x86-64 and arm64. */
const names = [
  'Max cpu time',
  'Max file size',
  'Max data size',
  'Max stack size',
  'Max core file size',
  'Max resident set',
  'Max processes',
  'Max open files',
  'Max locked memory',
  'Max address space',
  'Max file locks',
  'Max pending signals',
  'Max msgqueue size',
  'Max nice priority',
  'Max realtime priority',
  'Max realtime timeout',
] as const;
const RLIMIT_NOFILE = 7;
const RLIM_INFINITY = 2n ** 64n - 1n;

/** The limits of a process. */
export function limitsOf(pid: number | 'self'): Limit[] {
  const text = readFileSync(`/proc/${pid}/limits`, 'latin1');
  return names.flatMap((name, resource) => {
    const match = new RegExp(`^${name} +(\\w+) +(\\w+)`, 'm').exec(text);
    if (match === null) return [];
    const [soft, hard] = [match[1]!, match[2]!].map((v) => (v === 'unlimited' ? Infinity : Number(v)));
    return [{ resource, soft: soft!, hard: hard! }];
  });
}

/** The limits this process was started with. Node.js raises its open files at once: the parent's tell what they were. */
export function inheritedLimits(): Limit[] {
  const own = limitsOf('self');
  const files = own[RLIMIT_NOFILE];
  if (files === undefined || files.soft !== files.hard) return own;
  try {
    const soft = Math.min(files.hard, limitsOf(process.ppid)[RLIMIT_NOFILE]!.soft);
    return own.map((limit) => (limit === files ? { ...limit, soft } : limit));
  } catch {
    return own;
  }
}

/** The file mode mask this process was started with; asking the C library would change it for a moment. */
export function inheritedUmask(): number {
  return Number.parseInt(/^Umask:\t(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '022', 8);
}

const raw = (value: number): bigint => (value === Infinity ? RLIM_INFINITY : BigInt(Math.trunc(value)));

/** Gives a process those of the limits that differ from what it has, as far as this process may. */
export function setLimits(pid: number, wanted: readonly Limit[], has: readonly Limit[]): void {
  for (const { resource, soft, hard } of wanted) {
    const now = has.find((limit) => limit.resource === resource);
    if (now === undefined || (now.soft === soft && now.hard === hard)) continue;
    if (setLimit(pid, resource, soft, hard)) continue;
    setLimit(pid, resource, Math.min(soft, now.hard), Math.min(hard, now.hard));
  }
}

function setLimit(pid: number, resource: number, soft: number, hard: number): boolean {
  view.setBigUint64(WORDS, raw(soft), true);
  view.setBigUint64(WORDS + 8, raw(hard), true);
  return prlimit(pid, resource, BASE + WORDS, 0) === 0;
}
