// net/core/rtnetlink.c rtnl_dellink(): deletes one link, or all of a group.
import { EINVAL, ENODEV, EOPNOTSUPP, EPERM } from '../../../../uapi/asm-generic/errno.js';
import { errno } from '../../../errno.js';
import { unregisterNetdevices, unregisterQueue } from '../dev/register.js';
import type { NetDevice } from '../net_device.js';
import type { Net } from '../net_namespace.js';
import type { RtnlRequest } from '../rtnetlink.js';
import { requesterOf } from './notify.js';
import * as R from './request.js';

function killOne(dev: NetDevice, kill: NetDevice[]): void {
  if (dev.linkOps?.dellink === undefined) unregisterQueue(dev, kill);
  else dev.linkOps.dellink(dev, kill);
}

/** @models net/core/rtnetlink.c rtnl_group_dellink() */
function deleteGroup(net: Net, group: number): void {
  if (group === 0) throw errno(EPERM);
  const members = net.devices.filter((dev) => dev.group === group);
  if (members.some((dev) => dev.linkOps === undefined)) throw errno(EOPNOTSUPP);
  if (members.length === 0) throw errno(ENODEV);
  const kill: NetDevice[] = [];
  for (const dev of members) killOne(dev, kill);
  unregisterNetdevices(kill);
}

/** @models net/core/rtnetlink.c rtnl_dellink() */
export function rtnlDellink(request: RtnlRequest): void {
  const { net } = request;
  const tb = R.parseLink(request);
  R.ensureNetnsById(tb, request.extack);
  R.refuseNetnsId(tb);
  const ifm = R.ifInfoOf(request);
  const dev = R.findDevice(net, ifm, tb);
  if (dev === undefined) {
    if (R.namesDevice(ifm, tb)) throw errno(ENODEV);
    if (tb.GROUP === undefined) throw errno(EINVAL);
    deleteGroup(net, tb.GROUP);
    return;
  }
  if (dev.linkOps === undefined) throw errno(EOPNOTSUPP);
  const kill: NetDevice[] = [];
  killOne(dev, kill);
  unregisterNetdevices(kill, requesterOf(request));
}
