// Packets through the model, as a program in the same process sends them (`transmitAll()`, `receiveAll()`): how many a second,
// and that memory stays as it is however many there were. Batches that come first warm the engine up and do not count.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RX_PACKETS } from '../../lib/linux/net/core/dev/stats.js';
import { devGetByIndex } from '../../lib/linux/net/core/dev/table.js';
import type { Bench, Context, Row } from './measure.js';
import { busy } from './measure.js';
import { type Classic, Network, type Place, v0Egress, V0, v1Ingress, V1 } from './network.js';

/** Different frames, which are sent again and again. */
const FRAMES = 256;
const BATCH = 100_000;
/** Batches that do not count. */
const WARM = 4;

/** IPv4 and UDP of 60 bytes, each from an address of its own, eight types of service. */
function frameOf(number: number): Uint8Array {
  const frame = new Uint8Array(60);
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, 6);
  frame.set([2, 0, 0, 0, 0, 1, 8, 0, 0x45, (number & 7) << 2], 6);
  view.setUint16(16, 46);
  frame.set([64, 17, 0, 0, 10, 0, 0, number, 10, 0, 1, 1], 22);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~sum & 0xffff);
  frame.set([0, 9, 0, 9, 0, 26], 34);
  return frame;
}

const frames = Array.from({ length: FRAMES }, (_, number) => frameOf(number));

/** A batch of them, in turn: an array, because generators allocate. */
const batch = Array.from({ length: BATCH }, (_, n) => frames[n % FRAMES]!);

/** IPv4 is the filter's. */
const isIpv4: readonly Classic[] = [
  [0x28, 0, 0, 12],
  [0x15, 0, 1, 0x800],
  [0x06, 0, 0, 0xffffffff],
  [0x06, 0, 0, 0],
];

/** One of five classes by the type of service. */
const byTos: readonly Classic[] = [
  [0x30, 0, 0, 15],
  [0x74, 0, 0, 2],
  [0x94, 0, 0, 5],
  [0x04, 0, 0, 0x10011],
  [0x16, 0, 0, 0],
];

/** Counts packets by their source address. */
const count = (map: number): string => `
  r6 = r1
  r2 = *(u32 *)(r1 +76)
  r3 = *(u32 *)(r1 +80)
  r4 = r2
  r4 += 34
  if r4 > r3 goto out
  r4 = *(u16 *)(r2 +12)
  if r4 != 8 goto out
  r4 = *(u32 *)(r2 +26)
  *(u32 *)(r10 -4) = r4
  r2 = r10
  r2 += -4
  r1 = map_fd(${map})
  call bpf_map_lookup_elem#1
  if r0 == 0 goto new
  r1 = 1
  lock *(u64 *)(r0 +0) += r1
  goto out
new:
  r1 = 1
  *(u64 *)(r10 -16) = r1
  r2 = r10
  r2 += -4
  r3 = r10
  r3 += -16
  r4 = 0
  r1 = map_fd(${map})
  call bpf_map_update_elem#2
out:
  r0 = 0
  exit
`;

/** Sends a batch, all of which must have result 0 and arrive. */
type Send = () => void;

interface Way {
  readonly name: string;
  readonly least?: number;
  readonly send: () => Send;
}

function network(prepare: (network: Network) => void): Network {
  const made = new Network();
  prepare(made);
  return made;
}

const checked = (name: string, good: number): void => {
  if (good !== BATCH) throw new Error(`${name}: ${BATCH - good} of ${BATCH} frames were lost`);
};

/** By v0, and so in by v1. */
function outAndIn(prepare: (network: Network) => void): Send {
  const { machine } = network(prepare);
  return () => {
    checked('v0', machine.device('v0').transmitAll(batch));
  };
}

/** In by v1, which has clsact. */
function into(prepare: (network: Network) => void): Send {
  const { machine } = network((made) => {
    made.clsact(V1);
    prepare(made);
  });
  return () => {
    checked('v1', machine.device('v1').receiveAll(batch));
  };
}

const counting = (place: Place) => (made: Network) => {
  made.directAction(place, count(made.hashMap(2 * FRAMES)));
};

const withClsact = (prepare: (network: Network) => void) => (made: Network) => {
  made.clsact(V0);
  prepare(made);
};

/** Bytes a second of each of five classes, and the frames that come at once: more than a burst holds. */
const RATE = 125e6;
const AT_ONCE = 500;

/** Classes that a program chooses; time passes until what came has left. */
function throughHtb(): Send {
  const { machine } = network((made) => {
    made.htb(RATE);
    made.classicFilter({ index: V0, hook: 0x10000 }, byTos);
  });
  const v0 = machine.device('v0');
  const pieces = Array.from({ length: BATCH / AT_ONCE }, (_, n) => batch.slice(n * AT_ONCE, (n + 1) * AT_ONCE));
  // A fifth of the classes' frames is an eighth more than an even share: the time of the fullest.
  const time = (1e9 * AT_ONCE * 60) / (4 * RATE);
  const stats = devGetByIndex(machine.net, V1)!.stats;
  return () => {
    const before = stats[RX_PACKETS]!;
    for (const piece of pieces) {
      v0.transmitAll(piece);
      machine.advance(time);
    }
    machine.advance(1e9);
    checked('htb', stats[RX_PACKETS]! - before);
  };
}

const ways: readonly Way[] = [
  { name: 'in, clsact without filters', send: () => into(() => {}) },
  {
    name: 'in, clsact, one classic program',
    least: 700_000,
    send: () =>
      into((made) => {
        made.classicFilter(v1Ingress, isIpv4);
      }),
  },
  { name: 'in, clsact, a program that counts in a hash map', least: 400_000, send: () => into(counting(v1Ingress)) },
  {
    name: 'in, clsact, one u32 filter',
    least: 500_000,
    send: () =>
      into((made) => {
        made.u32Filter(v1Ingress, 8);
      }),
  },
  {
    name: 'in, clsact, 100 flower filters of one mask',
    least: 500_000,
    send: () =>
      into((made) => {
        made.flowerFilters(v1Ingress, 100);
      }),
  },
  {
    name: 'in, clsact, mirred to an ifb and back',
    least: 400_000,
    send: () =>
      into((made) => {
        made.redirectToIfb(v1Ingress);
      }),
  },
  {
    name: 'out and in, clsact, one classic program',
    least: 700_000,
    send: () =>
      outAndIn(
        withClsact((made) => {
          made.classicFilter(v0Egress, isIpv4);
        }),
      ),
  },
  {
    name: 'out and in, clsact, a program that counts in a hash map',
    least: 400_000,
    send: () => outAndIn(withClsact(counting(v0Egress))),
  },
  { name: 'out and in, htb of 5 classes in virtual time', least: 150_000, send: throughHtb },
];

function rateOf({ name, least, send }: Way, { rounds, progress }: Context): Row {
  const run = send();
  for (let n = 0; n < WARM; n++) run();
  const times = Array.from({ length: 4 * rounds }, () => {
    progress();
    return busy(run);
  });
  const value = (1e6 * BATCH) / Math.min(...times);
  return { name: `packets ${name}`, value, unit: '/s', ...(least === undefined ? {} : { least }) };
}

/** What no garbage collection takes away: bytes of the heap and of memory outside of it. */
function used(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How much more memory is used after very many packets, MB. A network's linear memory counts with it. */
function growth({ packets: total, progress }: Context): Row {
  const runs = ways.map(({ send }) => send());
  for (let n = 0; n < WARM; n++) for (const run of runs) run();
  const before = used();
  for (let sent = 0, n = 0; sent < total; sent += BATCH, n++) {
    runs[n % runs.length]!();
    progress();
  }
  const value = Math.max(0, used() - before) / 1e6;
  return { name: `memory after ${total.toLocaleString('en')} packets, more than before`, value, unit: 'MB', most: 1 };
}

export const packets: Bench = (context) => [...ways.map((way) => rateOf(way, context)), growth(context)];
