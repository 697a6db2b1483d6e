// Messages as libnl and libmnl print them: texts that the libraries themselves have written.
import { expect } from 'chai';
import { hexOf, read } from './read.js';
import { request } from './layouts.js';

const ESC = '\u001b';

/** NLCB=debug nl-qdisc-add --dev=lo --parent=root htb --default=10, its request and the answer. */
const libnl = `-- Debug: Sent Message:
--------------------------   BEGIN NETLINK MESSAGE ---------------------------
  [NETLINK HEADER] 16 octets
    .nlmsg_len = 72
    .type = 36 <route/qdisc::new>
    .flags = 1541 <REQUEST,ACK,MATCH,ATOMIC>
    .seq = 1795444874
    .port = 1170214259
  [PAYLOAD] 20 octets
    00 00 00 00 01 00 00 00 00 00 00 00 ff ff ff ff ................
    00 00 00 00                                     ....
  [ATTR 01] 4 octets
    68 74 62 00                                     htb.
  [ATTR 02 NESTED] 24 octets
    [ATTR 02] 20 octets
      03 00 00 00 0a 00 00 00 0a 00 00 00 00 00 ..............
      00 00 00 00 00 00                         ......
---------------------------  END NETLINK MESSAGE   ---------------------------
-- Debug: Received Message:
--------------------------   BEGIN NETLINK MESSAGE ---------------------------
  [NETLINK HEADER] 16 octets
    .nlmsg_len = 36
    .type = 2 <ERROR>
    .flags = 256 <ROOT>
    .seq = 1795444874
    .port = 1170214259
  [ERRORMSG] 20 octets
    .error = 0 "Success"
  [ORIGINAL MESSAGE] 16 octets
    .nlmsg_len = 16
    .type = 36 <0x24>
    .flags = 1541 <REQUEST,ACK,MATCH,ATOMIC>
    .seq = 1795444874
    .port = 1170214259
`;
const htb =
  '48000000240005068a50046b730dc045000000000100000000000000ffffffff00000000' +
  '08000100687462001c00028018000200030000000a0000000a0000000000000000000000';
/** With the length that libnl gives the request in it. */
const answer = '24000000020000018a50046b730dc0450000000010000000240005068a50046b730dc045';

/** mnl_nlmsg_fprintf() of the request of the other layouts, with 20 bytes of extra header. */
const libmnl = `----------------\t------------------
|  0000000048  |\t| message length |
| 00036 | R-A- |\t|  type | flags  |
|  0000000001  |\t| sequence number|
|  0000000000  |\t|     port ID    |
----------------\t------------------
| 00 00 00 00  |\t|  extra header  |
| 03 00 00 00  |\t|  extra header  |
| 00 00 00 00  |\t|  extra header  |
| f1 ff ff ff  |\t|  extra header  |
| 00 00 00 00  |\t|  extra header  |
|${ESC}[1;31m00011${ESC}[0m|${ESC}[1;32m--${ESC}[0m|${ESC}[1;34m00001${ESC}[0m|\t|len |flags| type|
| 63 6c 73 61  |\t|      data      |\t c l s a
| 63 74 00 00  |\t|      data      |\t c t    
----------------\t------------------
`;

describe('conform: import: library', () => {
  for (const [name, text] of Object.entries({ LF: libnl, CRLF: libnl.replaceAll('\n', '\r\n') }))
    it(`reads what libnl sends and receives, with ${name}`, () => {
      const { datagrams, problems } = read(text, {}, 7);
      expect(problems).to.deep.equal([]);
      expect(datagrams.map((found) => [found.direction, hexOf(found)])).to.deep.equal([
        ['request', htb],
        ['reply', answer],
      ]);
      expect(datagrams.map(({ lost }) => lost)).to.deep.equal([
        undefined,
        ['nlmsg_len of the request in an error, and what is behind its header'],
      ]);
      expect(datagrams[0]!.origin).to.include({ line: 2 });
    });

  it('reads a message that is broken off', () => {
    const { datagrams } = read(libnl.slice(0, libnl.indexOf('  [ATTR 02')));
    expect(datagrams.map(hexOf)).to.deep.equal([htb.slice(0, 88)]);
    expect(datagrams[0]!.lost).to.have.length(1);
  });

  it('reads what libmnl prints, but for flags that it does not', () => {
    const { datagrams, problems } = read(`${libmnl}${libmnl}`, {}, 11);
    expect(problems).to.deep.equal([]);
    const shown = request.replace('24000506', '24000500');
    expect(datagrams.map(hexOf)).to.deep.equal([shown, shown]);
    expect(datagrams[0]!.lost).to.deep.equal(['nlmsg_flags but REQUEST, MULTI, ACK and ECHO']);
  });

  it('reads messages of netlink itself from libmnl in full', () => {
    const done = ['   0000000020 ', 'message length'];
    const text = [
      `| ${done[0]} |\t| ${done[1]} |`,
      '| 00003 | -M-- |\t|  type | flags  |',
      '|  0000000007  |\t| sequence number|',
      '|  0000000009  |\t|     port ID    |',
      '----------------\t------------------',
      '| 00 00 00 00  |\t|                |',
      '',
    ].join('\n');
    const [found] = read(text).datagrams;
    expect(hexOf(found!)).to.equal('1400000003000200070000000900000000000000');
    expect(found).to.include({ direction: 'reply' }).and.not.have.property('lost');
  });
});
