// lib/nlattr.c validate_nla(): what the input policy of an attribute says of its payload. Answers with the code of what is
// wrong, so that a right attribute costs nothing but the look.
import type { AttributeKind } from '../../codec/kind.js';
import type { Code } from './codes.js';
import { C } from './codes.js';

const NLA_HDRLEN = 4;

/** Least payload of each integer kind, bytes. */
export const intSize = (type: AttributeKind['type']): number => {
  switch (type) {
    case 'u8':
      return 1;
    case 'u16':
      return 2;
    case 'u32':
    case 's32':
      return 4;
    case 'u64':
      return 8;
    default:
      return 0;
  }
};

function bitfieldFault(view: DataView, start: number, length: number, mask: number): Code | undefined {
  if (length !== 8) return C.bitfieldSize;
  const value = view.getUint32(start, true);
  const selector = view.getUint32(start + 4, true);
  return (selector & ~mask) !== 0 || (value & ~mask) !== 0 || (value & ~selector) !== 0 ? C.bitfieldBits : undefined;
}

function stringFault(u8: Uint8Array, start: number, length: number, max: number): Code | undefined {
  if (length < 1) return C.emptyString;
  if (max === 0) return undefined;
  return (u8[start + length - 1] === 0 ? length - 1 : length) > max ? C.longString : undefined;
}

function nulStringFault(u8: Uint8Array, start: number, length: number, max: number): Code | undefined {
  const scan = max === 0 ? length : Math.min(length, max + 1);
  for (let i = 0; i < scan; i++) if (u8[start + i] === 0) return stringFault(u8, start, length, max);
  return C.missingNul;
}

/** The value of an integer of at most 32 bits as the policy compares it. */
function integer({ name, len }: AttributeKind, view: DataView, start: number): number {
  const little = !name.startsWith('be');
  if (len === 1) return view.getUint8(start);
  if (len === 2) return view.getUint16(start, little);
  return name === 's32' ? view.getInt32(start, true) : view.getUint32(start, little);
}

function valueFault(kind: AttributeKind, view: DataView, start: number): Code | undefined {
  const { min, max, mask } = kind;
  if (min === undefined && max === undefined && mask === undefined) return undefined;
  const value = integer(kind, view, start);
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) return C.outOfRange;
  return mask !== undefined && (value & ~mask) !== 0 ? C.reservedBits : undefined;
}

function binaryFault({ len, min = 0, max = Infinity }: AttributeKind, length: number): Code | undefined {
  if (len !== 0 && length > len) return C.longBinary;
  return length < min || length > max ? C.outOfRange : undefined;
}

/** What is wrong with a payload of `length` bytes at `start`, if anything is. */
export function fault(
  kind: AttributeKind,
  u8: Uint8Array,
  view: DataView,
  start: number,
  length: number,
): Code | undefined {
  switch (kind.type) {
    case 'unchecked':
      return undefined;
    case 'reject':
      return C.rejected;
    case 'flag':
      return length > 0 ? C.flagWithPayload : undefined;
    case 'bitfield32':
      return bitfieldFault(view, start, length, kind.mask ?? 0);
    case 'nul_string':
      return nulStringFault(u8, start, length, kind.len);
    case 'string':
      return stringFault(u8, start, length, kind.len);
    case 'binary':
      return binaryFault(kind, length);
    case 'nested':
      return length !== 0 && length < NLA_HDRLEN ? C.shortNest : undefined;
    case 'unspec':
      return length < kind.len ? C.shortStruct : undefined;
    default:
      return length < kind.len ? C.shortInteger : valueFault(kind, view, start);
  }
}

/** The errno and the text of a fault. */
export const faultErrno = (code: Code): string =>
  code === C.rejected || code === C.missingNul || code === C.bitfieldBits || code === C.reservedBits
    ? 'EINVAL'
    : 'ERANGE';

export const faultText = (code: Code, { type }: AttributeKind): string => {
  if (code === C.outOfRange) return type === 'binary' ? 'binary attribute size out of range' : 'integer out of range';
  return code === C.reservedBits ? 'reserved bit set' : 'Attribute failed policy validation';
};

/** What is wrong, for people. */
export function faultMeaning(code: Code, { type, len, min, max, mask = 0 }: AttributeKind, length: number): string {
  const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
  switch (code) {
    case C.shortInteger:
      return `an integer of ${len} bytes is given as ${length}`;
    case C.shortStruct:
      return `${len} bytes are needed, ${length} are given`;
    case C.emptyString:
      return 'a string of no bytes';
    case C.longString:
      return `the string is longer than ${len} characters`;
    case C.missingNul:
      return `no NUL within the first ${len === 0 ? length : len + 1} bytes`;
    case C.longBinary:
      return `at most ${len} bytes are taken, ${length} are given`;
    case C.flagWithPayload:
      return `a flag has no payload, this one has ${length} bytes`;
    case C.shortNest:
      return `${length} bytes are too short for an attribute within`;
    case C.bitfieldSize:
      return `a bitfield of values and selector takes 8 bytes, not ${length}`;
    case C.bitfieldBits:
      return `bits outside of ${hex(mask)}, or values that are not selected`;
    case C.outOfRange:
      if (type === 'binary') return `exactly ${max} bytes are taken, ${length} are given`;
      return `the value is ${min === undefined ? `above ${max}` : `below ${min}`}`;
    case C.reservedBits:
      return `the value has bits outside of ${hex(mask)}`;
    default:
      return 'nobody may send this attribute';
  }
}
