// A run of bytes as netlink messages and attributes, without judging it: order, duplicates, unknown types, flag bits,
// padding and whatever is left over are all kept, so that encoding a view gives the bytes back, for any bytes. Views
// lie over the memory they were made from. For values under a policy there is codec/parse.ts.
import { Bytes } from '../codec/bytes.js';
import { NLA_HDRLEN, NLA_TYPE_MASK, nlaAlign } from '../codec/nla.js';
import type { ValueOf } from '../codec/scalar.js';
import { NLMSG_HDRLEN, nlmsgAlign, nlmsghdr } from '../uapi/linux/netlink.js';

export interface MessageView {
  /** Offset of the header in the stream. */
  readonly offset: number;
  readonly header: ValueOf<typeof nlmsghdr>;
  /** nlmsg_len − 16 bytes. */
  readonly body: Uint8Array;
  /** Bytes up to the next multiple of four, as many as there are. */
  readonly padding: Uint8Array;
}

export interface StreamView {
  readonly messages: readonly MessageView[];
  /** What is no message: too short for a header, or with a length that cannot be. */
  readonly rest: Uint8Array;
}

/** The messages of one datagram, as long as their lengths hold. */
export function viewMessages(u8: Uint8Array): StreamView {
  const bytes = new Bytes(u8);
  const messages: MessageView[] = [];
  let offset = 0;
  while (u8.length - offset >= NLMSG_HDRLEN) {
    const header = nlmsghdr.get(bytes, offset);
    const end = offset + header.nlmsg_len;
    if (header.nlmsg_len < NLMSG_HDRLEN || end > u8.length) break;
    const next = Math.min(offset + nlmsgAlign(header.nlmsg_len), u8.length);
    messages.push({ offset, header, body: u8.subarray(offset + NLMSG_HDRLEN, end), padding: u8.subarray(end, next) });
    offset = next;
  }
  return { messages, rest: u8.subarray(offset) };
}

export interface AttributeView {
  /** Offset of the header from the start of the run. */
  readonly offset: number;
  /** Type without the flag bits. */
  readonly type: number;
  /** NLA_F_NESTED and NLA_F_NET_BYTEORDER as they are set. */
  readonly flags: number;
  readonly payload: Uint8Array;
  /** Bytes up to the next multiple of four, as many as there are. */
  readonly padding: Uint8Array;
}

export interface AttributesView {
  readonly attributes: readonly AttributeView[];
  /** What is no attribute: too short for a header, or with a length that cannot be. */
  readonly rest: Uint8Array;
}

/** The attributes in `u8`, as long as their lengths hold. */
export function viewAttributes(u8: Uint8Array): AttributesView {
  const { view } = new Bytes(u8);
  const attributes: AttributeView[] = [];
  let offset = 0;
  while (u8.length - offset >= NLA_HDRLEN) {
    const length = view.getUint16(offset, true);
    const end = offset + length;
    if (length < NLA_HDRLEN || end > u8.length) break;
    const raw = view.getUint16(offset + 2, true);
    const next = Math.min(offset + nlaAlign(length), u8.length);
    attributes.push({
      offset,
      type: raw & NLA_TYPE_MASK,
      flags: raw & ~NLA_TYPE_MASK,
      payload: u8.subarray(offset + NLA_HDRLEN, end),
      padding: u8.subarray(end, next),
    });
    offset = next;
  }
  return { attributes, rest: u8.subarray(offset) };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const u8 = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    u8.set(part, at);
    at += part.length;
  }
  return u8;
}

/** The bytes of a stream; lengths are written as the headers say. */
export function encodeMessages({ messages, rest }: StreamView): Uint8Array {
  return concat([...messages.flatMap((m) => [nlmsghdr.bytes(m.header), m.body, m.padding]), rest]);
}

/** The bytes of a run of attributes; lengths follow from the payloads. */
export function encodeAttributes({ attributes, rest }: AttributesView): Uint8Array {
  return concat([...attributes.flatMap((a) => [attributeHeader(a), a.payload, a.padding]), rest]);
}

function attributeHeader({ type, flags, payload }: AttributeView): Uint8Array {
  const header = Bytes.zeroed(NLA_HDRLEN);
  header.view.setUint16(0, NLA_HDRLEN + payload.length, true);
  header.view.setUint16(2, type | flags, true);
  return header.u8;
}
