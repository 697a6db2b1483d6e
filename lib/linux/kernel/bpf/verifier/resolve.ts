// kernel/bpf/verifier.c resolve_pseudo_ldimm64(): 64-bit loads that mean maps: fds become maps, which the program holds from
// now on. Opcodes that do not exist are found here, too.
import { EBADF, EFAULT, EINVAL, EPROTO, E2BIG, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import { bpfClass, bpfMode, bpfOpcodeInInsntable } from '../../../../vm/isa.js';
import { errno, errnoOf } from '../../../errno.js';
import { BPF_RES_SPIN_LOCK, BPF_SPIN_LOCK, BPF_TIMER, BPF_WORKQUEUE } from '../btf/record.js';
import { BtfFile, MapFile } from '../file.js';
import type { BpfMap } from '../map.js';
import type { ProgLoadAttr } from '../prog.js';
import { mapGet } from '../syscall/fd.js';
import * as T from '../type_flags.js';
import type { BpfInsn } from '../verifier_ops.js';
import { LD_IMM64 } from './call_kinds.js';
import type { VerifierEnv } from './env.js';
import { BPF_MAX_VAR_OFF } from './stack.js';

const MAX_USED_MAPS = 64;

/** Kinds of programs that run anywhere in the kernel. */
const tracing = new Set([
  ...[B.BPF_PROG_TYPE_KPROBE, B.BPF_PROG_TYPE_TRACEPOINT, B.BPF_PROG_TYPE_PERF_EVENT],
  ...[B.BPF_PROG_TYPE_RAW_TRACEPOINT, B.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE],
]);

/** @models kernel/bpf/verifier.c check_map_prog_compatibility() */
function checkMapProgCompatibility(env: VerifierEnv, map: BpfMap): void {
  const isFilter = env.prog.type === B.BPF_PROG_TYPE_SOCKET_FILTER;
  if (isFilter && map.record?.has(BPF_SPIN_LOCK | BPF_RES_SPIN_LOCK) === true)
    throw env.refuse(EINVAL, 'socket filter progs cannot use bpf_spin_lock yet');
  if (tracing.has(env.prog.type)) {
    if (map.record?.has(BPF_SPIN_LOCK | BPF_RES_SPIN_LOCK) === true)
      throw env.refuse(EINVAL, 'tracing progs cannot use bpf_spin_lock yet');
    if (map.record?.has(BPF_TIMER) === true) throw env.refuse(EINVAL, 'tracing progs cannot use bpf_timer yet');
    if (map.record?.has(BPF_WORKQUEUE) === true) throw env.refuse(EINVAL, 'tracing progs cannot use bpf_wq yet');
  }
  if (map.mapType === B.BPF_MAP_TYPE_STRUCT_OPS) throw env.refuse(EINVAL, 'bpf_struct_ops map cannot be used in prog');
}

/** @models kernel/bpf/verifier.c __add_used_map() */
function addUsedMap(env: VerifierEnv, map: BpfMap): void {
  const { prog } = env;
  if (prog.usedMaps.includes(map)) return;
  if (prog.usedMaps.length >= MAX_USED_MAPS)
    throw env.refuse(E2BIG, `The total number of maps per program has reached the limit of ${MAX_USED_MAPS}`);
  checkMapProgCompatibility(env, map);
  prog.usedMaps.push(map.hold(prog));
}

/** @models kernel/bpf/verifier.c add_used_map() */
function usedMapOf(env: VerifierEnv, fd: number): BpfMap {
  let map: BpfMap;
  try {
    map = mapGet(env.task, fd);
  } catch (refused) {
    throw env.refuse(errnoOf(refused), `fd ${fd} is not pointing to valid bpf_map`);
  }
  addUsedMap(env, map);
  return map;
}

/** Maps and BTFs that a program is bound to without naming them. @models kernel/bpf/verifier.c process_fd_array() */
export function processFdArray(env: VerifierEnv, { fdArray, fdArrayCnt }: ProgLoadAttr): void {
  if (fdArrayCnt === 0) return;
  if (fdArrayCnt >= 0x3fffffff) throw env.refuse(EINVAL, `fd_array_cnt is too big (${fdArrayCnt})`);
  for (let i = 0; i < fdArrayCnt; i++) {
    const fd = fdAt(env, fdArray, i);
    const file: unknown = env.task.fget(fd);
    if (file instanceof BtfFile) continue;
    if (!(file instanceof MapFile))
      throw env.refuse(file === undefined ? EBADF : EINVAL, `fd ${fd} is not pointing to valid map or btf`);
    addUsedMap(env, file.map);
  }
}

function fdAt(env: VerifierEnv, fdArray: number, index: number): number {
  const bytes = env.task.memory.read(fdArray + index * 4, 4);
  if (bytes === undefined) throw errno(EFAULT);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
}

const isIndexed = ({ src }: BpfInsn): boolean => src === B.BPF_PSEUDO_MAP_IDX || src === B.BPF_PSEUDO_MAP_IDX_VALUE;

function mapOf(env: VerifierEnv, insn: BpfInsn, fdArray: number): BpfMap {
  if (!isIndexed(insn)) return usedMapOf(env, insn.imm);
  if (fdArray === 0) throw env.refuse(EPROTO, 'fd_idx without fd_array is invalid');
  return usedMapOf(env, fdAt(env, fdArray, insn.imm));
}

/** A pointer into the only value of a map. */
function resolveValue(env: VerifierEnv, map: BpfMap, i: number, off: number): void {
  if (off >= BPF_MAX_VAR_OFF) throw env.refuse(EINVAL, `direct value offset of ${off} is not allowed`);
  const address = map.directValueAddr(off);
  if (address === -ENOTSUPP && map.mapType !== B.BPF_MAP_TYPE_ARRAY)
    throw env.refuse(EINVAL, 'no direct value access support for this map type');
  if (address < 0)
    throw env.refuse(-address, `invalid access to map value pointer, value_size=${map.valueSize} off=${off}`);
  env.aux[i]!.mapOff = off;
}

function isZeroSlot({ code, dst, src, off }: BpfInsn): boolean {
  return code === 0 && dst === 0 && src === 0 && off === 0;
}

function resolveLoad(env: VerifierEnv, i: number, fdArray: number): void {
  const insn = env.insns[i]!;
  const next = env.insns[i + 1];
  if (next === undefined || !isZeroSlot(next)) throw env.refuse(EINVAL, 'invalid bpf_ld_imm64 insn');
  if (insn.src === 0) return;
  if (insn.src === B.BPF_PSEUDO_BTF_ID)
    // The types of the kernel itself are not modelled.
    throw env.refuse(EINVAL, `ldimm64 insn specifies invalid btf_id ${insn.imm}.`);
  if (insn.src === B.BPF_PSEUDO_FUNC) {
    env.aux[i]!.ptrType = T.PTR_TO_FUNC;
    return;
  }
  const isValue = insn.src === B.BPF_PSEUDO_MAP_VALUE || insn.src === B.BPF_PSEUDO_MAP_IDX_VALUE;
  const isMap = insn.src === B.BPF_PSEUDO_MAP_FD || insn.src === B.BPF_PSEUDO_MAP_IDX;
  if (!isValue && !(isMap && next.imm === 0)) throw env.refuse(EINVAL, 'unrecognized bpf_ld_imm64 insn');
  const map = mapOf(env, insn, fdArray);
  env.aux[i]!.map = map;
  if (isValue) resolveValue(env, map, i, next.imm >>> 0);
  if (env.tracing) showAddress(env, map, i);
}

/** High half of addresses of the kernel's memory. */
const KERNEL_HIGH = 0xffff8880 | 0;

/** The log shows the address that will run. */
function showAddress({ code, aux }: VerifierEnv, map: BpfMap, i: number): void {
  const { mapOff } = aux[i]!;
  const isValue = code.src(i) === B.BPF_PSEUDO_MAP_VALUE || code.src(i) === B.BPF_PSEUDO_MAP_IDX_VALUE;
  code.setImm(i, isValue ? map.directValueAddr(mapOff) + mapOff : map.address);
  code.setImm(i + 1, KERNEL_HIGH);
}

/** What runs has the addresses of maps. @models kernel/bpf/verifier.c convert_pseudo_ld_imm64() */
export function convertPseudoLdImm64({ insns, aux }: VerifierEnv): void {
  for (let i = 0; i < insns.length; i++) {
    if (insns[i]!.code !== LD_IMM64) continue;
    const { map, mapOff } = aux[i]!;
    if (map !== undefined) {
      const isValue = insns[i]!.src === B.BPF_PSEUDO_MAP_VALUE || insns[i]!.src === B.BPF_PSEUDO_MAP_IDX_VALUE;
      const address = isValue ? map.directValueAddr(mapOff) + mapOff : map.address;
      insns[i] = { ...insns[i]!, src: 0, imm: address | 0 };
      insns[i + 1] = { ...insns[i + 1]!, imm: 0 };
    }
    i++;
  }
}

/** @models kernel/bpf/verifier.c resolve_pseudo_ldimm64() */
export function resolvePseudoLdimm64(env: VerifierEnv, fdArray: number): void {
  for (let i = 0; i < env.insns.length; i++) {
    const { code, imm } = env.insns[i]!;
    const mode = bpfMode(code);
    if (bpfClass(code) === C.BPF_LDX && ((mode !== C.BPF_MEM && mode !== I.BPF_MEMSX) || imm !== 0))
      throw env.refuse(EINVAL, 'BPF_LDX uses reserved fields');
    if (code === LD_IMM64) {
      resolveLoad(env, i, fdArray);
      i++;
    } else if (!bpfOpcodeInInsntable(code))
      throw env.refuse(EINVAL, `unknown opcode ${code.toString(16).padStart(2, '0')}`);
  }
}
