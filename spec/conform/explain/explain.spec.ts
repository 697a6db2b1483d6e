// explain() leaves no byte out: regions lie side by side and fill what they are in, whatever the bytes are. What it says of
// real messages is held by example below, and by the README.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../../lib/codec/bytes.js';
import { explain, type ExplainOptions } from '../../../lib/conform/explain/explain.js';
import type { Region } from '../../../lib/conform/explain/region.js';
import { textView } from '../../../lib/conform/explain/text.js';
import { mutated, randomOf } from '../random.js';
import { carriedDatagrams, datagramsIn, furtherFolder, type Recorded } from '../vectors.js';

/** What is wrong with the way regions fill a range; nothing when each byte is in one and only one. */
function gaps(regions: readonly Region[], start: number, end: number): string | undefined {
  let at = start;
  for (const { offset, length, name, role, children } of regions) {
    if (offset !== at) return `'${name}' begins at ${offset}, not at ${at}`;
    if (length <= 0) return `'${name}' at ${offset} has ${length} bytes`;
    if ((role === 'group') !== (children !== undefined)) return `'${name}' at ${offset}: ${role} with wrong children`;
    at += length;
    const inside = children && gaps(children, offset, at);
    if (inside !== undefined) return `${name}: ${inside}`;
  }
  return at === end ? undefined : `${end - at} bytes at ${at} are in no region`;
}

function accounted(bytes: Uint8Array, options?: ExplainOptions): void {
  const wrong = gaps(explain(bytes, options), 0, bytes.length);
  if (wrong !== undefined) throw new Error(`${wrong}: ${toHex(bytes)}`);
}

const senderOf = ({ isRequest }: Recorded): ExplainOptions => ({ direction: isRequest ? 'request' : 'unknown' });

/** Mutated messages of a run; TCBOX_MUTATIONS asks for more. */
const MUTATIONS = Number(process.env['TCBOX_MUTATIONS'] ?? 20_000);
const SEED = Number(process.env['TCBOX_SEED'] ?? 7);

describe('explain', () => {
  let carried: Recorded[] = [];

  before(() => {
    carried = carriedDatagrams();
  });

  it('accounts for every byte of every carried datagram', function () {
    this.timeout(240_000);
    expect(carried.length).to.be.at.least(10_000);
    for (const recorded of carried) accounted(recorded.bytes, senderOf(recorded));
  });

  it('accounts for every byte of further recordings', function () {
    this.timeout(240_000);
    if (furtherFolder === undefined || !existsSync(furtherFolder)) {
      console.log('no further recordings: TCBOX_VECTORS names no folder');
      return this.skip();
    }
    const further = [...datagramsIn(furtherFolder)];
    expect(further.length).to.be.greaterThan(0);
    for (const recorded of further) accounted(recorded.bytes, senderOf(recorded));
  });

  it(`accounts for every byte of ${MUTATIONS} mutated datagrams (seed ${SEED})`, function () {
    this.timeout(600_000);
    const random = randomOf(SEED);
    const one = (): Uint8Array => carried[random(carried.length)]!.bytes;
    for (let count = 0; count < MUTATIONS; count++) accounted(mutated(one(), one(), random));
  });

  it('accounts for every byte of any bytes, of any family, whoever sent them', () => {
    const protocol = fc.constantFrom(0, 4, 6, 9, 12, 15, 16, 31);
    const direction = fc.constantFrom(
      'request' as const,
      'reply' as const,
      'notification' as const,
      'unknown' as const,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), protocol, direction, (bytes, of, by) => {
        accounted(bytes, { protocol: of, direction: by });
      }),
    );
    for (const { bytes } of carried.slice(0, 500)) for (const of of [4, 12, 15, 16]) accounted(bytes, { protocol: of });
  });

  it('goes no deeper than it can into nests and acknowledgements', () => {
    const nest = new Uint8Array(40_000);
    const view = new DataView(nest.buffer);
    view.setUint32(0, nest.length, true);
    view.setUint16(4, 44, true);
    for (let at = 36; at + 4 <= nest.length; at += 4) view.setUint32(at, (0x8002 << 16) | (nest.length - at), true);
    accounted(nest);
    const acknowledgements = new Uint8Array(200_000);
    const words = new DataView(acknowledgements.buffer);
    for (let at = 0; at + 20 <= acknowledgements.length; at += 20) {
      words.setUint32(at, acknowledgements.length - at, true);
      words.setUint16(at + 4, 2, true);
    }
    accounted(acknowledgements);
    expect(textView(explain(nest), nest).length).to.be.greaterThan(0);
  });
});
