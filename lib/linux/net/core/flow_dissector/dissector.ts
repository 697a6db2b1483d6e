// include/net/flow_dissector.h struct flow_dissector: which keys somebody wants of packets, and, while one is looked into,
// how far that has come. Made once for each set of keys; a packet needs no new object. Whoever parses a header asks
// `fits()` first: packets end where they like.
import type { SkBuff } from '../skbuff/sk_buff.js';
import type { FlowKey } from './flow_key.js';

/** enum flow_dissector_key_id. */
export const KEY = {
  CONTROL: 0,
  BASIC: 1,
  IPV4_ADDRS: 2,
  IPV6_ADDRS: 3,
  PORTS: 4,
  PORTS_RANGE: 5,
  ICMP: 6,
  ETH_ADDRS: 7,
  TIPC: 8,
  ARP: 9,
  VLAN: 10,
  FLOW_LABEL: 11,
  GRE_KEYID: 12,
  MPLS_ENTROPY: 13,
  ENC_KEYID: 14,
  ENC_IPV4_ADDRS: 15,
  ENC_IPV6_ADDRS: 16,
  ENC_CONTROL: 17,
  ENC_PORTS: 18,
  MPLS: 19,
  TCP: 20,
  IP: 21,
  CVLAN: 22,
  ENC_IP: 23,
  ENC_OPTS: 24,
  META: 25,
  CT: 26,
  HASH: 27,
  NUM_OF_VLANS: 28,
  PPPOE: 29,
  L2TPV3: 30,
  CFM: 31,
  IPSEC: 32,
} as const;

/** What to do after a header: enum flow_dissect_ret. */
export const OUT_GOOD = 0;
export const OUT_BAD = 1;
export const PROTO_AGAIN = 2;
export const IPPROTO_AGAIN = 3;
export const CONTINUE = 4;

/** How far to go. */
export const FLOW_DISSECTOR_F_PARSE_1ST_FRAG = 1;
export const FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL = 2;
export const FLOW_DISSECTOR_F_STOP_AT_ENCAP = 4;
export const FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP = 8;

/** What was met on the way. */
export const FLOW_DIS_IS_FRAGMENT = 1;
export const FLOW_DIS_FIRST_FRAG = 2;
/** Behind the bits that filters may ask for. */
export const FLOW_DIS_ENCAPSULATION = 1 << 6;

export class FlowDissector {
  /** By KEY: whether it is wanted. */
  readonly uses = new Uint8Array(33);
  /** Of the packet that is looked into. */
  skb!: SkBuff;
  /** Where the keys go. */
  target!: FlowKey;
  /** FLOW_DISSECTOR_F_* */
  until = 0;
  /** Address and length of the packet. */
  data = 0;
  length = 0;
  /** The protocol of the next header, and where it begins, from `data`. */
  proto = 0;
  ipProto = 0;
  at = 0;
  /** FLOW_DIS_* */
  flags = 0;
  addrType = 0;
  /** Headers, tags and labels so far. */
  headers = 0;
  tags = 0;
  labels = 0;

  constructor(...keys: readonly number[]) {
    for (const key of keys) this.uses[key] = 1;
  }

  begin(skb: SkBuff, target: FlowKey, until: number): void {
    this.skb = skb;
    this.target = target;
    this.until = until;
    this.data = skb.data;
    this.length = skb.len;
    this.proto = skb.vlanTagPresent ? skb.vlanProto : skb.protocol;
    this.at = skb.networkOffset;
    this.ipProto = this.flags = this.addrType = this.headers = this.tags = this.labels = 0;
  }

  /** Whether the packet has a header of `size` bytes where the next one begins. @models include/linux/skbuff.h __skb_header_pointer() */
  fits(size: number): boolean {
    return this.length - this.at >= size;
  }

  /** Bytes of the header, `off` from its start. */
  byte(off: number): number {
    return this.skb.memory.u8[this.data + this.at + off]!;
  }

  be16(off: number): number {
    const { u8 } = this.skb.memory;
    const at = this.data + this.at + off;
    return (u8[at]! << 8) | u8[at + 1]!;
  }

  be32(off: number): number {
    return ((this.be16(off) << 16) | this.be16(off + 2)) >>> 0;
  }

  /** Hands over `size` bytes of the header as a field that begins at `to`. */
  take(to: number, off: number, size: number): void {
    const { u8 } = this.skb.memory;
    const from = this.data + this.at + off;
    const target = this.target.u8;
    for (let i = 0; i < size; i++) target[to + i] = u8[from + i]!;
  }

  put8(to: number, value: number): void {
    this.target.u8[to] = value;
  }

  put16(to: number, value: number): void {
    const { u8 } = this.target;
    u8[to] = value >> 8;
    u8[to + 1] = value;
  }

  put32(to: number, value: number): void {
    this.put16(to, value >>> 16);
    this.put16(to + 2, value);
  }
}
