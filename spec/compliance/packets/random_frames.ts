// Frames by chance: those of the suite, bent. Bytes of headers changed, tags put in and taken out, ends cut off, extension
// headers of IPv6 chained, options of IPv4, lengths that lie.
import type { Random } from '../../../tools/oracle/fuzz/random.js';
import type { Frame } from './frames.js';

const ETH_HLEN = 14;
const TYPES = [0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x9100, 0x8847, 0x8863, 0x0000, 0x002e, 0x05ff, 0x0600, 0xffff];
const NEXT_HEADERS = [0, 6, 17, 43, 44, 47, 50, 51, 58, 59, 60, 135, 255];

type Bend = (random: Random, bytes: Uint8Array) => Uint8Array;

const join = (...parts: (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

const tag = (random: Random): number[] => {
  const [high, low] = [random.int(256), random.int(256)];
  return [
    ...random.pick([
      [0x81, 0x00],
      [0x88, 0xa8],
    ]),
    ...random.pick([
      [0, 5],
      [high, low],
      [0, 0],
    ]),
  ];
};

const flip: Bend = (random, bytes) => {
  const bent = bytes.slice();
  for (let n = 1 + random.int(3); n > 0; n--) {
    const at = random.int(Math.min(bent.length, 60));
    bent[at] = random.chance(0.5) ? bent[at]! ^ (1 << random.int(8)) : random.int(256);
  }
  return bent;
};

const cut: Bend = (random, bytes) => bytes.slice(0, random.int(Math.min(bytes.length, 80) + 1));
const longer: Bend = (random, bytes) => join(bytes, random.bytes(1 + random.int(40)));
const tagged: Bend = (random, bytes) => {
  const tags = Array.from({ length: 1 + random.int(4) }, () => tag(random)).flat();
  return join(bytes.slice(0, 12), tags, bytes.slice(12));
};

const typed: Bend = (random, bytes) => {
  if (bytes.length < ETH_HLEN) return bytes;
  const type = random.pick(TYPES);
  return join(bytes.slice(0, 12), [type >> 8, type & 255], bytes.slice(14));
};

const addressed: Bend = (random, bytes) => {
  const to = random.pick([
    [2, 0, 0, 0, 0, 2],
    [2, 0, 0, 0, 0, 1],
    [2, 0, 0, 0, 0, 4],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [1, 0, 0x5e, 0, 0, random.int(256)],
    [0x33, 0x33, 0, 0, 0, 1],
    [1, 0x80, 0xc2, 0, 0, random.int(16)],
    [0, 0, 0, 0, 0, 0],
  ]);
  return join(to, bytes.slice(6));
};

/** An IPv6 packet with headers one behind the other, each of which may lie about its length. */
const chained: Bend = (random) => {
  const headers = Array.from({ length: random.int(4) }, () => random.pick(NEXT_HEADERS));
  const last = random.pick([6, 17, 58, 59]);
  const body = headers.flatMap((_, i) => {
    const next = headers[i + 1] ?? last;
    const words = random.chance(0.2) ? random.int(4) : 0;
    return [next, words, random.int(256), random.pick([0, 1, 8]), 0, 0, 0, random.int(256), ...random.bytes(8 * words)];
  });
  const payload = join(body, [0x12, 0x34, 0, random.int(256)], random.bytes(random.int(40)));
  const length = random.chance(0.2) ? random.int(200) : payload.length;
  const addresses = [...Array<number>(16).fill(0x20), ...Array<number>(16).fill(0x21)];
  const head = [0x60, random.int(256), 0, 0, length >> 8, length & 255, headers[0] ?? last, 64];
  return join([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd], head, addresses, payload);
};

/** An IPv4 packet with options, fragments and lengths of all sorts. */
const optioned: Bend = (random) => {
  const ihl = random.pick([5, 5, 6, 8, 15, 4, 0]);
  const payload = random.bytes(random.int(60));
  const length = random.chance(0.2) ? random.int(200) : 4 * ihl + payload.length;
  const fragment = random.pick([0, 0, 0x2000, 0x4000, 0x00b9, 0x2001]);
  const protocol = random.pick([1, 6, 17, 47, 50, 51, 4, 41, 132]);
  const head = [
    0x40 | ihl,
    random.int(256),
    length >> 8,
    length & 255,
    0,
    1,
    fragment >> 8,
    fragment & 255,
    64,
    protocol,
  ];
  const options = random.bytes(Math.max(0, 4 * ihl - 20));
  return join([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0], head, [0, 0, 10, 0, 0, 1, 10, 0, 0, 2], options, payload);
};

const bends: readonly Bend[] = [flip, flip, cut, longer, tagged, tagged, typed, addressed, chained, optioned];

/** As many frames as were given, about half of them bent. */
export const randomFrames = (random: Random, all: readonly Frame[]): Frame[] =>
  all.map((frame) => {
    if (random.chance(0.5)) return frame;
    const bytes = random.pick(bends)(random, frame.bytes);
    return { name: `bent ${Buffer.from(bytes.subarray(0, 60)).toString('hex')}`, bytes };
  });
