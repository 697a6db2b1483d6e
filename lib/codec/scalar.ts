// The fixed-size C types a header is made of. Byte order is part of the type: uN and sN are in the order of the
// modelled machine (little endian), beN are in network order. 64-bit values are bigint.
import type { Bytes } from './bytes.js';

/** How values of one fixed-size C type lie in memory. `size` and `align` are in bytes. */
export interface Codec<T> {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  /** The value at `offset`; the caller has made sure that `size` bytes are there. */
  get(from: Bytes, offset: number): T;
  set(to: Bytes, offset: number, value: T): void;
  show(value: T): string;
}

/** The TypeScript type of a codec's values. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

function scalar<T>(
  name: string,
  size: number,
  get: (view: DataView, offset: number) => T,
  set: (view: DataView, offset: number, value: T) => void,
  show: (value: T) => string = String,
): Codec<T> {
  return {
    name,
    size,
    align: size,
    get: (from, offset) => get(from.view, offset),
    set: (to, offset, value) => {
      set(to.view, offset, value);
    },
    show,
  };
}

/* eslint-disable @typescript-eslint/no-confusing-void-expression -- one line a type keeps the table readable */
export const u8 = scalar(
  'u8',
  1,
  (v, o) => v.getUint8(o),
  (v, o, x: number) => v.setUint8(o, x),
);
export const s8 = scalar(
  's8',
  1,
  (v, o) => v.getInt8(o),
  (v, o, x: number) => v.setInt8(o, x),
);
export const u16 = scalar(
  'u16',
  2,
  (v, o) => v.getUint16(o, true),
  (v, o, x: number) => v.setUint16(o, x, true),
);
export const s16 = scalar(
  's16',
  2,
  (v, o) => v.getInt16(o, true),
  (v, o, x: number) => v.setInt16(o, x, true),
);
export const u32 = scalar(
  'u32',
  4,
  (v, o) => v.getUint32(o, true),
  (v, o, x: number) => v.setUint32(o, x, true),
);
export const s32 = scalar(
  's32',
  4,
  (v, o) => v.getInt32(o, true),
  (v, o, x: number) => v.setInt32(o, x, true),
);
export const u64 = scalar(
  'u64',
  8,
  (v, o) => v.getBigUint64(o, true),
  (v, o, x: bigint) => v.setBigUint64(o, x, true),
);
export const s64 = scalar(
  's64',
  8,
  (v, o) => v.getBigInt64(o, true),
  (v, o, x: bigint) => v.setBigInt64(o, x, true),
);
export const be16 = scalar(
  'be16',
  2,
  (v, o) => v.getUint16(o),
  (v, o, x: number) => v.setUint16(o, x),
);
export const be32 = scalar(
  'be32',
  4,
  (v, o) => v.getUint32(o),
  (v, o, x: number) => v.setUint32(o, x),
);
/* eslint-enable @typescript-eslint/no-confusing-void-expression */

const hex = (value: number): string => `0x${value.toString(16)}`;

/** A u32 whose bits are flags or an opaque word. */
export const hex32: Codec<number> = { ...u32, name: 'hex32', show: hex };

/** A traffic-control handle: major:minor, both hexadecimal. */
export const handle: Codec<number> = {
  ...u32,
  name: 'handle',
  show: (value) => `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`,
};

/** `T name[count]`: one value a element. */
export function array<T>(element: Codec<T>, count: number): Codec<T[]> {
  return {
    name: `${element.name}[${count}]`,
    size: element.size * count,
    align: element.align,
    get: (from, offset) => Array.from({ length: count }, (_, i) => element.get(from, offset + i * element.size)),
    set: (to, offset, value) => {
      for (let i = 0; i < count; i++) element.set(to, offset + i * element.size, value[i]!);
    },
    show: (value) => `[${value.map((x) => element.show(x)).join(', ')}]`,
  };
}

/** `__u8 name[count]`: a copy of the bytes; on encode a shorter value is padded with zeros, a longer one cut. */
export function bytes(count: number): Codec<Uint8Array> {
  return {
    name: `bytes[${count}]`,
    size: count,
    align: 1,
    get: (from, offset) => {
      if (offset + count > from.length) throw new RangeError(`${count} bytes at ${offset} go beyond ${from.length}`);
      return from.u8.slice(offset, offset + count);
    },
    set: (to, offset, value) => {
      to.u8.fill(0, offset, offset + count);
      to.u8.set(value.subarray(0, count), offset);
    },
    show: (value) => Array.from(value, (x) => x.toString(16).padStart(2, '0')).join(' '),
  };
}
