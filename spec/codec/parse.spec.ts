// The input policy, kind by kind and strictness by strictness, as lib/nlattr.c of Linux applies it: which payloads
// pass, which errno, text, offset and policy a refusal carries, and how the walk over attributes ends.
import { expect } from 'chai';
import type { AttributeKind } from '../../lib/codec/kind.js';
import { attrs } from '../../lib/codec/attrs.js';
import { Bytes } from '../../lib/codec/bytes.js';
import { Extack } from '../../lib/codec/extack.js';
import * as kinds from '../../lib/codec/kind.js';
import { NLA_F_NESTED, NLA_F_NET_BYTEORDER } from '../../lib/codec/nla.js';
import * as parser from '../../lib/codec/parse.js';
import { be16, be32, u16, u32, u8 } from '../../lib/codec/scalar.js';
import { struct } from '../../lib/codec/struct.js';
import { Writer } from '../../lib/codec/writer.js';

const { NL_VALIDATE_LIBERAL: liberal, NL_VALIDATE_DEPRECATED_STRICT: deprecated, NL_VALIDATE_STRICT: strict } = parser;

const failed = 'Attribute failed policy validation';
const before = 20;

type Given = readonly [type: number, payload: readonly number[] | Uint8Array];

/** A message of `before` bytes, the attributes, then `rest`. */
function message(given: readonly Given[], rest: readonly number[] = []): Bytes {
  const writer = new Writer(65536);
  writer.reserve(before);
  for (const [type, payload] of given) writer.putRaw(type, Uint8Array.from(payload));
  writer.append(Uint8Array.from(rest));
  return new Bytes(writer.take());
}

interface Verdict {
  errno: string | undefined;
  extack: Extack;
}

function judge(
  kind: AttributeKind<never>,
  type: number,
  payload: readonly number[] | Uint8Array,
  mode: number,
): Verdict {
  const set = attrs('T', { FIRST: [1, kinds.nlaU32], IT: [2, kind] });
  const msg = message([[1, [1, 0, 0, 0]], [type, payload]]); // prettier-ignore
  const extack = new Extack();
  try {
    parser.parse(set, msg, before, msg.length, mode, extack);
    return { errno: undefined, extack };
  } catch (thrown) {
    if (!(thrown instanceof parser.PolicyError)) throw thrown;
    return { errno: thrown.errno, extack };
  }
}

const passes = (kind: AttributeKind<never>, payload: readonly number[], mode = liberal, flags = 0): void => {
  const { errno, extack } = judge(kind, 2 | flags, payload, mode);
  expect(errno, extack.msg).to.equal(undefined);
  expect(extack.isEmpty).to.equal(true);
};

function refuses(
  kind: AttributeKind<never>,
  payload: readonly number[],
  errno: string,
  msg = failed,
  mode = liberal,
  flags = 0,
): void {
  const verdict = judge(kind, 2 | flags, payload, mode);
  expect(verdict.errno, JSON.stringify(payload)).to.equal(errno);
  expect(verdict.extack.msg).to.equal(msg);
  expect(verdict.extack.badAttr).to.equal(before + 8);
}

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
const text = (value: string): number[] => Array.from(value, (c) => c.charCodeAt(0));

describe('codec parse: the walk', () => {
  const set = attrs('T', { ONE: [1, kinds.nlaU8], TWO: [2, kinds.nlaU16], FOUR: [4, kinds.unchecked] });
  const walk = (msg: Bytes, mode = liberal, extack = new Extack()) =>
    parser.parse(set, msg, before, msg.length, mode, extack);

  it('gives typed values and the attributes themselves', () => {
    const parsed = walk(message([[2, [1, 2]], [1, [7]]])); // prettier-ignore
    expect(parsed.ONE).to.equal(7);
    expect(parsed.TWO).to.equal(0x0201);
    expect(parsed.FOUR).to.equal(undefined);
    expect(parsed.$nla[2]?.off).to.equal(before);
    expect(parsed.$nla[1]?.off).to.equal(before + 8);
  });

  it('lets the last duplicate win', () => {
    expect(walk(message([[1, [7]], [1, [8]]])).ONE).to.equal(8); // prettier-ignore
  });

  it('judges a duplicate that loses, too', () => {
    expect(() => walk(message([[2, [7]], [2, [1, 2]]]))).to.throw(parser.PolicyError); // prettier-ignore
  });

  it('ignores the two flag bits of the type', () => {
    const parsed = walk(message([[1 | NLA_F_NESTED, [7]], [2 | NLA_F_NET_BYTEORDER, [1, 2]]])); // prettier-ignore
    expect([parsed.ONE, parsed.TWO]).to.deep.equal([7, 0x0201]);
  });

  it('passes over type 0 and types above the set', () => {
    expect(walk(message([[0, []], [5, []], [1, [7]], [0x3fff, [1]]])).ONE).to.equal(7); // prettier-ignore
  });

  it('refuses type 0 and types above the set when asked for known types only', () => {
    for (const type of [0, 5, 0x3fff]) {
      const extack = new Extack();
      expect(() => walk(message([[1, [7]], [type, []]]), deprecated, extack)).to.throw(parser.PolicyError, /EINVAL/); // prettier-ignore
      expect([extack.msg, extack.badAttr]).to.deep.equal(['Unknown attribute type', before + 8]);
      expect(extack.policy).to.equal(undefined);
    }
  });

  it('takes a hole in the set as unchecked, and refuses it when strict', () => {
    expect(walk(message([[3, [1]]])).$nla[3]?.len).to.equal(1);
    const extack = new Extack();
    expect(() => walk(message([[3, [1]]]), strict, extack)).to.throw(parser.PolicyError, /EINVAL/);
    expect([extack.msg, extack.badAttr]).to.deep.equal(['Unsupported attribute', before]);
  });

  it('accepts a last attribute without padding', () => {
    const extack = new Extack();
    expect(walk(message([], [5, 0, 1, 0, 9]), strict, extack).ONE).to.equal(9);
    expect(extack.isEmpty).to.equal(true);
  });

  for (const [what, rest] of [
    ['one byte', [1]],
    ['three bytes', [1, 2, 3]],
    ['a length below the header', [3, 0, 1, 0, 0, 0, 0, 0]],
    ['a length of zero', [0, 0, 1, 0]],
    ['a length beyond the end', [9, 0, 1, 0, 1, 2, 3, 4]],
  ] as const) {
    it(`stops at ${what}: a warning, or EINVAL where trailing bytes are refused`, () => {
      const warned = new Extack();
      expect(walk(message([[1, [7]]], rest), liberal, warned).ONE).to.equal(7);
      expect([warned.msg, warned.badAttr]).to.deep.equal(['bytes leftover after parsing attributes', undefined]);
      const refused = new Extack();
      expect(() => walk(message([[1, [7]]], rest), deprecated, refused)).to.throw(parser.PolicyError, /EINVAL/);
      expect(refused.msg).to.equal('bytes leftover after parsing attributes');
    });
  }

  it('keeps a leftover warning as the text of a later refusal without one', () => {
    const extack = new Extack();
    walk(message([], [1]), liberal, extack);
    extack.setBad(undefined, 40);
    expect([extack.msg, extack.badAttr]).to.deep.equal(['bytes leftover after parsing attributes', 40]);
  });

  it('works without an extack', () => {
    const msg = message([[2, [7]]], [1]);
    expect(() => parser.parse(set, msg, before, msg.length, liberal, undefined)).to.throw(parser.PolicyError, /ERANGE/);
  });

  it('parses inside a nest, offsets still from the start of the message', () => {
    const inner = attrs('I', { X: [1, kinds.nlaU16] });
    const outer = attrs('O', { NEST: [1, kinds.nested] });
    const msg = message([[1, [5, 0, 1, 0, 9, 0, 0, 0]]]);
    const nest = parser.parse(outer, msg, before, msg.length, liberal, undefined).NEST!;
    const extack = new Extack();
    expect(() => parser.parseNested(inner, nest, liberal, extack)).to.throw(parser.PolicyError, /ERANGE/);
    expect(extack.badAttr).to.equal(before + 4);
    expect(extack.policy?.type).to.equal('u16');
  });
});

describe('codec parse: kinds', () => {
  for (const [kind, size] of [
    [kinds.nlaU8, 1],
    [kinds.nlaU16, 2],
    [kinds.nlaU32, 4],
    [kinds.nlaU64, 8],
    [kinds.int(be16), 2],
  ] as const) {
    const it0 = kind as AttributeKind<never>;
    it(`${kind.name}: at least ${size} bytes; exactly ${size} when strict`, () => {
      for (let length = 0; length < size; length++) {
        refuses(it0, zeros(length), 'ERANGE');
        refuses(it0, zeros(length), 'ERANGE', failed, deprecated);
        refuses(it0, zeros(length), 'EINVAL', 'invalid attribute length', strict);
      }
      for (const mode of [liberal, deprecated, strict]) passes(it0, zeros(size), mode);
      for (const mode of [liberal, deprecated]) passes(it0, zeros(size + 1), mode);
      refuses(it0, zeros(size + 1), 'EINVAL', 'invalid attribute length', strict);
      expect(judge(it0, 2, [], liberal).extack.policy).to.equal(kind);
    });
  }

  it('a longer int is cut to its first bytes', () => {
    const set = attrs('T', { X: [1, kinds.nlaU16] });
    const msg = message([[1, [1, 2, 3, 4]]]);
    expect(parser.parse(set, msg, before, msg.length, liberal, undefined).X).to.equal(0x0201);
  });

  it('nul_string: a NUL among the first n + 1 bytes, nothing beyond it', () => {
    const kind = kinds.nulString(3) as AttributeKind<never>;
    for (const good of ['\0', 'a\0', 'abc\0', 'a\0\0', 'ab\0c'.slice(0, 3)]) passes(kind, text(good));
    for (const bad of ['', 'a', 'abc', 'abcd', 'abcd\0']) refuses(kind, text(bad), 'EINVAL');
    refuses(kind, text('a\0bcd'), 'ERANGE');
    passes(kind, text('a\0b\0'));
    const any = kinds.nulString() as AttributeKind<never>;
    passes(any, [...text('a'.repeat(500)), 0]);
    refuses(any, text('a'.repeat(500)), 'EINVAL');
    refuses(any, [], 'EINVAL');
  });

  it('string: not empty, at most n bytes beside one final NUL, which may be missing', () => {
    const kind = kinds.string(3) as AttributeKind<never>;
    for (const good of ['\0', 'a', 'abc', 'abc\0', 'a\0b']) passes(kind, text(good));
    for (const bad of ['', 'abcd', 'abcd\0', 'abc\0\0']) refuses(kind, text(bad), 'ERANGE');
    const any = kinds.string() as AttributeKind<never>;
    passes(any, text('a'.repeat(500)));
    refuses(any, [], 'ERANGE');
  });

  it('string values end at the first NUL', () => {
    const set = attrs('T', { S: [1, kinds.string()] });
    const read = (payload: readonly number[]) => {
      const msg = message([[1, payload], [2, text('zz')]]); // prettier-ignore
      return parser.parse(set, msg, before, msg.length, liberal, undefined).S;
    };
    expect([read(text('ab')), read(text('abcd')), read(text('a\0b')), read([0])]).to.deep.equal([
      'ab',
      'abcd',
      'a',
      '',
    ]);
  });

  it('binary: at most n bytes, any number for 0', () => {
    const kind = kinds.binary(2) as AttributeKind<never>;
    for (const good of [0, 1, 2]) passes(kind, zeros(good));
    for (const mode of [liberal, strict]) refuses(kind, zeros(3), 'ERANGE', failed, mode);
    passes(kinds.binary() as AttributeKind<never>, zeros(3000));
  });

  it('flag: no payload', () => {
    const kind = kinds.flag as AttributeKind<never>;
    passes(kind, [], strict);
    for (const mode of [liberal, strict]) refuses(kind, [0], 'ERANGE', failed, mode);
  });

  it('nested: empty, or at least one header', () => {
    const kind = kinds.nested as AttributeKind<never>;
    for (const good of [0, 4, 5, 8]) passes(kind, zeros(good));
    for (const bad of [1, 2, 3]) refuses(kind, zeros(bad), 'ERANGE');
  });

  it('nested when strict: the flag is required, and forbidden on every other typed kind', () => {
    const nest = kinds.nested as AttributeKind<never>;
    refuses(nest, zeros(4), 'EINVAL', 'NLA_F_NESTED is missing', strict);
    passes(nest, zeros(4), strict, NLA_F_NESTED);
    const text3 = kinds.string(3) as AttributeKind<never>;
    refuses(text3, text('a'), 'EINVAL', 'NLA_F_NESTED not expected', strict, NLA_F_NESTED);
    passes(text3, text('a'), deprecated, NLA_F_NESTED);
  });

  it('a struct with a least length: longer passes, strict refuses it altogether', () => {
    const kind = kinds.atLeast(struct('s', { a: u32, b: u8, c: u16 })) as AttributeKind<never>;
    passes(kind, zeros(8));
    passes(kind, zeros(20), deprecated);
    refuses(kind, zeros(7), 'ERANGE');
    refuses(kind, zeros(8), 'EINVAL', 'Unsupported attribute', strict);
    refuses(kind, zeros(8), 'EINVAL', 'Unsupported attribute', strict, NLA_F_NESTED);
  });

  it('opaque bytes with a least length', () => {
    const kind = kinds.opaque(6) as AttributeKind<never>;
    passes(kind, zeros(6));
    passes(kind, zeros(60));
    refuses(kind, zeros(5), 'ERANGE');
  });

  it('unchecked: anything, nothing when strict', () => {
    const kind = kinds.unchecked as AttributeKind<never>;
    for (const length of [0, 1, 3000]) passes(kind, zeros(length));
    refuses(kind, [], 'EINVAL', 'Unsupported attribute', strict);
  });

  it('reject: nothing in any mode', () => {
    const kind = kinds.reject as AttributeKind<never>;
    for (const mode of [liberal, deprecated, strict]) refuses(kind, [], 'EINVAL', failed, mode);
  });

  it('bitfield32: eight bytes, bits of the mask only, value within selector', () => {
    const kind = kinds.bitfield32(5) as AttributeKind<never>;
    const word = (value: number, selector: number): number[] => [value, 0, 0, 0, selector, 0, 0, 0];
    for (const good of [word(0, 0), word(0, 5), word(5, 5), word(1, 1)]) passes(kind, good, strict);
    for (const bad of [word(2, 2), word(0, 2), word(1, 0), word(4, 1)]) refuses(kind, bad, 'EINVAL');
    for (const length of [0, 4, 7, 9, 12]) refuses(kind, zeros(length), 'ERANGE');
    refuses(kind, [0, 0, 0, 0, 0, 0, 0, 0x80], 'EINVAL');
  });

  it('what only the kernel sends is not looked at, has no value, and is refused when strict', () => {
    const set = attrs('T', { OUT: [1, kinds.nlaU32, 'dump'] });
    const msg = message([[1, [1]]]);
    const parsed = parser.parse(set, msg, before, msg.length, deprecated, undefined);
    expect([parsed.OUT, parsed.$nla[1]?.len]).to.deep.equal([undefined, 1]);
    const extack = new Extack();
    expect(() => parser.parse(set, msg, before, msg.length, strict, extack)).to.throw(parser.PolicyError, /EINVAL/);
    expect(extack.msg).to.equal('Unsupported attribute');
  });

  it('an int with a least value: smaller ones are out of range', () => {
    const kind = kinds.intMin(u32, 193) as AttributeKind<never>;
    passes(kind, [193, 0, 0, 0]);
    refuses(kind, [192, 0, 0, 0], 'ERANGE', 'integer out of range');
    refuses(kind, [193, 0, 0], 'ERANGE');
  });

  it('an int with a greatest value, or with a mask of its bits', () => {
    const upTo = kinds.intMax(u8, 1) as AttributeKind<never>;
    passes(upTo, [1]);
    refuses(upTo, [2], 'ERANGE', 'integer out of range');
    const masked = kinds.intMask(be32, 3) as AttributeKind<never>;
    passes(masked, [0, 0, 0, 3]);
    refuses(masked, [0, 0, 0, 4], 'EINVAL', 'reserved bit set');
    refuses(masked, [0, 0, 0], 'ERANGE');
  });

  it('bytes of one length only', () => {
    const four = kinds.exactly(4) as AttributeKind<never>;
    passes(four, [1, 2, 3, 4]);
    refuses(four, [1, 2, 3], 'ERANGE', 'binary attribute size out of range');
    refuses(four, [1, 2, 3, 4, 5], 'ERANGE', 'binary attribute size out of range');
  });

  it('is strict from a type on, where a set says so', () => {
    const set = attrs('T', { OLD: [1, kinds.nlaU32], NEW: [2, kinds.nlaU32] }, undefined, { strictFrom: 2 });
    const errnoOf = (given: Given): string | undefined => {
      const msg = message([given]);
      try {
        parser.parse(set, msg, before, msg.length, liberal, undefined);
        return undefined;
      } catch (thrown) {
        return (thrown as parser.PolicyError).errno;
      }
    };
    expect([errnoOf([1, zeros(5)]), errnoOf([2, zeros(5)]), errnoOf([2, zeros(4)])]).to.deep.equal([undefined, 'EINVAL', undefined]); // prettier-ignore
    expect(errnoOf([3, zeros(5)])).to.equal(undefined);
  });

  it('names the first offender only', () => {
    const set = attrs('T', { A: [1, kinds.int(u16)], B: [2, kinds.nlaU32] });
    const msg = message([[2, [1]], [1, []]]); // prettier-ignore
    const extack = new Extack();
    expect(() => parser.parse(set, msg, before, msg.length, liberal, extack)).to.throw(parser.PolicyError);
    expect([extack.badAttr, extack.policy]).to.deep.equal([before, set.B.kind]);
  });
});
