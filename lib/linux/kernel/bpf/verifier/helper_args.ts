// kernel/bpf/verifier.c check_func_arg(): whether R1 to R5 hold what a helper wants there.
import { EACCES, EFAULT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { helperName } from '../../../../vm/disasm.js';
import { ModelGap } from '../../../errno.js';
import type { BpfFuncProto } from '../func_proto.js';
import * as T from '../type_flags.js';
import { checkPtrAlignment } from './alignment.js';
import type { VerifierEnv } from './env.js';
import { checkHelperMemAccess, checkMemSizeReg, type SizeMeta } from './helper_mem.js';
import { processSpinLock, processTimer } from './locks.js';
import type { MapView } from './map_view.js';
import { checkMapAccess, checkPtrOff, isPktPointer, isRdonlyMap, mayAccessPacket } from './memory.js';
import { markChainPrecision, markSlotPrecision } from './precision.js';
import { regTypeStr } from './print.js';
import { checkRegArg, isPointerValue, SRC_OP } from './reg_arg.js';
import type { RegState } from './reg_state.js';
import { frameOf } from './stack.js';
import { BPF_REG_SIZE, STACK_SPILL, STACK_ZERO } from './state.js';
import { Word } from './word.js';

/** struct bpf_call_arg_meta: what the arguments tell about the call. */
export class CallMeta implements SizeMeta {
  rawMode = false;
  accessSize = 0;
  regno = 0;
  sizeMax = Word.ZERO;
  map: MapView | undefined = undefined;
  mapUid = 0;
  releaseRegno = 0;
  refObjId = 0;
  memSize = 0;
  subprogno = 0;
  /** Key that is known, for maps where a known key means a value; -1: not known. */
  constMapKey = 0;
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

const sockTypes = [T.PTR_TO_SOCK_COMMON, T.PTR_TO_SOCKET, T.PTR_TO_TCP_SOCK, T.PTR_TO_XDP_SOCK];
const memTypes = [
  ...[T.PTR_TO_STACK, T.PTR_TO_PACKET, T.PTR_TO_PACKET_META, T.PTR_TO_MAP_KEY, T.PTR_TO_MAP_VALUE, T.PTR_TO_MEM],
  ...[T.PTR_TO_MEM | T.MEM_RINGBUF, T.PTR_TO_BUF, T.PTR_TO_BTF_ID | T.PTR_TRUSTED],
];
const scalar = [T.SCALAR_VALUE];
const trusted = T.PTR_TO_BTF_ID | T.PTR_TRUSTED;

const compatible = new Map<number, readonly number[]>([
  [T.ARG_PTR_TO_MAP_KEY, memTypes],
  [T.ARG_PTR_TO_MAP_VALUE, memTypes],
  [T.ARG_CONST_SIZE, scalar],
  [T.ARG_CONST_SIZE_OR_ZERO, scalar],
  [T.ARG_CONST_ALLOC_SIZE_OR_ZERO, scalar],
  [T.ARG_CONST_MAP_PTR, [T.CONST_PTR_TO_MAP]],
  [T.ARG_PTR_TO_CTX, [T.PTR_TO_CTX]],
  [T.ARG_PTR_TO_SOCK_COMMON, sockTypes],
  [T.ARG_PTR_TO_BTF_ID_SOCK_COMMON, [...sockTypes, T.PTR_TO_BTF_ID, trusted]],
  [T.ARG_PTR_TO_SOCKET, [T.PTR_TO_SOCKET]],
  [T.ARG_PTR_TO_BTF_ID, [T.PTR_TO_BTF_ID, trusted, T.PTR_TO_BTF_ID | T.MEM_RCU]],
  [T.ARG_PTR_TO_SPIN_LOCK, [T.PTR_TO_MAP_VALUE, T.PTR_TO_BTF_ID | T.MEM_ALLOC]],
  [T.ARG_PTR_TO_MEM, memTypes],
  [T.ARG_PTR_TO_RINGBUF_MEM, [T.PTR_TO_MEM | T.MEM_RINGBUF]],
  [
    T.ARG_PTR_TO_PERCPU_BTF_ID,
    [T.PTR_TO_BTF_ID | T.MEM_PERCPU, T.PTR_TO_BTF_ID | T.MEM_PERCPU | T.MEM_RCU, trusted | T.MEM_PERCPU],
  ],
  [T.ARG_PTR_TO_FUNC, [T.PTR_TO_FUNC]],
  [T.ARG_PTR_TO_STACK, [T.PTR_TO_STACK]],
  [T.ARG_PTR_TO_CONST_STR, [T.PTR_TO_MAP_VALUE]],
  [T.ARG_PTR_TO_TIMER, [T.PTR_TO_MAP_VALUE]],
  [T.ARG_KPTR_XCHG_DEST, [T.PTR_TO_MAP_VALUE, T.PTR_TO_BTF_ID | T.MEM_ALLOC]],
  [T.ARG_PTR_TO_DYNPTR, [T.PTR_TO_STACK, T.CONST_PTR_TO_DYNPTR]],
]);

const DYNPTR_FLAGS =
  T.DYNPTR_TYPE_LOCAL | T.DYNPTR_TYPE_RINGBUF | T.DYNPTR_TYPE_SKB | T.DYNPTR_TYPE_XDP | T.DYNPTR_TYPE_SKB_META;

/** @models kernel/bpf/verifier.c check_reg_type() */
function checkRegType(env: VerifierEnv, regno: number, argType: number, meta: CallMeta): void {
  const reg = env.regs[regno]!;
  const base = T.baseType(argType);
  const types = compatible.get(base);
  if (types === undefined) throw env.bug(`unsupported arg type ${argType}`);
  let { type } = reg;
  if ((argType & T.MEM_RDONLY) !== 0) type &= ~T.MEM_RDONLY;
  if ((argType & T.PTR_MAYBE_NULL) !== 0) type &= ~T.PTR_MAYBE_NULL;
  if (base === T.ARG_PTR_TO_MEM) type &= ~DYNPTR_FLAGS;
  if (!types.includes(type))
    throw env.refuse(
      EACCES,
      `R${regno} type=${regTypeStr(reg.type)} expected=${types.map((one) => regTypeStr(one)).join(', ')}`,
    );
  if (T.baseType(reg.type) === T.PTR_TO_BTF_ID && types === memTypes && (argType & T.MEM_RDONLY) === 0)
    throw env.refuse(
      EACCES,
      `${helperName(meta.id) ?? ''}() may write into memory pointed by R${regno} type=${regTypeStr(reg.type)}`,
    );
}

const anyOffset = new Set([
  ...[T.PTR_TO_STACK, T.PTR_TO_PACKET, T.PTR_TO_PACKET_META, T.PTR_TO_MAP_KEY, T.PTR_TO_MAP_VALUE, T.PTR_TO_MEM],
  ...[T.PTR_TO_MEM | T.MEM_RDONLY, T.PTR_TO_MEM | T.MEM_RINGBUF, T.PTR_TO_BUF, T.PTR_TO_BUF | T.MEM_RDONLY],
  ...[T.PTR_TO_ARENA, T.SCALAR_VALUE],
]);

/** @models kernel/bpf/verifier.c check_func_arg_reg_off() */
export function checkFuncArgRegOff(env: VerifierEnv, reg: RegState, regno: number, argType: number): void {
  if ((argType & T.OBJ_RELEASE) !== 0) {
    if (T.baseType(argType) === T.ARG_PTR_TO_DYNPTR && reg.type === T.PTR_TO_STACK) return;
    if (reg.off !== 0)
      throw env.refuse(EINVAL, `R${regno} must have zero offset when passed to release func or trusted arg to kfunc`);
    checkPtrOff(env, reg, regno, false);
    return;
  }
  if (anyOffset.has(reg.type)) return;
  checkPtrOff(env, reg, regno, T.baseType(reg.type) === T.PTR_TO_BTF_ID);
}

/** A map that wants something else as value than its bytes. @models kernel/bpf/verifier.c resolve_map_arg_type() */
function resolveMapArgType(env: VerifierEnv, meta: CallMeta, argType: number): number {
  const type = meta.map?.mapType;
  if (type === undefined) throw env.bug('invalid map_ptr to access map->type');
  if (type === B.BPF_MAP_TYPE_SOCKMAP || type === B.BPF_MAP_TYPE_SOCKHASH) {
    if (argType === T.ARG_PTR_TO_MAP_VALUE) return T.ARG_PTR_TO_BTF_ID_SOCK_COMMON;
    throw env.refuse(EINVAL, 'invalid arg_type for sockmap/sockhash');
  }
  return type === B.BPF_MAP_TYPE_BLOOM_FILTER && meta.id === F.BPF_FUNC_map_peek_elem
    ? T.ARG_PTR_TO_MAP_VALUE
    : argType;
}

function noteRelease(env: VerifierEnv, regno: number, reg: RegState, meta: CallMeta): void {
  if (reg.refObjId === 0 && !reg.isNull())
    throw env.refuse(EINVAL, `R${regno} must be referenced when passed to release function`);
  meta.releaseRegno = regno;
}

function noteReference(env: VerifierEnv, regno: number, reg: RegState, meta: CallMeta): void {
  if (meta.refObjId !== 0)
    throw env.bug(`more than one arg with ref_obj_id R${regno} ${reg.refObjId} ${meta.refObjId}`);
  meta.refObjId = reg.refObjId;
}

function noteMap(env: VerifierEnv, reg: RegState, meta: CallMeta): void {
  if (meta.map !== undefined && (meta.map !== reg.map || meta.mapUid !== reg.mapUid))
    throw env.refuse(
      EINVAL,
      `timer pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${reg.mapUid}`,
    );
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}

/** @models kernel/bpf/verifier.c can_elide_value_nullness() */
export const canElideNullness = (type: number): boolean =>
  type === B.BPF_MAP_TYPE_ARRAY || type === B.BPF_MAP_TYPE_PERCPU_ARRAY;

/** The key when it is known, or -1. @models kernel/bpf/verifier.c get_constant_map_key() */
function constantMapKey(env: VerifierEnv, key: RegState, size: number): number {
  if (!env.bpfCapable || key.type !== T.PTR_TO_STACK || !key.varOff.isConst()) return -1;
  const at = -(key.off + key.varOff.value.lo) - 1;
  const spi = Math.floor(at / BPF_REG_SIZE);
  const slot = frameOf(env, key).stack[spi]!;
  const off = at % BPF_REG_SIZE;
  const run = (type: number): number => {
    let length = 0;
    while (off - length >= 0 && slot.typeOf(off - length) === type) length++;
    return length;
  };
  if (run(STACK_ZERO) >= size) return 0;
  if (!slot.isSpilledScalar || run(STACK_SPILL) !== size || !slot.reg.varOff.isConst()) return -1;
  const { value } = slot.reg.varOff;
  markSlotPrecision(env, key.frameno, spi);
  return value.isNegative() ? -1 : value.toNumber();
}

function checkMapKey(env: VerifierEnv, regno: number, reg: RegState, meta: CallMeta): void {
  const { map } = meta;
  if (map === undefined) throw env.bug('invalid map_ptr to access map->key');
  checkHelperMemAccess(env, regno, map.keySize, T.BPF_READ, false, undefined);
  if (canElideNullness(map.mapType)) meta.constMapKey = constantMapKey(env, reg, map.keySize);
}

const accessOf = (argType: number): T.AccessType => ((argType & T.MEM_WRITE) !== 0 ? T.BPF_WRITE : T.BPF_READ);

function checkMapValue(env: VerifierEnv, regno: number, reg: RegState, argType: number, meta: CallMeta): void {
  if ((argType & T.PTR_MAYBE_NULL) !== 0 && reg.isNull()) return;
  meta.rawMode = (argType & T.MEM_UNINIT) !== 0;
  checkHelperMemAccess(env, regno, meta.map!.valueSize, accessOf(argType), false, meta);
}

function checkMem(env: VerifierEnv, regno: number, reg: RegState, argType: number, size: number, meta: CallMeta): void {
  meta.rawMode = (argType & T.MEM_UNINIT) !== 0;
  if ((argType & T.MEM_FIXED_SIZE) === 0) return;
  checkHelperMemAccess(env, regno, size, accessOf(argType), false, meta);
  if ((argType & T.MEM_ALIGNED) !== 0) checkPtrAlignment(env, reg, 0, size, true);
}

function allocSize(env: VerifierEnv, regno: number, reg: RegState, meta: CallMeta): void {
  if (!reg.varOff.isConst()) throw env.refuse(EACCES, `R${regno} is not a known constant'`);
  meta.memSize = reg.varOff.value.lo >>> 0;
  markChainPrecision(env, regno);
}

/** A string that nothing can change: its bytes up to the NUL. @models kernel/bpf/verifier.c check_reg_const_str() */
export function checkConstStr(env: VerifierEnv, regno: number): Uint8Array {
  const reg = env.regs[regno]!;
  const map = reg.map!;
  if (!isRdonlyMap(map)) throw env.refuse(EACCES, `R${regno} does not point to a readonly map'`);
  if (!reg.varOff.isConst()) throw env.refuse(EACCES, `R${regno} is not a constant address'`);
  if (map.mapType !== B.BPF_MAP_TYPE_ARRAY || map.memory === undefined)
    throw env.refuse(EACCES, 'no direct value access support for this map type');
  checkMapAccess(env, regno, reg.off, map.valueSize - reg.off, false, false);
  const off = reg.off + reg.varOff.value.lo;
  const start = map.directValueAddr?.(off) ?? -EFAULT;
  if (start < 0) throw env.refuse(-start, 'direct value access on string failed');
  const bytes = map.memory.u8.subarray(start + off, start + map.valueSize);
  const end = bytes.indexOf(0);
  if (end < 0) throw env.refuse(EINVAL, 'string is not zero-terminated');
  return bytes.subarray(0, end);
}

function checkByKind(env: VerifierEnv, proto: BpfFuncProto, arg: number, argType: number, meta: CallMeta): void {
  const regno = arg + 1;
  const reg = env.regs[regno]!;
  switch (T.baseType(argType)) {
    case T.ARG_CONST_MAP_PTR: {
      noteMap(env, reg, meta);
      return;
    }
    case T.ARG_PTR_TO_MAP_KEY: {
      checkMapKey(env, regno, reg, meta);
      return;
    }
    case T.ARG_PTR_TO_MAP_VALUE: {
      checkMapValue(env, regno, reg, argType, meta);
      return;
    }
    case T.ARG_PTR_TO_SPIN_LOCK: {
      processSpinLock(env, regno, meta.id === F.BPF_FUNC_spin_lock);
      return;
    }
    case T.ARG_PTR_TO_TIMER:
      processTimer(env, regno);
      meta.map = reg.map;
      meta.mapUid = reg.mapUid;
      return;
    case T.ARG_PTR_TO_FUNC:
      meta.subprogno = reg.subprogno;
      return;
    case T.ARG_PTR_TO_MEM: {
      checkMem(env, regno, reg, argType, proto.argSizes?.[regno] ?? 0, meta);
      return;
    }
    case T.ARG_CONST_SIZE:
    case T.ARG_CONST_SIZE_OR_ZERO: {
      const zero = T.baseType(argType) === T.ARG_CONST_SIZE_OR_ZERO;
      checkMemSizeReg(env, regno, accessOf(proto.args[arg - 1]!), zero, meta);
      return;
    }
    case T.ARG_CONST_ALLOC_SIZE_OR_ZERO: {
      allocSize(env, regno, reg, meta);
      return;
    }
    case T.ARG_PTR_TO_CONST_STR:
      checkConstStr(env, regno);
      return;
    case T.ARG_PTR_TO_DYNPTR:
    case T.ARG_KPTR_XCHG_DEST:
    case T.ARG_PTR_TO_PERCPU_BTF_ID:
      throw new ModelGap(`bpf: verifier: ${helperName(meta.id) ?? String(meta.id)}()`);
    default:
  }
}

/** @models kernel/bpf/verifier.c check_func_arg() */
export function checkFuncArg(env: VerifierEnv, proto: BpfFuncProto, arg: number, meta: CallMeta): void {
  const regno = arg + 1;
  let argType = proto.args[arg] ?? T.ARG_DONTCARE;
  if (argType === T.ARG_DONTCARE) return;
  checkRegArg(env, regno, SRC_OP);
  const reg = env.regs[regno]!;
  if (argType === T.ARG_ANYTHING) {
    if (isPointerValue(env, regno)) throw env.refuse(EACCES, `R${regno} leaks addr into helper function`);
    return;
  }
  if (isPktPointer(reg.type) && !mayAccessPacket(env, proto.pktAccess, T.BPF_READ))
    throw env.refuse(EACCES, 'helper access to the packet is not allowed');
  if (T.baseType(argType) === T.ARG_PTR_TO_MAP_VALUE) argType = resolveMapArgType(env, meta, argType);
  if (!reg.isNull() || (argType & T.PTR_MAYBE_NULL) === 0) {
    checkRegType(env, regno, argType, meta);
    checkFuncArgRegOff(env, reg, regno, argType);
  }
  if ((argType & T.OBJ_RELEASE) !== 0) noteRelease(env, regno, reg, meta);
  if (reg.refObjId !== 0 && T.baseType(argType) !== T.ARG_KPTR_XCHG_DEST) noteReference(env, regno, reg, meta);
  checkByKind(env, proto, arg, argType, meta);
}
