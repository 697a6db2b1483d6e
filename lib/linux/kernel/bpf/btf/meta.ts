// kernel/bpf/btf.c check_meta() of each kind: a type looked at by itself, in the order of the bytes: whether it is all there,
// what may be set, names, ids in range. Each good type goes to the log as it is met; texts and their order are the kernel's.
import { EINVAL, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as K from '../../../../uapi/linux/btf.js';
import type { BtfCheckEnv } from './check_env.js';
import type { BtfHeader } from './header.js';
import { memberOf, SIZEOF_BTF_TYPE } from './type_info.js';

const BTF_INFO_MASK = 0x9f00ffff;
const BTF_INT_MASK = 0x0fffffff;
const BTF_MAX_TYPE = 0x000fffff;
const BITS_PER_U128 = 128;

/** BTF_TYPE_ID_VALID() */
const isTypeId = (id: number): boolean => id <= BTF_MAX_TYPE;

/** Looks at type `id`, behind which `left` bytes are; gives the bytes that belong to it. Refuses by throwing. */
type CheckMeta = (env: BtfCheckEnv, id: number, left: number) => number;

function need(env: BtfCheckEnv, id: number, left: number, needed: number): number {
  if (left < needed) env.failBasic(EINVAL, id, `meta_left:${left} meta_needed:${needed}`);
  return needed;
}

function refuseVlen(env: BtfCheckEnv, id: number): void {
  if (env.types.vlenOf(id) !== 0) env.failType(EINVAL, id, 'vlen != 0');
}

function refuseKflag(env: BtfCheckEnv, id: number): void {
  if (env.types.kflagOf(id)) env.failType(EINVAL, id, 'Invalid btf_info kind_flag');
}

/** The type must have a name that is an identifier. */
function wantName(env: BtfCheckEnv, id: number): void {
  const offset = env.types.nameOffOf(id);
  if (offset === 0 || !env.types.isIdentifier(offset)) env.failType(EINVAL, id, 'Invalid name');
}

/** The type has no name, or one that is an identifier. */
function allowName(env: BtfCheckEnv, id: number): void {
  const offset = env.types.nameOffOf(id);
  if (offset !== 0 && !env.types.isIdentifier(offset)) env.failType(EINVAL, id, 'Invalid name');
}

function refuseName(env: BtfCheckEnv, id: number): void {
  if (env.types.nameOffOf(id) !== 0) env.failType(EINVAL, id, 'Invalid name');
}

/** @models kernel/bpf/btf.c btf_int_check_meta() */
const int: CheckMeta = (env, id, left) => {
  const needed = need(env, id, left, 4);
  refuseVlen(env, id);
  refuseKflag(env, id);
  const { types } = env;
  const word = types.extra(id, 0);
  if ((word & ~BTF_INT_MASK) !== 0) env.failBasic(EINVAL, id, `Invalid int_data:${word.toString(16)}`);
  const bits = K.btfIntBits(word) + K.btfIntOffset(word);
  if (bits > BITS_PER_U128) env.failType(EINVAL, id, `nr_bits exceeds ${BITS_PER_U128}`);
  if (Math.ceil(bits / 8) > types.sizeOf(id)) env.failType(EINVAL, id, 'nr_bits exceeds type_size');
  if (![0, K.BTF_INT_SIGNED, K.BTF_INT_CHAR, K.BTF_INT_BOOL].includes(K.btfIntEncoding(word)))
    env.failType(ENOTSUPP, id, 'Unsupported encoding');
  env.logType(id);
  return needed;
};

/** @models kernel/bpf/btf.c btf_ref_type_check_meta() */
const reference: CheckMeta = (env, id) => {
  const { types } = env;
  const kind = types.kindOf(id);
  refuseVlen(env, id);
  if (kind !== K.BTF_KIND_TYPE_TAG) refuseKflag(env, id);
  if (!isTypeId(types.typeOf(id))) env.failType(EINVAL, id, 'Invalid type_id');
  if (kind === K.BTF_KIND_TYPEDEF) wantName(env, id);
  else if (kind === K.BTF_KIND_TYPE_TAG) {
    if (types.nameOf(id) === '') env.failType(EINVAL, id, 'Invalid name');
  } else refuseName(env, id);
  env.logType(id);
  return 0;
};

/** @models kernel/bpf/btf.c btf_fwd_check_meta() */
const fwd: CheckMeta = (env, id) => {
  refuseVlen(env, id);
  if (env.types.typeOf(id) !== 0) env.failType(EINVAL, id, 'type != 0');
  wantName(env, id);
  env.logType(id);
  return 0;
};

/** @models kernel/bpf/btf.c btf_array_check_meta() */
const array: CheckMeta = (env, id, left) => {
  const needed = need(env, id, left, 12);
  const { types } = env;
  refuseName(env, id);
  refuseVlen(env, id);
  refuseKflag(env, id);
  if (types.sizeOf(id) !== 0) env.failType(EINVAL, id, 'size != 0');
  const isValue = (type: number): boolean => type !== 0 && isTypeId(type);
  if (!isValue(types.extra(id, 0))) env.failType(EINVAL, id, 'Invalid elem');
  if (!isValue(types.extra(id, 1))) env.failType(EINVAL, id, 'Invalid index');
  env.logType(id);
  return needed;
};

/** @models kernel/bpf/btf.c btf_struct_check_meta() */
const struct: CheckMeta = (env, id, left) => {
  const { types } = env;
  const count = types.vlenOf(id);
  const needed = need(env, id, left, count * 12);
  allowName(env, id);
  env.logType(id);
  let last = 0;
  for (let i = 0; i < count; i++) last = structMember(env, id, i, last);
  return needed;
};

/** Members come in the order of their bits, which `last` ends at; gives the new end. */
function structMember(env: BtfCheckEnv, id: number, index: number, last: number): number {
  const { types } = env;
  const member = memberOf(types, id, index);
  const { nameOff, type, bitOffset } = member;
  if (!types.isNameOffset(nameOff)) env.failMember(EINVAL, id, member, `Invalid member name_offset:${nameOff}`);
  if (nameOff !== 0 && !types.isIdentifier(nameOff)) env.failMember(EINVAL, id, member, 'Invalid name');
  if (type === 0 || !isTypeId(type)) env.failMember(EINVAL, id, member, 'Invalid type_id');
  const isUnion = types.kindOf(id) === K.BTF_KIND_UNION;
  if ((isUnion && bitOffset !== 0) || last > bitOffset)
    env.failMember(EINVAL, id, member, 'Invalid member bits_offset');
  if (Math.ceil(bitOffset / 8) > types.sizeOf(id))
    env.failMember(EINVAL, id, member, 'Member bits_offset exceeds its struct size');
  env.logMember(id, member);
  return bitOffset;
}

/** Enumerators: a name each, then `words` words of value. */
const enumeration =
  (words: number, show: (env: BtfCheckEnv, id: number, at: number) => string): CheckMeta =>
  (env, id, left) => {
    const { types } = env;
    const count = types.vlenOf(id);
    const needed = need(env, id, left, count * 4 * (1 + words));
    const size = types.sizeOf(id);
    if (size > 8 || size === 0 || (size & (size - 1)) !== 0) env.failType(EINVAL, id, 'Unexpected size');
    allowName(env, id);
    env.logType(id);
    for (let at = 0; at < count * (1 + words); at += 1 + words) {
      const name = types.extra(id, at);
      if (!types.isNameOffset(name)) env.fail(EINVAL, `\tInvalid name_offset:${name}`);
      if (name === 0 || !types.isIdentifier(name)) env.failType(EINVAL, id, 'Invalid name');
      if (env.log.needed) env.log.write(`\t${types.shownName(name)} val=${show(env, id, at)}\n`);
    }
    return needed;
  };

/** @models kernel/bpf/btf.c btf_enum_check_meta() */
const enum32 = enumeration(1, ({ types }, id, at) => {
  const value = types.extra(id, at + 1);
  return String(types.kflagOf(id) ? value | 0 : value);
});

/** @models kernel/bpf/btf.c btf_enum64_check_meta() */
const enum64 = enumeration(2, ({ types }, id, at) => {
  const value = (BigInt(types.extra(id, at + 2)) << 32n) | BigInt(types.extra(id, at + 1));
  return String(types.kflagOf(id) ? BigInt.asIntN(64, value) : value);
});

/** @models kernel/bpf/btf.c btf_func_proto_check_meta() */
const funcProto: CheckMeta = (env, id, left) => {
  const needed = need(env, id, left, env.types.vlenOf(id) * 8);
  refuseName(env, id);
  refuseKflag(env, id);
  env.logType(id);
  return needed;
};

/** @models kernel/bpf/btf.c btf_func_check_meta() */
const func: CheckMeta = (env, id) => {
  wantName(env, id);
  if (env.types.vlenOf(id) > K.BTF_FUNC_GLOBAL) env.failType(EINVAL, id, 'Invalid func linkage');
  refuseKflag(env, id);
  env.logType(id);
  return 0;
};

/** @models kernel/bpf/btf.c btf_var_check_meta() */
const variable: CheckMeta = (env, id, left) => {
  const needed = need(env, id, left, 4);
  const { types } = env;
  refuseVlen(env, id);
  refuseKflag(env, id);
  wantName(env, id);
  if (types.typeOf(id) === 0 || !isTypeId(types.typeOf(id))) env.failType(EINVAL, id, 'Invalid type_id');
  const linkage = types.extra(id, 0);
  if (linkage !== K.BTF_VAR_STATIC && linkage !== K.BTF_VAR_GLOBAL_ALLOCATED)
    env.failType(EINVAL, id, 'Linkage not supported');
  env.logType(id);
  return needed;
};

/** @models kernel/bpf/btf.c btf_datasec_check_meta() */
const datasec: CheckMeta = (env, id, left) => {
  const { types } = env;
  const count = types.vlenOf(id);
  const needed = need(env, id, left, count * 12);
  if (types.sizeOf(id) === 0) env.failType(EINVAL, id, 'size == 0');
  refuseKflag(env, id);
  const name = types.nameOffOf(id);
  if (name === 0 || !types.isSectionName(name)) env.failType(EINVAL, id, 'Invalid name');
  env.logType(id);
  let end = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    end = sectionVariable(env, id, i, end);
    sum += types.extra(id, 3 * i + 2);
  }
  if (types.sizeOf(id) < sum) env.failType(EINVAL, id, 'Invalid btf_info size');
  return needed;
};

/** Variables come one behind the other, the last one ending at `last`; gives the new end. */
function sectionVariable(env: BtfCheckEnv, id: number, index: number, last: number): number {
  const { types } = env;
  const [type, offset, size] = [0, 1, 2].map((i) => types.extra(id, 3 * index + i)) as [number, number, number];
  if (type === 0 || !isTypeId(type)) failVariable(env, id, index, 'Invalid type_id');
  if (offset < last || offset >= types.sizeOf(id)) failVariable(env, id, index, 'Invalid offset');
  if (size === 0 || size > types.sizeOf(id)) failVariable(env, id, index, 'Invalid size');
  if (offset + size > types.sizeOf(id)) failVariable(env, id, index, 'Invalid offset+size');
  logVariable(env, id, index);
  return offset + size;
}

/** @models kernel/bpf/btf.c btf_verifier_log_vsi() */
function logVariable(env: BtfCheckEnv, id: number, index: number, text = ''): void {
  if (!env.log.needed) return;
  if (env.phase !== 'meta') env.logType(id);
  const [type, offset, size] = [0, 1, 2].map((i) => env.types.extra(id, 3 * index + i)) as [number, number, number];
  env.log.write(`\t type_id=${type} offset=${offset} size=${size}${text === '' ? '' : ` ${text}`}\n`);
}

/** Refuses for what is wrong with variable `index` of a section. @models kernel/bpf/btf.c btf_verifier_log_vsi() */
export function failVariable(env: BtfCheckEnv, id: number, index: number, text: string): never {
  logVariable(env, id, index, text);
  env.fail(EINVAL, '');
}

/** @models kernel/bpf/btf.c btf_float_check_meta() */
const float: CheckMeta = (env, id) => {
  refuseVlen(env, id);
  refuseKflag(env, id);
  if (![2, 4, 8, 12, 16].includes(env.types.sizeOf(id))) env.failType(EINVAL, id, 'Invalid type_size');
  env.logType(id);
  return 0;
};

/** @models kernel/bpf/btf.c btf_decl_tag_check_meta() */
const declTag: CheckMeta = (env, id, left) => {
  const needed = need(env, id, left, 4);
  if (env.types.nameOf(id) === '') env.failType(EINVAL, id, 'Invalid value');
  refuseVlen(env, id);
  if ((env.types.extra(id, 0) | 0) < -1) env.failType(EINVAL, id, 'Invalid component_idx');
  env.logType(id);
  return needed;
};

const checks: Readonly<Record<number, CheckMeta>> = {
  [K.BTF_KIND_INT]: int,
  [K.BTF_KIND_PTR]: reference,
  [K.BTF_KIND_ARRAY]: array,
  [K.BTF_KIND_STRUCT]: struct,
  [K.BTF_KIND_UNION]: struct,
  [K.BTF_KIND_ENUM]: enum32,
  [K.BTF_KIND_FWD]: fwd,
  [K.BTF_KIND_TYPEDEF]: reference,
  [K.BTF_KIND_VOLATILE]: reference,
  [K.BTF_KIND_CONST]: reference,
  [K.BTF_KIND_RESTRICT]: reference,
  [K.BTF_KIND_FUNC]: func,
  [K.BTF_KIND_FUNC_PROTO]: funcProto,
  [K.BTF_KIND_VAR]: variable,
  [K.BTF_KIND_DATASEC]: datasec,
  [K.BTF_KIND_FLOAT]: float,
  [K.BTF_KIND_DECL_TAG]: declTag,
  [K.BTF_KIND_TYPE_TAG]: reference,
  [K.BTF_KIND_ENUM64]: enum64,
};

/** What is common to all kinds; the type is entered already. @models kernel/bpf/btf.c btf_check_meta() */
function checkMeta(env: BtfCheckEnv, id: number, left: number): number {
  const { types } = env;
  if (left < SIZEOF_BTF_TYPE) env.fail(EINVAL, `[${id}] meta_left:${left} meta_needed:${SIZEOF_BTF_TYPE}`);
  const info = types.infoOf(id);
  if ((info & ~BTF_INFO_MASK) !== 0) env.fail(EINVAL, `[${id}] Invalid btf_info:${info.toString(16)}`);
  const check = checks[types.kindOf(id)];
  if (check === undefined) env.fail(EINVAL, `[${id}] Invalid kind:${types.kindOf(id)}`);
  const name = types.nameOffOf(id);
  if (!types.isNameOffset(name)) env.fail(EINVAL, `[${id}] Invalid name_offset:${name}`);
  return SIZEOF_BTF_TYPE + check(env, id, left - SIZEOF_BTF_TYPE);
}

/** Enters every type of the section. @models kernel/bpf/btf.c btf_check_all_metas() */
export function checkAllMetas(env: BtfCheckEnv, header: BtfHeader): void {
  const start = header.hdrLen + header.typeOff;
  const end = start + header.typeLen;
  for (let at = start; at < end;) {
    const id = env.types.typeAt.push(at) - 1;
    env.logTypeId = id;
    at += checkMeta(env, id, end - at);
  }
}
