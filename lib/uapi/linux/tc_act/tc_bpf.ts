// include/uapi/linux/tc_act/tc_bpf.h: the action that runs a program.
import { attrs } from '../../../codec/attrs.js';
import { atLeast, binary, nlaU16, nlaU32, nulString, output, unchecked } from '../../../codec/kind.js';
import { bytes, u32 } from '../../../codec/scalar.js';
import { struct } from '../../../codec/struct.js';
import { BPF_MAXINSNS } from '../bpf_common.js';
import { sock_filter } from '../filter.js';
import { tc_gen, tcf_t } from '../pkt_cls.js';

export const tc_act_bpf = struct('tc_act_bpf', tc_gen);

/** Longest name of a program, without its NUL (ACT_BPF_NAME_LEN). */
export const ACT_BPF_NAME_LEN = 256;

/** Input policy of net/sched/act_bpf.c act_bpf_policy. */
export const TCA_ACT_BPF = attrs('TCA_ACT_BPF', {
  TM: [1, output(tcf_t), 'dump'],
  PARMS: [2, atLeast(tc_act_bpf)],
  OPS_LEN: [3, nlaU16],
  OPS: [4, binary(BPF_MAXINSNS * sock_filter.size)],
  FD: [5, nlaU32],
  NAME: [6, nulString(ACT_BPF_NAME_LEN)],
  PAD: [7, unchecked, 'dump'],
  TAG: [8, output(bytes(8)), 'dump'],
  ID: [9, output(u32), 'dump'],
});
