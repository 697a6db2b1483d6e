// include/uapi/linux/tc_act/tc_skbedit.h: the action that sets fields of the sk_buff.
import { attrs } from '../../../codec/attrs.js';
import { atLeast, output, unchecked } from '../../../codec/kind.js';
import { u16, u32, u64 } from '../../../codec/scalar.js';
import { struct } from '../../../codec/struct.js';
import { tc_gen, tcf_t } from '../pkt_cls.js';

export const tc_skbedit = struct('tc_skbedit', tc_gen);

/** Input policy of net/sched/act_skbedit.c skbedit_policy, which gives least lengths and no types. */
export const TCA_SKBEDIT = attrs('TCA_SKBEDIT', {
  TM: [1, output(tcf_t), 'dump'],
  PARMS: [2, atLeast(tc_skbedit)],
  PRIORITY: [3, atLeast(u32)],
  QUEUE_MAPPING: [4, atLeast(u16)],
  MARK: [5, atLeast(u32)],
  PAD: [6, unchecked, 'dump'],
  PTYPE: [7, atLeast(u16)],
  MASK: [8, atLeast(u32)],
  FLAGS: [9, atLeast(u64)],
  QUEUE_MAPPING_MAX: [10, atLeast(u16)],
});
