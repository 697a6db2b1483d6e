// The one box of a run: real programs in it act on the machine at hand. A machine's clock stands while a program
// runs, so that a replay does not depend on how fast this computer is; the caller moves it on.
import type { Machine } from '../../lib/linux/machine.js';
import type { Kernel } from '../../lib/host/kernel.js';
import type { Box, RunOptions, RunResult } from '../../lib/host/box.js';

const frozen = new WeakMap<Machine, Kernel>();

/** The machine with its deferred work held back. */
function stopped(machine: Machine): Kernel {
  let kernel = frozen.get(machine);
  if (kernel === undefined) {
    kernel = {
      clock: machine.clock,
      socket: (task, family, type, protocol) => machine.socket(task, family, type, protocol),
      bpf: (task, cmd, uattr, size) => machine.bpf(task, cmd, uattr, size),
      kallsyms: () => machine.kallsyms(),
      procNet: (name) => machine.procNet(name),
      devIoctl: (task, request, ifreq) => machine.devIoctl(task, request, ifreq),
      inetIoctl: (task, request, ifreq) => machine.inetIoctl(task, request, ifreq),
      nextDeadline: () => Infinity,
      runDue: () => {},
    };
    frozen.set(machine, kernel);
  }
  return kernel;
}

export interface CommandResult {
  readonly status: number | null;
  readonly signal: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const latin1 = (u8: Uint8Array): string => Buffer.from(u8).toString('latin1');

export class Shell {
  readonly #open: (kernel: Kernel) => Box;
  #box: Box;

  private constructor(open: (kernel: Kernel) => Box, kernel: Kernel) {
    this.#open = open;
    this.#box = open(kernel);
  }

  /** A shell, or the reason why this computer cannot have one. `namespaces` as in BoxOptions. */
  static async open(machine: Machine, namespaces: boolean): Promise<Shell | string> {
    try {
      const { Box } = await import('../../lib/host/box.js');
      return new Shell((kernel) => new Box(kernel, { namespaces }), machine);
    } catch (error) {
      return `no box here: ${(error as Error).message}`;
    }
  }

  /** Why programs cannot mount; empty when they can. */
  get noMounts(): string {
    return this.#box.noNamespaces;
  }

  /** Runs a command line of sh(1) with the clock standing. */
  run(machine: Machine, command: string, options: RunOptions = {}): CommandResult {
    return this.#exec(stopped(machine), ['/bin/sh', '-c', command], options);
  }

  /** Runs a program against a machine that has a clock of its own. */
  runFreely(machine: Machine, argv: readonly string[], options: RunOptions = {}): CommandResult {
    return this.#exec(machine, argv, options);
  }

  #exec(kernel: Kernel, argv: readonly string[], options: RunOptions): CommandResult {
    if (this.#box.machine !== kernel) this.#point(kernel);
    const { status, signal, stdout, stderr }: RunResult = this.#box.run(argv, options);
    return { status, signal, stdout: latin1(stdout), stderr: latin1(stderr) };
  }

  /** Points the box at another machine; clients that a case has left behind end with their box. */
  #point(kernel: Kernel): void {
    try {
      this.#box.machine = kernel;
    } catch {
      this.#box.close();
      this.#box = this.#open(kernel);
    }
  }

  close(): void {
    this.#box.close();
  }
}
