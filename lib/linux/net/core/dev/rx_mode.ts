// net/core/dev.c __dev_set_rx_mode(): promiscuous mode as a count, and the user of it that a list of unicast addresses is:
// no device of a machine filters unicast addresses, so one that is to take others' takes everybody's. flags.ts, open.ts and
// dev_addr_lists.ts call it.
import { EOVERFLOW } from '../../../../uapi/asm-generic/errno.js';
import { IFF_PROMISC, IFF_UP } from '../../../../uapi/linux/if.js';
import { errno } from '../../../errno.js';
import type { NetDevice } from '../net_device.js';

/** `inc` more users of promiscuous mode; nobody is told. @models net/core/dev.c __dev_set_promiscuity() */
export function setPromiscuity(dev: NetDevice, inc: number): void {
  dev.promiscuity += inc;
  if (dev.promiscuity === 0 && inc > 0) throw errno(EOVERFLOW);
  if (dev.promiscuity === 0) dev.flags &= ~IFF_PROMISC;
  else dev.flags |= IFF_PROMISC;
}

/**
 * Follows a change of flags or addresses while the device is up.
 *
 * @models net/core/dev.c __dev_set_rx_mode()
 */
export function devSetRxMode(dev: NetDevice): void {
  if ((dev.flags & IFF_UP) === 0) return;
  const wanted = dev.uc.length !== 0;
  if (wanted === dev.ucPromisc) return;
  setPromiscuity(dev, wanted ? 1 : -1);
  dev.ucPromisc = wanted;
}
