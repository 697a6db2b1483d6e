// net/core/rtnetlink.c, link events: who asked, what is sent to RTNLGRP_LINK, which events of a device cause it.
import { NLM_F_ECHO } from '../../../../uapi/linux/netlink.js';
import { RTM_DELLINK, RTM_NEWLINK, RTNLGRP_LINK } from '../../../../uapi/linux/rtnetlink.js';
import type { NetdevEvent } from '../dev/notifier.js';
import { MessageWriter } from '../../netlink/message.js';
import type { NetDevice } from '../net_device.js';
import type { RtnlRequest } from '../rtnetlink.js';
import { fillIfinfo } from './fill.js';
import { ifNlmsgSize } from './size.js';

/** ifi_change of a device that comes or goes. */
export const CHANGED_ALL = 0xffffffff;

/** The request behind an event, as the event shows it. */
export interface LinkRequester {
  readonly portid: number;
  readonly seq: number;
  readonly echo: boolean;
}

/**
 * Who is named in the events of a request. Since 6.18 only one who wants a copy is.
 *
 * @models include/net/netlink.h nlmsg_report()
 */
export function requesterOf({ machine, flags, portid, seq }: RtnlRequest): LinkRequester | undefined {
  const echo = (flags & NLM_F_ECHO) !== 0;
  return echo || !machine.has('rtnl-echo-link') ? { portid, seq, echo } : undefined;
}

/** @models net/core/rtnetlink.c rtmsg_ifinfo_build_skb() */
export function buildIfinfo(
  what: 'new' | 'del',
  dev: NetDevice,
  change: number,
  to?: LinkRequester,
): Uint8Array | undefined {
  if (to?.echo !== true && !dev.net.rtnl.hasListeners(RTNLGRP_LINK)) return undefined;
  const skb = new MessageWriter(ifNlmsgSize(dev));
  const type = what === 'new' ? RTM_NEWLINK : RTM_DELLINK;
  fillIfinfo(skb, dev, { type, portid: to?.portid ?? 0, seq: to?.seq ?? 0, flags: 0, change, extMask: 0 });
  return skb.take();
}

/** @models net/core/rtnetlink.c rtmsg_ifinfo_send() */
export function sendIfinfo(dev: NetDevice, data: Uint8Array, to?: LinkRequester): void {
  dev.net.rtnl.notify(data, { group: RTNLGRP_LINK, portid: to?.portid ?? 0, echo: to?.echo ?? false });
}

/**
 * Tells of a device that came, went or changed.
 *
 * @models net/core/rtnetlink.c rtmsg_ifinfo()
 */
export function rtmsgIfinfo(what: 'new' | 'del', dev: NetDevice, change: number, to?: LinkRequester): void {
  const data = buildIfinfo(what, dev, change, to);
  if (data !== undefined) sendIfinfo(dev, data, to);
}

const told: ReadonlySet<NetdevEvent> = new Set(['CHANGEMTU', 'CHANGEADDR', 'CHANGENAME', 'CHANGE_TX_QUEUE_LEN']);

/** @models net/core/rtnetlink.c rtnetlink_event() */
export function rtnetlinkEvent(dev: NetDevice, event: NetdevEvent): void {
  if (told.has(event)) rtmsgIfinfo('new', dev, 0);
}
