// include/linux/filter.h bpf_prog_run() and its relatives: running a program on a packet. A program is compiled at its first
// run and keeps what came out. Who runs one on a packet of its own gives the packet's pointers first.
import type { Bytes } from '../../../../codec/bytes.js';
import { bpfFuncNames } from '../../../../uapi/linux/bpf_func_id.js';
import { bpfConvertFilter, type ClassicLayout } from '../../../../vm/classic.js';
import type { Helper } from '../../../../vm/helper_call.js';
import type { Program } from '../../../../vm/program.js';
import { ModelGap } from '../../../errno.js';
import { ProgArrayMap } from '../../../kernel/bpf/fd_array.js';
import { internalMapHelpers } from '../../../kernel/bpf/map_helpers.js';
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import type { Machine } from '../../../machine.js';
import * as L from '../skbuff/layout.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { ClassicProg } from './classic.js';
import { bpfComputeDataPointers } from './call.js';
import { rewriteHelpers } from './rewrite.js';
import { verifierOpsOf } from './verifier_ops.js';

/** What runs for a helper; a helper that the model has no behaviour for ends the run when it is called. */
function helperOf(prog: BpfProg, id: number): Helper {
  const { machine } = prog;
  const maker =
    rewriteHelpers.get(id) ??
    internalMapHelpers.get(id) ??
    verifierOpsOf(prog.type)?.getFuncProto(id, prog, machine.init)?.func;
  if (maker !== undefined) return maker(machine);
  return () => {
    throw new ModelGap(`helper bpf_${bpfFuncNames[id] ?? id}`);
  };
}

/** The program in slot `index` of the prog array at `address`. */
function tailCall(machine: Machine, address: number, index: number): Program | undefined {
  const map = machine.bpfMaps.at(machine.memory, address);
  const prog = map instanceof ProgArrayMap ? map.prog(index) : undefined;
  return prog === undefined ? undefined : compiled(prog);
}

/** The program as the VM runs it. */
function compiled(prog: BpfProg): Program {
  const { machine } = prog;
  return (prog.program ??= machine.vm.compile(prog.insns, {
    helpers: (id) => helperOf(prog, id),
    tailCall: (map, index) => tailCall(machine, map, index),
    zeroDivisorEnds: !machine.has('bpf-division-goes-on'),
  }));
}

/** One run, counted when somebody asked for counts. @models include/linux/filter.h __bpf_prog_run() */
function run(prog: BpfProg, skb: SkBuff): number {
  const { machine } = prog;
  const program = compiled(prog);
  if (machine.bpfIds.statsUsers === 0) return machine.vm.run(program, skb.address);
  const start = machine.clock.now();
  const result = machine.vm.run(program, skb.address);
  prog.runTime += machine.clock.now() - start;
  prog.runCount++;
  return result;
}

/**
 * R0 of a program on a packet, 32 bits, signed. Throws ModelGap for a helper that is not modelled.
 *
 * @models include/linux/filter.h bpf_prog_run()
 */
export const bpfProgRun = (prog: BpfProg, skb: SkBuff): number => run(prog, skb);

/**
 * The same for classifiers and actions: the packet's pointers are made first.
 *
 * @models include/linux/filter.h bpf_prog_run_data_pointers()
 */
export function progRun(prog: BpfProg, skb: SkBuff): number {
  bpfComputeDataPointers(skb);
  return run(prog, skb);
}

const CB_DATA = L.SKB_CB + L.QDISC_CB_DATA;
const CB_WORDS = L.QDISC_CB_DATA_LEN / 4;

/**
 * For filters of sockets: the program starts with an empty cb, and what it leaves there goes.
 *
 * @models include/linux/filter.h bpf_prog_run_save_cb()
 */
export function bpfProgRunSaveCb(prog: BpfProg, skb: SkBuff): number {
  if (!prog.cbAccess) return run(prog, skb);
  const saved = Array.from({ length: CB_WORDS }, (_, i) => skb.get32(CB_DATA + 4 * i));
  for (let i = 0; i < CB_WORDS; i++) skb.set32(CB_DATA + 4 * i, 0);
  try {
    return run(prog, skb);
  } finally {
    saved.forEach((word, i) => {
      skb.set32(CB_DATA + 4 * i, word);
    });
  }
}

/** Where classic programs find what they ask of a packet. */
export const classicLayout: ClassicLayout = {
  data: L.SKB_DATA,
  len: L.SKB_LEN,
  dataLen: L.SKB_DATA_LEN,
  dev: L.SKB_DEV,
  protocol: L.SKB_PROTOCOL,
  mark: L.SKB_MARK,
  hash: L.SKB_HASH,
  queueMapping: L.SKB_QUEUE_MAPPING,
  pktType: L.SKB_PKT_TYPE_OFFSET,
  vlanAll: L.SKB_VLAN_ALL,
  vlanProto: L.SKB_VLAN_PROTO,
  vlanTci: L.SKB_VLAN_TCI,
  ifindex: L.NET_DEVICE_IFINDEX,
  devType: L.NET_DEVICE_TYPE,
};

/**
 * `count` checked classic instructions at `start`, ready to run.
 *
 * @models net/core/filter.c bpf_migrate_filter()
 */
export function classicProgram(machine: Machine, from: Pick<Bytes, 'view'>, start: number, count: number): Program {
  return machine.vm.compile(bpfConvertFilter(classicLayout, from.view, start, count), {
    helpers: (id) => rewriteHelpers.get(id)?.(machine),
  });
}

/** R0 of a classic program on a packet. @models include/linux/filter.h bpf_prog_run() */
export const classicRun = (machine: Machine, program: Program, skb: SkBuff): number =>
  machine.vm.run(program, skb.address);

/** The classic program as the VM runs it. */
function migrated(machine: Machine, prog: ClassicProg): Program {
  const { memory, start, len } = prog;
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  return (prog.program ??= classicProgram(machine, { view }, start, len));
}

/**
 * R0 of a program of either sort on a packet of a device, as classifiers and actions run it: 32 bits, signed.
 *
 * @models include/linux/filter.h bpf_prog_run()
 */
export function runProgram(prog: BpfProg | ClassicProg, skb: SkBuff): number {
  if (!(prog instanceof ClassicProg)) return progRun(prog, skb);
  const { machine } = skb.dev!.net;
  return machine.vm.run(prog.program ?? migrated(machine, prog), skb.address);
}
