// A box: one modelled kernel, the supervisor that serves it, and the clients that run in it. Everything is synchronous
// on the calling thread: clients make progress only while pump() or run() is called, and stand still in between.
import { writeSync } from 'node:fs';
import * as abi from './abi.js';
import { Capture, memoryFile } from './capture.js';
import type { Identity } from './clients.js';
import { lookupOf, type Lookup } from './descriptors.js';
import { filterCount, filteredDescendants, filteredZombies } from './descendants.js';
import { filterProgram } from './filter.js';
import { HostError } from './host_error.js';
import type { Kernel } from './kernel.js';
import { readClient, writeClient } from './memory.js';
import type { Events } from './events.js';
import { BASE, IN, WORDS, close, i32, kill, open, passFilter, prctl, syscall, u32, wait4, waitid } from './libc.js';
import { Namespaces } from './namespaces.js';
import { NativeCalls } from './native.js';
import { SpawnError, startProgram, type SpawnOptions } from './program.js';
import { inlineSpawner, workerSpawner, type Spawner } from './spawner.js';
import { Supervisor } from './supervisor.js';
import type { Tap } from './tap.js';
import { dispatchTable } from './syscalls/table.js';

export interface BoxOptions {
  /**
   * Which thread is filtered: a worker (default), or this very thread. The second starts faster, but for the rest of
   * the process every intercepted call of this thread, and of threads it starts, would wait for itself.
   */
  readonly spawner?: 'worker' | 'inline';
  /** Who the clients are in the box; root with every capability by default. */
  readonly identity?: Identity;
  /**
   * Whether clients get namespaces of their own where this machine allows it: then they are uid 0 in a user namespace,
   * may mount, and have a network without devices. False by default; an object was begun earlier, to save time.
   */
  readonly namespaces?: boolean | Namespaces;
  /** Receives each notice once; stderr with a prefix by default. */
  readonly log?: (line: string) => void;
}

/** A program that was started in the box. */
export interface Client {
  readonly pid: number;
  /** Raw status of wait(2), once it has ended. */
  readonly waitStatus: number | undefined;
}

export interface ClientOptions extends SpawnOptions {
  /** Called by the pump once the client has ended. */
  readonly onExit?: ((client: Client) => void) | undefined;
}

export interface RunOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Partial<Record<string, string>>> | undefined;
  /** Standard input: a text, or an fd; empty by default. */
  readonly input?: string | number | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface RunResult {
  readonly status: number | null;
  readonly signal: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

const SIGTERM = 15;
const SIGKILL = 9;
const WNOHANG = 1;
/** How long clients get to leave after SIGTERM, then without a kernel, and at most after SIGKILL. */
const GRACE_MS = 200;
const VANISHED_MS = 500;
const KILLED_MS = 10_000;
/** A busy pump returns this often, so that the event loop of the process gets a turn. */
const TURN_MS = 100;
/** How long a program waits for the namespaces that the first one makes. */
const ENTER_MS = 20_000;

/** A cookie is no secret, only a value that no client passes by chance; Math.random saves loading a library. */
const random = (below: number): number => Math.floor(Math.random() * below);

const root: Identity = { uid: 0, gid: 0, capable: () => true };

class RunningClient implements Client {
  readonly pid: number;
  waitStatus: number | undefined;

  constructor(pid: number) {
    this.pid = pid;
  }
}

export class Box {
  /** How fds of clients are looked up on this machine. */
  readonly lookup: Lookup;
  readonly #supervisor: Supervisor;
  readonly #spawner: Spawner;
  readonly #table: abi.Abi;
  readonly #clients = new Map<number, RunningClient>();
  readonly #native: NativeCalls;
  readonly #baseline = filterCount();
  readonly #said = new Set<string>();
  #closed = false;

  constructor(machine: Kernel, options: BoxOptions = {}) {
    const table = abi.abiOf(process.arch);
    if (process.platform !== 'linux' || table === undefined) {
      const what = `${process.platform} on ${process.arch} is not supported`;
      throw new HostError('platform', what, 'use Linux on x86-64 or arm64, or drive the model from a program');
    }
    requireMemory();
    this.#table = table;
    const inline = options.spawner === 'inline';
    const cookie = inline ? ([random(2 ** 32), random(2 ** 20)] as const) : undefined;
    const { handlers, rules } = dispatchTable(table.nr);
    const program = filterProgram(table, rules, cookie);
    prctl(abi.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    // Tried before this thread is filtered.
    const namespaces = namespacesOf(options)?.settle();
    if (cookie !== undefined) passFilter(cookie[0] + cookie[1] * 0x100000000);
    this.#spawner = inline ? inlineSpawner(program, table.nr.seccomp) : workerSpawner(program, table.nr.seccomp);
    this.lookup = lookupOf(table, this.#spawner.listener);
    const log = options.log ?? ((line: string): void => void writeSync(2, `tcbox: ${line}\n`));
    this.#native = new NativeCalls(table, cookie);
    this.#supervisor = new Supervisor(
      machine,
      table,
      this.#spawner,
      this.#native,
      handlers,
      options.identity ?? root,
      (line) => {
        if (this.#said.size !== this.#said.add(line).size) log(line);
      },
      this.lookup,
      namespaces,
    );
    this.#supervisor.errand = (argv, done) => {
      this.#errand(argv, done);
    };
  }

  /** The kernel of the box. May be replaced while no client lives. */
  get machine(): Kernel {
    return this.#supervisor.machine;
  }

  set machine(machine: Kernel) {
    const held = (): boolean => this.#supervisor.clients.placeholders.size + this.#supervisor.files.size !== 0;
    while (held() && this.#supervisor.step(0));
    if (held()) throw new Error('a client still holds an object of the kernel');
    this.#supervisor.forgetMounts();
    this.#supervisor.machine = machine;
  }

  /** Modelled sockets that clients hold. */
  get sockets(): number {
    return this.#supervisor.clients.placeholders.size;
  }

  /** Why clients have no namespaces of their own; empty when they have. */
  get noNamespaces(): string {
    const { namespaces } = this.#supervisor;
    return namespaces === undefined ? 'none are asked for' : namespaces.why;
  }

  /** Programs started with spawn() that have not ended. */
  get programs(): number {
    return this.#clients.size - this.#supervisor.errands.size;
  }

  /** What the pump waits for: fds added here are served along with the clients. */
  get events(): Events {
    return this.#supervisor.events;
  }

  /** Socket calls that this thread may make although it may be filtered. */
  get native(): NativeCalls {
    return this.#native;
  }

  /** Told of what clients say to the kernel; tap.ts sets it while something is recorded. */
  get tap(): Tap | undefined {
    return this.#supervisor.tap;
  }

  set tap(tap: Tap | undefined) {
    this.#supervisor.tap = tap;
  }

  /** Whether a process is a program of the box's own. */
  isErrand(pid: number): boolean {
    return this.#supervisor.errands.has(pid);
  }

  /** Starts a program; it runs while the box is pumped. Throws a SpawnError when it cannot be started. */
  spawn(argv: readonly string[], options: ClientOptions = {}): Client {
    const env = { TC_BPF_MNT: this.#supervisor.bpffs.folder, ...(options.env ?? process.env) };
    return this.#start(argv, { ...options, env, starter: this.#starter(options) });
  }

  /** What starts a program: whatever puts it into the namespaces, then what the caller asks for. */
  #starter({ cwd, starter }: ClientOptions): readonly string[] | undefined {
    const { namespaces } = this.#supervisor;
    if (namespaces === undefined || namespaces.kind === 'none') return starter;
    // The first program makes the namespaces; one that comes while it does waits for them.
    if (!namespaces.kept) this.#pumpOn(() => namespaces.kept || this.#clients.size === 0, ENTER_MS);
    return [...namespaces.prefix(cwd ?? process.cwd()), ...(starter ?? [])];
  }

  #errand(argv: readonly string[], done: (status: number) => void): void {
    const nowhere = open('/dev/null', abi.O_RDWR | abi.O_CLOEXEC);
    try {
      const stdio = [nowhere, nowhere, nowhere] as const;
      const { pid } = this.#start(argv, {
        stdio,
        onExit: ({ waitStatus }) => {
          this.#supervisor.errands.delete(pid);
          done(exitOf(waitStatus!).status ?? -1);
        },
      });
      this.#supervisor.errands.add(pid);
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      done(-1);
    } finally {
      close(nowhere);
    }
  }

  #start(argv: readonly string[], options: ClientOptions): Client {
    const pid = startProgram(this.#spawner, argv, options);
    const client = new RunningClient(pid);
    const pidfd = syscall(this.#table.nr.pidfd_open, pid, 0, 0, 0, 0, 0);
    if (pidfd < 0) throw new HostError('pidfd', 'pidfd_open(2) is refused', 'Linux 5.3 or newer is needed');
    this.#clients.set(pid, client);
    this.#supervisor.events.add(pidfd, abi.EPOLLIN, () => {
      if (wait4(pid, BASE + WORDS, WNOHANG, 0) !== pid) return;
      client.waitStatus = i32[WORDS >> 2]!;
      this.#clients.delete(pid);
      this.#supervisor.events.close(pidfd);
      options.onExit?.(client);
    });
    return client;
  }

  /**
   * Reaps daemons of the clients that have ended: they became children of this process, and nobody waits for them. For
   * a process that is nothing but a box, since it reaps any child. False when there are no children at all.
   */
  reapOrphans(): boolean {
    const [P_ALL, WEXITED, WNOWAIT, SI_PID] = [0, 4, 0x01000000, 16];
    for (;;) {
      u32[(WORDS + SI_PID) >> 2] = 0;
      if (waitid(P_ALL, 0, BASE + WORDS, WEXITED | WNOHANG | WNOWAIT) !== 0) return false;
      const pid = i32[(WORDS + SI_PID) >> 2]!;
      // A program of ours waits for the pump; it comes first until then.
      if (pid === 0 || this.#clients.has(pid)) return true;
      wait4(pid, 0, WNOHANG, 0);
    }
  }

  /**
   * Serves the clients until the condition holds. 'interrupted' means that a signal came or that clients kept the box
   * busy for a while: the caller lets its event loop run, then pumps on.
   */
  pump(until: () => boolean, timeoutMs = Infinity): 'done' | 'interrupted' | 'timeout' {
    const start = performance.now();
    for (let now = start; !until(); now = performance.now()) {
      if (now - start >= timeoutMs) return 'timeout';
      if (now - start >= TURN_MS) return 'interrupted';
      if (!this.#supervisor.step(start + timeoutMs - now)) return 'interrupted';
    }
    return 'done';
  }

  /** Pumps until the condition holds or the time is up, however busy the clients are. */
  #pumpOn(until: () => boolean, timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0; left = deadline - performance.now())
      if (this.pump(until, left) === 'done') return;
  }

  /** Runs a program to its end and captures what it writes. It is killed when the time is up. */
  run(argv: readonly string[], options: RunOptions = {}): RunResult {
    const { cwd, env, input = '', timeoutMs = Infinity } = options;
    const { events } = this.#supervisor;
    const stdin = typeof input === 'string' ? memoryFile(input) : input;
    const [stdout, stderr] = [new Capture(events), new Capture(events)];
    try {
      const client = this.spawn(argv, { cwd, env, stdio: [stdin, stdout.writeEnd, stderr.writeEnd] });
      stdout.started();
      stderr.started();
      const deadline = performance.now() + timeoutMs;
      const ended = (): boolean => client.waitStatus !== undefined;
      while (!ended()) {
        const left = Math.max(0, deadline - performance.now());
        if (this.pump(ended, left === 0 ? TURN_MS : left) !== 'done' && left === 0) kill(client.pid, SIGKILL);
      }
      return { ...exitOf(client.waitStatus!), stdout: stdout.take(), stderr: stderr.take() };
    } finally {
      stdout.end();
      stderr.end();
      if (typeof input === 'string') close(stdin);
    }
  }

  /** Ends the remaining clients, daemons included, and everything the box holds. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endClients();
    for (const placeholder of [...this.#supervisor.clients.placeholders.values()]) {
      this.#supervisor.release(placeholder);
    }
    this.#supervisor.files.endAll();
    this.#supervisor.forgetMounts();
    this.#supervisor.inotify.close();
    this.#supervisor.events.end();
    this.#spawner.close();
  }

  #endClients(): void {
    const none = (): boolean => this.#clients.size === 0 && !hasChildren();
    const phases = [[SIGTERM, GRACE_MS] as const, ['vanish', VANISHED_MS] as const, [SIGKILL, KILLED_MS] as const];
    for (const [what, ms] of phases) {
      const deadline = performance.now() + ms;
      let left = this.#living();
      if (what !== 'vanish') for (const pid of left) kill(pid, what);
      else if (left.length !== 0) this.#supervisor.vanish();
      while (left.length !== 0 && performance.now() < deadline) {
        this.pump(none, 5);
        left = this.#living();
        // Looked for last: one that counts as ended by now has no later turn.
        this.#reapDaemons();
      }
    }
    // Whoever waits for a program hears of its end.
    this.#pumpOn(() => this.#clients.size === 0, GRACE_MS);
  }

  #reapDaemons(): void {
    for (const pid of filteredZombies(this.#baseline)) if (!this.#clients.has(pid)) wait4(pid, 0, WNOHANG, 0);
  }

  #living(): number[] {
    return hasChildren() ? filteredDescendants(this.#baseline) : [];
  }
}

function namespacesOf({ namespaces }: BoxOptions): Namespaces | undefined {
  return typeof namespaces === 'object' ? namespaces : namespaces === true ? new Namespaces() : undefined;
}

/** Memory of clients is tried on this process: an outer filter refuses it whoever is looked at. */
function requireMemory(): void {
  const { pid } = process;
  if (readClient(pid, BASE + WORDS, 4, IN) === 0 && writeClient(pid, BASE + WORDS, 4, IN) === 0) return;
  const advice = 'a container must allow them (--security-opt seccomp=unconfined)';
  throw new HostError('process_vm', 'process_vm_readv(2) and process_vm_writev(2) are refused', advice);
}

/** Whether this process has any children, ended ones included. */
function hasChildren(): boolean {
  const [P_ALL, WEXITED, WNOWAIT] = [0, 4, 0x01000000];
  return waitid(P_ALL, 0, BASE + WORDS, WEXITED | WNOHANG | WNOWAIT) === 0;
}

/** Splits a raw status of wait(2). */
export function exitOf(status: number): { status: number | null; signal: number | null } {
  const signal = status & 0x7f;
  return signal === 0 ? { status: (status >> 8) & 0xff, signal: null } : { status: null, signal };
}
