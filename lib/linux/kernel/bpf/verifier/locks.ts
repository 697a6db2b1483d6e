// kernel/bpf/verifier.c: locks in values of maps, and references a program holds: what is taken must be given back before it
// ends.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { BPF_SPIN_LOCK, BPF_TIMER } from '../btf/record.js';
import type { VerifierEnv } from './env.js';
import { releaseReferenceNomark } from './null_check.js';
import type { RegState } from './reg_state.js';
import { REF_TYPE_LOCK, REF_TYPE_PTR, type VerifierState } from './state.js';
import { Word } from './word.js';

/** The field at the register's place must be the one of the value. */
function checkField(env: VerifierEnv, regno: number, reg: RegState, type: number, name: string, use: string): void {
  if (!reg.varOff.isConst())
    throw env.refuse(EINVAL, `R${regno} doesn't have constant offset. ${use} has to be at the constant offset`);
  const map = reg.map!;
  if (map.btf === undefined) throw env.refuse(EINVAL, `map '${map.name ?? ''}' has to have BTF in order to use ${use}`);
  const field = map.record?.find(type);
  if (field === undefined) throw env.refuse(EINVAL, `map '${map.name ?? ''}' has no valid ${use}`);
  const off = reg.varOff.value.add(Word.int(reg.off));
  if (!off.eq(Word.int(field.offset)))
    throw env.refuse(EINVAL, `off ${off.signed} doesn't point to 'struct ${name}' that is at ${field.offset}`);
}

function acquireLock(env: VerifierEnv, reg: RegState): void {
  const state = env.curState;
  if (state.activeLocks > 0) throw env.refuse(EINVAL, 'Locking two bpf_spin_locks are not allowed');
  state.refs = [...state.refs, { type: REF_TYPE_LOCK, id: reg.id, insnIdx: env.insnIdx, ptr: reg.map }];
  state.activeLocks++;
  state.activeLockId = reg.id;
  state.activeLockPtr = reg.map;
}

function releaseLock(env: VerifierEnv, reg: RegState): void {
  const state = env.curState;
  if (state.activeLocks === 0) throw env.refuse(EINVAL, 'bpf_spin_unlock without taking a lock');
  const held = state.refs.find((ref) => ref.type === REF_TYPE_LOCK && ref.id === reg.id && ref.ptr === reg.map);
  if (held === undefined) throw env.refuse(EINVAL, 'bpf_spin_unlock of different lock');
  state.refs = state.refs.filter((ref) => ref !== held);
  state.activeLocks--;
  state.activeLockId = 0;
  state.activeLockPtr = undefined;
}

/** @models kernel/bpf/verifier.c process_spin_lock() */
export function processSpinLock(env: VerifierEnv, regno: number, isLock: boolean): void {
  const reg = env.regs[regno]!;
  checkField(env, regno, reg, BPF_SPIN_LOCK, 'bpf_spin_lock', 'bpf_spin_lock');
  if (isLock) acquireLock(env, reg);
  else releaseLock(env, reg);
}

/** @models kernel/bpf/verifier.c process_timer_func() */
export function processTimer(env: VerifierEnv, regno: number): void {
  const reg = env.regs[regno]!;
  checkField(env, regno, reg, BPF_TIMER, 'bpf_timer', 'bpf_timer');
}

/** A new reference; its id. @models kernel/bpf/verifier.c acquire_reference() */
export function acquireReference(env: VerifierEnv, insnIdx: number): number {
  const id = ++env.idGen;
  env.curState.refs = [...env.curState.refs, { type: REF_TYPE_PTR, id, insnIdx, ptr: undefined }];
  return id;
}

/** What a register held is gone. @models kernel/bpf/verifier.c mark_reg_invalid() */
export function markRegInvalid(env: VerifierEnv, reg: RegState): void {
  if (env.allowPtrLeaks) reg.markUnknown(env.precise);
  else reg.markNotInit(env.precise);
}

/** Gives a reference back; false when it is not held. @models kernel/bpf/verifier.c release_reference() */
export function releaseReference(env: VerifierEnv, id: number): boolean {
  if (!releaseReferenceNomark(env.curState, id)) return false;
  env.curState.forEachReg((reg) => {
    if (reg.refObjId === id) markRegInvalid(env, reg);
  });
  return true;
}

function leaks(env: VerifierEnv, state: VerifierState): boolean {
  if (state.curframe > 0) return false;
  const held = state.refs.filter(({ type }) => type === REF_TYPE_PTR);
  for (const { id, insnIdx } of held) env.verbose(`Unreleased reference id=${id} alloc_insn=${insnIdx}\n`);
  return held.length > 0;
}

/** @models kernel/bpf/verifier.c check_resource_leak() */
export function checkResourceLeak(env: VerifierEnv, checkLock: boolean, what: string): void {
  const state = env.curState;
  if (checkLock && state.activeLocks > 0)
    throw env.refuse(EINVAL, `${what} cannot be used inside bpf_spin_lock-ed region`);
  if (leaks(env, state)) throw env.refuse(EINVAL, `${what} would lead to reference leak`);
}
