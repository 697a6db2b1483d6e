// net/core/dev_addr_lists.c: the link addresses a device receives beside its own: unicast ones in `uc`, group addresses in
// `mc`. IPv4 and IPv6 add those of their groups, packet sockets and users theirs; an address stays as long as somebody
// uses it, in order of arrival. `global` is the one use all requests of users share.
import { EEXIST } from '../../../uapi/asm-generic/errno.js';
import { errno } from '../../errno.js';
import { devSetRxMode } from './dev/rx_mode.js';
import type { HwAddr, NetDevice } from './net_device.js';

/** Who asks: a part of the kernel, users through an interface that counts them as one, or users that want a new entry. */
type Use = 'counted' | 'global' | 'exclusive';

const find = (list: readonly HwAddr[], addr: Uint8Array): HwAddr | undefined =>
  list.find((ha) => ha.addr.every((byte, i) => byte === addr[i]));

/** @models net/core/dev_addr_lists.c __hw_addr_add_ex() */
function add(list: HwAddr[], addr: Uint8Array, use: Use): void {
  const found = find(list, addr);
  if (found === undefined) {
    list.push({ addr, refcount: 1, globalUse: use !== 'counted' });
    return;
  }
  if (use === 'exclusive') throw errno(EEXIST);
  if (use === 'global' && found.globalUse) return;
  if (use === 'global') found.globalUse = true;
  found.refcount++;
}

/** Whether there was such a use to end. @models net/core/dev_addr_lists.c __hw_addr_del_ex() */
function del(list: HwAddr[], addr: Uint8Array, use: 'counted' | 'global'): boolean {
  const found = find(list, addr);
  if (found === undefined || (use === 'global' && !found.globalUse)) return false;
  if (use === 'global') found.globalUse = false;
  if (--found.refcount === 0) list.splice(list.indexOf(found), 1);
  return true;
}

const ownCopy = ({ addrLen }: NetDevice, addr: Uint8Array): Uint8Array => addr.slice(0, addrLen);

/** @models net/core/dev_addr_lists.c dev_uc_add(), dev_uc_add_excl() */
export function devUcAdd(dev: NetDevice, addr: Uint8Array, use: 'counted' | 'exclusive' = 'counted'): void {
  add(dev.uc, ownCopy(dev, addr), use);
  devSetRxMode(dev);
}

/** False when it was not there. @models net/core/dev_addr_lists.c dev_uc_del() */
export function devUcDel(dev: NetDevice, addr: Uint8Array): boolean {
  const was = del(dev.uc, ownCopy(dev, addr), 'counted');
  devSetRxMode(dev);
  return was;
}

/** @models net/core/dev_addr_lists.c dev_mc_add(), dev_mc_add_global(), dev_mc_add_excl() */
export function devMcAdd(dev: NetDevice, addr: Uint8Array, use: Use = 'counted'): void {
  add(dev.mc, ownCopy(dev, addr), use);
  devSetRxMode(dev);
}

/** False when it was not there. @models net/core/dev_addr_lists.c dev_mc_del(), dev_mc_del_global() */
export function devMcDel(dev: NetDevice, addr: Uint8Array, use: 'counted' | 'global' = 'counted'): boolean {
  const was = del(dev.mc, ownCopy(dev, addr), use);
  devSetRxMode(dev);
  return was;
}

/** The device goes away, whoever uses its addresses. @models net/core/dev_addr_lists.c dev_uc_flush(), dev_mc_flush() */
export function devAddrFlush(dev: NetDevice): void {
  dev.uc.length = 0;
  dev.mc.length = 0;
}
