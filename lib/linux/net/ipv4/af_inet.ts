// net/ipv4/af_inet.c inet_ioctl(): what sockets of AF_INET and AF_PACKET are asked of IPv4: addresses of devices, routes,
// neighbours. Routes and neighbours are changed by netlink here; such requests are only refused as far as Linux would.
import { Bytes } from '../../../codec/bytes.js';
import { EAFNOSUPPORT, EOPNOTSUPP, EPFNOSUPPORT, EPERM } from '../../../uapi/asm-generic/errno.js';
import { CAP_NET_ADMIN } from '../../../uapi/linux/capability.js';
import * as S from '../../../uapi/linux/sockios.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import type { Task } from '../../kernel/task.js';
import type { Net } from '../core/net_namespace.js';
import { devinetIoctl } from './devinet/ioctl.js';

/** Where struct rtentry has the family of its destination, struct arpreq that of its address. */
const RT_DST = 8;
const ARP_PA = 0;

interface Refusal {
  readonly familyAt: number;
  readonly error: number;
  readonly privileged: boolean;
}

const others: ReadonlyMap<number, Refusal> = new Map([
  [S.SIOCADDRT, { familyAt: RT_DST, error: EAFNOSUPPORT, privileged: true }],
  [S.SIOCDELRT, { familyAt: RT_DST, error: EAFNOSUPPORT, privileged: true }],
  [S.SIOCDARP, { familyAt: ARP_PA, error: EPFNOSUPPORT, privileged: true }],
  [S.SIOCGARP, { familyAt: ARP_PA, error: EPFNOSUPPORT, privileged: false }],
  [S.SIOCSARP, { familyAt: ARP_PA, error: EPFNOSUPPORT, privileged: true }],
]);

/**
 * Performs one request. Returns 0 with `arg` changed in place, or a negative errno: ENOIOCTLCMD for what is not IPv4's.
 *
 * @models net/ipv4/af_inet.c inet_ioctl()
 * @differs routes and neighbours are not changed
 */
export function inetIoctl(net: Net, task: Task, request: number, arg: Uint8Array): number {
  const other = others.get(request);
  if (other === undefined) return devinetIoctl(net, request, arg);
  if (other.privileged && !task.capable(CAP_NET_ADMIN)) return -EPERM;
  if (new Bytes(arg).view.getUint16(other.familyAt, true) !== AF_INET) return -other.error;
  net.machine.gap(`ioctl ${S.siocName(request)}`);
  return -EOPNOTSUPP;
}
