// Extended programs: as they are in the virtual machine, without a verifier; and where the real kernel took them, through
// bpf(2), verified and run on a packet.
import type { BpfAttr } from '../../../lib/linux/kernel/bpf/local_call.js';
import type { Machine } from '../../../lib/linux/machine.js';
import * as U from '../../../lib/uapi/linux/bpf.js';
import { BPF_DW, BPF_INSN_SIZE } from '../../../lib/uapi/linux/bpf_insn.js';
import { callRel, exitInsn, ldImm64, mov64Imm, stxMem } from '../../../lib/vm/build.js';
import { ProgramFault } from '../../../lib/vm/fault.js';
import type { Insn } from '../../../lib/vm/insn.js';
import { encodeInsns } from '../../../lib/vm/insn.js';
import type { ConformanceRecord, ExtendedRecord, Load, TestRun } from './record.js';

const types = {
  socket_filter: U.BPF_PROG_TYPE_SOCKET_FILTER,
  sched_cls: U.BPF_PROG_TYPE_SCHED_CLS,
} as const;

const hex = (high: number, low: number): string =>
  `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16)}`;

function joined(first: readonly Insn[], rest: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length * BPF_INSN_SIZE + rest.length);
  all.set(encodeInsns(first));
  all.set(rest, first.length * BPF_INSN_SIZE);
  return all;
}

/** Room behind the context: programs of the suite reach beyond what they ask for. */
const ROOM = 16384;

/** R0 of 64 bits of a program with R1 = `memory` and `room` bytes more, R2 = its length; or what stopped the program. */
function bare(machine: Machine, insns: Uint8Array, memory: Uint8Array, room = 0): string {
  const { vm } = machine;
  const address = vm.memory.alloc(memory.length + room);
  vm.memory.u8.set(memory, address);
  try {
    const program = vm.compile(joined([mov64Imm(2, memory.length)], insns));
    const low = vm.run(program, address);
    return hex(vm.high, low);
  } catch (error) {
    if (error instanceof ProgramFault) return error.message;
    throw error;
  } finally {
    vm.memory.free(address);
  }
}

const low32 = (result: string): string =>
  result.startsWith('0x') ? `${Number(BigInt(result) & 0xffffffffn)}` : result;

/** The program as it is: its result by the table. */
function compareBare(machine: Machine, { insns, tests }: ExtendedRecord): string[] {
  return tests.flatMap(({ size, result }) => {
    const got = low32(bare(machine, insns, new Uint8Array(size), ROOM));
    return got === `${result}` ? [] : [`without a verifier: result ${result}, model ${got}`];
  });
}

function load(machine: Machine, type: Load['type'], insns: Uint8Array): number {
  return machine.bpf(U.BPF_PROG_LOAD, {
    prog_type: types[type],
    insn_cnt: insns.length / BPF_INSN_SIZE,
    insns,
    license: 'GPL',
  });
}

/** The errno of a run, or what stopped the program. */
function testRun(machine: Machine, attr: BpfAttr): number | string {
  try {
    return 0 - machine.bpf(U.BPF_PROG_TEST_RUN, attr);
  } catch (error) {
    if (error instanceof ProgramFault) return error.message;
    throw error;
  }
}

function compareRun(machine: Machine, fd: number, type: string, { size, errno, retval }: TestRun): string[] {
  const attr = { prog_fd: fd, data_size_in: size, data_in: new Uint8Array(size), retval: 0 };
  const failed = testRun(machine, attr);
  if (failed !== errno) return [`${type}: run with errno ${errno}, model ${failed}`];
  return attr.retval === retval ? [] : [`${type}: result ${retval}, model ${attr.retval}`];
}

function compareLoad(machine: Machine, insns: Uint8Array, { type, errno, runs }: Load): string[] {
  const fd = load(machine, type, insns);
  const failed = fd < 0 ? -fd : 0;
  if (failed !== errno) return [`${type}: loaded with errno ${errno}, model ${failed}`];
  return runs.flatMap((run) => compareRun(machine, fd, type, run));
}

/** What differs. */
export function compareExtended(machine: Machine, record: ExtendedRecord): string[] {
  return [...compareBare(machine, record), ...record.loads.flatMap((one) => compareLoad(machine, record.insns, one))];
}

const ETHERNET_PACKET = 64;

/** Calls the program, whose result goes into the map. */
const keepResult = (map: number): Insn[] => [
  callRel(4),
  ...ldImm64(1, map, 0, U.BPF_PSEUDO_MAP_VALUE),
  stxMem(BPF_DW, 1, 0, 0),
  exitInsn(),
];

/** The program as a function of a classifier: verified, its result kept in a map. */
function compareVerified(machine: Machine, { insns, errno, result }: ConformanceRecord): string[] {
  const map = machine.bpf(U.BPF_MAP_CREATE, {
    map_type: U.BPF_MAP_TYPE_ARRAY,
    key_size: 4,
    value_size: 8,
    max_entries: 1,
  });
  const fd = load(machine, 'sched_cls', joined(keepResult(map), insns));
  const failed = fd < 0 ? -fd : 0;
  if (failed !== errno) return [`loaded with errno ${errno}, model ${failed}`];
  if (fd < 0) return [];
  const value = new Uint8Array(8);
  const failedRun = testRun(machine, {
    prog_fd: fd,
    data_size_in: ETHERNET_PACKET,
    data_in: new Uint8Array(ETHERNET_PACKET),
  });
  machine.bpf(U.BPF_MAP_LOOKUP_ELEM, { map_fd: map, key: new Uint8Array(4), value });
  const view = new DataView(value.buffer);
  const got = hex(view.getUint32(4, true), view.getUint32(0, true));
  return failedRun === 0 && got === result ? [] : [`verified: result ${result}, model ${got}, errno ${failedRun}`];
}

/** What differs. */
export function compareConformance(machine: Machine, record: ConformanceRecord): string[] {
  const { insns, memory, result } = record;
  const got = insns.length === 0 ? result : bare(machine, insns, memory);
  const lines = got === result ? [] : [`without a verifier: result ${result}, model ${got}`];
  return memory.length === 0 ? [...lines, ...compareVerified(machine, record)] : lines;
}
