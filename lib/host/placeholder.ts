// What a client holds in place of a modelled socket: one end of an AF_UNIX SOCK_SEQPACKET pair. Every datagram of the
// model's receive queue also lies in the pair, so that poll, select, epoll and read() of the client work natively.
// Invariant after each settled call: the pair holds, in order, the first `#lengths.length` datagrams of the put-back
// list followed by the model's queue. The client's end is not ours to keep: the pair hangs up at the last close.
import * as abi from './abi.js';
import type { ClientTask } from './clients.js';
import { BASE, IN, OUT, OUT_SIZE, read, u8, write } from './libc.js';
import type { NativeCalls, Pair } from './native.js';
import type { Received, Socket } from '../linux/net/socket.js';
import type { Task } from '../linux/kernel/task.js';
import { EAGAIN } from '../uapi/asm-generic/errno.js';

/** Most bytes in flight; the kernel's own limit of a unix socket lies above. */
const IN_FLIGHT = 150_000;

/** A datagram, or an error, that was consumed for a call whose answer reached nobody. */
export interface Unreceived {
  readonly error: number;
  readonly data: Uint8Array;
  readonly name: Uint8Array;
  readonly control: Uint8Array;
  readonly flags: number;
}

const empty = new Uint8Array(0);

export class Placeholder {
  readonly socket: Socket;
  /** The supervisor's end. */
  readonly fd: number;
  /** Inode of the client's end. */
  readonly ino: number;
  /** Thread and fd that used the socket last: where to look for it, and on whose behalf a native write() acts. */
  task: ClientTask;
  clientFd = -1;
  /** Whether space events are asked for, to see a native read(). */
  armed = false;
  /** Told of a datagram before it counts as read natively; the supervisor sets it. */
  onNativeRead: ((data: Uint8Array) => void) | undefined;
  /**
   * Lets the client's end hang up while the socket stays, because nothing else wakes those who poll a ring with an error;
   * the supervisor sets it.
   */
  hangUp: (() => void) | undefined;
  /** Our end hangs up, too: that event is not the last close. */
  expectsHangUp = false;
  readonly #native: NativeCalls;
  readonly #lengths: number[] = [];
  #bytes = 0;
  /** Whether an empty datagram lies in the pair, before all others, for an error that has not been told. */
  #alarm = false;
  readonly #unreceived: Unreceived[] = [];
  #error = 0;
  #consumedError = 0;
  #consumedData: Uint8Array | undefined;
  #consumed: Received | undefined;

  constructor(native: NativeCalls, socket: Socket, task: ClientTask, pair: Pair) {
    this.#native = native;
    this.socket = socket;
    this.task = task;
    this.fd = pair.fd;
    this.ino = pair.ino;
  }

  /** Whether datagrams lie in the pair. */
  get unread(): boolean {
    return this.#lengths.length !== 0;
  }

  /** Writes what the model has queued into the pair, as far as the bound allows. */
  flush(): void {
    if (this.socket.hasRing === true) return;
    if (!this.unread && !this.#alarm && this.socket.receiveQueue.length === 0 && this.#failed)
      this.#alarm = this.#native.sendEmpty(this.fd);
    while (this.#bytes < IN_FLIGHT) {
      const data = this.#queued(this.#lengths.length);
      if (data === undefined || !this.#push(data)) return;
    }
  }

  /** One receive for a client, `copy` being a copy of its end. Never blocks: -EAGAIN when nothing waits. */
  receive(task: Task, length: number, flags: number, controllen: number, copy: number): Received | number {
    this.#consumedError = 0;
    this.#consumedData = this.#consumed = undefined;
    if (this.unread) this.sync(this.#native.available(copy));
    if ((flags & abi.MSG_ERRQUEUE) !== 0) return this.socket.recvmsg(task, length, flags, controllen);
    if (this.#error !== 0) return this.#takeError();
    const first = this.#unreceived[0];
    const data = first === undefined ? this.socket.receiveQueue[0]?.data : first.data;
    const r = first === undefined ? this.socket.recvmsg(task, length, flags, controllen) : again(first, length, flags);
    if (typeof r === 'number') {
      if (r !== -EAGAIN) this.#consumedError = r;
      this.calm(copy);
    } else if ((flags & abi.MSG_PEEK) === 0) {
      if (first !== undefined) this.#unreceived.shift();
      this.#consumedData = data ?? r.data;
      this.#consumed = r;
      this.#dropFront(copy);
      this.flush();
    }
    return r;
  }

  /** A copy of what the last receive() consumed, for putBack(); only good until the model is called again. */
  keep(): Unreceived | undefined {
    const r = this.#consumed;
    if (this.#consumedError !== 0) {
      return { error: this.#consumedError, data: empty, name: empty, control: empty, flags: 0 };
    }
    if (r === undefined) return undefined;
    const flags = r.flags & ~abi.MSG_TRUNC;
    return { error: 0, data: this.#consumedData!.slice(), name: r.name.slice(), control: r.control.slice(), flags };
  }

  /** Makes undelivered datagrams the next to be received, oldest first; `copy` of the client's end, or -1. */
  putBack(kept: readonly Unreceived[], copy: number): void {
    for (const { error } of kept) if (error !== 0) this.#error = error;
    this.#unreceived.unshift(...kept.filter(({ error }) => error === 0));
    while (copy >= 0 && this.unread && this.#native.discard(copy)) this.#bytes -= this.#lengths.shift()!;
    this.flush();
  }

  /** Brings the model in step with native reads: `available` bytes are still in the pair. True when some were read. */
  sync(available: number): boolean {
    let consumed = 0;
    while (this.#bytes > available && this.unread) {
      const length = this.#lengths.shift()!;
      this.#bytes -= length;
      consumed++;
      const again = this.#unreceived.shift();
      if (again === undefined) this.#wasRead(length);
      else this.onNativeRead?.(again.data);
    }
    if (consumed !== 0) this.flush();
    return consumed !== 0;
  }

  /** Lets the client's end be readable without anything to receive: the queue must be empty. */
  signal(): boolean {
    u8[OUT] = 0;
    return write(this.fd, BASE + OUT, 1) === 1;
  }

  /** Takes the alarm back when its error has been told; `copy` is a copy of the client's end. */
  calm(copy: number): void {
    if (!this.#alarm || this.#failed) return;
    this.#alarm = false;
    this.#native.discard(copy);
  }

  /** Whether the next receive gives an error, which lets the client's end be readable. */
  get #failed(): boolean {
    return this.socket.hasRing !== true && (this.socket.poll() & abi.EPOLLERR) !== 0;
  }

  /** Empties the pair after the model has emptied its queue; `copy` is a copy of the client's end. */
  discardAll(copy: number): void {
    this.#unreceived.length = this.#lengths.length = this.#bytes = 0;
    while (this.#native.discard(copy));
  }

  /** The next datagram a client wrote natively, read into the arena at IN: its length, or -1 when there is none. */
  readWritten(size: number): number {
    return read(this.fd, BASE + IN, size);
  }

  #wasRead(length: number): void {
    const { socket } = this;
    const first = socket.receiveQueue[0];
    if (first !== undefined) this.onNativeRead?.(first.data);
    if (socket.wasRead === undefined) socket.recvmsg(this.task, length, abi.MSG_DONTWAIT, 0);
    else socket.wasRead(length);
  }

  #takeError(): number {
    this.#consumedError = this.#error;
    this.#error = 0;
    return this.#consumedError;
  }

  #dropFront(copy: number): void {
    if (this.unread && this.#native.discard(copy)) this.#bytes -= this.#lengths.shift()!;
  }

  #queued(index: number): Uint8Array | undefined {
    const before = this.#unreceived.length;
    if (index < before) return this.#unreceived[index]!.data;
    return this.socket.receiveQueue[index - before]?.data;
  }

  #push(data: Uint8Array): boolean {
    if (data.length > OUT_SIZE) return false;
    u8.set(data, OUT);
    if (write(this.fd, BASE + OUT, data.length) < 0) return false;
    this.#lengths.push(data.length);
    this.#bytes += data.length;
    return true;
  }
}

/** recvmsg() of a put-back datagram. */
function again(kept: Unreceived, length: number, flags: number): Received {
  const { data, name, control } = kept;
  const cut = data.length > length;
  return {
    ret: cut && (flags & abi.MSG_TRUNC) === 0 ? length : data.length,
    data: cut ? data.subarray(0, length) : data,
    name,
    control,
    flags: kept.flags | (cut ? abi.MSG_TRUNC : 0),
  };
}
