// include/uapi/linux/bpf.h: the records in a .BTF.ext section that say which instruction belongs to which function, to
// which line, and what depends on the layout of the kernel's types (CO-RE). The first two are also arguments of
// PROG_LOAD.
import { u32 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';
import { nameTable } from '../../codec/names.js';

export const bpf_func_info = struct('bpf_func_info', { insn_off: u32, type_id: u32 });

export const bpf_line_info = struct('bpf_line_info', {
  insn_off: u32,
  file_name_off: u32,
  line_off: u32,
  line_col: u32,
});

/** BPF_LINE_INFO_LINE_NUM(), BPF_LINE_INFO_LINE_COL(). */
export const bpfLineInfoLineNum = (lineCol: number): number => lineCol >>> 10;
export const bpfLineInfoLineCol = (lineCol: number): number => lineCol & 0x3ff;

export const bpf_core_relo = struct('bpf_core_relo', { insn_off: u32, type_id: u32, access_str_off: u32, kind: u32 });

/** enum bpf_core_relo_kind */
export const BPF_CORE_FIELD_BYTE_OFFSET = 0;
export const BPF_CORE_FIELD_BYTE_SIZE = 1;
export const BPF_CORE_FIELD_EXISTS = 2;
export const BPF_CORE_FIELD_SIGNED = 3;
export const BPF_CORE_FIELD_LSHIFT_U64 = 4;
export const BPF_CORE_FIELD_RSHIFT_U64 = 5;
export const BPF_CORE_TYPE_ID_LOCAL = 6;
export const BPF_CORE_TYPE_ID_TARGET = 7;
export const BPF_CORE_TYPE_EXISTS = 8;
export const BPF_CORE_TYPE_SIZE = 9;
export const BPF_CORE_ENUMVAL_EXISTS = 10;
export const BPF_CORE_ENUMVAL_VALUE = 11;
export const BPF_CORE_TYPE_MATCHES = 12;

/** `BPF_CORE_TYPE_SIZE` for 9. */
export const bpfCoreReloKind = nameTable({
  BPF_CORE_FIELD_BYTE_OFFSET, BPF_CORE_FIELD_BYTE_SIZE, BPF_CORE_FIELD_EXISTS, BPF_CORE_FIELD_SIGNED,
  BPF_CORE_FIELD_LSHIFT_U64, BPF_CORE_FIELD_RSHIFT_U64, BPF_CORE_TYPE_ID_LOCAL, BPF_CORE_TYPE_ID_TARGET,
  BPF_CORE_TYPE_EXISTS, BPF_CORE_TYPE_SIZE, BPF_CORE_ENUMVAL_EXISTS, BPF_CORE_ENUMVAL_VALUE,
  BPF_CORE_TYPE_MATCHES,
}); // prettier-ignore
