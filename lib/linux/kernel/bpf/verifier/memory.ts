// kernel/bpf/verifier.c check_mem_access(): whether a load or store through a pointer is allowed, by the kind of pointer, and
// what a load makes known of its destination. Helpers' arguments pass through parts of it (helper_args.ts).
import { EACCES, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';

import type { MapView } from './map_view.js';
import type { AccessType } from '../type_flags.js';
import * as T from '../type_flags.js';
import type { InsnAccessAux } from '../verifier_ops.js';
import { checkPtrAlignment } from './alignment.js';
import { coerceRegToSize, coerceRegToSizeSx } from './bounds.js';
import { verboseLinfo } from './btf_info.js';
import { checkMapField } from './map_fields.js';
import { accessMapPtr } from './map_ptr_access.js';
import type { VerifierEnv } from './env.js';
import { regTypeStr, tnumStr } from './print.js';
import { isPointerValue } from './reg_arg.js';
import { DEF_NOT_SUBREG, type RegState } from './reg_state.js';
import { sockIsValidAccess } from './sock_access.js';
import { BPF_MAX_VAR_OFF, checkStackRead, checkStackWithinBounds, checkStackWrite } from './stack.js';
import { Word } from './word.js';

export const MAX_PACKET_OFF = 0xffff;
const MAX_VAR_OFF = Word.int(BPF_MAX_VAR_OFF);

/** @models kernel/bpf/verifier.c type_is_pkt_pointer() */
export const isPktPointer = (type: number): boolean => {
  const base = T.baseType(type);
  return base === T.PTR_TO_PACKET || base === T.PTR_TO_PACKET_META;
};

/** @models kernel/bpf/verifier.c type_is_sk_pointer() */
export const isSkPointer = (type: number): boolean =>
  type === T.PTR_TO_SOCKET || type === T.PTR_TO_SOCK_COMMON || type === T.PTR_TO_TCP_SOCK || type === T.PTR_TO_XDP_SOCK;

/** Says which region a wrong access was meant for. */
function regionText(reg: RegState, regno: number, off: number, size: number, memSize: number): string {
  switch (reg.type) {
    case T.PTR_TO_MAP_KEY:
      return `invalid access to map key, key_size=${memSize} off=${off} size=${size}`;
    case T.PTR_TO_MAP_VALUE:
      return `invalid access to map value, value_size=${memSize} off=${off} size=${size}`;
    case T.PTR_TO_PACKET:
    case T.PTR_TO_PACKET_META:
    case T.PTR_TO_PACKET_END:
      return `invalid access to packet, off=${off} size=${size}, R${regno}(id=${reg.id},off=${off},r=${memSize})`;
    default:
      return `invalid access to memory, mem_size=${memSize} off=${off} size=${size}`;
  }
}

/** False, having said why, when [off, off + size) is not inside. @models kernel/bpf/verifier.c __check_mem_access() */
function isInside(env: VerifierEnv, regno: number, off: number, size: number, memSize: number, zero: boolean): boolean {
  if (off >= 0 && (size > 0 || (size === 0 && zero)) && off + size <= memSize) return true;
  env.verbose(`${regionText(env.regs[regno]!, regno, off, size, memSize)}\n`);
  return false;
}

const negativeText = (regno: number): string =>
  `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`;

/** An access with a variable offset. @models kernel/bpf/verifier.c check_mem_region_access() */
export function checkMemRegion(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  memSize: number,
  zero: boolean,
): void {
  const reg = env.regs[regno]!;
  if (reg.smin.isNegative()) {
    const sum = Word.int(off).add(reg.smin);
    if (reg.smin.eq(Word.S64_MIN) || sum.hi !== sum.lo >> 31 || sum.isNegative())
      throw env.refuse(EACCES, negativeText(regno));
  }
  if (!isInside(env, regno, reg.smin.add(Word.int(off)).lo, size, memSize, zero))
    throw env.refuse(EACCES, `R${regno} min value is outside of the allowed memory range`);
  if (!reg.umax.ltu(MAX_VAR_OFF))
    throw env.refuse(EACCES, `R${regno} unbounded memory access, make sure to bounds check any such access`);
  if (!isInside(env, regno, reg.umax.lo + off, size, memSize, zero))
    throw env.refuse(EACCES, `R${regno} max value is outside of the allowed memory range`);
}

/** The pointer must be as it was given. @models kernel/bpf/verifier.c __check_ptr_off_reg() */
export function checkPtrOff(env: VerifierEnv, reg: RegState, regno: number, fixedOk: boolean): void {
  const name = regTypeStr(reg.type);
  if (reg.off < 0) throw env.refuse(EACCES, `negative offset ${name} ptr R${regno} off=${reg.off} disallowed`);
  if (!fixedOk && reg.off !== 0)
    throw env.refuse(EACCES, `dereference of modified ${name} ptr R${regno} off=${reg.off} disallowed`);
  if (!reg.varOff.equalsConst(Word.ZERO))
    throw env.refuse(EACCES, `variable ${name} access var_off=${tnumStr(reg.varOff)} disallowed`);
}

/** @models kernel/bpf/verifier.c check_map_access_type() */
export function checkMapAccessType(env: VerifierEnv, map: MapView, off: number, size: number, t: AccessType): void {
  const text = `map forbidden, value_size=${map.valueSize} off=${off} size=${size}`;
  if (t === T.BPF_WRITE && (map.mapFlags & B.BPF_F_RDONLY_PROG) !== 0) throw env.refuse(EACCES, `write into ${text}`);
  if (t === T.BPF_READ && (map.mapFlags & B.BPF_F_WRONLY_PROG) !== 0) throw env.refuse(EACCES, `read from ${text}`);
}

/** @models kernel/bpf/verifier.c check_map_access() */
export function checkMapAccess(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  zero: boolean,
  direct: boolean,
): void {
  const reg = env.regs[regno]!;
  checkMemRegion(env, regno, off, size, reg.map!.valueSize, zero);
  const low = reg.smin.toNumber() + off;
  const high = reg.umax.toNumber() + off + size;
  for (const field of reg.map!.record?.fields ?? [])
    if (low < field.offset + field.size && field.offset < high) checkMapField(env, reg, field, off, size, direct);
}

const packetReaders = new Set([
  ...[B.BPF_PROG_TYPE_LWT_IN, B.BPF_PROG_TYPE_LWT_OUT, B.BPF_PROG_TYPE_LWT_SEG6LOCAL],
  ...[B.BPF_PROG_TYPE_SK_REUSEPORT, B.BPF_PROG_TYPE_FLOW_DISSECTOR, B.BPF_PROG_TYPE_CGROUP_SKB],
]);
const packetWriters = new Set([
  ...[B.BPF_PROG_TYPE_SCHED_CLS, B.BPF_PROG_TYPE_SCHED_ACT, B.BPF_PROG_TYPE_XDP, B.BPF_PROG_TYPE_LWT_XMIT],
  ...[B.BPF_PROG_TYPE_SK_SKB, B.BPF_PROG_TYPE_SK_MSG],
]);

/**
 * Whether a program may touch packets; `pktAccess` is what a helper says of its arguments.
 * @models kernel/bpf/verifier.c may_access_direct_pkt_data()
 */
export function mayAccessPacket(env: VerifierEnv, pktAccess: boolean | undefined, t: AccessType): boolean {
  const { type } = env.prog;
  if (!packetWriters.has(type) && (!packetReaders.has(type) || t === T.BPF_WRITE)) return false;
  if (pktAccess !== undefined) return pktAccess;
  env.seenDirectWrite = true;
  return true;
}

/** @models kernel/bpf/verifier.c check_packet_access() */
export function checkPacketAccess(env: VerifierEnv, regno: number, off: number, size: number, zero: boolean): void {
  const reg = env.regs[regno]!;
  if (reg.smin.isNegative()) throw env.refuse(EACCES, negativeText(regno));
  const failed = reg.range < 0 ? EINVAL : isInside(env, regno, off, size, reg.range, zero) ? 0 : EACCES;
  if (failed !== 0) throw env.refuse(failed, `R${regno} offset is outside of the packet`);
}

function checkCtxAccess(
  env: VerifierEnv,
  insnIdx: number,
  off: number,
  size: number,
  t: AccessType,
  info: InsnAccessAux,
): void {
  if (env.ops.isValidAccess(off, size, t, env.prog, info)) {
    env.aux[insnIdx]!.ctxFieldSize = info.ctxFieldSize;
    return;
  }
  const refusal = env.refuse(EACCES, `invalid bpf_context access off=${off} size=${size}`);
  verboseLinfo(env, insnIdx, '; ');
  throw refusal;
}

/** Stores of addresses need a capability. */
function checkLeak(env: VerifierEnv, t: AccessType, value: number, where: string): void {
  if (t === T.BPF_WRITE && value >= 0 && isPointerValue(env, value))
    throw env.refuse(EACCES, `R${value} leaks addr into ${where}`);
}

function loadUnknown(env: VerifierEnv, t: AccessType, value: number): void {
  if (t === T.BPF_READ && value >= 0) env.regs[value]!.markUnknown(env.precise);
}

/** One access: everything that the functions for the kinds of pointers need. */
export interface Access {
  readonly insnIdx: number;
  readonly regno: number;
  /** With the fixed part of the pointer's offset. */
  readonly off: number;
  readonly size: number;
  readonly t: AccessType;
  /** Register that is stored or loaded into; -1: none. */
  readonly value: number;
  readonly isLdsx: boolean;
}

function accessMapKey(env: VerifierEnv, reg: RegState, a: Access): void {
  if (a.t === T.BPF_WRITE) throw env.refuse(EACCES, `write to change key R${a.regno} not allowed`);
  checkMemRegion(env, a.regno, a.off, a.size, reg.map!.keySize, false);
  if (a.value >= 0) env.regs[a.value]!.markUnknown(env.precise);
}

/** @models kernel/bpf/verifier.c bpf_map_is_rdonly() */
export const isRdonlyMap = (map: MapView): boolean => (map.mapFlags & B.BPF_F_RDONLY_PROG) !== 0 && map.frozen === true;

/** The number in a map that nothing can change any more. @models kernel/bpf/verifier.c bpf_map_direct_read() */
function directRead(map: MapView, off: number, size: number, sign: boolean): Word | undefined {
  const start = map.directValueAddr?.(off) ?? 0;
  if (start <= 0 || map.memory === undefined) return undefined;
  const address = start + off;
  const { view } = map.memory;
  switch (size) {
    case 1:
      return sign ? Word.int(view.getInt8(address)) : Word.uint(view.getUint8(address));
    case 2:
      return sign ? Word.int(view.getInt16(address, true)) : Word.uint(view.getUint16(address, true));
    case 4:
      return sign ? Word.int(view.getInt32(address, true)) : Word.uint(view.getInt32(address, true));
    default:
      return new Word(view.getInt32(address + 4, true), view.getInt32(address, true));
  }
}

function accessMapValue(env: VerifierEnv, reg: RegState, a: Access): void {
  checkLeak(env, a.t, a.value, 'map');
  const map = reg.map!;
  checkMapAccessType(env, map, a.off, a.size, a.t);
  checkMapAccess(env, a.regno, a.off, a.size, false, true);
  if (a.t !== T.BPF_READ || a.value < 0) return;
  const target = env.regs[a.value]!;
  if (reg.varOff.isConst() && isRdonlyMap(map)) {
    const number = directRead(map, a.off + reg.varOff.value.lo, a.size, a.isLdsx);
    if (number !== undefined) {
      target.type = T.SCALAR_VALUE;
      target.markKnown(number);
      return;
    }
  }
  target.markUnknown(env.precise);
}

function accessMem(env: VerifierEnv, reg: RegState, a: Access): void {
  const rdonly = (reg.type & T.MEM_RDONLY) !== 0;
  const name = regTypeStr(reg.type);
  if ((reg.type & T.PTR_MAYBE_NULL) !== 0) throw env.refuse(EACCES, `R${a.regno} invalid mem access '${name}'`);
  if (a.t === T.BPF_WRITE && rdonly) throw env.refuse(EACCES, `R${a.regno} cannot write into ${name}`);
  checkLeak(env, a.t, a.value, 'mem');
  if (!rdonly || (reg.type & T.PTR_UNTRUSTED) === 0) checkMemRegion(env, a.regno, a.off, a.size, reg.memSize, false);
  if (a.value >= 0 && (a.t === T.BPF_READ || rdonly)) env.regs[a.value]!.markUnknown(env.precise);
}

function accessCtx(env: VerifierEnv, reg: RegState, a: Access): void {
  checkLeak(env, a.t, a.value, 'ctx');
  checkPtrOff(env, reg, a.regno, false);
  const info: InsnAccessAux = { regType: T.SCALAR_VALUE, isLdsx: a.isLdsx, ctxFieldSize: 0, isRetval: false };
  checkCtxAccess(env, a.insnIdx, a.off, a.size, a.t, info);
  if (a.t !== T.BPF_READ || a.value < 0) return;
  const target = env.regs[a.value]!;
  if (info.regType === T.SCALAR_VALUE) target.markUnknown(env.precise);
  else {
    target.markKnown(Word.ZERO);
    if ((info.regType & T.PTR_MAYBE_NULL) !== 0) target.id = ++env.idGen;
    target.subregDef = DEF_NOT_SUBREG;
  }
  target.type = info.regType;
}

function accessStack(env: VerifierEnv, a: Access): void {
  checkStackWithinBounds(env, a.regno, a.off, a.size, a.t);
  if (a.t === T.BPF_READ) checkStackRead(env, a.regno, a.off, a.size, a.value);
  else checkStackWrite(env, a.regno, a.off, a.size, a.value, a.insnIdx);
}

function accessPacket(env: VerifierEnv, a: Access): void {
  if (a.t === T.BPF_WRITE && !mayAccessPacket(env, undefined, a.t))
    throw env.refuse(EACCES, 'cannot write into packet');
  checkLeak(env, a.t, a.value, 'packet');
  checkPacketAccess(env, a.regno, a.off, a.size, false);
  loadUnknown(env, a.t, a.value);
}

/** sizeof(struct bpf_flow_keys) */
const SIZEOF_FLOW_KEYS = 56;

function accessFlowKeys(env: VerifierEnv, a: Access): void {
  checkLeak(env, a.t, a.value, 'flow keys');
  if (a.off < 0 || a.off + a.size > SIZEOF_FLOW_KEYS)
    throw env.refuse(EACCES, `invalid access to flow keys off=${a.off} size=${a.size}`);
  loadUnknown(env, a.t, a.value);
}

function accessSock(env: VerifierEnv, reg: RegState, a: Access): void {
  const name = regTypeStr(reg.type);
  if (a.t === T.BPF_WRITE) throw env.refuse(EACCES, `R${a.regno} cannot write into ${name}`);
  if (reg.smin.isNegative()) throw env.refuse(EACCES, negativeText(a.regno));
  const fieldSize = sockIsValidAccess(reg.type, a.off, a.size);
  if (fieldSize === undefined)
    throw env.refuse(EACCES, `R${a.regno} invalid ${name} access off=${a.off} size=${a.size}`);
  env.aux[a.insnIdx]!.ctxFieldSize = fieldSize;
  if (a.value >= 0) env.regs[a.value]!.markUnknown(env.precise);
}

function accessByType(env: VerifierEnv, reg: RegState, a: Access): void {
  switch (reg.type) {
    case T.PTR_TO_MAP_KEY: {
      accessMapKey(env, reg, a);
      return;
    }
    case T.PTR_TO_MAP_VALUE: {
      accessMapValue(env, reg, a);
      return;
    }
    case T.PTR_TO_CTX: {
      accessCtx(env, reg, a);
      return;
    }
    case T.PTR_TO_STACK: {
      accessStack(env, a);
      return;
    }
    case T.PTR_TO_PACKET:
    case T.PTR_TO_PACKET_META: {
      accessPacket(env, a);
      return;
    }
    case T.PTR_TO_FLOW_KEYS: {
      accessFlowKeys(env, a);
      return;
    }
    case T.PTR_TO_SOCKET:
    case T.PTR_TO_SOCK_COMMON:
    case T.PTR_TO_TCP_SOCK:
    case T.PTR_TO_XDP_SOCK: {
      accessSock(env, reg, a);
      return;
    }
    case T.CONST_PTR_TO_MAP: {
      accessMapPtr(env, reg, a);
      return;
    }
    default:
      if (T.baseType(reg.type) === T.PTR_TO_MEM) {
        accessMem(env, reg, a);
        return;
      }
      throw env.refuse(EACCES, `R${a.regno} invalid mem access '${regTypeStr(reg.type)}'`);
  }
}

/** Bytes of BPF_W, BPF_H, BPF_B, BPF_DW. @models include/linux/filter.h bpf_size_to_bytes() */
export const sizeToBytes = (size: number): number => [4, 2, 1, 8][size >> 3]!;

/**
 * Checks an access of `size` bytes at R`regno` + `off`. Stores take the value of R`value`, loads put it there; -1: some
 * value, or none.
 * @models kernel/bpf/verifier.c check_mem_access()
 */
export function checkMemAccess(
  env: VerifierEnv,
  insnIdx: number,
  regno: number,
  off: number,
  size: number,
  t: AccessType,
  value: number,
  strictOnce: boolean,
  isLdsx: boolean,
): void {
  const reg = env.regs[regno]!;
  checkPtrAlignment(env, reg, off, size, strictOnce);
  accessByType(env, reg, { insnIdx, regno, off: off + reg.off, size, t, value, isLdsx });
  if (size >= 8 || value < 0 || t !== T.BPF_READ) return;
  const target = env.regs[value]!;
  if (target.type !== T.SCALAR_VALUE) return;
  if (isLdsx) coerceRegToSizeSx(target, size);
  else coerceRegToSize(target, size);
}
