// net/core/dev.c, bringing a device up and taking it down.
import { IFF_UP } from '../../../../uapi/linux/if.js';
import { devActivate, devDeactivate } from '../../sched/sch_generic.js';
import type { NetDevice } from '../net_device.js';
import { devSetRxMode } from './rx_mode.js';

/**
 * Calls the driver and starts the queues; IFF_UP only when the driver agreed.
 *
 * @models net/core/dev.c __dev_open()
 */
export function devOpen(dev: NetDevice): void {
  dev.running = true;
  try {
    dev.ops.validateAddr?.(dev);
    dev.ops.open?.(dev);
  } catch (refusal) {
    dev.running = false;
    throw refusal;
  }
  dev.flags |= IFF_UP;
  devSetRxMode(dev);
  devActivate(dev);
}

/**
 * Several at once: all queues stop before the first driver is called.
 *
 * @models net/core/dev.c __dev_close_many()
 */
export function devCloseMany(devs: readonly NetDevice[]): void {
  for (const dev of devs) dev.running = false;
  for (const dev of devs) devDeactivate(dev);
  for (const dev of devs) {
    dev.ops.stop?.(dev);
    dev.flags &= ~IFF_UP;
  }
}

/** @models net/core/dev.c __dev_close() */
export function devClose(dev: NetDevice): void {
  devCloseMany([dev]);
}
