// Values by declaration alone: what a policy or a struct member allows, its borders, and a little beyond. A kind that is
// declared is generated without a line here; words.ts adds what makes values meaningful.
import type { Attribute as Declared } from '../../../lib/codec/attrs.js';
import type { AttributeKind } from '../../../lib/codec/kind.js';
import type { Codec } from '../../../lib/codec/scalar.js';
import { Bytes, fromLatin1 } from '../../../lib/codec/bytes.js';
import type { AnyStruct } from '../../../lib/wire/layout/shape.js';
import { structNamed } from './declared.js';
import { nothing } from './message.js';
import type { Random } from './random.js';

/** The borders of integers, small numbers first, which mean something more often. */
const integers = [0, 0, 1, 1, 2, 3, 4, 8, 100, 1500, 0x7f, 0xff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

function integer(r: Random, size: number): Uint8Array {
  const to = Bytes.zeroed(8);
  to.view.setUint32(0, r.pick(integers), true);
  if (size === 8 && r.chance(0.2)) to.view.setUint32(4, r.pick(integers), true);
  return to.u8.slice(0, size);
}

function text(r: Random, max: number): Uint8Array {
  const length = max === 0 ? r.pick([0, 1, 5, 16]) : r.pick([0, 1, 3, 3, max - 1, max, max + 1]);
  return fromLatin1('a'.repeat(Math.max(0, length)) + (r.chance(0.9) ? '\0' : ''));
}

/** Values of a member of a struct, by `struct.member`. */
export type MemberWords = Readonly<Record<string, (r: Random) => number | Uint8Array>>;

function memberBytes(r: Random, name: string, codec: Codec<unknown>, words: MemberWords): Uint8Array {
  const word = words[name];
  if (word === undefined || r.chance(0.04))
    return codec.size <= 8 ? integer(r, codec.size) : new Uint8Array(codec.size);
  const value = word(r);
  if (value instanceof Uint8Array) return value;
  const bytes = Bytes.zeroed(8);
  bytes.view.setUint32(0, value >>> 0, true);
  if (value < 0) bytes.view.setInt32(4, -1, true);
  return bytes.u8.subarray(0, codec.size);
}

/** A struct: most members as `words` has them, the others zero or at a border. */
export function structBytes(r: Random, struct: AnyStruct, words: MemberWords): Uint8Array {
  const out = new Uint8Array(struct.size);
  const offsets = Object.values(struct.offsetof);
  Object.entries(struct.members).forEach(([key, codec], i) => {
    const name = `${struct.name}.${key}`;
    if (words[name] === undefined && r.chance(0.8)) return;
    out.set(memberBytes(r, name, codec, words).subarray(0, codec.size), offsets[i]);
  });
  return out;
}

function byPolicy(r: Random, { type, len, mask = 0, min }: AttributeKind<never>): Uint8Array {
  switch (type) {
    case 'flag':
    case 'nested':
      return nothing;
    case 'string':
    case 'nul_string':
      return text(r, len);
    case 'binary':
      return r.bytes(r.pick([0, 1, 4, 8, len === 0 ? 16 : Math.min(len, 64), len === 0 ? 0 : Math.min(len + 1, 70)]));
    case 'bitfield32':
      return bitfield(r, mask);
    case 'unspec':
    case 'unchecked':
    case 'reject':
      return r.bytes(r.pick([len, len, 0, 4, 8]));
    default:
      return min !== undefined && r.chance(0.5) ? integer(r, len).fill(min, 0, 1) : integer(r, len);
  }
}

function bitfield(r: Random, mask: number): Uint8Array {
  const to = Bytes.zeroed(8);
  const selector = r.pick([mask, mask, 1, 0, 0xffffffff]);
  to.view.setUint32(0, r.pick([selector, selector & 1, 0, 0xffffffff]), true);
  to.view.setUint32(4, selector, true);
  return to.u8;
}

/** A payload for a declared attribute. */
export function payload(r: Random, { kind }: Declared, words: MemberWords): Uint8Array {
  const struct = structNamed(kind.name);
  return struct === undefined ? byPolicy(r, kind as AttributeKind<never>) : structBytes(r, struct, words);
}
