// What frames are sent through on user-mode Linux 6.1: kinds of qdiscs, filters and actions that the other recorded kernel
// lacks. Buckets are filled once for the whole run: their rates are so low that what comes back meanwhile decides nothing,
// or so high that no frame waits. `1:` is always the qdisc at the root of v0.
import { all, clsact, type Configuration, filter, isIpv4, isUdp, native, none, verdicts } from './configurations.js';

const ingress = (...rest: string[]): string[] => rest.map((one) => filter('v1', 'ingress', one));
const root = (rest: string): string => `tc qdisc add dev v0 root handle 1: ${rest}`;
const child = (parent: string, rest: string): string => `tc qdisc add dev v0 parent ${parent} ${rest}`;
const under = (parent: string, ...rest: string[]): string[] => rest.map((one) => filter('v0', `parent ${parent}`, one));
/** Actions at the ingress of v1, and a filter that sees what they let on. */
const acting = (...actions: string[]): string[] => [
  clsact('v1'),
  ...ingress(`prio 1 matchall ${actions.map((one) => `action ${one}`).join(' ')}`, `prio 2 ${native('bylen', 'da')}`),
];

const matchalls: Configuration[] = [
  { name: 'matchall', setup: [clsact('v1'), ...ingress('prio 1 matchall classid 1:7')] },
  {
    name: 'matchall with classes, by protocol',
    setup: [
      clsact('v1'),
      ...ingress(
        'protocol ip prio 1 matchall classid 1:1',
        'protocol ipv6 prio 2 matchall classid 1:2',
        'protocol 802.1q prio 3 matchall classid 1:3 action continue',
        'protocol all prio 4 matchall classid 1:4',
      ),
    ],
  },
  {
    name: 'matchall at egress',
    setup: [
      clsact('v0'),
      filter('v0', 'egress', 'protocol ip prio 1 matchall action drop'),
      filter('v0', 'egress', 'protocol all prio 2 matchall action continue'),
    ],
  },
  {
    name: 'matchall not for hardware',
    setup: [
      clsact('v1'),
      ...ingress('protocol ip prio 1 matchall skip_hw action drop', 'protocol all prio 2 matchall action pass'),
    ],
  },
  {
    name: 'matchall replaced between frames',
    setup: [clsact('v1'), ...ingress('prio 1 matchall action drop')],
    changes: [
      { before: 100, run: 'tc filter del dev v1 ingress prio 1' },
      { before: 150, run: 'tc filter add dev v1 ingress prio 1 matchall action mirred egress redirect dev w0' },
    ],
  },
];

const controls = ['drop', 'pass', 'ok', 'pipe', 'continue', 'reclassify', 'trap', 'goto chain 5', 'jump 1'];

const gacts: Configuration[] = [
  ...controls.map((control) => ({
    name: `gact ${control}`,
    setup: [...acting(control), ...ingress('chain 5 prio 1 matchall action gact drop')],
  })),
  {
    name: 'gact that says another verdict by turns',
    setup: acting('gact pass random determ drop 3', 'gact drop'),
  },
  {
    name: 'gacts that pipe by turns',
    setup: acting('gact pipe random determ drop 4', 'gact pipe random determ continue 5', 'gact pass'),
    actions: ['gact'],
  },
  {
    name: 'gact by chance that is none',
    setup: acting('gact pass random netrand drop 1', 'gact drop'),
  },
  {
    name: 'gacts that jump over others',
    setup: acting('gact pipe', 'gact jump 2', 'gact drop', 'mirred egress mirror dev w0 pipe', 'gact drop'),
  },
  {
    name: 'gact that jumps by turns',
    setup: acting('gact pipe random determ jump 2 3', 'mirred egress mirror dev w0', 'gact continue'),
  },
  {
    name: 'gact that jumps to itself',
    setup: acting('gact pipe', 'gact jump 0', 'gact drop'),
  },
  {
    name: 'gact that jumps beyond the end',
    setup: acting('gact jump 9', 'gact drop'),
  },
  {
    name: 'one gact of several filters',
    setup: [
      'tc actions add action gact pass random determ drop 2 index 7',
      clsact('v1'),
      ...ingress(
        'protocol ip prio 1 matchall action gact index 7',
        'protocol ipv6 prio 2 matchall action gact index 7',
        `protocol arp prio 3 bpf bytecode ${all} action gact index 7`,
      ),
    ],
    changes: [{ before: 150, run: 'tc actions change action gact drop random determ pass 3 index 7' }],
    actions: ['gact'],
  },
  {
    name: 'gact at egress',
    setup: [
      clsact('v0'),
      filter('v0', 'egress', 'protocol ip prio 1 matchall action gact pass random determ drop 2'),
      filter('v0', 'egress', 'protocol ipv6 prio 2 matchall action gact trap'),
      filter('v0', 'egress', 'protocol arp prio 3 matchall action gact reclassify'),
    ],
  },
  {
    name: 'chains by gact and by mirred',
    setup: [
      clsact('v1'),
      ...ingress(
        'chain 2 protocol ip prio 1 matchall action mirred egress mirror dev w0 goto chain 3',
        'chain 2 protocol all prio 2 matchall action drop',
        'chain 3 prio 1 u32 match ip protocol 17 0xff action gact goto chain 4 random determ drop 2',
        'chain 3 protocol all prio 2 matchall action goto chain 4',
        'chain 4 prio 1 matchall action mirred egress redirect dev i0',
        'prio 1 matchall action goto chain 2',
      ),
    ],
  },
];

const mirrors: Configuration[] = [
  {
    name: 'mirrored by turns, then redirected in',
    setup: acting(
      'mirred egress mirror dev w0 pipe',
      'gact pipe random determ drop 3',
      'mirred ingress redirect dev w1',
      'gact drop',
    ),
  },
  {
    name: 'mirrored in, then dropped by turns',
    setup: acting('mirred ingress mirror dev w1', 'gact pass random determ drop 2'),
  },
  {
    name: 'redirected out of the egress, gact behind it',
    setup: [
      clsact('v0'),
      filter(
        'v0',
        'egress',
        'prio 1 matchall action mirred egress mirror dev w0 action gact drop random determ pass 2',
      ),
    ],
  },
  {
    name: 'target that goes between frames',
    setup: acting('mirred egress mirror dev w0', 'mirred egress redirect dev w0'),
    changes: [
      { before: 80, run: 'ip link set w0 down' },
      { before: 160, run: 'ip link del w0' },
    ],
    receivers: ['v0', 'v1', 'i0'],
  },
  {
    name: 'target of a redirect at egress that goes',
    setup: [
      clsact('v0'),
      filter('v0', 'egress', 'protocol ip prio 1 matchall action mirred egress redirect dev w0 pipe'),
      filter('v0', 'egress', 'protocol ipv6 prio 2 matchall action mirred ingress redirect dev w1'),
      filter('v0', 'egress', 'protocol arp prio 3 matchall action mirred ingress mirror dev w0 drop'),
    ],
    changes: [{ before: 130, run: 'ip link del w0' }],
    receivers: ['v0', 'v1', 'i0'],
  },
  {
    name: 'in from egress, and in again',
    setup: [
      clsact('v0'),
      filter(
        'v0',
        'egress',
        'prio 1 matchall action mirred ingress mirror dev w1 action mirred ingress redirect dev i0',
      ),
      clsact('w1'),
      filter(
        'w1',
        'ingress',
        'prio 1 matchall action mirred ingress mirror dev i0 action mirred egress redirect dev i0',
      ),
      clsact('i0'),
      filter('i0', 'ingress', 'protocol ip prio 1 matchall action gact pass random determ drop 2'),
    ],
  },
  {
    name: 'mirrored in circles',
    setup: [
      clsact('v0'),
      filter('v0', 'egress', 'prio 1 matchall action mirred egress mirror dev w0'),
      clsact('w0'),
      filter('w0', 'egress', 'prio 1 matchall action mirred egress mirror dev v0'),
    ],
  },
  {
    name: 'mirrored twice and back',
    setup: [
      ...acting('mirred egress mirror dev i0', 'mirred egress mirror dev w0', 'mirred egress redirect dev v1'),
      clsact('w1'),
      filter('w1', 'ingress', 'prio 1 matchall action gact pass random determ drop 2'),
    ],
  },
];

const numbers = [
  'protocol ip prio 1 u32 match ip protocol 17 0xff match udp dst 2000 0xffff flowid 1:1',
  'protocol ip prio 1 u32 match mark 7 0xff match ip tos 0x10 0x10 flowid 1:2 action gact pipe',
  'protocol ip prio 1 u32 match mark 8 0xff flowid 1:3',
  'protocol ipv6 prio 2 u32 match mark 7 0x0f match ip6 protocol 17 0xff flowid 1:4 action drop',
  'protocol all prio 3 u32 match u32 0 0 flowid 1:5 action continue',
];

const u32s: Configuration[] = [
  { name: 'u32 that counts its keys', setup: [clsact('v1'), ...ingress(...numbers)] },
  {
    name: 'u32 by mark',
    setup: [clsact('v0'), ...numbers.map((one) => filter('v0', 'egress', one))],
    options: [[36, 7]],
  },
  {
    name: 'u32 changed between frames',
    setup: [clsact('v1'), ...ingress(...numbers)],
    changes: [
      { before: 90, run: 'tc filter del dev v1 ingress prio 1 handle 800::801 u32' },
      {
        before: 150,
        run: 'tc filter replace dev v1 ingress prio 3 handle 802::800 protocol all u32 match u32 0 0 action drop',
      },
      { before: 240, run: 'tc filter del dev v1 ingress prio 2' },
    ],
  },
];

const shared = (rest: string): string => `tc filter add block 22 ${rest}`;
const blocks: Configuration[] = [
  {
    name: 'a block that two devices share',
    setup: [
      'tc qdisc add dev v1 ingress_block 22 clsact',
      'tc qdisc add dev w0 egress_block 22 clsact',
      shared('protocol ip prio 1 matchall action gact pass random determ drop 3'),
      shared('protocol ipv6 prio 2 matchall action mirred egress redirect dev w0'),
      shared('protocol arp prio 3 matchall action mirred egress mirror dev w0 action mirred egress mirror dev i0'),
    ],
  },
  {
    name: 'a block that ends between frames',
    setup: [
      'tc qdisc add dev v1 ingress_block 22 clsact',
      'tc qdisc add dev w0 egress_block 22 clsact',
      shared('chain 3 prio 1 matchall action police mtu 100 conform-exceed drop/pass'),
      shared('prio 1 matchall action mirred egress mirror dev w0 goto chain 3'),
    ],
    changes: [
      { before: 100, run: 'tc qdisc del dev w0 clsact' },
      { before: 200, run: 'tc filter del block 22 chain 3' },
    ],
  },
];

/** Five frames: each counts for 46 bytes or more, of which one comes back each second. */
const LIMITED = 'rate 8bit burst 250 mpu 46 mtu 64kb';

const polices: Configuration[] = [
  { name: 'police with a bucket', setup: acting(`police ${LIMITED} conform-exceed drop/pass`) },
  {
    name: 'police with a bucket, old way',
    setup: [clsact('v1'), ...ingress(`prio 1 u32 match u32 0 0 police ${LIMITED} drop flowid 1:1`)],
  },
  { name: 'police by mtu', setup: acting('police mtu 100 conform-exceed drop/pipe') },
  {
    name: 'police by mtu at egress',
    setup: [clsact('v0'), filter('v0', 'egress', 'prio 1 matchall action police mtu 100 conform-exceed drop/pass')],
  },
  {
    name: 'police by rate and mtu',
    setup: acting('police rate 10gbit burst 10m mtu 600 conform-exceed reclassify/pipe'),
  },
  {
    name: 'police with a peak',
    setup: acting('police rate 8bit burst 250 mpu 46 peakrate 16bit mtu 300 conform-exceed pass/continue'),
  },
  { name: 'police with a great burst', setup: acting('police rate 80kbit burst 1m mtu 1500 conform-exceed drop/pass') },
  { name: 'police of no rate', setup: acting('police rate 10gbit burst 1 mtu 64kb conform-exceed drop/pass') },
  { name: 'police without a table', setup: acting('police rate 1mbit burst 10m conform-exceed drop/pass') },
  ...['drop/pipe', 'pass/drop', 'continue/drop', 'pipe/continue', 'reclassify/pass', 'trap/trap'].map((result) => ({
    name: `police whose limits say ${result}`,
    setup: acting(`police mtu 120 conform-exceed ${result}`, 'gact drop random determ continue 2'),
  })),
  {
    name: 'police by packets',
    setup: acting(
      'police pkts_rate 1000000 pkts_burst 1000 conform-exceed drop/pipe',
      'gact pass random determ drop 2',
    ),
    changes: [
      { before: 45, run: 'tc filter del dev v1 ingress prio 1' },
      {
        before: 45,
        run: 'tc filter add dev v1 ingress prio 1 matchall action police pkts_rate 1000000 pkts_burst 1000 conform-exceed pass/drop',
      },
    ],
  },
  {
    name: 'one police of several filters, changed between frames',
    setup: [
      `tc actions add action police ${LIMITED} index 4`,
      clsact('v1'),
      ...ingress(
        'protocol ip prio 1 matchall action police index 4 action mirred egress mirror dev w0',
        'protocol ipv6 prio 2 matchall action police index 4',
      ),
    ],
    changes: [
      {
        before: 60,
        run: 'tc actions change action police rate 16bit burst 400 mpu 46 mtu 64kb conform-exceed drop/pipe index 4',
      },
      { before: 150, run: 'tc actions change action police mtu 200 conform-exceed continue/drop index 4' },
    ],
    actions: ['police'],
  },
];

const bytecodes: Configuration[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65538, 4294967295].map((value) => ({
    name: `act_bpf, classic, ${value}`,
    setup: acting(`bpf bytecode '1,6 0 0 ${value}' continue`, 'gact drop'),
  })),
  {
    name: 'act_bpf, classic, by protocol',
    setup: acting(`bpf bytecode ${isUdp} pipe`, 'mirred egress mirror dev w0 pipe', `bpf bytecode ${none} drop`),
  },
  {
    name: 'act_bpf, classic, its own verdict',
    setup: acting("bpf bytecode '4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 3' drop", 'gact pass'),
  },
  {
    name: 'act_bpf, classic, at egress',
    setup: [
      clsact('v0'),
      filter('v0', 'egress', `prio 1 matchall action bpf bytecode ${isIpv4} pipe action gact drop`),
      filter('v0', 'egress', "prio 2 matchall action bpf bytecode '4,40 0 0 12,21 0 1 34525,6 0 0 2,6 0 0 0'"),
    ],
  },
  ...[...verdicts, 'nine', 'class', 'bylen', 'tos', 'redir_out', 'redir_in', 'clone_out', 'vlan_push', 'mark'].map(
    (section) => ({ name: `act_bpf ${section}`, setup: acting(`bpf obj $O sec ${section} continue`, 'gact continue') }),
  ),
  ...['shot', 'redir_out', 'store', 'head', 'vlan_pop'].map((section) => ({
    name: `act_bpf ${section} at egress`,
    setup: [clsact('v0'), filter('v0', 'egress', `prio 1 matchall action bpf obj $O sec ${section}`)],
  })),
];

const prio = 'prio bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1';
const byProtocol = under(
  '1:',
  'protocol ip prio 1 matchall classid 1:1',
  'protocol ipv6 prio 2 matchall classid 1:2',
  'protocol arp prio 3 matchall classid 1:9',
  'protocol 802.1q prio 4 matchall action drop',
  'protocol 802.1ad prio 5 matchall action trap',
);

const prios: Configuration[] = [
  ...[0, 6, 9, 15, 16, 0x10001, 0x10003, 0x10004, 0x20001].map((priority) => ({
    name: `prio, priority ${priority.toString(16)}`,
    setup: [root(prio)],
    options: [[12, priority]] as const,
  })),
  { name: 'prio by filters', setup: [root(prio), ...byProtocol] },
  {
    name: 'prio by filters with actions',
    setup: [
      root('prio bands 4 priomap 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3'),
      ...under(
        '1:',
        `protocol ip prio 1 bpf bytecode ${isUdp} flowid 1:1 action gact pass random determ drop 3`,
        'protocol ip prio 2 matchall classid 1:2 action mirred egress mirror dev w0 pass',
        'protocol ipv6 prio 3 matchall classid 1:3 action police mtu 100 conform-exceed drop/pass',
        'protocol arp prio 4 matchall classid 1:4 action reclassify',
        `protocol all prio 5 ${native('bylen', 'da')}`,
      ),
    ],
  },
  {
    name: 'prio with children',
    setup: [
      root(prio),
      child('1:1', 'handle 10: tbf rate 10gbit burst 10m limit 1m'),
      child('1:2', 'handle 20: fq_codel limit 100 quantum 300 flows 16'),
      child('1:3', 'handle 30: bfifo limit 80'),
      ...byProtocol,
    ],
    options: [[12, 2]],
  },
  {
    name: 'prio below prio',
    setup: [
      root(prio),
      child('1:3', 'handle 30: prio bands 2 priomap 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1'),
      ...byProtocol,
      ...under('30:', 'protocol all prio 1 u32 match u8 1 1 at 3 classid 30:1'),
    ],
    options: [[12, 3]],
  },
  {
    name: 'prio changed between frames',
    setup: [root(prio), ...byProtocol],
    changes: [
      { before: 60, run: 'tc qdisc change dev v0 root handle 1: prio bands 2 priomap 0 1 1 1 1 1 0 0 1 1 1 1 1 1 1 1' },
      { before: 120, run: 'tc qdisc add dev v0 parent 1:2 handle 20: pfifo limit 3' },
      {
        before: 180,
        run: 'tc qdisc change dev v0 root handle 1: prio bands 5 priomap 4 4 4 4 4 4 4 4 4 4 4 4 4 4 4 4',
      },
    ],
  },
];

const codels: Configuration[] = [
  ...['', ' flows 1', ' limit 1 quantum 256', ' memory_limit 1', ' limit 0', ' flows 8 ce_threshold 1us noecn'].map(
    (options) => ({ name: `fq_codel${options}`, setup: [root(`fq_codel${options}`)] }),
  ),
  {
    name: 'fq_codel with filters',
    setup: [
      root('fq_codel flows 4'),
      ...under(
        '1:',
        'protocol ip prio 1 matchall classid 1:1',
        'protocol ipv6 prio 2 matchall classid 1:4',
        'protocol arp prio 3 matchall classid 1:5',
        'protocol 802.1q prio 4 matchall classid 1:2 action drop',
        'protocol 802.1ad prio 5 matchall action trap',
      ),
    ],
  },
  { name: 'fq_codel by priority', setup: [root('fq_codel flows 4')], options: [[12, 0x10002]] },
  { name: 'fq_codel by a priority beyond its flows', setup: [root('fq_codel flows 4')], options: [[12, 0x10005]] },
];

const classes = [1, 2, 3].map(
  (n) => `tc class add dev v0 parent 1:9 classid 1:${n} htb rate ${n}gbit ceil 20gbit burst 1m cburst 1m prio ${n}`,
);
const htb = [
  root('htb default 3'),
  'tc class add dev v0 parent 1: classid 1:9 htb rate 20gbit burst 2m cburst 2m',
  ...classes,
];

const htbs: Configuration[] = [
  {
    name: 'htb with prio children',
    setup: [
      ...htb,
      child('1:1', 'handle 10: prio bands 3'),
      child('1:3', 'handle 30: prio bands 2 priomap 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1'),
      ...under('1:', 'protocol ip prio 1 matchall classid 1:1', 'protocol ipv6 prio 2 matchall classid 1:2'),
      ...under('10:', 'protocol ip prio 1 u32 match ip protocol 17 0xff classid 10:1'),
      ...under('30:', 'protocol arp prio 1 matchall classid 30:1', 'protocol 802.1q prio 2 matchall action drop'),
    ],
  },
  {
    name: 'htb by filters with actions',
    setup: [
      ...htb,
      child('1:2', 'handle 20: fq_codel flows 2'),
      ...under(
        '1:',
        'protocol ip prio 1 matchall classid 1:1 action police mtu 300 conform-exceed drop/pass',
        'protocol ipv6 prio 2 matchall classid 1:2 action gact pass random determ drop 2',
        'protocol arp prio 3 matchall classid 1:9',
        'protocol 802.1q prio 4 matchall action trap',
        'protocol 802.1ad prio 5 matchall classid 1:2 action reclassify',
        `protocol all prio 6 ${native('bylen', 'da')}`,
      ),
    ],
  },
  {
    name: 'htb with an inner class by filters of a class',
    setup: [
      ...htb,
      'tc class add dev v0 parent 1:3 classid 1:31 htb rate 1gbit ceil 20gbit burst 1m cburst 1m',
      'tc class add dev v0 parent 1:3 classid 1:32 htb rate 1gbit ceil 20gbit burst 1m cburst 1m',
      ...under('1:', 'protocol ip prio 1 matchall classid 1:3', 'protocol ipv6 prio 2 matchall classid 1:9'),
      ...under('1:3', 'protocol ip prio 1 u32 match ip protocol 17 0xff classid 1:31'),
      ...under('1:3', 'protocol ip prio 2 matchall classid 1:32'),
    ],
  },
  { name: 'htb without default, unclassified', setup: [root('htb default 77'), ...htb.slice(1)] },
  {
    name: 'htb with direct packets',
    setup: [root('htb direct_qlen 5'), ...htb.slice(1), ...under('1:', 'protocol ip prio 1 matchall classid 1:1')],
  },
  { name: 'htb by mark', setup: htb, options: [[36, 0x10001]] },
];

const drr = [
  root('drr'),
  'tc class add dev v0 parent 1: classid 1:1 drr quantum 300',
  'tc class add dev v0 parent 1: classid 1:2 drr',
  child('1:2', 'handle 20: bfifo limit 200'),
];

/** Nothing waits below these but for what `tbf` keeps: what they drop, they drop at once. */
const fairAndEarly: Configuration[] = [
  { name: 'drr by priority', setup: drr, options: [[12, 0x10001]] },
  { name: 'drr by filters', setup: [...drr, ...byProtocol] },
  { name: 'drr without a class', setup: drr },
  {
    name: 'drr below a tbf',
    setup: [
      root('tbf rate 8bit burst 3k limit 9k'),
      child('1:1', 'handle 2: drr'),
      'tc class add dev v0 parent 2: classid 2:1 drr quantum 300',
      ...under('2:', 'protocol ip prio 1 matchall classid 2:1'),
    ],
  },
  { name: 'early detection', setup: [root('red limit 100000 min 10000 max 30000 avpkt 1000 bandwidth 10mbit')] },
  { name: 'sfq with a few hashes', setup: [root('sfq divisor 1 quantum 300')] },
  { name: 'sfq by filters', setup: [root('sfq'), ...byProtocol] },
  {
    name: 'sfq of one hash below a tbf',
    setup: [root('tbf rate 8bit burst 3k limit 9k'), child('1:1', 'handle 2: sfq divisor 1 limit 6')],
  },
  {
    name: 'sfq that drops at the head, below a tbf',
    setup: [root('tbf rate 8bit burst 3k limit 9k'), child('1:1', 'handle 2: sfq divisor 1 depth 4 headdrop')],
  },
];

export const umlConfigurations: readonly Configuration[] = [
  ...[
    ...matchalls,
    ...gacts,
    ...mirrors,
    ...u32s,
    ...blocks,
    ...polices,
    ...bytecodes,
    ...prios,
    ...codels,
    ...htbs,
    ...fairAndEarly,
  ],
];
