// net/core/filter.c: helpers that change the shape of a packet: tags, headers, its length. All of them move bytes: a program
// takes its packet pointers anew after each.
import { EALREADY, EFAULT, EINVAL, ENOMEM, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import {
  csumStartOffset,
  skbPostpullRcsum,
  skbPostpushRcsum,
  skbResetChecksumUnnecessary,
} from '../skbuff/checksum.js';
import { pskbExpandHead, skbCow, skbEnsureWritable, skbUnclone } from '../skbuff/head.js';
import * as L from '../skbuff/layout.js';
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  PACKET_OTHERHOST,
  type SkBuff,
} from '../skbuff/sk_buff.js';
import { ETH_P_8021AD, ETH_P_8021Q, skbVlanPop, skbVlanPush } from '../skbuff/vlan.js';
import { hasOther, type HelperEntry, moving, R2, R3, R4, skbHelper, type SkbFunction } from './call.js';

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** SKB_MAX_ALLOC: the largest packet a program may make, bytes. */
const BPF_SKB_MAX_LEN = 16384 - L.SHINFO_SIZE;

const SKB_GSO_TCPV4 = 1 << 0;
const SKB_GSO_DODGY = 1 << 1;
const SKB_GSO_TCPV6 = 1 << 4;
const SKB_GSO_GRE = 1 << 6;
const SKB_GSO_IPXIP4 = 1 << 8;
const SKB_GSO_IPXIP6 = 1 << 9;
const SKB_GSO_UDP_TUNNEL = 1 << 10;
const SKB_GSO_UDP_L4 = 1 << 17;

const swap16 = (value: number): number => ((value & 0xff) << 8) | ((value >> 8) & 0xff);

/** A step between: at ingress the sum of the packet begins behind the link header. */
const withMacRcsum =
  (fn: SkbFunction): SkbFunction =>
  (skb, regs) => {
    const mac = (): number => skb.head + skb.macHeader;
    if (skb.atIngress) skbPostpushRcsum(skb, mac(), skb.macLen);
    const err = fn(skb, regs);
    if (skb.atIngress) skbPostpullRcsum(skb, mac(), skb.macLen);
    return err;
  };

/** @models net/core/filter.c bpf_skb_vlan_push() */
function vlanPush(skb: SkBuff, regs: Int32Array): number {
  const given = swap16(regs[R2]!);
  const proto = given === ETH_P_8021AD ? ETH_P_8021AD : ETH_P_8021Q;
  return skbVlanPush(skb, proto, regs[R3]! & 0xffff);
}

/** @models net/core/filter.c bpf_skb_change_protocol() */
function changeProtocol(skb: SkBuff, proto: number): void {
  skb.protocol = proto;
}

/** Room of `length` zeroes at `off`. @models net/core/filter.c bpf_skb_net_hdr_push() */
function netHdrPush(skb: SkBuff, off: number, length: number): void {
  const transportToo = skb.transportHeader === skb.networkHeader;
  skb.push(length);
  const { u8 } = skb.memory;
  const { data } = skb;
  u8.copyWithin(data, data + length, data + length + off);
  u8.fill(0, data + off, data + off + length);
  skb.macHeader -= length;
  skb.networkHeader -= length;
  if (transportToo) skb.transportHeader = skb.networkHeader;
}

/** Takes `length` bytes at `off` out. @models net/core/filter.c bpf_skb_net_hdr_pop() */
function netHdrPop(skb: SkBuff, off: number, length: number): number {
  const transportToo = skb.transportHeader === skb.networkHeader;
  if (off + length > skb.len) return -ENOMEM;
  const old = skb.data;
  skb.pull(length);
  skbPostpullRcsum(skb, old + off, length);
  skb.memory.u8.copyWithin(skb.data, old, old + off);
  skb.macHeader += length;
  skb.networkHeader += length;
  if (transportToo) skb.transportHeader = skb.networkHeader;
  return 0;
}

const macHeaderLen = (skb: SkBuff): number => (skb.networkHeader - skb.macHeader) >>> 0;

function changeGsoType(skb: SkBuff, from: number, to: number): void {
  if (!skb.isGso) return;
  if ((skb.gsoType & from) !== 0) skb.gsoType = (skb.gsoType & ~from) | to;
  skb.gsoType |= SKB_GSO_DODGY;
}

/** @models net/core/filter.c bpf_skb_proto_4_to_6() */
function proto4to6(skb: SkBuff): number {
  const more = IPV6_HEADER - IPV4_HEADER;
  const off = macHeaderLen(skb);
  const err = skbCow(skb, more);
  if (err !== 0) return err;
  netHdrPush(skb, off, more);
  changeGsoType(skb, SKB_GSO_TCPV4, SKB_GSO_TCPV6);
  changeProtocol(skb, ETH_P_IPV6);
  skb.clearHash();
  return 0;
}

/** @models net/core/filter.c bpf_skb_proto_6_to_4() */
function proto6to4(skb: SkBuff): number {
  const off = macHeaderLen(skb);
  const err = skbUnclone(skb) || netHdrPop(skb, off, IPV6_HEADER - IPV4_HEADER);
  if (err !== 0) return err;
  changeGsoType(skb, SKB_GSO_TCPV6, SKB_GSO_TCPV4);
  changeProtocol(skb, ETH_P_IP);
  skb.clearHash();
  return 0;
}

/** @models net/core/filter.c bpf_skb_proto_xlat() */
function protoXlat(skb: SkBuff, regs: Int32Array): number {
  const to = swap16(regs[R2]!);
  if (skb.protocol === ETH_P_IP && to === ETH_P_IPV6) return proto4to6(skb);
  if (skb.protocol === ETH_P_IPV6 && to === ETH_P_IP) return proto6to4(skb);
  return -ENOTSUPP;
}

/** Bad flags leave the pointers alone. @models net/core/filter.c bpf_skb_change_proto() */
const changeProto: SkbFunction = (skb, regs) => (hasOther(regs, R3, 0) ? -EINVAL : moving(protoXlat)(skb, regs));

/** @models net/core/filter.c bpf_skb_change_type() */
function changeType(skb: SkBuff, regs: Int32Array): number {
  const type = regs[R2]! >>> 0;
  if (skb.pktType > PACKET_OTHERHOST || type > PACKET_OTHERHOST) return -EINVAL;
  skb.pktType = type;
  return 0;
}

const BPF_ADJ_ROOM_NET = 0;
const BPF_ADJ_ROOM_MAC = 1;
const FIXED_GSO = 1 << 0;
const ENCAP_L3_IPV4 = 1 << 1;
const ENCAP_L3_IPV6 = 1 << 2;
const ENCAP_L4_GRE = 1 << 3;
const ENCAP_L4_UDP = 1 << 4;
const NO_CSUM_RESET = 1 << 5;
const ENCAP_L2_ETH = 1 << 6;
const DECAP_L3_IPV4 = 1 << 7;
const DECAP_L3_IPV6 = 1 << 8;
const ENCAP_L2_SHIFT = 56 - 32;
const ENCAP_L3 = ENCAP_L3_IPV4 | ENCAP_L3_IPV6;
const DECAP_L3 = DECAP_L3_IPV4 | DECAP_L3_IPV6;
const ENCAP = ENCAP_L3 | ENCAP_L4_GRE | ENCAP_L4_UDP | ENCAP_L2_ETH;
const ADJ_ROOM = FIXED_GSO | ENCAP | NO_CSUM_RESET | DECAP_L3;
const ETH_HLEN = 14;
const ETH_P_TEB = 0x6558;

interface Room {
  readonly off: number;
  readonly length: number;
  readonly flags: number;
  /** Length of an inner link header (the top byte of the flags). */
  readonly innerMacLen: number;
}

/** Segments of a packet that is no TCP stream must keep their size. */
const gsoForbids = (skb: SkBuff, flags: number): boolean =>
  skb.isGso &&
  (skb.gsoType & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) === 0 &&
  ((skb.gsoType & SKB_GSO_UDP_L4) === 0 || (flags & FIXED_GSO) === 0);

/** What is wrong with the flags for an outer header: 0 or a negative errno. */
function encapError(skb: SkBuff, { flags, innerMacLen, length }: Room): number {
  if (skb.protocol !== ETH_P_IP && skb.protocol !== ETH_P_IPV6) return -ENOTSUPP;
  const both = (mask: number): boolean => (flags & mask) === mask;
  if (both(ENCAP_L3_IPV4 | ENCAP_L3_IPV6) || both(ENCAP_L4_GRE | ENCAP_L4_UDP)) return -EINVAL;
  if ((flags & ENCAP_L2_ETH) !== 0 && innerMacLen < ETH_HLEN) return -EINVAL;
  if (skb.encapsulation) return -EALREADY;
  return innerMacLen > length ? -EINVAL : 0;
}

function encapGsoType(flags: number): number {
  if ((flags & ENCAP_L4_UDP) !== 0) return SKB_GSO_UDP_TUNNEL;
  if ((flags & ENCAP_L4_GRE) !== 0) return SKB_GSO_GRE;
  return (flags & ENCAP_L3_IPV6) !== 0 ? SKB_GSO_IPXIP6 : SKB_GSO_IPXIP4;
}

/** The headers that were outer ones are inner ones from now on. */
function setEncapsulation(skb: SkBuff, room: Room, macLen: number, innerNet: number, innerTransport: number): void {
  const { flags } = room;
  skb.set16(L.SKB_INNER_MAC_HEADER, innerNet - room.innerMacLen);
  skb.set16(L.SKB_INNER_NETWORK_HEADER, innerNet);
  skb.set16(L.SKB_INNER_TRANSPORT_HEADER, innerTransport);
  skb.set16(L.SKB_INNER_PROTOCOL, swap16((flags & ENCAP_L2_ETH) !== 0 ? ETH_P_TEB : skb.protocol));
  skb.encapsulation = true;
  skb.networkHeader = skb.headroom + macLen;
  if ((flags & (ENCAP_L4_GRE | ENCAP_L4_UDP)) !== 0)
    skb.transportHeader = skb.headroom + macLen + ((flags & ENCAP_L3_IPV6) !== 0 ? IPV6_HEADER : IPV4_HEADER);
  if (skb.protocol === ETH_P_IP && (flags & ENCAP_L3_IPV6) !== 0) changeProtocol(skb, ETH_P_IPV6);
  else if (skb.protocol === ETH_P_IPV6 && (flags & ENCAP_L3_IPV4) !== 0) changeProtocol(skb, ETH_P_IP);
}

/** @models net/core/filter.c bpf_skb_net_grow() */
function netGrow(skb: SkBuff, room: Room): number {
  const { flags, length } = room;
  if (gsoForbids(skb, flags)) return -ENOTSUPP;
  const failed = skbCow(skb, length);
  if (failed !== 0) return failed;
  const encap = (flags & ENCAP_L3) !== 0;
  const wrong = encap ? encapError(skb, room) : 0;
  if (wrong !== 0) return wrong;
  const [macLen, innerNet, innerTransport] = [macHeaderLen(skb), skb.networkHeader, skb.transportHeader];
  netHdrPush(skb, room.off, length);
  if (encap) setEncapsulation(skb, room, macLen, innerNet, innerTransport);
  if (skb.isGso) {
    skb.gsoType |= SKB_GSO_DODGY | (encap ? encapGsoType(flags) : 0);
    skb.gsoSegs = 0;
    if ((flags & FIXED_GSO) === 0) skb.gsoSize -= length;
  }
  return 0;
}

/** @models net/core/filter.c bpf_skb_net_shrink() */
function netShrink(skb: SkBuff, { off, length, flags, innerMacLen }: Room): number {
  if (innerMacLen !== 0 || (flags & ~(FIXED_GSO | DECAP_L3 | NO_CSUM_RESET)) !== 0) return -EINVAL;
  if (gsoForbids(skb, flags)) return -ENOTSUPP;
  const err = skbUnclone(skb) || netHdrPop(skb, off, length);
  if (err !== 0) return err;
  if ((flags & DECAP_L3) !== 0) changeProtocol(skb, (flags & DECAP_L3_IPV6) !== 0 ? ETH_P_IPV6 : ETH_P_IP);
  if (skb.isGso) {
    if ((flags & FIXED_GSO) === 0) skb.gsoSize += length;
    skb.gsoType |= SKB_GSO_DODGY;
    skb.gsoSegs = 0;
  }
  return 0;
}

const netBaseLen = (proto: number): number => (proto === ETH_P_IP ? IPV4_HEADER : IPV6_HEADER);

/** The least that may be left: the header that will be outermost; -1: the flags make no sense. */
function leastLength(skb: SkBuff, flags: number, shrink: boolean): number {
  const decap = flags & DECAP_L3;
  if (decap === 0) return netBaseLen(skb.protocol);
  if (!shrink || decap === DECAP_L3) return -1;
  return decap === DECAP_L3_IPV6 ? IPV6_HEADER : IPV4_HEADER;
}

function roomOffset(skb: SkBuff, mode: number): number | undefined {
  if (mode === BPF_ADJ_ROOM_MAC) return macHeaderLen(skb);
  return mode === BPF_ADJ_ROOM_NET ? macHeaderLen(skb) + netBaseLen(skb.protocol) : undefined;
}

function checkedRoom(skb: SkBuff, regs: Int32Array): Room | number {
  const flags = regs[R4]!;
  const innerMacLen = regs[R4 + 1]! >>> ENCAP_L2_SHIFT;
  if ((flags & ~ADJ_ROOM) !== 0 || (regs[R4 + 1]! & ((1 << ENCAP_L2_SHIFT) - 1)) !== 0) return -EINVAL;
  const diff = regs[R2]!;
  const length = Math.abs(diff);
  if (length > 0xfff) return -EFAULT;
  if (skb.protocol !== ETH_P_IP && skb.protocol !== ETH_P_IPV6) return -ENOTSUPP;
  const off = roomOffset(skb, regs[R3]!);
  if (off === undefined) return -ENOTSUPP;
  const least = leastLength(skb, flags, diff < 0);
  if (least < 0) return -EINVAL;
  const current = (skb.len - skb.networkOffset) >>> 0;
  if (
    diff < 0 ? length >= current || (current - length) >>> 0 < least : skb.len + length > BPF_SKB_MAX_LEN && !skb.isGso
  )
    return -ENOTSUPP;
  return { off, length, flags, innerMacLen };
}

/** @models net/core/filter.c bpf_skb_adjust_room() */
const adjustRoom: SkbFunction = (skb, regs) => {
  const room = checkedRoom(skb, regs);
  if (typeof room === 'number') return room;
  return moving(() => {
    const err = regs[R2]! < 0 ? netShrink(skb, room) : netGrow(skb, room);
    if (err === 0 && (room.flags & NO_CSUM_RESET) === 0) skbResetChecksumUnnecessary(skb);
    return err;
  })(skb, regs);
};

/** @models net/core/filter.c __bpf_skb_min_len() */
function minLen(skb: SkBuff): number {
  let least = Math.max(0, skb.networkOffset);
  if (skb.transportHeaderWasSet) {
    const offset = skb.transportHeader - skb.headroom;
    if (offset > 0) least = offset;
  }
  return least;
}

function grow(skb: SkBuff, length: number): number {
  const more = length - skb.len;
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  if (more > skb.tailroom) {
    const err = pskbExpandHead(skb, 0, more - skb.tailroom);
    if (err !== 0) return err;
  }
  const at = skb.put(more);
  skb.memory.u8.fill(0, at, at + more);
  return 0;
}

function shrink(skb: SkBuff, length: number): void {
  if (skb.ipSummed === CHECKSUM_PARTIAL && length < csumStartOffset(skb) + skb.get16(L.SKB_CSUM_OFFSET) + 2)
    skb.ipSummed = CHECKSUM_NONE;
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.ipSummed = CHECKSUM_NONE;
  skb.trim(length);
}

/** @models net/core/filter.c __bpf_skb_change_tail() */
function changeTail(skb: SkBuff, regs: Int32Array): number {
  const length = regs[R2]! >>> 0;
  if (hasOther(regs, R3, 0) || length > BPF_SKB_MAX_LEN || length < minLen(skb)) return -EINVAL;
  if (skb.encapsulation) return -ENOTSUPP;
  let err = skbEnsureWritable(skb, skb.len);
  if (err !== 0) return err;
  if (length > skb.len) err = grow(skb, length);
  else if (length < skb.len) shrink(skb, length);
  if (err === 0 && skb.isGso) skb.gsoSize = skb.gsoSegs = skb.gsoType = 0;
  return err;
}

/** @models net/core/filter.c __bpf_skb_change_head() */
function changeHead(skb: SkBuff, regs: Int32Array): number {
  const headroom = regs[R2]! >>> 0;
  const length = skb.len + headroom;
  if (hasOther(regs, R3, 0) || (!skb.isGso && length > BPF_SKB_MAX_LEN) || length > 0xffff_ffff) return -EINVAL;
  const err = skbCow(skb, headroom);
  if (err !== 0) return err;
  const at = skb.push(headroom);
  skb.memory.u8.fill(0, at, at + headroom);
  skb.resetMacHeader();
  skb.resetMacLen();
  return 0;
}

export const skbShapeHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_skb_vlan_push, skbHelper(moving(withMacRcsum(vlanPush)))],
  [F.BPF_FUNC_skb_vlan_pop, skbHelper(moving(withMacRcsum(skbVlanPop)))],
  [F.BPF_FUNC_skb_change_proto, skbHelper(changeProto)],
  [F.BPF_FUNC_skb_change_type, skbHelper(changeType)],
  [F.BPF_FUNC_skb_adjust_room, skbHelper(adjustRoom)],
  [F.BPF_FUNC_skb_change_tail, skbHelper(moving(changeTail))],
  [F.BPF_FUNC_skb_change_head, skbHelper(moving(changeHead))],
];
