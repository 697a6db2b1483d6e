// ptrace(2) as the tracer uses it: threads are seized, stop at both ends of every system call, and are told apart by what
// wait4(2) says of them. All calls are made by one thread. include/uapi/linux/ptrace.h has the numbers.
import { BASE, WORDS, errno, get64, i32, ptrace, u32, u8, view, wait4 } from '../libc.js';
import { ESRCH } from '../../uapi/asm-generic/errno.js';

const PTRACE_SYSCALL = 24;
const PTRACE_SEIZE = 0x4206;
const PTRACE_LISTEN = 0x4208;
const PTRACE_GETEVENTMSG = 0x4201;
const PTRACE_GET_SYSCALL_INFO = 0x420e;

/** TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC. */
const OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10;

/** FORK, VFORK, CLONE: the message is the new thread's id. */
export const startEvents: ReadonlySet<number> = new Set([1, 2, 3]);
export const PTRACE_EVENT_EXEC = 4;
export const PTRACE_EVENT_STOP = 128;
export const SIGTRAP = 5;
const SYSCALL_STOP = SIGTRAP | 0x80;

const WALL = 0x40000000;
const WUNTRACED = 2;

/** struct ptrace_syscall_info. */
const INFO = WORDS + 16;
const INFO_SIZE = 88;
const ARCH = 4;
const DETAILS = 24;

/** Where a thread stands, at one end of a call. */
export interface SyscallStop {
  readonly arch: number;
  readonly entering: boolean;
  /** On the way in. */
  readonly nr: number;
  /** On the way out: a result, or a negative errno. */
  readonly result: number;
}

/** What wait4(2) says of one thread. */
export type Change =
  | { readonly pid: number; readonly kind: 'ended'; readonly status: number }
  | { readonly pid: number; readonly kind: 'syscall' }
  | { readonly pid: number; readonly kind: 'event'; readonly event: number; readonly signal: number }
  | { readonly pid: number; readonly kind: 'signal'; readonly signal: number };

function told(pid: number, status: number): Change {
  if ((status & 0xff) !== 0x7f) return { pid, kind: 'ended', status };
  const [signal, event] = [(status >> 8) & 0xff, status >> 16];
  if (signal === SYSCALL_STOP) return { pid, kind: 'syscall' };
  return event === 0 ? { pid, kind: 'signal', signal } : { pid, kind: 'event', event, signal };
}

/** The next change of any traced thread or child; a negative errno when there is none or a signal ended the wait. */
export function nextChange(): Change | number {
  const pid = wait4(-1, BASE + WORDS, WALL, 0);
  return pid < 0 ? -errno() : told(pid, i32[WORDS >> 2]!);
}

/** Waits until a child that nobody traces stops or ends: its raw status. */
export function nextStop(pid: number): number {
  while (wait4(pid, BASE + WORDS, WALL | WUNTRACED, 0) < 0);
  return i32[WORDS >> 2]!;
}

/** 0 or a negative errno. */
export const seize = (pid: number): number => (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) === 0 ? 0 : -errno());

/** Lets a thread run to the next end of a call, with a signal. One that has been killed meanwhile is told of by wait4. */
export function resume(pid: number, signal = 0): void {
  if (ptrace(PTRACE_SYSCALL, pid, 0, signal) !== 0 && errno() !== ESRCH)
    throw new Error(`thread ${pid} cannot be resumed (errno ${errno()})`);
}

/** Lets a thread stay stopped with its group, until SIGCONT. */
export const listen = (pid: number): number => ptrace(PTRACE_LISTEN, pid, 0, 0);

/** What comes with an event: a thread id. */
export function eventMessage(pid: number): number {
  return ptrace(PTRACE_GETEVENTMSG, pid, 0, BASE + WORDS + 8) === 0 ? get64(WORDS + 8) : 0;
}

/** Undefined when the thread has been killed meanwhile. */
export function syscallStop(pid: number): SyscallStop | undefined {
  if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, INFO_SIZE, BASE + INFO) <= 0) return undefined;
  const entering = u8[INFO] === 1;
  const arch = u32[(INFO + ARCH) >> 2]!;
  if (entering) return { arch, entering, nr: get64(INFO + DETAILS), result: 0 };
  return { arch, entering, nr: -1, result: Number(view.getBigInt64(INFO + DETAILS, true)) };
}

/** Arguments of the call that syscallStop() has just told of. */
export const stopArgs = (): number[] => [0, 1, 2, 3, 4, 5].map((i) => get64(INFO + DETAILS + 8 + 8 * i));
