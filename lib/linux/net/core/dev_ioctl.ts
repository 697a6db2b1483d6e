// net/core/dev_ioctl.c: interface requests of ioctl(2), which work on a socket of any family. The caller hands in the
// 40 bytes of struct ifreq and copies them back after a success.
import { Bytes, fromLatin1, latin1 } from '../../../codec/bytes.js';
import { EINVAL, ENODEV, ENOENT, ENOTTY, EOPNOTSUPP, EPERM } from '../../../uapi/asm-generic/errno.js';
import { CAP_NET_ADMIN } from '../../../uapi/linux/capability.js';
import { IFNAMSIZ, IFR_IFRU, IFREQ_SIZE } from '../../../uapi/linux/if.js';
import { AF_UNSPEC } from '../../../uapi/linux/socket.js';
import * as S from '../../../uapi/linux/sockios.js';
import { errno, errnoOf, ModelGap } from '../../errno.js';
import type { Task } from '../../kernel/task.js';
import { devChangeTxQueueLen, devSetBroadcast, devSetMacAddress, devSetMtu } from './dev/attributes.js';
import { devChangeFlags, devGetFlags } from './dev/flags.js';
import { devChangeName } from './dev/name.js';
import { devGetByIndex, devGetByName } from './dev/table.js';
import { devMcAdd, devMcDel } from './dev_addr_lists.js';
import type { NetDevice } from './net_device.js';
import { devEthtool } from '../ethtool/ioctl.js';
import type { Net } from './net_namespace.js';

type Ioctl = (dev: NetDevice, ifreq: Bytes) => void;

/** Where the address of ifr_hwaddr starts, and how much of it there is. */
const SA_DATA = IFR_IFRU + 2;
const SA_DATA_LENGTH = 14;
/** Bytes of struct ifmap before its padding. */
const IFMAP_SIZE = 21;

function notSupported(): never {
  throw errno(EOPNOTSUPP);
}

function invalid(): never {
  throw errno(EINVAL);
}

const u32Getter =
  (get: (dev: NetDevice) => number): Ioctl =>
  (dev, ifreq) => {
    ifreq.view.setUint32(IFR_IFRU, get(dev), true);
  };

/** @models net/core/dev_ioctl.c netif_get_mac_address() */
function getMacAddress(dev: NetDevice, ifreq: Bytes): void {
  ifreq.view.setUint16(IFR_IFRU, dev.type, true);
  ifreq.u8.set(dev.address.subarray(0, SA_DATA_LENGTH), SA_DATA);
}

/** The address in ifr_hwaddr; its family must be the device's type. */
function hwaddrOf(dev: NetDevice, ifreq: Bytes): Uint8Array {
  if (ifreq.view.getUint16(IFR_IFRU, true) !== dev.type) throw errno(EINVAL);
  return ifreq.u8.slice(SA_DATA, SA_DATA + SA_DATA_LENGTH);
}

/** Requests that anybody may make. */
const getters: ReadonlyMap<number, Ioctl> = new Map<number, Ioctl>([
  [
    S.SIOCGIFFLAGS,
    (dev, ifreq) => {
      ifreq.view.setUint16(IFR_IFRU, devGetFlags(dev), true);
    },
  ],
  [S.SIOCGIFMETRIC, u32Getter(() => 0)],
  [S.SIOCGIFMTU, u32Getter((dev) => dev.mtu)],
  [S.SIOCGIFHWADDR, getMacAddress],
  [S.SIOCGIFSLAVE, invalid],
  [S.SIOCGIFMAP, (_dev, ifreq) => ifreq.u8.fill(0, IFR_IFRU, IFR_IFRU + IFMAP_SIZE)],
  [S.SIOCGIFINDEX, u32Getter((dev) => dev.ifindex)],
  [S.SIOCGIFTXQLEN, u32Getter((dev) => dev.txQueueLen)],
]);

/** @models net/core/dev_ioctl.c dev_ifsioc() SIOCSIFTXQLEN */
function setTxQueueLen(dev: NetDevice, ifreq: Bytes): void {
  const length = ifreq.view.getInt32(IFR_IFRU, true);
  if (length < 0) throw errno(EINVAL);
  devChangeTxQueueLen(dev, length);
}

/** The group address of a request; its family must be none. @models net/core/dev_ioctl.c dev_ifsioc() SIOCADDMULTI */
function groupOf(dev: NetDevice, ifreq: Bytes): Uint8Array {
  if (dev.ops.setsRxMode !== true || ifreq.view.getUint16(IFR_IFRU, true) !== AF_UNSPEC) throw errno(EINVAL);
  return ifreq.u8.slice(SA_DATA, SA_DATA + SA_DATA_LENGTH);
}

/** Requests that need CAP_NET_ADMIN. */
const setters: ReadonlyMap<number, Ioctl> = new Map<number, Ioctl>([
  [
    S.SIOCSIFFLAGS,
    (dev, ifreq) => {
      devChangeFlags(dev, ifreq.view.getInt16(IFR_IFRU, true));
    },
  ],
  [S.SIOCSIFMETRIC, notSupported],
  [
    S.SIOCSIFMTU,
    (dev, ifreq) => {
      devSetMtu(dev, ifreq.view.getUint32(IFR_IFRU, true), undefined);
    },
  ],
  [
    S.SIOCSIFHWADDR,
    (dev, ifreq) => {
      devSetMacAddress(dev, hwaddrOf(dev, ifreq));
    },
  ],
  [
    S.SIOCSIFHWBROADCAST,
    (dev, ifreq) => {
      devSetBroadcast(dev, hwaddrOf(dev, ifreq));
    },
  ],
  [S.SIOCSIFSLAVE, invalid],
  [S.SIOCSIFMAP, notSupported],
  [S.SIOCGMIIPHY, notSupported],
  [S.SIOCGMIIREG, notSupported],
  [S.SIOCSMIIREG, notSupported],
  [
    S.SIOCADDMULTI,
    (dev, ifreq) => {
      devMcAdd(dev, groupOf(dev, ifreq), 'global');
    },
  ],
  [
    S.SIOCDELMULTI,
    (dev, ifreq) => {
      if (!devMcDel(dev, groupOf(dev, ifreq), 'global')) throw errno(ENOENT);
    },
  ],
  [S.SIOCSIFTXQLEN, setTxQueueLen],
  [
    S.SIOCSIFNAME,
    (dev, ifreq) => {
      devChangeName(dev, nameAt(ifreq, IFR_IFRU));
    },
  ],
]);

/** Requests the kernel answers and the model does not. */
const gaps: ReadonlySet<number> = new Set([
  S.SIOCGIFCONF,
  S.SIOCGIFVLAN,
  S.SIOCSIFVLAN,
  S.SIOCBRADDBR,
  S.SIOCBRDELBR,
  S.SIOCBRADDIF,
  S.SIOCBRDELIF,
  S.SIOCSHWTSTAMP,
  S.SIOCGHWTSTAMP,
]);

/** The name of at most 15 characters at `start`. @differs the kernel ends it in place */
export function nameAt({ u8 }: Bytes, start: number): string {
  const nul = u8.subarray(start, start + IFNAMSIZ - 1).indexOf(0);
  return latin1(u8, start, start + (nul < 0 ? IFNAMSIZ - 1 : nul));
}

/** An alias (`eth0:1`) means the device before the colon. @differs the kernel writes this out in each ioctl */
export function deviceOf(net: Net, ifreq: Bytes): NetDevice {
  const dev = devGetByName(net, nameAt(ifreq, 0).split(':', 1)[0]!);
  if (dev === undefined) throw errno(ENODEV);
  return dev;
}

/** @models net/core/dev_ioctl.c dev_ifname() */
function ifname(net: Net, ifreq: Bytes): void {
  const dev = devGetByIndex(net, ifreq.view.getInt32(IFR_IFRU, true));
  if (dev === undefined) throw errno(ENODEV);
  ifreq.u8.fill(0, 0, IFNAMSIZ);
  ifreq.u8.set(fromLatin1(dev.name), 0);
}

function perform(net: Net, task: Task, request: number, ifreq: Bytes): void {
  if (request === S.SIOCGIFNAME) {
    ifname(net, ifreq);
    return;
  }
  if (request === S.SIOCETHTOOL) {
    devEthtool(task, () => deviceOf(net, ifreq), ifreq);
    return;
  }
  const isPrivate = request >= S.SIOCDEVPRIVATE && request < S.SIOCDEVPRIVATE + 16;
  const get = isPrivate ? notSupported : getters.get(request);
  if (get !== undefined) {
    get(deviceOf(net, ifreq), ifreq);
    return;
  }
  if (gaps.has(request)) throw new ModelGap(`ioctl ${S.siocName(request)}`);
  const set = setters.get(request);
  if (set === undefined) throw errno(ENOTTY);
  if (!task.capable(CAP_NET_ADMIN)) throw errno(EPERM);
  set(deviceOf(net, ifreq), ifreq);
}

/**
 * Performs one request. Returns 0 with `ifreq` changed in place, or a negative errno.
 *
 * @models net/core/dev_ioctl.c dev_ioctl()
 * @differs SIOCGIFCONF and what is asked of hardware, bonds, bridges and VLANs is not modelled
 */
export function devIoctl(net: Net, task: Task, request: number, ifreq: Uint8Array): number {
  if (ifreq.length < IFREQ_SIZE) return -EINVAL;
  try {
    perform(net, task, request, new Bytes(ifreq));
    return 0;
  } catch (thrown) {
    if (thrown instanceof ModelGap) net.machine.gap(thrown.what);
    return -errnoOf(thrown);
  }
}
