// Guesses about bytes of which the format says little: whether they are whole netlink messages, where one datagram ends
// and the next begins, and what a cooked header in front of them says.
import { type Datagram, type Direction } from '../datagram.js';
import {
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  nlmsgAlign,
} from '../../uapi/linux/netlink.js';
import { type ImportContext, plainDatagram } from './importer.js';

const u16be = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

const u32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

/** Where the whole messages at the beginning of `bytes` end; 0 = not even the first is whole. */
export function messagesEnd(bytes: Uint8Array): number {
  let at = 0;
  while (bytes.length - at >= NLMSG_HDRLEN) {
    const length = u32(bytes, at);
    if (length < NLMSG_HDRLEN || length > bytes.length - at) break;
    at = Math.min(at + nlmsgAlign(length), bytes.length);
  }
  return at;
}

/** Whether `bytes` are whole messages and nothing else. */
export const isWhole = (bytes: Uint8Array): boolean => bytes.length > 0 && messagesEnd(bytes) === bytes.length;

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

/** Message types are below: thirteen subsystems of netfilter, 256 types each, are the most a protocol has. */
const TYPES_END = 0x0d00;
/** Flags that mean something; the byte order of words moves others into nlmsg_flags. */
const FLAGS = 0x0f3f;

/** How much of a header `bytes` begin with: one part each for a length, a type and flags that can be true. */
function headerParts(bytes: Uint8Array): number {
  if (bytes.length < 8) return 0;
  const length = u32(bytes, 0);
  const parts = [length >= NLMSG_HDRLEN && length < 1 << 16, u16(bytes, 4) < TYPES_END, (u16(bytes, 6) & ~FLAGS) === 0];
  return parts.filter(Boolean).length;
}

/** `bytes` behind a cooked header, where they have one. */
const bare = (bytes: Uint8Array): Uint8Array => (isCooked(bytes) ? bytes.subarray(COOKED_HEADER) : bytes);

/** Bytes that came as words, and the same with the bytes of each word the other way round. */
export interface Readings {
  readonly stated: Uint8Array;
  readonly turned: Uint8Array;
}

/** Which reading is a netlink message; the stated one unless the other is more of one. */
export function likelier(readings: Readings): Uint8Array {
  const [stated, turned] = [bare(readings.stated), bare(readings.turned)];
  if (isWhole(stated) !== isWhole(turned)) return isWhole(stated) ? readings.stated : readings.turned;
  const [few, many] = [headerParts(stated), headerParts(turned)];
  if (few !== many) return few > many ? readings.stated : readings.turned;
  const missing = (bytes: Uint8Array): number => (bytes.length < 4 ? 0 : Math.abs(u32(bytes, 0) - bytes.length));
  return missing(turned) < missing(stated) && many === 3 ? readings.turned : readings.stated;
}

/** struct sockaddr_ll in short: packet type, ARPHRD_NETLINK, nine or ten bytes that are not used, protocol. */
export const COOKED_HEADER = 16;
const ARPHRD_NETLINK = 824;
const PACKET_OUTGOING = 4;
const PACKET_USER = 6;
const PACKET_KERNEL = 7;

/** Who sent a packet of this type: nlmon sees what goes to the kernel and what goes to a program. */
export function cookedDirection(packetType: number): Direction {
  if (packetType === PACKET_KERNEL || packetType === PACKET_OUTGOING) return 'request';
  return packetType === PACKET_USER ? 'reply' : 'unknown';
}

/** Whether `bytes` begin with the header that captures of netlink have. */
export function isCooked(bytes: Uint8Array): boolean {
  if (bytes.length < COOKED_HEADER || u16be(bytes, 2) !== ARPHRD_NETLINK) return false;
  return bytes[0] === 0 && bytes[1]! <= PACKET_KERNEL && bytes.subarray(4, 14).every((byte) => byte === 0);
}

/** The protocol in a cooked header. */
export const cookedProtocol = (bytes: Uint8Array): number => u16be(bytes, 14);

/**
 * Whether only a kernel sends what `bytes` begin with: an answer to everything, a part of a dump, or a message for a port that
 * does not ask for anything. What merely lacks NLM_F_REQUEST may be a request that is wrong.
 */
export function isAnswer(bytes: Uint8Array): boolean {
  if (bytes.length < NLMSG_HDRLEN) return false;
  const [type, flags] = [bytes[4]! | (bytes[5]! << 8), bytes[6]! | (bytes[7]! << 8)];
  if (flags & NLM_F_REQUEST) return false;
  return type === NLMSG_ERROR || type === NLMSG_DONE || (flags & NLM_F_MULTI) !== 0 || u32(bytes, 12) !== 0;
}

/** A datagram of bytes that may have a cooked header in front of them. */
export function bareDatagram(
  context: ImportContext,
  bytes: Uint8Array,
  origin: { readonly offset: number; readonly line?: number; readonly label?: string },
): Datagram {
  if (!isCooked(bytes)) {
    const direction = context.direction === 'unknown' && isAnswer(bytes) ? 'reply' : context.direction;
    return plainDatagram({ ...context, direction }, bytes, origin);
  }
  return {
    ...plainDatagram(context, bytes.slice(COOKED_HEADER), origin),
    direction: cookedDirection(bytes[1]!),
    protocol: cookedProtocol(bytes),
  };
}
