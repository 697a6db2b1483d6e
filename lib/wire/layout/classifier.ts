// Options of classifiers, by TCA_KIND of a filter.
import { s16, s32, u32, u64, u8 } from '../../codec/scalar.js';
import * as cls from '../../uapi/linux/pkt_cls.js';
import { actions, police } from './action.js';
import { array, attributes, level, program, structure, value } from './level.js';
import { flower } from './flower.js';
import type { Shape } from './shape.js';
import { classid, hexBe16, hexBe32, hexU32, shown, u32Handle } from './values.js';

const flags = value(shown(u32, cls.tcaClsFlags));
const target = value(classid);

const bpf = level(
  cls.TCA_BPF,
  { reads: 'net/sched/cls_bpf.c cls_bpf_set_parms()', writes: 'net/sched/cls_bpf.c cls_bpf_dump()' },
  {
    ACT: attributes(actions),
    POLICE: attributes(police),
    CLASSID: target,
    OPS: program,
    FLAGS: value(shown(u32, cls.tcaBpfFlags)),
    FLAGS_GEN: flags,
  },
);

const hex8 = (word: unknown): string => `0x${(word as number).toString(16).padStart(8, '0')}`;

const key = structure(cls.tc_u32_key, {
  shown: { mask: hexBe32, val: hexBe32, off: s32, offmask: hexU32 },
  inShort: ({ val, mask, off, offmask }) =>
    `match ${hex8(val)}/${hex8(mask)} at ${offmask === 0 ? '' : 'nexthdr+'}${String(off)}`,
});

const selector = structure(cls.tc_u32_sel, {
  shown: { flags: shown(u8, cls.tcU32Flags), offmask: hexBe16, offoff: s16, hmask: hexBe32 },
  then: array(key, (index) => `key ${index}`),
});

const u32Filter = level(
  cls.TCA_U32,
  { reads: 'net/sched/cls_u32.c u32_set_parms()', writes: 'net/sched/cls_u32.c u32_dump()' },
  {
    CLASSID: target,
    HASH: value(u32Handle),
    LINK: value(u32Handle),
    SEL: selector,
    POLICE: attributes(police),
    ACT: attributes(actions),
    PCNT: structure(cls.tc_u32_pcnt, { then: array(u64, (index) => `kcnts[${index}]`) }),
    FLAGS: flags,
  },
);

const matchall = level(
  cls.TCA_MATCHALL,
  { reads: 'net/sched/cls_matchall.c mall_change()', writes: 'net/sched/cls_matchall.c mall_dump()' },
  { CLASSID: target, ACT: attributes(actions), FLAGS: flags },
);

const fw = level(
  cls.TCA_FW,
  { reads: 'net/sched/cls_fw.c fw_set_parms()', writes: 'net/sched/cls_fw.c fw_dump()' },
  { CLASSID: target, POLICE: attributes(police), ACT: attributes(actions), MASK: value(hexU32) },
);

const basic = level(
  cls.TCA_BASIC,
  { reads: 'net/sched/cls_basic.c basic_set_parms()', writes: 'net/sched/cls_basic.c basic_dump()' },
  { CLASSID: target, ACT: attributes(actions), POLICE: attributes(police), PCNT: structure(cls.tc_u32_pcnt) },
);

const cgroup = level(
  cls.TCA_CGROUP,
  { reads: 'net/sched/cls_cgroup.c cls_cgroup_change()', writes: 'net/sched/cls_cgroup.c cls_cgroup_dump()' },
  { ACT: attributes(actions), POLICE: attributes(police) },
);

export const classifierOptions: Readonly<Record<string, Shape>> = {
  bpf: attributes(bpf),
  u32: attributes(u32Filter),
  matchall: attributes(matchall),
  flower: attributes(flower),
  fw: attributes(fw),
  basic: attributes(basic),
  cgroup: attributes(cgroup),
};
