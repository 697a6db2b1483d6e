// Requests about links, addresses, routes and neighbours that succeed, at least one for every handler and every kind.
import { u16 } from '../../../lib/codec/scalar.js';
import { FR_ACT_TO_TBL, FRA, fib_rule_hdr } from '../../../lib/uapi/linux/fib_rules.js';
import { IFF_UP } from '../../../lib/uapi/linux/if.js';
import * as A from '../../../lib/uapi/linux/if_addr.js';
import { IFLA, IFLA_INFO } from '../../../lib/uapi/linux/if_link.js';
import { NDA, ndmsg, NTF_SELF, NUD_PERMANENT } from '../../../lib/uapi/linux/neighbour.js';
import { NETNSA } from '../../../lib/uapi/linux/net_namespace.js';
import * as O from '../../../lib/uapi/linux/route.js';
import * as R from '../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../../lib/uapi/linux/socket.js';
import { VETH_INFO } from '../../../lib/uapi/linux/veth.js';
import type { Attribute, Message } from '../../../tools/oracle/fuzz/message.js';
import { a, ACK, ADD, type Case, DUMP, encoded, message, V0, V1 } from './build.js';

const AF_BRIDGE = 7;

interface LinkFields {
  readonly family?: number;
  readonly index?: number;
  readonly flags?: number;
}

const link = (type: number, flags: number, fields: LinkFields, ...attributes: Attribute[]): Message => {
  const { family: ifi_family = 0, index: ifi_index = 0, flags: ifi_flags = 0 } = fields;
  return message(
    type,
    flags,
    R.ifinfomsg.bytes({ ifi_family, ifi_index, ifi_flags, ifi_change: ifi_flags }),
    attributes,
  );
};
const mac = (last: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, last);
const info = (kind: string, ...data: Attribute[]): Attribute =>
  a(IFLA.LINKINFO, [a(IFLA_INFO.KIND, kind), ...(data.length === 0 ? [] : [a(IFLA_INFO.DATA, data)])]);

const peer = (name: string, index: number): Attribute => ({
  type: VETH_INFO.PEER.type,
  value: {
    head: R.ifinfomsg.bytes({ ifi_index: index }),
    attributes: [a(IFLA.IFNAME, name), a(IFLA.ADDRESS, mac(index))],
  },
});

export const pair = link(
  R.RTM_NEWLINK,
  ADD,
  { index: V0 },
  ...[a(IFLA.IFNAME, 'v0'), a(IFLA.ADDRESS, mac(V0)), info('veth', peer('v1', V1))],
);
export const up = (index: number): Message => link(R.RTM_SETLINK, ACK, { index, flags: IFF_UP });

const newLink = (kind: string, ...data: Attribute[]): Message =>
  link(
    R.RTM_NEWLINK,
    ADD,
    { index: 20 },
    ...[a(IFLA.IFNAME, 'new'), a(IFLA.ADDRESS, mac(20)), a(IFLA.MTU, 1400), a(IFLA.TXQLEN, 7), a(IFLA.GROUP, 3)],
    info(kind, ...data),
  );
const bridgePort = [a(IFLA.AF_SPEC, [a(0, encoded(u16, 1))])];
const altNames = a(IFLA.PROP_LIST.type | 0x8000, [a(IFLA.ALT_IFNAME, 'other'), a(IFLA.ALT_IFNAME, 'another')]);

const oneByOne = 'what a request says of a link is done one by one, and stays when the next is refused';

export const links: readonly Case[] = [
  { name: 'a dummy', before: [], request: newLink('dummy') },
  { name: 'an ifb', before: [], request: newLink('ifb') },
  { name: 'a veth pair', before: [], request: newLink('veth', peer('peer', 21)) },
  {
    name: 'a change of a link',
    partly: oneByOne,
    before: [],
    request: link(R.RTM_NEWLINK, ACK, { index: V0 }, a(IFLA.MTU, 1400), a(IFLA.TXQLEN, 9), info('veth')),
  },
  {
    name: 'a link that goes up',
    partly: oneByOne,
    before: [newLink('dummy')],
    request: link(R.RTM_SETLINK, ACK, { index: 20, flags: IFF_UP }, a(IFLA.IFALIAS, 'alias'), a(IFLA.GROUP, 5)),
  },
  { name: 'the end of a link', before: [newLink('ifb')], request: link(R.RTM_DELLINK, ACK, { index: 20 }) },
  { name: 'a link by name', before: [], request: link(R.RTM_GETLINK, ACK, {}, a(IFLA.IFNAME, 'v0')) },
  { name: 'all links', before: [], request: link(R.RTM_GETLINK, DUMP, {}, a(IFLA.EXT_MASK, 1)) },
  { name: 'all links for IPv6', before: [], request: link(R.RTM_GETLINK, DUMP, { family: AF_INET6 }) },
  { name: 'all links for bridges', before: [], request: link(R.RTM_GETLINK, DUMP, { family: AF_BRIDGE }) },
  { name: 'more names', partly: oneByOne, before: [], request: link(R.RTM_NEWLINKPROP, ADD, { index: V0 }, altNames) },
  {
    name: 'fewer names',
    partly: oneByOne,
    before: [link(R.RTM_NEWLINKPROP, ADD, { index: V0 }, altNames)],
    request: link(R.RTM_DELLINKPROP, ACK, { index: V0 }, altNames),
  },
];

const [ip, network] = [Uint8Array.of(10, 0, 0, 1), Uint8Array.of(10, 9, 0, 0)];
const ip6 = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const cacheinfo = A.ifa_cacheinfo.bytes({ ifa_prefered: 100, ifa_valid: 200 });

const address = (type: number, flags: number, family: number, ...attributes: Attribute[]): Message => {
  const ifa_prefixlen = family === AF_INET ? 24 : 64;
  return message(type, flags, A.ifaddrmsg.bytes({ ifa_family: family, ifa_prefixlen, ifa_index: V0 }), attributes);
};
const newIp = address(
  R.RTM_NEWADDR,
  ADD,
  AF_INET,
  ...[a(A.IFA.LOCAL, ip), a(A.IFA.ADDRESS, ip), a(A.IFA.BROADCAST, Uint8Array.of(10, 0, 0, 255))],
  ...[a(A.IFA.LABEL, 'v0:1'), a(A.IFA.CACHEINFO, cacheinfo), a(A.IFA.FLAGS, 0x200)],
);
const newIp6 = address(
  R.RTM_NEWADDR,
  ADD,
  AF_INET6,
  ...[a(A.IFA6.LOCAL, ip6), a(A.IFA6.ADDRESS, ip6), a(A.IFA6.CACHEINFO, cacheinfo), a(A.IFA6.FLAGS, 0x202)],
);
const all = (type: number, family: number, size: number): Message => {
  const head = new Uint8Array(size);
  head[0] = family;
  return message(type, DUMP, head, []);
};

export const addresses: readonly Case[] = [
  { name: 'an IPv4 address', before: [], request: newIp },
  { name: 'the end of an IPv4 address', before: [newIp], request: address(R.RTM_DELADDR, ACK, AF_INET, a(A.IFA.LOCAL, ip)) },
  { name: 'all IPv4 addresses', before: [newIp], request: all(R.RTM_GETADDR, AF_INET, A.ifaddrmsg.size) },
  { name: 'an IPv6 address', before: [], request: newIp6 },
  { name: 'an IPv6 address to be shown', before: [newIp6], request: address(R.RTM_GETADDR, ACK, AF_INET6, a(A.IFA6.ADDRESS, ip6)) },
  { name: 'the end of an IPv6 address', before: [newIp6], request: address(R.RTM_DELADDR, ACK, AF_INET6, a(A.IFA6.LOCAL, ip6)) },
  { name: 'all IPv6 addresses', before: [newIp6], request: all(R.RTM_GETADDR, AF_INET6, A.ifaddrmsg.size) },
  { name: 'all IPv4 groups', before: [], request: all(R.RTM_GETMULTICAST, AF_INET, A.ifaddrmsg.size) },
  { name: 'all IPv6 groups', before: [], request: all(R.RTM_GETMULTICAST, AF_INET6, A.ifaddrmsg.size) },
  { name: 'all IPv6 anycast addresses', before: [], request: all(R.RTM_GETANYCAST, AF_INET6, A.ifaddrmsg.size) },
  { name: 'all addresses', before: [newIp], request: all(R.RTM_GETADDR, 0, A.ifaddrmsg.size) },
]; // prettier-ignore

const route = (type: number, flags: number, family: number, ...attributes: Attribute[]): Message => {
  const rtm = { rtm_family: family, rtm_dst_len: 24, rtm_table: O.RT_TABLE_MAIN, rtm_protocol: O.RTPROT_BOOT };
  return message(
    type,
    flags,
    O.rtmsg.bytes({ ...rtm, rtm_type: O.RTN_UNICAST, rtm_scope: O.RT_SCOPE_LINK }),
    attributes,
  );
};
const newRoute = route(
  R.RTM_NEWROUTE,
  ADD,
  AF_INET,
  ...[a(O.RTA.DST, network), a(O.RTA.OIF, V0), a(O.RTA.PREFSRC, ip), a(O.RTA.PRIORITY, 5)],
);
const query = (family: number, bits: number, ...attributes: Attribute[]): Message =>
  message(R.RTM_GETROUTE, ACK, O.rtmsg.bytes({ rtm_family: family, rtm_dst_len: bits }), attributes);

const rule = (type: number, flags: number, family: number): Message => {
  const head = { family, src_len: family === AF_INET ? 32 : 128, table: O.RT_TABLE_MAIN, action: FR_ACT_TO_TBL };
  return message(type, flags, fib_rule_hdr.bytes(head), [
    ...[a(FRA.SRC, family === AF_INET ? ip : ip6), a(FRA.PRIORITY, 77), a(FRA.IIFNAME, 'v0'), a(FRA.FWMARK, 3)],
  ]);
};

export const rules: readonly Case[] = [AF_INET, AF_INET6].flatMap((family) => [
  { name: `a rule of family ${family}`, before: [], request: rule(R.RTM_NEWRULE, ADD, family) },
  {
    name: `the end of a rule of family ${family}`,
    before: [rule(R.RTM_NEWRULE, ADD, family)],
    request: rule(R.RTM_DELRULE, ACK, family),
  },
]);

export const routes: readonly Case[] = [
  { name: 'a route', before: [newIp], request: newRoute },
  {
    name: 'the end of a route',
    before: [newIp, newRoute],
    request: route(R.RTM_DELROUTE, ACK, AF_INET, a(O.RTA.DST, network)),
  },
  { name: 'the route to an address', before: [newIp, newRoute], request: query(AF_INET, 32, a(O.RTA.DST, ip)) },
  { name: 'the IPv6 route to an address', before: [newIp6], request: query(AF_INET6, 128, a(O.RTA6.DST, ip6)) },
  { name: 'all IPv4 routes', before: [newIp, newRoute], request: all(R.RTM_GETROUTE, AF_INET, O.rtmsg.size) },
  { name: 'all IPv6 routes', before: [newIp6], request: all(R.RTM_GETROUTE, AF_INET6, O.rtmsg.size) },
  { name: 'all routes', before: [newIp], request: all(R.RTM_GETROUTE, 0, O.rtmsg.size) },
  { name: 'all rules', before: [], request: all(R.RTM_GETRULE, 0, 12) },
];

const neigh = (type: number, flags: number, ...attributes: Attribute[]): Message => {
  const ndm_state = type === R.RTM_GETNEIGH ? 0 : NUD_PERMANENT;
  const head = { ndm_family: AF_INET, ndm_ifindex: V0, ndm_state };
  return message(type, flags, ndmsg.bytes(head), [a(NDA.DST, ip), ...attributes]);
};
const newNeigh = neigh(R.RTM_NEWNEIGH, ADD, a(NDA.LLADDR, mac(9)));

const groupMac = Uint8Array.of(1, 0, 0, 0, 0, 9);
const entry = (type: number, flags: number, address: Uint8Array): Message => {
  const ndm_state = type === R.RTM_GETNEIGH ? 0 : NUD_PERMANENT;
  const head = { ndm_family: AF_BRIDGE, ndm_ifindex: V0, ndm_state, ndm_flags: NTF_SELF };
  return message(type, flags, ndmsg.bytes(head), [a(NDA.LLADDR, address)]);
};
const newEntry = entry(R.RTM_NEWNEIGH, ADD, mac(9));

export const neighbours: readonly Case[] = [
  { name: 'a neighbour', before: [], request: newNeigh },
  { name: 'the end of a neighbour', before: [newNeigh], request: neigh(R.RTM_DELNEIGH, ACK) },
  { name: 'one neighbour', before: [newNeigh], request: neigh(R.RTM_GETNEIGH, ACK) },
  { name: 'all neighbours', before: [newNeigh], request: all(R.RTM_GETNEIGH, 0, ndmsg.size) },
  { name: 'an address to receive', before: [], request: newEntry },
  { name: 'a group address to receive', before: [], request: entry(R.RTM_NEWNEIGH, ADD, groupMac) },
  { name: 'the end of an address', before: [newEntry], request: entry(R.RTM_DELNEIGH, ACK, mac(9)) },
  { name: 'all addresses received', before: [newEntry], request: all(R.RTM_GETNEIGH, AF_BRIDGE, ndmsg.size) },
];

const nsid = (type: number, flags: number, ...attributes: Attribute[]): Message =>
  message(type, flags, new Uint8Array(4), attributes);
/** The requester is process 100. */
const own = a(NETNSA.PID, 100);
const newNsid = nsid(R.RTM_NEWNSID, ADD, a(NETNSA.NSID, 3), own);

export const namespaces: readonly Case[] = [
  { name: 'an id of the namespace', before: [], request: newNsid },
  { name: 'the id of the namespace', before: [newNsid], request: nsid(R.RTM_GETNSID, ACK, own) },
  { name: 'all ids', before: [newNsid], request: nsid(R.RTM_GETNSID, DUMP) },
];

/** Requests that nothing here can grant, of handlers that only refuse. */
export const ports: readonly Case[] = [
  {
    name: 'a port of a bridge',
    before: [],
    request: link(R.RTM_SETLINK, ACK, { family: AF_BRIDGE, index: V0 }, ...bridgePort),
  },
  {
    name: 'no port of a bridge',
    before: [],
    request: link(R.RTM_DELLINK, ACK, { family: AF_BRIDGE, index: V0 }, ...bridgePort),
  },
  { name: 'one entry of a forwarding table', before: [newEntry], request: entry(R.RTM_GETNEIGH, ACK, mac(9)) },
];
