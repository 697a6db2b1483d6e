// The full parser: every command with its help, for whatever main() did not recognise by itself. Usage errors go to
// standard error and are exit code 2.
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import type { DoctorOptions, RunOptions } from './options.js';

const programHelp = `
Examples:
  $ tcbox run -- tc qdisc show          one command in a fresh kernel of its own
  $ tcbox run -- bash                   a shell: everything started from it shares one kernel
  $ tcbox doctor                        can this machine run tcbox, and what is missing

Exit codes: of run, the command's own, and 128+n when signal n ended it; 0 pass; 1 failure;
2 usage; 125 tcbox could not start; 126 the command cannot be executed; 127 it was not found.`;

const runHelp = `
Examples:
  $ tcbox run -- ip link add em1 type veth peer name em2
  $ tcbox run -- sh -c 'tc qdisc add dev lo clsact && tc qdisc show dev lo'
  $ tcbox run --config rec-6.18 -- tc -batch rules.tc
  $ tcbox run -- make test              any program: sockets it does not need stay the host's

The kernel begins empty (lo alone) and ends with the command.`;

const doctorHelp = `
Examples:
  $ tcbox doctor                        one line per prerequisite, and what to do about those missing
  $ tcbox doctor --json                 the same for scripts

Exit code 0 when tcbox run works here, 1 when it does not.`;

/** Parses and runs any command line; resolves to the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = describe((result) => (code = result));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return code;
}

function describe(done: (code: number) => void): Command {
  const program = new Command('tcbox')
    .description('Runs unmodified programs (tc, ip, …) against a model of the Linux kernel, without root.')
    .version(version(), '-V, --version')
    .addHelpText('after', programHelp)
    .exitOverride()
    .enablePositionalOptions();
  describeRun(program.command('run'), done);
  describeDoctor(program.command('doctor'), done);
  return program;
}

function describeRun(command: Command, done: (code: number) => void): void {
  command
    .description('run a command whose netlink sockets reach a modelled kernel')
    .usage('[options] [--] COMMAND [ARGUMENT…]')
    .argument('<command...>', 'the program and its arguments')
    .option('--kernel <version>', 'kernel version to model, such as v6.18')
    .option('--config <name or file>', 'configuration: a built-in name (full, rec-6.18, rec-6.1-uml) or a JSON file')
    .passThroughOptions()
    .addHelpText('after', runHelp)
    .action(async (argv: string[], options: RunOptions) => {
      const { runCommand } = await import('./run.js');
      done(await runCommand(options, argv));
    });
}

function describeDoctor(command: Command, done: (code: number) => void): void {
  command
    .description('list the prerequisites of this machine, found or missing')
    .option('--json', 'print JSON')
    .addHelpText('after', doctorHelp)
    .action(async (options: DoctorOptions) => {
      const { doctorCommand } = await import('./doctor.js');
      done(await doctorCommand(options));
    });
}

/** The version in package.json, which the bundle and the compiled modules both find by the package's own name. */
function version(): string {
  const manifest = createRequire(import.meta.url)('tcbox/package.json') as { version: string };
  return manifest.version;
}
