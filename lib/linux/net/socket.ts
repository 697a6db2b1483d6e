// net/socket.c and include/linux/net.h struct proto_ops: what the system-call layer asks of a socket of any family.
// The host (clients) and the in-process API both drive sockets through this interface alone. Calls never block and
// never throw for a refusal: they return what the system call would, a negative errno included. A caller that must
// block waits for `dataReady` and calls again.
import type { File } from '../fs/file.js';
import type { Task } from '../kernel/task.js';

/** Arguments of one sendmsg(2). */
export interface SendRequest {
  /** msg_name, at most 128 bytes, or null when absent. */
  readonly name: Uint8Array | null;
  /** The gathered payload. The callee copies what it keeps. */
  readonly data: Uint8Array;
  /** MSG_* flags. */
  readonly flags: number;
}

/** What one successful recvmsg(2) gives. */
export interface Received {
  /** Return value of the call in bytes (the full length under MSG_TRUNC). */
  ret: number;
  /** Bytes to scatter into the caller's buffers, at most the requested length. Valid until the next call. */
  data: Uint8Array;
  /** Source address (sockaddr), empty when the family gives none. */
  name: Uint8Array;
  /** Control messages (cmsghdr layout of 64-bit), already cut to the requested length. */
  control: Uint8Array;
  /** msg_flags. */
  flags: number;
}

/** A value got by getsockopt(2): `value` is copied out (never more than asked for), `length` goes into optlen. */
export interface SockOptValue {
  readonly value: Uint8Array;
  readonly length: number;
}

/** A datagram waiting in a receive queue, as a native reader of the queue would get it. */
export interface QueuedDatagram {
  readonly data: Uint8Array;
}

/** Memory of a ring of packets, which the kernel and a program both write. */
export interface SharedRing {
  readonly memory: Uint8Array;
  /** The program has something to read now, or has read everything. */
  readable(is: boolean): void;
  /** Whether a program has the memory mapped. */
  readonly mapped: boolean;
  /** The device has been removed: whoever polls must not wait any longer. */
  hangUp?(): void;
  close(): void;
}

export interface Socket extends File {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  /** SO_RCVTIMEO and SO_SNDTIMEO in milliseconds; Infinity = none. */
  readonly rcvtimeo: number;
  readonly sndtimeo: number;
  /** Datagrams waiting, oldest first. Read only: recvmsg() consumes. */
  readonly receiveQueue: readonly QueuedDatagram[];
  /** Called after a datagram was queued or an error latched; the owner of the fd sets it. */
  dataReady: (() => void) | undefined;

  bind(task: Task, addr: Uint8Array): number;
  connect(task: Task, addr: Uint8Array): number;
  /** getsockname(2), or getpeername(2) with `peer`: the address, or a negative errno. */
  getname(peer: boolean): Uint8Array | number;
  setsockopt(task: Task, level: number, optname: number, optval: Uint8Array): number;
  /** `given`: what stands at the place of the value, for the options that are asked by it. */
  getsockopt(task: Task, level: number, optname: number, optlen: number, given?: Uint8Array): SockOptValue | number;
  sendmsg(task: Task, request: SendRequest): number;
  /** One receive of at most `length` bytes and `controllen` bytes of control messages. -EAGAIN when nothing waits. */
  recvmsg(task: Task, length: number, flags: number, controllen: number): Received | number;
  /** Called before something is dropped because the receive buffer is full: wasRead() may follow; the owner sets it. */
  makeRoom?: (() => void) | undefined;
  /** Whether packets go to a ring: then what little is queued is not seen by those who poll. */
  readonly hasRing?: boolean;
  /** Memory that a ring shares with its user, `size` bytes of zeros; the owner of the fd sets it. */
  shareRing?: ((size: number) => SharedRing | undefined) | undefined;
  /** The first datagram was read by other means, at most `length` bytes of it: a receive that no fault on purpose strikes. */
  wasRead?(length: number): void;
  /** poll(2) mask of what is ready now (EPOLL* bits). */
  poll(): number;
  /** ioctl(2) of the socket itself; `arg` is the caller's buffer, changed in place. -ENOIOCTLCMD when unknown. */
  ioctl(task: Task, request: number, arg: Uint8Array): number;
  listen(backlog: number): number;
  shutdown(how: number): number;
  accept(): number;
  /** The last close of the description. */
  release(): void;
}
