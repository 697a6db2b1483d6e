// `tcbox ls`: the boxes of this user that answer. Those whose process was killed are cleaned up on the way and named.
import type { Status } from '../record/control.js';
import { HostError } from '../host/host_error.js';
import { boxFolder, boxNames } from './boxes.js';
import { reach, requestOn } from './connection.js';
import type { LsOptions } from './options.js';
import { CANNOT_START, say } from './say.js';

/** Version of the JSON output. */
const SCHEMA = 1;
/** How long a box may take to answer on a busy computer. */
const PATIENCE_MS = 10_000;

interface Listed {
  readonly name: string;
  readonly status?: Status;
  /** Why there is no status. */
  readonly problem?: string;
}

function ask(name: string, fd: number): Promise<Listed> {
  const connection = requestOn(fd, { query: {} }, []);
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ name, problem: 'does not answer' });
    }, PATIENCE_MS);
    const done = (listed: Listed): void => {
      clearTimeout(timer);
      resolve(listed);
      connection.close();
    };
    connection.listen(
      ({ status }) => {
        if (status !== undefined) done({ name, status });
      },
      (problem) => {
        done({ name, problem: problem ?? 'has just ended' });
      },
    );
  });
}

async function look(folder: string, name: string): Promise<Listed | undefined> {
  const fd = reach(folder, name);
  if (fd !== undefined) return ask(name, fd);
  say(`box '${name}' was killed; cleaned up`);
  return undefined;
}

function row({ name, status, problem }: Listed): string[] {
  if (status === undefined) return [name, problem ?? ''];
  const { pid, kernel, config, started, programs, sockets } = status;
  const since = new Date(started).toISOString().replace(/\.\d+Z$/, 'Z');
  return [name, String(pid), kernel, config, since, String(programs), String(sockets)];
}

function table(boxes: readonly Listed[]): string {
  const rows = [['NAME', 'PID', 'KERNEL', 'CONFIG', 'STARTED', 'PROGRAMS', 'SOCKETS'], ...boxes.map(row)];
  const width = (column: number): number => Math.max(...rows.map((cells) => cells[column]?.length ?? 0));
  return rows
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(width(i)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Prints the boxes of this user. */
export async function lsCommand(options: LsOptions): Promise<number> {
  try {
    const folder = boxFolder();
    const found = await Promise.all(boxNames(folder).map((name) => look(folder, name)));
    const boxes = found.filter((box) => box !== undefined);
    if (options.json === true) {
      const entries = boxes.map(({ name, status, problem }) => ({ name, ...status, ...(problem && { problem }) }));
      console.log(JSON.stringify({ schema: SCHEMA, boxes: entries }, null, 2));
    } else if (boxes.length !== 0) {
      console.log(table(boxes));
    }
    return 0;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    say(error.message);
    return CANNOT_START;
  }
}
