// net/ipv4/devinet.c, what sockets of AF_INET and AF_PACKET ask of the IPv4 addresses of a device by ioctl(2). All other
// requests are for sockets of any family (core/dev_ioctl.ts). The caller hands in the 40 bytes of struct ifreq and copies
// them back after a success.
import { Bytes } from '../../../../codec/bytes.js';
import { EADDRNOTAVAIL, EINVAL, ENOIOCTLCMD } from '../../../../uapi/asm-generic/errno.js';
import { IFR_IFRU, IFREQ_SIZE } from '../../../../uapi/linux/if.js';
import * as S from '../../../../uapi/linux/sockios.js';
import { errno, errnoOf, ModelGap } from '../../../errno.js';
import { deviceOf, nameAt } from '../../core/dev_ioctl.js';
import type { Net } from '../../core/net_namespace.js';
import type { InIfaddr } from './in_device.js';

const AF_INET = 2;
const SOCKADDR_IN_SIZE = 16;
const SIN_ADDR = IFR_IFRU + 4;

const getters: ReadonlyMap<number, (ifa: InIfaddr) => number> = new Map([
  [S.SIOCGIFADDR, (ifa: InIfaddr) => ifa.local],
  [S.SIOCGIFDSTADDR, (ifa: InIfaddr) => ifa.address],
  [S.SIOCGIFBRDADDR, (ifa: InIfaddr) => ifa.broadcast],
  [S.SIOCGIFNETMASK, (ifa: InIfaddr) => ifa.mask],
]);

const setters: ReadonlySet<number> = new Set([S.SIOCSIFADDR, S.SIOCSIFDSTADDR, S.SIOCSIFBRDADDR, S.SIOCSIFNETMASK]);

/** The address of the label in ifr_name, and if there is one, that which ifr_addr names. */
function addressOf(net: Net, ifreq: Bytes): InIfaddr {
  const dev = deviceOf(net, ifreq);
  const label = nameAt(ifreq, 0);
  const labelled = (dev.inDevice?.ifaList ?? []).filter((ifa) => ifa.label === label);
  const isNamed = ifreq.view.getUint16(IFR_IFRU, true) === AF_INET;
  const local = ifreq.view.getUint32(SIN_ADDR);
  const found = (isNamed ? labelled.find((ifa) => ifa.local === local) : undefined) ?? labelled[0];
  if (found === undefined) throw errno(EADDRNOTAVAIL);
  return found;
}

function perform(net: Net, request: number, ifreq: Bytes): void {
  if (setters.has(request)) {
    if (ifreq.view.getUint16(IFR_IFRU, true) !== AF_INET) throw errno(EINVAL);
    deviceOf(net, ifreq);
    throw new ModelGap(`ioctl ${S.siocName(request)}`);
  }
  const value = getters.get(request)!(addressOf(net, ifreq));
  ifreq.u8.fill(0, IFR_IFRU, IFR_IFRU + SOCKADDR_IN_SIZE);
  ifreq.view.setUint16(IFR_IFRU, AF_INET, true);
  ifreq.view.setUint32(SIN_ADDR, value);
}

/**
 * Performs one request. Returns 0 with `ifreq` changed in place, or a negative errno: ENOIOCTLCMD for what is not about
 * addresses.
 *
 * @models net/ipv4/devinet.c devinet_ioctl()
 * @differs addresses are not changed
 */
export function devinetIoctl(net: Net, request: number, ifreq: Uint8Array): number {
  if (!getters.has(request) && !setters.has(request)) return -ENOIOCTLCMD;
  if (ifreq.length < IFREQ_SIZE) return -EINVAL;
  try {
    perform(net, request, new Bytes(ifreq));
    return 0;
  } catch (thrown) {
    if (thrown instanceof ModelGap) net.machine.gap(thrown.what);
    return -errnoOf(thrown);
  }
}
