// Root queues by chance, with and without time. Rates are either so high that no burst exhausts them, or so low that once a
// burst is used up nothing more leaves while the frames are sent: then queues fill, and what is done to them is seen.
import type { Random } from '../../../tools/oracle/fuzz/random.js';

const range = (random: Random, low: number, high: number): number => low + random.int(high - low + 1);

/** What is a burst of `rate`; more would not be counted. */
const SLOW = [['8bit', 250]] as const;
const FAST = ['1gbit', '10gbit', '20gbit'] as const;

const measures = (random: Random): string =>
  random.chance(0.3)
    ? ` ${random.pick(['overhead 14', 'overhead 24 mpu 64', 'linklayer atm', 'linklayer adsl overhead 9', 'mpu 100', 'mtu 600', 'mtu 9100'])}`
    : '';

function htbRate(random: Random, isSlow: boolean): string {
  if (!isSlow) return `rate ${random.pick(FAST)} ceil 20gbit burst 1m cburst 1m`;
  const [rate, burst] = random.pick(SLOW);
  const [ceil, cburst] = random.chance(0.3) ? random.pick(SLOW) : [rate, burst];
  return `rate ${rate} ceil ${ceil} burst ${range(random, 100, burst)} cburst ${range(random, 100, cburst)}`;
}

const leaf = (random: Random): string =>
  random.pick([
    'pfifo limit 3',
    'bfifo limit 100',
    'bfifo limit 2000',
    'pfifo limit 1',
    'pfifo_fast',
    tbf(random, true),
  ]);

function tbf(random: Random, isSlow: boolean): string {
  if (!isSlow) return `tbf rate 10gbit burst 10m limit ${random.pick(['1m', '3000', '100'])}`;
  const [rate, burst] = random.pick(SLOW);
  const peak = random.chance(0.2) ? ` peakrate 16bit mtu ${range(random, 100, 260)}` : '';
  return `tbf rate ${rate} burst ${range(random, 60, burst)} limit ${random.pick([100, 300, 1000, 5000])}${peak}${measures(random)}`;
}

/** A tree of classes of htb: 1:1 to 1:3, some of them with children 1:11 to 1:33. */
function htb(random: Random, dev: string): string[] {
  const isSlow = random.chance(0.6);
  const options = `${random.chance(0.3) ? ` r2q ${range(random, 1, 50)}` : ''}${random.chance(0.2) ? ` direct_qlen ${range(random, 1, 5)}` : ''}`;
  const lines = [
    `tc qdisc add dev ${dev} root handle 1: htb default ${random.pick(['0', '1', '2', '3', '4', '11', '22'])}${options}`,
  ];
  const leaves: string[] = [];
  const add = (parent: string, id: string): void => {
    const quantum = random.chance(0.3) ? ` quantum ${range(random, 1000, 9000)}` : '';
    const prio = ` prio ${range(random, 0, 7)}`;
    lines.push(
      `tc class add dev ${dev} parent ${parent} classid 1:${id} htb ${htbRate(random, isSlow)}${prio}${quantum}${measures(random)}`,
    );
  };
  for (const n of [1, 2, 3]) {
    add('1:', String(n));
    const children = random.chance(0.4) ? range(random, 1, 3) : 0;
    for (let child = 1; child <= children; child++) add(`1:${n}`, `${n}${child}`);
    leaves.push(...(children === 0 ? [String(n)] : Array.from({ length: children }, (_, i) => `${n}${i + 1}`)));
  }
  for (const id of leaves)
    if (random.chance(0.3)) lines.push(`tc qdisc add dev ${dev} parent 1:${id} handle ${id}0: ${leaf(random)}`);
  return lines;
}

const stab = (random: Random): string =>
  random.chance(0.1)
    ? `${random.pick(['stab overhead 20', 'stab mtu 2048 tsize 512 mpu 64 overhead 10 linklayer atm'])} `
    : '';

/** The commands that make one root qdisc. `kinds`: of qdiscs, those that others lack. */
export function randomQueue(random: Random, dev: string, kinds: readonly string[]): string[] {
  const root = `tc qdisc add dev ${dev} root ${stab(random)}handle 1: `;
  const more = kinds.includes('fq_codel') ? ['fq_codel flows 1'] : [];
  const bands = kinds.includes('prio') ? ['prio'] : [];
  const kind = random.pick(['htb', 'htb', 'tbf', 'tbf', 'fifo', ...more, ...bands]);
  if (kind === 'htb') return htb(random, dev);
  if (kind === 'tbf') {
    const lines = [root + tbf(random, random.chance(0.6))];
    if (random.chance(0.3)) lines.push(`tc qdisc add dev ${dev} parent 1:1 handle 20: ${leaf(random)}`);
    return lines;
  }
  if (kind === 'fifo') return [root + random.pick(['pfifo limit 10', 'bfifo limit 3000', 'pfifo_fast', 'pfifo'])];
  if (kind !== 'prio') return [root + kind];
  const lines = [`${root}prio bands ${range(random, 2, 5)}`];
  for (let band = 1; band <= 2; band++)
    if (random.chance(0.4)) lines.push(`tc qdisc add dev ${dev} parent 1:${band} handle ${band}0: ${leaf(random)}`);
  return lines;
}

/** Something that is done to a queue while packets may wait in it. */
export function randomQueueChange(random: Random, dev: string, kinds: readonly string[]): string {
  const id = random.pick(['1', '2', '3', '11', '12', '21', '31']);
  switch (random.int(10)) {
    case 0:
      return `tc qdisc del dev ${dev} root`;
    case 1:
      return randomQueue(random, dev, kinds)[0]!
        .replace('qdisc add', 'qdisc replace')
        .replace('handle 1:', random.pick(['handle 1:', 'handle 2:']));
    case 2:
      return `tc class del dev ${dev} classid 1:${id}`;
    case 3:
      return `tc class change dev ${dev} parent 1: classid 1:${id} htb ${htbRate(random, random.chance(0.5))}`;
    case 4:
      return `tc qdisc replace dev ${dev} parent 1:${id} handle ${id}${random.pick([0, 1])}: ${leaf(random)}`;
    case 5:
      return `tc qdisc del dev ${dev} parent 1:${id}`;
    case 6:
      return `tc qdisc change dev ${dev} root ${tbf(random, random.chance(0.7))}`;
    case 7:
      return `tc qdisc change dev ${dev} root ${random.pick(['pfifo limit 2', 'bfifo limit 50', 'htb default 3', 'pfifo limit 0'])}`;
    case 8:
      return `ip link set ${dev} txqueuelen ${random.pick([0, 1, 3, 1000])}`;
    default:
      return random.pick([
        `ip link set ${dev} down`,
        `ip link set ${dev} up`,
        `ip link set ${dev} down && ip link set ${dev} up`,
      ]);
  }
}
