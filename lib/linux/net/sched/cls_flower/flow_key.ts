// net/sched/cls_flower.c struct fl_flow_key: what a flower filter compares, field by field, as the bytes of a packet
// have them. A filter has two: the values, and a mask that says which bits of them count.
import { toHex } from '../../../../codec/bytes.js';
import type { Nla } from '../../../../codec/nla.js';

/** Sizes of the fields in bytes. */
const sizes = {
  ifindex: 4,
  l2Miss: 1,
  addrType: 2,
  flags: 4,
  ethDst: 6,
  ethSrc: 6,
  numOfVlans: 1,
  ethType: 2,
  ipProto: 1,
  vlanId: 2,
  vlanPrio: 1,
  vlanTpid: 2,
  vlanEthType: 2,
  cvlanId: 2,
  cvlanPrio: 1,
  cvlanTpid: 2,
  cvlanEthType: 2,
  pppoeType: 2,
  pppoeSid: 2,
  pppProto: 2,
  ipTos: 1,
  ipTtl: 1,
  ipv4Src: 4,
  ipv4Dst: 4,
  ipv6Src: 16,
  ipv6Dst: 16,
  portSrc: 2,
  portDst: 2,
  portSrcMin: 2,
  portSrcMax: 2,
  portDstMin: 2,
  portDstMax: 2,
  tcpFlags: 2,
  icmpType: 1,
  icmpCode: 1,
  arpSip: 4,
  arpTip: 4,
  arpOp: 1,
  arpSha: 6,
  arpTha: 6,
  l2tpSid: 4,
  spi: 4,
  encAddrType: 2,
  encIpv4Src: 4,
  encIpv4Dst: 4,
  encIpv6Src: 16,
  encIpv6Dst: 16,
  encKeyId: 4,
  encPortSrc: 2,
  encPortDst: 2,
  encTos: 1,
  encTtl: 1,
  hash: 4,
} as const;

export type Field = keyof typeof sizes;

const offsets = {} as Record<Field, number>;
let length = 0;
for (const field of Object.keys(sizes) as Field[]) {
  offsets[field] = length;
  length += sizes[field];
}

export class FlowKey {
  readonly #bytes = new Uint8Array(length);

  /** The bytes of a field, over the memory of the key. */
  bytes(field: Field): Uint8Array {
    return this.#bytes.subarray(offsets[field], offsets[field] + sizes[field]);
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

  /** Whether `other` has every bit of this mask. @models net/sched/cls_flower.c fl_mask_fits_tmplt() */
  isWithin(other: FlowKey): boolean {
    return this.#bytes.every((byte, at) => (byte & ~other.#bytes[at]!) === 0);
  }

  /** Tells keys apart, by the bits of `mask`. */
  identity(mask?: FlowKey): string {
    return toHex(mask === undefined ? this.#bytes : this.#bytes.map((byte, at) => byte & mask.#bytes[at]!));
  }
}
