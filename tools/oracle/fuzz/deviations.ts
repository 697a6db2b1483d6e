// Single deviations of a plausible request: one attribute left out, doubled, moved, cut, extended or retyped, at any
// depth; one word of the struct in front at a border; one flag turned; bytes behind. And raw mutation of the bytes.
import { NLA_F_NESTED, NLA_TYPE_MASK } from '../../../lib/codec/nla.js';
import { Bytes } from '../../../lib/codec/bytes.js';
import { NLMSG_HDRLEN } from '../../../lib/uapi/linux/netlink.js';
import type { Attribute, Message, Nest } from './message.js';
import { isNest, join, nothing, valueBytes } from './message.js';
import type { Random } from './random.js';

type Change = (r: Random) => Message;

const NLA_F_NET_BYTEORDER = 0x4000;

/** The same nest with one attribute replaced by others. */
function replaced<T extends Nest>(nest: T, at: number, by: readonly Attribute[]): T {
  return { ...nest, attributes: nest.attributes.toSpliced(at, 1, ...by) };
}

function cut({ type, value }: Attribute, by: number): Attribute {
  const bytes = valueBytes(value);
  return { type, value: by < 0 ? bytes.slice(0, Math.max(0, bytes.length + by)) : join([bytes, new Uint8Array(by)]) };
}

function flipped(r: Random, { type, value }: Attribute): Attribute {
  const bytes = valueBytes(value).slice();
  if (bytes.length > 0) bytes[r.int(bytes.length)] = r.pick([0, 1, 0x7f, 0x80, 0xff, r.int(256)]);
  return { type, value: bytes };
}

const retyped = ({ type, value }: Attribute, to: number): Attribute => ({ type: to | (type & ~NLA_TYPE_MASK), value });

/** What can happen to one attribute, each as a list that stands in its place. */
const fates: readonly ((r: Random, a: Attribute) => readonly Attribute[])[] = [
  () => [],
  (_, a) => [a, a],
  (r, a) => [a, flipped(r, a)],
  (_, a) => [cut(a, -1)],
  (_, a) => [cut(a, 1)],
  (_, a) => [{ ...a, value: nothing }],
  (_, a) => [cut(a, 4)],
  (_, a) => [cut(a, 300)],
  (r, a) => [flipped(r, a)],
  (_, a) => [{ ...a, type: a.type ^ NLA_F_NESTED }],
  (_, a) => [{ ...a, type: a.type ^ NLA_F_NET_BYTEORDER }],
  (r, a) => [retyped(a, r.pick([0, 0x3fff, (a.type & NLA_TYPE_MASK) + 1, r.int(80)]))],
  (r, a) => [{ type: r.int(80), value: r.bytes(r.int(9)) }, a],
];

/** All single deviations of the attributes in a nest, and of those below. */
function inAttributes<T extends Nest>(nest: T): ((r: Random) => T)[] {
  return nest.attributes.flatMap((a, i): ((r: Random) => T)[] => {
    const here = fates.map((fate) => (r: Random) => replaced(nest, i, fate(r, a)));
    const { value } = a;
    if (!isNest(value)) return here;
    return [
      ...here,
      ...inAttributes(value).map((change) => (r: Random) => replaced(nest, i, [{ ...a, value: change(r) }])),
    ];
  });
}

const swapped = (message: Message): Message => ({ ...message, attributes: message.attributes.toReversed() });

const borders = [0, 1, 2, 3, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xfffffff1, 0xffffffff];

/** The struct in front with one 32-bit word changed. */
function inHead(message: Message): Change[] {
  const words = Math.floor(message.head.length / 4);
  return Array.from({ length: words }, (_, i) => (r: Random) => {
    const head = new Bytes(message.head.slice());
    head.view.setUint32(4 * i, r.pick(borders), true);
    return { ...message, head: head.u8 };
  });
}

const flagBits = [1, 2, 4, 8, 0x10, 0x20, 0x100, 0x200, 0x400, 0x800];

/** Behind the attributes: too few bytes for a header, and headers whose length cannot be. */
const tails = [[0], [1, 2, 3], [3, 0, 1, 0], [0, 0, 1, 0], [200, 0, 1, 0], [4, 0, 1, 0]].map((b) => Uint8Array.from(b));

const ofMessage = (message: Message): Change[] => [
  ...inHead(message),
  ...flagBits.map((bit) => () => ({ ...message, flags: message.flags ^ bit })),
  ...tails.map((rest) => () => ({ ...message, rest })),
  () => swapped(message),
  (r) => ({ ...message, head: message.head.slice(0, r.int(message.head.length)), attributes: [] }),
  (r) => ({ ...message, type: (message.type & ~3) + r.int(4) }),
];

/** Every single deviation there is of a message. */
export const deviations = (message: Message): Change[] => [...ofMessage(message), ...inAttributes(message)];

/** One of them. */
export function deviate(r: Random, message: Message): Message {
  const changes = r.chance(0.35) ? ofMessage(message) : deviations(message);
  return r.pick(changes)(r);
}

const types = [16, 17, 18, 19, 36, 37, 38, 40, 41, 42, 44, 45, 46, 48, 49, 50, 100, 101, 102, 108, 109];
const flags = [1, 5, 0x105, 0x205, 0x405, 0x505, 0x605, 0x305, 0xd, 0x60d];

const mutations: readonly ((r: Random, bytes: Bytes) => Uint8Array)[] = [
  (r, { u8 }) =>
    u8.fill(r.int(256), ...((at) => [at, at + 1] as const)(NLMSG_HDRLEN + r.int(u8.length - NLMSG_HDRLEN))),
  (r, { u8 }) => u8.slice(0, NLMSG_HDRLEN + r.int(u8.length - NLMSG_HDRLEN + 1)),
  (r, { u8 }) => join([u8, r.bytes(1 + r.int(8))]),
  (r, { u8, view }) => {
    const at = NLMSG_HDRLEN + (r.int(Math.max(1, u8.length - NLMSG_HDRLEN - 1)) & ~3);
    if (at + 2 <= u8.length) view.setUint16(at, r.int(40), true);
    return u8;
  },
  (r, { u8, view }) => {
    view.setUint16(6, r.pick(flags), true);
    return u8;
  },
  (r, { u8, view }) => {
    view.setUint16(4, r.pick(types), true);
    return u8;
  },
];

/** Raw mutation of an encoded message; its length field is right again afterwards. */
export function mutate(r: Random, message: Uint8Array): Uint8Array {
  if (message.length <= NLMSG_HDRLEN) return message;
  const changed = new Bytes(r.pick(mutations)(r, new Bytes(message.slice())));
  changed.view.setUint32(0, changed.length, true);
  return changed.u8;
}
