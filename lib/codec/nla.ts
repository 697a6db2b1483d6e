// include/net/netlink.h struct nlattr and its accessors: one attribute as it lies in a message. A view, never a judge:
// reading a value the payload is too short for is the caller's bug and throws RangeError from the DataView.
import type { Bytes } from './bytes.js';
import { latin1 } from './bytes.js';

export const NLA_HDRLEN = 4;
export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
export const NLA_TYPE_MASK = 0x3fff;

/** NLA_ALIGN(): attributes start at multiples of four bytes. */
export const nlaAlign = (length: number): number => (length + 3) & ~3;

/** One attribute of `msg`. Offsets are in bytes from the start of `msg`, which is the start of its nlmsghdr. */
export class Nla {
  readonly msg: Bytes;
  /** Offset of the header. */
  readonly off: number;
  /** Payload length in bytes, without header and padding. */
  readonly len: number;

  constructor(msg: Bytes, off: number, len: number) {
    this.msg = msg;
    this.off = off;
    this.len = len;
  }

  /** Type with the two flag bits. */
  get rawType(): number {
    return this.msg.view.getUint16(this.off + 2, true);
  }

  get type(): number {
    return this.rawType & NLA_TYPE_MASK;
  }

  /** Offset of the payload. */
  get start(): number {
    return this.off + NLA_HDRLEN;
  }

  /** Offset of the first byte after the payload. */
  get end(): number {
    return this.off + NLA_HDRLEN + this.len;
  }

  u8(): number {
    return this.msg.view.getUint8(this.start);
  }

  u16(): number {
    return this.msg.view.getUint16(this.start, true);
  }

  be16(): number {
    return this.msg.view.getUint16(this.start);
  }

  u32(): number {
    return this.msg.view.getUint32(this.start, true);
  }

  /** The payload over the message's own memory. */
  bytes(): Uint8Array {
    return this.msg.u8.subarray(this.start, this.end);
  }

  /** The payload up to its first NUL, one byte a character. */
  string(): string {
    const nul = this.msg.u8.indexOf(0, this.start);
    return latin1(this.msg.u8, this.start, nul < 0 || nul > this.end ? this.end : nul);
  }
}

/** nla_for_each_nested(): the attributes inside `nest`, up to the first malformed one. */
export function attrsIn(nest: Nla): Nla[] {
  const found: Nla[] = [];
  const { msg, end } = nest;
  for (let off = nest.start; end - off >= NLA_HDRLEN;) {
    const length = msg.view.getUint16(off, true);
    if (length < NLA_HDRLEN || length > end - off) break;
    found.push(new Nla(msg, off, length - NLA_HDRLEN));
    off += nlaAlign(length);
  }
  return found;
}

/** nlmsg_find_attr(): the first attribute of `type` between `start` and the end of the message, whatever its policy says. */
export function findAttr(msg: Bytes, start: number, type: number): Nla | undefined {
  return attrsIn(new Nla(msg, start - NLA_HDRLEN, msg.length - start)).find((nla) => nla.type === type);
}
