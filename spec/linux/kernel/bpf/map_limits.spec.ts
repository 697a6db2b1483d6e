// What maps cost: memory is taken when it is needed, given back with the map, and claims beyond it are refused.
import { expect } from 'chai';
import { ENOMEM } from '../../../../lib/uapi/asm-generic/errno.js';
import * as B from '../../../../lib/uapi/linux/bpf.js';
import { MapBed, type MapHandle, type Shape } from './map_bed.js';

const MIB = 1 << 20;
const INT_MAX = 0x7fffffff;
const UINT_MAX = 0xffffffff;

const bytes = (size: number, byte: number): Uint8Array => new Uint8Array(size).fill(byte);

const inUse: readonly [string, Shape][] = [
  ['array', [B.BPF_MAP_TYPE_ARRAY, 4, 24, 10]],
  ['large array', [B.BPF_MAP_TYPE_ARRAY, 4, 64, 100_000]],
  ['percpu_array', [B.BPF_MAP_TYPE_PERCPU_ARRAY, 4, 24, 10]],
  ['hash', [B.BPF_MAP_TYPE_HASH, 4, 24, 10]],
  ['hash, not preallocated', [B.BPF_MAP_TYPE_HASH, 4, 24, 10, B.BPF_F_NO_PREALLOC]],
  ['percpu_hash', [B.BPF_MAP_TYPE_PERCPU_HASH, 4, 24, 10]],
  ['lru_hash', [B.BPF_MAP_TYPE_LRU_HASH, 4, 24, 10]],
  ['lru_percpu_hash', [B.BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 24, 10]],
  ['lpm_trie', [B.BPF_MAP_TYPE_LPM_TRIE, 8, 24, 10, B.BPF_F_NO_PREALLOC]],
  ['queue', [B.BPF_MAP_TYPE_QUEUE, 0, 24, 10]],
  ['stack', [B.BPF_MAP_TYPE_STACK, 0, 24, 10]],
  ['bloom_filter', [B.BPF_MAP_TYPE_BLOOM_FILTER, 0, 24, 10]],
  ['ringbuf', [B.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096]],
];

describe('memory of maps', () => {
  for (const [name, shape] of inUse) {
    it(`of kind ${name} is given back with the map`, () => {
      const bed = new MapBed();
      bed.make(shape).close();
      const before = bed.machine.memory.used;
      const map = bed.make(shape);
      const [, keySize] = shape;
      for (let i = 0; i < 8; i++) {
        const key = keySize === 0 ? undefined : Uint8Array.of(i, ...bytes(keySize - 1, 0));
        map.update(key, bytes(map.map.sysValueSize, i));
      }
      expect(map.map.address).to.be.above(0);
      expect(bed.machine.memory.used).to.be.above(before);
      map.close();
      expect(bed.machine.memory.used).to.equal(before);
    });
  }

  const claims: readonly [string, Shape][] = [
    ['an array of one value of 2 GiB', [B.BPF_MAP_TYPE_ARRAY, 4, INT_MAX, 1]],
    ['an array of 2 ** 28 values', [B.BPF_MAP_TYPE_ARRAY, 4, 8, 2 ** 28]],
    ['a hash of 2 ** 25 entries', [B.BPF_MAP_TYPE_HASH, 4, 8, 2 ** 25]],
    ['a hash of 2 ** 26 entries, not preallocated', [B.BPF_MAP_TYPE_HASH, 4, 8, 2 ** 26, B.BPF_F_NO_PREALLOC]],
    ['an LRU of 2 ** 25 entries', [B.BPF_MAP_TYPE_LRU_HASH, 4, 8, 2 ** 25]],
    ['a trie of 2 ** 32 - 1 entries', [B.BPF_MAP_TYPE_LPM_TRIE, 8, 8, UINT_MAX, B.BPF_F_NO_PREALLOC]],
    ['a ring of 512 MiB', [B.BPF_MAP_TYPE_RINGBUF, 0, 0, 512 * MIB]],
  ];
  for (const [name, shape] of claims) {
    it(`is taken late: ${name}`, () => {
      const bed = new MapBed();
      const before = bed.machine.memory.used;
      const map = bed.make(shape);
      expect(bed.machine.memory.used - before).to.be.below(2 * MIB);
      const [, keySize, valueSize] = shape;
      if (keySize === 4 && valueSize === 8) {
        expect(map.update(bytes(4, 0), bytes(8, 1))).to.equal(0);
        expect(map.lookup(bytes(4, 0)).out).to.deep.equal(bytes(8, 1));
      }
      map.close();
    });
  }

  const refused: readonly [string, Shape][] = [
    ['an array', [B.BPF_MAP_TYPE_ARRAY, 4, INT_MAX, 4]],
    ['a hash', [B.BPF_MAP_TYPE_HASH, 4, MIB, 2 ** 20]],
  ];
  for (const [name, shape] of refused) {
    it(`is refused to ${name} beyond all there is`, () => {
      const bed = new MapBed();
      const before = bed.machine.memory.used;
      expect(bed.tryMake(shape)).to.equal(-ENOMEM);
      expect(bed.machine.memory.used).to.equal(before);
    });
  }

  it('that runs out is ENOMEM for an update, not for a lookup or for other maps', () => {
    const bed = new MapBed();
    const half: Shape = [B.BPF_MAP_TYPE_ARRAY, 4, 8, 2 ** 28];
    const first = bed.make(half);
    const second = bed.make(half);
    const hash = bed.make([B.BPF_MAP_TYPE_HASH, 4, 8, 4, B.BPF_F_NO_PREALLOC]);
    const update = (map: MapHandle): number => map.update(bytes(4, 0), bytes(8, 1));
    expect(update(first)).to.equal(0);
    expect(update(second)).to.equal(-ENOMEM);
    expect(second.lookup(bytes(4, 0)).out).to.deep.equal(bytes(8, 0));
    expect(update(hash)).to.equal(0);
  });
});
