// net/core/rtnetlink.c if_nlmsg_size(): the most a link message can need. It sizes replies, events and, when a dump
// asks for an extended mask, its first chunk.
import { nlaAlign, NLA_HDRLEN } from '../../../../codec/nla.js';
import { rtnl_link_ifmap, rtnl_link_stats, rtnl_link_stats64 } from '../../../../uapi/linux/if_link.js';
import { ALTIFNAMSIZ, IFALIASZ, IFNAMSIZ } from '../../../../uapi/linux/if.js';
import { NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { ifinfomsg } from '../../../../uapi/linux/rtnetlink.js';
import { inetLinkAfSize } from '../../ipv4/devinet/in_device.js';
import { inet6LinkAfSize } from '../../ipv6/addrconf/inet6_dev.js';
import type { NetDevice } from '../net_device.js';

/** nla_total_size(): header, payload and padding. */
const total = (payload: number): number => nlaAlign(NLA_HDRLEN + payload);
/** MAX_ADDR_LEN and MAX_PHYS_ITEM_ID_LEN. */
const MAX_ADDR = 32;
const U16_MAX = 0xffff;
/** Attributes of one to four bytes. */
const SMALL_ATTRIBUTES = 44;
/** IFLA_XDP with everything it may hold, and the two nests that are empty here. */
const XDP_AND_EMPTY = 9 * 8;

const FIXED =
  NLMSG_HDRLEN +
  ifinfomsg.size +
  2 * total(IFNAMSIZ) +
  total(IFALIASZ) +
  total(rtnl_link_ifmap.size) +
  total(rtnl_link_stats.size) +
  total(rtnl_link_stats64.size) +
  5 * total(MAX_ADDR) +
  total(IFNAMSIZ) +
  SMALL_ATTRIBUTES * 8 +
  XDP_AND_EMPTY +
  total(0) +
  (total(0) + inetLinkAfSize()) +
  (total(0) + inet6LinkAfSize());

/** @models net/core/rtnetlink.c rtnl_prop_list_size() */
const propListSize = ({ altNames }: NetDevice): number =>
  altNames.length === 0 ? 0 : total(0) + altNames.length * total(ALTIFNAMSIZ);

/** Whether one more alternative name leaves the list short enough for an attribute. @differs part of rtnl_alt_ifname() */
export const nextPropertyFits = (dev: NetDevice): boolean => propListSize(dev) + total(ALTIFNAMSIZ) < U16_MAX;

/**
 * Bytes to set aside for a message about `dev`, header included.
 *
 * @models net/core/rtnetlink.c if_nlmsg_size()
 * @differs the sum is ours: it bounds the message, and reaches the least chunk only with many alternative names
 */
export function ifNlmsgSize(dev: NetDevice): number {
  const info = dev.linkKind === undefined ? 0 : total(0) + total(dev.linkKind.length + 1) + total(0);
  return FIXED + info + total(0) + propListSize(dev);
}
