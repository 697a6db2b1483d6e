// The command line once more, for `tcbox run -- CMD…` alone: bundled apart from what every other command needs, because
// reading that would cost the start of each kernel. lib/cli/main.ts does the same, and the rest.
import { parseRun } from './options.js';
import { runCommand } from './run.js';
import { UsageError } from './usage_error.js';

/** The exit code for this process; undefined when the command line is not of this kind. */
export async function main(argv: readonly string[]): Promise<number | undefined> {
  const request = parseRun(argv);
  if (request === undefined) return undefined;
  try {
    return await runCommand(request.options, request.command);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`tcbox: ${error.message}`);
    return 2;
  }
}
