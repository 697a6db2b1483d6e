// What two datagrams differ in, said in the terms of the protocol: which message, which field or attribute (by its
// path), at which offset, and both values. For people and test output; equality itself is equality of the bytes.
import { Bytes, latin1, toHex } from '../codec/bytes.js';
import { nlmsghdr, nlmsgType } from '../uapi/linux/netlink.js';
import { rtmType } from '../uapi/linux/rtnetlink.js';
import { attributeName, shapeOf } from './layout/level.js';
import { layoutOf } from './layout/message.js';
import type { Context, Level, Shape, StructShape } from './layout/shape.js';
import type { AttributeView, MessageView } from './netlink.js';
import { viewAttributes, viewMessages } from './netlink.js';

export interface Difference {
  /** `message 0 RTM_NEWTFILTER TCA_OPTIONS TCA_BPF_FLAGS`. */
  readonly path: string;
  /** Offset in the datagram. */
  readonly offset: number;
  readonly expected: string;
  readonly got: string;
}

type Report = (path: string, offset: number, expected: string, got: string) => void;

export const messageName = (type: number): string => (type < 16 ? nlmsgType(type) : rtmType(type));

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** At most `shown` bytes from the first that differs. */
const shown = 16;

function reportBytes(path: string, offset: number, a: Uint8Array, b: Uint8Array, report: Report): void {
  if (equal(a, b)) return;
  const length = Math.min(a.length, b.length);
  let first = 0;
  while (first < length && a[first] === b[first]) first++;
  const from = Math.max(0, a.length <= shown && b.length <= shown ? 0 : first);
  const cut = (u8: Uint8Array): string =>
    `${from > 0 ? '…' : ''}${toHex(u8.subarray(from, from + shown))}${u8.length > from + shown ? '…' : ''}` +
    (a.length === b.length ? '' : ` (${u8.length} bytes)`);
  report(path, offset + first, cut(a), cut(b));
}

function diffStruct(
  path: string,
  offset: number,
  { struct: type, shown: forms }: Pick<StructShape, 'struct' | 'shown'>,
  a: Uint8Array,
  b: Uint8Array,
  report: Report,
): void {
  if (a.length < type.size || b.length < type.size) {
    reportBytes(path, offset, a, b, report);
    return;
  }
  const [x, y] = [type.get(new Bytes(a), 0), type.get(new Bytes(b), 0)];
  const offsets = Object.values(type.offsetof);
  Object.entries(type.members).forEach(([key, member], i) => {
    const codec = forms?.[key] ?? member;
    const [left, right] = [codec.show(x[key]), codec.show(y[key])];
    if (left !== right) report(`${path} ${key}`, offset + offsets[i]!, left, right);
  });
}

const quote = (text: Uint8Array): string => JSON.stringify(latin1(text));

/** Whether `payload` is attributes, all of it. */
function whole(payload: Uint8Array): boolean {
  const { attributes, rest } = viewAttributes(payload);
  return attributes.length > 0 && rest.length === 0;
}

function diffAttribute(
  path: string,
  offset: number,
  a: AttributeView,
  b: AttributeView,
  shape: Shape,
  context: Context,
  report: Report,
): void {
  if (a.flags !== b.flags)
    report(`${path} flags`, offset + 2, `0x${a.flags.toString(16)}`, `0x${b.flags.toString(16)}`);
  if (shape.is === 'attributes' && whole(a.payload) && whole(b.payload))
    diffAttributes(path, offset + 4, shape.level, context, a.payload, b.payload, report);
  else if (shape.is === 'text' && !equal(a.payload, b.payload))
    report(path, offset + 4, quote(a.payload), quote(b.payload));
  else reportBytes(path, offset + 4, a.payload, b.payload, report);
  reportBytes(`${path} padding`, offset + 4 + a.payload.length, a.padding, b.padding, report);
}

/** `list` without one element for each in `others`. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return list.filter((name) => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/** What only one side has, or, if both have the same, the two orders. */
function reportOrder(path: string, offset: number, a: readonly string[], b: readonly string[], report: Report): void {
  const only = [without(a, b), without(b, a)] as const;
  const text = (names: readonly string[]): string => names.join(', ') || 'none';
  if (only[0].length + only[1].length === 0) report(`${path} in order`, offset, text(a), text(b));
  else report(`${path} of one side only`, offset, text(only[0]), text(only[1]));
}

function diffAttributes(
  path: string,
  offset: number,
  level: Level,
  context: Context,
  a: Uint8Array,
  b: Uint8Array,
  report: Report,
): void {
  const [x, y] = [viewAttributes(a), viewAttributes(b)];
  const order = [x, y].map(({ attributes }) => attributes.map((v) => attributeName(level, v.type)));
  const sameOrder = order[0]!.join() === order[1]!.join();
  if (!sameOrder) reportOrder(`${path} attributes`, offset, order[0]!, order[1]!, report);
  x.attributes.forEach((mine, i) => {
    const theirs = sameOrder ? y.attributes[i] : y.attributes.find((v) => v.type === mine.type);
    if (theirs !== undefined)
      diffAttribute(
        `${path} ${attributeName(level, mine.type)}`,
        offset + mine.offset,
        mine,
        theirs,
        shapeOf(level, { attribute: mine, siblings: x.attributes, context }),
        context,
        report,
      );
  });
  reportBytes(`${path} behind the attributes`, offset + a.length - x.rest.length, x.rest, y.rest, report);
}

function diffMessage(path: string, a: MessageView, b: MessageView, report: Report): void {
  const headers = [nlmsghdr.bytes(a.header), nlmsghdr.bytes(b.header)] as const;
  diffStruct(path, a.offset, { struct: nlmsghdr }, ...headers, report);
  const start = a.offset + nlmsghdr.size;
  const layout = layoutOf(a.header.nlmsg_type, a.header.nlmsg_flags, a.body);
  if (layout === undefined || a.header.nlmsg_type !== b.header.nlmsg_type) {
    reportBytes(`${path} body`, start, a.body, b.body, report);
    return;
  }
  const headEnd = layout.head?.struct.size ?? 0;
  if (layout.head)
    diffStruct(path, start, layout.head, a.body.subarray(0, headEnd), b.body.subarray(0, headEnd), report);
  const [from, to] = [Math.min(headEnd, layout.start), layout.start];
  reportBytes(`${path} body`, start + from, a.body.subarray(from, to), b.body.subarray(from, to), report);
  diffAttributes(path, start + to, layout.level, layout.context, a.body.subarray(to), b.body.subarray(to), report);
  reportBytes(`${path} padding`, start + a.body.length, a.padding, b.padding, report);
}

/** Names of the messages, repeated ones once with their number. */
function listing(messages: readonly MessageView[]): string {
  const runs: { name: string; count: number }[] = [];
  for (const { header } of messages) {
    const name = messageName(header.nlmsg_type);
    const last = runs.at(-1);
    if (last?.name === name) last.count++;
    else runs.push({ name, count: 1 });
  }
  return runs.map(({ name, count }) => (count === 1 ? name : `${name} ×${count}`)).join(', ') || 'none';
}

/** Where `got` departs from `expected`; nothing when the bytes are equal, something whenever they are not. */
export function differences(expected: Uint8Array, got: Uint8Array): Difference[] {
  const found: Difference[] = [];
  if (equal(expected, got)) return found;
  const report: Report = (path, offset, left, right) => found.push({ path, offset, expected: left, got: right });
  const [a, b] = [viewMessages(expected), viewMessages(got)];
  if (a.messages.length !== b.messages.length) report('messages', 0, listing(a.messages), listing(b.messages));
  a.messages.forEach((mine, i) => {
    const theirs = b.messages[i];
    const path = `message ${i} ${messageName(mine.header.nlmsg_type)}`;
    if (theirs !== undefined) diffMessage(path, mine, theirs, report);
  });
  reportBytes('behind the messages', expected.length - a.rest.length, a.rest, b.rest, report);
  if (found.length === 0) reportBytes('datagram', 0, expected, got, report);
  return found;
}

/** One line: path, offset, both values. */
export function showDifference({ path, offset, expected, got }: Difference): string {
  return `${path} at ${offset}: expected ${expected}, got ${got}`;
}
