// A socket of the kernel of this computer behind the interface that the model's sockets have, so that one player
// drives both.
import type { Task } from '../../../lib/linux/kernel/task.js';
import type { QueuedDatagram, Received, SendRequest, SockOptValue, Socket } from '../../../lib/linux/net/socket.js';
import * as calls from './calls.js';

export class KernelSocket implements Socket {
  readonly kind = 'netlink';
  readonly rcvtimeo = Infinity;
  readonly sndtimeo = Infinity;
  readonly receiveQueue: readonly QueuedDatagram[] = [];
  dataReady: (() => void) | undefined;
  readonly fd: number;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  #open = true;

  constructor(fd: number, family: number, type: number, protocol: number) {
    this.fd = fd;
    this.family = family;
    this.type = type;
    this.protocol = protocol;
  }

  bind(_task: Task, addr: Uint8Array): number {
    return calls.bind(this.fd, addr);
  }

  connect(_task: Task, addr: Uint8Array): number {
    return calls.connect(this.fd, addr);
  }

  getname(peer: boolean): Uint8Array | number {
    return calls.getname(this.fd, peer);
  }

  setsockopt(_task: Task, level: number, optname: number, optval: Uint8Array): number {
    return calls.setsockopt(this.fd, level, optname, optval);
  }

  getsockopt(_task: Task, level: number, optname: number, optlen: number): SockOptValue | number {
    return calls.getsockopt(this.fd, level, optname, optlen);
  }

  sendmsg(_task: Task, { name, data, flags }: SendRequest): number {
    return calls.sendto(this.fd, data, flags, name);
  }

  recvmsg(_task: Task, length: number, flags: number, controllen: number): Received | number {
    return calls.recvmsg(this.fd, length, flags, controllen);
  }

  poll(): number {
    return calls.poll(this.fd);
  }

  ioctl(_task: Task, request: number, arg: Uint8Array): number {
    return calls.ioctl(this.fd, request, arg);
  }

  listen(backlog: number): number {
    return calls.listen(this.fd, backlog);
  }

  shutdown(how: number): number {
    return calls.shutdown(this.fd, how);
  }

  accept(): number {
    return calls.accept(this.fd);
  }

  release(): void {
    if (this.#open) calls.close(this.fd);
    this.#open = false;
  }
}
