// Relocations against kernel types beyond what core.o compares with libbpf: refusals with their reason, types of the kernel
// that disagree, and types made to take for ever.
import { expect } from 'chai';
import { Btf } from '../../lib/loader/btf.js';
import { CoreRelocator } from '../../lib/loader/core/relocate.js';
import type { CoreRelo } from '../../lib/loader/core/relocate.js';
import { LoaderError } from '../../lib/loader/loader_error.js';
import * as core from '../../lib/uapi/linux/bpf_core.js';
import * as uapi from '../../lib/uapi/linux/btf.js';
import { Assembler } from './assembled_btf.js';
import type { Type } from './assembled_btf.js';

const int: Type = [uapi.BTF_KIND_INT, 'unsigned int', 0, 4, [32]];

/** BTF of types made by `make`, which may ask for names. */
function btfOf(make: (name: (text: string) => number) => readonly Type[], file: string): Btf {
  const assembler = new Assembler();
  return new Btf(assembler.assemble(make((text) => assembler.name(text))), { file, base: 0 });
}

/** 1 int, 2 struct sample { int a; int b[3]; }, 3 int[3], 4 enum color { RED }, 5 struct (unnamed), 6 struct other. */
const local = btfOf(
  (name) => [
    int,
    [uapi.BTF_KIND_STRUCT, 'sample', 2, 16, [name('a'), 1, 0, name('b'), 3, 32]],
    [uapi.BTF_KIND_ARRAY, '', 0, 0, [1, 1, 3]],
    [uapi.BTF_KIND_ENUM, 'color', 1, 4, [name('RED'), 1]],
    [uapi.BTF_KIND_STRUCT, '', 1, 4, [name('a'), 1, 0]],
    [uapi.BTF_KIND_STRUCT, 'other', 1, 4, [name('a'), 1, 0]],
  ],
  'local',
);

/** mov32 r0, imm */
function relocated(relo: CoreRelo, target: Btf | undefined, imm = 0): number {
  const code = new DataView(new ArrayBuffer(16));
  code.setUint8(0, 0xb4);
  code.setInt32(4, imm, true);
  new CoreRelocator(local, target).apply(code, 0, relo, (reason) => new RangeError(reason));
  return code.getUint8(0) === 0xb4 ? code.getUint32(4, true) : -1;
}

const offset = (type: number, access: string): CoreRelo => ({ type, access, kind: core.BPF_CORE_FIELD_BYTE_OFFSET });

/** struct sample of the kernel, `a` at `at`. */
const kernel = (at: number, more: (name: (text: string) => number) => readonly Type[] = () => []): Btf =>
  btfOf(
    (name) => [
      int,
      [uapi.BTF_KIND_STRUCT, 'sample', 2, 64, [name('b'), 3, 128, name('a'), 1, at * 8]],
      [uapi.BTF_KIND_ARRAY, '', 0, 0, [1, 1, 2]],
      ...more(name),
    ],
    'kernel',
  );

describe('loader core', () => {
  it('finds members by name, and elements that the kernel has', () => {
    expect(relocated(offset(2, '0:0'), kernel(40))).to.equal(40);
    expect(relocated(offset(2, '0:1:1'), kernel(40), 8)).to.equal(20);
    expect(relocated(offset(2, '0:1:2'), kernel(40), 12), 'no third element: poisoned').to.equal(-1);
    expect(relocated(offset(2, '1:0'), kernel(40), 16), 'one struct further').to.equal(64 + 40);
  });

  it('refuses a way into a type that is none, with the reason', () => {
    const refused = (relo: CoreRelo): string => {
      try {
        relocated(relo, kernel(0));
      } catch (error) {
        if (error instanceof RangeError) return error.message;
        throw error;
      }
      return 'accepted';
    };
    const what = "BPF_CORE_FIELD_BYTE_OFFSET of [2] BTF_KIND_STRUCT 'sample'";
    for (const access of ['', ':', 'x', '0:', '0::1', '-1', '0:9999999999'])
      expect(refused(offset(2, access))).to.equal(`${what} ${access}: '${access}' is no way into a type`);
    expect(refused(offset(2, '0:2'))).to.equal(`${what} 0:2: member 2 is none of type 2`);
    expect(refused(offset(2, '0:1:3'))).to.equal(`${what} 0:1:3: element 3 of 3 of type 3`);
    expect(refused(offset(2, '0:0:0'))).to.equal(`${what} 0:0:0: step 0 goes into type 1, which has no parts`);
    expect(refused(offset(2, '0' + ':0'.repeat(64)))).to.match(/has over 64 steps$/);
    expect(refused({ ...offset(2, '0'), kind: 99 })).to.equal('relocation of unknown kind 99');
    expect(refused({ ...offset(2, '1'), kind: core.BPF_CORE_TYPE_SIZE })).to.match(/'1' into a type as a whole$/);
    expect(refused({ ...offset(4, '1'), kind: core.BPF_CORE_ENUMVAL_VALUE })).to.match(
      /enumerator 1 is none of type 4$/,
    );
    expect(refused(offset(5, '0:0'))).to.match(/types without a name are not looked for$/);
    expect(() => relocated(offset(0, '0'), kernel(0))).to.throw(LoaderError, /type 0 is none/);
  });

  it('wants in the instruction what the object says', () => {
    expect(() => relocated(offset(2, '0:1:1'), kernel(0), 7)).to.throw(
      RangeError,
      "the instruction holds 7, the object's types say 8",
    );
  });

  it('takes types of one name that lead to the same, and no others', () => {
    const twice = (at: number): Btf =>
      kernel(40, (name) => [[uapi.BTF_KIND_STRUCT, 'sample___old', 1, 64, [name('a'), 1, at * 8]]]);
    expect(relocated(offset(2, '0:0'), twice(40))).to.equal(40);
    expect(() => relocated(offset(2, '0:0'), twice(44))).to.throw(RangeError, 'types of the kernel disagree: 40 or 44');
  });

  it('poisons what the kernel does not have', () => {
    expect(relocated(offset(6, '0:0'), kernel(0))).to.equal(-1);
    expect(relocated({ ...offset(6, '0:0'), kind: core.BPF_CORE_FIELD_EXISTS }, kernel(0), 1)).to.equal(0);
  });

  describe('types that multiply end in an error, soon', () => {
    /** Milliseconds; without the error it would be ages. */
    const timed = (run: () => void): number => {
      const start = performance.now();
      run();
      return performance.now() - start;
    };

    it('unnamed structs that hold each other', () => {
      const target = btfOf(
        () => [
          int,
          [uapi.BTF_KIND_STRUCT, 'sample', 2, 8, [0, 3, 0, 0, 3, 0]],
          [uapi.BTF_KIND_STRUCT, '', 2, 8, [0, 3, 0, 0, 3, 0]],
        ],
        'kernel',
      );
      expect(timed(() => expect(() => relocated(offset(2, '0:0'), target)).to.throw(/too deeply/))).to.be.lessThan(
        60_000,
      );
    });

    it('unnamed structs that hold many of the next', () => {
      const target = btfOf(() => {
        const wide = (id: number): Type => [
          uapi.BTF_KIND_STRUCT,
          '',
          50,
          8,
          Array.from({ length: 50 }, () => [0, id, 0]).flat(),
        ];
        const first = wide(3);
        return [
          int,
          [first[0], 'sample', ...first.slice(2)] as unknown as Type,
          ...Array.from({ length: 60 }, (_, i) => wide(4 + i)),
          int,
        ];
      }, 'kernel');
      const run = (): void => {
        expect(() => relocated(offset(2, '0:0'), target)).to.throw(/take too many steps|too deeply/);
      };
      expect(timed(run)).to.be.lessThan(60_000);
    });

    it('prototypes whose parameters are prototypes', () => {
      const many = (kind: string): Type[] => [
        int,
        [uapi.BTF_KIND_TYPEDEF, kind, 0, 3],
        [uapi.BTF_KIND_FUNC_PROTO, '', 8, 1, Array.from({ length: 8 }, () => [0, 4]).flat()],
        [uapi.BTF_KIND_PTR, '', 0, 3],
      ];
      const both = btfOf(() => many('callback'), 'both');
      for (const kind of [core.BPF_CORE_TYPE_EXISTS, core.BPF_CORE_TYPE_MATCHES]) {
        const code = new DataView(new ArrayBuffer(16));
        code.setUint8(0, 0xb4);
        const run = (): void => {
          const relocator = new CoreRelocator(both, both);
          expect(() => {
            relocator.apply(code, 0, { type: 2, access: '0', kind }, (reason) => new RangeError(reason));
          }).to.throw(/take too many steps|too deeply/);
        };
        expect(timed(run)).to.be.lessThan(60_000);
      }
    });
  });
});
