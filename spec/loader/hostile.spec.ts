// Objects that nobody's compiler made: cut off, damaged, or built to exhaust. Whatever the bytes are, opening and linking
// them ends soon, in a result or in a LoaderError that names the file and an offset in it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Btf } from '../../lib/loader/btf.js';
import { LoaderError } from '../../lib/loader/loader_error.js';
import { openObject } from '../../lib/loader/object.js';
import { relocate } from '../../lib/loader/relocate.js';
import { BTF_MAGIC } from '../../lib/uapi/linux/btf.js';
import { Assembled } from './assembled.js';

const folder = join(import.meta.dirname, '../../../spec/loader/objects');
/** All but those that differ from others in one word. */
const names = readdirSync(folder).filter((name) => /^(?!legacy_(0|20|28)).*\.o$/.test(name));
const objects = names.map((name) => new Uint8Array(readFileSync(join(folder, name))));

/** The types of the kernel for relocations: sound ones, as a kernel's are. */
const kernelBtf: Btf = openObject(readFileSync(join(folder, 'core_target.o')), 'core_target.o').btf!;

/** What came of it: the error, if it is the loader's own; every other one is thrown. */
function attempt(u8: Uint8Array, target = kernelBtf): LoaderError | undefined {
  try {
    const object = openObject(u8, 'hostile.o', { relaxedMaps: true });
    relocate(object, { programs: [...object.programs.keys()], kernelBtf: target, prog_type: 3 });
    return undefined;
  } catch (error) {
    if (!(error instanceof LoaderError)) throw error;
    expect(error.message).to.match(/^hostile\.o: offset 0x[0-9a-f]+: ./);
    return error;
  }
}

/** Numbers that break sums, signs and allocations. */
const nasty = [0, 1, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

/** A change to a file: some bytes at a place. */
interface Change {
  readonly at: number;
  readonly bytes: readonly number[];
}

const word = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];

const change = (length: number): fc.Arbitrary<Change> =>
  fc.oneof(
    fc.record({
      at: fc.nat({ max: length - 1 }),
      bytes: fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      at: fc.nat({ max: Math.floor((length - 1) / 4) }).map((at) => at * 4),
      bytes: fc.constantFrom(...nasty).map(word),
    }),
    fc.record({ at: fc.nat({ max: Math.min(63, length - 1) }), bytes: fc.constantFrom(...nasty).map(word) }),
    fc.record({
      at: fc.integer({ min: Math.max(0, length - 3000), max: length - 1 }),
      bytes: fc.constantFrom(...nasty).map(word),
    }),
  );

function changed(u8: Uint8Array, changes: readonly Change[]): Uint8Array {
  const copy = u8.slice();
  for (const { at, bytes } of changes)
    for (const [i, byte] of bytes.entries()) if (at + i < copy.length) copy[at + i] = byte;
  return copy;
}

/** Milliseconds that `run` takes. */
function duration(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

describe('loader, hostile objects', () => {
  for (const [i, name] of names.entries()) {
    it(`${name}: cut at every byte`, () => {
      const whole = objects[i]!;
      const missed = [];
      for (let length = 0; length < whole.length; length++)
        if (attempt(whole.subarray(0, length)) === undefined) missed.push(length);
      // The section headers come last: without their end there is no object.
      expect(missed).to.deep.equal([]);
    });

    it(`${name}: 300 times damaged`, () => {
      fc.assert(
        fc.property(fc.array(change(objects[i]!.length), { minLength: 1, maxLength: 5 }), (changes) => {
          attempt(changed(objects[i]!, changes));
        }),
        { numRuns: 300 },
      );
    });
  }

  it('types of the kernel may be damaged, too', () => {
    const at = names.indexOf('core.o');
    const target = names.indexOf('core_target.o');
    fc.assert(
      fc.property(fc.array(change(objects[target]!.length), { minLength: 1, maxLength: 4 }), (changes) => {
        let btf: Btf | undefined;
        try {
          btf = openObject(changed(objects[target]!, changes), 'hostile.o').btf;
        } catch (error) {
          if (!(error instanceof LoaderError)) throw error;
        }
        if (btf !== undefined) attempt(objects[at]!, btf);
      }),
      { numRuns: 300 },
    );
  });

  it('says what a file is that is no object for this machine', () => {
    const elf = objects[names.indexOf('calls.o')]!;
    const patched = (at: number, ...bytes: number[]): string => attempt(changed(elf, [{ at, bytes }]))!.message;
    expect(attempt(new Uint8Array())!.message).to.equal('hostile.o: offset 0x0: not an ELF file');
    expect(patched(4, 1)).to.equal('hostile.o: offset 0x4: not a 64-bit ELF file');
    expect(patched(5, 2)).to.match(/offset 0x5: big endian \(bpfeb\)/);
    expect(patched(0x12, 62)).to.match(/offset 0x12: for machine EM_X86_64, not for BPF/);
    expect(patched(0x10, 2)).to.match(/offset 0x10: ELF of type 2/);
  });

  describe('claims', () => {
    const claim = (make: (elf: Assembled) => void): LoaderError | undefined => {
      const elf = new Assembled();
      make(elf);
      let error: LoaderError | undefined;
      expect(duration(() => (error = attempt(elf.bytes())))).to.be.lessThan(60_000);
      return error;
    };
    const code = new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);

    it('a file made here is sound before anything is done to it', () => {
      expect(claim((elf) => elf.code('tc', code).function('prog', 'tc', 0, 16))).to.equal(undefined);
    });

    it('2 GB of .bss cost nothing to open, 4 GB are refused', () => {
      expect(claim((elf) => elf.bss('.bss', 0x80000000))).to.equal(undefined);
      expect(claim((elf) => elf.bss('.bss', 0x100000000))?.reason).to.match(/\.bss of 4294967296 bytes/);
    });

    it('a section of 2 GB in a file of some hundred bytes', () => {
      const error = claim((elf) => elf.code('tc', code, { size: 0x80000000 }).function('prog', 'tc', 0, 16));
      expect(error?.reason).to.match(/2147483648 bytes at 0x[0-9a-f]+, goes beyond the end of the file/);
    });

    it('strings without a NUL', () => {
      const error = claim((elf) => elf.code('tc', code).function('prog', 'tc', 0, 16).endStringsEarly());
      expect(error?.reason).to.match(/has no end/);
    });

    it('names of a megabyte, shared by thousands of symbols', () => {
      const long = 'x'.repeat(1 << 20);
      const error = claim((elf) => {
        elf.code('tc', code);
        for (let i = 0; i < 10_000; i++) elf.function(i === 0 ? long : '', 'tc', 0, 16, 1 + i);
      });
      expect(error?.reason).to.match(/is over 1024 bytes/);
    });

    it('a thousand programs that all call the same large function', () => {
      const calls = new Uint8Array(24);
      new DataView(calls.buffer).setUint16(0, 0x1085, true);
      calls[8] = 0xb7;
      calls[16] = 0x95;
      const large = new Uint8Array(80_000);
      large[large.length - 8] = 0x95;
      const error = claim((elf) => {
        elf.code('.text', large).function('large', '.text', 0, large.length);
        for (let i = 0; i < 1000; i++)
          elf.code(`s${i}`, calls).function(`p${i}`, `s${i}`, 0, 24).relocation(`s${i}`, 0, 'large', 10, -1);
      });
      expect(error?.reason).to.match(/over 1000000 instructions in a program, or 4000000 in all/);
    });

    it('functions that call each other in a chain of a thousand, and in a circle', () => {
      const each = new Uint8Array(16);
      new DataView(each.buffer).setUint16(0, 0x1085, true);
      each[8] = 0x95;
      const count = 1000;
      const text = new Uint8Array(16 * count);
      for (let i = 0; i < count; i++) text.set(each, 16 * i);
      const view = new DataView(text.buffer);
      for (let i = 0; i < count; i++) view.setInt32(16 * i + 4, i + 1 < count ? 1 : -1 - 2 * i, true);
      const error = claim((elf) => {
        elf.code('.text', text).code('tc', each).function('prog', 'tc', 0, 16).relocation('tc', 0, 'f0', 10, -1);
        for (let i = 0; i < count; i++) elf.function(`f${i}`, '.text', 16 * i, 16);
      });
      expect(error).to.equal(undefined);
    });

    it('a relocation of an instruction, a symbol and a function that are not there', () => {
      const call = code.slice();
      call.set([0x85, 0x10], 0);
      const make =
        (at: number, symbol: string, addend: number) =>
        (elf: Assembled): void => {
          elf.code('.text', code).function('f', '.text', 0, 16).code('tc', call).function('prog', 'tc', 0, 16);
          elf.relocation('tc', at, symbol, 10, addend);
        };
      expect(claim(make(0, 'f', -1))).to.equal(undefined);
      expect(claim(make(3, 'f', -1))?.reason).to.match(/relocation at 3 of tc is misplaced/);
      expect(claim(make(8, 'f', -1))?.reason).to.match(/a relocation of opcode 0x95/);
      expect(claim(make(0, 'f', 0))?.reason).to.match(/no function starts at instruction 1 of \.text/);
      expect(claim(make(0, 'nobody', -1))?.reason).to.match(/symbol 99999 is none of the/);
      expect(claim(make(0, 'undefined', -1))?.reason).to.match(/'undefined' is extern/);
    });

    it('ten thousand sections, and a description of each of them', () => {
      const count = 10_000;
      const strings = Array.from({ length: count }, (_, i) => `s${i}\0`).join('');
      const offsets = Array.from({ length: count }, (_, i) => 1 + strings.indexOf(`s${i}\0`, Math.max(0, 4 * i - 40)));
      const types = offsets.flatMap((offset) => [offset, (15 << 24) >>> 0, 0]);
      const header = [BTF_MAGIC | (1 << 16), 24, 0, 12 * count, 12 * count, 1 + strings.length];
      const words = new Uint8Array(new Uint32Array([...header, ...types]).buffer);
      const text = Uint8Array.from(`\0${strings}`, (letter) => letter.charCodeAt(0));
      const btf = new Uint8Array(words.length + text.length);
      btf.set(words);
      btf.set(text, words.length);
      const error = claim((elf) => {
        elf.data('.BTF', btf);
        for (let i = 0; i < count; i++) elf.code(`s${i}`, code).function(`f${i}`, `s${i}`, 0, 16);
      });
      expect(error).to.equal(undefined);
    });

    it('types in a circle, and more types than the file can hold', () => {
      const header = [BTF_MAGIC | (1 << 16), 24, 0, 24, 24, 8];
      const circle = [0, (10 << 24) >>> 0, 2, 0, (10 << 24) >>> 0, 1];
      const strings = word(0).concat(word(0));
      const btf = (words: readonly number[]): Uint8Array => Uint8Array.from([...words.flatMap(word), ...strings]);
      expect(claim((elf) => elf.data('.BTF', btf([...header, ...circle])))).to.equal(undefined);
      const many = [header[0]!, 24, 0, 24, 24, 8, 0, ((4 << 24) | 0xffff) >>> 0, 4, 0, 0, 0];
      expect(claim((elf) => elf.data('.BTF', btf(many)))?.reason).to.match(/type 1 goes beyond the types/);
    });
  });
});
