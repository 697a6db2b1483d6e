// `tcbox record`: runs a command as `tcbox run` does, and writes what it and the kernel say to each other into a file. The
// exit code is the command's own.
import { constants, release } from 'node:os';
import { abiOf } from '../host/abi.js';
import { exitOf } from '../host/box.js';
import { HostError } from '../host/host_error.js';
import { SpawnError } from '../host/program.js';
import { Recorder } from '../host/recorder.js';
import { recordBox } from '../host/tap.js';
import { Where } from '../record/recording.js';
import type { RecordOptions } from './options.js';
import { requireText } from './plain_text.js';
import { closeRecording, headerOf, openForWriting, RecordFile, stopwatch } from './record_file.js';
import { forwardSignals, runCommand, type Attend } from './run.js';
import { CANNOT_START, say } from './say.js';
import { UsageError } from './usage_error.js';

/** Records a command; the exit code for this process. */
export async function recordCommand(options: RecordOptions, argv: readonly string[]): Promise<number> {
  requireText(argv);
  requireOneKernel(options);
  if (options.in !== undefined) return await recordIn(options.in, argv, options.output);
  try {
    const file = new RecordFile(options.output);
    try {
      return options.host === true ? await recordHost(argv, file) : await recordFresh(options, argv, file);
    } finally {
      file.close();
    }
  } catch (error) {
    if (!(error instanceof HostError || error instanceof SpawnError)) throw error;
    say(error.message);
    return error instanceof SpawnError ? error.status : CANNOT_START;
  }
}

/** A modelled kernel, that of a box, or that of this computer. */
function requireOneKernel({ host, in: box, kernel, config, fault }: RecordOptions): void {
  const model = kernel ?? config ?? fault;
  if (host === true && (model !== undefined || box !== undefined))
    throw new UsageError(
      '--host records the kernel of this computer: --in, --kernel, --config and --fault are for others',
    );
  if (box !== undefined && model !== undefined)
    throw new UsageError(`box '${box}' has its kernel: --kernel, --config and --fault are for fresh ones`);
}

/** In a box that stays. */
async function recordIn(name: string, argv: readonly string[], path: string): Promise<number> {
  try {
    const fd = openForWriting(path);
    try {
      const { execCommand } = await import('./exec.js');
      return await execCommand(name, argv, fd);
    } finally {
      closeRecording(fd);
    }
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    say(error.message);
    return CANNOT_START;
  }
}

/** In a kernel of its own. */
async function recordFresh(options: RecordOptions, argv: readonly string[], file: RecordFile): Promise<number> {
  const made: { recorder?: Recorder } = {};
  const attend: Attend = (box, { version: kernel, config }) => {
    const header = headerOf(Where.BOX, argv, { kernel, config: config.name });
    const recorder = (made.recorder = new Recorder(file.write, header, stopwatch()));
    recordBox(box, { recorder, concerns: () => true });
  };
  const code = await runCommand(options, argv, attend);
  made.recorder?.end(code);
  return code;
}

/** On the kernel of this computer. */
async function recordHost(argv: readonly string[], file: RecordFile): Promise<number> {
  const table = abiOf(process.arch);
  if (process.platform !== 'linux' || table === undefined)
    throw new HostError('platform', `${process.platform} on ${process.arch} is not supported`, 'use Linux on x86-64');
  const { Tracer } = await import('../host/trace/tracer.js');
  const recorder = new Recorder(file.write, headerOf(Where.HOST, argv, { kernel: release() }), stopwatch());
  let code = 1;
  try {
    const tracer = new Tracer(table, recorder);
    tracer.heed(forwardSignals(() => tracer.pid).map((signal) => constants.signals[signal]));
    tracer.start(argv);
    const { status, signal } = exitOf(await tracer.run());
    code = status ?? 128 + signal!;
  } catch (error) {
    if (error instanceof SpawnError) code = error.status;
    throw error;
  } finally {
    recorder.end(code);
  }
  return code;
}
