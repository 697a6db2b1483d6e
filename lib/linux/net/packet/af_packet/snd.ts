// net/packet/af_packet.c packet_snd(): a packet from a socket. It goes out by the device at once, as far as the queue of the
// device lets it; what it causes has happened when the call returns.
import { Bytes } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import { ETH_ALEN, ETH_HLEN, ETH_P_802_2, ETH_P_ALL } from '../../../../uapi/linux/if_ether.js';
import { SLL_ADDR, sockaddr_ll, SOCKADDR_LL_SIZE } from '../../../../uapi/linux/if_packet.js';
import { IFF_LOOPBACK, IFF_NOARP, IFF_UP } from '../../../../uapi/linux/if.js';
import { ARPHRD_ETHER } from '../../../../uapi/linux/if_arp.js';
import { SO_MARK, SO_PRIORITY, SOCK_DGRAM, SOCK_RAW } from '../../../../uapi/linux/socket.js';
import { errno, errnoOf, ModelGap } from '../../../errno.js';
import type { Task } from '../../../kernel/task.js';
import { devGetByIndex } from '../../core/dev/table.js';
import { devDirectXmit, devQueueXmit, NET_XMIT_CN } from '../../core/dev/xmit.js';
import type { NetDevice } from '../../core/net_device.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import { ETH_P_8021Q, ethTypeVlan, VLAN_HLEN, VLAN_MAX_DEPTH } from '../../core/skbuff/vlan.js';
import type { SendRequest } from '../../socket.js';
import type { PacketSock } from './sock.js';

const ETH_P_802_3 = 0x0001;
/** LL_RESERVED_SPACE of an Ethernet device. */
const HEADROOM = 16;

/** Where a packet goes. */
interface Target {
  readonly dev: NetDevice;
  readonly proto: number;
  /** Hardware address of the receiver, for a packet without link header. */
  readonly address: Uint8Array | undefined;
}

/** The address of a send(2), or what the socket is bound to. @differs the first part of packet_snd() */
function targetOf(sock: PacketSock, name: Uint8Array | null): Target {
  if (name === null || name.length === 0) return checkUp({ dev: sock.hook.dev, proto: sock.num, address: undefined });
  if (name.length < SOCKADDR_LL_SIZE) throw errno(E.EINVAL);
  const { sll_protocol, sll_ifindex, sll_halen } = sockaddr_ll.get(new Bytes(name), 0);
  if (name.length < SLL_ADDR + sll_halen) throw errno(E.EINVAL);
  const dev = devGetByIndex(sock.net, sll_ifindex);
  if (dev !== undefined && sock.type === SOCK_DGRAM && name.length < SLL_ADDR + dev.addrLen) throw errno(E.EINVAL);
  return checkUp({ dev, proto: sll_protocol, address: name.subarray(SLL_ADDR) });
}

function checkUp({ dev, proto, address }: Omit<Target, 'dev'> & { dev: NetDevice | undefined }): Target {
  if (dev === undefined) throw errno(E.ENXIO);
  if ((dev.flags & IFF_UP) === 0) throw errno(E.ENETDOWN);
  return { dev, proto, address };
}

/** @models net/ethernet/eth.c eth_header() @differs devices here have no header_ops, all being Ethernet */
function ethHeader(skb: SkBuff, { dev, proto, address }: Target, length: number): void {
  const noArp = (dev.flags & (IFF_LOOPBACK | IFF_NOARP)) !== 0;
  if (address === undefined && !noArp) throw errno(E.EINVAL);
  const at = skb.push(ETH_HLEN);
  const { u8, view } = skb.memory;
  if (address === undefined) u8.fill(0, at, at + ETH_ALEN);
  else u8.set(address.subarray(0, ETH_ALEN), at);
  u8.set(dev.address.subarray(0, ETH_ALEN), at + ETH_ALEN);
  view.setUint16(at + 2 * ETH_ALEN, proto === ETH_P_802_3 || proto === ETH_P_802_2 ? length : proto);
}

const typeField = (skb: SkBuff): number => skb.memory.view.getUint16(skb.data + 2 * ETH_ALEN);

/** What the frame carries, where nobody said, and where that begins. @models net/packet/af_packet.c packet_parse_headers() */
function parseHeaders(sock: PacketSock, skb: SkBuff, dev: NetDevice): void {
  if ((skb.protocol === 0 || skb.protocol === ETH_P_ALL) && sock.type === SOCK_RAW) {
    skb.resetMacHeader();
    skb.protocol = typeField(skb);
  }
  if (dev.type !== ARPHRD_ETHER || !ethTypeVlan(skb.protocol)) return;
  let depth = ETH_HLEN;
  let type = skb.protocol;
  for (let tags = 1; ethTypeVlan(type); tags++, depth += VLAN_HLEN) {
    if (depth + VLAN_HLEN > skb.len || tags === VLAN_MAX_DEPTH) return;
    type = skb.memory.view.getUint16(skb.data + depth + 2);
  }
  if (type !== 0) skb.networkHeader = skb.headroom + depth;
}

/** Room for the link header is there either way; a raw socket brings its own. */
function fill(sock: PacketSock, skb: SkBuff, target: Target, data: Uint8Array): void {
  skb.reserve(HEADROOM);
  skb.resetNetworkHeader();
  const isRaw = sock.type === SOCK_RAW;
  if (isRaw) skb.reserve(-ETH_HLEN);
  else ethHeader(skb, target, data.length);
  skb.memory.u8.set(data, skb.put(data.length));
  if (isRaw && data.length < ETH_HLEN) throw errno(E.EINVAL);
  const tooLong = data.length > target.dev.mtu + (isRaw ? ETH_HLEN : 0);
  if (tooLong && !(target.dev.type === ARPHRD_ETHER && typeField(skb) === ETH_P_8021Q)) throw errno(E.EMSGSIZE);
}

/** The packet of a send, not yet sent. */
function packetOf(sock: PacketSock, target: Target, data: Uint8Array): SkBuff {
  const { dev, proto } = target;
  const reserve = sock.type === SOCK_RAW ? ETH_HLEN : 0;
  if (data.length > dev.mtu + reserve + VLAN_HLEN) throw errno(E.EMSGSIZE);
  const skb = sock.net.machine.softnet.skbs.alloc(HEADROOM + data.length);
  if (skb === undefined) throw errno(E.ENOBUFS);
  try {
    fill(sock, skb, target, data);
    skb.sk = sock.senderAddress();
  } catch (refusal) {
    skb.pool.free(skb);
    throw refusal;
  }
  skb.protocol = proto;
  skb.dev = dev;
  skb.priority = sock.opts.stored.get(SO_PRIORITY) ?? 0;
  skb.mark = sock.opts.stored.get(SO_MARK) ?? 0;
  parseHeaders(sock, skb, dev);
  sock.net.machine.softnet.payloadOffset.probeTransportHeader(skb);
  return skb;
}

/** Sends, and lets everything happen that comes of it. @models net/packet/af_packet.c packet_xmit() */
function xmit(sock: PacketSock, task: Task, skb: SkBuff): number {
  const { softnet } = sock.net.machine;
  const { current } = softnet;
  softnet.current = task;
  try {
    const result = sock.qdiscBypass ? devDirectXmit(skb) : devQueueXmit(skb);
    softnet.backlog.run();
    return result;
  } finally {
    softnet.current = current;
  }
}

/** @models include/linux/netdevice.h net_xmit_errno() */
const xmitErrno = (result: number): number => (result > 0 && result !== NET_XMIT_CN ? -E.ENOBUFS : Math.min(result, 0));

/**
 * sendmsg(2): bytes sent, or a negative errno.
 *
 * @models net/packet/af_packet.c packet_snd()
 * @differs a socket may have any number of packets in queues; control messages are not looked at
 */
export function packetSendmsg(sock: PacketSock, task: Task, { name, data }: SendRequest): number {
  try {
    const skb = packetOf(sock, targetOf(sock, name), data);
    return xmitErrno(xmit(sock, task, skb)) || data.length;
  } catch (thrown) {
    if (thrown instanceof ModelGap) sock.net.machine.gap(thrown.what);
    return -errnoOf(thrown);
  }
}
