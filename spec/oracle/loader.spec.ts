// Objects loaded into the kernel of this computer by our own loader: it takes what libbpf would have given it, and its
// verifier says so. Programs that Linux refuses are named with its errno.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Bytes, toHex } from '../../lib/codec/bytes.js';
import { Machine } from '../../lib/linux/machine.js';
import { Btf } from '../../lib/loader/btf.js';
import { load, LoadError } from '../../lib/loader/load.js';
import type { LoadedObject, LoadOptions } from '../../lib/loader/load.js';
import { openObject } from '../../lib/loader/object.js';
import { programsFor, relocate } from '../../lib/loader/relocate.js';
import type { RelocateOptions } from '../../lib/loader/relocate.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import { bpf_prog_info } from '../../lib/uapi/linux/bpf_attr.js';
import { realBpf, realBpfMissing } from './real_bpf.js';
import type { AddressedPort } from './real_bpf.js';

const root = join(import.meta.dirname, '../../..');
const vmlinux = '/sys/kernel/btf/vmlinux';
const cls = 'tools/examples/classify/cls.o';
const tag6_18 = 'fadc4e24b6b95e0d';

function loadFile(
  file: string,
  options: RelocateOptions & { section?: string } = {},
  how: LoadOptions = {},
): LoadedObject {
  const object = openObject(readFileSync(join(root, file)), file);
  const { section, ...rest } = options;
  const programs = section === undefined ? {} : { programs: programsFor(object, section)! };
  return load(relocate(object, { ...programs, ...rest }), realBpf, how);
}

/** What a kernel says of a program that does not depend on the kernel's ids and addresses. */
interface Identity {
  readonly tag: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Its rewritten instructions, maps numbered as they appear; addresses of helpers, numbers of functions left out. */
  readonly xlated: string;
}

function identityOf(fd: number, port: AddressedPort): Identity {
  const info = new Uint8Array(bpf_prog_info.size);
  const insns = new Uint8Array(1 << 16);
  const ask = (): number => port.bpf(B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: fd, info_len: info.length, info });
  const at = bpf_prog_info.offsetof;
  const given = bpf_prog_info.bytes({ xlated_prog_len: insns.length });
  new DataView(given.buffer).setBigUint64(at.xlated_prog_insns, BigInt(port.addressOf(insns)), true);
  info.set(given);
  expect(ask()).to.equal(0);
  const found = bpf_prog_info.get(new Bytes(info), 0);
  const { nr_map_ids, verified_insns, nr_func_info, nr_line_info, nr_jited_func_lens, nr_prog_tags } = found;
  return {
    tag: toHex(found.tag),
    counts: { nr_map_ids, verified_insns, nr_func_info, nr_line_info, nr_jited_func_lens, nr_prog_tags },
    xlated: maskedInsns(insns.subarray(0, found.xlated_prog_len)),
  };
}

function maskedInsns(insns: Uint8Array): string {
  const view = new DataView(insns.buffer);
  const ids: number[] = [];
  for (let at = 0; at < insns.length; at += 8) {
    const [code, source] = [insns[at]!, insns[at + 1]! >>> 4];
    const id = view.getUint32(at + 4, true);
    if (code === 0x85 && source === 0) view.setUint32(at + 4, 0, true);
    if (code === 0x18 && source === B.BPF_PSEUDO_FUNC) view.setUint32(at + 12, 0, true);
    if (code !== 0x18 || (source !== B.BPF_PSEUDO_MAP_FD && source !== B.BPF_PSEUDO_MAP_VALUE)) continue;
    if (!ids.includes(id)) ids.push(id);
    view.setUint32(at + 4, ids.indexOf(id), true);
  }
  return toHex(insns)
    .replace(/(.{16})/g, '$1 ')
    .trimEnd();
}

/** All programs that this kernel takes. */
function identitiesOn(port: AddressedPort, file: string): Record<string, Identity> {
  const kernelBtf = openObject(readFileSync(join(root, 'spec/loader/objects/core_target.o')), 'core_target.o').btf!;
  const linked = relocate(openObject(readFileSync(join(root, file)), file), { kernelBtf });
  const programs = linked.programs.map((each) => ({ ...each, prog_type: B.BPF_PROG_TYPE_SCHED_CLS }));
  const loaded = load({ ...linked, programs }, port, { cpus: 2, onRefused: () => undefined });
  const found = loaded.programs.map(({ name, fd }) => [name, identityOf(fd, port)]);
  loaded.close();
  return Object.fromEntries(found) as Record<string, Identity>;
}

describe('loader on the kernel of this computer', () => {
  before(function () {
    const missing = realBpfMissing();
    if (missing === undefined) return;
    console.log(`no kernel to load into: ${missing}`);
    this.skip();
  });

  it('loads the toy classifier of 2015, whose tag is known', () => {
    // SHA-256 since 6.18, SHA-1 before.
    expect(identitiesOn(realBpf, cls)['cls_main']!.tag).to.be.oneOf([tag6_18, '6bb4e9a61a2e732b']);
  });

  for (const name of [
    'maps',
    'globals',
    'calls',
    'core',
    'legacy_0',
    'legacy_20',
    'legacy_24',
    'legacy_28',
    'legacy_36',
  ])
    it(`${name}.o: the model takes the same programs, and makes the same of them`, function () {
      if (identitiesOn(realBpf, cls)['cls_main']!.tag !== tag6_18) {
        console.log('this kernel is older than 6.18, which the model is');
        return this.skip();
      }
      const machine = new Machine();
      const model: AddressedPort = {
        bpf: (cmd, fields) => machine.bpf(cmd, fields),
        close: (fd) => {
          machine.init.close(fd);
        },
        addressOf: (bytes) => machine.init.memory.map(bytes),
      };
      const file = `spec/loader/objects/${name}.o`;
      expect(identitiesOn(model, file)).to.deep.equal(identitiesOn(realBpf, file));
    });

  for (const name of ['maps', 'globals', 'calls'])
    it(`loads ${name}.o with everything it has`, () => {
      const loaded = loadFile(`spec/loader/objects/${name}.o`, {}, { cpus: 2 });
      loaded.close();
      expect(loaded.warnings).to.deep.equal([]);
      expect(loaded.btf).to.be.a('number');
    });

  for (const layout of [0, 20, 24, 28, 36])
    for (const suffix of ['', '_nobtf'])
      it(`loads legacy_${layout}${suffix}.o and fills its arrays`, () => {
        const options = { section: 'classifier', prog_type: B.BPF_PROG_TYPE_SCHED_CLS };
        // Hash maps with flag 1 are BPF_F_NO_PREALLOC.
        const loaded = loadFile(`spec/loader/objects/legacy_${layout}${suffix}.o`, options);
        try {
          const value = new Uint8Array(4);
          const fields = { map_fd: loaded.maps[1]!, key: Uint8Array.of(3, 0, 0, 0), value };
          // What is read of an array of programs is the id of the program.
          const found = realBpf.bpf(B.BPF_MAP_LOOKUP_ELEM, fields);
          expect(found).to.equal(layout === 0 ? -2 : 0);
        } finally {
          loaded.close();
        }
      });

  it('loads programs that depend on the layout of its types, and has their log when it refuses', function () {
    let kernelBtf: Btf;
    try {
      kernelBtf = new Btf(readFileSync(vmlinux), { file: vmlinux, base: 0 });
    } catch (error) {
      console.log(`no types of the kernel: ${(error as Error).message}`);
      return this.skip();
    }
    const file = 'spec/loader/objects/core.o';
    const { programs } = openObject(readFileSync(join(root, file)), file);
    const at = (name: string): number => programs.findIndex((program) => program.name === name);
    loadFile(file, { kernelBtf, programs: [at('type_exists'), at('offset_absent')] }).close();
    const poisoned = (): LoadedObject => loadFile(file, { kernelBtf, programs: [at('poisoned')] });
    expect(poisoned)
      .to.throw(LoadError, "program 'poisoned': the kernel answers errno 22")
      .with.property('log')
      .that.match(/invalid func unknown#195896080/);
  });
});
