// The tables of mounts that clients read, where a ramfs stands for a file system of pins: each such line is told as the
// kernel tells it of a real one. A reader whose open(2) is intercepted gets a text; for one that opens as every start of a
// program does, the text is mounted over the tables of its own process before it starts.
import { mkdtempSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { O_CLOEXEC } from './abi.js';
import type { ClientTask } from './clients.js';
import { BASE, STAT, close, fstat, get64, open } from './libc.js';
import type { Supervisor } from './supervisor.js';

/** What a program holds in its file when it reads the table through libmount, setmntent(3), or as `df` does. */
const READERS = ['libmount.so', 'setmntent', '/proc/self/mountinfo'];
const TABLES = ['mounts', 'mountinfo'] as const;
const OWN = /^\/proc\/(?:(?:(self|thread-self|\d+)\/)?(mounts)|(self|thread-self|\d+)\/(mountinfo))$/;
/** Bytes of a program that are looked through at a time; what is sought may lie across two. */
const CHUNK = 1 << 20;
const OVERLAP = 64;

export class MountTables {
  /** File systems of pins that were mounted; without one there is nothing to tell. */
  count = 0;
  /** By device and inode of the program. */
  readonly #readers = new Map<string, boolean>();

  /** The table at a path of /proc; undefined for other paths. */
  tableAt(task: ClientTask, path: string): string | undefined {
    if (this.count === 0) return undefined;
    const found = path === '/etc/mtab' ? ['', 'self', 'mounts'] : OWN.exec(path);
    if (found === null) return undefined;
    const who = found[1] ?? found[3] ?? 'self';
    const table = (found[2] ?? found[4]) as (typeof TABLES)[number];
    return told(`/proc/${/^\d/.test(who) ? who : task.tgid}/${table}`);
  }

  /** Whether the program of a client may read the table in a way that is not intercepted. */
  isReadBy({ pid }: ClientTask): boolean {
    const fd = open(`/proc/${pid}/exe`, O_CLOEXEC);
    if (fd < 0) return false;
    try {
      if (fstat(fd, BASE + STAT) !== 0) return false;
      const key = `${get64(STAT)}:${get64(STAT + 8)}`;
      let reads = this.#readers.get(key);
      if (reads === undefined) this.#readers.set(key, (reads = mentionsAny(fd, READERS)));
      return reads;
    } finally {
      close(fd);
    }
  }

  /** Mounts the tables as they are now over those of the client's process. */
  show(sv: Supervisor, task: ClientTask, done: () => void): void {
    const { tmpdir } = process.getBuiltinModule('node:os');
    const folder = mkdtempSync(join(tmpdir(), 'tcbox-mounts-'));
    const own = `/proc/${task.tgid}`;
    const left = TABLES.map((table) => {
      writeFileSync(join(folder, table), told(`${own}/${table}`) ?? '');
      return ['mount', '--bind', join(folder, table), `${own}/${table}`];
    });
    const next = (): void => {
      const command = left.pop();
      if (command !== undefined) {
        sv.errand([...sv.namespaces!.enter(task.pid), ...command], next);
        return;
      }
      rmSync(folder, { recursive: true, force: true });
      done();
    };
    next();
  }
}

/** A table of the real kernel, told as a client is to see it. */
function told(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
  return text.replace(/^.*\n/gm, (line) => (/ \/proc\/\d+\/mount/.test(line) ? '' : toldLine(line)));
}

/** ` ramfs none …` of mounts, ` - ramfs none rw,mode=1700` of mountinfo: the sticky bit is never shown, nor mode 777. */
function toldLine(line: string): string {
  const named = line.replace(/^(\S+ \S+) ramfs /, '$1 bpf ').replace(/ - ramfs /, ' - bpf ');
  return named === line ? line : named.replace(/,mode=1777\b/, '').replace(/,mode=1([0-7]{3})\b/, ',mode=$1');
}

function mentionsAny(fd: number, names: readonly string[]): boolean {
  const buffer = Buffer.alloc(CHUNK);
  for (let at = 0; ;) {
    const length = readSync(fd, buffer, 0, CHUNK, at);
    const piece = buffer.subarray(0, length);
    if (names.some((name) => piece.includes(name))) return true;
    if (length < CHUNK) return false;
    at += CHUNK - OVERLAP;
  }
}
