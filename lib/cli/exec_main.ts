// The command line once more, for `tcbox exec NAME -- CMD…` alone: bundled apart from everything else, because reading
// the model would cost each command in a box more than what it does. lib/cli/main.ts does the same, and the rest.
import { execCommand } from './exec.js';
import { parseExec } from './options.js';
import { UsageError } from './usage_error.js';

/** The exit code for this process; undefined when the command line is not of this kind. */
export async function main(argv: readonly string[]): Promise<number | undefined> {
  const request = parseExec(argv);
  if (request === undefined) return undefined;
  try {
    return await execCommand(request.name, request.command);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`tcbox: ${error.message}`);
    return 2;
  }
}
