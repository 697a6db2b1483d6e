// kernel/bpf/verifier.c check_helper_call(): a call of a helper: its arguments, what it does to what is known, what it gives.
import { EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { ModelGap } from '../../../errno.js';
import { BPF_RES_SPIN_LOCK, BPF_SPIN_LOCK } from '../btf/record.js';
import { bprintf } from '../bprintf.js';
import type { BpfFuncProto } from '../func_proto.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { sanityCheck } from './alu.js';
import { regBoundsSync } from './bounds.js';
import { clearAllPktPointers, prepareFuncExit, pushCallbackCall } from './call.js';
import { changesPktData, isAcquireFunction, isPtrCastFunction } from './call_kinds.js';
import { setLoopCallback, setMapElemCallback, setTimerCallback } from './callbacks.js';
import type { VerifierEnv } from './env.js';
import { CallMeta, canElideNullness, checkConstStr, checkFuncArg } from './helper_args.js';
import { acquireReference, checkResourceLeak, releaseReference } from './locks.js';
import { checkMapFuncCompatibility, funcText } from './map_compat.js';
import { checkMemAccess } from './memory.js';
import { pushStack } from './pending.js';
import { markChainPrecision } from './precision.js';
import { regTypeStr } from './print.js';
import { clearCallerSavedRegs } from './reg_arg.js';
import { DEF_NOT_SUBREG, type RegState } from './reg_state.js';
import { Word } from './word.js';

const MAX_ERRNO = 4095;
const MAX_FUNC_REG_ARGS = 5;
/** __BPF_FUNC_MAX_ID of 6.18 */
const FUNC_MAX_ID = 212;
/** Processors of the machine. */
const NR_CPU_IDS = 2;

function protoOf(env: VerifierEnv, id: number): BpfFuncProto {
  if (id < 0 || id >= FUNC_MAX_ID) throw env.refuse(EINVAL, `invalid func ${funcText(id)}`);
  const proto = env.proto(id);
  if (proto === undefined) throw env.refuse(EINVAL, `program of this type cannot use helper ${funcText(id)}`);
  if (!env.prog.gplCompatible && proto.gplOnly)
    throw env.refuse(EINVAL, 'cannot call GPL-restricted function from non-GPL compatible program');
  if (proto.allowed !== undefined && !proto.allowed(env.prog))
    throw env.refuse(EINVAL, 'helper call is not allowed in probe');
  if (proto.mightSleep === true) throw env.refuse(EINVAL, 'helper call might sleep in a non-sleepable prog');
  return proto;
}

const recorded = new Set([
  ...[F.BPF_FUNC_tail_call, F.BPF_FUNC_map_lookup_elem, F.BPF_FUNC_map_update_elem, F.BPF_FUNC_map_delete_elem],
  ...[F.BPF_FUNC_map_push_elem, F.BPF_FUNC_map_pop_elem, F.BPF_FUNC_map_peek_elem, F.BPF_FUNC_for_each_map_elem],
  ...[F.BPF_FUNC_redirect_map, F.BPF_FUNC_map_lookup_percpu_elem],
]);
const writing = new Set([
  ...[F.BPF_FUNC_map_delete_elem, F.BPF_FUNC_map_update_elem, F.BPF_FUNC_map_push_elem, F.BPF_FUNC_map_pop_elem],
]);

/** @models kernel/bpf/verifier.c record_func_map() */
function recordFuncMap(env: VerifierEnv, meta: CallMeta): void {
  if (!recorded.has(meta.id)) return;
  const { map } = meta;
  if (map === undefined) throw env.bug('expected map for helper call');
  if ((map.mapFlags & B.BPF_F_RDONLY_PROG) !== 0 && writing.has(meta.id))
    throw env.refuse(EACCES, 'write into map forbidden');
  const aux = env.curAux;
  // Indexes of a map that was made without CAP_PERFMON are masked.
  if (map.bypassSpecV1 !== true) aux.mapUnpriv = true;
  if (aux.mapPtr === undefined) aux.mapPtr = map;
  else if (aux.mapPtr !== map) aux.mapPoisoned = true;
}

/** @models kernel/bpf/verifier.c record_func_key() */
function recordFuncKey(env: VerifierEnv, meta: CallMeta): void {
  if (meta.id !== F.BPF_FUNC_tail_call) return;
  const { map } = meta;
  if (map?.mapType !== B.BPF_MAP_TYPE_PROG_ARRAY) {
    env.verbose('expected prog array map for tail call');
    throw env.refuseQuietly(EINVAL);
  }
  const reg = env.regs[3]!;
  const aux = env.curAux;
  const { value } = reg.varOff;
  if (!reg.isConst(false) || value.hi !== 0 || value.lo >>> 0 >= map.maxEntries) {
    aux.mapKeySeen = true;
    aux.mapKeyPoisoned = true;
    return;
  }
  markChainPrecision(env, 3);
  if (!aux.mapKeySeen) {
    aux.mapKeySeen = true;
    aux.mapKey = value.lo;
  } else if (aux.mapKey !== value.lo) aux.mapKeyPoisoned = true;
}

function releaseArgument(env: VerifierEnv, meta: CallMeta): void {
  if (meta.releaseRegno === 0) return;
  const good = meta.refObjId !== 0 ? releaseReference(env, meta.refObjId) : env.regs[meta.releaseRegno]!.isNull();
  if (!good) throw env.refuse(EINVAL, `func ${funcText(meta.id)} reference has not been acquired before`);
}

/** @models kernel/bpf/verifier.c update_loop_inline_state() */
function updateLoopInline(env: VerifierEnv, subprog: number): void {
  const aux = env.curAux;
  if (aux.loopCallback === -2) return;
  const isNull = env.regs[4]!.isNull();
  if (isNull) markChainPrecision(env, 4);
  if (aux.loopCallback === -1) aux.loopCallback = isNull ? subprog : -2;
  else if (!isNull || aux.loopCallback !== subprog) aux.loopCallback = -2;
}

function callLoop(env: VerifierEnv, insn: BpfInsn, subprog: number): void {
  updateLoopInline(env, subprog);
  markChainPrecision(env, 1);
  const { cur } = env.curState;
  if (Word.int(cur.callbackDepth).ltu(cur.regs[1]!.umax)) {
    pushCallbackCall(env, insn, subprog, setLoopCallback);
    return;
  }
  cur.callbackDepth = 0;
  if (env.tracingAll) env.verbose(`frame${env.curState.curframe} bpf_loop iteration limit reached\n`);
}

/** @models kernel/bpf/verifier.c check_bpf_snprintf_call() */
function checkSnprintf(env: VerifierEnv): void {
  const size = env.regs[5]!.varOff.value.lo;
  if (size % 8 !== 0) throw env.refuseQuietly(EINVAL);
  const zeros = Array.from({ length: size / 8 }, () => ({ low: 0, high: 0 }));
  const failed = bprintf(env.prog.machine.memory, checkConstStr(env, 3), zeros);
  if (typeof failed === 'number') throw env.refuse(-failed, 'Invalid format string');
}

/** What some helpers ask or do besides. */
function special(env: VerifierEnv, insn: BpfInsn, meta: CallMeta): void {
  switch (meta.id) {
    case F.BPF_FUNC_tail_call: {
      checkResourceLeak(env, true, 'tail_call');
      return;
    }
    case F.BPF_FUNC_get_local_storage:
      if (!env.regs[2]!.isNull()) throw env.refuse(EINVAL, "get_local_storage() doesn't support non-zero flags");
      return;
    case F.BPF_FUNC_for_each_map_elem: {
      pushCallbackCall(env, insn, meta.subprogno, setMapElemCallback);
      return;
    }
    case F.BPF_FUNC_timer_set_callback: {
      pushCallbackCall(env, insn, meta.subprogno, setTimerCallback);
      return;
    }
    case F.BPF_FUNC_find_vma:
    case F.BPF_FUNC_user_ringbuf_drain:
      throw new ModelGap(`bpf: verifier: ${funcText(meta.id)}`);
    case F.BPF_FUNC_snprintf: {
      checkSnprintf(env);
      return;
    }
    case F.BPF_FUNC_loop: {
      callLoop(env, insn, meta.subprogno);
      return;
    }
    case F.BPF_FUNC_dynptr_from_mem:
      if (env.regs[1]!.type !== T.PTR_TO_MAP_VALUE)
        throw env.refuse(EACCES, `Unsupported reg type ${regTypeStr(env.regs[1]!.type)} for bpf_dynptr_from_mem data`);
      return;
    default:
  }
}

function returnMapValue(env: VerifierEnv, r0: RegState, flag: number, meta: CallMeta): void {
  const { map } = meta;
  if (map === undefined) throw env.bug('unexpected null map_ptr');
  const isFound =
    meta.id === F.BPF_FUNC_map_lookup_elem &&
    canElideNullness(map.mapType) &&
    meta.constMapKey >= 0 &&
    meta.constMapKey < map.maxEntries;
  const flags = isFound ? flag & ~T.PTR_MAYBE_NULL : flag;
  r0.map = map;
  r0.mapUid = meta.mapUid;
  r0.type = T.PTR_TO_MAP_VALUE | flags;
  if ((flags & T.PTR_MAYBE_NULL) === 0 && map.record?.has(BPF_SPIN_LOCK | BPF_RES_SPIN_LOCK) === true)
    r0.id = ++env.idGen;
}

const returned = new Map<number, number>([
  [T.RET_PTR_TO_SOCKET, T.PTR_TO_SOCKET],
  [T.RET_PTR_TO_SOCK_COMMON, T.PTR_TO_SOCK_COMMON],
  [T.RET_PTR_TO_TCP_SOCK, T.PTR_TO_TCP_SOCK],
  [T.RET_PTR_TO_MEM, T.PTR_TO_MEM],
  [T.RET_PTR_TO_BTF_ID, T.PTR_TO_BTF_ID],
]);

function setReturned(env: VerifierEnv, proto: BpfFuncProto, meta: CallMeta): void {
  const r0 = env.regs[0]!;
  const base = T.baseType(proto.retType);
  const flag = T.typeFlag(proto.retType);
  if (base === T.RET_INTEGER) r0.markUnknown(env.precise);
  else if (base === T.RET_VOID) r0.type = T.NOT_INIT;
  else {
    const type = returned.get(base);
    r0.markKnown(Word.ZERO);
    if (base === T.RET_PTR_TO_MAP_VALUE) returnMapValue(env, r0, flag, meta);
    else if (type === undefined) throw new ModelGap(`bpf: verifier: result of ${funcText(meta.id)}`);
    else {
      r0.type = type | flag;
      if (type === T.PTR_TO_MEM) r0.memSize = meta.memSize;
      if (type === T.PTR_TO_BTF_ID) r0.btf = proto.retBtf ?? '';
    }
  }
  if ((r0.type & T.PTR_MAYBE_NULL) !== 0) r0.id = ++env.idGen;
  if (isPtrCastFunction(meta.id)) r0.refObjId = meta.refObjId;
  else if (isAcquireFunction(meta.id, meta.map)) {
    const id = acquireReference(env, env.insnIdx);
    r0.id = id;
    r0.refObjId = id;
  }
}

const sized = new Set([
  ...[F.BPF_FUNC_get_stack, F.BPF_FUNC_get_task_stack, F.BPF_FUNC_probe_read_str],
  ...[F.BPF_FUNC_probe_read_kernel_str, F.BPF_FUNC_probe_read_user_str],
]);

/** @models kernel/bpf/verifier.c do_refine_retval_range() */
function refineReturned(env: VerifierEnv, proto: BpfFuncProto, meta: CallMeta): void {
  if (proto.retType !== T.RET_INTEGER) return;
  const r0 = env.regs[0]!;
  if (sized.has(meta.id)) {
    r0.smax = meta.sizeMax;
    r0.s32max = meta.sizeMax.lo;
    r0.smin = Word.int(-MAX_ERRNO);
    r0.s32min = -MAX_ERRNO;
    regBoundsSync(r0);
  } else if (meta.id === F.BPF_FUNC_get_smp_processor_id) {
    r0.umax = r0.smax = Word.int(NR_CPU_IDS - 1);
    r0.u32max = r0.s32max = NR_CPU_IDS - 1;
    r0.umin = r0.smin = Word.ZERO;
    r0.u32min = r0.s32min = 0;
    regBoundsSync(r0);
  }
  sanityCheck(env, r0, 'retval');
}

/** A tail call in a function may end the program's main function there, or come back. */
function tailCallInFunction(env: VerifierEnv): void {
  env.markRegScratched(0);
  pushStack(env, env.insnIdx + 1, env.insnIdx, false);
  clearAllPktPointers(env);
  env.regs[0]!.markUnknown(env.precise);
  prepareFuncExit(env);
  env.insnIdx--;
}

/** @models kernel/bpf/verifier.c check_helper_call() */
export function checkHelperCall(env: VerifierEnv, insn: BpfInsn): void {
  const id = insn.imm;
  const proto = protoOf(env, id);
  const meta = new CallMeta(id);
  for (let i = 0; i < MAX_FUNC_REG_ARGS; i++) checkFuncArg(env, proto, i, meta);
  recordFuncMap(env, meta);
  recordFuncKey(env, meta);
  const { insnIdx } = env;
  for (let i = 0; i < meta.accessSize; i++)
    checkMemAccess(env, insnIdx, meta.regno, i, 1, T.BPF_WRITE, -1, false, false);
  releaseArgument(env, meta);
  special(env, insn, meta);
  const { regs } = env;
  clearCallerSavedRegs(env, regs);
  regs[0]!.subregDef = DEF_NOT_SUBREG;
  setReturned(env, proto, meta);
  refineReturned(env, proto, meta);
  checkMapFuncCompatibility(env, meta.map, id);
  if (id === F.BPF_FUNC_tail_call) {
    if (env.curState.curframe > 0) tailCallInFunction(env);
    return;
  }
  if (changesPktData(id)) clearAllPktPointers(env);
}
