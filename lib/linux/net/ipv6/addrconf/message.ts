// net/ipv6/addrconf.c, address messages of IPv6: how one is filled, and the events to RTNLGRP_IPV6_IFADDR.
import { IFA6, IFA_F_PERMANENT, ifaddrmsg } from '../../../../uapi/linux/if_addr.js';
import { NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { RTNLGRP_IPV6_IFADDR } from '../../../../uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../../uapi/linux/socket.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import type { FillArgs } from '../../ipv4/devinet/notify.js';
import { MessageWriter } from '../../netlink/message.js';
import { rtScope } from '../in6.js';
import type { Inet6Ifaddr } from './inet6_dev.js';

const FOREVER = 0xffffffff;

function lifetimes(ifp: Inet6Ifaddr): { readonly preferred: number; readonly valid: number } {
  const { preferredLft: preferred, validLft: valid } = ifp;
  if (preferred === FOREVER) return { preferred, valid: ifp.flags & IFA_F_PERMANENT ? FOREVER : valid };
  const { clock } = ifp.idev.dev.net.machine;
  const age = Math.floor((clock.now() - (ifp.tstamp * NSEC_PER_SEC) / 100) / NSEC_PER_SEC);
  const left = (lifetime: number): number => Math.max(0, lifetime - age);
  return { preferred: left(preferred), valid: valid === FOREVER ? valid : left(valid) };
}

/** @models net/ipv6/addrconf.c inet6_fill_ifaddr() */
export function inet6FillIfaddr(skb: MessageWriter, ifp: Inet6Ifaddr, { type, flags, seq, portid }: FillArgs): void {
  const start = skb.begin(type, flags, seq, portid, ifaddrmsg.size);
  ifaddrmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    ifa_family: AF_INET6,
    ifa_prefixlen: ifp.prefixlen,
    ifa_flags: ifp.flags & 0xff,
    ifa_scope: rtScope(ifp.addr),
    ifa_index: ifp.idev.dev.ifindex,
  });
  const { preferred, valid } = lifetimes(ifp);
  if (ifp.peer !== undefined) skb.put(IFA6.LOCAL, ifp.addr);
  skb.put(IFA6.ADDRESS, ifp.peer ?? ifp.addr);
  if (ifp.rtPriority !== 0) skb.put(IFA6.RT_PRIORITY, ifp.rtPriority);
  skb.put(IFA6.CACHEINFO, { ifa_prefered: preferred, ifa_valid: valid, cstamp: ifp.cstamp, tstamp: ifp.tstamp });
  skb.put(IFA6.FLAGS, ifp.flags);
  if (ifp.proto !== 0) skb.put(IFA6.PROTO, ifp.proto);
  skb.end(start);
}

/** @models net/ipv6/addrconf.c inet6_ifa_notify() */
export function inet6IfaNotify(type: number, ifp: Inet6Ifaddr): void {
  const { rtnl } = ifp.idev.dev.net;
  if (!rtnl.hasListeners(RTNLGRP_IPV6_IFADDR)) return;
  const skb = new MessageWriter();
  inet6FillIfaddr(skb, ifp, { type, flags: 0, seq: 0, portid: 0 });
  rtnl.notify(skb.take(), { group: RTNLGRP_IPV6_IFADDR, portid: 0, echo: false });
}
