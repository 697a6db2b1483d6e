// Recordings in JSON, both versions, and messages in JSON of any other form.
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { request } from './layouts.js';
import { hexOf, read } from './read.js';

const record = {
  name: 'sample',
  socket: { pid: 4242, groups: [], opts: [11, 12] },
  objects: [{ op: 'socket', fd: 's', domain: 16, type: 3, protocol: 15 }],
  steps: [
    { send: request, label: 'first', send_ret: 48, recv: [request, { errno: 105 }], notify: [request] },
    { syscall: { name: 'setsockopt', args: ['s', 270, 11, '01000000'] }, ret: 0 },
    { syscall: { name: 'setsockopt', args: ['s', 270, 12, '01000000'] }, errno: 92 },
    { syscall: { name: 'sendto', args: ['s', request, 0, null] }, ret: 48 },
    { syscall: { name: 'recvmsg', args: ['s', 0, 0, 2] }, ret: 48, out: { data: request } },
    { syscall: { name: 'drain', args: ['s', 65536] }, ret: 0, out: { count: 2, d0: request, d1: request } },
  ],
};

describe('conform: import: JSON', () => {
  it('reads a recording of version 2', () => {
    const text = `${JSON.stringify(record)}\n`;
    const { datagrams, problems } = read(text);
    expect(problems).to.deep.equal([]);
    expect(datagrams.map(({ socket, direction }) => `${socket!} ${direction}`)).to.deep.equal([
      'nl request',
      'nl notification',
      'monitor notification',
      's request',
      's notification',
      's notification',
    ]);
    expect(datagrams[0]).to.deep.include({ protocol: 0, options: [11, 12] });
    expect(datagrams[0]!.origin.label).to.equal('sample step 0 first');
    expect(datagrams[3]).to.deep.include({ protocol: 15, options: [11] });
    for (const { origin } of datagrams) expect(text.slice(origin.offset).startsWith(request)).to.equal(true);
  });

  it('reads a recording of version 1', () => {
    const text = JSON.stringify({ name: 'old', steps: [{ label: null, sent: request, recv: [], notify: [request] }] });
    expect(read(text).datagrams.map(hexOf)).to.deep.equal([request, request]);
  });

  it('finds messages in any document, one a line or one in all', () => {
    const document = {
      packets: [{ data: request }, { data: Buffer.from(request, 'hex').toString('base64') }, [1, 2, 3]],
    };
    for (const text of [JSON.stringify(document), JSON.stringify(document, undefined, 2)]) {
      const { datagrams } = read(text);
      expect(datagrams.map(hexOf)).to.deep.equal([request, request]);
      expect(datagrams[1]!.origin.label).to.equal('packets.1.data');
    }
    expect(
      read(JSON.stringify([...Buffer.from(request, 'hex')]), { format: 'json' }).datagrams.map(hexOf),
    ).to.deep.equal([request]);
  });

  it('says so when a document has no messages, or is none', () => {
    expect(read('{"commands":[]}').problems[0]?.text).to.equal('JSON without netlink messages');
    expect(read('{"commands":[').problems[0]?.text).to.equal('no JSON');
  });

  for (const file of ['tc.6.18', 'tc.6.1-uml', 'nl-links.6.18', 'extra.6.18'])
    it(`reads each request of the public vectors ${file}`, function () {
      const path = `/work/shared/vectors/netlink/${file}.jsonl`;
      if (!existsSync(path)) this.skip();
      const { datagrams, problems } = read(readFileSync(path));
      expect(problems).to.deep.equal([]);
      const records = readFileSync(path, 'utf8').trim().split('\n');
      const sent = records.flatMap((line) => (JSON.parse(line) as { steps: object[] }).steps);
      const count = sent.filter((step) => 'send' in step || 'sent' in step).length;
      const steps = datagrams.filter(({ direction, socket }) => direction === 'request' && socket === 'nl');
      expect(steps.length).to.be.at.least(count);
    });
});
