// u32 filters by chance that use hash tables: a table of buckets, a filter that leads into it by a field of the packet, and
// filters in its buckets, which may look behind headers of variable length.
import type { Random } from '../../../tools/oracle/fuzz/random.js';
import { filter } from './configurations.js';

const range = (random: Random, low: number, high: number): number => low + random.int(high - low + 1);

const key = (random: Random): string => {
  const size = random.pick([8, 16, 32]);
  const mask = random.pick(size === 8 ? ['0', '0xf', '0xff', '0x80'] : ['0', '0xff', '0xff00', '0xffff', '0x1']);
  const value = random.chance(0.4) ? 0 : random.int(256);
  const at = range(random, -2, 8) * (size / 8);
  return ` match u${size} ${value} ${mask} at ${random.chance(0.3) && size !== 8 ? `nexthdr+${Math.abs(at)}` : at}`;
};

const offset = (random: Random): string =>
  random.chance(0.5)
    ? ` offset at ${random.pick([0, 2, 4, 12])} mask ${random.pick(['0x0f00', '0xffff', '0x00ff'])} shift ${random.pick([6, 0, 8])}${random.chance(0.4) ? ` plus ${random.pick([4, 8, 20])}` : ''}${random.chance(0.5) ? ' eat' : ''}`
    : random.chance(0.3)
      ? ` offset plus ${random.pick([4, 20, 40])}${random.chance(0.5) ? ' eat' : ''}`
      : '';

/** Commands that make the tables of one priority. `act` gives actions for a filter that decides. */
export function randomTables(random: Random, dev: string, hook: string, act: () => string): string[] {
  const divisor = random.pick([1, 2, 4, 16, 256]);
  const protocol = random.pick(['ip', 'ip', 'ipv6', 'all', '802.1Q']);
  const where = `${hook} protocol ${protocol} prio ${range(random, 1, 9)}`;
  const hash = random.pick(['0x00000003', '0x000000ff', '0xff000000', '0x0000ff00']);
  const lines = [
    filter(dev, where, `handle 1: u32 divisor ${divisor}`),
    filter(
      dev,
      where,
      `u32 ht 800:${key(random)}${offset(random)} link 1:${random.chance(0.8) ? ` hashkey mask ${hash} at ${random.pick([0, 4, 8, 12, 16])}` : ''}`,
    ),
  ];
  for (let n = range(random, 1, 4); n > 0; n--) {
    const bucket = random.int(divisor).toString(16);
    const flow = random.chance(0.7) ? ` flowid 1:${range(random, 1, 6)}` : '';
    const mark = random.chance(0.15) ? ` mark ${random.pick(['5 0xff', '0 0xf'])}` : '';
    const more = random.chance(0.15) ? ` match mark ${random.int(4)} 0xff` : mark;
    const indev = random.chance(0.1) ? ` indev ${random.pick(['v0', 'v1', 'w1'])}` : '';
    lines.push(filter(dev, where, `u32 ht 1:${bucket}:${key(random)}${more}${indev}${flow}${act()}`));
  }
  return lines;
}
