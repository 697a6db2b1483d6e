// net/core/rtnetlink.c rtnl_linkprop(): alternative names, added and taken away.
import { attrsIn, type Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_STRICT, parse } from '../../../../codec/parse.js';
import { EINVAL, ENODEV } from '../../../../uapi/asm-generic/errno.js';
import { IFLA } from '../../../../uapi/linux/if_link.js';
import { RTM_NEWLINKPROP } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import { altNameCreate, altNameDestroy } from '../dev/name.js';
import { netdevStateChange } from '../dev/flags.js';
import type { NetDevice } from '../net_device.js';
import type { RtnlRequest } from '../rtnetlink.js';
import * as R from './request.js';
import { nextPropertyFits } from './size.js';

/** @models net/core/rtnetlink.c rtnl_alt_ifname() */
function altIfname({ type, msg, extack, machine }: RtnlRequest, dev: NetDevice, nla: Nla): void {
  parse(R.iflaOf(machine), msg, nla.off, nla.end, NL_VALIDATE_STRICT, extack);
  if (type !== RTM_NEWLINKPROP) {
    altNameDestroy(dev, nla.string());
    return;
  }
  if (!nextPropertyFits(dev)) refuse(extack, EINVAL, 'effective property list too long');
  altNameCreate(dev, nla.string());
}

/** @models net/core/rtnetlink.c rtnl_linkprop() */
export function rtnlLinkprop(request: RtnlRequest): void {
  const tb = R.parseNewLink(request);
  R.ensureNetnsById(tb, request.extack);
  const ifm = R.ifInfoOf(request);
  if (!R.namesDevice(ifm, tb)) throw errno(EINVAL);
  const dev = R.findDevice(request.net, ifm, tb);
  if (dev === undefined) throw errno(ENODEV);
  if (tb.PROP_LIST === undefined) return;
  let changed = false;
  try {
    for (const nla of attrsIn(tb.PROP_LIST)) {
      if (nla.type !== IFLA.ALT_IFNAME.type) continue;
      altIfname(request, dev, nla);
      changed = true;
    }
  } finally {
    if (changed) netdevStateChange(dev);
  }
}
