// A capture of netlink of any length: the datagrams of recordings of a real kernel, drawn at random, three of four with bytes
// changed. The same seed makes the same capture.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Datagram } from '../../lib/conform/datagram.js';
import { readDatagrams } from '../../lib/conform/import/datagrams.js';
import { LINKTYPE_NETLINK } from '../../lib/wire/pcap/capture.js';
import { PcapWriter } from '../../lib/wire/pcap/writer.js';

const vectors = join(import.meta.dirname, '../../../spec/vectors');
const CHUNK = 1 << 20;
const COOKED = 16;
const [PACKET_USER, PACKET_KERNEL] = [6, 7];
/** Most bytes that are changed in a datagram. */
const CHANGES = 3;
/** Longer datagrams, of which there are few, would be most of the capture. */
const LONGEST = 4096;

/** A linear congruential generator: numbers from 0 up to a limit. */
function random(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Every datagram of the recordings of netlink. */
export function recordedDatagrams(): Datagram[] {
  const files = ['netlink', 'links', 'sched', 'addresses'].flatMap((folder) =>
    readdirSync(join(vectors, folder))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => join(vectors, folder, name)),
  );
  return files.flatMap((file) => [...readDatagrams([readFileSync(file)], { file })]);
}

function packetOf({ bytes, direction }: Datagram, next: (limit: number) => number): Uint8Array {
  const packet = new Uint8Array(COOKED + bytes.length);
  packet.set([0, direction === 'request' ? PACKET_KERNEL : PACKET_USER, 3, 0x38]);
  packet.set(bytes, COOKED);
  for (let left = next(CHANGES + 1); left > 0; left--) packet[COOKED + next(bytes.length)] = next(256);
  return packet;
}

/** The file in chunks; at least `size` bytes. */
export function* madeCapture(seed: number, size: number): Generator<Uint8Array, void> {
  const all = recordedDatagrams().filter(({ bytes }) => bytes.length <= LONGEST);
  const next = random(seed);
  const writer = new PcapWriter({ linkType: LINKTYPE_NETLINK });
  let parts = [writer.header()];
  let waiting = parts[0]!.length;
  for (let made = waiting, seconds = 0; made < size; seconds++) {
    const part = writer.packet({ seconds, nanos: 0, data: packetOf(all[next(all.length)]!, next) });
    made += part.length;
    waiting += part.length;
    parts.push(part);
    if (waiting < CHUNK) continue;
    yield Buffer.concat(parts);
    parts = [];
    waiting = 0;
  }
  yield Buffer.concat(parts);
}
