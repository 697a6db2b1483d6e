// net/packet/internal.h struct packet_sock: the state of one packet socket and its proto_ops, each of which is a function of
// a file beside this one. Who sends is told at once what became of it; what comes in waits as copies of the bytes.
import * as E from '../../../../uapi/asm-generic/errno.js';
import { AF_PACKET, EPOLLERR, EPOLLIN, EPOLLOUT, EPOLLRDNORM } from '../../../../uapi/linux/socket.js';
import { EPOLLWRBAND, EPOLLWRNORM } from '../../../../uapi/linux/socket.js';
import { TPACKET_V1 } from '../../../../uapi/linux/if_packet.js';
import type { FaultCall } from '../../../faults.js';
import type { Holder } from '../../../events.js';
import type { Task } from '../../../kernel/task.js';
import { KObject } from '../../../object.js';
import type { PacketType } from '../../core/dev/tap.js';
import type { NetDevice } from '../../core/net_device.js';
import type { Net } from '../../core/net_namespace.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import { SockFilter } from '../../core/sock_filter.js';
import { SockOptions } from '../../core/sock.js';
import { SockStruct } from '../../core/sock_struct.js';
import type { Received, SendRequest, SharedRing, Socket, SockOptValue } from '../../socket.js';
import { bind, getname, unbind } from './bind.js';
import { type Fanout, fanoutRelease } from './fanout.js';
import { ioctl } from './ioctl.js';
import { flushMclist, type Membership } from './mclist.js';
import { packetRcv, type PacketDatagram } from './rcv.js';
import { packetRecvmsg } from './recvmsg.js';
import type { RxRing } from './ring.js';
import { packetSendmsg } from './snd.js';
import { getsockopt, setsockopt } from './sockopt.js';
import { tpacketRcv } from './tpacket_rcv.js';

/** The open file that holds a socket. */
const file: Holder = { label: 'file' };

/** What stands in the lists of the devices for the socket (prot_hook). */
class Hook implements PacketType {
  readonly #sock: PacketSock;
  type = 0;
  dev: NetDevice | undefined;
  ignoreOutgoing = false;

  constructor(sock: PacketSock) {
    this.#sock = sock;
  }

  receive(skb: SkBuff, dev: NetDevice, origDev: NetDevice): void {
    if (this.#sock.ring === undefined) packetRcv(this.#sock, skb, dev, origDev);
    else tpacketRcv(this.#sock, this.#sock.ring, skb, dev, origDev);
  }

  /** @models net/core/dev.c skb_loop_sk() @differs asked of the handler, which knows its socket */
  sends(skb: SkBuff): boolean {
    return skb.sk !== 0 && skb.sk === this.#sock.sentAs;
  }
}

export class PacketSock extends KObject implements Socket {
  readonly kind = 'packet';
  readonly family = AF_PACKET;
  readonly type: number;
  /** sk_protocol, which this family leaves 0. */
  readonly protocol = 0;
  readonly net: Net;
  readonly opts: SockOptions;
  readonly filter = new SockFilter();
  readonly hook: Hook;
  /** ETH_P_* that it wants; 0: nothing. */
  num = 0;
  /** Of the device it is bound to; 0: all, -1: that is gone. */
  ifindex = 0;
  /** Whether the hook is in its list. */
  running = false;

  auxdata = false;
  origdev = false;
  loss = false;
  txHasOff = false;
  qdiscBypass = false;
  copyThresh = 0;
  /** TPACKET_V* */
  version = TPACKET_V1;
  /** Bytes that frames of a ring leave free behind their header. */
  reserve = 0;
  /** SOF_TIMESTAMPING_* */
  timestamp = 0;
  readonly memberships: Membership[] = [];
  ring: RxRing | undefined;
  /** The group it shares packets with. */
  fanout: Fanout | undefined;
  makeRoom: (() => void) | undefined;
  shareRing: ((size: number) => SharedRing | undefined) | undefined;

  /** tp_packets and tp_drops since they were read last. */
  packets = 0;
  drops = 0;
  readonly receiveQueue: PacketDatagram[] = [];
  /** Packets that found no room in the queue, ever (sk_drops). */
  dropped = 0;
  /** When the packet came that was received last, ns of the machine's clock; -1: none has been (sk_stamp). */
  lastStamp = -1;
  /** Bytes charged for the queue (sk_rmem_alloc). */
  rmem = 0;
  /** Latched error (sk_err), positive; 0 = none. */
  err = 0;
  dataReady: (() => void) | undefined;
  #struct: SockStruct | undefined;

  constructor(net: Net, type: number) {
    super(net.machine, file);
    this.net = net;
    this.type = type;
    this.opts = new SockOptions(net.machine.config);
    this.hook = new Hook(this);
  }

  get label(): string {
    return `packet socket of ${this.hook.dev?.name ?? 'all devices'}`;
  }

  get hasRing(): boolean {
    return this.ring !== undefined;
  }

  get rcvtimeo(): number {
    return this.opts.rcvtimeo;
  }

  get sndtimeo(): number {
    return this.opts.sndtimeo;
  }

  /** Address of its struct sock, which its packets carry; 0 when it has sent none. */
  get sentAs(): number {
    return this.#struct?.address ?? 0;
  }

  /** The same, made when it has none. Refuses with ENOMEM. */
  senderAddress(): number {
    return (this.#struct ??= new SockStruct(this.net.machine, this)).address;
  }

  bind(_task: Task, addr: Uint8Array): number {
    return this.#fails('bind') || bind(this.use(), addr);
  }

  connect(): number {
    return this.#fails('connect') || -E.EOPNOTSUPP;
  }

  getname(peer: boolean): Uint8Array | number {
    return this.#fails('getsockname') || getname(this.use(), peer);
  }

  setsockopt(task: Task, level: number, optname: number, optval: Uint8Array): number {
    return this.#fails('setsockopt') || setsockopt(this.use(), task, level, optname, optval);
  }

  getsockopt(_task: Task, level: number, optname: number, optlen: number, given?: Uint8Array): SockOptValue | number {
    return this.#fails('getsockopt') || getsockopt(this.use(), level, optname, optlen, given);
  }

  sendmsg(task: Task, request: SendRequest): number {
    return this.#fails('sendmsg') || packetSendmsg(this.use(), task, request);
  }

  recvmsg(_task: Task, length: number, flags: number, controllen: number): Received | number {
    return this.#fails('recvmsg') || packetRecvmsg(this.use(), length, flags, controllen);
  }

  wasRead(length: number): void {
    const { err } = this;
    this.err = 0;
    packetRecvmsg(this.use(), length, 0, 0);
    this.err = err;
  }

  /** @models net/packet/af_packet.c packet_poll() */
  poll(): number {
    const waits = this.receiveQueue.length > 0 || this.ring?.readable() === true;
    const readable = waits ? EPOLLIN | EPOLLRDNORM : 0;
    return readable | (this.err !== 0 ? EPOLLERR : 0) | EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
  }

  ioctl(task: Task, request: number, arg: Uint8Array): number {
    return ioctl(this.use(), task, request, arg);
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

  /** An error for the next call. @models net/core/sock.c sk_error_report() @differs sockets share no base */
  reportError(err: number): void {
    this.err = err;
    this.dataReady?.();
  }

  /** Drops a reference; without a holder it is the last close of the file. */
  override release(holder: Holder = file): void {
    super.release(holder);
  }

  /** @models net/packet/af_packet.c packet_release() */
  protected destroy(): void {
    unbind(this);
    fanoutRelease(this);
    flushMclist(this);
    this.ring?.close();
    this.ring = undefined;
    this.filter.drop(this);
    this.#struct?.release(this);
    this.receiveQueue.length = 0;
    this.dataReady = undefined;
  }

  #fails(call: FaultCall): number {
    const { active } = this.net.machine.faults;
    return active === undefined ? 0 : -active.call(call);
  }
}
