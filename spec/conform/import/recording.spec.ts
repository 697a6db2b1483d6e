// Recordings of tcbox, written by their writer: sockets, options, processes and what is said to be missing.
import { expect } from 'chai';
import { request } from './layouts.js';
import { hexOf, read } from './read.js';
import { recording } from './recording_file.js';

describe('conform: import: recordings', () => {
  it('knows sockets, options, processes and directions', () => {
    for (const chunk of [1, 7, 1 << 16]) {
      const file = recording();
      const { datagrams, problems } = read(file, {}, chunk);
      expect(datagrams.map(hexOf)).to.deep.equal([request, request]);
      const [one, two] = datagrams;
      expect(one).to.deep.include({ direction: 'request', protocol: 0, options: [12], socket: 'socket 1' });
      expect(one!.origin.label).to.equal('tc 7');
      expect(one!.time).to.equal(5_000_000_009n);
      expect(Buffer.from(file).toString('hex', one!.origin.offset, one!.origin.offset + 48)).to.equal(request);
      expect(two!.direction).to.equal('notification');
      expect(two!.lost).to.deep.equal(['the last 12 bytes were not received']);
      expect(problems.map(({ text }) => text)).to.deep.equal(['the recording lacks 2 × datagrams']);
    }
  });

  it('says where a recording is damaged, after what came before', () => {
    const file = recording();
    const cut = read(file.subarray(0, file.length - 20));
    expect(cut.datagrams).to.have.length(2);
    expect(cut.problems).to.have.length(1);
    const broken = file.slice();
    broken[broken.length - 25]! ^= 0xff;
    expect(read(broken).problems.at(-1)!.text).to.match(/damaged|check/);
  });

  it('are read from their form in JSON, too', () => {
    const entries = [
      { time: 0, header: { format: 'tcbox recording', version: 1, startSeconds: 5 } },
      { time: 9, processId: 7, process: { name: 'tc' } },
      { time: 9, processId: 7, open: { socket: 1, family: 16, type: 3, result: 3 } },
      { time: 9, processId: 7, option: { socket: 1, level: 270, name: 12, value: '01000000' } },
      { time: 9, processId: 7, sent: { socket: 1, data: request, result: 48 } },
      {
        time: 9,
        processId: 7,
        received: { socket: 1, data: request, address: '000000000000000001000000', length: 60 },
      },
      { time: 9, lost: { what: 'datagrams', count: 2, socket: 1 } },
      { time: 9, end: { entries: 7 } },
    ];
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const { datagrams, problems } = read(text);
    const binary = read(recording());
    const plain = (list: typeof datagrams): object[] => list.map((one) => ({ ...one, origin: one.origin.label }));
    expect(plain(datagrams)).to.deep.equal(plain(binary.datagrams));
    expect(problems.map((one) => one.text)).to.deep.equal(binary.problems.map((one) => one.text));
    for (const { origin } of datagrams) expect(text.slice(origin.offset).startsWith(request)).to.equal(true);
    expect(datagrams.map(({ origin }) => origin.line)).to.deep.equal([5, 6]);
  });
});
