// Objects into a Machine: what Linux 6.18 said to each program of them (the recordings of libbpf.spec.ts) the model says as
// well, and nothing stays behind when they are closed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { toHex } from '../../lib/codec/bytes.js';
import { ManualClock } from '../../lib/linux/clock.js';
import { Machine } from '../../lib/linux/machine.js';
import type { KernelVersion } from '../../lib/linux/version.js';
import { load } from '../../lib/loader/load.js';
import type { BpfPort, LoadedObject, LoadOptions } from '../../lib/loader/load.js';
import { openObject } from '../../lib/loader/object.js';
import type { BpfObject } from '../../lib/loader/object.js';
import { programsFor, relocate } from '../../lib/loader/relocate.js';
import type { RelocateOptions } from '../../lib/loader/relocate.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import { bpf_prog_info } from '../../lib/uapi/linux/bpf_attr.js';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'spec/loader/objects');
const read = (name: string): BpfObject => openObject(readFileSync(join(folder, name)), name);

const portOf = (machine: Machine): BpfPort => ({
  bpf: (cmd, fields) => machine.bpf(cmd, fields),
  close: (fd) => {
    machine.init.close(fd);
  },
});

/** Verdict by program, 0 or a positive errno. */
function verdicts(machine: Machine, object: BpfObject, options: RelocateOptions): Map<string, number> {
  const found = new Map<string, number>();
  const onRefused: LoadOptions['onRefused'] = ({ name }, { errno }) => found.set(name, errno);
  const loaded = load(relocate(object, options), portOf(machine), { cpus: 2, onRefused });
  for (const { name } of loaded.programs) found.set(name, 0);
  expect(loaded.warnings).to.deep.equal([]);
  loaded.close();
  return found;
}

/** What Linux said: the last answer to each program. */
function recorded(name: string): Map<string, number> {
  const rows = readFileSync(join(folder, `${name}.libbpf.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  const calls = rows.flatMap(
    (row) => (JSON.parse(row) as { calls: { cmd: number; prog_name: string; ret: number }[] }).calls,
  );
  const loads = calls.filter(({ cmd }) => cmd === B.BPF_PROG_LOAD);
  return new Map(loads.map(({ prog_name, ret }) => [prog_name, Math.max(0, -ret)]));
}

const objectsOf = (machine: Machine): string[] =>
  machine.snapshot().map(({ label, refcount }) => `${label} ${refcount}`);

const tagOf = (machine: Machine, { programs: [program] }: LoadedObject): string => {
  const info = new Uint8Array(bpf_prog_info.size);
  expect(machine.bpf(B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: program!.fd, info_len: info.length, info })).to.equal(0);
  return toHex(info.subarray(bpf_prog_info.offsetof.tag, bpf_prog_info.offsetof.tag + B.BPF_TAG_SIZE));
};

describe('loader into a machine', () => {
  const kernelBtf = read('core_target.o').btf!;

  for (const name of ['maps', 'globals', 'calls', 'core'])
    it(`${name}.o: the verdicts of Linux, and nothing left`, () => {
      const clock = new ManualClock();
      const machine = new Machine({ clock });
      const before = objectsOf(machine);
      const found = verdicts(machine, read(`${name}.o`), { kernelBtf });
      expect(Object.fromEntries(found)).to.deep.equal(Object.fromEntries(recorded(name)));
      // Programs go after a grace period, their maps after another.
      for (let i = 1; i <= 5; i++) {
        clock.set(i * 1e9);
        machine.runDue();
      }
      expect(objectsOf(machine)).to.deep.equal(before);
    });

  for (const layout of [0, 20, 24, 28, 36])
    it(`legacy_${layout}.o: programs in arrays, maps in maps`, () => {
      const machine = new Machine();
      const object = read(`legacy_${layout}.o`);
      const linked = relocate(object, { programs: programsFor(object, 'classifier')!, prog_type: 3 });
      const loaded = load(linked, portOf(machine));
      const fields = { map_fd: loaded.maps[1]!, key: Uint8Array.of(3, 0, 0, 0), value: new Uint8Array(4) };
      expect(machine.bpf(B.BPF_MAP_LOOKUP_ELEM, fields)).to.equal(layout === 0 ? -2 : 0);
      loaded.close();
    });

  for (const [version, tag] of [
    ['v6.18', 'fadc4e24b6b95e0d'],
    ['v6.1', '6bb4e9a61a2e732b'],
  ] as [KernelVersion, string][])
    // prettier-ignore
    it(`the toy classifier has the tag of ${version}`, () => {
      const machine = new Machine({ version });
      const object = openObject(readFileSync(join(root, 'tools/examples/classify/cls.o')), 'cls.o');
      const loaded = load(relocate(object, { prog_type: B.BPF_PROG_TYPE_SCHED_CLS }), portOf(machine));
      expect(tagOf(machine, loaded)).to.equal(tag);
      loaded.close();
    });
  it('the kernel of 2015 takes the toy, without BTF and names', () => {
    const machine = new Machine({ version: 'v4.1' });
    const object = openObject(readFileSync(join(root, 'tools/examples/classify/cls.o')), 'cls.o');
    const linked = relocate(object, { prog_type: B.BPF_PROG_TYPE_SCHED_CLS });
    const { programs } = load(linked, portOf(machine), { btf: false, names: false, bindRodata: false });
    expect(programs.map(({ name }) => name)).to.deep.equal(['cls_main']);
  });
});
