// Messages of links: struct ifinfomsg and IFLA_* attributes, of which IFLA_INFO_KIND says what IFLA_INFO_DATA holds.
import { s32, u16, u32, u64, u8 } from '../../codec/scalar.js';
import { addressFamily, AF_INET, AF_INET6 } from '../../uapi/linux/socket.js';
import {
  IF_LINK_MODE_DEFAULT,
  IF_LINK_MODE_DORMANT,
  IF_LINK_MODE_TESTING,
  iffFlags,
  ifOper,
} from '../../uapi/linux/if.js';
import { arphrd } from '../../uapi/linux/if_arp.js';
import * as il from '../../uapi/linux/if_link.js';
import { ipv4Devconf } from '../../uapi/linux/ip.js';
import { ipv6Devconf } from '../../uapi/linux/ipv6.js';
import { NLM_F_REQUEST } from '../../uapi/linux/netlink.js';
import { ifinfomsg, rtextFilter } from '../../uapi/linux/rtnetlink.js';
import { icmp6Counter, ip6Counter } from '../../uapi/linux/snmp.js';
import { VETH_INFO } from '../../uapi/linux/veth.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { array, attributes, byName, guess, level, numbered, octets, structure, text, textOf, value } from './level.js';
import type { Level, Shape } from './shape.js';
import { address, etherType, family, mac, onOff, shown } from './values.js';

const linkMode = nameTable({ IF_LINK_MODE_DEFAULT, IF_LINK_MODE_DORMANT, IF_LINK_MODE_TESTING });

const flags = shown(u32, iffFlags);
const change = shown(u32, (bits) => (bits === 0xffffffff ? '0xffffffff (all)' : iffFlags(bits)));
const head = { ifi_family: family, ifi_type: shown(u16, arphrd), ifi_flags: flags, ifi_change: change };
export const linkHead = structure(ifinfomsg, { shown: head });

const setting = (names: (index: number) => string): Shape => array(s32, names);
const inetSettings = setting((index) => ipv4Devconf(index + 1));
/** A request has an attribute a sysctl, an answer all of them in a row. */
const inetConf = attributes(
  numbered(value(u32), { reads: 'net/ipv4/devinet.c inet_set_link_af()', name: ipv4Devconf }),
);

const inet = level(
  il.IFLA_INET,
  { reads: 'net/ipv4/devinet.c inet_set_link_af()', writes: 'net/ipv4/devinet.c inet_fill_link_af()' },
  { CONF: ({ context }) => ((context.flags & NLM_F_REQUEST) === 0 ? inetSettings : inetConf) },
);

const inet6 = level(
  il.IFLA_INET6,
  { reads: 'net/ipv6/addrconf.c inet6_set_link_af()', writes: 'net/ipv6/addrconf.c inet6_fill_ifla6_attrs()' },
  {
    FLAGS: value(shown(u32, (bits) => `0x${bits.toString(16)}`)),
    CONF: setting(ipv6Devconf),
    STATS: array(u64, ip6Counter),
    ICMP6STATS: array(u64, icmp6Counter),
    TOKEN: octets(address, 'in6_addr'),
    ADDR_GEN_MODE: value(shown(u8, il.in6AddrGenMode)),
  },
);

const byFamily: Readonly<Record<number, Shape>> = { [AF_INET]: attributes(inet), [AF_INET6]: attributes(inet6) };
const afSpec = numbered(({ attribute }) => byFamily[attribute.type] ?? guess(attribute), { name: addressFamily });

const linkAddress = octets(mac);

const xdp = level(
  il.IFLA_XDP,
  { reads: 'net/core/rtnetlink.c do_setlink()', writes: 'net/core/rtnetlink.c rtnl_xdp_fill()' },
  { FLAGS: value(shown(u32, il.xdpFlags)), ATTACHED: value(shown(u8, il.xdpAttached)) },
);

const props = level(il.IFLA, {
  reads: 'net/core/rtnetlink.c rtnl_linkprop()',
  writes: 'net/core/rtnetlink.c rtnl_fill_prop_list()',
});

const info = level(
  il.IFLA_INFO,
  { reads: 'net/core/rtnetlink.c rtnl_newlink()', writes: 'net/core/rtnetlink.c rtnl_link_fill()' },
  { DATA: (place) => byName(dataOf, textOf(place.siblings, il.IFLA_INFO.KIND.type)) ?? guess(place.attribute) },
);

export const link: Level = level(
  il.IFLA,
  { reads: 'net/core/rtnetlink.c rtnl_newlink()', writes: 'net/core/rtnetlink.c rtnl_fill_ifinfo()' },
  {
    ADDRESS: linkAddress,
    BROADCAST: linkAddress,
    PERM_ADDRESS: linkAddress,
    LINK: value(s32),
    QDISC: text,
    STATS: structure(il.rtnl_link_stats),
    STATS64: structure(il.rtnl_link_stats64),
    MAP: structure(il.rtnl_link_ifmap),
    OPERSTATE: value(shown(u8, ifOper)),
    LINKMODE: value(shown(u8, linkMode)),
    LINKINFO: attributes(info),
    IFALIAS: text,
    NUM_VF: value(u32),
    AF_SPEC: attributes(afSpec),
    EXT_MASK: value(shown(u32, rtextFilter)),
    CARRIER: value(onOff),
    PROTO_DOWN: value(onOff),
    PHYS_PORT_NAME: text,
    XDP: attributes(xdp),
    EVENT: value(shown(u32, il.iflaEvent)),
    NEW_NETNSID: value(s32),
    PROP_LIST: attributes(props),
    PROTO_DOWN_REASON: attributes(
      level(il.IFLA_PROTO_DOWN_REASON, { reads: 'net/core/rtnetlink.c do_set_proto_down()' }),
    ),
    PARENT_DEV_BUS_NAME: text,
    TSO_MAX_SIZE: value(u32),
    TSO_MAX_SEGS: value(u32),
    ALLMULTI: value(u32),
    MAX_PACING_OFFLOAD_HORIZON: value(u32),
    NETNS_IMMUTABLE: value(onOff),
    HEADROOM: value(u16),
    TAILROOM: value(u16),
  },
);

const veth = level(
  VETH_INFO,
  { reads: 'drivers/net/veth.c veth_newlink()' },
  { PEER: structure(ifinfomsg, { shown: head, then: attributes(link) }) },
);

const vlanFlags = shown(
  u32,
  flagTable({
    VLAN_FLAG_REORDER_HDR: 1,
    VLAN_FLAG_GVRP: 2,
    VLAN_FLAG_LOOSE_BINDING: 4,
    VLAN_FLAG_MVRP: 8,
    VLAN_FLAG_BRIDGE_BINDING: 16,
  }),
);
const vlanMap = attributes(
  level(il.IFLA_VLAN_QOS, {
    reads: 'net/8021q/vlan_netlink.c vlan_changelink()',
    writes: 'net/8021q/vlan_netlink.c vlan_fill_info()',
  }),
);
const vlan = level(
  il.IFLA_VLAN,
  { reads: 'net/8021q/vlan_netlink.c vlan_newlink()', writes: 'net/8021q/vlan_netlink.c vlan_fill_info()' },
  {
    FLAGS: structure(il.ifla_vlan_flags, { shown: { flags: vlanFlags, mask: vlanFlags } }),
    EGRESS_QOS: vlanMap,
    INGRESS_QOS: vlanMap,
    PROTOCOL: value(etherType),
  },
);

const macvlan = level(
  il.IFLA_MACVLAN,
  { reads: 'drivers/net/macvlan.c macvlan_common_newlink()', writes: 'drivers/net/macvlan.c macvlan_fill_info()' },
  { MODE: value(shown(u32, il.macvlanMode)), MACADDR: linkAddress },
);

/** IFLA_INFO_DATA by IFLA_INFO_KIND. */
const dataOf: Readonly<Record<string, Shape>> = {
  veth: attributes(veth),
  vlan: attributes(vlan),
  macvlan: attributes(macvlan),
  macvtap: attributes(macvlan),
};
