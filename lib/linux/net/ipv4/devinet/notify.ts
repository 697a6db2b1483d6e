// net/ipv4/devinet.c, address messages of IPv4: how one is filled, and the events to RTNLGRP_IPV4_IFADDR.
import * as A from '../../../../uapi/linux/if_addr.js';
import { IFA } from '../../../../uapi/linux/if_addr.js';
import { NLM_F_ECHO, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { RTNLGRP_IPV4_IFADDR } from '../../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../../uapi/linux/socket.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { MessageWriter } from '../../netlink/message.js';
import type { InIfaddr } from './in_device.js';

const FOREVER = 0xffffffff;

/** What of a message does not come from the address. */
export interface FillArgs {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
}

/** Seconds left of `lifetime` after `age`. */
const left = (lifetime: number, age: number): number => Math.max(0, lifetime - age);

function lifetimes(ifa: InIfaddr): { readonly preferred: number; readonly valid: number } {
  if (ifa.flags & A.IFA_F_PERMANENT) return { preferred: FOREVER, valid: FOREVER };
  const { preferredLft: preferred, validLft: valid } = ifa;
  if (preferred === FOREVER) return { preferred, valid };
  const { clock } = ifa.inDev.dev.net.machine;
  const age = Math.floor((clock.now() - (ifa.tstamp * NSEC_PER_SEC) / 100) / NSEC_PER_SEC);
  return { preferred: left(preferred, age), valid: valid === FOREVER ? valid : left(valid, age) };
}

/** An address as network bytes. @models include/net/netlink.h nla_put_in_addr() */
export function putAddress(skb: MessageWriter, type: number, address: number): void {
  const at = skb.reserveAttr(type, 4);
  skb.buffer.view.setUint32(at, address);
}

/** @models net/ipv4/devinet.c inet_fill_ifaddr() */
export function inetFillIfaddr(skb: MessageWriter, ifa: InIfaddr, { type, flags, seq, portid }: FillArgs): void {
  const start = skb.begin(type, flags, seq, portid, A.ifaddrmsg.size);
  A.ifaddrmsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    ifa_family: AF_INET,
    ifa_prefixlen: ifa.prefixlen,
    ifa_flags: ifa.flags & 0xff,
    ifa_scope: ifa.scope,
    ifa_index: ifa.inDev.dev.ifindex,
  });
  const { preferred, valid } = lifetimes(ifa);
  if (ifa.address !== 0) putAddress(skb, IFA.ADDRESS.type, ifa.address);
  if (ifa.local !== 0) putAddress(skb, IFA.LOCAL.type, ifa.local);
  if (ifa.broadcast !== 0) putAddress(skb, IFA.BROADCAST.type, ifa.broadcast);
  if (ifa.label !== '') skb.put(IFA.LABEL, ifa.label);
  if (ifa.proto !== 0) skb.put(IFA.PROTO, ifa.proto);
  skb.put(IFA.FLAGS, ifa.flags);
  if (ifa.rtPriority !== 0) skb.put(IFA.RT_PRIORITY, ifa.rtPriority);
  skb.put(IFA.CACHEINFO, {
    ifa_prefered: preferred,
    ifa_valid: valid,
    cstamp: ifa.cstamp ?? 0,
    tstamp: ifa.tstamp,
  });
  skb.end(start);
}

/** @models net/ipv4/devinet.c rtmsg_ifa() */
export function rtmsgIfa(type: number, ifa: InIfaddr, request?: RtnlRequest): void {
  const { rtnl } = ifa.inDev.dev.net;
  const portid = request?.portid ?? 0;
  const echo = request !== undefined && (request.flags & NLM_F_ECHO) !== 0;
  if (!echo && !rtnl.hasListeners(RTNLGRP_IPV4_IFADDR)) return;
  const skb = new MessageWriter();
  inetFillIfaddr(skb, ifa, { type, flags: 0, seq: request?.seq ?? 0, portid });
  rtnl.notify(skb.take(), { group: RTNLGRP_IPV4_IFADDR, portid, echo });
}
