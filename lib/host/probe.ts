// `tcbox doctor`: each prerequisite of this machine, tried rather than guessed. A small supervisor without a kernel
// serves one client (this very node, calling the C library) that makes a sendto(), a bpf() and a socket() call, and does
// once each thing that the real one does. Nothing of the machine is changed.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as abi from './abi.js';
import { Events } from './events.js';
import { filterProgram } from './filter.js';
import { HostError } from './host_error.js';
import {
  BASE,
  IN,
  NOTIF,
  STAT,
  WORDS,
  close,
  errno,
  fstat,
  ioctl,
  kill,
  stat,
  syscall,
  u32,
  u8,
  wait4,
} from './libc.js';
import { Listener } from './listener.js';
import { readClient, writeClient } from './memory.js';
import { Namespaces } from './namespaces.js';
import { NativeCalls } from './native.js';
import { koffiPath, workerSpawner, type Spawner } from './spawner.js';
import { EINVAL, EPERM } from '../uapi/asm-generic/errno.js';

export interface Probe {
  readonly name: string;
  readonly found: boolean;
  /** What was seen. */
  readonly detail: string;
  /** Whether `tcbox run` needs it; what is not needed makes more possible. */
  readonly needed: boolean;
  /** What to do about it; empty when found. */
  readonly advice: string;
}

/**
 * What a box can do here. 'full': everything. 'listing': the same, but the last close of a socket is seen up to 0.1 s
 * late. 'netlink': sockets work, bpf(2) is refused before it arrives. 'none': no box can be started.
 */
export type Tier = 'full' | 'listing' | 'netlink' | 'none';

const BPF = 'bpf(2) arrives';
const GETFD = 'pidfd_getfd';

export function tierOf(probes: readonly Probe[]): Tier {
  const missing = new Set(probes.filter(({ found }) => !found).map(({ name }) => name));
  if (probes.some(({ found, needed }) => needed && !found)) return 'none';
  if (missing.has(BPF)) return 'netlink';
  return missing.has(GETFD) ? 'listing' : 'full';
}

type Add = (name: string, problem: string | undefined, advice: string, detail?: string, needed?: boolean) => void;

const CLIENT_MS = 20_000;
const CONTAINER = 'in a container: --security-opt seccomp=unconfined, or a profile that allows it';

/** A pattern the client keeps in memory, to be found and changed from here. */
const PATTERN = 0x7c0b07;
/** An fd that no process has, by which its call is known. */
const NO_FD = 0x77777777;

const clientText = (nr: abi.SyscallNumbers): string => `
const koffi = require(${JSON.stringify(koffiPath())});
const libc = koffi.load(null);
const syscall = libc.func('int syscall(long, long, void *, long, long, long, long)');
const memory = Buffer.alloc(256);
memory.writeUInt32LE(${PATTERN});
syscall(${nr.sendto}, ${NO_FD}, memory, 16, 0, 0, 0);
syscall(${nr.bpf}, 0x7777, memory, 16, 0, 0, 0);
const socket = libc.func('int syscall(long, long, long, long)');
process.exitCode = socket(${nr.socket}, 16, 3, 0) >= 0 ? 0 : 3;
`;

class Trial {
  readonly #add: Add;
  readonly #table: abi.Abi;
  readonly #listener: Listener;
  readonly #events: Events;
  readonly #native: NativeCalls;
  #sawBpf = false;
  #sawSocket = false;
  #sawSendto = false;

  constructor(table: abi.Abi, listener: number, add: Add) {
    this.#add = add;
    this.#table = table;
    this.#listener = new Listener(listener);
    this.#events = new Events(table);
    this.#native = new NativeCalls(table, undefined);
  }

  /** Serves the client until it has ended, or kills it. */
  serve(pid: number): void {
    this.#events.add(this.#listener.fd, abi.EPOLLIN, (mask) => {
      if ((mask & abi.EPOLLIN) !== 0 && this.#listener.receive()) this.#answer(this.#listener.notification.tid);
    });
    const end = performance.now() + CLIENT_MS;
    while (performance.now() < end && wait4(pid, BASE + WORDS, 1, 0) !== pid) {
      this.#events.wait(20);
    }
    if (performance.now() >= end) kill(pid, 9);
    this.#conclude();
    this.#events.end();
  }

  #answer(tid: number): void {
    const { idLow, idHigh, nr } = this.#listener.notification;
    if (nr === this.#table.nr.socket) {
      this.#sawSocket = true;
      this.#tryAddfd(idLow, idHigh);
      return;
    }
    if (nr === this.#table.nr.bpf) {
      this.#sawBpf = true;
    } else {
      this.#sawSendto = true;
      this.#tryMemory(tid);
      this.#tryPidfd(tid);
    }
    this.#listener.answer(idLow, idHigh, -EINVAL);
  }

  #tryMemory(tid: number): void {
    const address = this.#listener.notification.ptr(1);
    const read = readClient(tid, address, 4, IN) === 0 && u32[IN >> 2] === PATTERN;
    const written = writeClient(tid, address, 4, IN) === 0;
    const problem = read && written ? undefined : 'refused';
    this.#add('client memory', problem, `process_vm_readv(2) and process_vm_writev(2) on a child; ${CONTAINER}`);
  }

  #tryPidfd(tid: number): void {
    const thread = syscall(this.#table.nr.pidfd_open, tid, abi.PIDFD_THREAD, 0, 0, 0, 0);
    const pidfd = thread >= 0 ? thread : syscall(this.#table.nr.pidfd_open, tid, 0, 0, 0, 0, 0);
    const problem = pidfd >= 0 ? undefined : `refused (errno ${errno()})`;
    this.#add('pidfd_open', problem, 'Linux 5.3 or newer', thread >= 0 ? 'of threads' : 'of processes');
    if (pidfd < 0) return;
    const copy = syscall(this.#table.nr.pidfd_getfd, pidfd, 0, 0, 0, 0, 0);
    const fetched = copy >= 0 && fstat(copy, BASE + STAT) === 0;
    const refused = fetched ? undefined : `refused (errno ${errno()})`;
    const late = 'without it last closes are seen late';
    this.#add(GETFD, refused, `${late}: Linux 5.6 or newer; ${CONTAINER}`, '', false);
    if (!fetched) this.#tryListing(tid);
    if (copy >= 0) close(copy);
    close(pidfd);
  }

  #tryListing(tid: number): void {
    const seen = stat(`/proc/${tid}/fd/0`, BASE + STAT) === 0;
    const problem = seen ? undefined : `refused (errno ${errno()})`;
    this.#add('fds in /proc', problem, 'mount /proc with hidepid=0, or allow pidfd_getfd(2)', 'used instead');
  }

  #tryAddfd(idLow: number, idHigh: number): void {
    const flags = abi.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
    const sync = ioctl(this.#listener.fd, abi.SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags) === 0;
    const slower = sync ? undefined : 'not known to this kernel';
    this.#add('synchronous wake-up', slower, 'Linux 6.6 or newer answers about twice as fast', '', false);
    const pair = this.#native.pair(false);
    if (typeof pair === 'number') {
      this.#listener.answer(idLow, idHigh, -EPERM);
      return;
    }
    const fd = this.#listener.answerFd(idLow, idHigh, pair.clientEnd, true);
    this.#add('fd installation', fd >= 0 ? undefined : `refused (errno ${-fd})`, 'Linux 5.14 or newer');
    if (fd < 0) this.#listener.answer(idLow, idHigh, -EPERM);
    this.#native.closePair(pair);
  }

  #conclude(): void {
    const bpf = this.#sawBpf ? undefined : 'the call is refused before it arrives';
    this.#add(BPF, bpf, `an outer seccomp filter refuses bpf(2); ${CONTAINER}`, '', false);
    const sendto = this.#sawSendto ? undefined : 'the call is refused before it arrives';
    this.#add('sendto(2) arrives', sendto, `an outer seccomp filter refuses sendto(2); ${CONTAINER}`);
    const socket = this.#sawSocket ? undefined : 'the call is refused before it arrives';
    this.#add('socket(2) arrives', socket, `an outer seccomp filter refuses socket(2); ${CONTAINER}`);
  }
}

function trySupervisor(table: abi.Abi, add: Add): void {
  u32[WORDS >> 2] = abi.SECCOMP_RET_USER_NOTIF;
  const known = syscall(table.nr.seccomp, abi.SECCOMP_GET_ACTION_AVAIL, 0, BASE + WORDS, 0, 0, 0) === 0;
  add('seccomp notification', known ? undefined : 'not available', `Linux 5.0 or newer; ${CONTAINER}`);
  const { nr } = table;
  let spawner: Spawner;
  try {
    const rules = [
      { nr: nr.bpf },
      { nr: nr.sendto, arg: 0, ranges: [[NO_FD, NO_FD]] as const },
      { nr: nr.socket, arg: 0, ranges: [[abi.AF_NETLINK, abi.AF_NETLINK]] as const },
    ];
    spawner = workerSpawner(filterProgram(table, rules), nr.seccomp);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    add('seccomp listener', error.missing, error.whatToDo);
    return;
  }
  add('seccomp listener', undefined, '');
  const argv = [process.execPath, '-e', clientText(nr)];
  const envp = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);
  const pid = spawner.spawn({ path: process.execPath, argv, envp, cwd: undefined, stdio: [0, 1, 2], group: false });
  if (pid > 0) new Trial(table, spawner.listener, add).serve(pid);
  else add('client', `cannot be started (errno ${-pid})`, 'look at the limits of this user');
  spawner.close();
  u8.fill(0, NOTIF, NOTIF + 80);
}

/** What was tried above decides; this says why it failed. */
function tryYama(add: Add): void {
  let scope = 'absent';
  try {
    scope = readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'latin1').trim();
  } catch {
    // Without Yama the ordinary rules hold, which allow it.
  }
  const problem = Number(scope) >= 2 ? `ptrace_scope is ${scope}` : undefined;
  const detail = scope === 'absent' ? 'absent' : `ptrace_scope ${scope}`;
  add('Yama', problem, 'client memory needs sysctl kernel.yama.ptrace_scope=1 (or 0)', detail, false);
}

function tryProgram(add: Add, program: string, args: readonly string[], advice: string): void {
  const { status, stdout, error } = spawnSync(program, args, { encoding: 'utf8' });
  const problem = status === 0 ? undefined : (error?.message ?? `exit status ${status ?? 'none'}`);
  add(`${program} ${args.join(' ')}`, problem, advice, status === 0 ? stdout.trim() : '', false);
}

function tryNamespaces(add: Add): void {
  const { kind, why } = new Namespaces();
  const without = 'without them pins work below $TC_BPF_MNT only, and mount(8) refuses';
  const advice = `${without}: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone; ${CONTAINER}`;
  const detail = kind === 'user' ? 'user, mount and network' : 'mount and network';
  add('namespaces', kind === 'none' ? why : undefined, advice, detail, false);
}

/** Tries everything; the results in the order in which a reader should fix them. */
export function probeMachine(): Probe[] {
  const results: Probe[] = [];
  const add: Add = (name, problem, advice, detail = '', needed = true) => {
    const found = problem === undefined;
    results.push({ name, found, detail: problem ?? detail, needed, advice: found ? '' : advice });
  };
  const table = process.platform === 'linux' ? abi.abiOf(process.arch) : undefined;
  const platform = `${process.platform} ${process.arch}`;
  const untested = table?.tested === false ? ', untested' : '';
  add('platform', table === undefined ? platform : undefined, 'use Linux on x86-64 or arm64', platform + untested);
  if (table !== undefined) trySupervisor(table, add);
  tryYama(add);
  tryNamespaces(add);
  tryProgram(add, 'tc', ['-V'], 'install iproute2, or bring your own netlink client');
  tryProgram(add, 'ip', ['-V'], 'install iproute2, or bring your own netlink client');
  return results;
}
