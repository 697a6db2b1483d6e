// net/ethernet/eth.c and include/linux/etherdevice.h: what Ethernet devices have in common.
import { EADDRNOTAVAIL, EBUSY, EINVAL } from '../../../uapi/asm-generic/errno.js';
import { ARPHRD_ETHER } from '../../../uapi/linux/if_arp.js';
import { ETH_ALEN, ETH_DATA_LEN, ETH_MIN_MTU } from '../../../uapi/linux/if_ether.js';
import { IFF_BROADCAST, IFF_MULTICAST } from '../../../uapi/linux/if.js';
import { errno } from '../../errno.js';
import type { NetDevice } from '../core/net_device.js';
import type { IflaTable } from '../core/rtnl_link/ops.js';

/** @models net/ethernet/eth.c ether_setup() */
export function etherSetup(dev: NetDevice): void {
  dev.type = ARPHRD_ETHER;
  dev.mtu = ETH_DATA_LEN;
  dev.minMtu = ETH_MIN_MTU;
  dev.maxMtu = ETH_DATA_LEN;
  dev.addrLen = ETH_ALEN;
  dev.flags = IFF_BROADCAST | IFF_MULTICAST;
  dev.broadcast = new Uint8Array(ETH_ALEN).fill(0xff);
}

/**
 * Neither all zero nor a group address.
 *
 * @models include/linux/etherdevice.h is_valid_ether_addr()
 */
export function isValidEtherAddr(address: Uint8Array): boolean {
  return (address[0]! & 1) === 0 && address.some((byte) => byte !== 0);
}

/** @models include/linux/etherdevice.h eth_hw_addr_random() */
export function ethHwAddrRandom(dev: NetDevice): void {
  const address = dev.net.machine.entropy.bytes(ETH_ALEN);
  address[0] = (address[0]! & 0xfe) | 0x02;
  dev.address = address;
  dev.addrAssignType = 'random';
}

/**
 * The check of IFLA_ADDRESS that virtual Ethernet kinds share.
 *
 * @differs each kind has its copy: veth_validate(), ifb_validate(), dummy_validate()
 */
export function validateAddress(tb: IflaTable): void {
  if (tb.ADDRESS === undefined) return;
  if (tb.ADDRESS.length !== ETH_ALEN) throw errno(EINVAL);
  if (!isValidEtherAddr(tb.ADDRESS)) throw errno(EADDRNOTAVAIL);
}

/** @models net/ethernet/eth.c eth_mac_addr() */
export function ethMacAddr(dev: NetDevice, address: Uint8Array): void {
  if (!dev.liveAddrChange && dev.running) throw errno(EBUSY);
  if (!isValidEtherAddr(address)) throw errno(EADDRNOTAVAIL);
  dev.address = address;
}

/** @models net/ethernet/eth.c eth_validate_addr() */
export function ethValidateAddr(dev: NetDevice): void {
  if (!isValidEtherAddr(dev.address)) throw errno(EADDRNOTAVAIL);
}
