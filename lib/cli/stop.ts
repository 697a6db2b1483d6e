// `tcbox stop NAME…`: ends boxes and everything that runs in them, and returns when nothing of them is left.
import { readFileSync } from 'node:fs';
import type { Status } from '../record/control.js';
import { HostError } from '../host/host_error.js';
import { call } from './connection.js';
import { CANNOT_START, say } from './say.js';

const PATIENCE_MS = 15_000;
const LOOK_MS = 5;

/** Whether a process still runs; a zombie that nobody reaps does not. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

async function stopOne(name: string, patienceMs: number): Promise<number> {
  const connection = call(name, { query: {} });
  const answer = await new Promise<Status | string>((resolve) => {
    let last: Status | undefined;
    const timer = setTimeout(() => {
      resolve(`it does not answer; kill -KILL ${connection.pid ?? 'its process'} ends it`);
      connection.close();
    }, patienceMs);
    connection.listen(
      ({ status }) => {
        last = status;
        clearTimeout(timer);
        connection.send({ stop: {} });
      },
      (problem) => {
        clearTimeout(timer);
        resolve(last ?? problem ?? 'its process has ended');
      },
    );
  });
  if (typeof answer === 'string') {
    say(`box '${name}': ${answer}`);
    return CANNOT_START;
  }
  const deadline = performance.now() + patienceMs;
  while (runs(answer.pid) || runs(answer.guardian)) {
    if (performance.now() > deadline) {
      say(`box '${name}' does not end (process ${answer.pid})`);
      return CANNOT_START;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return 0;
}

/** Stops each of the boxes; the exit code says whether all of them were there. */
export async function stopCommand(names: readonly string[], patienceMs = PATIENCE_MS): Promise<number> {
  let code = 0;
  for (const name of names) {
    try {
      code = Math.max(code, await stopOne(name, patienceMs));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      say(error.message);
      code = CANNOT_START;
    }
  }
  return code;
}
