// What is found in an object beyond what libbpf.spec.ts compares: section maps of every age, meanings of section names, old
// compilers' symbols, and refusals that say why.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LoaderError } from '../../lib/loader/loader_error.js';
import { openObject } from '../../lib/loader/object.js';
import type { BpfObject } from '../../lib/loader/object.js';
import { programsFor, relocate } from '../../lib/loader/relocate.js';
import { meaningOf, tailCallSlot } from '../../lib/loader/section_names.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import { Assembled } from './assembled.js';

const folder = join(import.meta.dirname, '../../../spec/loader/objects');
const read = (name: string): BpfObject => openObject(readFileSync(join(folder, name)), name);

const code = new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);

describe('loader object', () => {
  describe('section maps', () => {
    const shape = (object: BpfObject): unknown[] =>
      object.maps.map(({ name, type, key_size, value_size, max_entries, map_flags, pinning }) =>
        [name, type, key_size, value_size, max_entries, map_flags, pinning]); // prettier-ignore
    const slots = [{ index: 0, program: 0 }, { index: 3, program: 1 }]; // prettier-ignore

    for (const suffix of ['', '_nobtf']) {
      it(`of struct bpf_map_def${suffix}: flags, and no ids`, () => {
        const object = read(`legacy_0${suffix}.o`);
        expect(shape(object)).to.deep.equal([
          ['counters', B.BPF_MAP_TYPE_HASH, 4, 8, 64, 1, 'none'],
          ['jumps', B.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 'none'],
        ]);
        expect(object.maps[1]!.slots).to.deep.equal([]);
      });

      for (const [layout, flags, pinning] of [
        [20, 0, 'none'],
        [24, 0, 'global'],
        [28, 1, 'global'],
      ] as const)
        // prettier-ignore
        it(`of ${layout} bytes${suffix}: ids that sections of programs name`, () => {
          const object = read(`legacy_${layout}${suffix}.o`);
          expect(shape(object)).to.deep.equal([
            ['counters', B.BPF_MAP_TYPE_HASH, 4, 8, 64, flags, pinning],
            ['jumps', B.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 'none'],
          ]);
          expect(object.maps[1]!.slots).to.deep.equal(slots);
        });

      it(`of 36 bytes${suffix}: maps in maps`, () => {
        const { maps } = read(`legacy_36${suffix}.o`);
        expect(maps.map(({ name }) => name)).to.deep.equal(['counters', 'jumps', 'outer', 'inner']);
        const annotated = maps.filter((map) => map.btf_key_type_id !== 0 && map.btf_value_type_id !== 0);
        expect(annotated.map(({ name }) => name)).to.deep.equal(suffix === '' ? ['inner'] : []);
        expect([maps[2]!.innerMap, maps[2]!.slots]).to.deep.equal([3, [{ index: 1, map: 3 }]]);
      });
    }
  });

  it('chooses programs for a section as tc does: its first, and those in arrays of programs', () => {
    const legacy = read('legacy_28.o');
    expect(programsFor(legacy, 'classifier')).to.deep.equal([0, 1, 2]);
    expect(programsFor(legacy, '16/3')).to.deep.equal([0, 1]);
    expect(programsFor(legacy, 'nowhere')).to.equal(undefined);
    expect(programsFor(read('calls.o'), 'tc')).to.deep.equal([0]);
  });

  it('reads license and version, and leaves out programs that want to be asked for', () => {
    const globals = read('globals.o');
    expect([globals.license, globals.version]).to.deep.equal(['GPL', 0x060106]);
    expect(globals.programs.map(({ name }) => name)).to.deep.equal(['main_prog', 'unasked']);
    expect(globals.programs.map(({ sectionName, unasked }) => [sectionName, unasked])).to.deep.equal([['tc', false], ['tc', true]]); // prettier-ignore
    expect(relocate(globals).programs.map(({ name }) => name)).to.deep.equal(['main_prog']);
    expect(relocate(globals, { programs: [1] }).programs[0]!.prog_type).to.equal(B.BPF_PROG_TYPE_SCHED_CLS);
    expect(read('maps.o').license).to.equal('Dual MIT/GPL');
  });

  it('lists where file descriptors of maps belong', () => {
    const { maps, programs } = relocate(read('globals.o'));
    const [{ insns, mapReferences }] = programs as [(typeof programs)[0]];
    const view = new DataView(insns.buffer);
    for (const { insn, map, offset } of mapReferences) {
      expect([view.getUint8(8 * insn), view.getUint8(8 * insn + 1) >>> 4]).to.deep.equal([0x18, 2]);
      expect([view.getUint32(8 * insn + 4, true), view.getUint32(8 * insn + 12, true)]).to.deep.equal([0, offset]);
      expect(offset).to.be.lessThan(maps[map]!.value_size);
    }
    expect(new Set(mapReferences.map(({ map }) => maps[map]!.origin))).to.deep.equal(
      new Set(['data', 'rodata', 'bss']),
    );
  });

  it('takes a section of an old compiler, whose functions have neither type nor size, for one program', () => {
    const object = openObject(new Assembled().code('classify', code).bytes(), 'old.o');
    expect(object.programs).to.have.length(1);
    const [program] = object.programs;
    expect([program!.name, program!.first, program!.count]).to.deep.equal(['classify', 0, 2]);
  });

  it('takes a function alone in .text for a program', () => {
    const object = openObject(new Assembled().code('.text', code).function('f', '.text', 0, 16).bytes(), 'text.o');
    expect(object.programs.map(({ name }) => name)).to.deep.equal(['f']);
  });

  it('needs the types of a kernel only where a program depends on them', () => {
    const core = read('core.o');
    const named = (name: string): number => core.programs.findIndex((program) => program.name === name);
    expect(relocate(core, { programs: [named('type_id_local')] }).programs).to.have.length(1);
    expect(() => relocate(core, { programs: [named('offset')] })).to.throw(
      /^core\.o: offset 0x[0-9a-f]+: 'offset' insn 0: BPF_CORE_FIELD_BYTE_OFFSET of \[\d+\] BTF_KIND_STRUCT 'moved' 0:1: the types of the kernel \(its BTF\) are needed$/,
    );
  });

  it('refuses what others would have to define, in the programs that use it', () => {
    const object = read('extern.o');
    const at = (name: string): number => object.programs.findIndex((program) => program.name === name);
    for (const [name, symbol] of [
      ['option', 'LINUX_KERNEL_VERSION'],
      ['symbol', 'runqueues'],
      ['function', 'bpf_rcu_read_lock'],
    ] as const)
      // prettier-ignore
      expect(() => relocate(object, { programs: [at(name)] }), name).to.throw(
        LoaderError,
        `'${name}' insn 0: '${symbol}' is extern: kernel symbols, kernel functions and kconfig are not supported`,
      );
    expect(relocate(object, { programs: [at('plain'), at('pointer')] }).programs).to.have.length(2);
    expect(object.notes).to.deep.equal(['pointers in .data are not relocated']);
  });

  it('refuses members of maps without a meaning, unless told to be as lenient as tc', () => {
    const whole = readFileSync(join(folder, 'maps.o'));
    const renamed = Uint8Array.from(Buffer.from(whole.toString('latin1').replace('map_flags', 'map_flagz'), 'latin1'));
    expect(() => openObject(renamed, 'maps.o')).to.throw(/map 'flows': has a member 'map_flagz'/);
    const { maps, notes } = openObject(renamed, 'maps.o', { relaxedMaps: true });
    expect(notes).to.deep.equal(["map 'flows': member 'map_flagz' is ignored"]);
    expect(maps.find(({ name }) => name === 'flows')!.map_flags).to.equal(0);
  });

  it('knows section names as libbpf does', () => {
    const types = (...names: string[]): number[] => names.map((name) => meaningOf(name).prog_type);
    expect(types('tc', 'classifier', 'tc/egress', 'tcx/ingress')).to.deep.equal([3, 3, 3, 3]);
    expect(types('action', 'socket', 'xdp', 'kprobe/f', 'kprobe')).to.deep.equal([4, 1, 6, 2, 2]);
    expect(types('tc/0', 'action-drop', 'classify', '', 'xdpx', 'toString')).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect(meaningOf('tcx/egress').expected_attach_type).to.equal(B.BPF_TCX_EGRESS);
    expect(meaningOf('lsm.s/f')).to.include({ prog_flags: B.BPF_F_SLEEPABLE, needsTarget: true });
    expect(meaningOf('xdp.frags').prog_flags).to.equal(B.BPF_F_XDP_HAS_FRAGS);
  });

  it('reads <id>/<index> as scanf does', () => {
    expect(tailCallSlot('1/0')).to.deep.equal({ id: 1, index: 0 });
    expect(tailCallSlot('0x1F/010')).to.deep.equal({ id: 31, index: 8 });
    for (const name of ['tc/0', '1/', '/1', '1/2/3', '99999999999/0', '4294967296/0'])
      expect(tailCallSlot(name), name).to.equal(undefined);
  });
});
