// The command line of tcbox: the launcher in dist/bin calls main() and exits with what it returns. Exit codes: the
// command's own for `run` (128+n when signal n ended it), 0 pass, 1 conformance failure, 2 usage, 125–127 could not
// start. Modules are imported where they are first needed: `run` must not wait for the parser, help not for the host.
import { UsageError } from './configuration.js';
import { parseRun } from './options.js';

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
  const request = parseRun(argv);
  if (request !== undefined) {
    const { runCommand } = await import('./run.js');
    return runCommand(request.options, request.command);
  }
  const { dispatch } = await import('./commands.js');
  return dispatch(argv);
}
