// Who is left of the clients. A daemon that outlives its parent becomes a child of the supervisor (child subreaper);
// it is told from the other children of this process by the number of seccomp filters it stands under.
import { readdirSync, readFileSync } from 'node:fs';

interface ProcessStatus {
  readonly parent: number;
  readonly filters: number;
  readonly zombie: boolean;
}

/** State, PPid, Seccomp, and Seccomp_filters where there is one; the lines come in this order. */
const STATUS = /^State:\t(\w).*?^PPid:\t(\d+)(?:.*?^Seccomp:\t(\d)(?:\nSeccomp_filters:\t(\d+))?)?/ms;

function statusOf(pid: number | 'thread-self'): ProcessStatus | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    const [, state, parent = 0, mode, filters = 0] = STATUS.exec(text) ?? [];
    // Before 5.9 the mode tells at least whether there is a filter.
    return { parent: Number(parent), filters: Math.max(Number(filters), mode === '2' ? 1 : 0), zombie: state === 'Z' };
  } catch {
    return undefined;
  }
}

/** Seccomp filters this thread stands under now. */
export function filterCount(): number {
  return statusOf('thread-self')?.filters ?? 0;
}

/** All living descendants of this process under more than `baseline` filters. */
export function filteredDescendants(baseline: number): number[] {
  return descendantsWith((s) => !s.zombie && s.filters > baseline);
}

let newestPid = '';
let cached: readonly number[] = [];

/**
 * All descendants of this process, and perhaps some that have ended; threads of one that counts as ended may live on.
 * Listed anew only when a process or thread has been started since: the last field of loadavg is the newest pid.
 */
export function descendants(): readonly number[] {
  const newest = readFileSync('/proc/loadavg', 'latin1').replace(/^.* /, '');
  if (newest !== newestPid) cached = descendantsWith(() => true);
  newestPid = newest;
  return cached;
}

/** Listings that are made at most until one of them knows every parent; where others' processes are hidden, none does. */
const LISTINGS = 3;

function allProcesses(): Map<number, ProcessStatus> {
  const all = new Map<number, ProcessStatus>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const status = Number.isInteger(pid) ? statusOf(pid) : undefined;
    if (status !== undefined) all.set(pid, status);
  }
  return all;
}

function descendantsWith(wanted: (status: ProcessStatus) => boolean): number[] {
  for (let left = LISTINGS; ; left--) {
    const all = allProcesses();
    // Undefined: a process between the two ended while they were listed, and the first has another parent by now.
    const isOurs = (pid: number): boolean | undefined => {
      let at = all.get(pid);
      while (at !== undefined && at.parent !== 0 && at.parent !== process.pid) at = all.get(at.parent);
      return at === undefined ? undefined : at.parent === process.pid;
    };
    const chosen = [...all].flatMap(([pid, status]) => (wanted(status) ? [[pid, isOurs(pid)] as const] : []));
    if (left === 1 || chosen.every(([, ours]) => ours !== undefined))
      return chosen.flatMap(([pid, ours]) => (ours === true ? [pid] : []));
  }
}

/** Children of this process that have ended and stand under more than `baseline` filters: nobody else reaps them. */
export function filteredZombies(baseline: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const status = Number.isInteger(pid) ? statusOf(pid) : undefined;
    if (status?.zombie === true && status.parent === process.pid && status.filters > baseline) found.push(pid);
  }
  return found;
}
