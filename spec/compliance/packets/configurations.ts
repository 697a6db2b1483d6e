// What the frames are sent through: command lines of ip(8) and tc(8), as a user types them. A configuration is set up on
// two pairs of veth (v0-v1, w0-w1) and an ifb (i0), whose indexes are 3, 2, 5, 4 and 6; the frames leave by v0. Commands
// between frames change what is there while counters run. `$O` is the object file of the suite's own programs.
export interface Configuration {
  readonly name: string;
  readonly setup: readonly string[];
  /** Between the frames: `run` before frame number `before`. */
  readonly changes?: readonly { readonly before: number; readonly run: string }[];
  /** Options of the sending socket at SOL_SOCKET: 12 is SO_PRIORITY, 36 SO_MARK. */
  readonly options?: readonly (readonly [option: number, value: number])[];
  /** Where packet sockets listen; all devices unless given. */
  readonly receivers?: readonly string[];
  /** Kinds of actions that are shown, whoever uses them. */
  readonly actions?: readonly string[];
}

export const DEVICES = ['v0', 'v1', 'w0', 'w1', 'i0'] as const;

/** The devices of every configuration. */
export const devices: readonly string[] = [
  'ip link add v0 address 02:00:00:00:00:01 mtu 9000 type veth peer name v1 address 02:00:00:00:00:02 mtu 9000',
  'ip link add w0 address 02:00:00:00:00:03 mtu 9000 type veth peer name w1 address 02:00:00:00:00:04 mtu 9000',
  'ip link add i0 address 02:00:00:00:00:05 type ifb',
  'ip link set i0 mtu 9000',
  ...DEVICES.map((dev) => `ip link set ${dev} arp off`),
  ...DEVICES.map((dev) => `ip link set ${dev} up`),
];

export const isIpv4 = "'4,40 0 0 12,21 0 1 2048,6 0 0 65538,6 0 0 0'";
export const isUdp = "'6,40 0 0 12,21 0 3 2048,48 0 0 23,21 0 1 17,6 0 0 4294967295,6 0 0 0'";
export const all = "'1,6 0 0 4294967295'";
export const none = "'1,6 0 0 0'";

export const clsact = (dev: string): string => `tc qdisc add dev ${dev} clsact`;
export const filter = (dev: string, where: string, rest: string): string => `tc filter add dev ${dev} ${where} ${rest}`;
export const native = (section: string, more = ''): string => `bpf ${more} obj $O sec ${section}`;

/** A direct action at one hook. */
const direct = (section: string, dev = 'v1', where = 'ingress'): string[] => [
  clsact(dev),
  filter(dev, where, `prio 1 ${native(section, 'da')}`),
];

export const verdicts = [
  'unspec',
  'ok',
  'reclassify',
  'shot',
  'pipe',
  'stolen',
  'queued',
  'repeat',
  'redirect',
  'trap',
];

const basic: Configuration[] = [
  { name: 'nothing', setup: [] },
  { name: 'nobody listens but at the end', setup: [], receivers: ['v1'] },
  { name: 'nobody listens', setup: [], receivers: [] },
  { name: 'clsact without filters', setup: [clsact('v0'), clsact('v1')] },
  { name: 'ingress qdisc without filters', setup: ['tc qdisc add dev v1 ingress'] },
  { name: 'small mtu at the receiver', setup: ['ip link set v1 mtu 1500'] },
  { name: 'small mtu at the sender', setup: ['ip link set v0 mtu 1500'] },
  { name: 'receiver down', setup: ['ip link set w1 down'], changes: [{ before: 100, run: 'ip link set v1 down' }] },
  { name: 'receiver promiscuous', setup: ['ip link set v1 promisc on', clsact('v1')] },
  { name: 'clsact and nobody listens', setup: [clsact('v1')], receivers: [] },
];

const directActions: Configuration[] = [
  ...[...verdicts, 'nine', 'class'].map((verdict) => ({
    name: `ingress direct action ${verdict}`,
    setup: direct(verdict),
  })),
  ...verdicts.map((verdict) => ({ name: `egress direct action ${verdict}`, setup: direct(verdict, 'v0', 'egress') })),
  {
    name: 'direct actions one after the other',
    setup: [...direct('unspec'), filter('v1', 'ingress', `prio 2 ${native('bylen', 'da')}`)],
  },
  { name: 'direct action with a class', setup: direct('classid') },
  { name: 'direct action that marks, egress', setup: direct('mark', 'v0', 'egress') },
];

const changing: Configuration[] = [
  { name: 'redirect out', setup: direct('redir_out') },
  { name: 'redirect in', setup: direct('redir_in') },
  { name: 'redirect to nowhere', setup: direct('redir_none') },
  { name: 'redirect out from egress', setup: direct('redir_out', 'v0', 'egress') },
  { name: 'redirect in from egress', setup: direct('redir_in', 'v0', 'egress') },
  { name: 'clone out', setup: direct('clone_out') },
  { name: 'vlan push at ingress', setup: direct('vlan_push') },
  { name: 'vlan push at egress', setup: direct('vlan_push', 'v0', 'egress') },
  { name: 'vlan pop at ingress', setup: direct('vlan_pop') },
  { name: 'vlan pop at egress', setup: direct('vlan_pop', 'v0', 'egress') },
  { name: 'cut at egress', setup: direct('cut', 'v0', 'egress') },
  { name: 'longer head at egress', setup: direct('head', 'v0', 'egress') },
  { name: 'type of the packet', setup: direct('tome') },
  { name: 'bytes stored at egress', setup: direct('store', 'v0', 'egress') },
];

const classifiers: Configuration[] = [
  {
    name: 'classic, one filter',
    setup: [clsact('v1'), filter('v1', 'ingress', `prio 1 bpf bytecode ${isIpv4} flowid 1:1`)],
  },
  {
    name: 'classic, several protocols',
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', `protocol ip prio 1 bpf bytecode ${isUdp} flowid 1:1`),
      filter('v1', 'ingress', `protocol ipv6 prio 2 bpf bytecode ${all} flowid 1:2`),
      filter('v1', 'ingress', `protocol 802.1Q prio 3 bpf bytecode ${none} flowid 1:3`),
      filter('v1', 'ingress', `protocol 802.1ad prio 4 bpf bytecode ${all} flowid 1:4`),
      filter('v1', 'ingress', `protocol arp prio 5 bpf bytecode ${all} flowid 1:5`),
    ],
  },
  {
    name: 'native that classifies',
    setup: [clsact('v1'), filter('v1', 'ingress', `prio 1 ${native('tos')} flowid 1:1`)],
  },
  {
    name: 'native that classifies at egress',
    setup: [clsact('v0'), filter('v0', 'egress', `prio 1 ${native('tos')}`)],
  },
  {
    name: 'chains with goto',
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', `chain 7 prio 1 bpf bytecode ${isUdp} action mirred egress mirror dev w0 goto chain 9`),
      filter('v1', 'ingress', `chain 7 prio 2 ${native('shot', 'da')}`),
      filter('v1', 'ingress', `chain 9 prio 1 ${native('tos')} flowid 1:9`),
      filter('v1', 'ingress', `prio 1 bpf bytecode ${isIpv4} action mirred egress mirror dev i0 goto chain 7`),
    ],
  },
  {
    name: 'goto without end',
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', `chain 7 prio 1 bpf bytecode ${all} action mirred egress mirror dev w0 goto chain 0`),
      filter('v1', 'ingress', `prio 1 bpf bytecode ${isUdp} action mirred egress mirror dev i0 goto chain 7`),
    ],
  },
  {
    name: 'filters in another chain alone',
    setup: [clsact('v1'), filter('v1', 'ingress', `chain 7 prio 1 ${native('shot', 'da')}`)],
  },
  ...['drop', 'pass', 'reclassify', 'continue', 'pipe'].map((control) => ({
    name: `mirred that mirrors and says ${control}`,
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', `prio 1 bpf bytecode ${isIpv4} action mirred egress mirror dev i0 ${control}`),
      filter('v1', 'ingress', `prio 2 ${native('bylen', 'da')}`),
    ],
  })),
  {
    name: 'u32',
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', 'protocol ip prio 1 u32 match ip protocol 17 0xff flowid 1:1'),
      filter('v1', 'ingress', 'protocol ip prio 2 u32 match ip tos 0x10 0xff match u8 64 0xff at 8 flowid 1:2'),
      filter('v1', 'ingress', 'protocol ipv6 prio 3 u32 match ip6 protocol 58 0xff flowid 1:3'),
      filter('v1', 'ingress', 'protocol all prio 4 u32 match u32 0 0 flowid 1:4'),
    ],
  },
  {
    name: 'u32 hash tables',
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', 'protocol ip prio 1 handle 2: u32 divisor 16'),
      filter('v1', 'ingress', 'protocol ip prio 1 u32 ht 2:1: match ip dport 2001 0xffff flowid 1:1'),
      filter('v1', 'ingress', 'protocol ip prio 1 u32 ht 2:1: match udp dst 2000 0xffff flowid 1:2'),
      filter('v1', 'ingress', 'protocol ip prio 1 u32 ht 2:0: match udp dst 80 0xffff flowid 1:3'),
      filter(
        'v1',
        'ingress',
        'protocol ip prio 1 u32 ht 800:: match ip protocol 17 0xff link 2: offset at 0 mask 0x0f00 shift 6 plus 0 eat hashkey mask 0x000f0000 at 20',
      ),
      filter(
        'v1',
        'ingress',
        'protocol ip prio 1 u32 ht 800:: match ip protocol 6 0xff link 2: offset at 0 mask 0x0f00 shift 6 plus 0 eat hashkey mask 0x000f0000 at 0',
      ),
    ],
  },
  {
    name: 'u32 with mirred',
    setup: [
      clsact('v1'),
      filter(
        'v1',
        'ingress',
        'protocol all prio 1 u32 match u16 0x0800 0xffff at -2 action mirred egress redirect dev w0',
      ),
      filter('v1', 'ingress', 'protocol all prio 2 u32 match u8 0 1 at -14 action mirred egress mirror dev i0 pass'),
    ],
  },
  {
    name: 'replaced and deleted between frames',
    setup: [clsact('v1'), filter('v1', 'ingress', `prio 1 handle 1 bpf bytecode ${isIpv4} flowid 1:1`)],
    changes: [
      {
        before: 60,
        run: `tc filter replace dev v1 ingress prio 1 handle 1 bpf bytecode ${all} flowid 1:2`,
      },
      { before: 120, run: `tc filter add dev v1 ingress prio 2 bpf bytecode ${all} flowid 1:3` },
      { before: 130, run: 'tc filter del dev v1 ingress prio 1' },
      { before: 200, run: 'tc filter del dev v1 ingress' },
      { before: 220, run: 'tc qdisc del dev v1 clsact' },
      { before: 240, run: 'tc qdisc add dev v1 ingress' },
      { before: 260, run: 'tc filter add dev v1 ingress prio 1 bpf da obj $O sec shot' },
    ],
  },
];

const mirred = (hook: 'ingress' | 'egress', action: string, to: string, rest = ''): Configuration => {
  const dev = hook === 'ingress' ? 'v1' : 'v0';
  return {
    name: `${hook}: mirred ${action} to ${to}${rest}`,
    setup: [clsact(dev), filter(dev, hook, `prio 1 bpf bytecode ${isIpv4} action mirred ${action} dev ${to}${rest}`)],
  };
};

const directions = ['egress redirect', 'egress mirror', 'ingress redirect', 'ingress mirror'];
const mirrors: Configuration[] = [
  ...(['ingress', 'egress'] as const).flatMap((hook) =>
    directions.flatMap((action) => ['w0', 'i0'].map((to) => mirred(hook, action, to))),
  ),
  mirred('ingress', 'egress mirror', 'w0', ' action mirred egress redirect dev i0'),
  mirred('ingress', 'egress mirror', 'w0', ' action mirred ingress mirror dev w1 drop'),
  mirred('egress', 'egress redirect', 'v0'),
  mirred('ingress', 'ingress redirect', 'v1'),
  ...['arp', '802_2', '802_3', 'ipx'].map((protocol) => ({
    name: `ingress: ${protocol} mirrored in`,
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', `protocol ${protocol} prio 1 bpf bytecode ${all} action mirred ingress mirror dev w0`),
    ],
  })),
  {
    name: 'redirect to a device that is down',
    setup: [...mirred('ingress', 'egress redirect', 'w0').setup, 'ip link set w0 down'],
  },
  {
    name: 'redirect to a small device',
    setup: ['ip link set w1 mtu 1500', ...mirred('ingress', 'egress redirect', 'w0').setup],
  },
  {
    name: 'ifb with a queue of its own',
    setup: [
      'tc qdisc add dev i0 root handle 1: pfifo limit 100',
      clsact('v1'),
      filter('v1', 'ingress', `prio 1 bpf bytecode ${all} action mirred egress redirect dev i0`),
      clsact('i0'),
      filter('i0', 'egress', `prio 1 bpf bytecode ${isIpv4} flowid 1:1`),
    ],
  },
];

const htbClasses = [1, 2, 3, 4, 5].map(
  (n) => `tc class add dev v0 parent 1:9 classid 1:${n} htb rate ${n}gbit ceil 20gbit burst 1m cburst 1m prio ${n}`,
);
const htb = [
  'tc qdisc add dev v0 root handle 1: htb default 5',
  'tc class add dev v0 parent 1: classid 1:9 htb rate 20gbit burst 2m cburst 2m',
  ...htbClasses,
];

const queues: Configuration[] = [
  ...['pfifo limit 10', 'bfifo limit 100000', 'pfifo_fast'].map((qdisc) => ({
    name: qdisc,
    setup: [`tc qdisc add dev v0 root handle 1: ${qdisc}`],
  })),
  { name: 'bfifo that most frames do not fit in', setup: ['tc qdisc add dev v0 root handle 1: bfifo limit 100'] },
  { name: 'pfifo_fast with priority', setup: ['tc qdisc add dev v0 root handle 1: pfifo_fast'], options: [[12, 6]] },
  { name: 'tbf', setup: ['tc qdisc add dev v0 root handle 1: tbf rate 10gbit burst 10m limit 1m'] },
  { name: 'tbf with a small burst', setup: ['tc qdisc add dev v0 root handle 1: tbf rate 10gbit burst 1500 limit 1m'] },
  {
    name: 'tbf with pfifo',
    setup: [
      'tc qdisc add dev v0 root handle 1: tbf rate 10gbit burst 10m limit 1m',
      'tc qdisc add dev v0 parent 1:1 handle 2: pfifo limit 5',
    ],
  },
  { name: 'htb to its default', setup: htb },
  { name: 'htb without a class', setup: ['tc qdisc add dev v0 root handle 1: htb'] },
  { name: 'htb by priority', setup: htb, options: [[12, 0x10002]] },
  {
    name: 'htb by mark and bpf',
    setup: [
      ...htb,
      filter('v0', 'parent 1:', `protocol ip prio 1 bpf bytecode ${isUdp} flowid 1:1`),
      filter('v0', 'parent 1:', `protocol all prio 2 bpf bytecode ${isIpv4}`),
    ],
    options: [[36, 7]],
  },
  {
    name: 'htb by u32',
    setup: [
      ...htb,
      filter('v0', 'parent 1:', 'protocol ip prio 1 u32 match ip protocol 17 0xff flowid 1:1'),
      filter('v0', 'parent 1:', 'protocol ip prio 1 u32 match ip protocol 6 0xff flowid 1:2'),
      filter('v0', 'parent 1:', 'protocol ipv6 prio 2 u32 match u32 0 0 flowid 1:3'),
      filter('v0', 'parent 1:', `protocol all prio 3 bpf da obj $O sec bylen`),
    ],
  },
  {
    name: 'htb with leaves',
    setup: [
      ...htb,
      'tc qdisc add dev v0 parent 1:1 handle 11: pfifo limit 10',
      'tc qdisc add dev v0 parent 1:5 handle 15: bfifo limit 3000',
      filter('v0', 'parent 1:', `protocol ip prio 1 bpf bytecode ${isUdp} flowid 1:1`),
    ],
  },
  {
    name: 'htb replaced between frames',
    setup: htb,
    changes: [
      {
        before: 50,
        run: 'tc class change dev v0 parent 1:9 classid 1:5 htb rate 2gbit ceil 20gbit burst 1m cburst 1m',
      },
      { before: 100, run: 'tc class del dev v0 classid 1:5' },
      { before: 150, run: 'tc qdisc replace dev v0 root handle 2: pfifo limit 7' },
      { before: 200, run: 'tc qdisc del dev v0 root' },
    ],
  },
];

export const configurations: readonly Configuration[] = [
  ...[...basic, ...directActions, ...changing, ...classifiers, ...mirrors, ...queues],
];

/** The commands that show every counter of a configuration. */
export function shows({ setup, changes = [], actions = [] }: Configuration): string[] {
  const text = [...setup, ...changes.map(({ run }) => run)].filter((line) => line.startsWith('tc '));
  const named = DEVICES.filter((dev) => text.some((line) => line.includes(` dev ${dev} `)));
  return [
    'ip -s -s -j link show',
    ...named.flatMap((dev) => {
      const mine = text.filter((line) => line.includes(` dev ${dev} `));
      const hooks = ['ingress', 'egress', 'root'].filter((hook) =>
        hook === 'root'
          ? mine.some((line) => line.includes(' root '))
          : mine.some((line) => line.includes(` ${hook} `)),
      );
      const classes = mine.some((line) => [' htb', ' tbf', ' prio bands'].some((kind) => line.includes(kind)));
      const parents = new Set(mine.flatMap((line) => /filter .* parent (\d+:\d*)/.exec(line)?.[1] ?? []));
      parents.delete('1:');
      return [
        `tc -s -d -j qdisc show dev ${dev}`,
        ...(classes ? [`tc -s -d -j class show dev ${dev}`] : []),
        ...hooks.map((hook) => `tc -s -d -j filter show dev ${dev} ${hook}`),
        ...[...parents].map((parent) => `tc -s -d -j filter show dev ${dev} parent ${parent}`),
      ];
    }),
    ...(text.some((line) => line.includes(' block 22 ')) ? ['tc -s -d -j filter show block 22'] : []),
    ...actions.map((kind) => `tc -s -d -j actions list action ${kind}`),
  ];
}
