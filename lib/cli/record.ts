// `tcbox record`: runs a command as `tcbox run` does, and writes what it and the kernel say to each other into a file. The
// exit code is the command's own.
import { HostError } from '../host/host_error.js';
import { Recorder } from '../host/recorder.js';
import { Where } from '../record/recording.js';
import type { RecordOptions } from './options.js';
import { requireText } from './plain_text.js';
import { headerOf, RecordFile, stopwatch } from './record_file.js';
import { runCommand, type Attend } from './run.js';
import { CANNOT_START, say } from './say.js';

/** Records a command; the exit code for this process. */
export async function recordCommand(options: RecordOptions, argv: readonly string[]): Promise<number> {
  requireText(argv);
  try {
    const file = new RecordFile(options.output);
    try {
      return await recordFresh(options, argv, file);
    } finally {
      file.close();
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
    box.record({ recorder, concerns: () => true });
  };
  const code = await runCommand(options, argv, attend);
  made.recorder?.end(code);
  return code;
}
