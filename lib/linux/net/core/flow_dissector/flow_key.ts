// include/net/flow_dissector.h struct flow_keys, net/sched/cls_flower.c struct fl_flow_key: what the dissector finds in a
// packet, field by field, as the bytes of a packet have them. A filter has two of these: the values, and a mask that says
// which bits of them count. One layout serves all who ask, so that a field lies at the same place in every key.
import { toHex } from '../../../../codec/bytes.js';
import type { Nla } from '../../../../codec/nla.js';

/** Label stack entries that are kept: FLOW_DIS_MPLS_MAX. */
export const MPLS_MAX = 7;
/** Bytes of options of a tunnel: FLOW_DIS_TUN_OPTS_MAX. */
export const ENC_OPTS_MAX = 255;

/** Sizes of the fields in bytes. */
const sizes = {
  ipv6Src: 16,
  ipv6Dst: 16,
  ifindex: 4,
  /** FLOW_DIS_*, which are the bits of TCA_FLOWER_KEY_FLAGS */
  flags: 4,
  /** Where the transport header begins, from the start of the packet. */
  thoff: 4,
  flowLabel: 4,
  greKeyId: 4,
  tipcKey: 4,
  hash: 4,
  arpSip: 4,
  arpTip: 4,
  l2tpSid: 4,
  spi: 4,
  encIpv6Src: 16,
  encIpv6Dst: 16,
  encKeyId: 4,
  /** FLOW_DIS_F_TUNNEL_* */
  encFlags: 4,
  ctMark: 4,
  ctLabels: 16,
  /** Entries as they are in the packet. */
  mpls: 4 * MPLS_MAX,
  addrType: 2,
  ethType: 2,
  ethDst: 6,
  ethSrc: 6,
  vlanId: 2,
  vlanTpid: 2,
  vlanEthType: 2,
  cvlanId: 2,
  cvlanTpid: 2,
  cvlanEthType: 2,
  pppoeType: 2,
  pppoeSid: 2,
  pppProto: 2,
  portSrc: 2,
  portDst: 2,
  portSrcMin: 2,
  portDstMin: 2,
  portSrcMax: 2,
  portDstMax: 2,
  tcpFlags: 2,
  arpSha: 6,
  arpTha: 6,
  encAddrType: 2,
  encPortSrc: 2,
  encPortDst: 2,
  ctState: 2,
  ctZone: 2,
  l2Miss: 1,
  numOfVlans: 1,
  ipProto: 1,
  vlanPrio: 1,
  cvlanPrio: 1,
  ipTos: 1,
  ipTtl: 1,
  icmpType: 1,
  icmpCode: 1,
  arpOp: 1,
  encTos: 1,
  encTtl: 1,
  cfmMdlVer: 1,
  cfmOpcode: 1,
  /** A bit for each entry of `mpls` that counts. */
  mplsUsed: 1,
  /** Number of its bit among the flags of a tunnel. */
  encOptsType: 1,
  encOptsLen: 1,
  encOpts: ENC_OPTS_MAX,
  ipv4Src: 4,
  ipv4Dst: 4,
  encIpv4Src: 4,
  encIpv4Dst: 4,
} as const;

export type Field = keyof typeof sizes;

/** Addresses of IPv4 share the place of those of IPv6, as in the kernel: masks of either kind may be the same. */
const shared = { ipv4Src: 0, ipv4Dst: 4, encIpv4Src: 0, encIpv4Dst: 4 };

/** Where the fields lie. Those of four bytes, and addresses, lie at multiples of four. */
export const AT = {} as Readonly<Record<Field, number>>;
let length = 0;
for (const field of Object.keys(sizes) as Field[]) {
  (AT as Record<Field, number>)[field] = length;
  if (!(field in shared)) length += sizes[field];
}
for (const [field, offset] of Object.entries(shared) as [keyof typeof shared, number][])
  (AT as Record<Field, number>)[field] = (field.startsWith('enc') ? AT.encIpv6Src : AT.ipv6Src) + offset;
/** Whole words. */
const SIZE = (length + 3) & ~3;

export class FlowKey {
  readonly words = new Uint32Array(SIZE / 4);
  readonly u8 = new Uint8Array(this.words.buffer);
  readonly view = new DataView(this.words.buffer);

  /** The bytes of a field, over the memory of the key. */
  bytes(field: Field): Uint8Array {
    return this.u8.subarray(AT[field], AT[field] + sizes[field]);
  }

  /** A field as a number in network byte order. */
  get(field: Field): number {
    return this.bytes(field).reduce((value, byte) => value * 256 + byte, 0);
  }

  set(field: Field, value: number): void {
    const bytes = this.bytes(field);
    for (let at = bytes.length - 1, left = value; at >= 0; at--, left = Math.floor(left / 256)) bytes[at] = left & 0xff;
  }

  fill(field: Field, byte: number): void {
    this.bytes(field).fill(byte);
  }

  /** Takes a payload, cut or padded with zeros. @differs nla_memcpy() of lib/nlattr.c */
  copy(field: Field, nla: Nla): void {
    const bytes = this.bytes(field);
    bytes.fill(0);
    bytes.set(nla.bytes().subarray(0, bytes.length));
  }

  /** Whether any bit of a field is set. */
  has(field: Field): boolean {
    return this.bytes(field).some((byte) => byte !== 0);
  }

  /** Whether `other` has every bit of this mask. @differs fl_mask_fits_tmplt() of cls_flower.c, for all fields */
  isWithin(other: FlowKey): boolean {
    return this.words.every((word, at) => (word & ~other.words[at]!) === 0);
  }

  /** Tells keys apart. */
  identity(): string {
    return toHex(this.u8);
  }
}
