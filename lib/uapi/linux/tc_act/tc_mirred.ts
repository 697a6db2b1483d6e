// include/uapi/linux/tc_act/tc_mirred.h: the action that sends packets to another device.
import { attrs } from '../../../codec/attrs.js';
import { atLeast, intMin, output, unchecked } from '../../../codec/kind.js';
import { nameTable } from '../../../codec/names.js';
import { s32, u32 } from '../../../codec/scalar.js';
import { struct } from '../../../codec/struct.js';
import { tc_gen, tcf_t } from '../pkt_cls.js';

export const TCA_EGRESS_REDIR = 1;
export const TCA_EGRESS_MIRROR = 2;
export const TCA_INGRESS_REDIR = 3;
export const TCA_INGRESS_MIRROR = 4;

export const tc_mirred = struct('tc_mirred', { ...tc_gen, eaction: s32, ifindex: u32 });

/** Input policy of net/sched/act_mirred.c mirred_policy. */
export const TCA_MIRRED = attrs('TCA_MIRRED', {
  TM: [1, output(tcf_t), 'dump'],
  PARMS: [2, atLeast(tc_mirred)],
  PAD: [3, unchecked, 'dump'],
  BLOCKID: [4, intMin(u32, 1)],
});

/** The same in kernels that know no blocks. */
export const TCA_MIRRED_6_1: typeof TCA_MIRRED = { ...TCA_MIRRED, $max: TCA_MIRRED.PAD.type };

export const mirredAction = nameTable({
  TCA_EGRESS_REDIR, TCA_EGRESS_MIRROR, TCA_INGRESS_REDIR, TCA_INGRESS_MIRROR,
}); // prettier-ignore
