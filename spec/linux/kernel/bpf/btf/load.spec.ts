// BTF_LOAD against a real kernel: type information, good and damaged: the errno and what the log says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromHex } from '../../../../../lib/codec/bytes.js';
import { parseBtf } from '../../../../../lib/linux/kernel/bpf/btf/load.js';
import { Errno } from '../../../../../lib/linux/errno.js';

interface Recorded {
  readonly name: string;
  readonly hex?: string;
  readonly patch?: readonly (readonly [at: number, byte: number])[];
  readonly ret: number;
  /** The whole log, or how many lines it has and the last of them. */
  readonly log?: string;
  readonly lines?: number;
  readonly end?: string;
}

const file = join(import.meta.dirname, '../../../../../../spec/vectors/bpf/btf_load.6.18.json');
const { records } = JSON.parse(readFileSync(file, 'utf8')) as { records: readonly Recorded[] };
const good = fromHex(records[0]!.hex!);

function bytesOf({ hex, patch }: Recorded): Uint8Array {
  if (hex !== undefined) return fromHex(hex);
  const bytes = good.slice();
  for (const [at, byte] of patch!) bytes[at] = byte;
  return bytes;
}

function load(data: Uint8Array): { ret: number; log: string } {
  let log = '';
  try {
    parseBtf(data, { needed: true, write: (text) => (log += text) });
    return { ret: 0, log };
  } catch (refused) {
    if (refused instanceof Errno) return { ret: -refused.errno, log };
    throw refused;
  }
}

describe('kernel/bpf/btf: load', () => {
  it('answers and logs as recorded on a real kernel', () => {
    for (const record of records) {
      const { ret, log } = load(bytesOf(record));
      expect(ret, record.name).to.equal(record.ret);
      if (record.log !== undefined) expect(log, record.name).to.equal(record.log);
      else {
        const lines = log.split('\n');
        expect(lines.slice(-3).join('\n'), record.name).to.equal(record.end);
        expect(lines.length, record.name).to.equal(record.lines);
      }
    }
  });

  it('ends in a refusal for every truncation', () => {
    for (let length = 0; length < good.length; length++) expect(load(good.subarray(0, length)).ret).to.be.below(0);
  });

  it('ends for what claims to be long', () => {
    const types = new Uint8Array(24 + 12 + 4 + 1);
    const view = new DataView(types.buffer);
    for (const [at, value] of [
      [0, 0x0001eb9f],
      [4, 24],
      [12, 16],
      [16, 16],
      [20, 1],
    ] as const)
      view.setUint32(at, value, true);
    for (const info of [0x0400ffff, 0x0f00ffff, 0x0600ffff, 0x0d00ffff]) {
      view.setUint32(28, info, true);
      view.setUint32(32, 0xffffffff, true);
      expect(load(types).ret).to.equal(-22);
    }
  });
});
