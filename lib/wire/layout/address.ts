// Messages of addresses, neighbours and prefixes.
import { s32, u16, u32, u8 } from '../../codec/scalar.js';
import * as ia from '../../uapi/linux/if_addr.js';
import * as nb from '../../uapi/linux/neighbour.js';
import { rtnType, rtScope } from '../../uapi/linux/route.js';
import { PREFIX, prefix_cacheinfo, prefixmsg } from '../../uapi/linux/rtnetlink.js';
import { level, octets, structure, value } from './level.js';
import { address, family, mac, shown } from './values.js';

export const anyAddress = octets(address);
const flags = shown(u32, ia.ifaFlags);

const seconds = shown(u32, (count) => (count === 0xffffffff ? 'forever' : `${count} s`));
const centiseconds = shown(u32, (count) => `${count} (${count / 100} s)`);
const lifetimes = structure(ia.ifa_cacheinfo, {
  shown: { ifa_prefered: seconds, ifa_valid: seconds, cstamp: centiseconds, tstamp: centiseconds },
});

export const addressHead = structure(ia.ifaddrmsg, {
  shown: { ifa_family: family, ifa_flags: shown(u8, ia.ifaFlags), ifa_scope: shown(u8, rtScope) },
});

const rules = {
  ADDRESS: anyAddress,
  LOCAL: anyAddress,
  BROADCAST: anyAddress,
  ANYCAST: anyAddress,
  MULTICAST: anyAddress,
  CACHEINFO: lifetimes,
  FLAGS: value(flags),
  PROTO: value(shown(u8, ia.ifaProto)),
};

export const address4 = level(
  ia.IFA,
  { reads: 'net/ipv4/devinet.c rtm_to_ifaddr()', writes: 'net/ipv4/devinet.c inet_fill_ifaddr()' },
  rules,
);
export const address6 = level(
  ia.IFA6,
  { reads: 'net/ipv6/addrconf.c inet6_rtm_newaddr()', writes: 'net/ipv6/addrconf.c inet6_fill_ifaddr()' },
  rules,
);

export const neighbourHead = structure(nb.ndmsg, {
  shown: {
    ndm_family: family,
    ndm_ifindex: s32,
    ndm_state: shown(u16, nb.nudState),
    ndm_flags: shown(u8, nb.ntfFlags),
    ndm_type: shown(u8, rtnType),
  },
});
export const neighbour = level(
  nb.NDA,
  { reads: 'net/core/neighbour.c neigh_add()', writes: 'net/core/neighbour.c neigh_fill_info()' },
  { DST: anyAddress, LLADDR: octets(mac) },
);

export const prefixHead = structure(prefixmsg, { shown: { prefix_family: family } });
export const prefix = level(
  PREFIX,
  { writes: 'net/ipv6/addrconf.c inet6_fill_prefix()' },
  {
    ADDRESS: anyAddress,
    CACHEINFO: structure(prefix_cacheinfo, { shown: { preferred_time: seconds, valid_time: seconds } }),
  },
);
