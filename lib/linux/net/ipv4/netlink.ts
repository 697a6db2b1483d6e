// net/ipv4/netlink.c: what the requests for one route of IPv4 and of IPv6 have in common.
import type { Extack } from '../../../codec/extack.js';
import { EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import { IPPROTO_TCP, IPPROTO_UDP } from '../../../uapi/linux/in.js';
import { refuse } from '../../errno.js';

/**
 * Refuses a protocol that has no flows to look a route up for; `icmp` is that of the family.
 *
 * @models net/ipv4/netlink.c rtm_getroute_parse_ip_proto()
 */
export function checkIpProto(protocol: number, icmp: number, extack: Extack): void {
  if (protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP && protocol !== icmp)
    refuse(extack, EOPNOTSUPP, 'Unsupported ip proto');
}
