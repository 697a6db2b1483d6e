// Python as a client of the specs: found once, run in a box, its output compared line by line.
import { spawnSync } from 'node:child_process';
import type { Box, RunResult } from '../../lib/host/box.js';

const candidates = ['/usr/bin/python3', 'python3'];

/** A Python 3 this user can run, or undefined. */
export const python = candidates.find((path) => spawnSync(path, ['-c', '']).status === 0);

/** Skips a suite, with the reason printed, where there is no Python. */
export function needsPython(this: Mocha.Context): void {
  if (python !== undefined) return;
  console.log('      skipped: needs python3');
  this.skip();
}

const prelude = `
import ctypes, fcntl, os, select, signal, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def nl(groups=None, flags=0):
    s = socket.socket(16, 3 | flags, 0)
    if groups is not None: s.bind((0, groups))
    return s
def call(f, *args):
    r = f(*args)
    return r if r >= 0 else -ctypes.get_errno()
def refused(f):
    try:
        f()
    except OSError as e:
        return e.errno
    return 0
`;

/** Starts `code` behind a prelude with \`nl()\`, \`call()\` and \`refused()\`. */
export function pythonArgv(code: string): string[] {
  return [python!, '-c', prelude + code];
}

/** Runs `code`; what it printed. Throws with its standard error when it fails. */
export function runPython(box: Box, code: string, timeoutMs = 60_000): string {
  const r: RunResult = box.run(pythonArgv(code), { timeoutMs });
  if (r.status !== 0) {
    throw new Error(`status ${r.status ?? 'none'} signal ${r.signal ?? 'none'}: ${Buffer.from(r.stderr).toString()}`);
  }
  return Buffer.from(r.stdout).toString().trimEnd();
}
