// kernel/bpf/btf.c check_member() and check_kflag_member() of each kind: whether a member of the kind fits where its struct
// or union says it is. With the kind flag a member may be a bit field, but of an int or an enum only.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as K from '../../../../uapi/linux/btf.js';
import type { BtfCheckEnv } from './check_env.js';
import type { BtfMember } from './type_info.js';

const BITS_PER_U128 = 128;
const U32_MAX = 0xffffffff;
/** Bits of the type of an enum, as far as bit fields go. */
const ENUM_BITS = 32;

/** Whether `bits` bits from bit `offset` on lie inside. */
function checkBits(env: BtfCheckEnv, id: number, member: BtfMember, offset: number, bits: number): void {
  const bytesOffset = Math.floor(offset / 8);
  const copied = bits + (offset % 8);
  if (copied > BITS_PER_U128) env.failMember(EINVAL, id, member, 'nr_copy_bits exceeds 128');
  if (env.types.sizeOf(id) - bytesOffset < Math.ceil(copied / 8))
    env.failMember(EINVAL, id, member, 'Member exceeds struct_size');
}

/** @models kernel/bpf/btf.c btf_int_check_member() */
function checkInt(env: BtfCheckEnv, id: number, member: BtfMember, type: number): void {
  const word = env.types.extra(type, 0);
  const offset = member.offset + K.btfIntOffset(word);
  if (offset > U32_MAX) env.failMember(EINVAL, id, member, 'bits_offset exceeds U32_MAX');
  checkBits(env, id, member, offset, K.btfIntBits(word));
}

/** @models kernel/bpf/btf.c btf_int_check_kflag_member() */
function checkIntBitfield(env: BtfCheckEnv, id: number, member: BtfMember, type: number): void {
  if (!env.types.isRegularInt(type)) env.failMember(EINVAL, id, member, 'Invalid member base type');
  const intBits = K.btfIntBits(env.types.extra(type, 0));
  if (member.bitfieldSize === 0) {
    if (member.bitOffset % 8 !== 0) env.failMember(EINVAL, id, member, 'Invalid member offset');
  } else if (member.bitfieldSize > intBits) env.failMember(EINVAL, id, member, 'Invalid member bitfield_size');
  checkBits(env, id, member, member.bitOffset, member.bitfieldSize === 0 ? intBits : member.bitfieldSize);
}

/** @models kernel/bpf/btf.c btf_enum_check_kflag_member() */
function checkEnumBitfield(env: BtfCheckEnv, id: number, member: BtfMember): void {
  const { bitfieldSize, bitOffset } = member;
  if (bitfieldSize === 0) {
    if (bitOffset % 8 !== 0) env.failMember(EINVAL, id, member, 'Member is not byte aligned');
  } else if (bitfieldSize > ENUM_BITS) env.failMember(EINVAL, id, member, 'Invalid member bitfield_size');
  const end = Math.ceil((bitOffset + (bitfieldSize === 0 ? ENUM_BITS : bitfieldSize)) / 8);
  if (env.types.sizeOf(id) < end) env.failMember(EINVAL, id, member, 'Member exceeds struct_size');
}

/** @models kernel/bpf/btf.c btf_float_check_member() */
function checkFloat(env: BtfCheckEnv, id: number, member: BtfMember, type: number): void {
  const size = env.types.sizeOf(type);
  if (member.offset % (Math.min(8, size) * 8) !== 0)
    env.failMember(EINVAL, id, member, 'Member is not properly aligned');
  if (Math.floor(member.offset / 8) + size > env.types.sizeOf(id))
    env.failMember(EINVAL, id, member, 'Member exceeds struct_size');
}

/** Members of whole bytes. The subtraction is that of unsigned words: meta.ts has seen that the offset lies inside. */
function checkBytes(env: BtfCheckEnv, id: number, member: BtfMember, size: number): void {
  if (member.offset % 8 !== 0) env.failMember(EINVAL, id, member, 'Member is not byte aligned');
  if ((env.types.sizeOf(id) - Math.floor(member.offset / 8)) >>> 0 < size)
    env.failMember(EINVAL, id, member, 'Member exceeds struct_size');
}

/** Whether a member fits in type `id`. @models kernel/bpf/btf.c check_member() of struct btf_kind_operations */
export function checkMember(env: BtfCheckEnv, id: number, member: BtfMember, type: number): void {
  const { types } = env;
  const kflag = types.kflagOf(id);
  const kind = types.kindOf(type);
  if (types.isModifier(type)) checkModified(env, id, member, type);
  else if (kind === K.BTF_KIND_INT) (kflag ? checkIntBitfield : checkInt)(env, id, member, type);
  else if (kflag && (kind === K.BTF_KIND_ENUM || kind === K.BTF_KIND_ENUM64)) checkEnumBitfield(env, id, member);
  else if (kflag && member.bitfieldSize !== 0) env.failMember(EINVAL, id, member, 'Invalid member bitfield_size');
  else if (kind === K.BTF_KIND_FLOAT) checkFloat(env, id, member, type);
  else checkBytes(env, id, member, types.sizedType(type)?.size ?? 0);
}

/** @models kernel/bpf/btf.c btf_modifier_check_member() */
function checkModified(env: BtfCheckEnv, id: number, member: BtfMember, type: number): void {
  const sized = env.types.sizedType(type);
  if (sized === undefined) env.failMember(EINVAL, id, member, 'Invalid member');
  checkMember(env, id, { ...member, type: sized.id }, sized.id);
}
