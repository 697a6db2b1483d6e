// `tcbox exec NAME -- CMD…`: has a box start a program with this process's fds 0 to 2, folder, environment, mask and
// limits, and ends as it ends. Loads no more than that takes: every command in a box waits for it. While the program
// runs, this process stands for it: signals sent here are sent on.
import { inheritedLimits, inheritedUmask } from '../host/limits.js';
import { HostError } from '../host/host_error.js';
import { boxFolder, hasLog, logPath } from './boxes.js';
import { call, type Connection } from './connection.js';
import { requireText } from './plain_text.js';
import { CANNOT_START, say } from './say.js';

/** Signals for one process. */
const single = ['SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;
/** Signals that end a process that does nothing about them. */
const deadly: readonly string[] = [...single, 'SIGINT', 'SIGQUIT', 'SIGHUP'];
/** Signals a terminal sends to all processes in its foreground: the program's own group stands for them. */
const shared = ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGWINCH', 'SIGCONT'] as const;
const numbers: Readonly<Record<string, number>> = process.getBuiltinModule('node:os').constants.signals;
const SIGSTOP = 19;

/** From now on; called before there is a connection, because the program may run as soon as there is one. */
function forwardSignals(connection: () => Connection | undefined): void {
  const forward = (name: string, group: boolean): void => {
    const open = connection();
    // The box does not answer: there is no program yet that could get the signal.
    if (open?.greeted !== true && deadly.includes(name)) process.exit(128 + numbers[name]!);
    open?.send({ signal: { number: numbers[name]!, group } });
  };
  for (const name of single) {
    process.on(name, () => {
      forward(name, false);
    });
  }
  for (const name of shared) {
    process.on(name, () => {
      forward(name, true);
    });
  }
  // A group without a shell above it ignores the terminal's stop; it is told to stop as this process does.
  process.on('SIGTSTP', () => {
    connection()?.send({ signal: { number: SIGSTOP, group: true } });
    setImmediate(() => process.kill(process.pid, 'SIGSTOP'));
  });
}

/** Runs a command in a box that stays, and records it to an fd; resolves to the exit code for this process. */
export async function execCommand(name: string, argv: readonly string[], recordTo?: number): Promise<number> {
  requireText(argv);
  const env = Object.entries(process.env).map(([key, value]) => `${key}=${value ?? ''}`);
  try {
    const exec = {
      argv,
      env,
      cwd: folder(),
      umask: inheritedUmask(),
      limits: inheritedLimits(),
      record: recordTo !== undefined,
    };
    const open: { connection?: Connection } = {};
    forwardSignals(() => open.connection);
    open.connection = call(name, { exec }, recordTo === undefined ? [0, 1, 2] : [0, 1, 2, recordTo]);
    return await outcome(name, open.connection);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    say(error.message);
    return CANNOT_START;
  }
}

function folder(): string {
  try {
    return process.cwd();
  } catch {
    throw new HostError('folder', 'the current folder is not there any more', 'change to another one');
  }
}

/** Why a box says nothing any more. */
function lost(name: string): string {
  const where = boxFolder();
  const log = hasLog(where, name) ? `; see ${logPath(where, name)}` : '';
  return `its process has ended, and the kernel with it${log}`;
}

function outcome(name: string, connection: Connection): Promise<number> {
  return new Promise((resolve) => {
    let code: number | undefined;
    connection.listen(
      ({ exited, notice }) => {
        if (notice !== undefined) say(notice.line);
        if (exited === undefined) return;
        code = exited.status;
        if (exited.error !== '') say(exited.error);
      },
      (problem) => {
        if (code === undefined) say(`box '${name}': ${problem ?? lost(name)}`);
        resolve(code ?? CANNOT_START);
      },
    );
  });
}
