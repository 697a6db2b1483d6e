// The BTF reader on type information made by hand, and on damaged copies of it: every fault is a LoaderError that says
// where, and nothing else ever comes out.
import { expect } from 'chai';
import fc from 'fast-check';
import { Btf } from '../../lib/loader/btf.js';
import { essentialName } from '../../lib/loader/btf_names.js';
import { LoaderError } from '../../lib/loader/loader_error.js';
import * as uapi from '../../lib/uapi/linux/btf.js';
import { Assembler } from './assembled_btf.js';

function sample(): Uint8Array {
  const a = new Assembler();
  const inner = [a.name('x'), 1, 0, a.name('y'), 1, 0];
  const outer = [a.name('a'), 2, 0, 0, 3, 32, a.name('list'), 4, 64, a.name('next'), 6, 192];
  const fields = [a.name('low'), 1, (3 << 24) | 0, a.name('high'), 1, (5 << 24) | 3];
  return a.assemble([
    [uapi.BTF_KIND_INT, 'unsigned int', 0, 4, [32]], // 1
    [uapi.BTF_KIND_TYPEDEF, '__u32', 0, 1], // 2
    [uapi.BTF_KIND_UNION, '', 2, 4, inner], // 3
    [uapi.BTF_KIND_ARRAY, '', 0, 0, [2, 1, 4]], // 4
    [uapi.BTF_KIND_STRUCT, 'outer', 4, 32, outer], // 5
    [uapi.BTF_KIND_PTR, '', 0, 5], // 6
    [uapi.BTF_KIND_STRUCT, 'fields', 2, 4, fields, true], // 7
    [uapi.BTF_KIND_ENUM, 'color', 1, 4, [a.name('RED'), 7]], // 8
    [uapi.BTF_KIND_FUNC_PROTO, '', 1, 1, [a.name('p'), 2]], // 9
    [uapi.BTF_KIND_CONST, '', 0, 10], // 10, refers to itself
    [uapi.BTF_KIND_ENUM64, 'wide', 1, 8, [a.name('W'), 1, 1]], // 11
    [uapi.BTF_KIND_FLOAT, 'double', 0, 8], // 12
    [uapi.BTF_KIND_STRUCT, 'twice', 0, 0], // 13
    [uapi.BTF_KIND_STRUCT, 'twice', 0, 8], // 14
  ]);
}

/** Asks for everything there is. */
function readAll(u8: Uint8Array): void {
  const btf = new Btf(u8);
  const attempts: (() => unknown)[] = [() => btf.struct('outer')];
  for (let id = 0; id < btf.typeCount; id++)
    attempts.push(
      () => btf.members(btf.type(id)),
      () => btf.sizeOf(id),
      () => btf.offsets(btf.type(id)),
    );
  for (const attempt of attempts) {
    try {
      attempt();
    } catch (thrown) {
      if (!(thrown instanceof LoaderError)) throw thrown;
      expect(thrown.offset).to.be.within(0, u8.length);
    }
  }
}

function onlyLoaderErrors(u8: Uint8Array): LoaderError | undefined {
  try {
    readAll(u8);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof LoaderError)) throw thrown;
    return thrown;
  }
}

describe('loader btf', () => {
  it('finds structs with size and member offsets, unnamed members included', () => {
    const btf = new Btf(sample());
    const outer = btf.struct('outer')!;
    expect([outer.kind, outer.sizeOrType, outer.vlen]).to.deep.equal([uapi.BTF_KIND_STRUCT, 32, 4]);
    const offsets = { a: 0, x: 32, y: 32, list: 64, next: 192 };
    expect(Object.fromEntries(btf.offsets(outer))).to.deep.equal(offsets);
    expect(btf.struct('nobody')).to.equal(undefined);
  });

  it('reads bitfields by the kind flag', () => {
    const btf = new Btf(sample());
    const members = btf.members(btf.struct('fields')!).map((m) => [m.name, m.bitOffset, m.bits]);
    expect(members).to.deep.equal([['low', 0, 3], ['high', 3, 5]]); // prettier-ignore
  });

  it('knows sizes through typedefs, arrays, pointers and qualifiers', () => {
    const btf = new Btf(sample());
    expect([1, 2, 3, 4, 5, 6, 8, 11, 12].map((id) => btf.sizeOf(id))).to.deep.equal([4, 4, 4, 16, 32, 8, 4, 8, 8]);
  });

  it('takes the first of two structs of one name', () => {
    expect(new Btf(sample()).struct('twice')?.id).to.equal(13);
  });

  it('finds the flavours of a name together, in ascending order', () => {
    const btf = new Btf(
      new Assembler().assemble([
        [uapi.BTF_KIND_STRUCT, 'sample___new', 0, 1],
        [uapi.BTF_KIND_STRUCT, 'sample', 0, 2],
        [uapi.BTF_KIND_STRUCT, 'samples', 0, 3],
        [uapi.BTF_KIND_STRUCT, 'sample___a___b', 0, 4],
        [uapi.BTF_KIND_STRUCT, '', 0, 5],
      ]),
    );
    const named = (name: string): string[] =>
      [...btf.namesakes(name)].map((id) => btf.type(id).name).filter((each) => essentialName(each) === name);
    expect(named('sample')).to.deep.equal(['sample___new', 'sample']);
    expect(named('sample___a')).to.deep.equal(['sample___a___b']);
    expect([btf.struct('sample')?.id, btf.struct('sample___new')?.id, btf.struct('')]).to.deep.equal([2, 1, undefined]);
  });

  it('knows what of a name is a flavour', () => {
    const names = { a___b: 'a', a____b: 'a____b', ___b: '___b', a___: 'a___', a___b___c: 'a___b', a___b____c: 'a' };
    for (const [name, essential] of Object.entries(names)) expect(essentialName(name)).to.equal(essential);
  });

  it('says which type has no size, and which runs in a circle', () => {
    const btf = new Btf(sample());
    expect(() => btf.sizeOf(9)).to.throw(LoaderError, /BTF_KIND_FUNC_PROTO '' *.*has no size/);
    expect(() => btf.sizeOf(10)).to.throw(LoaderError, /circle/);
    expect(() => btf.sizeOf(0)).to.throw(LoaderError, /void/);
    expect(() => btf.type(99)).to.throw(LoaderError, /type 99 is none/);
  });

  it('does not follow unnamed structs that hold each other for ever', () => {
    const pair = (id: number): number[] => [0, id, 0, 0, id, 0];
    const btf = new Btf(
      new Assembler().assemble([
        [uapi.BTF_KIND_STRUCT, 'a', 2, 4, pair(2)],
        [uapi.BTF_KIND_STRUCT, '', 2, 4, pair(1)],
      ]),
    );
    expect(() => btf.offsets(btf.struct('a')!)).to.throw(LoaderError, /over 100000 members/);
  });

  for (const [what, offset, byte, message] of [
    ['magic', 0, 0, /offset 0x0: magic is 0xeb00/],
    ['version', 2, 9, /offset 0x2: version 9/],
    ['header length', 4, 3, /offset 0x4: header length 3/],
    ['length of the types', 13, 0xff, /offset 0x8: types end at/],
    ['length of the strings', 21, 0xff, /offset 0x10: strings end at/],
    ['kind', 24 + 7, 31, /offset 0x1c: type 1 is of unknown kind 31/],
  ] as const) {
    it(`refuses a wrong ${what}`, () => {
      const u8 = sample();
      u8[offset] = byte;
      expect(() => new Btf(u8)).to.throw(LoaderError, message);
    });
  }

  it('refuses every truncation, and says where', () => {
    const u8 = sample();
    for (let length = 0; length < u8.length; length++)
      expect(onlyLoaderErrors(u8.slice(0, length)), `${length} bytes`).to.be.instanceOf(LoaderError);
  });

  it('survives any damage', () => {
    const u8 = sample();
    const damage = fc.array(fc.tuple(fc.nat({ max: u8.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(damage, (changes) => {
        const hurt = u8.slice();
        for (const [offset, byte] of changes) hurt[offset] = byte;
        onlyLoaderErrors(hurt);
      }),
      { numRuns: 500 },
    );
  });
});
