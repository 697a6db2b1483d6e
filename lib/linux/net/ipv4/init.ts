// net/ipv4/af_inet.c inet_init(), as far as rtnetlink sees it: who handles which message of IPv4.
import { inetState } from './devinet/ifaddr.js';
import { inetDumpIfaddr, inetDumpIfmcaddr, inetRtmDeladdr, inetRtmNewaddr } from './devinet/rtm.js';
import { inetRtmGetroute } from './route.js';
import { inetDumpFib, inetRtmDelroute, inetRtmNewroute } from './rtm_route.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import type { Net } from '../core/net_namespace.js';

/**
 * @models net/ipv4/af_inet.c inet_init()
 * @differs registers per namespace
 */
export function inetInit(net: Net): void {
  net.rtnl.register(AF_INET, T.RTM_NEWADDR, { doit: inetRtmNewaddr });
  net.rtnl.register(AF_INET, T.RTM_DELADDR, { doit: inetRtmDeladdr });
  net.rtnl.register(AF_INET, T.RTM_GETADDR, {
    dumpit: inetDumpIfaddr,
    splitDone: true,
    generation: () => net.devBaseSeq + inetState(net).generation,
  });
  if (net.machine.has('inet-multicast-dump'))
    net.rtnl.register(AF_INET, T.RTM_GETMULTICAST, {
      dumpit: inetDumpIfmcaddr,
      joinDone: true,
      generation: () => net.devBaseSeq + inetState(net).generation,
    });
  net.rtnl.register(AF_INET, T.RTM_NEWROUTE, { doit: inetRtmNewroute });
  net.rtnl.register(AF_INET, T.RTM_DELROUTE, { doit: inetRtmDelroute });
  net.rtnl.register(AF_INET, T.RTM_GETROUTE, { doit: inetRtmGetroute, dumpit: inetDumpFib, splitDone: true });
}
