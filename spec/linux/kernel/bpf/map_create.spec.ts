// MAP_CREATE of every kind against a real kernel: what it refused and how, and what fdinfo showed of what it made.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromHex } from '../../../../lib/codec/bytes.js';
import { BPF_MAP_CREATE } from '../../../../lib/uapi/linux/bpf.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import type { MapFile } from '../../../../lib/linux/kernel/bpf/file.js';
import { foreignFile } from '../../../../lib/linux/fs/file.js';
import { Machine } from '../../../../lib/linux/machine.js';

interface Recorded {
  readonly type: number;
  readonly key: number;
  readonly value: number;
  readonly entries: number;
  readonly flags: number;
  readonly extra?: number;
  readonly btf?: readonly [key: number, value: number];
  readonly ret: number;
  readonly memlock?: number;
  readonly map_flags?: number;
  readonly max_entries?: number;
}

const file = join(import.meta.dirname, '../../../../../spec/vectors/bpf/maps/map_create.6.18.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as { btf: string; maps: readonly Recorded[] };
const BPF_BTF_LOAD = 18;

/** What MAP_CREATE gave, and what fdinfo shows. */
function create(machine: Machine, task: LocalTask, record: Recorded, btfFd: number): object {
  const fd = task.bpf(machine, BPF_MAP_CREATE, {
    map_type: record.type,
    key_size: record.key,
    value_size: record.value,
    max_entries: record.entries,
    map_flags: record.flags,
    map_extra: record.extra ?? 0,
    ...(record.btf && { btf_fd: btfFd, btf_key_type_id: record.btf[0], btf_value_type_id: record.btf[1] }),
  });
  if (fd < 0) return { ret: fd };
  const { map } = task.files.get(fd) as MapFile;
  const shown = { ret: 0, memlock: map.memUsage(), map_flags: map.mapFlags, max_entries: map.maxEntries };
  task.close(fd);
  return shown;
}

const nameOf = ({ type, key, value, entries, flags, extra, btf }: Recorded): string =>
  `type ${type}, key ${key}, value ${value}, entries ${entries}, flags ${flags.toString(16)}, extra ${extra ?? 0}, btf ${btf?.join() ?? ''}`;

describe('MAP_CREATE as recorded on a real kernel', () => {
  const machine = new Machine({ config: 'rec-6.18' });
  const task = new LocalTask();
  task.files.set(0, foreignFile);
  const btfFd = task.bpf(machine, BPF_BTF_LOAD, { btf: fromHex(recorded.btf), btf_size: recorded.btf.length / 2 });

  for (let type = 0; type <= 34; type++) {
    it(`type ${type}`, () => {
      const before = machine.objects.size;
      for (const record of recorded.maps.filter((map) => map.type === type)) {
        const { ret, memlock, map_flags, max_entries } = record;
        const expected = ret < 0 ? { ret } : { ret, memlock, map_flags, max_entries };
        expect(create(machine, task, record, btfFd), nameOf(record)).to.deep.equal(expected);
      }
      expect(machine.objects.size).to.equal(before);
    });
  }
});
