// A kernel of a few lines for the host's own specs: AF_NETLINK sockets that answer in ways the specs can count, with
// port ids that clash, groups that multicast, and "dumps" that go on only as their reader consumes.
import type { Kernel } from '../../lib/host/kernel.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Events } from '../../lib/linux/events.js';
import { BpfFile } from '../../lib/linux/kernel/bpf/file.js';
import { ObjectList } from '../../lib/linux/object.js';
import type { Task } from '../../lib/linux/kernel/task.js';
import type { QueuedDatagram, Received, SendRequest, Socket, SockOptValue } from '../../lib/linux/net/socket.js';
import * as E from '../../lib/uapi/asm-generic/errno.js';

const MSG_PEEK = 2;
const MSG_TRUNC = 0x20;

function sockaddrNl(portid: number, groups = 0): Uint8Array {
  const address = new DataView(new ArrayBuffer(12));
  address.setUint16(0, 16, true);
  address.setUint32(4, portid, true);
  address.setUint32(8, groups, true);
  return new Uint8Array(address.buffer);
}

/**
 * What a send does, by its first byte: `E` comes back, `D` n size starts a dump of n datagrams, `M` goes to every
 * socket with a group, `F` fd answers what the fd is, `S` is swallowed.
 */
export class FakeSocket implements Socket {
  readonly kind = 'netlink';
  readonly family = 16;
  readonly type = 3;
  readonly protocol = 0;
  rcvtimeo = Infinity;
  sndtimeo = Infinity;
  receiveQueue: QueuedDatagram[] = [];
  dataReady: (() => void) | undefined;
  portid = 0;
  groups = 0;
  /** Every payload that was sent, as text, in order. */
  readonly sent: string[] = [];
  readonly #kernel: FakeKernel;
  #dump: { left: number; size: number } | undefined;

  constructor(kernel: FakeKernel) {
    this.#kernel = kernel;
  }

  bind(task: Task, addr: Uint8Array): number {
    if (addr.length < 12) return -E.EINVAL;
    const view = new DataView(addr.buffer, addr.byteOffset, 12);
    const portid = view.getUint32(4, true) || this.portid || this.#kernel.freePort(task.tgid);
    if (this.#kernel.ports.has(portid) && this.portid !== portid) return -E.EADDRINUSE;
    this.portid = portid;
    this.#kernel.ports.add(portid);
    this.groups = view.getUint32(8, true);
    return 0;
  }

  connect(): number {
    return 0;
  }

  getname(peer: boolean): Uint8Array {
    return sockaddrNl(peer ? 0 : this.portid, peer ? 0 : this.groups);
  }

  setsockopt(_task: Task, level: number, optname: number, optval: Uint8Array): number {
    if (level !== 1 || optname !== 20) return -E.ENOPROTOOPT;
    const view = new DataView(optval.buffer, optval.byteOffset, 16);
    this.rcvtimeo = Number(view.getBigInt64(0, true)) * 1000 + Number(view.getBigInt64(8, true)) / 1000 || Infinity;
    return 0;
  }

  getsockopt(_task: Task, level: number, optname: number, optlen: number): SockOptValue | number {
    if (level !== 1 || optname !== 38) return -E.ENOPROTOOPT;
    return { value: Uint8Array.of(0, 0, 0, 0).subarray(0, optlen), length: Math.min(4, optlen) };
  }

  sendmsg(task: Task, { data }: SendRequest): number {
    const text = Buffer.from(data).toString('latin1');
    this.sent.push(text);
    this.#kernel.sends.push(text);
    if (text === '') return -E.ENODATA;
    if (text.startsWith('D')) this.#startDump(text);
    else if (text.startsWith('M')) this.#kernel.multicast(data);
    else if (text.startsWith('F')) this.queue(Buffer.from(task.fget(Number(text.slice(1)))?.kind ?? 'closed'));
    else if (!text.startsWith('S')) this.queue(data);
    return data.length;
  }

  recvmsg(_task: Task, length: number, flags: number): Received | number {
    const data = this.receiveQueue[0]?.data;
    if (data === undefined) return -E.EAGAIN;
    if ((flags & MSG_PEEK) === 0) {
      this.receiveQueue.shift();
      this.#continueDump();
    }
    const cut = data.length > length;
    return {
      ret: (flags & MSG_TRUNC) !== 0 ? data.length : Math.min(data.length, length),
      data: data.subarray(0, length),
      name: sockaddrNl(0),
      control: new Uint8Array(0),
      flags: cut ? MSG_TRUNC : 0,
    };
  }

  queue(data: Uint8Array): void {
    this.receiveQueue.push({ data: data.slice() });
    this.dataReady?.();
  }

  poll(): number {
    return 4;
  }

  ioctl(): number {
    return -E.ENOIOCTLCMD;
  }

  listen(): number {
    return -E.EOPNOTSUPP;
  }

  shutdown(): number {
    return -E.EOPNOTSUPP;
  }

  accept(): number {
    return -E.EOPNOTSUPP;
  }

  release(): void {
    this.#kernel.sockets.delete(this);
    if (this.portid !== 0) this.#kernel.ports.delete(this.portid);
  }

  #startDump(text: string): void {
    const [left = 0, size = 0] = text.slice(1).split(' ').map(Number);
    this.#dump = { left, size };
    this.#continueDump();
  }

  #continueDump(): void {
    const dump = this.#dump;
    if (dump === undefined || dump.left === 0) return;
    this.queue(new Uint8Array(dump.size).fill(dump.left-- & 0xff));
  }
}

/** An open map that is nothing but a number. */
class FakeFile extends BpfFile {
  readonly kind = 'bpf-map';
  readonly number: number;
  readonly #kernel: FakeKernel;

  constructor(kernel: FakeKernel, number: number, opener: Task) {
    super(kernel.table, 3, opener);
    this.number = number;
    this.#kernel = kernel;
    kernel.files.add(number);
  }

  showFdinfo(): string {
    return `number:\t${this.number}\n`;
  }

  protected destroy(): void {
    this.#kernel.files.delete(this.number);
  }
}

export class FakeKernel implements Kernel {
  readonly clock = hostClock;
  readonly sockets = new Set<FakeSocket>();
  readonly ports = new Set<number>();
  /** Every payload sent on any socket, in order. */
  readonly sends: string[] = [];

  socket(_task: Task, family: number, type: number): Socket | number {
    if (family !== 16) return -E.EAFNOSUPPORT;
    if (type !== 3 && type !== 2) return -E.ESOCKTNOSUPPORT;
    const socket = new FakeSocket(this);
    this.sockets.add(socket);
    return socket;
  }

  readonly table = { objects: new ObjectList(), events: new Events() };
  /** Numbers of the files that are open. */
  readonly files = new Set<number>();
  #made = 0;

  /** Command 0 makes a file; command 1 gives the number of the file whose fd stands in the first four bytes. */
  bpf(task: Task, cmd: number, uattr: number, size: number): number | BpfFile {
    if (cmd === 0) return new FakeFile(this, ++this.#made, task);
    const attr = cmd === 1 && size >= 4 ? task.memory.read(uattr, 4) : undefined;
    if (attr === undefined) return cmd === 1 ? -E.EFAULT : -E.EINVAL;
    const file = task.fget(new DataView(attr.buffer).getInt32(0, true));
    if (file === undefined) return -E.EBADF;
    return file instanceof FakeFile ? file.number : -E.EINVAL;
  }

  /** SIOCGIFNAME: interface n is called `fake<n>`. */
  devIoctl(_task: Task, request: number, ifreq: Uint8Array): number {
    if (request !== 0x8910) return -E.ENOIOCTLCMD;
    const index = new DataView(ifreq.buffer, ifreq.byteOffset).getUint32(16, true);
    ifreq.set(Buffer.from(`fake${index}\0`));
    return 0;
  }

  inetIoctl(): number {
    return -E.ENOIOCTLCMD;
  }

  kallsyms(): string {
    return 'ffffffff81000000 T fake\n';
  }

  procNet(name: string): string | undefined {
    return name === 'fake' ? 'fake\n' : undefined;
  }

  nextDeadline(): number {
    return Infinity;
  }

  runDue(): void {}

  freePort(tgid: number): number {
    let port = tgid;
    while (this.ports.has(port)) port = ((port + 1) | 0x80000000) >>> 0;
    return port;
  }

  multicast(data: Uint8Array): void {
    for (const socket of this.sockets) if (socket.groups !== 0) socket.queue(data);
  }
}
