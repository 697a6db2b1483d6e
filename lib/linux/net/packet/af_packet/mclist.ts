// net/packet/af_packet.c, PACKET_ADD_MEMBERSHIP and its like: what a socket asks of devices: promiscuous mode, all or single
// group addresses. Asked for twice it must be given back twice; the end of the socket gives all of it back.
import { Bytes } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/if_packet.js';
import { devSetAllmulti, devSetPromiscuity } from '../../core/dev/flags.js';
import { devGetByIndex } from '../../core/dev/table.js';
import { devMcAdd, devMcDel, devUcAdd, devUcDel } from '../../core/dev_addr_lists.js';
import type { NetDevice } from '../../core/net_device.js';
import type { PacketSock } from './sock.js';

/** Bytes of the longest address that is looked at (struct packet_mreq_max). */
const MAX_ADDR_LEN = 32;

/** struct packet_mclist */
export interface Membership {
  readonly ifindex: number;
  /** PACKET_MR_* */
  readonly type: number;
  readonly address: Uint8Array;
  count: number;
}

const changes: Readonly<
  Record<number, { add(dev: NetDevice, addr: Uint8Array): void; del(dev: NetDevice, addr: Uint8Array): boolean }>
> = {
  [P.PACKET_MR_MULTICAST]: { add: devMcAdd, del: devMcDel },
  [P.PACKET_MR_UNICAST]: { add: devUcAdd, del: devUcDel },
};

/**
 * Asks (1) or stops asking (-1) a device. 0 or a negative errno.
 *
 * @models net/packet/af_packet.c packet_dev_mc()
 */
function devMc(dev: NetDevice, { type, address }: Membership, what: number): number {
  if (type === P.PACKET_MR_PROMISC) devSetPromiscuity(dev, what);
  else if (type === P.PACKET_MR_ALLMULTI) devSetAllmulti(dev, what);
  const change = changes[type];
  if (change === undefined) return 0;
  if (address.length !== dev.addrLen) return -E.EINVAL;
  if (what > 0) change.add(dev, address);
  else if (!change.del(dev, address)) return -E.ENOENT;
  return 0;
}

function same(a: Membership, b: Membership): boolean {
  if (a.ifindex !== b.ifindex || a.type !== b.type || a.address.length !== b.address.length) return false;
  return a.address.every((byte, i) => byte === b.address[i]);
}

/** @models net/packet/af_packet.c packet_mc_add() */
function mcAdd(sock: PacketSock, asked: Membership): number {
  const dev = devGetByIndex(sock.net, asked.ifindex);
  if (dev === undefined) return -E.ENODEV;
  if (asked.address.length > dev.addrLen) return -E.EINVAL;
  const known = sock.memberships.find((member) => same(member, asked));
  if (known !== undefined) {
    known.count++;
    return 0;
  }
  const error = devMc(dev, asked, 1);
  if (error === 0) sock.memberships.unshift(asked);
  return error;
}

/** Ends one membership. */
function end(sock: PacketSock, member: Membership): void {
  sock.memberships.splice(sock.memberships.indexOf(member), 1);
  const dev = devGetByIndex(sock.net, member.ifindex);
  if (dev !== undefined) devMc(dev, member, -1);
}

/** What is not there is dropped all the same. @models net/packet/af_packet.c packet_mc_drop() */
function mcDrop(sock: PacketSock, asked: Membership): number {
  const known = sock.memberships.find((member) => same(member, asked));
  if (known !== undefined && --known.count === 0) end(sock, known);
  return 0;
}

/**
 * The option with the value `optval`: 0 or a negative errno.
 *
 * @models net/packet/af_packet.c packet_setsockopt() PACKET_ADD_MEMBERSHIP, PACKET_DROP_MEMBERSHIP
 */
export function setMembership(sock: PacketSock, add: boolean, optval: Uint8Array): number {
  if (optval.length < P.PACKET_MREQ_SIZE) return -E.EINVAL;
  const length = Math.min(optval.length, P.MR_ADDRESS + MAX_ADDR_LEN);
  const { mr_ifindex, mr_type, mr_alen } = P.packet_mreq.get(new Bytes(optval), 0);
  if (length < P.MR_ADDRESS + mr_alen) return -E.EINVAL;
  const address = optval.slice(P.MR_ADDRESS, P.MR_ADDRESS + mr_alen);
  const asked: Membership = { ifindex: mr_ifindex, type: mr_type, address, count: 1 };
  return add ? mcAdd(sock, asked) : mcDrop(sock, asked);
}

/** The device goes away. @models net/packet/af_packet.c packet_dev_mclist_delete() */
export function dropMembershipsOf(sock: PacketSock, dev: NetDevice): void {
  for (const member of sock.memberships.filter(({ ifindex }) => ifindex === dev.ifindex)) {
    sock.memberships.splice(sock.memberships.indexOf(member), 1);
    devMc(dev, member, -1);
  }
}

/** The end of the socket. @models net/packet/af_packet.c packet_flush_mclist() */
export function flushMclist(sock: PacketSock): void {
  for (const member of [...sock.memberships]) end(sock, member);
}
