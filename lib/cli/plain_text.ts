// What Node.js cannot pass on: it reads arguments as UTF-8 and puts a sign of its own in place of every byte that is none.
// A command with such a name would do its work on another file, so it is refused.
import { readFileSync } from 'node:fs';
import { UsageError } from './usage_error.js';

const REPLACED = '\ufffd';

/** Throws a UsageError when one of the arguments is not what the caller wrote. */
export function requireText(argv: readonly string[]): void {
  if (!argv.some((argument) => argument.includes(REPLACED))) return;
  const { isUtf8 } = process.getBuiltinModule('node:buffer');
  if (!isUtf8(readFileSync('/proc/self/cmdline')))
    throw new UsageError('an argument is not UTF-8, and tcbox cannot pass it on: let a shell in the box write it');
}
