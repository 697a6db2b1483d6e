// net/core/dev.c, how devices of a namespace are found: by index, by name, by alternative name. register.ts and name.ts
// keep it; everybody else looks up.
import { EBUSY } from '../../../../uapi/asm-generic/errno.js';
import { errno } from '../../../errno.js';
import type { NetDevice } from '../net_device.js';
import { type Net, netGeneric } from '../net_namespace.js';

const INT_MAX = 0x7fffffff;

export interface NetdevTable {
  readonly byIndex: Map<number, NetDevice>;
  /** By name and by alternative name. */
  readonly byName: Map<string, NetDevice>;
  /** Indices taken, also by devices that are still being registered. */
  readonly indices: Set<number>;
  /** Last index given automatically. */
  lastIndex: number;
}

export const netdevTable = netGeneric((): NetdevTable => ({
  byIndex: new Map(),
  byName: new Map(),
  indices: new Set(),
  lastIndex: 0,
}));

/** @models net/core/dev.c __dev_get_by_index() */
export function devGetByIndex(net: Net, ifindex: number): NetDevice | undefined {
  return netdevTable(net).byIndex.get(ifindex);
}

/**
 * By name or alternative name.
 *
 * @models net/core/dev.c __dev_get_by_name()
 */
export function devGetByName(net: Net, name: string): NetDevice | undefined {
  return netdevTable(net).byName.get(name);
}

/**
 * Takes `wanted`, or with 0 the next free index after the last one given automatically.
 *
 * @models net/core/dev.c dev_index_reserve()
 */
export function devIndexReserve(net: Net, wanted: number): number {
  const table = netdevTable(net);
  let ifindex = wanted;
  if (wanted === 0) {
    do table.lastIndex = table.lastIndex === INT_MAX ? 1 : table.lastIndex + 1;
    while (table.indices.has(table.lastIndex));
    ifindex = table.lastIndex;
  } else if (table.indices.has(wanted)) {
    throw errno(EBUSY);
  }
  table.indices.add(ifindex);
  return ifindex;
}

/** @models net/core/dev.c dev_index_release() */
export function devIndexRelease(net: Net, ifindex: number): void {
  netdevTable(net).indices.delete(ifindex);
}

/** @models net/core/dev.c list_netdevice() */
export function listNetdevice(dev: NetDevice): void {
  const table = netdevTable(dev.net);
  dev.net.devices.push(dev);
  table.byIndex.set(dev.ifindex, dev);
  table.byName.set(dev.name, dev);
  dev.net.devBaseSeq++;
}

/** @models net/core/dev.c unlist_netdevice() */
export function unlistNetdevice(dev: NetDevice): void {
  const table = netdevTable(dev.net);
  dev.net.devices.splice(dev.net.devices.indexOf(dev), 1);
  table.byIndex.delete(dev.ifindex);
  for (const name of [dev.name, ...dev.altNames]) table.byName.delete(name);
  devIndexRelease(dev.net, dev.ifindex);
  dev.net.devBaseSeq++;
}
