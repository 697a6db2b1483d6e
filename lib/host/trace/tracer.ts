// Runs a program on the kernel of this computer and records what it and everything it starts say to it. Every thread stops at
// both ends of every system call, makes the call itself, with its own rights, and goes on: nothing is done in its place.
// The thread that calls this does nothing else until the program has ended, but its event loop gets turns.
import type { Abi } from '../abi.js';
import { HostError } from '../host_error.js';
import { kill, siginterrupt } from '../libc.js';
import { SpawnError, startProgram } from '../program.js';
import type { Recorder } from '../recorder.js';
import { plainSpawner } from '../spawner.js';
import { ECHILD, EINTR, EPERM, errnoName } from '../../uapi/asm-generic/errno.js';
import { TracedCalls } from './calls.js';
import * as p from './ptrace.js';
import { TracedSockets } from './sockets.js';
import { Tracee } from './tracee.js';

/** Stops by itself before it becomes the program, so that nothing of that is missed. */
const starter = ['/bin/sh', '-c', 'kill -STOP $$; exec "$@"', 'sh'];

const SIGCONT = 18;
const SIGSTOP = 19;
const SIGTSTP = 20;
const SIGTTIN = 21;
const SIGTTOU = 22;
const stopSignals = new Set([SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU]);

/** How long the event loop of the process waits for its turn at most, ms. */
const TURN_MS = 50;

export class Tracer {
  readonly #recorder: Recorder;
  readonly #sockets: TracedSockets;
  readonly #calls: TracedCalls;
  readonly #tracees = new Map<number, Tracee>();
  /** Threads that were killed before it was heard that they had been started. */
  readonly #stillborn = new Set<number>();
  #pid = 0;
  #status: number | undefined;

  constructor(abi: Abi, recorder: Recorder) {
    this.#recorder = recorder;
    this.#sockets = new TracedSockets(abi, recorder);
    this.#calls = new TracedCalls(abi, recorder, this.#sockets, () => {
      this.#sweep();
    });
  }

  /** Process id of the program. */
  get pid(): number {
    return this.#pid;
  }

  /** Starts the program, stopped. Throws SpawnError and HostError. */
  start(argv: readonly string[]): void {
    this.#pid = startProgram(plainSpawner(), argv, { starter });
    if ((p.nextStop(this.#pid) & 0xff) !== 0x7f) throw new SpawnError(argv[0]!, EPERM);
    const error = p.seize(this.#pid);
    kill(this.#pid, SIGCONT);
    if (error !== 0) {
      kill(this.#pid, 9);
      const what = `ptrace(2) is refused (${errnoName(-error)})`;
      throw new HostError('ptrace', what, 'a container must allow it (--cap-add SYS_PTRACE)');
    }
  }

  /** Signals of these numbers end a wait, so that their handlers get a turn. */
  heed(signals: readonly number[]): void {
    for (const signal of signals) siginterrupt(signal, 1);
  }

  /** Until the program has ended: its raw status of wait(2). */
  async run(): Promise<number> {
    let turn = performance.now();
    while (this.#status === undefined) {
      const change = p.nextChange();
      if (change === -ECHILD) throw new Error('the traced program is not there any more');
      if (typeof change !== 'number') this.#handle(change);
      const now = performance.now();
      if (change === -EINTR || now - turn > TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = now;
      }
    }
    const left = new Set([...this.#tracees.values()].map(({ tgid }) => tgid)).size;
    if (left !== 0) this.#recorder.lost(undefined, 'what processes do that live longer than the command', left);
    return this.#status;
  }

  #handle(change: p.Change): void {
    const { pid } = change;
    switch (change.kind) {
      case 'syscall':
        this.#syscall(this.#traceeOf(pid));
        p.resume(pid);
        return;
      case 'event':
        this.#event(pid, change.event, change.signal);
        return;
      case 'signal':
        p.resume(pid, change.signal);
        return;
      case 'ended':
        this.#ended(pid, change.status);
    }
  }

  #traceeOf(pid: number): Tracee {
    let tracee = this.#tracees.get(pid);
    if (tracee === undefined) this.#tracees.set(pid, (tracee = new Tracee(pid)));
    return tracee;
  }

  #syscall(tracee: Tracee): void {
    const { onReturn } = tracee;
    const stop = p.syscallStop(tracee.pid);
    if (stop === undefined) return;
    tracee.onReturn = undefined;
    if (stop.entering) this.#calls.begin(tracee, stop.arch, stop.nr, p.stopArgs);
    else onReturn?.(stop.result);
  }

  #event(pid: number, event: number, signal: number): void {
    if (event === p.PTRACE_EVENT_STOP && stopSignals.has(signal)) {
      p.listen(pid);
      return;
    }
    if (p.startEvents.has(event)) this.#started(p.eventMessage(pid));
    if (event === p.PTRACE_EVENT_EXEC) {
      const former = p.eventMessage(pid);
      if (former !== pid) this.#tracees.delete(former);
      const tracee = this.#tracees.get(pid);
      if (tracee !== undefined) tracee.onReturn = undefined;
      this.#sweep();
    }
    p.resume(pid);
  }

  /** Known from now on, long before its first call: whoever started it may end before that. */
  #started(pid: number): void {
    if (pid !== 0 && !this.#stillborn.delete(pid)) this.#traceeOf(pid);
  }

  #ended(pid: number, status: number): void {
    if (pid === this.#pid) this.#status = status;
    if (!this.#tracees.delete(pid) && pid !== this.#pid) this.#stillborn.add(pid);
    this.#sweep();
  }

  /** Looks for sockets that nobody holds any more. */
  #sweep(): void {
    if (this.#sockets.size === 0) return;
    this.#sockets.sweep(new Set([...this.#tracees.values()].map(({ tgid }) => tgid)));
  }
}
