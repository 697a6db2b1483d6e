// Declares a C struct once: natural alignment as the x86-64 ABI lays it out, offsets, decode, encode, text. The
// declaration is what specs compare with the BTF of a real kernel.
import { Bytes } from './bytes.js';
import type { Codec, ValueOf } from './scalar.js';

/** The values of a struct, one property a member, in declaration order. */
export type StructValue<M> = { [K in keyof M]: ValueOf<M[K]> };

export interface Struct<M> extends Codec<StructValue<M>> {
  /** Member codecs as declared. */
  readonly members: M;
  /** Offset of each member in bytes from the start of the struct. */
  readonly offsetof: { readonly [K in keyof M]: number };
  /** A new buffer holding `value`; members left out are zero. */
  bytes(value: Partial<StructValue<M>>): Uint8Array;
}

/** Whole words below 2^31 only, which every struct size is. */
export function alignUp(value: number, align: number): number {
  return (value + align - 1) & -align;
}

interface Laid {
  readonly key: string;
  readonly offset: number;
  readonly codec: Codec<unknown>;
}

function layOut(members: Readonly<Record<string, Codec<unknown>>>): Laid[] {
  let end = 0;
  return Object.entries(members).map(([key, codec]) => {
    const offset = alignUp(end, codec.align);
    end = offset + codec.size;
    return { key, offset, codec };
  });
}

function sizeOf(members: Readonly<Record<string, Codec<unknown>>>): { size: number; align: number } {
  let end = 0;
  let align = 1;
  for (const key in members) {
    const codec = members[key]!;
    end = alignUp(end, codec.align) + codec.size;
    if (codec.align > align) align = codec.align;
  }
  return { size: alignUp(end, align), align };
}

/** Declares `struct name { members }` in declaration order. */
export function struct<M extends { readonly [K in keyof M]: Codec<ValueOf<M[K]>> }>(
  name: string,
  members: M,
): Struct<M> {
  const { size, align } = sizeOf(members);
  // Both made at the first use: most structs of a machine have none.
  let known: readonly Laid[] | undefined;
  let offsetof: Struct<M>['offsetof'] | undefined;
  const laid = (): readonly Laid[] => (known ??= layOut(members));

  function set(to: Bytes, offset: number, value: Partial<StructValue<M>>): void {
    to.u8.fill(0, offset, offset + size);
    const given = value as Record<string, unknown>;
    for (const member of laid()) {
      const item = given[member.key];
      if (item !== undefined) member.codec.set(to, offset + member.offset, item);
    }
  }

  return {
    name,
    size,
    align,
    members,
    get offsetof() {
      return (offsetof ??= Object.fromEntries(laid().map((m) => [m.key, m.offset])) as Struct<M>['offsetof']);
    },
    get: (from, offset) => {
      const value: Record<string, unknown> = {};
      for (const member of laid()) value[member.key] = member.codec.get(from, offset + member.offset);
      return value as StructValue<M>;
    },
    set,
    show: (value) => {
      const given = value as Record<string, unknown>;
      return `{${laid()
        .map((m) => `${m.key}=${m.codec.show(given[m.key])}`)
        .join(', ')}}`;
    },
    bytes: (value) => {
      const to = Bytes.zeroed(size);
      set(to, 0, value);
      return to.u8;
    },
  };
}
