// Maps against a real kernel: sequences of element commands that were recorded there, answer by answer, with the order of
// keys and what the map counts for at the end.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromHex, toHex } from '../../../../lib/codec/bytes.js';
import { MapBed, type MapHandle } from './map_bed.js';

type Op =
  | ['update', string | null, string, number, number]
  | ['lookup' | 'lad' | 'next', string | null, number, string | null]
  | ['delete', string | null, number];

interface Recorded {
  readonly type: number;
  readonly name: string;
  readonly key_size: number;
  readonly value_size: number;
  readonly max_entries: number;
  readonly flags: number;
  readonly ops: readonly Op[];
  readonly keys: readonly string[];
  readonly memlock: number;
}

const file = join(import.meta.dirname, '../../../../../spec/vectors/bpf/maps/map_ops.6.18.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as { cpus: number; maps: readonly Recorded[] };

const bytes = (hex: string | null): Uint8Array | undefined => (hex === null ? undefined : fromHex(hex));

function replay(map: MapHandle, op: Op): Op {
  const key = bytes(op[1]);
  if (op[0] === 'update') return ['update', op[1], op[2], op[3], map.update(key, fromHex(op[2]), op[3])];
  if (op[0] === 'delete') return ['delete', op[1], map.delete(key)];
  const answer = op[0] === 'lookup' ? map.lookup(key) : op[0] === 'lad' ? map.lookupAndDelete(key) : map.next(key);
  return [op[0], op[1], answer.ret, answer.out === undefined ? null : toHex(answer.out)];
}

describe('maps answer as recorded on a real kernel', () => {
  for (const [i, record] of recorded.maps.entries()) {
    const { type, name, key_size: key, value_size: value, max_entries: entries, flags } = record;
    it(`${i}: ${name}, ${key} byte keys, ${value} byte values, ${entries} entries, flags ${flags}`, () => {
      const bed = new MapBed({ config: 'rec-6.18' });
      const used = bed.machine.memory.used;
      const map = bed.make([type, key, value, entries, flags]);
      for (const [at, op] of record.ops.entries())
        expect(
          replay(map, op),
          `op ${at}, after ${JSON.stringify(record.ops.slice(Math.max(0, at - 3), at))}`,
        ).to.deep.equal(op);
      if (key > 0) expect(map.keys().map((k) => toHex(k))).to.deep.equal(record.keys);
      expect(map.map.memUsage()).to.equal(record.memlock);
      map.close();
      expect(bed.machine.memory.used).to.equal(used);
      expect(bed.machine.objects.size).to.equal(new MapBed({ config: 'rec-6.18' }).machine.objects.size);
    });
  }
});
