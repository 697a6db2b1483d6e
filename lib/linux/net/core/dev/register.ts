// net/core/dev.c, the life of a device: entered into its namespace and announced, or taken out of it, announced and
// dropped. Drivers and rtnl_link/ call it. The namespace holds a device from registration to its end.
import { IFF_UP, IFF_RUNNING } from '../../../../uapi/linux/if.js';
import { assert } from '../../../errno.js';
import { tcxUninstall } from '../../../kernel/bpf/tcx.js';
import { devInitScheduler, devShutdown } from '../../sched/sch_generic.js';
import { linkwatchInitDev, linkwatchSyncDev } from '../link_watch.js';
import { devAddrFlush } from '../dev_addr_lists.js';
import type { NetDevice } from '../net_device.js';
import type { LinkRequester } from '../rtnl_link/notify.js';
import { buildIfinfo, CHANGED_ALL, rtmsgIfinfo, sendIfinfo } from '../rtnl_link/notify.js';
import { devGetValidName } from './name.js';
import { callNetdeviceNotifiers } from './notifier.js';
import { devCloseMany } from './open.js';
import { devIndexReserve, listNetdevice, unlistNetdevice } from './table.js';

/**
 * Names, numbers and announces `dev`. When it refuses, nothing has changed and the caller still owns the device;
 * otherwise the creator's reference passes to the namespace, which made it.
 *
 * @models net/core/dev.c register_netdevice()
 */
export function registerNetdevice(dev: NetDevice): void {
  dev.name = devGetValidName(dev.net, dev.name);
  dev.ifindex = devIndexReserve(dev.net, dev.ifindex);
  dev.regState = 'registered';
  linkwatchInitDev(dev);
  devInitScheduler(dev);
  listNetdevice(dev);
  if (dev.addrAssignType === 'perm') dev.permAddress = dev.address.slice();
  callNetdeviceNotifiers(dev, 'REGISTER');
  if (!dev.linkInitializing) rtmsgIfinfo('new', dev, CHANGED_ALL);
}

/** Closes those that are up, telling of each. */
function closeAll(devs: readonly NetDevice[]): void {
  const up = devs.filter((dev) => dev.flags & IFF_UP);
  devCloseMany(up);
  for (const dev of up) {
    rtmsgIfinfo('new', dev, IFF_UP | IFF_RUNNING);
    callNetdeviceNotifiers(dev, 'DOWN');
  }
}

/** Ends one device that is off the list, and says so to `to` and to the group. */
function dismantle(dev: NetDevice, to: LinkRequester | undefined): void {
  devShutdown(dev);
  tcxUninstall(dev);
  callNetdeviceNotifiers(dev, 'UNREGISTER');
  const message = dev.linkInitializing ? undefined : buildIfinfo('del', dev, CHANGED_ALL, to);
  devAddrFlush(dev);
  dev.altNames.length = 0;
  if (message !== undefined) sendIfinfo(dev, message, to);
}

/**
 * Takes devices out of their namespace, which drops its references.
 *
 * @models net/core/dev.c unregister_netdevice_many_notify()
 */
export function unregisterNetdevices(devs: readonly NetDevice[], to?: LinkRequester): void {
  closeAll(devs);
  for (const dev of devs) {
    assert(dev.regState === 'registered', `${dev.label} unregistered while ${dev.regState}`);
    unlistNetdevice(dev);
    dev.regState = 'unregistering';
  }
  for (const dev of devs) dismantle(dev, to);
  for (const dev of devs) {
    dev.regState = 'unregistered';
    linkwatchSyncDev(dev);
    dev.release(dev.net);
  }
}

/** @models net/core/dev.c unregister_netdevice_queue() */
export function unregisterQueue(dev: NetDevice, kill: NetDevice[]): void {
  const at = kill.indexOf(dev);
  if (at >= 0) kill.splice(at, 1);
  kill.push(dev);
}
