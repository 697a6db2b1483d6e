// Messages of traffic control: struct tcmsg and TCA_* attributes, of which TCA_KIND says what TCA_OPTIONS holds; and
// messages of actions.
import { s32, u32 } from '../../codec/scalar.js';
import { flagTable } from '../../codec/names.js';
import { nla_bitfield32 } from '../../uapi/linux/netlink.js';
import { tc_estimator, tc_stats } from '../../uapi/linux/pkt_sched.js';
import * as rt from '../../uapi/linux/rtnetlink.js';
import { actions } from './action.js';
import { attributes, byName, guess, level, structure, textOf, value } from './level.js';
import { classifierOptions } from './classifier.js';
import { classOptions, qdiscOptions, sizeTable } from './qdisc.js';
import { extraStatistics, statisticsOf } from './statistics.js';
import type { Place, Shape } from './shape.js';
import { classid, family, filterInfo, hexU32, parent, shown } from './values.js';

const kindOf = ({ siblings }: Place): string => textOf(siblings, rt.TCA.KIND.type);

const options =
  (byKind: Readonly<Record<string, Shape>>) =>
  (place: Place): Shape =>
    byName(byKind, kindOf(place)) ?? guess(place.attribute);

const dumpFlag = shown(u32, flagTable({ TCA_DUMP_FLAGS_TERSE: rt.TCA_DUMP_FLAGS_TERSE }));

const rules = {
  STATS: structure(tc_stats),
  STATS2: (place: Place): Shape => statisticsOf(kindOf(place)),
  XSTATS: (place: Place): Shape => extraStatistics(kindOf(place)),
  RATE: structure(tc_estimator),
  STAB: sizeTable,
  INGRESS_BLOCK: value(u32),
  EGRESS_BLOCK: value(u32),
  DUMP_FLAGS: structure(nla_bitfield32, { shown: { value: dumpFlag, selector: dumpFlag } }),
};

export const qdisc = level(
  rt.TCA,
  { reads: 'net/sched/sch_api.c tc_modify_qdisc()', writes: 'net/sched/sch_api.c tc_fill_qdisc()' },
  { ...rules, OPTIONS: options(qdiscOptions) },
);
export const tclass = level(
  rt.TCA,
  { reads: 'net/sched/sch_api.c tc_ctl_tclass()', writes: 'net/sched/sch_api.c tc_fill_tclass()' },
  { ...rules, OPTIONS: options(classOptions) },
);
export const filter = level(
  rt.TCA,
  { reads: 'net/sched/cls_api.c tc_new_tfilter()', writes: 'net/sched/cls_api.c tcf_fill_node()' },
  { ...rules, OPTIONS: options(classifierOptions) },
);
export const chain = level(
  rt.TCA,
  { reads: 'net/sched/cls_api.c tc_ctl_chain()', writes: 'net/sched/cls_api.c tc_chain_fill_node()' },
  { ...rules, OPTIONS: options(classifierOptions) },
);

const blockOrIndex = shown(s32, (value) =>
  value >>> 0 === rt.TCM_IFINDEX_MAGIC_BLOCK ? 'TCM_IFINDEX_MAGIC_BLOCK' : String(value),
);

const tcmsg = { tcm_family: family, tcm_ifindex: blockOrIndex, tcm_parent: parent };
/** The handle of a qdisc or class is a pair; that of a filter, a number that its kind gives. */
export const qdiscHead = structure(rt.tcmsg, { shown: { ...tcmsg, tcm_handle: classid, tcm_info: u32 } });
export const filterHead = structure(rt.tcmsg, { shown: { ...tcmsg, tcm_handle: hexU32, tcm_info: filterInfo } });

const rootFlag = shown(
  u32,
  flagTable({
    TCA_ACT_FLAG_LARGE_DUMP_ON: rt.TCA_ACT_FLAG_LARGE_DUMP_ON,
    TCA_ACT_FLAG_TERSE_DUMP: rt.TCA_ACT_FLAG_TERSE_DUMP,
  }),
);

export const actionHead = structure(rt.tcamsg, { shown: { tca_family: family } });
export const actionRoot = level(
  rt.TCA_ROOT,
  { reads: 'net/sched/act_api.c tc_ctl_action()', writes: 'net/sched/act_api.c tca_get_fill()' },
  {
    TAB: attributes(actions),
    FLAGS: structure(nla_bitfield32, { shown: { value: rootFlag, selector: rootFlag } }),
  },
);
