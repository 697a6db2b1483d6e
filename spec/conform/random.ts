// Repeatable randomness for specs, and faults that encoders, captures and attackers put into datagrams.
import { NLMSG_HDRLEN } from '../../lib/uapi/linux/netlink.js';

/** Numbers from 0 up to, not including, `below`; the same for the same seed. */
export type Random = (below: number) => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Values at the edges of lengths and types. */
const edges = [0, 1, 3, 4, 5, 0x7fff, 0x8000, 0xffff];

const at = (bytes: Uint8Array, random: Random): number => random(Math.max(1, bytes.length));

function changed(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  if (offset < copy.length) copy[offset] = value;
  return copy;
}

function word(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  return changed(changed(bytes, offset, value & 0xff), offset + 1, value >> 8);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const mutations: readonly Mutation[] = [
  (bytes, random) => changed(bytes, at(bytes, random), random(256)),
  (bytes, random) => {
    const offset = at(bytes, random);
    return changed(bytes, offset, (bytes[offset] ?? 0) ^ (1 << random(8)));
  },
  (bytes, random) => bytes.slice(0, random(bytes.length + 1)),
  (bytes, random) => word(bytes, at(bytes, random) & ~3, edges[random(edges.length)]!),
  (bytes, random) => word(bytes, 4, random(130)),
  (bytes, random) => word(bytes, 6, random(0x10000)),
  (bytes, random) => word(bytes, NLMSG_HDRLEN + 4 * random(16) + 2, random(70) | (random(4) << 14)),
  (bytes, random, other) => joined(bytes.subarray(0, at(bytes, random)), other.subarray(at(other, random))),
  (bytes, random, other) => joined(bytes, other.subarray(0, random(other.length + 1))),
  (bytes, random) => {
    const [from, to] = [at(bytes, random), at(bytes, random)];
    return joined(bytes.subarray(0, from), bytes.subarray(Math.max(from, to)));
  },
];

/** One to four faults; lengths of messages are put right in half of them, so that what is inside is reached. */
export function mutated(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let result = bytes;
  for (let count = 1 + random(4); count > 0; count--)
    result = mutations[random(mutations.length)]!(result, random, other);
  if (result.length < NLMSG_HDRLEN || random(2) === 0) return result;
  const copy = result.slice();
  new DataView(copy.buffer).setUint32(0, copy.length, true);
  return copy;
}
