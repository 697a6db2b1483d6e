// net/core/link_watch.c: carries a change of carrier to the operational state of the device, and tells of it, later:
// at most once a second, except where waiting would keep a link down (urgent).
import type { Holder } from '../../events.js';
import { NSEC_PER_SEC } from '../../clock.js';
import type { Work } from '../../clock.js';
import * as IF from '../../../uapi/linux/if.js';
import { devActivate, devDeactivate } from '../sched/sch_generic.js';
import { netdevStateChange } from './dev/flags.js';
import { devGetByIndex } from './dev/table.js';
import type { NetDevice } from './net_device.js';
import { type Net, netGeneric } from './net_namespace.js';

interface LinkWatch extends Holder {
  /** Devices with an event, oldest first. The list holds each. */
  events: NetDevice[];
  /** Not before this time (ns) are ordinary events handled again. */
  nextEvent: number;
  urgent: boolean;
  work: Work | undefined;
}

/** Devices handled by one ordinary run; an urgent run has twice as many. */
const MAX_DO_DEV_PER_LOOP = 100;

const linkWatch = netGeneric((): LinkWatch => ({
  label: 'linkwatch',
  events: [],
  nextEvent: 0,
  urgent: false,
  work: undefined,
}));

/** @models net/core/dev.c dev_get_iflink() */
export function devGetIflink(dev: NetDevice): number {
  return dev.ops.getIflink?.(dev) ?? dev.ifindex;
}

/** @models net/core/link_watch.c default_operstate() */
function defaultOperstate(dev: NetDevice): number {
  if (dev.testing) return IF.IF_OPER_TESTING;
  if (!dev.carrier) {
    const iflink = dev.regState === 'registered' ? devGetIflink(dev) : dev.ifindex;
    if (iflink === dev.ifindex) return IF.IF_OPER_DOWN;
    const lower = devGetByIndex(dev.net, iflink);
    return lower === undefined || lower.carrier ? IF.IF_OPER_DOWN : IF.IF_OPER_LOWERLAYERDOWN;
  }
  return dev.dormant ? IF.IF_OPER_DORMANT : IF.IF_OPER_UP;
}

/** @models net/core/link_watch.c rfc2863_policy() */
function rfc2863Policy(dev: NetDevice): void {
  let operstate = defaultOperstate(dev);
  if (operstate === dev.operstate) return;
  if (operstate === IF.IF_OPER_UP) {
    if (dev.linkMode === IF.IF_LINK_MODE_TESTING) operstate = IF.IF_OPER_TESTING;
    else if (dev.linkMode === IF.IF_LINK_MODE_DORMANT) operstate = IF.IF_OPER_DORMANT;
  }
  dev.operstate = operstate;
}

/**
 * A device is about to be registered: its state before anybody listens.
 *
 * @models net/core/link_watch.c linkwatch_init_dev()
 */
export function linkwatchInitDev(dev: NetDevice): void {
  if (!dev.carrier || dev.dormant || dev.testing) rfc2863Policy(dev);
}

/** @models net/core/link_watch.c linkwatch_urgent_event() */
function isUrgent(dev: NetDevice): boolean {
  if (!dev.running) return false;
  if (dev.ifindex !== devGetIflink(dev)) return true;
  return dev.carrier && dev.txQueues.some((queue) => queue.active !== queue.qdisc);
}

/** @models net/core/link_watch.c linkwatch_schedule_work() */
function scheduleWork(net: Net, urgent: boolean): void {
  const watch = linkWatch(net);
  if (watch.urgent) return;
  const { clock, work } = net.machine;
  let delay = Math.max(0, watch.nextEvent - clock.now());
  if (urgent) {
    watch.urgent = true;
    delay = 0;
    watch.work?.cancel();
  } else if (watch.work !== undefined) {
    return;
  }
  watch.work = work.schedule(Math.min(delay, NSEC_PER_SEC), 'linkwatch', () => {
    watch.work = undefined;
    runQueue(net, watch.nextEvent > clock.now());
  });
}

/** Brings the state of one device up to date; its list entry is gone. */
function doDev(dev: NetDevice): void {
  dev.linkwatchPending = false;
  rfc2863Policy(dev);
  if (dev.flags & IF.IFF_UP) {
    if (dev.carrier) devActivate(dev);
    else devDeactivate(dev);
    netdevStateChange(dev);
  }
  dev.release(linkWatch(dev.net));
}

/** @models net/core/link_watch.c __linkwatch_run_queue() */
function runQueue(net: Net, urgentOnly: boolean): void {
  const watch = linkWatch(net);
  const now = net.machine.clock.now();
  let budget = urgentOnly ? 2 * MAX_DO_DEV_PER_LOOP : MAX_DO_DEV_PER_LOOP;
  if (!urgentOnly) watch.nextEvent = now + NSEC_PER_SEC;
  else if (watch.nextEvent > now + NSEC_PER_SEC) watch.nextEvent = now;
  watch.urgent = false;
  const batch = watch.events;
  watch.events = [];
  while (batch.length > 0 && budget > 0) {
    const dev = batch.shift()!;
    if (urgentOnly && !isUrgent(dev)) {
      watch.events.push(dev);
      continue;
    }
    doDev(dev);
    budget--;
  }
  watch.events.unshift(...batch);
  if (watch.events.length > 0) scheduleWork(net, false);
}

/**
 * Handles what waits for `dev` at once.
 *
 * @models net/core/link_watch.c linkwatch_sync_dev()
 */
export function linkwatchSyncDev(dev: NetDevice): void {
  const { events } = linkWatch(dev.net);
  const at = events.indexOf(dev);
  if (at < 0) return;
  events.splice(at, 1);
  doDev(dev);
}

/**
 * The carrier of `dev` changed.
 *
 * @models net/core/link_watch.c linkwatch_fire_event()
 */
export function linkwatchFireEvent(dev: NetDevice): void {
  const watch = linkWatch(dev.net);
  const urgent = isUrgent(dev);
  if (!dev.linkwatchPending) {
    dev.linkwatchPending = true;
    watch.events.push(dev.hold(watch));
  } else if (!urgent) {
    return;
  }
  scheduleWork(dev.net, urgent);
}

/**
 * @models net/sched/sch_generic.c netif_carrier_on()
 * @differs stands with what it fires
 */
export function netifCarrierOn(dev: NetDevice): void {
  if (dev.carrier) return;
  dev.carrier = true;
  if (dev.regState === 'uninitialized') return;
  dev.carrierUpCount++;
  linkwatchFireEvent(dev);
}

/**
 * @models net/sched/sch_generic.c netif_carrier_off()
 * @differs stands with what it fires
 */
export function netifCarrierOff(dev: NetDevice): void {
  if (!dev.carrier) return;
  dev.carrier = false;
  if (dev.regState === 'uninitialized') return;
  dev.carrierDownCount++;
  linkwatchFireEvent(dev);
}
