// include/uapi/linux/bpf.h: union bpf_attr, one struct a command, and what BPF_OBJ_GET_INFO_BY_FD answers. Pointers and
// other 64-bit fields are `u64`; who wants them as numbers reads them at `offsetof`. How much of the union a kernel knows,
// and where the part of each command ends, is the table at the end.
import { bytes, s32, u32, u64 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';
import * as B from './bpf.js';

export const bpf_attr_map_create = struct('bpf_attr.map_create', {
  map_type: u32,
  key_size: u32,
  value_size: u32,
  max_entries: u32,
  map_flags: u32,
  inner_map_fd: u32,
  numa_node: u32,
  map_name: bytes(B.BPF_OBJ_NAME_LEN),
  map_ifindex: u32,
  btf_fd: u32,
  btf_key_type_id: u32,
  btf_value_type_id: u32,
  btf_vmlinux_value_type_id: u32,
  map_extra: u64,
  value_type_btf_obj_fd: s32,
  map_token_fd: s32,
  excl_prog_hash: u64,
  excl_prog_hash_size: u32,
});

/** `value` is also `next_key`. */
export const bpf_attr_elem = struct('bpf_attr.elem', { map_fd: u32, key: u64, value: u64, flags: u64 });

export const bpf_attr_batch = struct('bpf_attr.batch', {
  in_batch: u64,
  out_batch: u64,
  keys: u64,
  values: u64,
  count: u32,
  map_fd: u32,
  elem_flags: u64,
  flags: u64,
});

/** `attach_prog_fd` is also `attach_btf_obj_fd`. */
export const bpf_attr_prog_load = struct('bpf_attr.prog_load', {
  prog_type: u32,
  insn_cnt: u32,
  insns: u64,
  license: u64,
  log_level: u32,
  log_size: u32,
  log_buf: u64,
  kern_version: u32,
  prog_flags: u32,
  prog_name: bytes(B.BPF_OBJ_NAME_LEN),
  prog_ifindex: u32,
  expected_attach_type: u32,
  prog_btf_fd: u32,
  func_info_rec_size: u32,
  func_info: u64,
  func_info_cnt: u32,
  line_info_rec_size: u32,
  line_info: u64,
  line_info_cnt: u32,
  attach_btf_id: u32,
  attach_prog_fd: u32,
  core_relo_cnt: u32,
  fd_array: u64,
  core_relos: u64,
  core_relo_rec_size: u32,
  log_true_size: u32,
  prog_token_fd: s32,
  fd_array_cnt: u32,
  signature: u64,
  signature_size: u32,
  keyring_id: s32,
});

export const bpf_attr_obj = struct('bpf_attr.obj', { pathname: u64, bpf_fd: u32, file_flags: u32, path_fd: s32 });

/** PROG_ATTACH and PROG_DETACH; `target_fd` is also `target_ifindex`, `relative_fd` also `relative_id`. */
export const bpf_attr_attach = struct('bpf_attr.attach', {
  target_fd: u32,
  attach_bpf_fd: u32,
  attach_type: u32,
  attach_flags: u32,
  replace_bpf_fd: u32,
  relative_fd: u32,
  expected_revision: u64,
});

export const bpf_attr_test = struct('bpf_attr.test', {
  prog_fd: u32,
  retval: u32,
  data_size_in: u32,
  data_size_out: u32,
  data_in: u64,
  data_out: u64,
  repeat: u32,
  duration: u32,
  ctx_size_in: u32,
  ctx_size_out: u32,
  ctx_in: u64,
  ctx_out: u64,
  flags: u32,
  cpu: u32,
  batch_size: u32,
});

/** `start_id` is also `prog_id`, `map_id`, `btf_id` and `link_id`. */
export const bpf_attr_id = struct('bpf_attr.id', {
  start_id: u32,
  next_id: u32,
  open_flags: u32,
  fd_by_id_token_fd: s32,
});

export const bpf_attr_info = struct('bpf_attr.info', { bpf_fd: u32, info_len: u32, info: u64 });

/** `count` is also `prog_cnt`. */
export const bpf_attr_query = struct('bpf_attr.query', {
  target_fd: u32,
  attach_type: u32,
  query_flags: u32,
  attach_flags: u32,
  prog_ids: u64,
  count: u32,
  prog_attach_flags: u64,
  link_ids: u64,
  link_attach_flags: u64,
  revision: u64,
});

export const bpf_attr_raw_tracepoint = struct('bpf_attr.raw_tracepoint', { name: u64, prog_fd: u32, cookie: u64 });

export const bpf_attr_btf_load = struct('bpf_attr.btf_load', {
  btf: u64,
  btf_log_buf: u64,
  btf_size: u32,
  btf_log_size: u32,
  btf_log_level: u32,
  btf_log_true_size: u32,
  btf_flags: u32,
  btf_token_fd: s32,
});

export const bpf_attr_task_fd_query = struct('bpf_attr.task_fd_query', {
  pid: u32,
  fd: u32,
  flags: u32,
  buf_len: u32,
  buf: u64,
  prog_id: u32,
  fd_type: u32,
  probe_offset: u64,
  probe_addr: u64,
});

/** The part that all kinds of links share, and that of tcx: `target_fd` is also `target_ifindex`. */
export const bpf_attr_link_create = struct('bpf_attr.link_create', {
  prog_fd: u32,
  target_fd: u32,
  attach_type: u32,
  flags: u32,
  relative_fd: u32,
  expected_revision: u64,
});

export const bpf_attr_link_update = struct('bpf_attr.link_update', {
  link_fd: u32,
  new_prog_fd: u32,
  flags: u32,
  old_prog_fd: u32,
});

export const bpf_attr_enable_stats = struct('bpf_attr.enable_stats', { type: u32 });

export const bpf_attr_iter_create = struct('bpf_attr.iter_create', { link_fd: u32, flags: u32 });

export const bpf_attr_prog_bind_map = struct('bpf_attr.prog_bind_map', { prog_fd: u32, map_fd: u32, flags: u32 });

export const bpf_attr_token_create = struct('bpf_attr.token_create', { flags: u32, bpffs_fd: u32 });

export const bpf_attr_prog_stream_read = struct('bpf_attr.prog_stream_read', {
  stream_buf: u64,
  stream_buf_len: u32,
  stream_id: u32,
  prog_fd: u32,
});

/** `gpl_compatible` is the lowest bit of its word. */
export const bpf_prog_info = struct('bpf_prog_info', {
  type: u32,
  id: u32,
  tag: bytes(B.BPF_TAG_SIZE),
  jited_prog_len: u32,
  xlated_prog_len: u32,
  jited_prog_insns: u64,
  xlated_prog_insns: u64,
  load_time: u64,
  created_by_uid: u32,
  nr_map_ids: u32,
  map_ids: u64,
  name: bytes(B.BPF_OBJ_NAME_LEN),
  ifindex: u32,
  gpl_compatible: u32,
  netns_dev: u64,
  netns_ino: u64,
  nr_jited_ksyms: u32,
  nr_jited_func_lens: u32,
  jited_ksyms: u64,
  jited_func_lens: u64,
  btf_id: u32,
  func_info_rec_size: u32,
  func_info: u64,
  nr_func_info: u32,
  nr_line_info: u32,
  line_info: u64,
  jited_line_info: u64,
  nr_jited_line_info: u32,
  line_info_rec_size: u32,
  jited_line_info_rec_size: u32,
  nr_prog_tags: u32,
  prog_tags: u64,
  run_time_ns: u64,
  run_cnt: u64,
  recursion_misses: u64,
  verified_insns: u32,
  attach_btf_obj_id: u32,
  attach_btf_id: u32,
});

export const bpf_map_info = struct('bpf_map_info', {
  type: u32,
  id: u32,
  key_size: u32,
  value_size: u32,
  max_entries: u32,
  map_flags: u32,
  name: bytes(B.BPF_OBJ_NAME_LEN),
  ifindex: u32,
  btf_vmlinux_value_type_id: u32,
  netns_dev: u64,
  netns_ino: u64,
  btf_id: u32,
  btf_key_type_id: u32,
  btf_value_type_id: u32,
  btf_vmlinux_id: u32,
  map_extra: u64,
  hash: u64,
  hash_size: u32,
});

/** Sizes of struct bpf_map_info and struct bpf_link_info of kernels that know less of them. */
export const BPF_MAP_INFO_SIZE_6_1 = 88;

export const bpf_btf_info = struct('bpf_btf_info', {
  btf: u64,
  btf_size: u32,
  id: u32,
  name: u64,
  name_len: u32,
  kernel_btf: u32,
});

/** The part that all kinds of links share, and that of tcx, which lies in a struct of its own. */
export const bpf_link_info = struct('bpf_link_info', {
  type: u32,
  id: u32,
  prog_id: u32,
  _pad: u32,
  _tcx_ifindex: u32,
  _tcx_attach_type: u32,
  _other: bytes(40),
});

/** How much of union bpf_attr a kernel knows, and where the last field of each command ends, bytes. */
export interface BpfAttrTable {
  readonly size: number;
  /** By command; commands that are missing are unknown. */
  readonly end: readonly (number | undefined)[];
}

function table(size: number, ends: Readonly<Record<number, number>>): BpfAttrTable {
  const end: (number | undefined)[] = [];
  for (const [cmd, bytesOf] of Object.entries(ends)) end[Number(cmd)] = bytesOf;
  return { size, end };
}

const ends_4_1 = {
  [B.BPF_MAP_CREATE]: 16,
  [B.BPF_MAP_LOOKUP_ELEM]: 24,
  [B.BPF_MAP_UPDATE_ELEM]: 32,
  [B.BPF_MAP_DELETE_ELEM]: 16,
  [B.BPF_MAP_GET_NEXT_KEY]: 24,
  [B.BPF_PROG_LOAD]: 40,
};

const ends_6_1 = {
  ...ends_4_1,
  [B.BPF_MAP_CREATE]: 72,
  [B.BPF_MAP_LOOKUP_ELEM]: 32,
  [B.BPF_PROG_LOAD]: 140,
  [B.BPF_OBJ_PIN]: 16,
  [B.BPF_OBJ_GET]: 16,
  [B.BPF_PROG_ATTACH]: 20,
  [B.BPF_PROG_DETACH]: 12,
  [B.BPF_PROG_TEST_RUN]: 76,
  [B.BPF_PROG_GET_NEXT_ID]: 8,
  [B.BPF_MAP_GET_NEXT_ID]: 8,
  [B.BPF_PROG_GET_FD_BY_ID]: 4,
  [B.BPF_MAP_GET_FD_BY_ID]: 12,
  [B.BPF_OBJ_GET_INFO_BY_FD]: 16,
  [B.BPF_PROG_QUERY]: 40,
  [B.BPF_RAW_TRACEPOINT_OPEN]: 12,
  [B.BPF_BTF_LOAD]: 28,
  [B.BPF_BTF_GET_FD_BY_ID]: 4,
  [B.BPF_TASK_FD_QUERY]: 48,
  [B.BPF_MAP_LOOKUP_AND_DELETE_ELEM]: 32,
  [B.BPF_MAP_FREEZE]: 4,
  [B.BPF_BTF_GET_NEXT_ID]: 8,
  [B.BPF_MAP_LOOKUP_BATCH]: 56,
  [B.BPF_MAP_LOOKUP_AND_DELETE_BATCH]: 56,
  [B.BPF_MAP_UPDATE_BATCH]: 56,
  [B.BPF_MAP_DELETE_BATCH]: 56,
  [B.BPF_LINK_CREATE]: 48,
  [B.BPF_LINK_UPDATE]: 16,
  [B.BPF_LINK_GET_FD_BY_ID]: 4,
  [B.BPF_LINK_GET_NEXT_ID]: 8,
  [B.BPF_ENABLE_STATS]: 4,
  [B.BPF_ITER_CREATE]: 8,
  [B.BPF_LINK_DETACH]: 4,
  [B.BPF_PROG_BIND_MAP]: 12,
};

const ends_6_18 = {
  ...ends_6_1,
  [B.BPF_MAP_CREATE]: 92,
  [B.BPF_PROG_LOAD]: 168,
  [B.BPF_OBJ_PIN]: 20,
  [B.BPF_OBJ_GET]: 20,
  [B.BPF_PROG_ATTACH]: 32,
  [B.BPF_PROG_DETACH]: 32,
  [B.BPF_PROG_QUERY]: 64,
  [B.BPF_RAW_TRACEPOINT_OPEN]: 24,
  [B.BPF_BTF_LOAD]: 40,
  [B.BPF_BTF_GET_FD_BY_ID]: 16,
  [B.BPF_LINK_CREATE]: 60,
  [B.BPF_TOKEN_CREATE]: 8,
  [B.BPF_PROG_STREAM_READ_BY_FD]: 20,
};

/** The kernel that first had classifiers of this kind (4.1), then those of the recordings. */
export const bpfAttr_4_1 = table(40, ends_4_1);
export const bpfAttr_6_1 = table(144, ends_6_1);
export const bpfAttr_6_18 = table(168, ends_6_18);
