// What must hold for every declaration of lib/uapi, written once for all: values survive a round trip, and whatever
// bytes come in, nothing behind their end is read and no error but the parser's own comes out.
import { expect } from 'chai';
import fc from 'fast-check';
import type { Attribute } from '../../lib/codec/attrs.js';
import { Bytes, latin1 } from '../../lib/codec/bytes.js';
import { Extack } from '../../lib/codec/extack.js';
import { Nla, NLA_HDRLEN, nlaAlign } from '../../lib/codec/nla.js';
import * as parser from '../../lib/codec/parse.js';
import { Writer } from '../../lib/codec/writer.js';
import type { AnySet, AnyStruct } from './declared.js';
import { attributeSets, structs } from './declared.js';

/** `content` in memory whose other bytes look like small, valid attributes: reading one would show. */
function inTheMidst(content: Uint8Array): Bytes {
  const around = 64;
  const memory = Uint8Array.from({ length: content.length + 2 * around }, (_, i) => [4, 0, 1, 0][i % 4]!);
  memory.set(content, around);
  return new Bytes(memory.subarray(around, around + content.length));
}

/** Any bytes of this length, the extremes of every member included. */
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.constantFrom(0, 0x7f, 0x80, 0xff).map((byte) => new Uint8Array(length).fill(byte)),
  );

/** Bytes up to the end of the last member: padding behind it is nobody's value. */
function membersEnd(declaration: AnyStruct): number {
  return Math.max(0, ...placed(declaration).map(({ offset, size }) => offset + size));
}

function placed(declaration: AnyStruct): { offset: number; size: number }[] {
  const offsets = Object.values(declaration.offsetof);
  return Object.values(declaration.members).map(({ size }, i) => ({ offset: offsets[i]!, size }));
}

describe('every struct of lib/uapi', () => {
  it('is found', () => {
    expect(structs.map((d) => d.title)).to.include('linux/netlink nlmsghdr');
  });

  for (const { title, declaration } of structs) {
    describe(title, () => {
      it('decodes what it encoded', () => {
        fc.assert(
          fc.property(bytesOf(declaration.size), (bytes) => {
            const value = declaration.get(new Bytes(bytes), 0);
            const again = declaration.bytes(value);
            expect(again.length).to.equal(declaration.size);
            expect(declaration.get(new Bytes(again), 0)).to.deep.equal(value);
            expect(declaration.show(value)).to.be.a('string');
          }),
        );
      });

      it('keeps every byte of a member and zeroes the padding', () => {
        const ones = new Uint8Array(declaration.size).fill(0xff);
        const again = declaration.bytes(declaration.get(new Bytes(ones), 0));
        const covered = new Set<number>();
        for (const { offset, size } of placed(declaration)) for (let i = 0; i < size; i++) covered.add(offset + i);
        again.forEach((byte, offset) => {
          if (!covered.has(offset)) expect(byte, `padding at ${offset}`).to.equal(0);
        });
        expect(covered.size).to.be.at.most(declaration.size);
      });

      it('writes nothing outside itself', () => {
        fc.assert(
          fc.property(bytesOf(declaration.size), fc.nat({ max: 9 }), (bytes, at) => {
            const to = new Bytes(new Uint8Array(declaration.size + 20).fill(0xa5));
            declaration.set(to, at, declaration.get(new Bytes(bytes), 0));
            const outside = [...to.u8.subarray(0, at), ...to.u8.subarray(at + declaration.size)];
            expect(outside.every((byte) => byte === 0xa5)).to.equal(true);
          }),
        );
      });

      it('refuses every truncation with a RangeError', () => {
        const full = Uint8Array.from({ length: declaration.size }, (_, i) => i);
        for (let length = 0; length < membersEnd(declaration); length++) {
          const cut = inTheMidst(full.subarray(0, length));
          expect(() => declaration.get(cut, 0), `${length} bytes`).to.throw(RangeError);
        }
      });
    });
  }
});

/** A payload the policy accepts, from random bytes. */
function fitting(attribute: Attribute, random: Uint8Array): Uint8Array {
  const { type, len, mask = 0, max } = attribute.kind;
  // Limits of binary attributes are those of their length.
  if (type === 'binary' && max !== undefined) return new Uint8Array(max);
  if (max !== undefined || (mask !== 0 && type !== 'bitfield32')) return new Uint8Array(len);
  const cut = random.subarray(0, len === 0 ? random.length : Math.min(len, random.length));
  const text = Uint8Array.of(...cut.map((byte) => byte | 1), 0);
  switch (type) {
    case 'string':
    case 'nul_string':
      return text;
    case 'binary':
      return cut;
    case 'bitfield32':
      return bitfield(mask);
    case 'flag':
      return new Uint8Array();
    case 'nested':
      return Uint8Array.of(4, 0, 1, 0);
    case 'unchecked':
    case 'reject':
      return random;
    case 'u32':
    case 's32':
      return new Uint8Array(Uint32Array.of((attribute.kind.min ?? 0) + (random[0] ?? 0)).buffer);
    default:
      return Uint8Array.from({ length: len }, (_, i) => random[i % Math.max(1, random.length)] ?? 0);
  }
}

function bitfield(mask: number): Uint8Array {
  const payload = Bytes.zeroed(8);
  payload.view.setUint32(0, mask, true);
  payload.view.setUint32(4, mask, true);
  return payload.u8;
}

const run = (...attributes: [type: number, payload: Uint8Array][]): Uint8Array => {
  const writer = new Writer(65536);
  for (const [type, payload] of attributes) writer.putRaw(type, payload);
  return writer.take();
};

const plain = (value: unknown): unknown => (value instanceof Nla ? Array.from(value.bytes()) : value);

const declaredOf = (set: AnySet): Attribute[] => set.$byType.filter((a): a is Attribute => a !== undefined);

/** Sets of older kernels end before their last declared attribute. */
const accepted = (set: AnySet): Attribute[] =>
  declaredOf(set).filter(
    (a) => a.direction === 'both' && a.kind.type !== 'reject' && a.type <= set.$max && !mustBeFlagged(set, a),
  );

/** Nests that are only taken with NLA_F_NESTED, which no run here has. */
const mustBeFlagged = (set: AnySet, a: Attribute): boolean => a.kind.type === 'nested' && a.type >= set.$strictFrom;

const modes = {
  liberal: parser.NL_VALIDATE_LIBERAL,
  'deprecated strict': parser.NL_VALIDATE_DEPRECATED_STRICT,
  strict: parser.NL_VALIDATE_STRICT,
};

/** parse() with every outcome turned into a value; anything but a PolicyError goes up. */
function outcome(set: AnySet, bytes: Bytes, mode: number): { error?: string; extack: Extack; seen: number[] } {
  const extack = new Extack();
  try {
    const parsed = parser.parse<object>(set, bytes, 0, bytes.length, mode, extack);
    return { extack, seen: parsed.$nla.flatMap((nla, type) => (nla === undefined ? [] : [type])) };
  } catch (thrown) {
    if (!(thrown instanceof parser.PolicyError)) throw thrown;
    return { error: thrown.errno, extack, seen: [] };
  }
}

/** Attribute runs that are nearly right: declared and undeclared types, any payload, flag bits, a ragged end. */
const nearlyRight = (set: AnySet): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.array(
        fc.tuple(
          fc.oneof(fc.integer({ min: 0, max: set.$max + 2 }), fc.integer({ min: 0, max: 0xffff })),
          fc.uint8Array({ maxLength: 24 }),
        ),
        { maxLength: 8 },
      ),
      fc.uint8Array({ maxLength: 6 }),
    )
    .map(([attributes, rest]) => Uint8Array.of(...run(...attributes), ...rest));

describe('every attribute set of lib/uapi', () => {
  it('is found', () => {
    expect(attributeSets.map((d) => d.title)).to.include('linux/rtnetlink TCA');
  });

  for (const { title, declaration: set } of attributeSets) {
    describe(title, () => {
      it('names each attribute by its own number once', () => {
        const keys = Object.keys(set).filter((key) => !key.startsWith('$'));
        expect(declaredOf(set).map((a) => a.key)).to.have.members(keys);
        for (const a of declaredOf(set)) expect(set.$byType[a.type]).to.equal(a);
      });

      it('parses what it encoded', () => {
        fc.assert(
          fc.property(fc.uint8Array({ maxLength: 40 }), (random) => {
            const attributes = accepted(set);
            const bytes = run(...attributes.map((a): [number, Uint8Array] => [a.type, fitting(a, random)]));
            const extack = new Extack();
            const first = parser.parse<object>(set, new Bytes(bytes), 0, bytes.length, 0, extack);
            expect(extack.isEmpty).to.equal(true);
            const values = first as unknown as Record<string, unknown>;
            const writer = new Writer(65536);
            for (const a of attributes) writer.put(a, values[a.key]);
            const second = parser.parse<object>(set, new Bytes(writer.take()), 0, writer.length, 0, extack);
            const again = second as unknown as Record<string, unknown>;
            for (const a of attributes) {
              expect(values[a.key], a.name).to.not.equal(undefined);
              expect(plain(again[a.key]), a.name).to.deep.equal(plain(values[a.key]));
              expect(a.kind.show(again[a.key])).to.be.a('string');
            }
          }),
          { numRuns: 50 },
        );
      });

      it('answers any run of attributes with values or a PolicyError, in every mode', () => {
        fc.assert(
          fc.property(nearlyRight(set), (bytes) => {
            for (const mode of Object.values(modes)) outcome(set, inTheMidst(bytes), mode);
          }),
        );
      });

      it('judges by the attributes alone, wherever they lie in memory', () => {
        fc.assert(
          fc.property(nearlyRight(set), (bytes) => {
            for (const mode of Object.values(modes)) {
              const alone = outcome(set, new Bytes(bytes.slice()), mode);
              expect(outcome(set, inTheMidst(bytes), mode)).to.deep.equal(alone);
            }
          }),
        );
      });

      it('reports a run cut at any length as leftover, and keeps what came before', () => {
        const attributes = accepted(set);
        const bytes = run(...attributes.map((a): [number, Uint8Array] => [a.type, fitting(a, Uint8Array.of(1, 2, 3))]));
        const view = new Bytes(bytes);
        for (let length = 0; length < bytes.length; length++) {
          const expected: number[] = [];
          let off = 0;
          for (const a of attributes) {
            const size = view.view.getUint16(off, true);
            if (off + size > length) break;
            expected.push(a.type);
            off += nlaAlign(size);
          }
          const got = outcome(set, inTheMidst(bytes.subarray(0, length)), parser.NL_VALIDATE_LIBERAL);
          expect(got.error, `${length} bytes`).to.equal(undefined);
          expect(got.seen, `${length} bytes`).to.deep.equal(expected.toSorted((a, b) => a - b));
          const leftover = off < length ? 'bytes leftover after parsing attributes' : undefined;
          expect(got.extack.msg, `${length} bytes`).to.equal(leftover);
        }
      });

      it('takes attributes only the kernel sends without a look at them, where it is not strict', () => {
        for (const a of declaredOf(set).filter((x) => x.direction === 'dump' && x.kind.type !== 'reject')) {
          for (let length = 0; length <= 9; length++) {
            const bytes = run([a.type, new Uint8Array(length).fill(0xff)]);
            const got = outcome(set, inTheMidst(bytes), parser.NL_VALIDATE_LIBERAL);
            const refused = a.type >= set.$strictFrom ? 'EINVAL' : undefined;
            expect(got.error, `${a.name} of ${length} bytes`).to.equal(refused);
          }
        }
      });

      it('writes each attribute with header, value and zero padding', () => {
        for (const a of accepted(set)) {
          const payload = fitting(a, Uint8Array.of(7, 9, 11));
          const nla = new Nla(new Bytes(run([a.type, payload])), 0, payload.length);
          const writer = new Writer(65536);
          writer.put(a, a.kind.read(nla));
          const written = writer.take();
          const length = new Bytes(written).view.getUint16(0, true);
          expect(written.length, a.name).to.equal(nlaAlign(length));
          expect(latin1(written, length), a.name).to.match(/^\0*$/);
          expect(length, a.name).to.be.at.least(NLA_HDRLEN);
        }
      });
    });
  }
});
