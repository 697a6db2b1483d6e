// net/core/rtnetlink.c, link messages of PF_BRIDGE: the ports of bridges, and devices that bridge in hardware. A machine has
// neither, so there is nothing to show and nothing to change; what is refused, and why, still depends on the request.
import { attrsIn, findAttr } from '../../../../codec/nla.js';
import { PolicyError } from '../../../../codec/parse.js';
import { EINVAL, ENODEV, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { RTM_DELLINK, RTM_GETLINK, RTM_SETLINK, ifinfomsg } from '../../../../uapi/linux/rtnetlink.js';
import { IFLA } from '../../../../uapi/linux/if_link.js';
import { errno, refuse } from '../../../errno.js';
import { devGetByIndex } from '../dev/table.js';
import type { Net } from '../net_namespace.js';
import type { DumpEntry, RtnlRequest } from '../rtnetlink.js';
import { allowOnly, checkHeader } from './get.js';
import * as R from './request.js';

const PF_BRIDGE = 7;
/** enum of include/uapi/linux/if_bridge.h: what stands in IFLA_AF_SPEC of PF_BRIDGE. */
const IFLA_BRIDGE_FLAGS = 0;
const IFLA_BRIDGE_MODE = 1;

/** What selects in a strict dump. */
const dumpAttributes = new Set([IFLA.EXT_MASK.type]);

/** The first IFLA_BRIDGE_FLAGS of a request, and of one that sets every IFLA_BRIDGE_MODE, take two bytes. */
function checkSpec({ msg }: RtnlRequest, isSet: boolean): void {
  const start = NLMSG_HDRLEN + ifinfomsg.size;
  const spec = findAttr(msg, start, IFLA.AF_SPEC.type);
  let hasFlags = false;
  for (const nla of spec === undefined ? [] : attrsIn(spec)) {
    const isFlags: boolean = nla.type === IFLA_BRIDGE_FLAGS && !hasFlags;
    if ((isFlags || (isSet && nla.type === IFLA_BRIDGE_MODE)) && nla.len < 2) throw errno(EINVAL);
    hasFlags ||= isFlags;
  }
}

/**
 * RTM_SETLINK and RTM_DELLINK: no device has a master that is a bridge, and none bridges itself.
 *
 * @models net/core/rtnetlink.c rtnl_bridge_setlink()
 */
function changePort(request: RtnlRequest): void {
  if (R.isShort(request)) throw errno(EINVAL);
  const { ifi_index } = R.ifInfoOf(request);
  if (devGetByIndex(request.net, ifi_index) === undefined) refuse(request.extack, ENODEV, 'unknown ifindex');
  checkSpec(request, request.type === RTM_SETLINK);
  throw errno(EOPNOTSUPP);
}

/** @models net/core/rtnetlink.c valid_bridge_getlink_req() */
function validDump(request: RtnlRequest): void {
  if (!request.strict) {
    if (R.isShort(request)) request.extack.msg = 'Invalid header length';
    else R.parseLink(request);
    return;
  }
  if (R.isShort(request)) refuse(request.extack, EINVAL, 'Invalid header for bridge link dump');
  checkHeader(request, 'bridge link dump', R.ifInfoOf(request).ifi_index);
  allowOnly(R.parseLinkStrictly(request), dumpAttributes, 'bridge link dump', request);
}

/**
 * There is no port to show. A request that is not strict is never refused for its attributes, but what is wrong is said.
 *
 * @models net/core/rtnetlink.c rtnl_bridge_getlink()
 */
function* dumpPorts(request: RtnlRequest): Iterable<DumpEntry> {
  try {
    validDump(request);
  } catch (thrown) {
    if (request.strict || !(thrown instanceof PolicyError)) throw thrown;
  }
  yield* [];
}

/** No device of a machine is a bridge port. @models net/core/rtnetlink.c rtnetlink_init() */
export function bridgeInit({ rtnl }: Net): void {
  rtnl.register(PF_BRIDGE, RTM_GETLINK, { dumpit: dumpPorts });
  rtnl.register(PF_BRIDGE, RTM_SETLINK, { doit: changePort });
  rtnl.register(PF_BRIDGE, RTM_DELLINK, { doit: changePort });
}
