// include/linux/skbuff.h struct sk_buff: a packet. Its fields lie in the linear memory, where programs read them (layout.ts);
// this object is the window on them, with what has no place there: the device and the tunnel it came through or goes to.
// Bytes are linear: data_len is 0, whatever has frags is copied first. Made and freed by the pool (pool.ts), used again and
// again: keep no SkBuff after kfreeSkb(). Reading memory.u32 and friends at each use keeps this right when memory grows.
import type { Memory } from '../../../../vm/memory.js';
import { assert } from '../../../errno.js';
import type { NetDevice } from '../net_device.js';
import type { MetadataDst } from './metadata_dst.js';
import type { SkbPool } from './pool.js';
import * as L from './layout.js';

/** What ip_summed holds: who vouches for the checksum. */
export const CHECKSUM_NONE = 0;
export const CHECKSUM_UNNECESSARY = 1;
export const CHECKSUM_COMPLETE = 2;
export const CHECKSUM_PARTIAL = 3;

/** What pkt_type holds: whom the packet is for. */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_LOOPBACK = 5;

/** A header offset that was never set. */
const UNSET = 0xffff;

/** A 16-bit field in the byte order of the network, read where the host's is the other. */
const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >> 8);

export class SkBuff {
  readonly pool: SkbPool;
  readonly memory: Memory;
  /** Of struct sk_buff. */
  readonly address: number;
  private device: NetDevice | undefined;
  /** dst_entry with tunnel parameters, or none. */
  dst: MetadataDst | undefined;
  /** What a packet that waits is known by to those who follow packets; 0: nobody has seen it wait. */
  ticket = 0;
  /** Whether it is in use. */
  live = false;

  constructor(pool: SkbPool, address: number) {
    this.pool = pool;
    this.memory = pool.memory;
    this.address = address;
  }

  get8(off: number): number {
    return this.memory.u8[this.address + off]!;
  }

  set8(off: number, value: number): void {
    this.memory.u8[this.address + off] = value;
  }

  get16(off: number): number {
    const at = this.address + off;
    const { u8 } = this.memory;
    return u8[at]! | (u8[at + 1]! << 8);
  }

  set16(off: number, value: number): void {
    const at = this.address + off;
    const { u8 } = this.memory;
    u8[at] = value;
    u8[at + 1] = value >> 8;
  }

  /** `off` a multiple of 4, as all fields of that size are. */
  get32(off: number): number {
    return this.memory.u32[(this.address + off) >>> 2]!;
  }

  set32(off: number, value: number): void {
    this.memory.u32[(this.address + off) >>> 2] = value;
  }

  getBits(off: number, mask: number, shift: number): number {
    return (this.get8(off) >> shift) & mask;
  }

  setBits(off: number, mask: number, shift: number, value: number): void {
    this.set8(off, (this.get8(off) & ~(mask << shift)) | ((value & mask) << shift));
  }

  get dev(): NetDevice | undefined {
    return this.device;
  }

  set dev(dev: NetDevice | undefined) {
    this.device = dev;
    this.set32(L.SKB_DEV, dev === undefined ? 0 : this.pool.devices.addressOf(dev));
  }

  /** Address of struct sock, or 0. */
  get sk(): number {
    return this.get32(L.SKB_SK);
  }

  set sk(sock: number) {
    this.set32(L.SKB_SK, sock);
  }

  get len(): number {
    return this.get32(L.SKB_LEN);
  }

  set len(value: number) {
    this.set32(L.SKB_LEN, value);
  }

  /** Addresses: start of the buffer, start of the packet. */
  get head(): number {
    return this.get32(L.SKB_HEAD);
  }

  set head(value: number) {
    this.set32(L.SKB_HEAD, value);
  }

  get data(): number {
    return this.get32(L.SKB_DATA);
  }

  set data(value: number) {
    this.set32(L.SKB_DATA, value);
  }

  /** Offsets from head: end of the packet, end of the buffer. */
  get tail(): number {
    return this.get32(L.SKB_TAIL);
  }

  set tail(value: number) {
    this.set32(L.SKB_TAIL, value);
  }

  get end(): number {
    return this.get32(L.SKB_END);
  }

  set end(value: number) {
    this.set32(L.SKB_END, value);
  }

  get headroom(): number {
    return this.data - this.head;
  }

  get tailroom(): number {
    return this.end - this.tail;
  }

  /** Address of struct skb_shared_info. */
  get shinfo(): number {
    return this.head + this.end;
  }

  get cloned(): boolean {
    return (this.get8(L.SKB_CLONED_OFFSET) & L.CLONED_MASK) !== 0;
  }

  set cloned(value: boolean) {
    this.setBits(L.SKB_CLONED_OFFSET, 1, 0, value ? 1 : 0);
  }

  get pktType(): number {
    return this.get8(L.SKB_PKT_TYPE_OFFSET) & L.PKT_TYPE_MAX;
  }

  set pktType(value: number) {
    this.setBits(L.SKB_PKT_TYPE_OFFSET, L.PKT_TYPE_MAX, 0, value);
  }

  /** CHECKSUM_* */
  get ipSummed(): number {
    return this.getBits(L.SKB_PKT_TYPE_OFFSET, 3, L.IP_SUMMED_SHIFT);
  }

  set ipSummed(value: number) {
    this.setBits(L.SKB_PKT_TYPE_OFFSET, 3, L.IP_SUMMED_SHIFT, value);
  }

  get csum(): number {
    return this.get32(L.SKB_CSUM);
  }

  set csum(value: number) {
    this.set32(L.SKB_CSUM, value);
  }

  get csumLevel(): number {
    return this.getBits(L.SKB_BF_MONO_TC_OFFSET, 3, L.CSUM_LEVEL_SHIFT);
  }

  set csumLevel(value: number) {
    this.setBits(L.SKB_BF_MONO_TC_OFFSET, 3, L.CSUM_LEVEL_SHIFT, value);
  }

  get atIngress(): boolean {
    return (this.get8(L.SKB_BF_MONO_TC_OFFSET) & L.TC_AT_INGRESS_MASK) !== 0;
  }

  set atIngress(value: boolean) {
    this.setBits(L.SKB_BF_MONO_TC_OFFSET, 1, 2, value ? 1 : 0);
  }

  /** The next device does not judge the packet again. */
  get tcSkipClassify(): boolean {
    return (this.get8(L.SKB_BF_MONO_TC_OFFSET) & L.TC_SKIP_CLASSIFY_MASK) !== 0;
  }

  set tcSkipClassify(value: boolean) {
    this.setBits(L.SKB_BF_MONO_TC_OFFSET, 1, 3, value ? 1 : 0);
  }

  /** Whether a filter sent the packet here, and whether that was on its way in. */
  get redirected(): boolean {
    return (this.get8(L.SKB_REDIRECTED_OFFSET) & L.REDIRECTED_MASK) !== 0;
  }

  get fromIngress(): boolean {
    return (this.get8(L.SKB_REDIRECTED_OFFSET) & L.FROM_INGRESS_MASK) !== 0;
  }

  /** skb_set_redirected_noclear() */
  setRedirected(fromIngress: boolean): void {
    this.setBits(L.SKB_REDIRECTED_OFFSET, 3, 0, fromIngress ? 3 : 1);
  }

  /** skb_reset_redirect() */
  resetRedirect(): void {
    this.setBits(L.SKB_REDIRECTED_OFFSET, 1, 0, 0);
  }

  /** skb_clear_tstamp(): unless it says when to send. */
  clearTimestamp(): void {
    if (this.tstampType !== 0) return;
    this.set32(L.SKB_TSTAMP, 0);
    this.set32(L.SKB_TSTAMP + 4, 0);
  }

  /** skb_scrub_packet() within a namespace: what the packet was to the device before. */
  scrub(): void {
    this.pktType = PACKET_HOST;
    this.skbIif = 0;
    this.dst = undefined;
  }

  /** SKB_CLOCK_* */
  get tstampType(): number {
    return this.get8(L.SKB_BF_MONO_TC_OFFSET) & L.SKB_TSTAMP_TYPE_MASK;
  }

  set tstampType(value: number) {
    this.setBits(L.SKB_BF_MONO_TC_OFFSET, L.SKB_TSTAMP_TYPE_MASK, 0, value);
  }

  get encapsulation(): boolean {
    return (this.get8(L.SKB_HASH_FLAGS_OFFSET) & L.ENCAPSULATION_MASK) !== 0;
  }

  set encapsulation(value: boolean) {
    this.setBits(L.SKB_HASH_FLAGS_OFFSET, 1, 4, value ? 1 : 0);
  }

  get mark(): number {
    return this.get32(L.SKB_MARK);
  }

  set mark(value: number) {
    this.set32(L.SKB_MARK, value);
  }

  get priority(): number {
    return this.get32(L.SKB_PRIORITY);
  }

  set priority(value: number) {
    this.set32(L.SKB_PRIORITY, value);
  }

  get tcIndex(): number {
    return this.get16(L.SKB_TC_INDEX);
  }

  set tcIndex(value: number) {
    this.set16(L.SKB_TC_INDEX, value);
  }

  get queueMapping(): number {
    return this.get16(L.SKB_QUEUE_MAPPING);
  }

  set queueMapping(value: number) {
    this.set16(L.SKB_QUEUE_MAPPING, value);
  }

  /** Index of the device the packet came in by. */
  get skbIif(): number {
    return this.get32(L.SKB_SKB_IIF);
  }

  set skbIif(value: number) {
    this.set32(L.SKB_SKB_IIF, value);
  }

  get hash(): number {
    return this.get32(L.SKB_HASH);
  }

  /** ETH_P_*, as a number. */
  get protocol(): number {
    return swap16(this.get16(L.SKB_PROTOCOL));
  }

  set protocol(value: number) {
    this.set16(L.SKB_PROTOCOL, swap16(value));
  }

  /** ETH_P_8021Q or ETH_P_8021AD of the tag beside the packet, as a number; with tci 0 together: no tag. */
  get vlanProto(): number {
    return swap16(this.get16(L.SKB_VLAN_PROTO));
  }

  get vlanTci(): number {
    return this.get16(L.SKB_VLAN_TCI);
  }

  get vlanTagPresent(): boolean {
    return this.get32(L.SKB_VLAN_ALL) !== 0;
  }

  /** __vlan_hwaccel_put_tag() */
  putVlanTag(proto: number, tci: number): void {
    this.set16(L.SKB_VLAN_PROTO, swap16(proto));
    this.set16(L.SKB_VLAN_TCI, tci);
  }

  /** __vlan_hwaccel_clear_tag() */
  clearVlanTag(): void {
    this.set32(L.SKB_VLAN_ALL, 0);
  }

  get macLen(): number {
    return this.get16(L.SKB_MAC_LEN);
  }

  set macLen(value: number) {
    this.set16(L.SKB_MAC_LEN, value);
  }

  /** Offsets from head. */
  get macHeader(): number {
    return this.get16(L.SKB_MAC_HEADER);
  }

  set macHeader(value: number) {
    this.set16(L.SKB_MAC_HEADER, value);
  }

  get macHeaderWasSet(): boolean {
    return this.macHeader !== UNSET;
  }

  unsetMacHeader(): void {
    this.macHeader = UNSET;
  }

  get networkHeader(): number {
    return this.get16(L.SKB_NETWORK_HEADER);
  }

  set networkHeader(value: number) {
    this.set16(L.SKB_NETWORK_HEADER, value);
  }

  get transportHeader(): number {
    return this.get16(L.SKB_TRANSPORT_HEADER);
  }

  set transportHeader(value: number) {
    this.set16(L.SKB_TRANSPORT_HEADER, value);
  }

  get transportHeaderWasSet(): boolean {
    return this.transportHeader !== UNSET;
  }

  unsetTransportHeader(): void {
    this.transportHeader = UNSET;
  }

  /** Of the network header from data; negative when data lies behind it. */
  get networkOffset(): number {
    return this.head + this.networkHeader - this.data;
  }

  resetMacHeader(): void {
    this.macHeader = this.data - this.head;
  }

  resetNetworkHeader(): void {
    this.networkHeader = this.data - this.head;
  }

  resetTransportHeader(): void {
    this.transportHeader = this.data - this.head;
  }

  resetMacLen(): void {
    this.macLen = this.networkHeader - this.macHeader;
  }

  /** skb_put(): room for `length` bytes behind the packet; their address. */
  put(length: number): number {
    assert(length <= this.tailroom, 'skb_over_panic');
    const at = this.head + this.tail;
    this.tail += length;
    this.len += length;
    return at;
  }

  /** skb_push(): room for `length` bytes in front of the packet; its new start. */
  push(length: number): number {
    assert(length <= this.headroom, 'skb_under_panic');
    this.data -= length;
    this.len += length;
    return this.data;
  }

  /** __skb_pull(): takes `length` bytes off the front. */
  pull(length: number): void {
    assert(length <= this.len, 'skb_pull beyond the packet');
    this.data += length;
    this.len -= length;
  }

  /** skb_reserve(): headroom of an empty packet. */
  reserve(length: number): void {
    this.data += length;
    this.tail += length;
  }

  /** __skb_trim(): the packet ends after `length` bytes; nothing when it is shorter. */
  trim(length: number): void {
    if (length >= this.len) return;
    this.len = length;
    this.tail = this.data - this.head + length;
  }

  /** struct skb_shared_info: gso_size, gso_segs, gso_type. */
  get gsoSize(): number {
    return this.memory.view.getUint16(this.shinfo + L.SHINFO_GSO_SIZE, true);
  }

  set gsoSize(value: number) {
    this.memory.view.setUint16(this.shinfo + L.SHINFO_GSO_SIZE, value, true);
  }

  get gsoSegs(): number {
    return this.memory.view.getUint16(this.shinfo + L.SHINFO_GSO_SEGS, true);
  }

  set gsoSegs(value: number) {
    this.memory.view.setUint16(this.shinfo + L.SHINFO_GSO_SEGS, value, true);
  }

  get gsoType(): number {
    return this.memory.u32[(this.shinfo + L.SHINFO_GSO_TYPE) >>> 2]!;
  }

  set gsoType(value: number) {
    this.memory.u32[(this.shinfo + L.SHINFO_GSO_TYPE) >>> 2] = value;
  }

  get isGso(): boolean {
    return this.gsoSize !== 0;
  }

  /** How many packets use the same bytes. */
  get dataref(): number {
    return this.memory.u32[(this.shinfo + L.SHINFO_DATAREF) >>> 2]!;
  }

  set dataref(value: number) {
    this.memory.u32[(this.shinfo + L.SHINFO_DATAREF) >>> 2] = value;
  }

  /** skb_cloned(): whether others use the same bytes. */
  get shared(): boolean {
    return this.cloned && this.dataref !== 1;
  }

  /** skb_clear_hash() */
  clearHash(): void {
    this.set32(L.SKB_HASH, 0);
    this.set8(L.SKB_HASH_FLAGS_OFFSET, this.get8(L.SKB_HASH_FLAGS_OFFSET) & ~(L.L4_HASH_MASK | L.SW_HASH_MASK));
  }

  /** __skb_set_hash() */
  setHash(hash: number, isSoftware: boolean, isL4: boolean): void {
    const flags = this.get8(L.SKB_HASH_FLAGS_OFFSET) & ~(L.L4_HASH_MASK | L.SW_HASH_MASK);
    this.set8(L.SKB_HASH_FLAGS_OFFSET, flags | (isL4 ? L.L4_HASH_MASK : 0) | (isSoftware ? L.SW_HASH_MASK : 0));
    this.set32(L.SKB_HASH, hash);
  }

  get hasHash(): boolean {
    return (this.get8(L.SKB_HASH_FLAGS_OFFSET) & (L.L4_HASH_MASK | L.SW_HASH_MASK)) !== 0;
  }

  /** The packet's bytes, as a copy. */
  bytes(): Uint8Array {
    return this.memory.u8.slice(this.data, this.data + this.len);
  }
}
