// net/ipv4/devinet.c inet_select_addr(): which source address a packet gets that names none.
import { RT_SCOPE_HOST, RT_SCOPE_LINK } from '../../../../uapi/linux/route.js';
import { IFA_F_SECONDARY } from '../../../../uapi/linux/if_addr.js';
import type { NetDevice } from '../../core/net_device.js';
import { inetIfaMatch } from './ifaddr.js';
import type { InIfaddr } from './in_device.js';

const primaries = (dev: NetDevice): InIfaddr[] =>
  (dev.inDevice?.ifaList ?? []).filter(({ flags }) => (flags & IFA_F_SECONDARY) === 0);

/**
 * A primary address of the device with at most `scope`, in the subnet of `dst` where there is one; else one of another
 * device; 0 when there is none.
 *
 * @models net/ipv4/devinet.c inet_select_addr()
 */
export function selectAddr(dev: NetDevice, dst: number, scope: number): number {
  const own = primaries(dev).filter((ifa) => Math.min(ifa.scope, RT_SCOPE_HOST) <= scope);
  const found = own.find((ifa) => dst === 0 || inetIfaMatch(dst, ifa)) ?? own[0];
  if (found !== undefined) return found.local;
  const others = dev.net.devices.filter((other) => other !== dev).flatMap(primaries);
  return others.find((ifa) => ifa.scope !== RT_SCOPE_LINK && ifa.scope <= scope)?.local ?? 0;
}
