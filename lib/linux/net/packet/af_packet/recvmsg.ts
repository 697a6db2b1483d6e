// net/packet/af_packet.c packet_recvmsg(): one packet a call, with whom it is from, when it came, and what is beside it.
import { Bytes, ints } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/if_packet.js';
import * as S from '../../../../uapi/linux/socket.js';
import { realTime } from '../../../clock.js';
import { ControlWriter } from '../../core/scm.js';
import { CHECKSUM_COMPLETE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY } from '../../core/skbuff/sk_buff.js';
import type { Received } from '../../socket.js';
import type { PacketDatagram } from './rcv.js';
import type { PacketSock } from './sock.js';

const none = new Uint8Array(0);
const KNOWN_FLAGS = S.MSG_PEEK | S.MSG_DONTWAIT | S.MSG_TRUNC | S.MSG_CMSG_COMPAT | S.MSG_ERRQUEUE;

const unnamed = {
  sll_family: S.AF_PACKET,
  sll_ifindex: 0,
  sll_hatype: 0,
  sll_pkttype: 0,
  sll_halen: 0,
  sll_addr: none,
};

/** struct sockaddr_ll of where the packet came from. */
function nameOf(datagram: PacketDatagram): Uint8Array {
  const name = new Uint8Array(P.SOCKADDR_LL_SIZE);
  if (datagram.unnamed === true) {
    P.sockaddr_ll.set(new Bytes(name), 0, { ...unnamed, sll_protocol: datagram.protocol });
    return name.subarray(0, P.SLL_ADDR);
  }
  P.sockaddr_ll.set(new Bytes(name), 0, {
    sll_family: S.AF_PACKET,
    sll_protocol: datagram.protocol,
    sll_ifindex: datagram.ifindex,
    sll_hatype: datagram.hatype,
    sll_pkttype: datagram.pktType,
    sll_halen: datagram.address.length,
    sll_addr: datagram.address,
  });
  return name;
}

/** What TP_STATUS_* says of the checksum and of the tag. @differs packet_rcv() and tpacket_rcv() both write this out */
export function statusOf(ipSummed: number, pktType: number, hasTag: boolean): number {
  let status = P.TP_STATUS_USER;
  if (ipSummed === CHECKSUM_PARTIAL) status |= P.TP_STATUS_CSUMNOTREADY;
  else if (pktType !== P.PACKET_OUTGOING && (ipSummed === CHECKSUM_COMPLETE || ipSummed === CHECKSUM_UNNECESSARY))
    status |= P.TP_STATUS_CSUM_VALID;
  return hasTag ? status | P.TP_STATUS_VLAN_VALID | P.TP_STATUS_VLAN_TPID_VALID : status;
}

function auxdataOf({ ipSummed, pktType, vlan, length, data, netOffset }: PacketDatagram): Uint8Array {
  return P.tpacket_auxdata.bytes({
    tp_status: statusOf(ipSummed, pktType, vlan !== undefined),
    tp_len: length,
    tp_snaplen: data.length,
    tp_net: netOffset & 0xffff,
    tp_vlan_tci: vlan?.tci ?? 0,
    tp_vlan_tpid: vlan?.tpid ?? 0,
  });
}

/** @models net/socket.c __sock_recv_cmsgs() @differs only packet sockets tell of their packets here */
function putSockCmsgs({ opts, net }: PacketSock, datagram: PacketDatagram, control: ControlWriter): void {
  const { clock } = net.machine;
  const { stored, stamps } = opts;
  if (stamps.wanted) stamps.put(control, realTime(clock, datagram.time));
  if (stored.get(S.SO_RXQ_OVFL) === 1 && datagram.dropped !== 0)
    control.put(S.SOL_SOCKET, S.SO_RXQ_OVFL, ints(datagram.dropped));
  if (stored.get(S.SO_RCVMARK) === 1) control.put(S.SOL_SOCKET, S.SO_MARK, ints(datagram.mark));
  if (stored.get(S.SO_RCVPRIORITY) === 1) control.put(S.SOL_SOCKET, S.SO_PRIORITY, ints(datagram.priority));
}

/** @differs the parts of packet_recvmsg() that write control messages */
function controlOf(sock: PacketSock, datagram: PacketDatagram, room: number): ControlWriter | undefined {
  if (!sock.auxdata && !sock.opts.stamps.wanted && sock.opts.stored.size === 0) return undefined;
  const control = new ControlWriter(room);
  putSockCmsgs(sock, datagram, control);
  if (sock.auxdata) control.put(P.SOL_PACKET, P.PACKET_AUXDATA, auxdataOf(datagram));
  return control;
}

function dequeue(sock: PacketSock): void {
  sock.rmem -= sock.receiveQueue.shift()!.truesize;
}

/** A latched error comes before what waits. */
function takeError(sock: PacketSock): number {
  const error = sock.err === 0 ? E.EAGAIN : sock.err;
  sock.err = 0;
  return -error;
}

/**
 * recvmsg(2) of at most `length` bytes: what was received, or a negative errno (-EAGAIN when nothing waits).
 *
 * @models net/packet/af_packet.c packet_recvmsg()
 */
export function packetRecvmsg(sock: PacketSock, length: number, flags: number, room: number): Received | number {
  if ((flags & ~KNOWN_FLAGS) !== 0) return -E.EINVAL;
  if (flags & S.MSG_ERRQUEUE) return -E.EAGAIN;
  const datagram = sock.err === 0 ? sock.receiveQueue[0] : undefined;
  if (datagram === undefined) return takeError(sock);
  const { data } = datagram;
  const cut = data.length > length;
  sock.lastStamp = datagram.time;
  const control = controlOf(sock, datagram, room);
  if (!(flags & S.MSG_PEEK)) dequeue(sock);
  return {
    ret: flags & S.MSG_TRUNC ? data.length : Math.min(length, data.length),
    data: cut ? data.subarray(0, length) : data,
    name: nameOf(datagram),
    control: control?.take() ?? none,
    flags: (cut ? S.MSG_TRUNC : 0) | (control?.flags ?? 0),
  };
}
