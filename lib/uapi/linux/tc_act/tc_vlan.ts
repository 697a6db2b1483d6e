// include/uapi/linux/tc_act/tc_vlan.h: the action that puts VLAN tags on packets and takes them off.
import { attrs } from '../../../codec/attrs.js';
import { atLeast, exactly, int, nlaU16, nlaU8, output, unchecked } from '../../../codec/kind.js';
import { nameTable } from '../../../codec/names.js';
import { be16, s32 } from '../../../codec/scalar.js';
import { struct } from '../../../codec/struct.js';
import { ETH_ALEN } from '../if_ether.js';
import { tc_gen, tcf_t } from '../pkt_cls.js';

export const tc_vlan = struct('tc_vlan', { ...tc_gen, v_action: s32 });

export const vlanAction = nameTable({
  TCA_VLAN_ACT_POP: 1, TCA_VLAN_ACT_PUSH: 2, TCA_VLAN_ACT_MODIFY: 3, TCA_VLAN_ACT_POP_ETH: 4, TCA_VLAN_ACT_PUSH_ETH: 5,
}); // prettier-ignore

/** Input policy of net/sched/act_vlan.c vlan_policy. */
export const TCA_VLAN = attrs(
  'TCA_VLAN',
  {
    TM: [1, output(tcf_t), 'dump'],
    PARMS: [2, atLeast(tc_vlan)],
    PUSH_VLAN_ID: [3, nlaU16],
    PUSH_VLAN_PROTOCOL: [4, int(be16)],
    PAD: [5, unchecked, 'dump'],
    PUSH_VLAN_PRIORITY: [6, nlaU8],
    PUSH_ETH_DST: [7, exactly(ETH_ALEN)],
    PUSH_ETH_SRC: [8, exactly(ETH_ALEN)],
  },
  undefined,
  { strictFrom: 7 },
);
