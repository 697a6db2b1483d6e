// net/core/rtnetlink.c rtnetlink_init(), the link half: who handles which message.
import { EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
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
import { errno } from '../../../errno.js';
import { dummyLinkOps } from '../../../drivers/net/dummy.js';
import { ifbLinkOps } from '../../../drivers/net/ifb.js';
import { vethLinkOps } from '../../../drivers/net/veth.js';
import type { Net } from '../net_namespace.js';
import { rtnlDumpAll } from '../rtnetlink.js';
import { rtnlSetlink } from './change.js';
import { rtnlDellink } from './del.js';
import { dumpLinks, getlink, linkDumpAlloc } from './get.js';
import { rtnlLinkRegister } from './kinds.js';
import { rtnlNewlink } from './new.js';
import { rtnlLinkprop } from './prop.js';

const PF_BRIDGE = 7;

/** No device of a machine is a bridge port: nothing to show, nothing to change. */
function bridgeInit(net: Net): void {
  const refuseAll = (): never => {
    throw errno(EOPNOTSUPP);
  };
  net.rtnl.register(PF_BRIDGE, RTM_GETLINK, { dumpit: () => [] });
  net.rtnl.register(PF_BRIDGE, RTM_SETLINK, { doit: refuseAll });
  net.rtnl.register(PF_BRIDGE, RTM_DELLINK, { doit: refuseAll });
}

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
  for (const ops of [dummyLinkOps, ifbLinkOps, vethLinkOps]) rtnlLinkRegister(net, ops);
}
