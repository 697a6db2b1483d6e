// net/core/rtnetlink.c rtnetlink_init(), the link half: who handles which message.
import {
  RTM_DELLINK,
  RTM_DELLINKPROP,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
  RTM_SETLINK,
} from '../../../../uapi/linux/rtnetlink.js';
import { AF_UNSPEC } from '../../../../uapi/linux/socket.js';
import { dummyLinkOps } from '../../../drivers/net/dummy.js';
import { ifbLinkOps } from '../../../drivers/net/ifb.js';
import { vethLinkOps } from '../../../drivers/net/veth.js';
import type { Net } from '../net_namespace.js';
import { rtnlDumpAll } from '../rtnetlink.js';
import { fdbInit } from '../rtnl_fdb.js';
import { bridgeInit } from './bridge.js';
import { rtnlSetlink } from './change.js';
import { rtnlDellink } from './del.js';
import { dumpLinks, getlink, linkDumpAlloc } from './get.js';
import { rtnlLinkRegister } from './kinds.js';
import { rtnlNewlink } from './new.js';
import { rtnlLinkprop } from './prop.js';

/**
 * Registers the link messages of a namespace and the kinds of links.
 *
 * @models net/core/rtnetlink.c rtnetlink_init()
 */
export function rtnlLinkInit(net: Net): void {
  net.rtnl.register(AF_UNSPEC, RTM_NEWLINK, { doit: rtnlNewlink });
  net.rtnl.register(AF_UNSPEC, RTM_DELLINK, { doit: rtnlDellink });
  net.rtnl.register(AF_UNSPEC, RTM_SETLINK, { doit: rtnlSetlink });
  net.rtnl.register(AF_UNSPEC, RTM_GETLINK, {
    doit: getlink,
    dumpit: dumpLinks,
    splitDone: true,
    minDumpAlloc: linkDumpAlloc,
    generation: ({ devBaseSeq }) => devBaseSeq,
  });
  for (const type of [RTM_GETADDR, RTM_GETROUTE])
    net.rtnl.register(AF_UNSPEC, type, { dumpit: rtnlDumpAll, splitDone: type === RTM_GETADDR });
  if (net.machine.has('ifla-limits'))
    for (const type of [RTM_NEWLINKPROP, RTM_DELLINKPROP]) net.rtnl.register(AF_UNSPEC, type, { doit: rtnlLinkprop });
  bridgeInit(net);
  fdbInit(net);
  for (const ops of [dummyLinkOps, ifbLinkOps, vethLinkOps]) rtnlLinkRegister(net, ops);
}
