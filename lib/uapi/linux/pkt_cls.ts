// include/uapi/linux/pkt_cls.h: verdicts, action attributes, classifier flags and the options of cls_bpf.
import { attrs } from '../../codec/attrs.js';
import {
  binary,
  bitfield32,
  int,
  nested,
  nlaU16,
  nlaU32,
  nulString,
  output,
  string,
  unchecked,
} from '../../codec/kind.js';
import { nameTable } from '../../codec/names.js';
import { bytes, handle, u32, u64 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';
import { BPF_MAXINSNS } from './bpf_common.js';
import { sock_filter } from './filter.js';

export const TCA_ACT_MAX_PRIO = 32;

export const TCA_ACT_FLAGS_NO_PERCPU_STATS = 1;
export const TCA_ACT_FLAGS_SKIP_HW = 2;
export const TCA_ACT_FLAGS_SKIP_SW = 4;
export const TCA_ACT_HW_STATS_ANY = 3;

/** One action of a TCA_ACT_TAB or TCA_BPF_ACT; input policy of net/sched/act_api.c tcf_action_policy. */
export const TCA_ACT = attrs('TCA_ACT', {
  KIND: [1, string()],
  OPTIONS: [2, nested],
  INDEX: [3, nlaU32],
  STATS: [4, unchecked, 'dump'],
  PAD: [5, unchecked, 'dump'],
  COOKIE: [6, binary(16)],
  FLAGS: [7, bitfield32(TCA_ACT_FLAGS_NO_PERCPU_STATS | TCA_ACT_FLAGS_SKIP_HW | TCA_ACT_FLAGS_SKIP_SW)],
  HW_STATS: [8, bitfield32(TCA_ACT_HW_STATS_ANY)],
  USED_HW_STATS: [9, unchecked, 'dump'],
  IN_HW_COUNT: [10, output(u32), 'dump'],
});

export const tcf_t = struct('tcf_t', { install: u64, lastuse: u64, expires: u64, firstuse: u64 });

export const TC_ACT_UNSPEC = -1;
export const TC_ACT_OK = 0;
export const TC_ACT_RECLASSIFY = 1;
export const TC_ACT_SHOT = 2;
export const TC_ACT_PIPE = 3;
export const TC_ACT_STOLEN = 4;
export const TC_ACT_QUEUED = 5;
export const TC_ACT_REPEAT = 6;
export const TC_ACT_REDIRECT = 7;
export const TC_ACT_TRAP = 8;
export const tcAct = nameTable({
  TC_ACT_UNSPEC, TC_ACT_OK, TC_ACT_RECLASSIFY, TC_ACT_SHOT, TC_ACT_PIPE, TC_ACT_STOLEN, TC_ACT_QUEUED, TC_ACT_REPEAT,
  TC_ACT_REDIRECT, TC_ACT_TRAP,
}); // prettier-ignore

/** Bits of an extended verdict that hold its value: the greatest chain index. */
export const TC_ACT_EXT_VAL_MASK = 0x0fffffff;

export const TCA_CLS_FLAGS_SKIP_HW = 1;
export const TCA_CLS_FLAGS_SKIP_SW = 2;
export const TCA_CLS_FLAGS_IN_HW = 4;
export const TCA_CLS_FLAGS_NOT_IN_HW = 8;
export const TCA_CLS_FLAGS_VERBOSE = 16;

export const TCA_BPF_FLAG_ACT_DIRECT = 1;

/** Longest name of a program, without its NUL (CLS_BPF_NAME_LEN). */
export const CLS_BPF_NAME_LEN = 256;

/** Options of a bpf filter; input policy of net/sched/cls_bpf.c bpf_policy. */
export const TCA_BPF = attrs('TCA_BPF', {
  ACT: [1, unchecked],
  POLICE: [2, unchecked],
  CLASSID: [3, int(handle)],
  OPS_LEN: [4, nlaU16],
  OPS: [5, binary(BPF_MAXINSNS * sock_filter.size)],
  FD: [6, nlaU32],
  NAME: [7, nulString(CLS_BPF_NAME_LEN)],
  FLAGS: [8, nlaU32],
  FLAGS_GEN: [9, nlaU32],
  TAG: [10, output(bytes(8)), 'dump'],
  ID: [11, output(u32), 'dump'],
});
