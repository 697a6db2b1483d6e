// What frames are sent through to see how programs send packets to neighbours and change their shape: at the ingress of v1, where
// a filter behind the program sends the packet out by w0, and at the egress of v0. Who listens is
// chosen so that nobody holds the bytes of a packet that a program changes.
import { clsact, type Configuration, filter, native } from './configurations.js';

/** A program at one hook. */
const program = (section: string, dev: string, where: string): string[] => [
  clsact(dev),
  filter(dev, where, `prio 1 ${native(section, 'da')}`),
];
const ingress = (section: string): string[] => program(section, 'v1', 'ingress');

const receivers = ['w0', 'w1', 'i0'];
const resolving = 'ip link set w0 arp on';
const address = 'ip addr add 10.0.0.9/24 dev w0';
const known = (hop: string, state = 'permanent'): string =>
  `ip neigh add ${hop} lladdr 02:aa:aa:aa:aa:aa dev w0 nud ${state}`;
const shown = { before: 200, run: 'ip neigh show dev w0' };

/** Nobody is asked in these: the answer would not come, and the question would be seen. */
const neighbours: Configuration[] = [
  { name: 'neighbour where nothing is resolved', setup: ingress('neigh'), receivers },
  { name: 'neighbour from egress', setup: program('neigh', 'v0', 'egress'), receivers },
  { name: 'neighbour of an ifb', setup: ingress('neigh_i0'), receivers },
  {
    name: 'neighbour that is known',
    setup: [resolving, address, known('10.0.0.2'), ...ingress('neigh')],
    changes: [shown],
    receivers,
  },
  { name: 'neighbour without a route', setup: [resolving, known('10.0.0.2'), ...ingress('neigh')], receivers },
  {
    name: 'neighbour that is stale',
    setup: [resolving, address, known('10.0.0.2', 'stale'), ...ingress('neigh')],
    changes: [shown],
    receivers,
  },
  {
    name: 'neighbour that is a gateway',
    setup: [
      ...[resolving, 'ip addr add 10.9.0.1/24 dev w0', 'ip route add 10.0.0.2/32 via 10.9.0.7'],
      ...[known('10.9.0.7'), ...ingress('neigh')],
    ],
    changes: [shown],
    receivers,
  },
  {
    name: 'neighbour that is this machine',
    setup: [resolving, 'ip addr add 10.0.0.2/24 dev w0', ...ingress('neigh')],
    receivers,
  },
  {
    name: 'neighbour that is another device of this machine',
    setup: ['ip addr add 10.0.0.2/24 dev v1', ...ingress('neigh')],
    receivers,
  },
  {
    name: 'neighbour that is everybody',
    setup: [resolving, 'ip addr add 10.0.0.9/24 broadcast 10.0.0.2 dev w0', ...ingress('neigh')],
    receivers,
  },
  {
    name: 'neighbour behind a blackhole',
    setup: ['ip route add blackhole 10.0.0.0/8', ...ingress('neigh')],
    receivers,
  },
  { name: 'neighbour by a device that is down', setup: ['ip link set w0 down', ...ingress('neigh')], receivers },
  { name: 'neighbour by a small device', setup: ['ip link set w0 mtu 1500', ...ingress('neigh')], receivers },
  {
    name: 'next hop that is known',
    setup: [resolving, known('10.9.0.7'), ...ingress('neigh4')],
    changes: [shown],
    receivers,
  },
  { name: 'next hop where nothing is resolved', setup: ingress('neigh4'), receivers },
  { name: 'next hop by a device that is down', setup: ['ip link set w0 down', ...ingress('neigh4')], receivers },
  { name: 'next hop of IPv6', setup: ingress('neigh6'), receivers },
  { name: 'next hop of no family', setup: ingress('neigh9'), receivers },
];

/** Sections that change a packet, and say nothing of it. */
const sections = [
  'net_grow',
  'net_grow6',
  'net_grow4',
  'net_gre',
  'net_udp',
  'net_l2',
  'net_shrink',
  'net_shrink8',
  'mac_grow',
  'mac_grow40',
  'mac_shrink',
  'mac_nocsum',
  'decap4',
  'decap6',
  'grow_shrink',
  'tail64',
  'tail200',
  'tail14',
  'head14',
  'head100',
  'to6',
  'to4',
  'to6and4',
  'type1',
  'type3',
  'pull',
  'push2',
  'pop2',
  'pushtail',
  'headpush',
  'csum',
  'level',
  'ecn',
  'hash',
];

const reshaped: Configuration[] = sections.flatMap((section) => [
  {
    name: `${section} at ingress`,
    setup: [
      ...ingress(section),
      filter('v1', 'ingress', 'protocol all prio 2 u32 match u32 0 0 action mirred egress redirect dev w0'),
    ],
    receivers: ['w1'],
  },
  { name: `${section} at egress`, setup: program(section, 'v0', 'egress'), receivers: ['v0', 'v1'] },
]);

export const reshapedConfigurations: readonly Configuration[] = [...neighbours, ...reshaped];
