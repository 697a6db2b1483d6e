// Datagrams as captures and as recordings: what is written is read back as it was, with everything that the format has a
// place for. tshark is asked where it is installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Datagram } from '../../../lib/conform/datagram.js';
import { CaptureExporter } from '../../../lib/conform/export/capture.js';
import { RecordingExporter } from '../../../lib/conform/export/recording.js';
import { readRecording } from '../../../lib/record/recording.js';
import { request } from '../import/layouts.js';
import { hexOf, read } from '../import/read.js';

const bytes = new Uint8Array(Buffer.from(request, 'hex'));
const origin = { file: 'f', offset: 0 };
const start = 1_795_428_554_906_183_419n;
const done = new Uint8Array(Buffer.from('1400000003000200010000000000000000000000', 'hex'));
const datagrams: Datagram[] = [
  {
    bytes,
    direction: 'request',
    protocol: 0,
    origin: { ...origin, label: 'tc 7' },
    socket: 'a',
    options: [11, 12],
    time: start,
  },
  { bytes: done, direction: 'reply', protocol: 0, origin, socket: 'a', options: [11, 12], time: start + 1n },
  { bytes, direction: 'notification', protocol: 0, origin, socket: 'b', time: start + 5_000_000_000n },
  { bytes, direction: 'request', protocol: 16, origin, socket: 'a', time: start },
  {
    bytes,
    direction: 'request',
    protocol: 0,
    origin,
    socket: 'a',
    options: [12],
    lost: ['the last 9 bytes'],
    time: start - 1n,
  },
];

function capture(): Uint8Array {
  const exporter = new CaptureExporter();
  return Buffer.concat([exporter.header(), ...datagrams.map((datagram) => exporter.datagram(datagram))]);
}

function recording(): Uint8Array {
  const parts: Uint8Array[] = [];
  const exporter = new RecordingExporter((part) => parts.push(part), { recorder: 'spec' });
  for (const datagram of datagrams) exporter.datagram(datagram);
  exporter.end();
  return Buffer.concat(parts);
}

describe('conform: export', () => {
  it('writes captures that are read back', () => {
    const back = read(capture()).datagrams;
    expect(back.map(hexOf)).deep.equal(datagrams.map(hexOf));
    expect(back.map(({ time, protocol }) => [time, protocol])).deep.equal(
      datagrams.map(({ time, protocol }) => [time, protocol]),
    );
    expect(back.map(({ direction }) => direction)).deep.equal(datagrams.map(({ direction }) => direction));
  });

  it('writes captures that tshark opens', function () {
    const fields = ['frame.number', 'frame.time_epoch', 'netlink.family', 'netlink.hdr_len', 'frame.comment'];
    const folder = mkdtempSync(join(tmpdir(), 'captures-'));
    const file = join(folder, 'a.pcapng');
    writeFileSync(file, capture());
    const args = ['-r', file, '-T', 'fields', '-E', 'separator=|', ...fields.flatMap((field) => ['-e', field])];
    const { status, stdout, error } = spawnSync('tshark', args, { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    if (error !== undefined) {
      console.log('      skipped: needs tshark');
      this.skip();
    }
    expect(status).equal(0);
    expect(stdout.trim().split('\n')).deep.equal([
      '1|1795428554.906183419|0x0000|48|tc 7, a',
      '2|1795428554.906183420|0x0000|20|a',
      '3|1795428559.906183419|0x0000|48|b',
      '4|1795428554.906183419|0x0010|48|a',
      '5|1795428554.906183418|0x0000|48|a,lost: the last 9 bytes',
    ]);
  });

  it('writes recordings that are read back, times from the first datagram on', () => {
    const back = read(recording()).datagrams;
    expect(back.map(hexOf)).deep.equal(datagrams.map(hexOf));
    const told = ({ direction, protocol, options = [], time }: Datagram): unknown => [
      direction,
      protocol,
      options,
      time,
    ];
    expect(back.map(told)).deep.equal([...datagrams.slice(0, -1), { ...datagrams.at(-1)!, time: start }].map(told));
    const names = back.map(({ socket }) => socket);
    expect([names[1] === names[0], names[4] === names[0], new Set(names).size]).deep.equal([true, true, 3]);
  });

  it('says in a recording what the source had lost', () => {
    const lost = [...readRecording([recording()])].flatMap(({ entry }) =>
      entry.lost === undefined ? [] : [entry.lost],
    );
    expect(lost).deep.equal([{ what: 'the last 9 bytes', count: 0, socket: 1 }]);
  });
});
