// Makes the maps of recordings in a machine, filled as they were.
import type { Machine } from '../../../lib/linux/machine.js';
import type { LocalTask } from '../../../lib/linux/kernel/local_task.js';
import type { BpfAttr } from '../../../lib/linux/kernel/bpf/local_call.js';
import * as B from '../../../lib/uapi/linux/bpf.js';
import * as build from '../../../lib/vm/build.js';
import { encodeInsns, type Insn } from '../../../lib/vm/insn.js';
import { NotModelled } from '../outcome.js';
import type { MapRecipe } from './maps.js';

/** The types of a lock and a timer in a struct each: ids 1 (int), 3 and 5. */
const typeWords = [
  ...[0, 16777216, 4, 16777248, 1, 67108865, 4, 15, 1, 0, 15, 67108866, 8, 19, 1, 0, 23, 2, 32],
  ...[25, 67108864, 16, 35, 67108865, 16, 41, 4, 0],
];
const names = '\0bpf_spin_lock\0val\0cnt\0l\0bpf_timer\0timer\0t\0';

function lockTypes(): Uint8Array {
  const words = typeWords;
  const bytes = new Uint8Array(24 + words.length * 4 + names.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, 24, true);
  view.setUint32(12, words.length * 4, true);
  view.setUint32(16, words.length * 4, true);
  view.setUint32(20, names.length, true);
  for (const [i, word] of words.entries()) view.setUint32(24 + i * 4, word, true);
  for (let i = 0; i < names.length; i++) bytes[24 + words.length * 4 + i] = names.charCodeAt(i);
  return bytes;
}

function loadSimple(machine: Machine, task: LocalTask, progType: number, insns: readonly Insn[]): number {
  return task.bpf(machine, B.BPF_PROG_LOAD, {
    prog_type: progType,
    insn_cnt: insns.length,
    insns: encodeInsns(insns),
    license: 'GPL',
  });
}

const returning = (value: number): Insn[] => [build.mov64Imm(0, value), build.exitInsn()];

function fillPrograms(machine: Machine, task: LocalTask, map: number, recipe: MapRecipe, progType: number): void {
  const [first = 0, second = 0, third = 0] = recipe.programs ?? [];
  const again = [
    build.mov64Imm(3, second),
    ...build.ldImm64(2, map, 0, B.BPF_PSEUDO_MAP_FD),
    build.emitCall(12),
    build.mov64Imm(0, 41),
    build.exitInsn(),
  ];
  const programs: [number, Insn[]][] = [
    [first, returning(42)],
    [second, again],
    [third, returning(24)],
  ];
  for (const [index, insns] of programs) {
    const fd = loadSimple(machine, task, progType, insns);
    if (fd < 0) continue;
    const word = (n: number): Uint8Array => new Uint8Array(Int32Array.of(n).buffer);
    task.bpf(machine, B.BPF_MAP_UPDATE_ELEM, { map_fd: map, key: word(index), value: word(fd), flags: 0 });
    task.close(fd);
  }
}

/** The fd of a new map. */
export function makeMap(machine: Machine, task: LocalTask, recipe: MapRecipe, progType: number): number {
  const attr: BpfAttr = {
    map_type: recipe.mapType,
    key_size: recipe.keySize,
    value_size: recipe.valueSize,
    max_entries: recipe.maxEntries,
    map_flags: recipe.flags,
    map_name: (recipe.name ?? '').slice(0, 15),
  };
  if (recipe.inner !== undefined) attr['inner_map_fd'] = makeMap(machine, task, recipe.inner, progType);
  if (recipe.btf !== undefined) {
    const btf = lockTypes();
    attr['btf_fd'] = task.bpf(machine, B.BPF_BTF_LOAD, { btf, btf_size: btf.length });
    attr['btf_key_type_id'] = recipe.btf[0];
    attr['btf_value_type_id'] = recipe.btf[1];
  }
  const fd = task.bpf(machine, B.BPF_MAP_CREATE, attr);
  if (fd < 0) throw new NotModelled(`maps of type ${recipe.mapType} (errno ${-fd})`);
  if (recipe.value !== undefined)
    task.bpf(machine, B.BPF_MAP_UPDATE_ELEM, { map_fd: fd, key: new Uint8Array(4), value: recipe.value, flags: 0 });
  if (recipe.programs !== undefined) fillPrograms(machine, task, fd, recipe, progType);
  return fd;
}

/** Closes everything that was made. */
export function closeMaps(task: LocalTask): void {
  task.exit();
}
