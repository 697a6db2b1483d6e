// net/core/dev.c, names of devices: what a name may be, templates (`veth%d`), renaming, alternative names, alias.
import { EBUSY, EEXIST, EINVAL, ENFILE, ENOENT } from '../../../../uapi/asm-generic/errno.js';
import { IFALIASZ, IFF_UP, IFNAMSIZ } from '../../../../uapi/linux/if.js';
import { latin1 } from '../../../../codec/bytes.js';
import { errno } from '../../../errno.js';
import type { NetDevice } from '../net_device.js';
import type { Net } from '../net_namespace.js';
import { callNetdeviceNotifiers } from './notifier.js';
import { devGetByName, netdevTable } from './table.js';

/** Numbers a template can give: one page of bits times eight. */
const MAX_NETDEVICES = 8 * 4096;

/** Slash, colon and what the kernel's isspace() accepts (Latin-1 no-break space included). */
const forbidden = /[/:\t-\r \u00a0]/;

/** @models net/core/dev.c dev_valid_name() */
export function devValidName(name: string): boolean {
  if (name.length === 0 || name.length >= IFNAMSIZ) return false;
  return name !== '.' && name !== '..' && !forbidden.test(name);
}

/** The number `name` has if it was made from the template, -1 otherwise. */
function numberOf(name: string, prefix: string, suffix: string): number {
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return -1;
  const digits = name.slice(prefix.length, name.length - suffix.length);
  return /^(0|[1-9][0-9]{0,5})$/.test(digits) ? Number(digits) : -1;
}

/**
 * The first free name of a template with exactly one `%d`.
 *
 * @models net/core/dev.c __dev_alloc_name()
 */
function allocName(net: Net, template: string): string {
  const parts = /^([^%]*)%d([^%]*)$/.exec(template);
  if (parts === null) throw errno(EINVAL);
  const prefix = parts[1]!;
  const suffix = parts[2]!;
  const used = new Set<number>();
  for (const name of netdevTable(net).byName.keys()) used.add(numberOf(name, prefix, suffix));
  let i = 0;
  while (used.has(i)) i++;
  if (i >= MAX_NETDEVICES) throw errno(ENFILE);
  return `${prefix}${i}${suffix}`.slice(0, IFNAMSIZ - 1);
}

/**
 * The name a device gets that wants `name`, which may be a template; refuses what is no name or taken.
 *
 * @models net/core/dev.c dev_prep_valid_name()
 */
export function devGetValidName(net: Net, name: string): string {
  if (!devValidName(name)) throw errno(EINVAL);
  if (name.includes('%')) return allocName(net, name);
  if (devGetByName(net, name) !== undefined) throw errno(EEXIST);
  return name;
}

/** @models net/core/dev.c netif_change_name() */
export function devChangeName(dev: NetDevice, name: string): void {
  if (dev.flags & IFF_UP && !dev.net.machine.has('rename-while-up')) throw errno(EBUSY);
  if (name === dev.name) return;
  const valid = devGetValidName(dev.net, name);
  const { byName } = netdevTable(dev.net);
  byName.delete(dev.name);
  dev.name = valid;
  byName.set(valid, dev);
  callNetdeviceNotifiers(dev, 'CHANGENAME');
}

/**
 * Bytes up to the first NUL; none removes the alias.
 *
 * @models net/core/dev.c netif_set_alias()
 */
export function devSetAlias(dev: NetDevice, alias: Uint8Array): void {
  if (alias.length >= IFALIASZ) throw errno(EINVAL);
  const nul = alias.indexOf(0);
  const text = latin1(alias, 0, nul < 0 ? alias.length : nul);
  dev.ifalias = text === '' ? undefined : text;
}

/** @models net/core/dev.c netdev_name_node_alt_create() */
export function altNameCreate(dev: NetDevice, name: string): void {
  if (devGetByName(dev.net, name) !== undefined) throw errno(EEXIST);
  dev.altNames.push(name);
  netdevTable(dev.net).byName.set(name, dev);
}

/** @models net/core/dev.c netdev_name_node_alt_destroy() */
export function altNameDestroy(dev: NetDevice, name: string): void {
  const owner = devGetByName(dev.net, name);
  if (owner === undefined) throw errno(ENOENT);
  const at = dev.altNames.indexOf(name);
  if (owner !== dev || at < 0) throw errno(EINVAL);
  dev.altNames.splice(at, 1);
  netdevTable(dev.net).byName.delete(name);
}
