// net/packet/af_packet.c, PACKET_FANOUT: sockets that share the packets of one device and protocol, each packet going to one
// of them. While a socket is in a group, the group stands in the lists of the devices in its place.
import { Bytes } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/if_packet.js';
import { errno, ModelGap } from '../../../errno.js';
import { devAddPack, devRemovePack, type PacketType } from '../../core/dev/tap.js';
import type { NetDevice } from '../../core/net_device.js';
import { type Net, netGeneric } from '../../core/net_namespace.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { PacketSock } from './sock.js';

/** Members of a group that does not say how many it may have, and the most it may say. */
const MEMBERS = 256;
const MEMBERS_MAX = 1 << 16;

/** struct packet_fanout */
export class Fanout implements PacketType {
  readonly id: number;
  readonly kind: number;
  readonly flags: number;
  readonly maxMembers: number;
  readonly type: number;
  readonly dev: NetDevice | undefined;
  readonly ignoreOutgoing: boolean;
  /** Those that belong to it, and of these those that take packets now. */
  readonly sockets = new Set<PacketSock>();
  readonly #members: PacketSock[] = [];
  readonly #net: Net;
  #turn = 0;

  constructor(net: Net, { hook }: PacketSock, { id, kind, flags, maxMembers }: FanoutRequest) {
    this.#net = net;
    this.id = id;
    this.kind = kind;
    this.flags = flags;
    this.maxMembers = maxMembers === 0 ? MEMBERS : maxMembers;
    this.type = hook.type;
    this.dev = hook.dev;
    this.ignoreOutgoing = (flags & (P.PACKET_FANOUT_FLAG_IGNORE_OUTGOING >> 8)) !== 0;
  }

  /** @models net/packet/af_packet.c __fanout_link() */
  link(sock: PacketSock): void {
    if (this.#members.push(sock) === 1) devAddPack(this.#net, this);
  }

  /** The last member takes the place of one that leaves. @models net/packet/af_packet.c __fanout_unlink() */
  unlink(sock: PacketSock): void {
    const last = this.#members.pop()!;
    if (last !== sock) this.#members[this.#members.indexOf(sock)] = last;
    if (this.#members.length === 0) devRemovePack(this.#net, this);
  }

  /** Which member a packet goes to. @differs fanout_demux_*(), of which there is one a kind */
  #demux(skb: SkBuff, count: number): number {
    const { softnet, entropy } = this.#net.machine;
    switch (this.kind) {
      case P.PACKET_FANOUT_LB:
        this.#turn = (this.#turn + 1) >>> 0;
        return this.#turn % count;
      case P.PACKET_FANOUT_CPU:
        return 0;
      case P.PACKET_FANOUT_RND:
        return Math.floor((entropy.u32() / 2 ** 32) * count);
      case P.PACKET_FANOUT_QM:
        return skb.queueMapping % count;
      default:
        return Math.floor(((softnet.flowHash.perturbed(skb, 0) >>> 0) / 2 ** 32) * count);
    }
  }

  /** @models net/packet/af_packet.c packet_rcv_fanout() */
  receive(skb: SkBuff, dev: NetDevice, origDev: NetDevice): void {
    this.#members[this.#demux(skb, this.#members.length)]!.hook.receive(skb, dev, origDev);
  }

  /** Nobody in a group is shown what one of it sends. @models net/packet/af_packet.c match_fanout_group() */
  sends(skb: SkBuff): boolean {
    if (skb.sk === 0) return false;
    for (const { sentAs } of this.sockets) if (sentAs === skb.sk) return true;
    return false;
  }
}

const groupsOf = netGeneric(() => new Map<number, Fanout>());

interface FanoutRequest {
  readonly id: number;
  readonly kind: number;
  readonly flags: number;
  readonly maxMembers: number;
}

const kinds: ReadonlySet<number> = new Set([
  P.PACKET_FANOUT_HASH,
  P.PACKET_FANOUT_LB,
  P.PACKET_FANOUT_CPU,
  P.PACKET_FANOUT_ROLLOVER,
  P.PACKET_FANOUT_RND,
  P.PACKET_FANOUT_QM,
  P.PACKET_FANOUT_CBPF,
  P.PACKET_FANOUT_EBPF,
]);
const notModelled: ReadonlySet<number> = new Set([
  P.PACKET_FANOUT_ROLLOVER,
  P.PACKET_FANOUT_CBPF,
  P.PACKET_FANOUT_EBPF,
]);

function checkKind(kind: number, typeFlags: number): void {
  const rolls = (typeFlags & P.PACKET_FANOUT_FLAG_ROLLOVER) !== 0;
  if (!kinds.has(kind) || (kind === P.PACKET_FANOUT_ROLLOVER && rolls)) throw errno(E.EINVAL);
}

/** Sockets that help each other out, programs that choose and fragments that are put together first are gaps. */
function checkModelled({ kind, flags }: FanoutRequest): void {
  const others = (P.PACKET_FANOUT_FLAG_ROLLOVER | P.PACKET_FANOUT_FLAG_DEFRAG) >> 8;
  if (notModelled.has(kind) || (flags & others) !== 0)
    throw new ModelGap(`PACKET_FANOUT of kind ${kind} with flags ${flags}`);
}

/** The lowest id that nobody has. @models net/packet/af_packet.c fanout_find_new_id() */
function newId(net: Net): number {
  const groups = groupsOf(net);
  let id = 0;
  while (groups.has(id)) id++;
  return id;
}

/** What struct fanout_args asks for; the flag that asks for an id is not the group's. */
function requestOf(sock: PacketSock, optval: Uint8Array): FanoutRequest {
  const { view } = new Bytes(optval);
  const typeFlags = view.getUint16(2, true);
  const kind = typeFlags & 0xff;
  checkKind(kind, typeFlags);
  if (sock.fanout !== undefined) throw errno(E.EALREADY);
  const unique = (typeFlags & P.PACKET_FANOUT_FLAG_UNIQUEID) !== 0;
  const asked = view.getUint16(0, true);
  if (unique && asked !== 0) throw errno(E.EINVAL);
  return {
    id: unique ? newId(sock.net) : asked,
    kind,
    flags: (typeFlags & ~P.PACKET_FANOUT_FLAG_UNIQUEID) >> 8,
    maxMembers: optval.length >= 8 ? view.getUint32(4, true) : 0,
  };
}

/** The group that is asked for, made when there is none; it is kept once it has a socket. */
function groupOf(sock: PacketSock, request: FanoutRequest): Fanout {
  const match = groupsOf(sock.net).get(request.id);
  if (match === undefined) {
    if (request.maxMembers > MEMBERS_MAX) throw errno(E.EINVAL);
    return new Fanout(sock.net, sock, request);
  }
  const otherSize = request.maxMembers !== 0 && request.maxMembers !== match.maxMembers;
  if (match.flags !== request.flags || otherSize) throw errno(E.EINVAL);
  return match;
}

/**
 * The socket joins a group: 0; a refusal or a gap throws.
 *
 * @models net/packet/af_packet.c fanout_add()
 */
export function fanoutAdd(sock: PacketSock, optval: Uint8Array): number {
  if (optval.length !== 4 && optval.length !== 8) throw errno(E.EINVAL);
  const request = requestOf(sock, optval);
  const group = groupOf(sock, request);
  const { hook } = sock;
  if (sock.num === 0 || group.kind !== request.kind || group.type !== hook.type || group.dev !== hook.dev)
    throw errno(E.EINVAL);
  if (group.sockets.size >= group.maxMembers) throw errno(E.ENOSPC);
  checkModelled(request);
  groupsOf(sock.net).set(group.id, group);
  group.sockets.add(sock);
  sock.fanout = group;
  if (sock.running) {
    devRemovePack(sock.net, hook);
    group.link(sock);
  }
  return 0;
}

/** The socket, which takes no packets any more, leaves its group. @models net/packet/af_packet.c fanout_release() */
export function fanoutRelease(sock: PacketSock): void {
  const { fanout } = sock;
  if (fanout === undefined) return;
  sock.fanout = undefined;
  fanout.sockets.delete(sock);
  if (fanout.sockets.size === 0) groupsOf(sock.net).delete(fanout.id);
}

/** What getsockopt(2) tells of the group; 0: none. @differs a part of packet_getsockopt() */
export const fanoutValue = ({ fanout }: PacketSock): number =>
  fanout === undefined ? 0 : fanout.id | (fanout.kind << 16) | (fanout.flags << 24);
