// A request as a tree that can be built, changed in one place, and encoded: header, the struct of its family,
// attributes in order, and bytes behind them.
import { NLA_HDRLEN, nlaAlign } from '../../../lib/codec/nla.js';
import { Bytes } from '../../../lib/codec/bytes.js';
import { NLMSG_HDRLEN, nlmsghdr } from '../../../lib/uapi/linux/netlink.js';

/** Attributes behind a struct, or behind nothing. */
export interface Nest {
  readonly head: Uint8Array;
  readonly attributes: readonly Attribute[];
}

export interface Attribute {
  /** With its flag bits. */
  readonly type: number;
  readonly value: Uint8Array | Nest;
}

export interface Message extends Nest {
  readonly type: number;
  readonly flags: number;
  /** Behind the attributes. */
  readonly rest: Uint8Array;
}

export const nothing = new Uint8Array();

export const isNest = (value: Uint8Array | Nest): value is Nest => !(value instanceof Uint8Array);

export const nestOf = (attributes: readonly Attribute[]): Nest => ({ head: nothing, attributes });

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const u8 = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    u8.set(part, at);
    at += part.length;
  }
  return u8;
}

function encodeAttribute({ type, value }: Attribute): Uint8Array {
  const payload = valueBytes(value);
  const out = Bytes.zeroed(NLA_HDRLEN + nlaAlign(payload.length));
  out.view.setUint16(0, NLA_HDRLEN + payload.length, true);
  out.view.setUint16(2, type, true);
  out.u8.set(payload, NLA_HDRLEN);
  return out.u8;
}

/** The payload of an attribute. */
export const valueBytes = (value: Uint8Array | Nest): Uint8Array => (isNest(value) ? encodeNest(value) : value);

const encodeNest = ({ head, attributes }: Nest): Uint8Array => join([head, ...attributes.map(encodeAttribute)]);

export function encode(message: Message): Uint8Array {
  const body = join([encodeNest(message), message.rest]);
  const header = nlmsghdr.bytes({
    nlmsg_len: NLMSG_HDRLEN + body.length,
    nlmsg_type: message.type,
    nlmsg_flags: message.flags,
    nlmsg_seq: 1,
  });
  return join([header, body]);
}

export function u32Bytes(value: number): Uint8Array {
  const bytes = Bytes.zeroed(4);
  bytes.view.setUint32(0, value, true);
  return bytes.u8;
}
