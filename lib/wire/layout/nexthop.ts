// Messages of next hops, their groups and the buckets of those.
import { u16, u32, u8 } from '../../codec/scalar.js';
import * as nh from '../../uapi/linux/nexthop.js';
import { rtmFlags, rtProtocol, rtScope } from '../../uapi/linux/route.js';
import { anyAddress } from './address.js';
import { array, attributes, level, numbered, structure, value } from './level.js';
import type { Level } from './shape.js';
import { family, shown } from './values.js';

export const nexthopHead = structure(nh.nhmsg, {
  shown: {
    nh_family: family,
    nh_scope: shown(u8, rtScope),
    nh_protocol: shown(u8, rtProtocol),
    nh_flags: shown(u32, rtmFlags),
  },
});

const entry = level(nh.NHA_GROUP_STATS_ENTRY, {});
const entries: Level = numbered(attributes(entry), { name: (type) => `entry ${type}` });

export const nexthop = level(
  nh.NHA,
  { reads: 'net/ipv4/nexthop.c rtm_to_nh_config()', writes: 'net/ipv4/nexthop.c nh_fill_node()' },
  {
    GROUP: array(nh.nexthop_grp, (index) => `member ${index}`),
    GROUP_TYPE: value(shown(u16, nh.nexthopGroupType)),
    GATEWAY: anyAddress,
    RES_GROUP: attributes(level(nh.NHA_RES_GROUP, {})),
    RES_BUCKET: attributes(level(nh.NHA_RES_BUCKET, {})),
    GROUP_STATS: attributes(entries),
  },
);
