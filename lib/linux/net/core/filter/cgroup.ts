// net/core/filter.c, kernel/bpf/helpers.c: helpers that ask for cgroups. Every task and every socket of the model is in the
// root, number 1; no cgroup can be put into a map.
import { E2BIG, EAGAIN, ENOENT } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { setR0 } from '../../../../vm/helper_call.js';
import type { Machine } from '../../../machine.js';
import { constant, type HelperEntry, type HelperMaker, R1, R2, R3 } from './call.js';

const ROOT = 1;

/** What an index of a map of cgroups gives: too far, or nothing there. */
const slot = ({ bpfMaps, memory }: Machine, map: number, index: number): number =>
  index >>> 0 >= bpfMaps.at(memory, map >>> 0).maxEntries ? -E2BIG : -EAGAIN;

/** @models net/core/filter.c bpf_skb_under_cgroup() */
const skbUnderCgroup: HelperMaker = (machine) => (regs) => {
  const { sk } = machine.softnet.skbs.at(regs[R1]!);
  setR0(regs, sk === 0 ? -ENOENT : slot(machine, regs[R2]!, regs[R3]!));
};

/** @models kernel/trace/bpf_trace.c bpf_current_task_under_cgroup() @differs stands with its kin */
const currentTaskUnderCgroup: HelperMaker = (machine) => (regs) => {
  setR0(regs, slot(machine, regs[R1]!, regs[R2]!));
};

/** @models net/core/filter.c bpf_skb_cgroup_id() */
const skbCgroupId: HelperMaker =
  ({ softnet }) =>
  (regs) => {
    setR0(regs, softnet.skbs.at(regs[R1]!).sk === 0 ? 0 : ROOT);
  };

/** The root has no ancestor but itself. @models net/core/filter.c bpf_skb_ancestor_cgroup_id() */
const skbAncestorCgroupId: HelperMaker =
  ({ softnet }) =>
  (regs) => {
    setR0(regs, softnet.skbs.at(regs[R1]!).sk === 0 || regs[R2] !== 0 ? 0 : ROOT);
  };

/** @models kernel/bpf/helpers.c bpf_get_current_ancestor_cgroup_id() @differs stands with its kin */
const currentAncestorCgroupId: HelperMaker = () => (regs) => {
  setR0(regs, regs[R1] === 0 ? ROOT : 0);
};

export const skbCgroupHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_skb_under_cgroup, skbUnderCgroup],
  [F.BPF_FUNC_skb_cgroup_id, skbCgroupId],
  [F.BPF_FUNC_skb_ancestor_cgroup_id, skbAncestorCgroupId],
];

/** Of every kind of program. */
export const cgroupHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_current_task_under_cgroup, currentTaskUnderCgroup],
  [F.BPF_FUNC_get_current_cgroup_id, constant(ROOT)],
  [F.BPF_FUNC_get_current_ancestor_cgroup_id, currentAncestorCgroupId],
];
