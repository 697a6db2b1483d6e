// Whatever a file holds, an importer neither throws nor waits: random bytes, and good files with bytes changed, lost, doubled or
// cut, in chunks of any size. A seed is printed by fast-check when one fails.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { DatagramReader } from '../../../lib/conform/import/datagrams.js';
import { formats } from '../../../lib/conform/import/format.js';
import { PcapngWriter, PcapWriter } from '../../../lib/wire/pcap/writer.js';
import { LINKTYPE_NETLINK } from '../../../lib/wire/pcap/capture.js';
import { layouts, request } from './layouts.js';
import { read } from './read.js';
import { recording } from './recording_file.js';
import { dumped, text } from './traces.js';

const bytes = new Uint8Array(Buffer.from(request, 'hex'));
const cooked = new Uint8Array(Buffer.concat([Buffer.from('00070338000000000000000000000000', 'hex'), bytes]));
const packet = { seconds: 1, nanos: 2, data: cooked };

function captures(): Uint8Array[] {
  const [pcap, pcapng] = [new PcapWriter({ linkType: LINKTYPE_NETLINK }), new PcapngWriter()];
  return [
    Buffer.concat([pcap.header(), pcap.packet(packet)]),
    Buffer.concat([
      pcapng.section(),
      pcapng.interface({ name: 'nlmon0', linkType: LINKTYPE_NETLINK }),
      pcapng.packet({ ...packet, interface: 0 }),
    ]),
  ];
}

const encoder = new TextEncoder();
const record = JSON.stringify({ steps: [{ send: request, recv: [request], notify: [request] }] });
const entries = [
  { time: 0, header: { format: 'tcbox recording', version: 1, startSeconds: 5 } },
  { time: 9, open: { socket: 1, family: 16, type: 3, result: 3 } },
  { time: 9, sent: { socket: 1, data: request, result: 48 } },
];
const recorded = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
const good = [
  ...captures(),
  recording(),
  recorded,
  ...Object.values(layouts),
  dumped,
  text,
  record,
  `${record}\n${record}`,
].map((file) => (typeof file === 'string' ? encoder.encode(file) : new Uint8Array(file)));

type Change = readonly [kind: number, at: number, value: number];

function mutate(file: Uint8Array, changes: readonly Change[]): Uint8Array {
  const list = [...file];
  for (const [kind, where, value] of changes) {
    const at = where % (list.length + 1);
    if (kind === 0) list[at] = value;
    else if (kind === 1) list.splice(at, value % 64);
    else if (kind === 2) list.splice(at, 0, ...list.slice(at, at + (value % 64)));
    else if (kind === 3) list.length = at;
    else list.splice(at, 0, value);
  }
  return Uint8Array.from(list);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const changes = fc.array(fc.tuple(fc.nat(4), fc.nat(), fc.nat(255)), { maxLength: 6 });

describe('conform: import: hostile files', function () {
  this.timeout(240_000);

  it('reads broken files as far as they go', () => {
    fc.assert(
      fc.property(fc.constantFrom(...good), changes, fc.integer({ min: 1, max: 5000 }), (file, edits, chunk) => {
        const broken = mutate(file, edits);
        const whole = read(broken);
        const pieces = read(broken, {}, chunk);
        expect(pieces).to.deep.equal(whole);
        expect(whole.datagrams.length + whole.problems.length).to.be.above(0);
      }),
      { numRuns: 3000 },
    );
  });

  it('reads anything as any format', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(...good));
    fc.assert(
      fc.property(any, fc.constantFrom(...formats), changes, (file, format, edits) => {
        const { datagrams, problems } = read(mutate(file, edits), { format });
        expect(datagrams.length + problems.length).to.be.above(0);
        for (const { bytes: found } of datagrams) expect(found.length).to.be.below(1 << 20);
      }),
      { numRuns: 3000 },
    );
  });

  for (const format of formats)
    it(`keeps its memory when ${format} never ends`, function () {
      const reader = new DatagramReader({ format });
      const row = encoder.encode(format === 'json' ? '{"steps": [\n' : '00 {[(" sendmsg(3, "\\x');
      const chunk = new Uint8Array(1 << 20).map((_, i) => row[i % row.length]!);
      for (let i = 0; i < 4; i++)
        for (const datagram of reader.push(chunk)) expect(datagram.bytes).to.be.a('uint8array');
      collect();
      const before = process.memoryUsage();
      for (let i = 0; i < 100; i++)
        for (const datagram of reader.push(chunk)) expect(datagram.bytes).to.be.a('uint8array');
      collect();
      const after = process.memoryUsage();
      const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
      expect(grown / (1 << 20)).to.be.below(400);
    });

  it('reads long rows of brackets and quotes in one go', () => {
    const started = Date.now();
    for (const sign of ['[', '{', '(', '"', '\\', '0x', "'", '*', ' ', '<', '/* ', '-', '0 ', '0,']) {
      const line = sign.repeat(200_000);
      for (const format of formats) read(line, { format });
      read(`sendto(3, ${line}, 48, 0, NULL, 0) = 48\n`.replace(/^/, 'socket(AF_NETLINK, SOCK_RAW, 0) = 3\n'));
      read(`{"a": "${line}"}`);
    }
    expect(Date.now() - started).to.be.below(60_000);
  });
});
