// Objects loaded into the kernel of this computer by our own loader: it takes what libbpf would have given it, and its
// verifier says so. Programs that Linux refuses are named with its errno.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { toHex } from '../../lib/codec/bytes.js';
import { Machine } from '../../lib/linux/machine.js';
import { Btf } from '../../lib/loader/btf.js';
import { load, LoadError } from '../../lib/loader/load.js';
import type { BpfPort, LoadedObject, LoadOptions } from '../../lib/loader/load.js';
import { openObject } from '../../lib/loader/object.js';
import { programsFor, relocate } from '../../lib/loader/relocate.js';
import type { RelocateOptions } from '../../lib/loader/relocate.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import { bpf_prog_info } from '../../lib/uapi/linux/bpf_attr.js';
import { realBpf, realBpfMissing } from './real_bpf.js';

const root = join(import.meta.dirname, '../../..');
const vmlinux = '/sys/kernel/btf/vmlinux';

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

function tagOf(fd: number, port = realBpf): string {
  const info = new Uint8Array(bpf_prog_info.size);
  expect(port.bpf(B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: fd, info_len: info.length, info })).to.equal(0);
  const at = bpf_prog_info.offsetof.tag;
  return toHex(info.subarray(at, at + B.BPF_TAG_SIZE));
}

/** Tags of all programs that this kernel takes. */
function tagsOn(port: BpfPort, file: string): Record<string, string> {
  const kernelBtf = openObject(readFileSync(join(root, 'spec/loader/objects/core_target.o')), 'core_target.o').btf!;
  const linked = relocate(openObject(readFileSync(join(root, file)), file), { kernelBtf });
  const programs = linked.programs.map((each) => ({ ...each, prog_type: B.BPF_PROG_TYPE_SCHED_CLS }));
  const loaded = load({ ...linked, programs }, port, { cpus: 2, onRefused: () => undefined });
  const tags = loaded.programs.map(({ name, fd }) => [name, tagOf(fd, port)]);
  loaded.close();
  return Object.fromEntries(tags) as Record<string, string>;
}

describe('loader on the kernel of this computer', () => {
  before(function () {
    const missing = realBpfMissing();
    if (missing === undefined) return;
    console.log(`no kernel to load into: ${missing}`);
    this.skip();
  });

  it('loads the toy classifier of 2015, whose tag is known', () => {
    const loaded = loadFile('tools/examples/classify/cls.o', { prog_type: B.BPF_PROG_TYPE_SCHED_CLS });
    try {
      // SHA-256 since 6.18, SHA-1 before.
      expect(tagOf(loaded.programs[0]!.fd)).to.be.oneOf(['fadc4e24b6b95e0d', '6bb4e9a61a2e732b']);
    } finally {
      loaded.close();
    }
  });

  for (const name of ['maps', 'globals', 'core', 'legacy_0', 'legacy_20', 'legacy_24', 'legacy_28', 'legacy_36'])
    it(`${name}.o: the model takes the same programs, and gives them the same tags`, function () {
      const toy = tagsOn(realBpf, 'tools/examples/classify/cls.o');
      if (toy['cls_main'] !== 'fadc4e24b6b95e0d') {
        console.log('this kernel is older than 6.18, which the model is: its tags are SHA-1');
        return this.skip();
      }
      const machine = new Machine();
      const model: BpfPort = {
        bpf: (cmd, fields) => machine.bpf(cmd, fields),
        close: (fd) => {
          machine.init.close(fd);
        },
      };
      const file = `spec/loader/objects/${name}.o`;
      expect(tagsOn(model, file)).to.deep.equal(tagsOn(realBpf, file));
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
