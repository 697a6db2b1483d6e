// include/uapi/linux/tc_act/tc_csum.h: the action that computes checksums anew.
import { attrs } from '../../../codec/attrs.js';
import { atLeast, output, unchecked } from '../../../codec/kind.js';
import { flagTable } from '../../../codec/names.js';
import { u32 } from '../../../codec/scalar.js';
import { struct } from '../../../codec/struct.js';
import { tc_gen, tcf_t } from '../pkt_cls.js';

export const tc_csum = struct('tc_csum', { ...tc_gen, update_flags: u32 });

export const csumFlags = flagTable({
  TCA_CSUM_UPDATE_FLAG_IPV4HDR: 1, TCA_CSUM_UPDATE_FLAG_ICMP: 2, TCA_CSUM_UPDATE_FLAG_IGMP: 4,
  TCA_CSUM_UPDATE_FLAG_TCP: 8, TCA_CSUM_UPDATE_FLAG_UDP: 16, TCA_CSUM_UPDATE_FLAG_UDPLITE: 32,
  TCA_CSUM_UPDATE_FLAG_SCTP: 64,
}); // prettier-ignore

/** Input policy of net/sched/act_csum.c csum_policy. */
export const TCA_CSUM = attrs('TCA_CSUM', {
  PARMS: [1, atLeast(tc_csum)],
  TM: [2, output(tcf_t), 'dump'],
  PAD: [3, unchecked, 'dump'],
});
