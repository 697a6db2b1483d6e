// The public API: a kernel in this process. Everything here is pure: no file, no socket, no clock of the host is
// touched. Clients that are programs of their own need `tcbox run`.
export { fromHex, toHex } from './codec/bytes.js';
export type { Clock, Work } from './linux/clock.js';
export { ManualClock, NSEC_PER_MSEC, NSEC_PER_SEC } from './linux/clock.js';
export type { KernelConfig } from './linux/config.js';
export { configs } from './linux/config.js';
export { Entropy } from './linux/entropy.js';
export type { Holder, KernelEvent } from './linux/events.js';
export type { File } from './linux/fs/file.js';
export { foreignFile } from './linux/fs/file.js';
export type { LocalTaskOptions } from './linux/kernel/local_task.js';
export { LocalTask } from './linux/kernel/local_task.js';
export type { Task } from './linux/kernel/task.js';
export type { MachineOptions, ObjectSnapshot } from './linux/machine.js';
export { Machine } from './linux/machine.js';
export type { QueuedDatagram, Received, SendRequest, Socket, SockOptValue } from './linux/net/socket.js';
export type { KernelVersion } from './linux/version.js';
export { kernelVersions } from './linux/version.js';
