// What a kernel was built with: which kinds exist, how many CPUs, which clock rates. A configuration changes which
// answers read "kind unknown", never how a known kind behaves (that is version.ts).
import type { KernelVersion } from './version.js';

export interface KernelConfig {
  readonly name: string;
  /** The version a machine gets when only the configuration is named. */
  readonly version: KernelVersion;
  /** Number of CPUs that are online and possible; veth has as many queues. */
  readonly cpus: number;
  /** Timer interrupts a second. */
  readonly HZ: number;
  /** Kinds that are compiled in; undefined = every kind that is modelled. */
  readonly qdiscs?: readonly string[];
  readonly classifiers?: readonly string[];
  readonly actions?: readonly string[];
  readonly links?: readonly string[];
  /** net.core.default_qdisc */
  readonly defaultQdisc: string;
  /** net.core.rmem_default / wmem_default and rmem_max / wmem_max, bytes. */
  readonly rmemDefault: number;
  readonly rmemMax: number;
  /** Whether devices are born with IPv6 disabled (net.ipv6.conf.default.disable_ipv6): a box has no traffic of its own. */
  readonly disableIpv6: boolean;
  /** CONFIG_SMP, and with it receive packet steering. */
  readonly smp: boolean;
  /** CONFIG_IPV6 */
  readonly ipv6: boolean;
  /** CONFIG_LLC: frames that give a length in place of a protocol are somebody's. */
  readonly llc: boolean;
  /** CONFIG_NET_MPLS_GSO: devices promise nothing of what they do for other protocols when a packet is MPLS. */
  readonly mplsGso: boolean;
  /** CONFIG_NF_CONNTRACK_ZONES */
  readonly conntrackZones: boolean;
  /** CONFIG_CLS_U32_PERF and CONFIG_CLS_U32_MARK */
  readonly u32Perf: boolean;
  readonly u32Mark: boolean;
  /** The architecture pads 64-bit attributes (no efficient unaligned access). */
  readonly padAttributes: boolean;
}

const full: KernelConfig = {
  name: 'full',
  version: 'v6.18',
  cpus: 2,
  HZ: 250,
  defaultQdisc: 'pfifo_fast',
  rmemDefault: 212992,
  rmemMax: 212992,
  disableIpv6: true,
  smp: true,
  ipv6: true,
  llc: true,
  mplsGso: false,
  conntrackZones: true,
  u32Perf: true,
  u32Mark: true,
  padAttributes: false,
};

const rec618: KernelConfig = {
  ...full,
  name: 'rec-6.18',
  qdiscs: [
    'clsact',
    'ingress',
    'htb',
    'tbf',
    'pfifo',
    'bfifo',
    'pfifo_head_drop',
    'pfifo_fast',
    'noqueue',
    'noop',
    'mq',
  ],
  classifiers: ['bpf', 'u32'],
  actions: ['mirred'],
  links: ['veth', 'ifb'],
  u32Perf: false,
  u32Mark: false,
};

const rec61uml: KernelConfig = {
  ...full,
  name: 'rec-6.1-uml',
  version: 'v6.1',
  cpus: 1,
  HZ: 100,
  smp: false,
  ipv6: false,
  llc: false,
  mplsGso: true,
  conntrackZones: false,
  padAttributes: true,
};

/** The named configurations. */
export const configs: Readonly<Record<string, KernelConfig>> = {
  full,
  'rec-6.18': rec618,
  'rec-6.1-uml': rec61uml,
};
