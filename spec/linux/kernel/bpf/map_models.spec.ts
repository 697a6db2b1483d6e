// Maps against simple references, by random sequences of commands: what a hash map, an array, an LRU, a trie, a queue and a
// stack are for, whatever the kernel's own order and figures.
import fc from 'fast-check';
import { expect } from 'chai';
import { toHex } from '../../../../lib/codec/bytes.js';
import * as B from '../../../../lib/uapi/linux/bpf.js';
import { E2BIG, EEXIST, ENOENT, ENOSPC } from '../../../../lib/uapi/asm-generic/errno.js';
import { MapBed, type MapHandle } from './map_bed.js';

const runs = { numRuns: 60 };
const le32 = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);
const flags = fc.constantFrom(B.BPF_ANY, B.BPF_ANY, B.BPF_NOEXIST, B.BPF_EXIST);
const value = fc.uint8Array({ minLength: 6, maxLength: 6 });

/** What an update gives by its flags alone; 0 when it goes on. */
function byFlags(there: boolean, given: number): number {
  if (there && given === B.BPF_NOEXIST) return -EEXIST;
  return !there && given === B.BPF_EXIST ? -ENOENT : 0;
}

const shown = (answer: { ret: number; out: Uint8Array | undefined }): number | string =>
  answer.out === undefined ? answer.ret : toHex(answer.out);

/** Keys that collide and come again; `length` bytes. */
const keyOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.nat(20).map((n) => Uint8Array.from({ length }, (_, i) => (i === length - 1 ? n : (n * 7) % (i + 2))));

describe('maps against references', () => {
  for (const [keySize, mapFlags] of [
    [1, 0],
    [4, 0],
    [7, B.BPF_F_NO_PREALLOC],
    [8, B.BPF_F_NO_PREALLOC],
    [24, 0],
  ] as const) {
    it(`hash maps with keys of ${keySize} bytes, flags ${mapFlags}`, () => {
      const op = fc.record({
        what: fc.constantFrom('put', 'put', 'get', 'del', 'take'),
        key: keyOf(keySize),
        value,
        flags,
      });
      fc.assert(
        fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
          const map = new MapBed().make([B.BPF_MAP_TYPE_HASH, keySize, 6, 8, mapFlags]);
          const model = new Map<string, string>();
          for (const { what, key, value: bytes, flags: given } of ops) {
            const name = toHex(key);
            const there = model.has(name);
            if (what === 'put') {
              const expected = byFlags(there, given) || (!there && model.size === 8 ? -E2BIG : 0);
              expect(map.update(key, bytes, given)).to.equal(expected);
              if (expected === 0) model.set(name, toHex(bytes));
            } else if (what === 'get') expect(shown(map.lookup(key))).to.equal(model.get(name) ?? -ENOENT);
            else if (what === 'take') expect(shown(map.lookupAndDelete(key))).to.equal(model.get(name) ?? -ENOENT);
            else expect(map.delete(key)).to.equal(there ? 0 : -ENOENT);
            if (what === 'del' || what === 'take') model.delete(name);
          }
          expect(
            map
              .keys()
              .map((key) => toHex(key))
              .sort(),
          ).to.deep.equal([...model.keys()].sort());
        }),
        runs,
      );
    });
  }

  it('arrays', () => {
    const op = fc.record({ put: fc.boolean(), index: fc.nat(7), value, flags });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
        const map = new MapBed().make([B.BPF_MAP_TYPE_ARRAY, 4, 6, 5]);
        const model = Array.from({ length: 5 }, () => '000000000000');
        for (const { put, index, value: bytes, flags: given } of ops) {
          if (!put) expect(shown(map.lookup(le32(index)))).to.equal(model[index] ?? -ENOENT);
          else {
            const expected = index >= 5 ? -E2BIG : given === B.BPF_NOEXIST ? -EEXIST : 0;
            expect(map.update(le32(index), bytes, given)).to.equal(expected);
            if (expected === 0) model[index] = toHex(bytes);
          }
        }
        expect(map.keys().map((key) => key[0])).to.deep.equal([0, 1, 2, 3, 4]);
      }),
      runs,
    );
  });

  it('an LRU never refuses, never grows, and gives what was last put', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(60), { maxLength: 200 }), (entries, keys) => {
        const map = new MapBed().make([B.BPF_MAP_TYPE_LRU_HASH, 4, 4, entries]);
        const last = new Map<number, number>();
        for (const [i, key] of keys.entries()) {
          expect(map.update(le32(key), le32(i))).to.equal(0);
          last.set(key, i);
          expect(shown(map.lookup(le32(key)))).to.equal(toHex(le32(i)));
        }
        const there = map.keys();
        expect(there.length).to.be.at.most(entries);
        expect(there.length).to.be.at.least(Math.min(1, keys.length));
        for (const key of there) {
          const [number] = new Uint32Array(key.buffer);
          expect(shown(map.lookup(key))).to.equal(toHex(le32(last.get(number!)!)));
        }
      }),
      runs,
    );
  });

  it('tries find the longest prefix', () => {
    const prefix = fc.record({
      length: fc.nat(16),
      bits: fc.constantFrom(0, 0x8000, 0xc000, 0xc0a8, 0xc0ff, 0xffff, 0x0001),
    });
    const op = fc.record({ what: fc.constantFrom('put', 'put', 'del', 'get'), prefix, flags, value: fc.nat() });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
        const map = new MapBed().make([B.BPF_MAP_TYPE_LPM_TRIE, 6, 4, 10, B.BPF_F_NO_PREALLOC]);
        const model = new Map<string, number>();
        for (const {
          what,
          prefix: { length, bits },
          flags: given,
          value: number,
        } of ops) {
          const key = Uint8Array.of(length, 0, 0, 0, bits >> 8, bits & 255);
          const name = prefixName(length, bits);
          const there = model.has(name);
          if (what === 'put') {
            const expected = byFlags(there, given) || (!there && model.size === 10 ? -ENOSPC : 0);
            expect(map.update(key, le32(number), given)).to.equal(expected);
            if (expected === 0) model.set(name, number);
          } else if (what === 'del') {
            expect(map.delete(key)).to.equal(there ? 0 : -ENOENT);
            model.delete(name);
          } else expect(shown(map.lookup(key))).to.equal(longest(model, length, bits));
        }
        expect(map.keys().length).to.equal(model.size);
      }),
      { numRuns: 150 },
    );
  });

  for (const [name, type] of [
    ['queue', B.BPF_MAP_TYPE_QUEUE],
    ['stack', B.BPF_MAP_TYPE_STACK],
  ] as const) {
    it(name, () => {
      const op = fc.record({ what: fc.constantFrom('push', 'push', 'force', 'pop', 'peek'), value });
      fc.assert(
        fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
          const map = new MapBed().make([type, 0, 6, 4]);
          const model: string[] = [];
          for (const { what, value: bytes } of ops) {
            const next = type === B.BPF_MAP_TYPE_QUEUE ? model[0] : model.at(-1);
            if (what === 'push' || what === 'force') push(map, model, bytes, what === 'force');
            else
              expect(shown(what === 'pop' ? map.lookupAndDelete(undefined) : map.lookup(undefined))).to.equal(
                next ?? -ENOENT,
              );
            if (what === 'pop') model.splice(type === B.BPF_MAP_TYPE_QUEUE ? 0 : -1, 1);
          }
        }),
        runs,
      );
    });
  }
});

function push(map: MapHandle, model: string[], bytes: Uint8Array, force: boolean): void {
  const full = model.length === 4;
  expect(map.update(undefined, bytes, force ? B.BPF_EXIST : B.BPF_ANY)).to.equal(full && !force ? -E2BIG : 0);
  if (full && !force) return;
  if (full) model.shift();
  model.push(toHex(bytes));
}

/** A prefix as the string of its bits. */
const prefixName = (length: number, bits: number): string => bits.toString(2).padStart(16, '0').slice(0, length);

function longest(model: ReadonlyMap<string, number>, length: number, bits: number): number | string {
  for (let at = length; at >= 0; at--) {
    const found = model.get(prefixName(at, bits));
    if (found !== undefined) return toHex(le32(found));
  }
  return -ENOENT;
}
