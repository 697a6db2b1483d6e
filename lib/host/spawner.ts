// The filtered thread: sets no_new_privs, installs the filter, and starts every client, so that each inherits the
// filter. Either a worker of its own (a Box inside a larger program), or the calling thread itself (`tcbox run`, which
// saves the start of a worker). A thread once filtered stays so: an intercepted call on it waits for the supervisor,
// and is lost when that is the same thread. The worker therefore does nothing but wait for requests.
import type { MessagePort, Worker } from 'node:worker_threads';
import koffi from 'koffi';
import type * as Koffi from 'koffi';
import { HostError } from './host_error.js';

/** One posix_spawn: `path` is opened as given, `stdio` are fds of this process that become 0, 1 and 2. */
export interface SpawnRequest {
  readonly path: string;
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  readonly cwd: string | undefined;
  readonly stdio: readonly [number, number, number];
  /** Whether the program leads a process group of its own. */
  readonly group: boolean;
}

export interface Spawner {
  /** The listener fd, owned by the caller. */
  readonly listener: number;
  /** Whether only fatal signals end a call that has been received (Linux 5.19). */
  readonly killable: boolean;
  /** Starts a program; its pid, or a negative errno. */
  spawn(request: SpawnRequest): number;
  close(): void;
}

interface Core {
  readonly listener: number;
  readonly killable: boolean;
  readonly spawn: (request: SpawnRequest) => number;
}

/**
 * Filters the calling thread, unless `program` is empty; listener is a negative errno when the kernel refuses. The worker runs the text of this
 * function, so it refers to nothing outside itself.
 */
function filterThisThread(lib: typeof Koffi.default, program: Uint8Array, seccompNr: number): Core {
  const libc = lib.load(null);
  const func = (prototype: string) => libc.func(prototype) as unknown as (...args: unknown[]) => number;
  const prctl = func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)');
  const syscall = func('int syscall(long, unsigned long, unsigned long, void *)');
  const actionsInit = func('int posix_spawn_file_actions_init(void *)');
  const actionsDestroy = func('int posix_spawn_file_actions_destroy(void *)');
  const addDup2 = func('int posix_spawn_file_actions_adddup2(void *, int, int)');
  const addChdir = func('int posix_spawn_file_actions_addchdir_np(void *, const char *)');
  const attrInit = func('int posix_spawnattr_init(void *)');
  const setFlags = func('int posix_spawnattr_setflags(void *, short)');
  const setSigmask = func('int posix_spawnattr_setsigmask(void *, void *)');
  const setSigdefault = func('int posix_spawnattr_setsigdefault(void *, void *)');
  const posixSpawn = func('int posix_spawn(void *, const char *, void *, void *, const char **, const char **)');

  const PR_SET_NO_NEW_PRIVS = 38;
  const POSIX_SPAWN_SETPGROUP = 0x2;
  const POSIX_SPAWN_SETSIGDEF_SETSIGMASK = 0x4 | 0x8;
  const actions = Buffer.alloc(1024);
  const attr = Buffer.alloc(1024);
  const none = Buffer.alloc(128);
  const ignored = Buffer.alloc(128);
  const pid = Buffer.alloc(128);
  const fprog = Buffer.alloc(128);
  attrInit(attr);
  setSigmask(attr, none);
  // The runtime ignores SIGPIPE (13) and SIGXFSZ (25); a client must not inherit that.
  ignored.writeUInt32LE(((1 << 12) | (1 << 24)) >>> 0);
  setSigdefault(attr, ignored);

  const spawn = (request: SpawnRequest): number => {
    setFlags(attr, POSIX_SPAWN_SETSIGDEF_SETSIGMASK | (request.group ? POSIX_SPAWN_SETPGROUP : 0));
    actionsInit(actions);
    request.stdio.forEach((from, to) => addDup2(actions, from, to));
    if (request.cwd !== undefined) addChdir(actions, request.cwd);
    const error = posixSpawn(pid, request.path, actions, attr, [...request.argv, null], [...request.envp, null]);
    actionsDestroy(actions);
    return error === 0 ? pid.readInt32LE(0) : -error;
  };
  if (program.length === 0) return { listener: -1, killable: false, spawn };

  const code = Buffer.from(program);
  fprog.writeUInt16LE(program.length / 8, 0);
  fprog.writeBigUInt64LE(lib.address(code), 8);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) {
    return { listener: -lib.errno(), killable: false, spawn: () => 0 };
  }
  const SET_MODE_FILTER = 1;
  const NEW_LISTENER = 8;
  const WAIT_KILLABLE_RECV = 32;
  const EINVAL = 22;
  let killable = true;
  let fd = syscall(seccompNr, SET_MODE_FILTER, NEW_LISTENER | WAIT_KILLABLE_RECV, fprog);
  if (fd < 0 && lib.errno() === EINVAL) {
    killable = false;
    fd = syscall(seccompNr, SET_MODE_FILTER, NEW_LISTENER, fprog);
  }

  return { listener: fd < 0 ? -lib.errno() : fd, killable, spawn };
}

function opened(core: Core): Core {
  if (core.listener >= 0) return core;
  const EBUSY = 16;
  throw core.listener === -EBUSY
    ? new HostError('nested', 'this process already runs under a supervisor', 'start tcbox outside of it')
    : new HostError(
        'seccomp',
        `the kernel refuses a seccomp listener (errno ${-core.listener})`,
        'Linux 5.9 or newer is needed, and a container must allow seccomp(2)',
      );
}

/** Filters the calling thread itself. */
export function inlineSpawner(program: Uint8Array, seccompNr: number): Spawner {
  const core = opened(filterThisThread(koffi, program, seccompNr));
  return { ...core, close: () => {} };
}

/** Filters nothing: programs reach the kernel of this computer. */
export function plainSpawner(): Spawner {
  return { ...filterThisThread(koffi, new Uint8Array(0), 0), close: () => {} };
}

/** Where another thread or process finds koffi. */
export function koffiPath(): string {
  const { createRequire } = process.getBuiltinModule('node:module');
  return createRequire(import.meta.url).resolve('koffi');
}

/** Cells of the shared control words. */
const REQUESTS = 0;
const REPLIES = 1;
const RESULT = 2;
const KILLABLE = 3;

const workerText = `
const { workerData, receiveMessageOnPort } = require('node:worker_threads');
const { koffiPath, program, seccompNr, control, port } = workerData;
const words = new Int32Array(control);
const core = (${filterThisThread.toString()})(require(koffiPath), program, seccompNr);
const reply = (value) => {
  Atomics.store(words, ${RESULT}, value);
  Atomics.add(words, ${REPLIES}, 1);
  Atomics.notify(words, ${REPLIES});
};
words[${KILLABLE}] = Number(core.killable);
reply(core.listener);
for (let seen = 0; core.listener >= 0; seen++) {
  Atomics.wait(words, ${REQUESTS}, seen);
  // Null, or nothing from a port that is closed already: the end.
  const request = receiveMessageOnPort(port)?.message ?? null;
  if (request === null) break;
  reply(core.spawn(request));
}
`;

/** Waits until the worker has answered `count` times; its last answer. */
function answer(words: Int32Array, count: number): number {
  while (Atomics.load(words, REPLIES) < count) {
    if (Atomics.wait(words, REPLIES, count - 1, 30_000) === 'timed-out') {
      throw new HostError('spawner', 'the thread that starts clients does not answer', 'see the log above');
    }
  }
  return Atomics.load(words, RESULT);
}

class WorkerSpawner implements Spawner {
  readonly listener: number;
  readonly killable: boolean;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #words = new Int32Array(new SharedArrayBuffer(16));
  #answers = 1;

  constructor(program: Uint8Array, seccompNr: number) {
    // Loaded here, because the inline way must not pay for it.
    const { MessageChannel, Worker } = process.getBuiltinModule('node:worker_threads');
    const channel = new MessageChannel();
    this.#port = channel.port1;
    const port = channel.port2;
    this.#worker = new Worker(workerText, {
      eval: true,
      workerData: { koffiPath: koffiPath(), program, seccompNr, control: this.#words.buffer, port },
      transferList: [port],
      execArgv: [],
      stdin: false,
      trackUnmanagedFds: false,
    });
    this.#worker.unref();
    this.#port.unref();
    const listener = answer(this.#words, 1);
    this.killable = this.#words[KILLABLE] === 1;
    this.listener = opened({ listener, killable: this.killable, spawn: () => 0 }).listener;
  }

  spawn(request: SpawnRequest): number {
    this.#send(request);
    this.#answers++;
    return answer(this.#words, this.#answers);
  }

  close(): void {
    this.#send(null);
    this.#port.close();
  }

  #send(request: SpawnRequest | null): void {
    this.#port.postMessage(request);
    Atomics.add(this.#words, REQUESTS, 1);
    Atomics.notify(this.#words, REQUESTS);
  }
}

/** Starts a thread of its own and filters that. */
export function workerSpawner(program: Uint8Array, seccompNr: number): Spawner {
  return new WorkerSpawner(program, seccompNr);
}
