// kernel/bpf/verifier.c: fields of a map's value that belong to the kernel (locks, timers, pointers to kernel objects):
// programs reach them through helpers alone.
import { EACCES } from '../../../../uapi/asm-generic/errno.js';
import * as R from '../btf/record.js';
import type { VerifierEnv } from './env.js';
import type { RegState } from './reg_state.js';

const fieldNames = new Map([
  [R.BPF_SPIN_LOCK, 'bpf_spin_lock'],
  [R.BPF_RES_SPIN_LOCK, 'bpf_res_spin_lock'],
  [R.BPF_TIMER, 'bpf_timer'],
  [R.BPF_WORKQUEUE, 'bpf_wq'],
  [R.BPF_KPTR_UNREF, 'kptr'],
  [R.BPF_KPTR_REF, 'kptr'],
  [R.BPF_KPTR_PERCPU, 'percpu_kptr'],
  [R.BPF_UPTR, 'uptr'],
  [R.BPF_LIST_HEAD, 'bpf_list_head'],
  [R.BPF_LIST_NODE, 'bpf_list_node'],
  [R.BPF_RB_ROOT, 'bpf_rb_root'],
  [R.BPF_RB_NODE, 'bpf_rb_node'],
  [R.BPF_REFCOUNT, 'bpf_refcount'],
  [R.BPF_TASK_WORK, 'bpf_task_work'],
]);

/** @models include/linux/bpf.h btf_field_type_name() */
export const fieldTypeName = (type: number): string => fieldNames.get(type) ?? 'unknown';

/** Refuses an access that touches a field. @models kernel/bpf/verifier.c check_map_access() */
export function checkMapField(
  env: VerifierEnv,
  reg: RegState,
  field: R.BtfField,
  off: number,
  size: number,
  direct: boolean,
): void {
  const name = fieldTypeName(field.type);
  if ((field.type & (R.BPF_KPTR | R.BPF_UPTR)) === 0)
    throw env.refuse(EACCES, `${name} cannot be accessed directly by load/store`);
  if (!direct) throw env.refuse(EACCES, `${name} cannot be accessed indirectly by helper`);
  if (!reg.varOff.isConst()) throw env.refuse(EACCES, `${name} access cannot have variable offset`);
  const at = off + reg.varOff.value.lo;
  if (at !== field.offset) throw env.refuse(EACCES, `${name} access misaligned expected=${field.offset} off=${at}`);
  if (size !== 8) throw env.refuse(EACCES, `${name} access size must be BPF_DW`);
  // Pointers to objects of the kernel are not modelled.
  throw env.refuse(EACCES, 'store to referenced kptr disallowed');
}
