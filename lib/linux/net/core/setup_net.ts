// net/core/net_namespace.c setup_net(): builds a network namespace, calling each subsystem's init in boot order.
import type { Machine } from '../../machine.js';
import { loopbackNetInit } from '../../drivers/net/loopback.js';
import { arpInit } from '../ipv4/arp.js';
import { inetInit } from '../ipv4/init.js';
import { ipInit } from '../ipv4/ip_input.js';
import { inet6Init } from '../ipv6/init.js';
import { ipv6PacketInit } from '../ipv6/ip6_input.js';
import { llcInit } from '../llc/llc_input.js';
import { schedInit } from '../sched/sched_init.js';
import { fibRulesInit } from './fib_rules_rtnl.js';
import { neighInit } from './neighbour_rtnl.js';
import { Net } from './net_namespace.js';
import { nsidInit } from './net_nsid.js';
import { rtnlLinkInit } from './rtnl_link/init.js';

/** The subsystems of a namespace in the order they boot. */
const inits: readonly ((net: Net) => void)[] = [
  nsidInit,
  rtnlLinkInit,
  neighInit,
  fibRulesInit,
  schedInit,
  inetInit,
  inet6Init,
  ipInit,
  arpInit,
  ipv6PacketInit,
  llcInit,
  loopbackNetInit,
];

/**
 * A new network namespace.
 * @models net/core/net_namespace.c setup_net()
 */
export function setupNet(machine: Machine): Net {
  const net = new Net(machine);
  for (const init of inits) init(net);
  return net;
}
