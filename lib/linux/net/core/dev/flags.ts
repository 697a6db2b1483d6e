// net/core/dev.c, flags of a device: what users see, what they may change, promiscuous and all-multicast counting,
// and who is told.
import { EOVERFLOW } from '../../../../uapi/asm-generic/errno.js';
import * as IF from '../../../../uapi/linux/if.js';
import { errno } from '../../../errno.js';
import type { NetDevice } from '../net_device.js';
import type { LinkRequester } from '../rtnl_link/notify.js';
import { rtmsgIfinfo } from '../rtnl_link/notify.js';
import { callNetdeviceNotifiers } from './notifier.js';
import { devClose, devOpen } from './open.js';
import { devSetRxMode, setPromiscuity } from './rx_mode.js';

const RX_FLAGS = IF.IFF_PROMISC | IF.IFF_ALLMULTI;
/** Computed at every look. */
const COMPUTED = RX_FLAGS | IF.IFF_RUNNING | IF.IFF_LOWER_UP | IF.IFF_DORMANT;
const SETTABLE =
  IF.IFF_DEBUG |
  IF.IFF_NOTRAILERS |
  IF.IFF_NOARP |
  IF.IFF_DYNAMIC |
  IF.IFF_MULTICAST |
  IF.IFF_PORTSEL |
  IF.IFF_AUTOMEDIA;
const KEPT = IF.IFF_UP | IF.IFF_VOLATILE | RX_FLAGS;

/**
 * Whether the device passes packets as far as its operational state says; unknown counts as up.
 *
 * @models include/linux/netdevice.h netif_oper_up()
 */
export function operUp(dev: NetDevice): boolean {
  return dev.operstate === IF.IF_OPER_UP || dev.operstate === IF.IF_OPER_UNKNOWN;
}

/**
 * The flags users see.
 *
 * @models net/core/dev.c netif_get_flags()
 */
export function devGetFlags(dev: NetDevice): number {
  let flags = (dev.flags & ~COMPUTED) | (dev.gflags & RX_FLAGS);
  if (!dev.running) return flags;
  if (operUp(dev)) flags |= IF.IFF_RUNNING;
  if (dev.carrier) flags |= IF.IFF_LOWER_UP;
  if (dev.dormant) flags |= IF.IFF_DORMANT;
  return flags;
}

function setAllmulti(dev: NetDevice, inc: number): void {
  dev.allmulti += inc;
  if (dev.allmulti === 0 && inc > 0) throw errno(EOVERFLOW);
  if (dev.allmulti === 0) dev.flags &= ~IF.IFF_ALLMULTI;
  else dev.flags |= IF.IFF_ALLMULTI;
}

/**
 * Sets the flags without telling anybody. What changed before a refusal stays.
 *
 * @models net/core/dev.c __dev_change_flags()
 */
export function changeFlagsQuietly(dev: NetDevice, flags: number): void {
  const old = dev.flags;
  let refusal: unknown;
  dev.flags = (flags & SETTABLE) | (old & KEPT);
  devSetRxMode(dev);
  if ((old ^ flags) & IF.IFF_UP) {
    try {
      if (old & IF.IFF_UP) devClose(dev);
      else devOpen(dev);
    } catch (thrown) {
      refusal = thrown;
    }
  }
  if ((flags ^ dev.gflags) & IF.IFF_PROMISC) {
    dev.gflags ^= IF.IFF_PROMISC;
    setPromiscuity(dev, flags & IF.IFF_PROMISC ? 1 : -1);
  }
  if ((flags ^ dev.gflags) & IF.IFF_ALLMULTI) {
    dev.gflags ^= IF.IFF_ALLMULTI;
    setAllmulti(dev, flags & IF.IFF_ALLMULTI ? 1 : -1);
  }
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- the refusal of the driver, passed on
  if (refusal !== undefined) throw refusal;
}

/**
 * Tells what changed since the flags were `old`; `changed` is what goes into ifi_change.
 *
 * @models net/core/dev.c __dev_notify_flags()
 */
export function devNotifyFlags(dev: NetDevice, old: number, changed: number, to?: LinkRequester): void {
  if (changed !== 0) rtmsgIfinfo('new', dev, changed, to);
  const changes = dev.flags ^ old;
  const up = dev.flags & IF.IFF_UP;
  if (changes & IF.IFF_UP) callNetdeviceNotifiers(dev, up ? 'UP' : 'DOWN');
  if (up && changes & ~(IF.IFF_UP | RX_FLAGS | IF.IFF_VOLATILE)) callNetdeviceNotifiers(dev, 'CHANGE', changes);
}

/** @models net/core/dev.c netif_change_flags() */
export function devChangeFlags(dev: NetDevice, flags: number): void {
  const { flags: old, gflags } = dev;
  changeFlagsQuietly(dev, flags);
  devNotifyFlags(dev, old, (old ^ dev.flags) | (gflags ^ dev.gflags));
}

/**
 * The state of an interface that is up changed.
 *
 * @models net/core/dev.c netif_state_change()
 */
export function netdevStateChange(dev: NetDevice): void {
  if ((dev.flags & IF.IFF_UP) === 0) return;
  callNetdeviceNotifiers(dev, 'CHANGE');
  rtmsgIfinfo('new', dev, 0);
}

/**
 * `inc` more users of promiscuous mode, told to everybody.
 *
 * @models net/core/dev.c netif_set_promiscuity()
 */
export function devSetPromiscuity(dev: NetDevice, inc: number): void {
  const { flags } = dev;
  setPromiscuity(dev, inc);
  devNotifyFlags(dev, flags, IF.IFF_PROMISC);
}

/** @models net/core/dev.c netif_set_allmulti() */
export function devSetAllmulti(dev: NetDevice, inc: number): void {
  const { flags } = dev;
  setAllmulti(dev, inc);
  if (dev.flags !== flags) devNotifyFlags(dev, flags, 0);
}
