// Actions: the row of them in a request, a filter or a reply, what one is made of, and the options of each kind.
import { s32, u16, u32 } from '../../codec/scalar.js';
import { attrs } from '../../codec/attrs.js';
import { output, string } from '../../codec/kind.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { nla_bitfield32 } from '../../uapi/linux/netlink.js';
import * as cls from '../../uapi/linux/pkt_cls.js';
import { TCA_ACT_BPF, tc_act_bpf } from '../../uapi/linux/tc_act/tc_bpf.js';
import { csumFlags, TCA_CSUM, tc_csum } from '../../uapi/linux/tc_act/tc_csum.js';
import { TCA_SKBEDIT, tc_skbedit } from '../../uapi/linux/tc_act/tc_skbedit.js';
import { TCA_VLAN, tc_vlan, vlanAction } from '../../uapi/linux/tc_act/tc_vlan.js';
import * as gact from '../../uapi/linux/tc_act/tc_gact.js';
import * as mirred from '../../uapi/linux/tc_act/tc_mirred.js';
import { RTM_DELACTION } from '../../uapi/linux/rtnetlink.js';
import { attributes, byName, guess, level, numbered, octets, program, structure, textOf, value } from './level.js';
import type { Place, Shape } from './shape.js';
import { statistics } from './statistics.js';
import { rate, rateTable } from './rate.js';
import { classid, etherType, hexU32, mac, shown, verdict } from './values.js';

const withVerdict = { shown: { action: verdict, capab: hexU32 } };

/** A bitfield32 whose bits have names. */
const bits = (names: Readonly<Record<string, number>>): Shape => {
  const named = shown(u32, flagTable(names));
  return structure(nla_bitfield32, { shown: { value: named, selector: named } });
};

/** One nest of actions: an option of a classifier, or TCA_ACT_TAB. Types are positions. */
const row = (place: Place): Shape =>
  place.attribute.type === 0 && place.context.type === RTM_DELACTION ? attributes(flushed) : attributes(action);

export const actions = numbered(row, {
  reads: 'net/sched/act_api.c tcf_action_init()',
  writes: 'net/sched/act_api.c tcf_action_dump()',
  name: (type) => `action ${type}`,
});

const pgact = nameTable({
  PGACT_NONE: gact.PGACT_NONE,
  PGACT_NETRAND: gact.PGACT_NETRAND,
  PGACT_DETERM: gact.PGACT_DETERM,
});

/** What stands for the actions that a flush deleted: their kind, and TCA_FCNT, how many there were. */
const flushed = level(attrs('TCA', { ACT_KIND: [1, string()], FCNT: [6, output(u32), 'dump'] }), {
  writes: 'net/sched/act_api.c tcf_del_walker()',
});

const TCA_ACT_FLAGS = {
  TCA_ACT_FLAGS_NO_PERCPU_STATS: cls.TCA_ACT_FLAGS_NO_PERCPU_STATS,
  TCA_ACT_FLAGS_SKIP_HW: cls.TCA_ACT_FLAGS_SKIP_HW,
  TCA_ACT_FLAGS_SKIP_SW: cls.TCA_ACT_FLAGS_SKIP_SW,
};
const HW_STATS = { TCA_ACT_HW_STATS_IMMEDIATE: 1, TCA_ACT_HW_STATS_DELAYED: 2 };

export const action = level(
  cls.TCA_ACT,
  { reads: 'net/sched/act_api.c tcf_action_init_1()', writes: 'net/sched/act_api.c tcf_action_dump_1()' },
  {
    OPTIONS: ({ siblings, attribute }) =>
      byName(optionsOf, textOf(siblings, cls.TCA_ACT.KIND.type)) ?? guess(attribute),
    STATS: attributes(statistics),
    FLAGS: bits(TCA_ACT_FLAGS),
    HW_STATS: bits(HW_STATS),
    USED_HW_STATS: bits(HW_STATS),
  },
);

/** Options of a policer, whether an action or of old inside a filter. */
export const police = level(
  cls.TCA_POLICE,
  { reads: 'net/sched/act_police.c tcf_police_init()', writes: 'net/sched/act_police.c tcf_police_dump()' },
  {
    TBF: structure(cls.tc_police, { shown: { ...withVerdict.shown, rate, peakrate: rate } }),
    RATE: rateTable,
    PEAKRATE: rateTable,
    RESULT: value(verdict),
  },
);

const bpf = level(
  TCA_ACT_BPF,
  { reads: 'net/sched/act_bpf.c tcf_bpf_init()', writes: 'net/sched/act_bpf.c tcf_bpf_dump()' },
  { PARMS: structure(tc_act_bpf, withVerdict), OPS: program },
);

const generic = level(
  gact.TCA_GACT,
  { reads: 'net/sched/act_gact.c tcf_gact_init()', writes: 'net/sched/act_gact.c tcf_gact_dump()' },
  {
    PARMS: structure(gact.tc_gact, withVerdict),
    PROB: structure(gact.tc_gact_p, { shown: { ptype: shown(u16, pgact), paction: verdict } }),
  },
);

const redirect = level(
  mirred.TCA_MIRRED,
  { reads: 'net/sched/act_mirred.c tcf_mirred_init()', writes: 'net/sched/act_mirred.c tcf_mirred_dump()' },
  { PARMS: structure(mirred.tc_mirred, { shown: { ...withVerdict.shown, eaction: shown(s32, mirred.mirredAction) } }) },
);

const edit = level(
  TCA_SKBEDIT,
  { reads: 'net/sched/act_skbedit.c tcf_skbedit_init()', writes: 'net/sched/act_skbedit.c tcf_skbedit_dump()' },
  { PARMS: structure(tc_skbedit, withVerdict), PRIORITY: value(classid), MARK: value(hexU32), MASK: value(hexU32) },
);

const vlan = level(
  TCA_VLAN,
  { reads: 'net/sched/act_vlan.c tcf_vlan_init()', writes: 'net/sched/act_vlan.c tcf_vlan_dump()' },
  {
    PARMS: structure(tc_vlan, { shown: { ...withVerdict.shown, v_action: shown(s32, vlanAction) } }),
    PUSH_VLAN_PROTOCOL: value(etherType),
    PUSH_ETH_DST: octets(mac),
    PUSH_ETH_SRC: octets(mac),
  },
);

const checksum = level(
  TCA_CSUM,
  { reads: 'net/sched/act_csum.c tcf_csum_init()', writes: 'net/sched/act_csum.c tcf_csum_dump()' },
  { PARMS: structure(tc_csum, { shown: { ...withVerdict.shown, update_flags: shown(u32, csumFlags) } }) },
);

/** TCA_ACT_OPTIONS by TCA_ACT_KIND. */
const optionsOf: Readonly<Record<string, Shape>> = {
  bpf: attributes(bpf),
  gact: attributes(generic),
  mirred: attributes(redirect),
  police: attributes(police),
  skbedit: attributes(edit),
  vlan: attributes(vlan),
  csum: attributes(checksum),
};
