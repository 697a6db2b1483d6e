// The layout of messages: what is decoded by it and encoded again gives the same bytes, whatever the bytes are; and every
// attribute of a carried recording of traffic control, links and addresses has a name.
import { expect } from 'chai';
import { Bytes, toHex } from '../../lib/codec/bytes.js';
import { attributeName, shapeOf } from '../../lib/wire/layout/level.js';
import { layoutOf } from '../../lib/wire/layout/message.js';
import type { AnyCodec, Context, Level, Place, Shape, StructShape } from '../../lib/wire/layout/shape.js';
import {
  encodeAttributes,
  encodeMessages,
  type MessageView,
  viewAttributes,
  viewMessages,
} from '../../lib/wire/netlink.js';
import { mutated, randomOf } from '../conform/random.js';
import { carriedDatagrams } from '../conform/vectors.js';

const DEEPEST = 32;

/** Values of one type, read and written again over what is there: padding keeps its bytes. */
function again(u8: Uint8Array, codec: AnyCodec, offset = 0): void {
  if (offset + codec.size > u8.length) return;
  const bytes = new Bytes(u8);
  if (!('members' in codec)) {
    codec.set(bytes, offset, codec.get(bytes, offset));
    return;
  }
  const { members, offsetof } = codec as StructShape['struct'];
  Object.values(offsetof).forEach((at, i) => {
    again(u8, Object.values(members)[i]!, offset + at);
  });
}

function struct(u8: Uint8Array, { struct: type, shown = {} }: StructShape): void {
  again(u8, { ...type, members: { ...type.members, ...shown } } as AnyCodec);
}

/** A payload, decoded by its shape and encoded again. */
function encoded(payload: Uint8Array, shape: Shape, context: Context, depth: number): Uint8Array {
  const copy = payload.slice();
  if (shape.is === 'value') again(copy, shape.codec);
  if (shape.is === 'struct') struct(copy, shape);
  if (shape.is === 'array') {
    const size = 'is' in shape.element ? shape.element.struct.size : shape.element.size;
    for (let at = 0; at + size <= copy.length; at += size) {
      if ('is' in shape.element) struct(copy.subarray(at), shape.element);
      else again(copy, shape.element, at);
    }
  }
  if (shape.is === 'attributes') return run(copy, shape.level, context, depth + 1);
  if (shape.is === 'struct' && shape.then !== undefined && copy.length > shape.struct.size) {
    const { size } = shape.struct;
    copy.set(encoded(copy.subarray(size), shape.then, context, depth + 1), size);
  }
  return copy;
}

function run(u8: Uint8Array, level: Level, context: Context, depth: number): Uint8Array {
  if (depth > DEEPEST) return u8;
  const { attributes, rest } = viewAttributes(u8);
  const made = attributes.map((attribute) => {
    const place: Place = { attribute, siblings: attributes, context };
    return { ...attribute, payload: encoded(attribute.payload, shapeOf(level, place), context, depth) };
  });
  return encodeAttributes({ attributes: made, rest });
}

function body(message: MessageView): Uint8Array {
  const { nlmsg_type, nlmsg_flags } = message.header;
  const layout = layoutOf(nlmsg_type, nlmsg_flags, message.body);
  if (layout === undefined) return message.body;
  const copy = message.body.slice();
  if (layout.head) struct(copy, layout.head);
  const start = Math.min(layout.start, copy.length);
  copy.set(run(copy.subarray(start), layout.level, layout.context, 0), start);
  return copy;
}

function reencoded(bytes: Uint8Array): Uint8Array {
  const { messages, rest } = viewMessages(bytes);
  return encodeMessages({ messages: messages.map((message) => ({ ...message, body: body(message) })), rest });
}

describe('wire layout', () => {
  const MUTATIONS = Number(process.env['TCBOX_MUTATIONS'] ?? 10_000);
  const SEED = Number(process.env['TCBOX_SEED'] ?? 5);
  const carried = (): readonly Uint8Array[] => carriedDatagrams().map(({ bytes }) => bytes);

  it('gives the bytes of every carried datagram back', function () {
    this.timeout(240_000);
    for (const bytes of carried()) {
      const made = reencoded(bytes);
      if (toHex(made) !== toHex(bytes)) expect(toHex(made)).to.equal(toHex(bytes));
    }
  });

  it(`gives the bytes of ${MUTATIONS} mutated datagrams back (seed ${SEED})`, function () {
    this.timeout(600_000);
    const all = carried();
    const random = randomOf(SEED);
    const one = (): Uint8Array => all[random(all.length)]!;
    for (let count = 0; count < MUTATIONS; count++) {
      const bytes = mutated(one(), one(), random);
      const made = toHex(reencoded(bytes));
      if (made !== toHex(bytes)) expect(made).to.equal(toHex(bytes));
    }
  });

  it('names the attributes of what the kernel sent', function () {
    this.timeout(240_000);
    const unnamed = new Set<string>();
    function names(u8: Uint8Array, level: Level, context: Context, path: string): void {
      const { attributes } = viewAttributes(u8);
      for (const attribute of attributes) {
        const name = attributeName(level, attribute.type);
        if (/ \d+$/.test(name) && !/^(action|operation|group)/.test(name)) unnamed.add(`${path} ${name}`);
        const shape = shapeOf(level, { attribute, siblings: attributes, context });
        if (shape.is === 'attributes') names(attribute.payload, shape.level, context, `${path} ${name}`);
      }
    }
    for (const { bytes, isRequest } of carriedDatagrams()) {
      if (isRequest) continue;
      for (const { header, body: u8 } of viewMessages(bytes).messages) {
        const layout = layoutOf(header.nlmsg_type, header.nlmsg_flags, u8);
        expect(layout, `type ${header.nlmsg_type}`).to.not.equal(undefined);
        names(u8.subarray(layout!.start), layout!.level, layout!.context, String(header.nlmsg_type));
      }
    }
    expect([...unnamed]).to.deep.equal([]);
  });
});
