// Configurations by chance, each from its seed: filters of several kinds in several chains, actions, hooks, queues and
// changes between frames. Packets only ever go on to devices that come later (v0, v1, w0, w1, i0), so that none goes
// round for ever on the kernel that is asked.
import type { Random } from '../../../tools/oracle/fuzz/random.js';
import { clsact, filter, type Configuration } from './configurations.js';
import { randomQueue, randomQueueChange } from './random_queues.js';
import { randomTables } from './random_u32.js';

/** Where filters stand, and where packets may go from there. */
interface Place {
  readonly dev: string;
  /** `ingress`, `egress`, or `parent 1:` of a root qdisc with classes. */
  readonly hook: string;
  readonly targets: readonly string[];
}

const ALL_VERDICTS = ['unspec', 'ok', 'reclassify', 'shot', 'pipe', 'stolen', 'queued', 'trap', 'nine', 'class'];
const CHANGING = ['mark', 'classid', 'bylen', 'tos', 'vlan_push', 'vlan_pop', 'cut', 'head', 'tome', 'store'];
const CONTROLS = ['', ' pass', ' pipe', ' drop', ' continue', ' reclassify', ' jump 1', ' jump 2'];
const PROTOCOLS = ['ip', 'ipv6', 'arp', '802.1Q', '802.1ad', 'all', 'all', 'all', 'ipx', '802_3'];
const CHAINS = [0, 0, 0, 3, 8];

const range = (random: Random, low: number, high: number): number => low + random.int(high - low + 1);

/** Sent on by programs, only from where w0 (index 5) comes later. */
const SENDING = ['redir_out', 'redir_in', 'redir_none', 'clone_out'];

/** A few instructions that load something of the frame and compare it. */
function bytecode(random: Random): string {
  const size = random.pick([0x20, 0x28, 0x30]);
  const at = random.chance(0.1)
    ? 0xfffff000 + random.pick([0, 4, 8, 0x18, 0x1c, 0x20, 0x2c, 0x30, 0x34])
    : random.int(60);
  const load = at >= 0xfffff000 ? `32 0 0 ${at}` : `${size} 0 0 ${at}`;
  const compare = random.pick([0x15, 0x25, 0x35, 0x45]);
  const value = random.pick([0, 1, 2, 6, 17, 0x40, 0x45, 64, 0x800, 0x86dd, 0x8100, random.int(0x10000)]);
  const results = [0, 1, 0x10001, 0x10002, 4294967295, 0x800 << 16];
  const [yes, no] = [random.pick(results), random.pick(results)];
  return `bytecode '4,${load},${compare} 0 1 ${value},6 0 0 ${yes},6 0 0 ${no}'`;
}

function u32(random: Random): string {
  const matches = Array.from({ length: range(random, 1, 3) }, () => {
    const size = random.pick([8, 16, 32]);
    const mask = random.pick(['0', '0xf', '0xff', '0xff00', '0x80', '0xffff', '0x1']);
    const most = size === 8 ? 0xff : 0xffff;
    const value = random.chance(0.4) ? 0 : random.int(most + 1);
    const at = range(random, -4, 10) * (size / 8);
    const next = random.chance(0.15) && size !== 8 ? ` at nexthdr+${random.int(6) * (size / 8)}` : ` at ${at}`;
    const cut = size === 8 ? `0x${(Number(mask) & 0xff).toString(16)}` : mask;
    return ` match u${size} ${value} ${cut}${next}`;
  });
  return `u32${matches.join('')}`;
}

function mirred(random: Random, targets: readonly string[]): string {
  const verb = random.pick(['egress mirror', 'egress redirect', 'ingress mirror', 'ingress redirect']);
  const control = verb.endsWith('redirect') ? '' : random.pick(CONTROLS);
  const goto = verb.endsWith('mirror') && random.chance(0.2) ? ` goto chain ${random.pick(CHAINS)}` : control;
  return ` action mirred ${verb} dev ${random.pick(targets)}${goto}`;
}

const ACTION_KINDS = ['gact', 'police', 'act_bpf'];
const VERDICTS = ['pass', 'pipe', 'drop', 'continue', 'reclassify', 'trap', 'jump 1', 'jump 2', 'goto chain 3'];

/** An action whose kind is among `kinds`; mirred, where packets may be sent on. */
function action(random: Random, targets: readonly string[], kinds: readonly string[]): string {
  const sends = targets.length > 0 ? ['mirred'] : [];
  switch (random.pick([...sends, ...kinds])) {
    case 'gact': {
      const turns = random.chance(0.5) ? ` random determ ${random.pick(VERDICTS)} ${range(random, 1, 4)}` : '';
      return ` action gact ${random.pick(VERDICTS)}${turns}`;
    }
    case 'police': {
      const limit = random.pick(['', 'rate 10gbit burst 10m ', 'rate 8bit burst 250 mpu 46 ']);
      const said = [0, 1].map(() => random.pick(['pass', 'pipe', 'drop', 'continue', 'reclassify']));
      return ` action police ${limit}mtu ${random.pick([60, 100, 300, 2000])} conform-exceed ${said.join('/')}`;
    }
    case 'act_bpf':
      return random.chance(0.5)
        ? ` action bpf ${bytecode(random)} ${random.pick(VERDICTS)}`
        : ` action bpf obj $O sec ${random.pick([...ALL_VERDICTS, ...CHANGING])} ${random.pick(VERDICTS)}`;
    default:
      return mirred(random, targets);
  }
}

function actions(random: Random, targets: readonly string[], kinds: readonly string[]): string {
  const known = kinds.filter((kind) => ACTION_KINDS.includes(kind));
  if (targets.length + known.length === 0 || random.chance(0.35)) return '';
  const most = known.length > 0 ? 4 : 2;
  return Array.from({ length: range(random, 1, most) }, () => action(random, targets, known)).join('');
}

const programsAt = ({ targets }: Place): readonly string[] =>
  targets.includes('w0') ? [...ALL_VERDICTS, ...CHANGING, ...SENDING] : [...ALL_VERDICTS, ...CHANGING];

function classifier(random: Random, place: Place, kinds: readonly string[]): string {
  const flow = random.chance(0.5) ? ` flowid 1:${range(random, 1, 6)}` : '';
  const rest = `${flow}${actions(random, place.targets, kinds)}`;
  switch (random.weighted({ matchall: kinds.includes('matchall') ? 4 : 0, classic: 3, native: 2, direct: 3, u32: 3 })) {
    case 'matchall':
      return `matchall${rest}`;
    case 'classic':
      return `bpf ${bytecode(random)}${rest}`;
    case 'native':
      return `bpf obj $O sec ${random.pick(['tos', 'bylen', 'ok', 'unspec', 'class'])}${rest}`;
    case 'direct':
      return `bpf da obj $O sec ${random.pick(programsAt(place))}${flow}`;
    default:
      return `${u32(random)}${rest}`;
  }
}

function filterLine(random: Random, place: Place, kinds: readonly string[]): string {
  const chain = random.pick(CHAINS);
  const protocol = random.pick(PROTOCOLS);
  const where = `${place.hook}${chain === 0 ? '' : ` chain ${chain}`} protocol ${protocol} prio ${range(random, 1, 9)}`;
  return filter(place.dev, where, classifier(random, place, kinds));
}

/** Filters of one place: one, or several that use the tables of u32. */
function filterLines(random: Random, place: Place, kinds: readonly string[]): string[] {
  if (!random.chance(0.15)) return [filterLine(random, place, kinds)];
  return randomTables(random, place.dev, place.hook, () => actions(random, place.targets, kinds));
}

/** What is done to a device of its own accord. */
const linkChange = (random: Random): string => {
  const dev = random.pick(['v1', 'w0', 'w1', 'i0']);
  switch (random.int(7)) {
    case 0:
      return `ip link set ${dev} allmulticast ${random.pick(['on', 'off'])}`;
    case 1:
      return `ip link set ${dev} address 02:00:00:00:00:${random.pick(['02', '04', '10', '11'])}`;
    case 2:
      return `ip link set ${random.pick(['v0', 'v1'])} mtu ${random.pick([68, 100, 1400, 1500, 9000, 65535])}`;
    case 3:
      return `ip link set ${dev} promisc off`;
    case 4:
      return `ip link set ${random.pick(['v0', 'v1'])} ${random.pick(['down', 'up'])}`;
    case 5:
      return `ip link set ${dev} gso_max_size ${random.pick([1000, 65536])}`;
    default:
      return `ip link set ${dev} multicast ${random.pick(['on', 'off'])}`;
  }
};

const change = (random: Random, places: readonly Place[], kinds: readonly string[]): string => {
  const place = random.pick(places);
  switch (random.weighted({ add: 4, del: 3, delAll: 1, down: 1, up: 1, mtu: 1, promisc: 1, link: 2, queue: 5 })) {
    case 'link':
      return linkChange(random);
    case 'queue':
      return randomQueueChange(random, random.pick(['v0', 'v0', 'w0', 'i0']), kinds);
    case 'add':
      return filterLine(random, place, kinds);
    case 'del':
      return `tc filter del dev ${place.dev} ${place.hook} prio ${range(random, 1, 9)}`;
    case 'delAll':
      return `tc filter del dev ${place.dev} ${place.hook}`;
    case 'down':
      return `ip link set ${random.pick(['w0', 'w1', 'i0'])} down`;
    case 'up':
      return `ip link set ${random.pick(['w0', 'w1', 'i0'])} up`;
    case 'mtu':
      return `ip link set ${random.pick(['v1', 'w0', 'w1', 'i0'])} mtu ${random.pick([100, 1400, 1500, 9000])}`;
    default:
      return `ip link set ${random.pick(['v1', 'w1'])} promisc on`;
  }
};

/** `kinds`: of qdiscs, filters and actions, those that the kernel has and others lack. `frames`: how many will be sent. */
export function randomConfiguration(
  name: string,
  random: Random,
  frames: number,
  kinds: readonly string[],
): Configuration {
  const places: Place[] = [];
  const setup: string[] = [];
  const hook = (dev: string, hooks: readonly [string, readonly string[]][]): void => {
    if (random.chance(0.3)) return;
    setup.push(clsact(dev));
    places.push(...hooks.map(([one, targets]) => ({ dev, hook: one, targets })));
  };
  hook('v0', [['egress', ['w0', 'w1', 'i0']]]);
  hook('v1', [['ingress', ['w0', 'w1', 'i0']]]);
  hook('w1', [['ingress', ['i0']]]);
  hook('i0', [['egress', []]]);
  for (const dev of ['v0', 'w0', 'i0'])
    if (random.chance(0.35)) {
      const lines = randomQueue(random, dev, kinds);
      setup.push(...lines);
      if (/ (htb|prio|fq_codel)/.test(lines[0]!)) places.push({ dev, hook: 'parent 1:', targets: [] });
    }
  if (places.length === 0) return randomConfiguration(name, random, frames, kinds);
  for (let n = range(random, 1, 8); n > 0; n--) setup.push(...filterLines(random, random.pick(places), kinds));
  const changes = Array.from({ length: random.int(6) }, () => ({
    before: random.int(frames),
    run: change(random, places, kinds),
  })).sort((a, b) => a.before - b.before);
  const options: (readonly [number, number])[] = [];
  if (random.chance(0.2)) options.push([12, random.pick([6, 7, 0x10001, 0x10002, 0x10000])]);
  if (random.chance(0.2)) options.push([36, random.int(100)]);
  return { name, setup, changes, options };
}
