// What an attribute's payload may be: its value type, how it is written, and the input policy (struct nla_policy of
// the kernel) that judges it. One object a kind; parse.ts applies the policy, writer.ts encodes, show is for people.
import type { Bytes } from './bytes.js';
import { toHex } from './bytes.js';
import type { Nla } from './nla.js';
import type { Codec } from './scalar.js';
import { u16, u32, u64, u8 } from './scalar.js';

/** NL_ATTR_TYPE_* of include/uapi/linux/netlink.h; `unchecked` has no policy entry at all. */
export type PolicyType =
  | 'unchecked'
  | 'unspec'
  | 'flag'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 's32'
  | 'string'
  | 'nul_string'
  | 'binary'
  | 'nested'
  | 'bitfield32'
  | 'reject';

export interface AttributePolicy {
  readonly type: PolicyType;
  /** Size of an int; greatest payload of a string or binary (0 = any); least payload of unspec. Bytes. */
  readonly len: number;
  /** Valid bits of a bitfield32, or of an int. */
  readonly mask?: number | undefined;
  /** Least value of an int, or length of a binary, where the policy gives one. */
  readonly min?: number | undefined;
  /** Greatest value of an int, or length of a binary, where the policy gives one. */
  readonly max?: number | undefined;
  /** NLA_BE16, NLA_BE32: the kernel does not describe the policy when it refuses a value. */
  readonly untold?: boolean;
}

export interface AttributeKind<T = unknown> extends AttributePolicy {
  /** Name of the value type, for people and docs. */
  readonly name: string;
  /** The C type of the payload, where it is one. */
  readonly codec: Codec<T> | undefined;
  /** The value, once the policy has accepted the attribute. */
  read(nla: Nla): T;
  /** Payload length of `value` in bytes. */
  sizeOf(value: T): number;
  /** Writes sizeOf(value) bytes. */
  write(to: Bytes, offset: number, value: T): void;
  show(value: T): string;
}

/** What a kind does with values. */
type Access<T> = Pick<AttributeKind<T>, 'name' | 'read' | 'sizeOf' | 'write' | 'show'> & { readonly codec?: Codec<T> };

/** Kinds have the same properties in the same order, so that the engine treats all alike. */
function kindOf<T>(
  { type, len, mask, min, max, untold = false }: AttributePolicy,
  access: Access<T>,
): AttributeKind<T> {
  const { name, codec, read, sizeOf, write, show } = access;
  return { type, len, mask, min, max, untold, name, codec, read, sizeOf, write, show };
}

function fixedKind<T>(policy: AttributePolicy, codec: Codec<T>): AttributeKind<T> {
  return kindOf(policy, {
    name: codec.name,
    codec,
    read: (nla) => codec.get(nla.msg, nla.start),
    sizeOf: () => codec.size,
    write: (to, offset, value) => {
      codec.set(to, offset, value);
    },
    show: (value) => codec.show(value),
  });
}

const intPolicies: Readonly<Record<number, PolicyType>> = { 1: 'u8', 2: 'u16', 4: 'u32', 8: 'u64' };

function intPolicy<T>(codec: Codec<T>): AttributePolicy {
  return { type: codec.name === 's32' ? 's32' : intPolicies[codec.size]!, len: codec.size };
}

/** An integer attribute (NLA_U8 … NLA_U64, NLA_S32): at least the codec's size, longer is cut. */
export function int<T>(codec: Codec<T>): AttributeKind<T> {
  return fixedKind(intPolicy(codec), codec);
}

/** NLA_POLICY_MIN(): an integer attribute of 32 bits that is at least `min`. */
export function intMin(codec: Codec<number>, min: number): AttributeKind<number> {
  return fixedKind({ ...intPolicy(codec), min }, codec);
}

/** NLA_POLICY_MAX(): an integer attribute that is at most `max`. */
export function intMax(codec: Codec<number>, max: number): AttributeKind<number> {
  return fixedKind({ ...intPolicy(codec), max }, codec);
}

/** NLA_POLICY_MASK(): an integer attribute with no other bits than those of `mask`. */
export function intMask(codec: Codec<number>, mask: number): AttributeKind<number> {
  return fixedKind({ ...intPolicy(codec), mask }, codec);
}

/** An integer that the policy itself calls one of network order (NLA_BE16, NLA_BE32). */
export const bigEndian = <T>(kind: AttributeKind<T>): AttributeKind<T> => ({ ...kind, untold: true });

export const nlaU8 = int(u8);
export const nlaU16 = int(u16);
export const nlaU32 = int(u32);
export const nlaU64 = int(u64);

/** A struct given with only a least length (`{ .len = sizeof(…) }`). */
export function atLeast<T>(codec: Codec<T>): AttributeKind<T> {
  return fixedKind({ type: 'unspec', len: codec.size }, codec);
}

/** A struct that only the kernel sends. */
export function output<T>(codec: Codec<T>): AttributeKind<T> {
  return fixedKind({ type: 'unchecked', len: 0 }, codec);
}

function bytesKind(policy: AttributePolicy, name: string): AttributeKind<Uint8Array> {
  return kindOf(policy, {
    name,
    read: (nla) => nla.bytes(),
    sizeOf: (value) => value.length,
    write: (to, offset, value) => {
      to.u8.set(value, offset);
    },
    show: toHex,
  });
}

/** NLA_BINARY: at most `max` bytes (0 = any number). */
export function binary(max = 0): AttributeKind<Uint8Array> {
  return bytesKind({ type: 'binary', len: max }, 'binary');
}

/** NLA_POLICY_EXACT_LEN(): `size` bytes, no more and no fewer. */
export function exactly(size: number): AttributeKind<Uint8Array> {
  return bytesKind({ type: 'binary', len: 0, min: size, max: size }, 'binary');
}

/** NLA_UNSPEC with a least length: opaque bytes. */
export function opaque(min: number): AttributeKind<Uint8Array> {
  return bytesKind({ type: 'unspec', len: min }, 'binary');
}

function textKind(policy: AttributePolicy): AttributeKind<string> {
  return kindOf(policy, {
    name: 'string',
    read: (nla) => nla.string(),
    sizeOf: (value) => value.length + 1,
    write: (to, offset, value) => {
      for (let i = 0; i < value.length; i++) to.u8[offset + i] = value.charCodeAt(i);
      to.u8[offset + value.length] = 0;
    },
    show: (value) => JSON.stringify(value),
  });
}

/** NLA_STRING: at most `max` bytes without the final NUL, which may be missing (0 = any number). */
export function string(max = 0): AttributeKind<string> {
  return textKind({ type: 'string', len: max });
}

/** NLA_NUL_STRING: a NUL within the first `max` + 1 bytes. */
export function nulString(max = 0): AttributeKind<string> {
  return textKind({ type: 'nul_string', len: max });
}

/** NLA_FLAG: present or not, no payload. */
export const flag: AttributeKind<true> = kindOf(
  { type: 'flag', len: 0 },
  { name: 'flag', read: () => true, sizeOf: () => 0, write: () => {}, show: () => 'set' },
);

function viewKind(policy: AttributePolicy, name: string): AttributeKind<Nla> {
  return kindOf(policy, {
    name,
    read: (nla) => nla,
    sizeOf: (nla) => nla.len,
    write: (to, offset, nla) => {
      to.u8.set(nla.bytes(), offset);
    },
    show: (nla) => toHex(nla.bytes()),
  });
}

/** NLA_NESTED: attributes inside; the value is the attribute itself, to be parsed on its own. */
export const nested = viewKind({ type: 'nested', len: 0 }, 'nest');
/** No policy entry: anything goes; the value is the attribute itself. */
export const unchecked = viewKind({ type: 'unchecked', len: 0 }, 'any');
/** NLA_REJECT: never accepted from a user. */
export const reject = viewKind({ type: 'reject', len: 0 }, 'rejected');

/** struct nla_bitfield32. */
export interface Bitfield32 {
  readonly value: number;
  readonly selector: number;
}

/** NLA_BITFIELD32: exactly 8 bytes, bits of `mask` only, value within selector. */
export function bitfield32(mask: number): AttributeKind<Bitfield32> {
  const policy: AttributePolicy = { type: 'bitfield32', len: 8, mask };
  return kindOf(policy, {
    name: 'bitfield32',
    read: (nla) => ({ value: nla.u32(), selector: nla.msg.view.getUint32(nla.start + 4, true) }),
    sizeOf: () => 8,
    write: (to, offset, { value, selector }) => {
      to.view.setUint32(offset, value, true);
      to.view.setUint32(offset + 4, selector, true);
    },
    show: ({ value, selector }) => `value=0x${value.toString(16)} selector=0x${selector.toString(16)}`,
  });
}
