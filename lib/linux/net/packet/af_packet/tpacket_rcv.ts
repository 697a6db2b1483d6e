// net/packet/af_packet.c tpacket_rcv(): a packet for a socket with a ring. It is written where the program sees it, behind a
// header of the version the program has chosen.
import * as P from '../../../../uapi/linux/if_packet.js';
import { Bytes } from '../../../../codec/bytes.js';
import { AF_PACKET, SOCK_DGRAM } from '../../../../uapi/linux/socket.js';
import { realTime } from '../../../clock.js';
import type { NetDevice } from '../../core/net_device.js';
import { PACKET_LOOPBACK, type SkBuff } from '../../core/skbuff/sk_buff.js';
import { statusOf } from './recvmsg.js';
import { protocolOf, queueCopy, runFilter, senderOf, showHeader, tagOf } from './rcv.js';
import type { RxRing } from './ring.js';
import { TPACKET_HDRLEN } from './set_ring.js';
import type { PacketSock } from './sock.js';

const align = (bytes: number): number => (bytes + P.TPACKET_ALIGNMENT - 1) & -P.TPACKET_ALIGNMENT;
/** Room for a link header, at least. */
const MIN_LINK = 16;
/** Bytes of struct tpacket_hdr and its successors, aligned: the address follows. */
const HEADER = [32, 32, 48] as const;

/** Where the parts of a packet lie in its frame. */
interface Layout {
  readonly mac: number;
  readonly net: number;
  /** Bytes of the packet that are kept. */
  readonly kept: number;
}

function layoutOf(sock: PacketSock, ring: RxRing, skb: SkBuff, snaplen: number): Layout {
  const hdrlen = TPACKET_HDRLEN[sock.version as 0 | 1 | 2];
  const maclen = sock.type === SOCK_DGRAM ? 0 : skb.networkOffset;
  const net =
    sock.type === SOCK_DGRAM
      ? align(hdrlen) + MIN_LINK + sock.reserve
      : align(hdrlen + Math.max(maclen, MIN_LINK)) + sock.reserve;
  const mac = net - maclen;
  return { mac, net, kept: Math.max(0, Math.min(snaplen, ring.maxFrame - mac)) };
}

/** Fields of the header behind its status, as each version has them. */
function putHeader(sock: PacketSock, ring: RxRing, at: number, skb: SkBuff, { mac, net, kept }: Layout): void {
  const { view } = ring;
  const { clock } = sock.net.machine;
  const { sec, nsec } = realTime(clock, clock.now());
  const tag = tagOf(sock, skb);
  const lengths = sock.version === P.TPACKET_V3 ? at + 12 : sock.version === P.TPACKET_V2 ? at + 4 : at + 8;
  if (sock.version === P.TPACKET_V3) {
    view.setUint32(at + 4, sec, true);
    view.setUint32(at + 8, nsec, true);
    view.setUint16(at + 24, mac, true);
    view.setUint16(at + 26, net, true);
    view.setUint32(at + 28, ring.fillsHash ? sock.net.machine.softnet.flowHash.of(skb) : 0, true);
    view.setUint32(at + 32, tag?.tci ?? 0, true);
    view.setUint16(at + 36, tag?.tpid ?? 0, true);
  } else {
    const offsets = lengths + 8;
    view.setUint16(offsets, mac, true);
    view.setUint16(offsets + 2, net, true);
    view.setUint32(offsets + 4, sec, true);
    view.setUint32(offsets + 8, sock.version === P.TPACKET_V2 ? nsec : Math.floor(nsec / 1000), true);
    if (sock.version === P.TPACKET_V2) {
      view.setUint16(at + 24, tag?.tci ?? 0, true);
      view.setUint16(at + 26, tag?.tpid ?? 0, true);
    }
  }
  // tp_snaplen and tp_len; TPACKET_V1 and V2 have them the other way round.
  const lenFirst = sock.version !== P.TPACKET_V3;
  view.setUint32(lengths, lenFirst ? skb.len : kept, true);
  view.setUint32(lengths + 4, lenFirst ? kept : skb.len, true);
}

/** What lies behind the sender's address in sll_addr stays as it was. */
function putAddress(sock: PacketSock, view: RxRing, at: number, skb: SkBuff, dev: NetDevice, ifindex: number): void {
  const address = senderOf(skb);
  const rest = view.memory.slice(at + P.SLL_ADDR + address.length, at + P.SOCKADDR_LL_SIZE);
  P.sockaddr_ll.set(new Bytes(view.memory), at, {
    sll_family: AF_PACKET,
    sll_protocol: protocolOf(sock, skb),
    sll_ifindex: ifindex,
    sll_hatype: dev.type,
    sll_pkttype: skb.pktType,
    sll_halen: address.length,
    sll_addr: address,
  });
  view.memory.set(rest, at + P.SLL_ADDR + address.length);
}

/** A packet that does not fit is queued as well, whole, for a socket that has asked for that. */
function copies(sock: PacketSock, ring: RxRing, { mac }: Layout, snaplen: number): boolean {
  if (sock.version === P.TPACKET_V3 || mac + snaplen <= ring.maxFrame) return false;
  return sock.copyThresh !== 0 && sock.rmem < sock.opts.rcvbuf;
}

function write(sock: PacketSock, ring: RxRing, skb: SkBuff, dev: NetDevice, origDev: NetDevice): void {
  const snaplen = Math.min(runFilter(sock, skb), skb.len);
  if (snaplen === 0) return;
  const layout = layoutOf(sock, ring, skb, snaplen);
  const at = layout.net > 0xffff ? -1 : ring.take(layout.mac + layout.kept);
  if (at < 0) {
    sock.drops++;
    return;
  }
  let status = statusOf(skb.ipSummed, skb.pktType, sock.version !== P.TPACKET_V1 && tagOf(sock, skb) !== undefined);
  if (sock.drops !== 0 && sock.version !== P.TPACKET_V3) status |= P.TP_STATUS_LOSING;
  if (copies(sock, ring, layout, snaplen)) {
    status |= P.TP_STATUS_COPY;
    queueCopy(sock, skb);
  }
  sock.packets++;
  ring.memory.set(skb.memory.u8.subarray(skb.data, skb.data + layout.kept), at + layout.mac);
  putHeader(sock, ring, at, skb, layout);
  putAddress(sock, ring, at + HEADER[sock.version as 0 | 1 | 2], skb, dev, (sock.origdev ? origDev : dev).ifindex);
  ring.give(at, status);
  sock.dataReady?.();
}

/** @models net/packet/af_packet.c tpacket_rcv() */
export function tpacketRcv(sock: PacketSock, ring: RxRing, skb: SkBuff, dev: NetDevice, origDev: NetDevice): void {
  if (skb.pktType !== PACKET_LOOPBACK) {
    skb.dev = dev;
    showHeader(sock, skb);
    write(sock, ring, skb, dev, origDev);
  }
  skb.pool.free(skb);
}
