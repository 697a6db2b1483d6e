// What the walkers of a datagram have in common: the bytes, what is known of them before the walk, and how regions are made.
// A walker is given a range and makes regions that cover it, in order, whatever the bytes are.
import type { Bytes } from '../../codec/bytes.js';
import type { Context } from '../../wire/layout/shape.js';
import type { Region, RegionRole } from './region.js';

/** Nests inside nests, and messages inside acknowledgements, are followed this deep. */
export const DEEPEST = 32;

export interface Walk {
  /** The whole datagram; offsets of regions are into it. */
  readonly bytes: Bytes;
  readonly protocol: number;
  /** Whether a program sent the message that is walked. */
  readonly isRequest: boolean;
  /** What the kernel says of the attribute that starts here: text of a refusal, by offset. */
  readonly marks: ReadonlyMap<number, string>;
  /** The request that an acknowledgement answers, where it is known. */
  readonly request?: Uint8Array | undefined;
  readonly depth: number;
}

/** What a walker knows of the place it is at. */
export interface Spot {
  readonly context: Context;
  /** Names of the attributes around, the outermost first. */
  readonly path: readonly string[];
  /** What reads the attributes that are in no nest, where it is not what reads them in other messages. */
  readonly reads?: string | undefined;
}

export type Optional = Partial<Pick<Region, 'type' | 'value' | 'meaning' | 'symbol' | 'remark'>>;

/** The entries that are there. */
export function given(optional: { readonly [K in keyof Optional]: Optional[K] | undefined }): Optional {
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
}

export function leaf(role: RegionRole, offset: number, length: number, name: string, optional: Optional = {}): Region {
  return { role, offset, length, name, ...optional };
}

/** A region around others; they lie side by side from `offset` on. */
export function group(name: string, offset: number, children: readonly Region[], optional: Optional = {}): Region {
  const last = children.at(-1);
  const length = last === undefined ? 0 : last.offset + last.length - offset;
  return { role: 'group', offset, length, name, ...optional, children };
}

const isZero = ({ bytes }: Walk, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (bytes.u8[at] !== 0) return false;
  return true;
};

/** Bytes that only fill up; none at all make no region. */
export function padding(walk: Walk, start: number, end: number, name = ''): Region[] {
  if (end <= start) return [];
  return [leaf('padding', start, end - start, name, isZero(walk, start, end) ? {} : { remark: 'not zero' })];
}

/** Bytes that are nothing known; none at all make no region. */
export function rest(start: number, end: number, remark: string): Region[] {
  return end <= start ? [] : [leaf('rest', start, end - start, '', { remark })];
}

/** `1 byte`, `3 bytes` */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
