// The command line of tcbox: the launcher in dist/bin calls main() and exits with what it returns. Exit codes: the
// command's own for `run` (128+n when signal n ended it), 0 pass, 1 conformance failure, 2 usage, 125–127 could not
// start. Modules are imported where they are first needed: `run` must not wait for the parser, help not for the host.
import { parseExec, parseRun } from './options.js';
import { UsageError } from './usage_error.js';

/** Runs one tcbox command and resolves to the exit code of the process. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await execute(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`tcbox: ${error.message}`);
    return 2;
  }
}

async function execute(argv: readonly string[]): Promise<number> {
  const entered = parseExec(argv);
  if (entered !== undefined) {
    const { execCommand } = await import('./exec.js');
    return execCommand(entered.name, entered.command);
  }
  const request = parseRun(argv);
  if (request !== undefined) {
    const { runCommand } = await import('./run.js');
    return runCommand(request.options, request.command);
  }
  // The processes of a box that stays, which start each other.
  if (argv[0] === 'guardian') {
    const { becomeGuardian } = await import('../host/guardian.js');
    becomeGuardian([process.execPath, process.argv[1]!, 'box-process', ...argv.slice(1)]);
    return 125;
  }
  if (argv[0] === 'box-process') {
    const { boxProcess } = await import('./box_process.js');
    return boxProcess(argv.slice(1));
  }
  const { dispatch } = await import('./commands.js');
  return dispatch(argv);
}
