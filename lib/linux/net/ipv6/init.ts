// net/ipv6/af_inet6.c inet6_init(), as far as rtnetlink sees it: who handles which message of IPv6.
import type { Net } from '../core/net_namespace.js';

/**
 * @models net/ipv6/af_inet6.c inet6_init()
 * @differs registers per namespace
 */
export function inet6Init(net: Net): void {
  if (!net.machine.config.ipv6) return;
}
