// include/uapi/linux/tc_act/tc_gact.h: the generic action, a verdict and nothing else.
import { attrs } from '../../../codec/attrs.js';
import { atLeast, output, unchecked } from '../../../codec/kind.js';
import { s32, u16 } from '../../../codec/scalar.js';
import { struct } from '../../../codec/struct.js';
import { tc_gen, tcf_t } from '../pkt_cls.js';

export const tc_gact = struct('tc_gact', tc_gen);

export const PGACT_NONE = 0;
export const PGACT_NETRAND = 1;
export const PGACT_DETERM = 2;
export const MAX_RAND = PGACT_DETERM + 1;

export const tc_gact_p = struct('tc_gact_p', { ptype: u16, pval: u16, paction: s32 });

/** Input policy of net/sched/act_gact.c gact_policy. */
export const TCA_GACT = attrs('TCA_GACT', {
  TM: [1, output(tcf_t), 'dump'],
  PARMS: [2, atLeast(tc_gact)],
  PROB: [3, atLeast(tc_gact_p)],
  PAD: [4, unchecked, 'dump'],
});
