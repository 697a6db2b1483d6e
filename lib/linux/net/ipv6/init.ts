// net/ipv6/af_inet6.c inet6_init(), as far as rtnetlink sees it: who handles which message of IPv6.
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../uapi/linux/socket.js';
import type { Net } from '../core/net_namespace.js';
import { inet6DumpIfinfo } from './addrconf/ifinfo.js';
import { inet6State } from './addrconf/ifaddr.js';
import {
  inet6DumpIfacaddr,
  inet6DumpIfaddr,
  inet6DumpIfmcaddr,
  inet6RtmDeladdr,
  inet6RtmGetaddr,
  inet6RtmNewaddr,
} from './addrconf/rtm.js';
import { inet6DumpFib, inet6RtmGetroute } from './route.js';

/**
 * @models net/ipv6/af_inet6.c inet6_init()
 * @differs registers per namespace
 */
export function inet6Init(net: Net): void {
  if (!net.machine.config.ipv6) return;
  net.rtnl.register(AF_INET6, T.RTM_GETLINK, {
    dumpit: inet6DumpIfinfo,
    joinDone: true,
    generation: ({ devBaseSeq }) => devBaseSeq,
  });
  net.rtnl.register(AF_INET6, T.RTM_NEWADDR, { doit: inet6RtmNewaddr });
  net.rtnl.register(AF_INET6, T.RTM_DELADDR, { doit: inet6RtmDeladdr });
  net.rtnl.register(AF_INET6, T.RTM_GETADDR, {
    doit: inet6RtmGetaddr,
    dumpit: inet6DumpIfaddr,
    joinDone: true,
    generation: () => net.devBaseSeq + inet6State(net).generation,
  });
  const generation = (): number => net.devBaseSeq + inet6State(net).generation;
  net.rtnl.register(AF_INET6, T.RTM_GETMULTICAST, { dumpit: inet6DumpIfmcaddr, joinDone: true, generation });
  net.rtnl.register(AF_INET6, T.RTM_GETANYCAST, { dumpit: inet6DumpIfacaddr, joinDone: true, generation });
  net.rtnl.register(AF_INET6, T.RTM_GETROUTE, { doit: inet6RtmGetroute, dumpit: inet6DumpFib, splitDone: true });
}
