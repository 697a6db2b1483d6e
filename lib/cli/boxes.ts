// Where the boxes of a user are: one folder that nobody else may open, and in it per box a socket NAME that answers
// while the box lives, and a log NAME.log, empty but for what a box dies of. A box that was killed leaves both; whoever
// finds that nobody answers removes them. Changes of the folder are made under one lock.
import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { flock } from '../host/libc.js';
import { HostError } from '../host/host_error.js';
import { PATH_MAX } from '../host/control_socket.js';
import { UsageError } from './usage_error.js';

const LOG = '.log';
const LOCK = '.lock';
const LOCK_EX = 2;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

function isOwnFolder(path: string): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === process.getuid!();
  } catch {
    return false;
  }
}

/** The user's run-time folder, however this process was started; else one of our own under /tmp. */
function location(): string {
  const uid = process.getuid!();
  const run = [process.env['XDG_RUNTIME_DIR'], `/run/user/${uid}`].find(
    (path) => path?.startsWith('/') && isOwnFolder(path),
  );
  return run === undefined ? `/tmp/tcbox-${uid}` : join(run, 'tcbox');
}

/** The folder of this user's boxes, made when it is not there. */
export function boxFolder(): string {
  const folder = location();
  try {
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw refused(folder, (error as Error).message);
  }
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) throw refused(folder, 'it is no folder');
  if (stat.uid !== process.getuid!()) throw refused(folder, 'it belongs to someone else');
  if ((stat.mode & 0o077) !== 0) throw refused(folder, 'others may open it');
  return folder;
}

function refused(folder: string, why: string): HostError {
  return new HostError(
    'folder',
    `boxes cannot be kept in ${folder}: ${why}`,
    'set XDG_RUNTIME_DIR to a folder of yours',
  );
}

/** Path of a box's socket. */
export function socketPath(folder: string, name: string): string {
  const path = join(folder, name);
  if (Buffer.byteLength(path) > PATH_MAX) throw new UsageError(`${path}: too long for the path of a socket`);
  return path;
}

/** Path of what a box writes on standard error. */
export const logPath = (folder: string, name: string): string => join(folder, name + LOG);

/** Throws a UsageError for what cannot name a box. */
export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new UsageError(`'${name}' cannot name a box: up to 32 letters, digits, - and _, the first a letter or digit`);
}

/** Names of the boxes that are there, or were. */
export function boxNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort();
}

/** Does something while no other process changes the folder. */
export function locked<T>(folder: string, work: () => T): T {
  const fd = openIn(folder, LOCK);
  try {
    while (flock(fd, LOCK_EX) !== 0);
    return work();
  } finally {
    closeSync(fd);
  }
}

/** Opens a file in the folder for appending. */
export function openIn(folder: string, name: string): number {
  try {
    return openSync(join(folder, name), 'a', 0o600);
  } catch (error) {
    throw refused(folder, (error as Error).message);
  }
}

/** The log of a box; see removeFiles(). */
export const openLog = (folder: string, name: string): number => openIn(folder, name + LOG);

/** Removes the socket of a box, and its log when nothing stands in it; the caller holds the lock. */
export function removeFiles(folder: string, name: string): void {
  rmSync(join(folder, name), { force: true });
  if (!hasLog(folder, name)) rmSync(logPath(folder, name), { force: true });
}

/** Whether a box has written something on standard error: what it died of. */
export function hasLog(folder: string, name: string): boolean {
  return (statSync(logPath(folder, name), { throwIfNoEntry: false })?.size ?? 0) > 0;
}
