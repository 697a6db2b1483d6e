// include/uapi/linux/tc_act/tc_skbedit.h: the action that sets fields of the sk_buff.
import { attrs } from '../../../codec/attrs.js';
import { atLeast, nlaU16, nlaU32, nlaU64, output, unchecked } from '../../../codec/kind.js';
import { struct } from '../../../codec/struct.js';
import { tc_gen, tcf_t } from '../pkt_cls.js';

export const tc_skbedit = struct('tc_skbedit', tc_gen);

/** Input policy of net/sched/act_skbedit.c skbedit_policy. */
export const TCA_SKBEDIT = attrs('TCA_SKBEDIT', {
  TM: [1, output(tcf_t), 'dump'],
  PARMS: [2, atLeast(tc_skbedit)],
  PRIORITY: [3, nlaU32],
  QUEUE_MAPPING: [4, nlaU16],
  MARK: [5, nlaU32],
  PAD: [6, unchecked, 'dump'],
  PTYPE: [7, nlaU16],
  MASK: [8, nlaU32],
  FLAGS: [9, nlaU64],
  QUEUE_MAPPING_MAX: [10, nlaU16],
});
