// net/core/rtnetlink.c rtnl_link_register(): the kinds of links a kernel has. Each is a driver's object.
import { type Net, netGeneric } from '../net_namespace.js';
import type { RtnlLinkOps } from './ops.js';

const kinds = netGeneric((): Map<string, RtnlLinkOps> => new Map());

/**
 * Enters a kind, if the machine's kernel was built with it.
 *
 * @models net/core/rtnetlink.c rtnl_link_register()
 */
export function rtnlLinkRegister(net: Net, ops: RtnlLinkOps): void {
  const { links } = net.machine.config;
  if (links === undefined || links.includes(ops.kind)) kinds(net).set(ops.kind, ops);
}

/** @models net/core/rtnetlink.c rtnl_link_ops_get() */
export function linkOpsOf(net: Net, kind: string): RtnlLinkOps | undefined {
  return kinds(net).get(kind);
}

/** The name of every kind. @differs the kernel walks link_ops in place */
export function linkKindsOf(net: Net): Iterable<string> {
  return kinds(net).keys();
}
