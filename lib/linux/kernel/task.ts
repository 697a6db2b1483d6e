// include/linux/sched.h struct task_struct, reduced to what a system call may ask of its caller ("current").
// The host makes one for each client thread it serves; tests and in-process users make their own.
import type { Holder } from '../events.js';
import type { File } from '../fs/file.js';
import type { BpfPaths } from './bpf/inode.js';
import type { UserMemory } from './user_memory.js';

/** The process on whose behalf the kernel runs. All numbers are those of the box's own (initial) namespaces. */
export interface Task extends Holder {
  /** Thread id. */
  readonly pid: number;
  /** Thread group id: what getpid(2) returns and what netlink autobind starts from. */
  readonly tgid: number;
  readonly uid: number;
  readonly gid: number;
  /** Its address space: what the pointers of a system call point into. */
  readonly memory: UserMemory;
  /** Whether the task has the capability (uapi number, `CAP_NET_ADMIN` = 12) in the box's user namespace. */
  capable(cap: number): boolean;
  /**
   * The open file behind `fd` in the task's own table at the moment of the call, or undefined when `fd` is not open
   * (or negative). Its own network namespace is `ownNetns`; a file the model does not
   * know (a pipe, a plain file) is `foreignFile`.
   */
  fget(fd: number): File | undefined;
  /** Where its paths of pins lead. Default: the pins of the machine. */
  readonly pins?: BpfPaths | undefined;
  /** Its name, as /proc/PID/comm shows it, where it is known. */
  readonly comm?: string | undefined;
  /** Whether a signal waits for it, so that a call that takes long should end. */
  signalPending?(): boolean;
}
