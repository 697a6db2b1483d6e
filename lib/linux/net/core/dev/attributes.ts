// net/core/dev.c, the attributes users set: MTU, address, queue length, group, segmentation limits.
import type { Extack } from '../../../../codec/extack.js';
import { EINVAL, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { errno, refuse } from '../../../errno.js';
import { devQdiscChangeTxQueueLen } from '../../sched/sch_generic.js';
import type { NetDevice } from '../net_device.js';
import { GSO_LEGACY_MAX_SIZE } from '../net_device.js';
import { callNetdeviceNotifiers } from './notifier.js';

/** @models net/core/dev.c dev_validate_mtu() */
export function devValidateMtu(dev: NetDevice, mtu: number, extack: Extack | undefined): void {
  if ((mtu | 0) < 0 || mtu < dev.minMtu) refuse(extack, EINVAL, 'mtu less than device minimum');
  if (dev.maxMtu > 0 && mtu > dev.maxMtu) refuse(extack, EINVAL, 'mtu greater than device maximum');
}

/** @models net/core/dev.c netif_set_mtu_ext() */
export function devSetMtu(dev: NetDevice, mtu: number, extack: Extack | undefined): void {
  if (mtu === dev.mtu) return;
  devValidateMtu(dev, mtu, extack);
  dev.ops.changeMtu?.(dev, mtu);
  dev.mtu = mtu;
  callNetdeviceNotifiers(dev, 'CHANGEMTU');
}

/**
 * `address` may be longer than the device's addresses; the rest is not looked at.
 *
 * @models net/core/dev.c netif_set_mac_address()
 */
export function devSetMacAddress(dev: NetDevice, address: Uint8Array): void {
  if (dev.ops.setMacAddress === undefined) throw errno(EOPNOTSUPP);
  const wanted = address.slice(0, dev.addrLen);
  if (wanted.some((byte, i) => byte !== dev.address[i])) dev.ops.setMacAddress(dev, wanted);
  dev.addrAssignType = 'set';
  callNetdeviceNotifiers(dev, 'CHANGEADDR');
}

/** @models net/core/rtnetlink.c do_setlink() IFLA_BROADCAST */
export function devSetBroadcast(dev: NetDevice, address: Uint8Array): void {
  dev.broadcast = address.slice(0, dev.addrLen);
  callNetdeviceNotifiers(dev, 'CHANGEADDR');
}

/** @models net/core/dev.c netif_change_tx_queue_len() */
export function devChangeTxQueueLen(dev: NetDevice, length: number): void {
  const before = dev.txQueueLen;
  if (before === length) return;
  dev.txQueueLen = length;
  callNetdeviceNotifiers(dev, 'CHANGE_TX_QUEUE_LEN');
  try {
    devQdiscChangeTxQueueLen(dev);
  } catch (refusal) {
    dev.txQueueLen = before;
    throw refusal;
  }
}

/** @models net/core/dev.c netif_set_gso_max_size() */
export function setGsoMaxSize(dev: NetDevice, size: number): void {
  dev.gsoMaxSize = size;
  if (size <= GSO_LEGACY_MAX_SIZE) dev.gsoIpv4MaxSize = size;
}

/** @models net/core/dev.c netif_set_gro_max_size() */
export function setGroMaxSize(dev: NetDevice, size: number): void {
  dev.groMaxSize = size;
  if (size <= GSO_LEGACY_MAX_SIZE) dev.groIpv4MaxSize = size;
}
