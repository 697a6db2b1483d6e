// What the host asks of a booted kernel, and the clock it gives it. `Machine` of lib/linux/machine.ts fits; the host's
// own specs drive it with a small kernel of their own.
import type { Clock } from '../linux/clock.js';
import type { BpfFile } from '../linux/kernel/bpf/file.js';
import type { Task } from '../linux/kernel/task.js';
import type { Socket } from '../linux/net/socket.js';

export interface Kernel {
  readonly clock: Clock;
  socket(task: Task, family: number, type: number, protocol: number): Socket | number;
  /** ioctl(2) with an interface code on any socket; `ifreq` is changed in place. */
  devIoctl(task: Task, request: number, ifreq: Uint8Array): number;
  /** ioctl(2) on a socket of AF_INET, of its addresses; -ENOIOCTLCMD for other requests. */
  inetIoctl(task: Task, request: number, ifreq: Uint8Array): number;
  /** bpf(2) with the attributes at `uattr` of the task: a result, a negative errno, or a file that becomes a new fd. */
  bpf(task: Task, cmd: number, uattr: number, size: number): number | BpfFile;
  /** What /proc/kallsyms holds. */
  kallsyms(): string;
  /** What /proc/net/NAME holds; undefined when it is the real kernel's business. */
  procNet(name: string): string | undefined;
  /** Time of the earliest deferred work on the kernel's clock, in ns, or Infinity. */
  nextDeadline(): number;
  /** Runs the deferred work that is due. */
  runDue(): void;
}

/** When this process began on the monotonic clock of this computer, which clients read by themselves, ns. */
const began = Number(process.hrtime.bigint()) - performance.now() * 1e6;

/** That clock; a machine in a box is made with it, so that what it says of times is what clients make of them. */
export const hostClock: Clock = {
  now: (): number => Math.round(began + performance.now() * 1e6),
  bootTime: performance.timeOrigin - began / 1e6,
};
