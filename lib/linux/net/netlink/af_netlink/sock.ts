// net/netlink/af_netlink.h struct netlink_sock: the state of one socket and its proto_ops, each of which is a function
// of a file beside this one.
import * as E from '../../../../uapi/asm-generic/errno.js';
import { EPOLLERR, EPOLLIN, EPOLLOUT, EPOLLRDNORM, EPOLLWRBAND, EPOLLWRNORM } from '../../../../uapi/linux/socket.js';
import type { FaultCall } from '../../../faults.js';
import type { Task } from '../../../kernel/task.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import type { Net } from '../../core/net_namespace.js';
import { SockOptions } from '../../core/sock.js';
import type { Received, SendRequest, Socket, SockOptValue } from '../../socket.js';
import { bind, connect, getname, leaveAll } from './bind.js';
import type { DumpState } from './dump.js';
import type { Datagram } from './queue.js';
import { recvmsg } from './recvmsg.js';
import { sendmsg } from './sendmsg.js';
import { getsockopt, setsockopt } from './sockopt.js';
import type { NetlinkProtocol } from './table.js';

/** The open file that holds a socket. */
const file: Holder = { label: 'file' };

export interface SocketIdentity {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

export class NetlinkSock extends KObject implements Socket {
  readonly kind = 'netlink';
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  readonly net: Net;
  readonly table: NetlinkProtocol;
  /** Who opened it: privileged requests need the opener's capability too. */
  readonly opener: Task;
  readonly opts: SockOptions;

  bound = false;
  portid = 0;
  /** Multicast groups joined; `ngroups` is 0 until the first bind or option that needs them. */
  readonly groups = new Set<number>();
  ngroups = 0;
  /** Where connect() points. */
  connected = false;
  dstPortid = 0;
  dstGroup = 0;

  pktinfo = false;
  broadcastError = false;
  noEnobufs = false;
  listenAllNsid = false;
  capAck = false;
  extAck = false;
  strictCheck = false;

  readonly receiveQueue: Datagram[] = [];
  /** Datagrams that found no room (sk_drops). */
  dropped = 0;
  /** Bytes charged for the queue (sk_rmem_alloc). */
  rmem = 0;
  /** Latched error (sk_err), positive; 0 = none. */
  err = 0;
  /** NETLINK_S_CONGESTED: broadcasts are dropped until the queue was drained. */
  congested = false;
  /** Greatest buffer a receive offered, bytes: chunks of dumps grow up to it. */
  maxRecvmsgLen = 0;
  /** The dump in progress. */
  dump: DumpState | undefined;
  dataReady: (() => void) | undefined;

  constructor(net: Net, opener: Task, identity: SocketIdentity, table: NetlinkProtocol) {
    super(net.machine, file);
    this.net = net;
    this.opener = opener;
    this.family = identity.family;
    this.type = identity.type;
    this.protocol = identity.protocol;
    this.table = table;
    this.opts = new SockOptions(net.machine.config);
  }

  get label(): string {
    return `netlink socket ${this.portid}`;
  }

  get rcvtimeo(): number {
    return this.opts.rcvtimeo;
  }

  get sndtimeo(): number {
    return this.opts.sndtimeo;
  }

  bind(task: Task, addr: Uint8Array): number {
    return this.#fails('bind') || bind(this.#alive(), task, addr);
  }

  connect(task: Task, addr: Uint8Array): number {
    return this.#fails('connect') || connect(this.#alive(), task, addr);
  }

  getname(peer: boolean): Uint8Array | number {
    return this.#fails('getsockname') || getname(this.#alive(), peer);
  }

  setsockopt(task: Task, level: number, optname: number, optval: Uint8Array): number {
    return this.#fails('setsockopt') || setsockopt(this.#alive(), task, level, optname, optval);
  }

  getsockopt(_task: Task, level: number, optname: number, optlen: number): SockOptValue | number {
    return this.#fails('getsockopt') || getsockopt(this.#alive(), level, optname, optlen);
  }

  sendmsg(task: Task, request: SendRequest): number {
    return this.#fails('sendmsg') || sendmsg(this.#alive(), task, request);
  }

  recvmsg(_task: Task, length: number, flags: number, controllen: number): Received | number {
    return this.#fails('recvmsg') || recvmsg(this.#alive(), length, flags, controllen);
  }

  wasRead(length: number): void {
    const { err } = this;
    this.err = 0;
    recvmsg(this.#alive(), length, 0, 0);
    if (this.err === 0) this.err = err;
  }

  poll(): number {
    const readable = this.receiveQueue.length > 0 ? EPOLLIN | EPOLLRDNORM : 0;
    const error = this.err !== 0 ? EPOLLERR : 0;
    return readable | error | EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
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

  /** Drops a reference; without a holder it is the last close of the file. */
  override release(holder: Holder = file): void {
    super.release(holder);
  }

  protected destroy(): void {
    this.dump = undefined;
    leaveAll(this);
    if (this.bound) this.table.byPortid.delete(this.portid);
    this.receiveQueue.length = 0;
    this.dataReady = undefined;
  }

  /** The negative errno a fault lets this call fail with, or 0. */
  #fails(call: FaultCall): number {
    const { active } = this.net.machine.faults;
    return active === undefined ? 0 : -active.call(call);
  }

  #alive(): this {
    return this.use();
  }
}
