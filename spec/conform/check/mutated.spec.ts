// Messages broken at random, as requests and as answers: check never throws, and what it finds lies within the datagram.
import { expect } from 'chai';
import { check, Checker } from '../../../lib/conform/check/index.js';
import type { Datagram, Direction } from '../../../lib/conform/datagram.js';
import { requestsOf } from './recorded.js';
import { carried } from './vector_files.js';

const TIMES = 30_000;
const SEED = 0x7cb0;
const directions: readonly Direction[] = ['request', 'reply', 'notification', 'unknown'];

/** A small generator of numbers: the same for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const changed = bytes.slice(0, random(4) === 0 ? random(bytes.length + 1) : bytes.length);
  for (let i = random(4); i >= 0 && changed.length > 0; i--) {
    const at = random(changed.length);
    changed[at] = random(3) === 0 ? random(256) : changed[at]! ^ (1 << random(8));
  }
  return changed;
}

describe('broken messages', () => {
  it(`${TIMES} of them`, () => {
    const seeds = carried.flatMap((file) =>
      [...requestsOf(file)].flatMap(({ datagram, replies }) => [datagram.bytes, ...replies.slice(0, 1)]),
    );
    const random = generator(SEED);
    const checker = new Checker();
    let found = 0;
    for (let i = 0; i < TIMES; i++) {
      const bytes = mutate(seeds[random(seeds.length)]!, random);
      const direction = directions[random(directions.length)]!;
      const datagram: Datagram = { bytes, direction, protocol: 0, socket: 'one', origin: { file: 'spec', offset: i } };
      const hex = Buffer.from(bytes).toString('hex');
      for (const findings of [check(datagram).findings, checker.check(datagram).findings])
        for (const { offset, length } of findings) {
          found++;
          if (offset < 0 || length < 0 || offset + length > bytes.length) expect.fail(`${offset}+${length} in ${hex}`);
        }
    }
    expect(found).to.be.greaterThan(TIMES / 4);
  }).timeout(240_000);
});
