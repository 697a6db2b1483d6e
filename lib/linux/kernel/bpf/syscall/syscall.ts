// kernel/bpf/syscall.c __sys_bpf(): the entry of bpf(2). Copies the attributes in, refuses what the kernel does not know,
// and hands the call to the function of its command. Called by Machine.bpf(), for clients of the host and in-process alike.
import { EFAULT, EINVAL, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { type BpfAttrTable, bpfAttr_4_1, bpfAttr_6_1, bpfAttr_6_18 } from '../../../../uapi/linux/bpf_attr.js';
import { CAP_SYS_ADMIN } from '../../../../uapi/linux/capability.js';
import { errno, errnoOf, ModelGap } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import type { Task } from '../../task.js';
import { bpfCapable } from '../token.js';
import { BpfCall, type BpfResult } from './attr.js';
import { linkCreate, linkDetach, linkUpdate, progAttach, progDetach, progQuery } from './attach.js';
import {
  mapDeleteElem,
  mapFreeze,
  mapGetNextKey,
  mapLookupAndDeleteElem,
  mapLookupElem,
  mapUpdateElem,
} from './elem.js';
import { mapDeleteBatch, mapLookupAndDeleteBatch, mapLookupBatch, mapUpdateBatch } from './batch.js';
import { bpfBtfLoad } from '../btf/command.js';
import { btfGetFdById, btfGetNextId, getNextId, linkGetFdById, mapGetFdById, progGetFdById } from './id.js';
import { objGetInfoByFd } from './info.js';
import { mapCreate } from './map_create.js';
import { objGet, objPin } from './obj.js';
import { progLoad } from './prog_load.js';
import {
  enableStats,
  iterCreate,
  progBindMap,
  progStreamRead,
  rawTracepointOpen,
  taskFdQuery,
  tokenCreate,
} from './stats.js';
import { checkTailZero } from './tail.js';
import { progTestRun } from './test_run.js';

/** What a command does; the tail has been checked. */
type Handler = (call: BpfCall) => BpfResult;

const handlers: Readonly<Record<number, Handler>> = {
  [B.BPF_MAP_CREATE]: mapCreate,
  [B.BPF_MAP_LOOKUP_ELEM]: mapLookupElem,
  [B.BPF_MAP_UPDATE_ELEM]: mapUpdateElem,
  [B.BPF_MAP_DELETE_ELEM]: mapDeleteElem,
  [B.BPF_MAP_GET_NEXT_KEY]: mapGetNextKey,
  [B.BPF_PROG_LOAD]: progLoad,
  [B.BPF_OBJ_PIN]: objPin,
  [B.BPF_OBJ_GET]: objGet,
  [B.BPF_PROG_ATTACH]: progAttach,
  [B.BPF_PROG_DETACH]: progDetach,
  [B.BPF_PROG_TEST_RUN]: progTestRun,
  [B.BPF_PROG_GET_NEXT_ID]: (call) => getNextId(call, call.machine.bpfIds.progs),
  [B.BPF_MAP_GET_NEXT_ID]: (call) => getNextId(call, call.machine.bpfIds.maps),
  [B.BPF_PROG_GET_FD_BY_ID]: progGetFdById,
  [B.BPF_MAP_GET_FD_BY_ID]: mapGetFdById,
  [B.BPF_OBJ_GET_INFO_BY_FD]: objGetInfoByFd,
  [B.BPF_RAW_TRACEPOINT_OPEN]: rawTracepointOpen,
  [B.BPF_BTF_LOAD]: bpfBtfLoad,
  [B.BPF_BTF_GET_FD_BY_ID]: btfGetFdById,
  [B.BPF_TASK_FD_QUERY]: taskFdQuery,
  [B.BPF_MAP_LOOKUP_AND_DELETE_ELEM]: mapLookupAndDeleteElem,
  [B.BPF_MAP_FREEZE]: mapFreeze,
  [B.BPF_BTF_GET_NEXT_ID]: btfGetNextId,
  [B.BPF_MAP_LOOKUP_BATCH]: mapLookupBatch,
  [B.BPF_MAP_LOOKUP_AND_DELETE_BATCH]: mapLookupAndDeleteBatch,
  [B.BPF_MAP_UPDATE_BATCH]: mapUpdateBatch,
  [B.BPF_MAP_DELETE_BATCH]: mapDeleteBatch,
  [B.BPF_LINK_CREATE]: linkCreate,
  [B.BPF_LINK_UPDATE]: linkUpdate,
  [B.BPF_LINK_GET_FD_BY_ID]: linkGetFdById,
  [B.BPF_LINK_GET_NEXT_ID]: (call) => getNextId(call, call.machine.bpfIds.links),
  [B.BPF_ENABLE_STATS]: enableStats,
  [B.BPF_ITER_CREATE]: iterCreate,
  [B.BPF_LINK_DETACH]: linkDetach,
  [B.BPF_PROG_BIND_MAP]: progBindMap,
  [B.BPF_TOKEN_CREATE]: tokenCreate,
  [B.BPF_PROG_STREAM_READ_BY_FD]: progStreamRead,
};

/** The attributes that the machine's kernel knows. */
function attrTable(machine: Machine): BpfAttrTable {
  if (!machine.has('bpf-objects')) return bpfAttr_4_1;
  return machine.has('bpf-token') ? bpfAttr_6_18 : bpfAttr_6_1;
}

/** Copies the attributes in and runs the command. */
function enter(machine: Machine, task: Task, cmd: number, uattr: number, size: number): BpfResult {
  const scratch = machine.bpfScratch;
  const table = (scratch.attrTable ??= attrTable(machine));
  if (size > table.size) checkTailZero(task, uattr, table.size, size);
  const given = task.memory.read(uattr, Math.min(size, table.size));
  if (given === undefined) throw errno(EFAULT);
  const attr = scratch.attr(given);
  return dispatch(new BpfCall(machine, task, attr, uattr, given.length), cmd, table.end[cmd]);
}

function dispatch(call: BpfCall, cmd: number, end: number | undefined): BpfResult {
  if (end === undefined) return -EINVAL;
  if (cmd === B.BPF_PROG_QUERY) return progQuery(call, end);
  const handler = handlers[cmd];
  if (handler === undefined) throw new ModelGap(`bpf() command ${cmd}`);
  call.checkTail(end);
  return handler(call);
}

/** Answers `run`; what it refuses becomes a negative errno. */
function answered(machine: Machine, run: () => BpfResult): BpfResult {
  try {
    return run();
  } catch (refusal) {
    if (refusal instanceof ModelGap) machine.gap(refusal.what);
    return -errnoOf(refusal);
  }
}

/** Whether the sysctl that is set (2: for good) or an old kernel keeps the caller out before anything is looked at. */
function refused(machine: Machine, task: Task, cmd: number): boolean {
  if (!machine.has('bpf-objects')) return !task.capable(CAP_SYS_ADMIN);
  if (machine.has('bpf-token')) return false;
  return (cmd === B.BPF_MAP_CREATE || cmd === B.BPF_PROG_LOAD) && !bpfCapable(task);
}

/**
 * bpf(2): a number that the caller gets as it is, or a file whose fd it gets. Never throws for a refusal.
 *
 * @models kernel/bpf/syscall.c __sys_bpf()
 */
export function sysBpf(machine: Machine, task: Task, cmd: number, uattr: number, size: number): BpfResult {
  const failed = machine.faults.active?.call('bpf') ?? 0;
  if (failed !== 0) return -failed;
  if (refused(machine, task, cmd)) return -EPERM;
  return answered(machine, () => enter(machine, task, cmd, uattr, size));
}
