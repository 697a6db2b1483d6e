// net/packet/af_packet.c packet_rcv(): a packet for a socket. Handed over by the taps (core/dev/tap.ts), which give every
// socket a packet of its own; its bytes are copied into the queue and the packet is freed.
import { ModelGap } from '../../../errno.js';
import { PACKET_OUTGOING } from '../../../../uapi/linux/if_packet.js';
import { ETH_ALEN, ETH_HLEN } from '../../../../uapi/linux/if_ether.js';
import { SO_RXQ_OVFL, SOCK_DGRAM } from '../../../../uapi/linux/socket.js';
import type { NetDevice } from '../../core/net_device.js';
import { PACKET_LOOPBACK, type SkBuff } from '../../core/skbuff/sk_buff.js';
import { ethTypeVlan, VLAN_HLEN, VLAN_MAX_DEPTH } from '../../core/skbuff/vlan.js';
import { truesizeOf } from '../../netlink/af_netlink/queue.js';
import type { QueuedDatagram } from '../../socket.js';
import type { PacketSock } from './sock.js';

/** Room in front of a frame (LL_RESERVED_SPACE). */
const RESERVED = 16;

/** A packet in a receive queue, and what its receiver is told of it. */
export interface PacketDatagram extends QueuedDatagram {
  /** Bytes of the packet before the filter cut it. */
  readonly length: number;
  readonly truesize: number;
  /** ETH_P_* as sll_protocol has it. */
  readonly protocol: number;
  /** PACKET_* */
  readonly pktType: number;
  readonly hatype: number;
  readonly ifindex: number;
  /** The sender's. */
  readonly address: Uint8Array;
  /** Nobody is told where it came from: it is the copy of what is in a ring. */
  readonly unnamed?: boolean;
  /** Of the network header. */
  readonly netOffset: number;
  readonly ipSummed: number;
  /** The tag beside the packet; undefined: none. */
  readonly vlan: { readonly tci: number; readonly tpid: number } | undefined;
  readonly mark: number;
  readonly priority: number;
  /** How many had found no room before, where the socket has asked for that. */
  readonly dropped: number;
  /** When it came, ns of the machine's clock. */
  readonly time: number;
}

/** A raw socket is shown the link header, another one is not. @differs packet_rcv() and tpacket_rcv() both write this out */
export function showHeader(sock: PacketSock, skb: SkBuff): void {
  if (sock.type !== SOCK_DGRAM) skb.push(skb.headroom - skb.macHeader);
  else if (skb.pktType === PACKET_OUTGOING) skb.pull(skb.networkOffset);
}

/** How many bytes the filter lets through; 0: none of it. @models net/packet/af_packet.c run_filter() */
export function runFilter(sock: PacketSock, skb: SkBuff): number {
  try {
    return sock.filter.run(sock.net.machine, skb);
  } catch (thrown) {
    if (!(thrown instanceof ModelGap)) throw thrown;
    sock.net.machine.gap(thrown.what);
    return 0;
  }
}

/** Whether a packet has a tag in bytes that the socket is not shown. */
const hidesTag = (sock: PacketSock, skb: SkBuff): boolean => sock.type === SOCK_DGRAM && ethTypeVlan(skb.protocol);

/** What a packet carries behind such tags; 0 when it ends before. @models net/packet/af_packet.c vlan_get_protocol_dgram() */
export function protocolOf(sock: PacketSock, skb: SkBuff): number {
  let { protocol } = skb;
  if (!hidesTag(sock, skb)) return protocol;
  const end = skb.head + skb.tail;
  let at = skb.head + skb.macHeader + ETH_HLEN;
  for (let depth = 1; ethTypeVlan(protocol); depth++, at += VLAN_HLEN) {
    if (at + VLAN_HLEN > end || depth === VLAN_MAX_DEPTH) return 0;
    protocol = skb.memory.view.getUint16(at + 2);
  }
  return protocol;
}

/** The tag that the socket is told of: the one beside the packet, else such a one. @differs vlan_get_tci() and its callers */
export function tagOf(sock: PacketSock, skb: SkBuff): PacketDatagram['vlan'] {
  if (skb.vlanTagPresent) return { tci: skb.vlanTci, tpid: skb.vlanProto };
  if (!hidesTag(sock, skb)) return undefined;
  const at = skb.head + skb.macHeader + ETH_HLEN;
  const isThere = at + VLAN_HLEN <= skb.head + skb.tail;
  return { tci: isThere ? skb.memory.view.getUint16(at) : 0, tpid: skb.protocol };
}

/**
 * The sender's address in the link header.
 *
 * @models net/ethernet/eth.c eth_header_parse()
 * @differs devices here have no header_ops, all being Ethernet
 */
export function senderOf(skb: SkBuff): Uint8Array {
  const at = skb.head + skb.macHeader + ETH_ALEN;
  return skb.memory.u8.slice(at, at + ETH_ALEN);
}

function datagramOf(sock: PacketSock, skb: SkBuff, ifindex: number, hatype: number, snaplen: number): PacketDatagram {
  const frame = skb.tail - skb.macHeader + (skb.vlanTagPresent ? VLAN_HLEN : 0);
  return {
    data: skb.memory.u8.slice(skb.data, skb.data + snaplen),
    length: skb.len,
    truesize: truesizeOf(RESERVED + frame),
    protocol: protocolOf(sock, skb),
    pktType: skb.pktType,
    hatype,
    ifindex,
    address: senderOf(skb),
    netOffset: skb.networkOffset,
    ipSummed: skb.ipSummed,
    vlan: tagOf(sock, skb),
    mark: skb.mark,
    priority: skb.priority,
    dropped: sock.opts.stored.get(SO_RXQ_OVFL) === 1 ? sock.dropped : 0,
    time: sock.net.machine.clock.now(),
  };
}

/** Queues the whole packet beside what a ring has of it. @differs a part of tpacket_rcv() */
export function queueCopy(sock: PacketSock, skb: SkBuff): void {
  const copy = { ...datagramOf(sock, skb, 0, 0, skb.len), length: 0, unnamed: true };
  sock.receiveQueue.push(copy);
  sock.rmem += copy.truesize;
}

function drop(sock: PacketSock): void {
  sock.drops++;
  sock.dropped++;
}

/** Whether the buffer is full, what was read by other means considered. */
function isFull(sock: PacketSock): boolean {
  if (sock.rmem < sock.opts.rcvbuf) return false;
  sock.makeRoom?.();
  return sock.rmem >= sock.opts.rcvbuf;
}

/** @models net/packet/af_packet.c packet_rcv() */
export function packetRcv(sock: PacketSock, skb: SkBuff, dev: NetDevice, origDev: NetDevice): void {
  if (skb.pktType !== PACKET_LOOPBACK) {
    skb.dev = dev;
    showHeader(sock, skb);
    const snaplen = Math.min(runFilter(sock, skb), skb.len);
    if (snaplen !== 0 && isFull(sock)) drop(sock);
    else if (snaplen !== 0)
      enqueue(sock, datagramOf(sock, skb, sock.origdev ? origDev.ifindex : dev.ifindex, dev.type, snaplen));
  }
  skb.pool.free(skb);
}

function enqueue(sock: PacketSock, datagram: PacketDatagram): void {
  sock.packets++;
  sock.receiveQueue.push(datagram);
  sock.rmem += datagram.truesize;
  sock.dataReady?.();
}
