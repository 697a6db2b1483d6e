// kernel/bpf/verifier.c: pointers that may be NULL, once a comparison has told: all that came from the same place change.
import * as B from '../../../../uapi/linux/bpf.js';
import { BPF_RES_SPIN_LOCK, BPF_SPIN_LOCK, BPF_TIMER, BPF_WORKQUEUE } from '../btf/record.js';
import * as T from '../type_flags.js';
import type { RegState } from './reg_state.js';
import { REF_TYPE_PTR, type VerifierState } from './state.js';

/** @models kernel/bpf/verifier.c mark_ptr_not_null_reg() */
export function markPtrNotNull(reg: RegState): void {
  if (T.baseType(reg.type) !== T.PTR_TO_MAP_VALUE) {
    reg.type &= ~T.PTR_MAYBE_NULL;
    return;
  }
  const map = reg.map!;
  if (map.innerMapMeta !== undefined) {
    reg.type = T.CONST_PTR_TO_MAP;
    reg.map = map.innerMapMeta;
    if (map.innerMapMeta.record?.has(BPF_TIMER | BPF_WORKQUEUE) === true) reg.mapUid = reg.id;
  } else if (map.mapType === B.BPF_MAP_TYPE_XSKMAP) reg.type = T.PTR_TO_XDP_SOCK;
  else if (map.mapType === B.BPF_MAP_TYPE_SOCKMAP || map.mapType === B.BPF_MAP_TYPE_SOCKHASH)
    reg.type = T.PTR_TO_SOCKET;
  else reg.type = T.PTR_TO_MAP_VALUE;
}

/** @models kernel/bpf/verifier.c reg_may_point_to_spin_lock() */
export const mayPointToSpinLock = (reg: RegState): boolean =>
  reg.type === T.PTR_TO_MAP_VALUE && reg.map?.record?.has(BPF_SPIN_LOCK | BPF_RES_SPIN_LOCK) === true;

function markReg(reg: RegState, id: number, isNull: boolean): void {
  if ((reg.type & T.PTR_MAYBE_NULL) === 0 || reg.id !== id) return;
  if (isNull) {
    reg.type = T.SCALAR_VALUE;
    reg.id = 0;
    reg.refObjId = 0;
    return;
  }
  markPtrNotNull(reg);
  // A lock is told from others by the id of the value it lies in.
  if (!mayPointToSpinLock(reg)) reg.id = 0;
}

/** Drops a reference; false when it is not held. @models kernel/bpf/verifier.c release_reference_nomark() */
export function releaseReferenceNomark(state: VerifierState, id: number): boolean {
  const at = state.refs.findIndex((ref) => ref.type === REF_TYPE_PTR && ref.id === id);
  if (at < 0) return false;
  state.refs = state.refs.filter((_, i) => i !== at);
  return true;
}

/** @models kernel/bpf/verifier.c mark_ptr_or_null_regs() */
export function markPtrOrNullRegs(state: VerifierState, regno: number, isNull: boolean): void {
  const { refObjId, id } = state.cur.regs[regno]!;
  if (refObjId !== 0 && refObjId === id && isNull) releaseReferenceNomark(state, id);
  state.forEachReg((reg) => {
    markReg(reg, id, isNull);
  });
}
