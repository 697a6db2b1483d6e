// Resource limits and the file mode mask, which posix_spawn(3) cannot set: read from the caller of `tcbox exec`, given
// to the program it started. The mask is that of the whole process and set around the start. Limits that differ are set
// by prlimit(1), which then becomes the program: so it has them from its first instruction on. Where there is no
// prlimit(1) they are set on the new process as soon as its number is known, and a fast program may look before that.
import { existsSync, readFileSync } from 'node:fs';
import { BASE, WORDS, prlimit, view } from './libc.js';
import type { Limit } from '../record/control.js';

/** RLIMIT_* in the order of their numbers, as /proc and prlimit(1) name them; the same on x86-64 and arm64. */
const names = [
  ['Max cpu time', 'cpu'],
  ['Max file size', 'fsize'],
  ['Max data size', 'data'],
  ['Max stack size', 'stack'],
  ['Max core file size', 'core'],
  ['Max resident set', 'rss'],
  ['Max processes', 'nproc'],
  ['Max open files', 'nofile'],
  ['Max locked memory', 'memlock'],
  ['Max address space', 'as'],
  ['Max file locks', 'locks'],
  ['Max pending signals', 'sigpending'],
  ['Max msgqueue size', 'msgqueue'],
  ['Max nice priority', 'nice'],
  ['Max realtime priority', 'rtprio'],
  ['Max realtime timeout', 'rttime'],
] as const;
const PRLIMIT = ['/usr/bin/prlimit', '/bin/prlimit'];
const RLIMIT_NOFILE = 7;
const RLIM_INFINITY = 2n ** 64n - 1n;

const textOf = (pid: number | 'self'): string => readFileSync(`/proc/${pid}/limits`, 'latin1');

/** One limit in the text of a process; undefined when the kernel has none of that number. */
function limitIn(text: string, resource: number): Limit | undefined {
  const match = new RegExp(`^${names[resource]![0]} +(\\w+) +(\\w+)`, 'm').exec(text);
  if (match === null) return undefined;
  const [soft, hard] = [match[1]!, match[2]!].map((v) => (v === 'unlimited' ? Infinity : Number(v)));
  return { resource, soft: soft!, hard: hard! };
}

/** The limits of a process. */
export function limitsOf(pid: number | 'self'): Limit[] {
  const text = textOf(pid);
  return names.flatMap((_, resource) => limitIn(text, resource) ?? []);
}

/** The limits this process was started with. */
export function inheritedLimits(): Limit[] {
  const soft = inheritedFiles();
  const own = limitsOf('self');
  return soft === undefined ? own : own.map((limit) => (limit.resource === RLIMIT_NOFILE ? { ...limit, soft } : limit));
}

/**
 * The soft limit of open files this process was started with, where it has another one now: Node.js raises it at once,
 * and the parent's tells what it was.
 */
export function inheritedFiles(): number | undefined {
  const now = limitIn(textOf('self'), RLIMIT_NOFILE);
  if (now === undefined || now.soft !== now.hard) return undefined;
  try {
    const soft = Math.min(now.hard, limitIn(textOf(process.ppid), RLIMIT_NOFILE)!.soft);
    return soft === now.soft ? undefined : soft;
  } catch {
    return undefined;
  }
}

/** The file mode mask this process was started with; asking the C library would change it for a moment. */
export function inheritedUmask(): number {
  return Number.parseInt(/^Umask:\t(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '022', 8);
}

export interface LimitsToSet {
  /** The soft limit of open files, where only that differs: Node.js has raised it, so that it differs as a rule. */
  readonly files: number | undefined;
  readonly others: readonly Limit[];
}

/** Those of the limits that differ from what this process has, as far as it may give them. */
export function limitsToSet(wanted: readonly Limit[], has: readonly Limit[]): LimitsToSet {
  let files: number | undefined;
  const others = wanted.flatMap(({ resource, soft, hard }) => {
    const now = has.find((limit) => limit.resource === resource);
    if (now === undefined || (now.soft === soft && now.hard === hard)) return [];
    const most = hard <= now.hard || mayRaise(now, hard) ? hard : now.hard;
    if (resource !== RLIMIT_NOFILE || most !== now.hard) return [{ resource, soft: Math.min(soft, most), hard: most }];
    files = Math.min(soft, most);
    return [];
  });
  return { files, others };
}

/** Does something while new files of this process, and of those it starts, are limited. */
export function withOpenFiles<T>(soft: number | undefined, work: () => T): T {
  if (soft === undefined) return work();
  const own = limitsOf('self')[RLIMIT_NOFILE]!;
  setLimit(process.pid, { ...own, soft });
  try {
    return work();
  } finally {
    setLimit(process.pid, own);
  }
}

/** Found out by trying: capabilities of a user namespace do not help, and some limits have limits of their own. */
function mayRaise({ resource, soft, hard }: Limit, wanted: number): boolean {
  const raised = setLimit(process.pid, { resource, soft, hard: wanted });
  if (raised) setLimit(process.pid, { resource, soft, hard });
  return raised;
}

const shown = (value: number): string => (value === Infinity ? 'unlimited' : String(value));

/** What stands before a command line to start it with these limits; undefined where that does not work. */
export function limiter(limits: readonly Limit[]): readonly string[] | undefined {
  const path = PRLIMIT.find((file) => existsSync(file));
  if (path === undefined) return undefined;
  return [path, ...limits.map((l) => `--${names[l.resource]![1]}=${shown(l.soft)}:${shown(l.hard)}`), '--'];
}

/** Gives a process these limits. */
export function setLimits(pid: number, limits: readonly Limit[]): void {
  for (const limit of limits) setLimit(pid, limit);
}

const raw = (value: number): bigint => (value === Infinity ? RLIM_INFINITY : BigInt(Math.trunc(value)));

function setLimit(pid: number, { resource, soft, hard }: Limit): boolean {
  view.setBigUint64(WORDS, raw(soft), true);
  view.setBigUint64(WORDS + 8, raw(hard), true);
  return prlimit(pid, resource, BASE + WORDS, 0) === 0;
}
