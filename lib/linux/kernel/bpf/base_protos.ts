// kernel/bpf/helpers.c, kernel/trace/bpf_trace.c: the helpers that every kind of program has, as the verifier sees them.
// Facts only; helpers.ts adds what runs and who may call what. Argument kinds are those of 6.18.
import * as F from '../../../uapi/linux/bpf_func_id.js';
import type { BpfFuncProto } from './func_proto.js';
import { GPL, integer, nothing, OUT_NUMBER, PACKET, RDONLY_MEM, RDONLY_MEM_OR_NULL, returning } from './proto_table.js';
import * as T from './type_flags.js';

const MAP = T.ARG_CONST_MAP_PTR;
const KEY = T.ARG_PTR_TO_MAP_KEY;
const VALUE = T.ARG_PTR_TO_MAP_VALUE;
const ANY = T.ARG_ANYTHING;
const OUT = T.ARG_PTR_TO_UNINIT_MEM;
const SIZE = T.ARG_CONST_SIZE;
const SIZE0 = T.ARG_CONST_SIZE_OR_ZERO;
const FUNC = T.ARG_PTR_TO_FUNC;
const STACK_OR_NULL = T.ARG_PTR_TO_STACK_OR_NULL;
const TIMER = T.ARG_PTR_TO_TIMER;
const BTF_ID = T.ARG_PTR_TO_BTF_ID;
const RINGBUF = T.ARG_PTR_TO_RINGBUF_MEM | T.OBJ_RELEASE;
const DYNPTR = T.ARG_PTR_TO_DYNPTR | T.MEM_RDONLY;
const NEW_DYNPTR = T.ARG_PTR_TO_DYNPTR | T.MEM_UNINIT | T.MEM_WRITE;
const RINGBUF_DYNPTR = T.ARG_PTR_TO_DYNPTR | T.DYNPTR_TYPE_RINGBUF | T.OBJ_RELEASE;

const TASK = 'task_struct';

/** For every program. */
export const unprivilegedProtos: ReadonlyMap<number, BpfFuncProto> = new Map([
  [F.BPF_FUNC_map_lookup_elem, returning(T.RET_PTR_TO_MAP_VALUE_OR_NULL, [MAP, KEY], PACKET)],
  [F.BPF_FUNC_map_update_elem, integer([MAP, KEY, VALUE, ANY], PACKET)],
  [F.BPF_FUNC_map_delete_elem, integer([MAP, KEY], PACKET)],
  [F.BPF_FUNC_map_push_elem, integer([MAP, VALUE, ANY], PACKET)],
  [F.BPF_FUNC_map_pop_elem, integer([MAP, VALUE | T.MEM_UNINIT | T.MEM_WRITE])],
  [F.BPF_FUNC_map_peek_elem, integer([MAP, VALUE | T.MEM_UNINIT | T.MEM_WRITE])],
  [F.BPF_FUNC_map_lookup_percpu_elem, returning(T.RET_PTR_TO_MAP_VALUE_OR_NULL, [MAP, KEY, ANY], PACKET)],
  [F.BPF_FUNC_get_prandom_u32, integer([])],
  [F.BPF_FUNC_get_smp_processor_id, integer([])],
  [F.BPF_FUNC_get_numa_node_id, integer([])],
  [F.BPF_FUNC_tail_call, nothing([T.ARG_PTR_TO_CTX, MAP, ANY])],
  [F.BPF_FUNC_ktime_get_ns, integer([])],
  [F.BPF_FUNC_ktime_get_boot_ns, integer([])],
  [F.BPF_FUNC_ktime_get_tai_ns, integer([])],
  [F.BPF_FUNC_ringbuf_output, integer([MAP, RDONLY_MEM, SIZE0, ANY])],
  [F.BPF_FUNC_ringbuf_reserve, returning(T.RET_PTR_TO_RINGBUF_MEM_OR_NULL, [MAP, T.ARG_CONST_ALLOC_SIZE_OR_ZERO, ANY])],
  [F.BPF_FUNC_ringbuf_submit, nothing([RINGBUF, ANY])],
  [F.BPF_FUNC_ringbuf_discard, nothing([RINGBUF, ANY])],
  [F.BPF_FUNC_ringbuf_query, integer([MAP, ANY])],
  [F.BPF_FUNC_strncmp, integer([RDONLY_MEM, SIZE, T.ARG_PTR_TO_CONST_STR])],
  [F.BPF_FUNC_strtol, integer([RDONLY_MEM, SIZE, ANY, OUT_NUMBER], { argSizes: { 4: 8 } })],
  [F.BPF_FUNC_strtoul, integer([RDONLY_MEM, SIZE, ANY, OUT_NUMBER], { argSizes: { 4: 8 } })],
  [F.BPF_FUNC_get_current_pid_tgid, integer([])],
  [F.BPF_FUNC_get_ns_current_pid_tgid, integer([ANY, ANY, OUT, SIZE])],
]);

const taskStorage = { argBtf: { 2: TASK } };
const cgroupStorage = { argBtf: { 2: 'cgroup' } };

/** For programs of a loader with CAP_BPF. */
export const bpfCapableProtos: ReadonlyMap<number, BpfFuncProto> = new Map([
  [F.BPF_FUNC_spin_lock, nothing([T.ARG_PTR_TO_SPIN_LOCK])],
  [F.BPF_FUNC_spin_unlock, nothing([T.ARG_PTR_TO_SPIN_LOCK])],
  [F.BPF_FUNC_jiffies64, integer([])],
  [
    F.BPF_FUNC_per_cpu_ptr,
    returning(T.RET_PTR_TO_MEM_OR_BTF_ID | T.PTR_MAYBE_NULL | T.MEM_RDONLY, [T.ARG_PTR_TO_PERCPU_BTF_ID, ANY]),
  ],
  [F.BPF_FUNC_this_cpu_ptr, returning(T.RET_PTR_TO_MEM_OR_BTF_ID | T.MEM_RDONLY, [T.ARG_PTR_TO_PERCPU_BTF_ID])],
  [F.BPF_FUNC_timer_init, integer([TIMER, MAP, ANY], GPL)],
  [F.BPF_FUNC_timer_set_callback, integer([TIMER, FUNC], GPL)],
  [F.BPF_FUNC_timer_start, integer([TIMER, ANY, ANY], GPL)],
  [F.BPF_FUNC_timer_cancel, integer([TIMER], GPL)],
  [
    F.BPF_FUNC_kptr_xchg,
    returning(T.RET_PTR_TO_BTF_ID_OR_NULL, [T.ARG_KPTR_XCHG_DEST, T.ARG_PTR_TO_BTF_ID_OR_NULL | T.OBJ_RELEASE]),
  ],
  [F.BPF_FUNC_for_each_map_elem, integer([MAP, FUNC, STACK_OR_NULL, ANY])],
  [F.BPF_FUNC_loop, integer([ANY, FUNC, STACK_OR_NULL, ANY])],
  [F.BPF_FUNC_user_ringbuf_drain, integer([MAP, FUNC, STACK_OR_NULL, ANY])],
  [F.BPF_FUNC_ringbuf_reserve_dynptr, integer([MAP, ANY, ANY, NEW_DYNPTR | T.DYNPTR_TYPE_RINGBUF])],
  [F.BPF_FUNC_ringbuf_submit_dynptr, nothing([RINGBUF_DYNPTR, ANY])],
  [F.BPF_FUNC_ringbuf_discard_dynptr, nothing([RINGBUF_DYNPTR, ANY])],
  [F.BPF_FUNC_dynptr_from_mem, integer([OUT, SIZE0, ANY, NEW_DYNPTR | T.DYNPTR_TYPE_LOCAL])],
  [F.BPF_FUNC_dynptr_read, integer([OUT, SIZE0, DYNPTR, ANY, ANY])],
  [F.BPF_FUNC_dynptr_write, integer([DYNPTR, ANY, RDONLY_MEM, SIZE0, ANY])],
  [F.BPF_FUNC_dynptr_data, returning(T.RET_PTR_TO_DYNPTR_MEM_OR_NULL, [DYNPTR, ANY, T.ARG_CONST_ALLOC_SIZE_OR_ZERO])],
  [
    F.BPF_FUNC_task_storage_get,
    returning(
      T.RET_PTR_TO_MAP_VALUE_OR_NULL,
      [MAP, T.ARG_PTR_TO_BTF_ID_OR_NULL, T.ARG_PTR_TO_MAP_VALUE_OR_NULL, ANY],
      taskStorage,
    ),
  ],
  [F.BPF_FUNC_task_storage_delete, integer([MAP, T.ARG_PTR_TO_BTF_ID_OR_NULL], taskStorage)],
  [
    F.BPF_FUNC_cgrp_storage_get,
    returning(
      T.RET_PTR_TO_MAP_VALUE_OR_NULL,
      [MAP, T.ARG_PTR_TO_BTF_ID_OR_NULL, T.ARG_PTR_TO_MAP_VALUE_OR_NULL, ANY],
      cgroupStorage,
    ),
  ],
  [F.BPF_FUNC_cgrp_storage_delete, integer([MAP, T.ARG_PTR_TO_BTF_ID_OR_NULL], cgroupStorage)],
  [F.BPF_FUNC_get_current_uid_gid, integer([])],
  [F.BPF_FUNC_get_current_cgroup_id, integer([])],
  [F.BPF_FUNC_get_current_ancestor_cgroup_id, integer([ANY])],
  [F.BPF_FUNC_current_task_under_cgroup, integer([MAP, ANY])],
  [F.BPF_FUNC_get_cgroup_classid, integer([])],
]);

const readsMemory = (args: readonly number[]): BpfFuncProto => integer(args, GPL);
const task1 = { argBtf: { 1: TASK } };

/** For programs of a loader with CAP_PERFMON: they show the kernel's own memory, or act on tasks. */
export const perfmonCapableProtos: ReadonlyMap<number, BpfFuncProto> = new Map([
  [F.BPF_FUNC_trace_printk, integer([RDONLY_MEM, SIZE], GPL)],
  [F.BPF_FUNC_get_current_task, integer([], GPL)],
  [F.BPF_FUNC_get_current_task_btf, returning(T.RET_PTR_TO_BTF_ID_TRUSTED, [], { gplOnly: true, retBtf: TASK })],
  [F.BPF_FUNC_get_current_comm, integer([OUT, SIZE])],
  [F.BPF_FUNC_probe_read_user, readsMemory([OUT, SIZE0, ANY])],
  [F.BPF_FUNC_probe_read_kernel, readsMemory([OUT, SIZE0, ANY])],
  [F.BPF_FUNC_probe_read_user_str, readsMemory([OUT, SIZE0, ANY])],
  [F.BPF_FUNC_probe_read_kernel_str, readsMemory([OUT, SIZE0, ANY])],
  [F.BPF_FUNC_copy_from_user, integer([OUT, SIZE0, ANY], { mightSleep: true })],
  [
    F.BPF_FUNC_copy_from_user_task,
    integer([OUT, SIZE0, ANY, BTF_ID, ANY], { gplOnly: true, mightSleep: true, argBtf: { 4: TASK } }),
  ],
  [F.BPF_FUNC_snprintf_btf, integer([T.ARG_PTR_TO_MEM | T.MEM_WRITE, SIZE, RDONLY_MEM, SIZE, ANY])],
  [
    F.BPF_FUNC_snprintf,
    integer([T.ARG_PTR_TO_MEM_OR_NULL | T.MEM_WRITE, SIZE0, T.ARG_PTR_TO_CONST_STR, RDONLY_MEM_OR_NULL, SIZE0], GPL),
  ],
  [F.BPF_FUNC_task_pt_regs, returning(T.RET_PTR_TO_BTF_ID, [BTF_ID], { ...GPL, ...task1, retBtf: 'pt_regs' })],
  [F.BPF_FUNC_trace_vprintk, integer([RDONLY_MEM, SIZE, RDONLY_MEM_OR_NULL, SIZE0], GPL)],
  [F.BPF_FUNC_perf_event_read, integer([MAP, ANY], GPL)],
  [F.BPF_FUNC_perf_event_read_value, integer([MAP, ANY, OUT, SIZE], GPL)],
  [F.BPF_FUNC_send_signal, integer([ANY])],
  [F.BPF_FUNC_send_signal_thread, integer([ANY])],
  [F.BPF_FUNC_get_task_stack, integer([BTF_ID, OUT, SIZE0, ANY], task1)],
  [F.BPF_FUNC_get_branch_snapshot, integer([OUT, SIZE0], GPL)],
  [F.BPF_FUNC_find_vma, integer([BTF_ID, ANY, FUNC, STACK_OR_NULL, ANY], task1)],
]);
