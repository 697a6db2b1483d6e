// include/uapi/linux/btf.h: how type information lies in a file or in /sys/kernel/btf/vmlinux. A header, then types
// (a btf_type each, followed by what its kind needs), then NUL-terminated strings that the types point into.
import { nameTable } from '../../codec/names.js';
import { s32, u16, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;

export const btf_header = struct('btf_header', {
  magic: u16,
  version: u8,
  flags: u8,
  hdr_len: u32,
  type_off: u32,
  type_len: u32,
  str_off: u32,
  str_len: u32,
});

/** `size` is the anonymous union { size, type }: which of the two, the kind says. */
export const btf_type = struct('btf_type', { name_off: u32, info: u32, size: u32 });

export const BTF_KIND_UNKN = 0;
export const BTF_KIND_INT = 1;
export const BTF_KIND_PTR = 2;
export const BTF_KIND_ARRAY = 3;
export const BTF_KIND_STRUCT = 4;
export const BTF_KIND_UNION = 5;
export const BTF_KIND_ENUM = 6;
export const BTF_KIND_FWD = 7;
export const BTF_KIND_TYPEDEF = 8;
export const BTF_KIND_VOLATILE = 9;
export const BTF_KIND_CONST = 10;
export const BTF_KIND_RESTRICT = 11;
export const BTF_KIND_FUNC = 12;
export const BTF_KIND_FUNC_PROTO = 13;
export const BTF_KIND_VAR = 14;
export const BTF_KIND_DATASEC = 15;
export const BTF_KIND_FLOAT = 16;
export const BTF_KIND_DECL_TAG = 17;
export const BTF_KIND_TYPE_TAG = 18;
export const BTF_KIND_ENUM64 = 19;

/** `BTF_KIND_STRUCT` for 4. */
export const btfKind = nameTable({
  BTF_KIND_UNKN, BTF_KIND_INT, BTF_KIND_PTR, BTF_KIND_ARRAY, BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM,
  BTF_KIND_FWD, BTF_KIND_TYPEDEF, BTF_KIND_VOLATILE, BTF_KIND_CONST, BTF_KIND_RESTRICT, BTF_KIND_FUNC,
  BTF_KIND_FUNC_PROTO, BTF_KIND_VAR, BTF_KIND_DATASEC, BTF_KIND_FLOAT, BTF_KIND_DECL_TAG, BTF_KIND_TYPE_TAG,
  BTF_KIND_ENUM64,
}); // prettier-ignore

/** BTF_INFO_KIND(), BTF_INFO_VLEN(), BTF_INFO_KFLAG(). */
export const btfInfoKind = (info: number): number => (info >>> 24) & 0x1f;
export const btfInfoVlen = (info: number): number => info & 0xffff;
export const btfInfoKflag = (info: number): boolean => info >>> 31 === 1;

/** BTF_INT_ENCODING(), BTF_INT_OFFSET(), BTF_INT_BITS() of the word behind a BTF_KIND_INT. */
export const btfIntEncoding = (word: number): number => (word >>> 24) & 0xf;
export const btfIntOffset = (word: number): number => (word >>> 16) & 0xff;
export const btfIntBits = (word: number): number => word & 0xff;
export const BTF_INT_SIGNED = 1 << 0;
export const BTF_INT_CHAR = 1 << 1;
export const BTF_INT_BOOL = 1 << 2;

/** Linkage of a BTF_KIND_VAR, and of a BTF_KIND_FUNC (in its vlen). */
export const BTF_VAR_STATIC = 0;
export const BTF_VAR_GLOBAL_ALLOCATED = 1;
export const BTF_VAR_GLOBAL_EXTERN = 2;
export const BTF_FUNC_STATIC = 0;
export const BTF_FUNC_GLOBAL = 1;
export const BTF_FUNC_EXTERN = 2;

export const btf_enum = struct('btf_enum', { name_off: u32, val: s32 });
export const btf_array = struct('btf_array', { type: u32, index_type: u32, nelems: u32 });

/** With the kind flag, `offset` is bitfield size << 24 | bit offset, else the bit offset alone. */
export const btf_member = struct('btf_member', { name_off: u32, type: u32, offset: u32 });
export const btf_param = struct('btf_param', { name_off: u32, type: u32 });
export const btf_var = struct('btf_var', { linkage: u32 });
export const btf_var_secinfo = struct('btf_var_secinfo', { type: u32, offset: u32, size: u32 });
export const btf_decl_tag = struct('btf_decl_tag', { component_idx: s32 });
export const btf_enum64 = struct('btf_enum64', { name_off: u32, val_lo32: u32, val_hi32: u32 });
