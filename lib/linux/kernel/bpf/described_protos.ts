// kernel/bpf/*.c, net/core/*.c, kernel/trace/bpf_trace.c: helpers that only kinds of programs have which the model does not
// run (described_kinds.ts), as the verifier sees them. Argument kinds are those of 6.18.
import * as F from '../../../uapi/linux/bpf_func_id.js';
import type { BpfFuncProto } from './func_proto.js';
import { GPL, integer, OUT_NUMBER, PACKET, RDONLY_MEM, returning } from './proto_table.js';
import * as T from './type_flags.js';

const CTX = T.ARG_PTR_TO_CTX;
const ANY = T.ARG_ANYTHING;
const MAP = T.ARG_CONST_MAP_PTR;
const KEY = T.ARG_PTR_TO_MAP_KEY;
const OUT = T.ARG_PTR_TO_UNINIT_MEM;
const SIZE = T.ARG_CONST_SIZE;
const SIZE0 = T.ARG_CONST_SIZE_OR_ZERO;
const SOCK = T.ARG_PTR_TO_BTF_ID_SOCK_COMMON;
const WRITTEN_MEM = T.ARG_PTR_TO_MEM | T.MEM_WRITE;

const tracing: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_probe_read, integer([OUT, SIZE0, ANY], GPL)],
  [F.BPF_FUNC_probe_read_str, integer([OUT, SIZE0, ANY], GPL)],
  [F.BPF_FUNC_get_stackid, integer([CTX, MAP, ANY], GPL)],
  [F.BPF_FUNC_get_stack, integer([CTX, OUT, SIZE0, ANY], GPL)],
  [F.BPF_FUNC_get_func_ip, integer([CTX], GPL)],
  [F.BPF_FUNC_get_attach_cookie, integer([CTX])],
  [F.BPF_FUNC_perf_prog_read_value, integer([CTX, OUT, SIZE], GPL)],
  [F.BPF_FUNC_read_branch_records, integer([CTX, T.ARG_PTR_TO_MEM_OR_NULL | T.MEM_WRITE, SIZE0, ANY], GPL)],
];

const xdp: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_xdp_adjust_head, integer([CTX, ANY])],
  [F.BPF_FUNC_xdp_adjust_tail, integer([CTX, ANY])],
  [F.BPF_FUNC_xdp_adjust_meta, integer([CTX, ANY])],
  [F.BPF_FUNC_redirect_map, integer([MAP, ANY, ANY])],
  [F.BPF_FUNC_xdp_get_buff_len, integer([CTX])],
  [F.BPF_FUNC_xdp_load_bytes, integer([CTX, ANY, OUT, SIZE])],
  [F.BPF_FUNC_xdp_store_bytes, integer([CTX, ANY, RDONLY_MEM, SIZE])],
];

const sockets: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_setsockopt, integer([CTX, ANY, ANY, RDONLY_MEM, SIZE])],
  [F.BPF_FUNC_getsockopt, integer([CTX, ANY, ANY, OUT, SIZE])],
  [F.BPF_FUNC_bind, integer([CTX, RDONLY_MEM, SIZE])],
  [F.BPF_FUNC_sock_ops_cb_flags_set, integer([CTX, ANY])],
  [F.BPF_FUNC_sock_map_update, integer([CTX, MAP, KEY, ANY], PACKET)],
  [F.BPF_FUNC_sock_hash_update, integer([CTX, MAP, KEY, ANY], PACKET)],
  [F.BPF_FUNC_sk_redirect_map, integer([CTX, MAP, ANY, ANY])],
  [F.BPF_FUNC_sk_redirect_hash, integer([CTX, MAP, KEY, ANY])],
  [F.BPF_FUNC_msg_redirect_map, integer([CTX, MAP, ANY, ANY])],
  [F.BPF_FUNC_msg_redirect_hash, integer([CTX, MAP, KEY, ANY])],
  [F.BPF_FUNC_msg_apply_bytes, integer([CTX, ANY])],
  [F.BPF_FUNC_msg_cork_bytes, integer([CTX, ANY])],
  [F.BPF_FUNC_msg_pull_data, integer([CTX, ANY, ANY, ANY])],
  [F.BPF_FUNC_msg_push_data, integer([CTX, ANY, ANY, ANY])],
  [F.BPF_FUNC_msg_pop_data, integer([CTX, ANY, ANY, ANY])],
  [F.BPF_FUNC_load_hdr_opt, integer([CTX, WRITTEN_MEM, SIZE, ANY])],
  [F.BPF_FUNC_store_hdr_opt, integer([CTX, RDONLY_MEM, SIZE, ANY])],
  [F.BPF_FUNC_reserve_hdr_opt, integer([CTX, ANY, ANY])],
  [F.BPF_FUNC_sk_select_reuseport, integer([CTX, MAP, KEY, ANY])],
  [F.BPF_FUNC_sk_cgroup_id, integer([SOCK])],
  [F.BPF_FUNC_sk_ancestor_cgroup_id, integer([SOCK, ANY])],
];

const lightweightTunnels: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_lwt_push_encap, integer([CTX, ANY, RDONLY_MEM, SIZE])],
  [F.BPF_FUNC_lwt_seg6_store_bytes, integer([CTX, ANY, RDONLY_MEM, SIZE])],
  [F.BPF_FUNC_lwt_seg6_adjust_srh, integer([CTX, ANY, ANY])],
  [F.BPF_FUNC_lwt_seg6_action, integer([CTX, ANY, RDONLY_MEM, SIZE])],
];

const cgroups: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_get_local_storage, returning(T.RET_PTR_TO_MAP_VALUE, [MAP, ANY])],
  [F.BPF_FUNC_get_retval, integer([])],
  [F.BPF_FUNC_set_retval, integer([ANY])],
  [F.BPF_FUNC_sysctl_get_name, integer([CTX, WRITTEN_MEM, SIZE, ANY])],
  [F.BPF_FUNC_sysctl_get_current_value, integer([CTX, OUT, SIZE])],
  [F.BPF_FUNC_sysctl_get_new_value, integer([CTX, OUT, SIZE])],
  [F.BPF_FUNC_sysctl_set_new_value, integer([CTX, RDONLY_MEM, SIZE])],
];

const syscalls: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_sys_bpf, integer([ANY, RDONLY_MEM, SIZE])],
  [F.BPF_FUNC_sys_close, integer([ANY])],
  [F.BPF_FUNC_btf_find_by_name_kind, integer([RDONLY_MEM, SIZE, ANY, ANY])],
  [F.BPF_FUNC_kallsyms_lookup_name, integer([RDONLY_MEM, SIZE0, ANY, OUT_NUMBER], { argSizes: { 4: 8 } })],
];

/** By number. Helpers of kinds of kernel types (d_path, skb_output) are not here: a call of one is a gap. */
export const describedProtos: ReadonlyMap<number, BpfFuncProto> = new Map([
  ...tracing,
  ...xdp,
  ...sockets,
  ...lightweightTunnels,
  ...cgroups,
  ...syscalls,
]);
