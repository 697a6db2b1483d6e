// include/uapi/linux/if_addr.h: address messages, their attributes and flags. The policies are those of IPv4
// (ifa_ipv4_policy of net/ipv4/devinet.c) and of IPv6 (ifa_ipv6_policy of net/ipv6/addrconf.c).
import { attrs } from '../../codec/attrs.js';
import { atLeast, int, nlaU32, nlaU8, opaque, output, string, unchecked } from '../../codec/kind.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { s32, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const ifaddrmsg = struct('ifaddrmsg', {
  ifa_family: u8,
  ifa_prefixlen: u8,
  ifa_flags: u8,
  ifa_scope: u8,
  ifa_index: u32,
});

export const ifa_cacheinfo = struct('ifa_cacheinfo', { ifa_prefered: u32, ifa_valid: u32, cstamp: u32, tstamp: u32 });

const IFA_MAX = 11;

/** IFA_* as IPv4 takes them. */
export const IFA = attrs(
  'IFA',
  {
    ADDRESS: [1, nlaU32],
    LOCAL: [2, nlaU32],
    LABEL: [3, string(15)],
    BROADCAST: [4, nlaU32],
    ANYCAST: [5, unchecked],
    CACHEINFO: [6, atLeast(ifa_cacheinfo)],
    MULTICAST: [7, output(u32), 'dump'],
    FLAGS: [8, nlaU32],
    RT_PRIORITY: [9, nlaU32],
    TARGET_NETNSID: [10, int(s32)],
    PROTO: [11, nlaU8],
  },
  IFA_MAX,
);

/** IFA_* as IPv6 takes them. */
export const IFA6 = attrs(
  'IFA',
  {
    ADDRESS: [1, opaque(16)],
    LOCAL: [2, opaque(16)],
    LABEL: [3, unchecked],
    BROADCAST: [4, unchecked],
    ANYCAST: [5, opaque(16), 'dump'],
    CACHEINFO: [6, atLeast(ifa_cacheinfo)],
    MULTICAST: [7, opaque(16), 'dump'],
    FLAGS: [8, atLeast(u32)],
    RT_PRIORITY: [9, atLeast(u32)],
    TARGET_NETNSID: [10, int(s32)],
    PROTO: [11, nlaU8],
  },
  IFA_MAX,
);

export const IFA_F_SECONDARY = 0x01;
export const IFA_F_TEMPORARY = 0x01;
export const IFA_F_NODAD = 0x02;
export const IFA_F_OPTIMISTIC = 0x04;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_HOMEADDRESS = 0x10;
export const IFA_F_DEPRECATED = 0x20;
export const IFA_F_TENTATIVE = 0x40;
export const IFA_F_PERMANENT = 0x80;
export const IFA_F_MANAGETEMPADDR = 0x100;
export const IFA_F_NOPREFIXROUTE = 0x200;
export const IFA_F_MCAUTOJOIN = 0x400;
export const IFA_F_STABLE_PRIVACY = 0x800;

export const IFAPROT_UNSPEC = 0;
export const IFAPROT_KERNEL_LO = 1;
export const IFAPROT_KERNEL_RA = 2;
export const IFAPROT_KERNEL_LL = 3;

/** `IFA_F_PERMANENT` for 0x80; bit 0 has two names, and this is the one of IPv4. */
export const ifaFlags = flagTable({
  IFA_F_SECONDARY, IFA_F_NODAD, IFA_F_OPTIMISTIC, IFA_F_DADFAILED, IFA_F_HOMEADDRESS, IFA_F_DEPRECATED,
  IFA_F_TENTATIVE, IFA_F_PERMANENT, IFA_F_MANAGETEMPADDR, IFA_F_NOPREFIXROUTE, IFA_F_MCAUTOJOIN, IFA_F_STABLE_PRIVACY,
}); // prettier-ignore

export const ifaProto = nameTable({ IFAPROT_UNSPEC, IFAPROT_KERNEL_LO, IFAPROT_KERNEL_RA, IFAPROT_KERNEL_LL });
