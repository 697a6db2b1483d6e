// What the command line says, after parsing and before any meaning is given to it. `tcbox run` is recognised by
// parseRun() alone, since every command in a box pays for what is loaded on its way; whatever that does not recognise
// (help, mistakes, other commands) goes to the full parser in commands.ts, which accepts the same language and more.

/** Options of `tcbox run`. */
export interface RunOptions {
  /** Modelled kernel version, as `v6.18`. */
  kernel?: string;
  /** A built-in configuration by name, or the path of a JSON file that names one. */
  config?: string;
  /** What goes wrong on purpose, each as lib/cli/faults.ts reads it. */
  fault?: string[];
}

/** Options of `tcbox start`. */
export interface StartOptions extends RunOptions {
  /** A shell script, or an executable file, that runs in the box before anybody else. */
  script?: string;
}

/** Options of `tcbox record`. */
export interface RecordOptions extends RunOptions {
  /** Where the recording goes. */
  output: string;
  /** A box that stays, in place of a fresh one. */
  in?: string;
  /** The kernel of this computer, in place of a modelled one. */
  host?: boolean;
}

/** Options of `tcbox ls`. */
export interface LsOptions {
  json?: boolean;
}

/** Options of `tcbox doctor`. */
export interface DoctorOptions {
  json?: boolean;
}

export interface RunRequest {
  readonly options: RunOptions;
  /** The program and its arguments, at least one. */
  readonly command: readonly string[];
}

/** Sets an option; faults add up. */
function setOption(options: RunOptions, name: keyof RunOptions, value: string): void {
  if (name === 'fault') (options.fault ??= []).push(value);
  else options[name] = value;
}

/** Options as one of these processes passes them to another: each `--name=value`. */
export function parseOptions(args: readonly string[]): RunOptions {
  const options: RunOptions = {};
  for (const arg of args) {
    const match = /^--(kernel|config|fault)=(.*)$/s.exec(arg);
    if (match !== null) setOption(options, match[1] as keyof RunOptions, match[2]!);
  }
  return options;
}

/** Recognises `exec NAME [--] CMD ARG…`; undefined for anything else. */
export function parseExec(argv: readonly string[]): { name: string; command: readonly string[] } | undefined {
  const [command, name] = argv;
  const at = argv[2] === '--' ? 3 : 2;
  if (command !== 'exec' || name === undefined || name.startsWith('-') || at >= argv.length) return undefined;
  return at === 2 && argv[2]!.startsWith('-') ? undefined : { name, command: argv.slice(at) };
}

/** Recognises `run [--kernel V] [--config FILE] [--fault SPEC]… [--] CMD ARG…`; undefined for anything else. */
export function parseRun(argv: readonly string[]): RunRequest | undefined {
  if (argv[0] !== 'run') return undefined;
  const options: RunOptions = {};
  let at = 1;
  while (argv[at]?.startsWith('-')) {
    const arg = argv[at++]!;
    if (arg === '--') break;
    const match = /^--(kernel|config|fault)(?:=(.*))?$/s.exec(arg);
    const value = match?.[2] ?? argv[at++];
    if (match === null || value === undefined) return undefined;
    setOption(options, match[1] as keyof RunOptions, value);
  }
  return at < argv.length ? { options, command: argv.slice(at) } : undefined;
}
