// include/linux/netdevice.h struct net_device, as much of it as programs read through their context: a block in the linear
// memory for each device that a packet has met, brought up to date whenever a packet gets the device.
import type { Memory } from '../../../../vm/memory.js';
import type { NetDevice } from '../net_device.js';
import * as L from './layout.js';

const ETH_HLEN = 14;

export class DeviceStructs {
  readonly #memory: Memory;
  readonly #addresses = new Map<NetDevice, number>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  addressOf(dev: NetDevice): number {
    const address = this.#addresses.get(dev) ?? this.#make(dev);
    const { view } = this.#memory;
    view.setUint32(address + L.NET_DEVICE_MTU, dev.mtu, true);
    view.setUint32(address + L.NET_DEVICE_FLAGS, dev.flags, true);
    view.setUint16(address + L.NET_DEVICE_HARD_HEADER_LEN, ETH_HLEN, true);
    view.setUint32(address + L.NET_DEVICE_IFINDEX, dev.ifindex, true);
    view.setUint16(address + L.NET_DEVICE_TYPE, dev.type, true);
    return address;
  }

  /** The device is gone, and no packet has it any more. */
  forget(dev: NetDevice): void {
    const address = this.#addresses.get(dev);
    if (address === undefined) return;
    this.#addresses.delete(dev);
    this.#memory.free(address);
  }

  #make(dev: NetDevice): number {
    for (const known of this.#addresses.keys()) if (known.freed) this.forget(known);
    const address = this.#memory.alloc(L.NET_DEVICE_SIZE);
    this.#addresses.set(dev, address);
    return address;
  }
}
