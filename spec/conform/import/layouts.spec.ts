// Every layout in which programs write bytes down gives the same datagram, with its place, however the file is cut.
import { expect } from 'chai';
import { readDatagrams } from '../../../lib/conform/import/datagrams.js';
import { detectFormat } from '../../../lib/conform/import/format.js';
import { layouts, request } from './layouts.js';
import { hexOf, read } from './read.js';

describe('conform: import: layouts', () => {
  for (const [name, text] of Object.entries(layouts)) {
    it(`reads ${name}`, () => {
      const { datagrams, problems } = read(text);
      expect(problems).to.deep.equal([]);
      expect(datagrams.map(hexOf)).to.deep.equal([request]);
      const { offset, line } = datagrams[0]!.origin;
      expect(
        text
          .split('\n')
          .slice(0, line! - 1)
          .join('\n').length,
        'offset',
      ).to.be.at.most(offset);
    });

    it(`reads ${name} in pieces, with CRLF and with CR`, () => {
      for (const file of [text, text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r')])
        expect(read(file, {}, 7).datagrams.map(hexOf)).to.deep.equal([request]);
    });

    if (!name.startsWith('Go with words'))
      it(`reads ${name} twice`, () => {
        const first = read(text).datagrams[0]!.origin;
        const { datagrams } = read(`${text}\n${text}`);
        expect(datagrams.map(hexOf)).to.deep.equal([request, request]);
        expect(datagrams[1]!.origin.offset).to.equal(text.length + 1 + first.offset);
      });
  }

  it('takes protocol and direction from a header in front', () => {
    const cooked = `00070338000000000000000000000000${request}`;
    expect(read(cooked).datagrams[0]).to.include({ direction: 'request', protocol: 0 });
  });

  it('reads lists of byte strings as one datagram each', () => {
    const bytes = `b"${request.replace(/../g, '\\x$&')}"`;
    expect(read(`[${bytes}, ${bytes}]`).datagrams.map(hexOf)).to.deep.equal([request, request]);
    expect(read(`b = (${bytes}\n     ${bytes})`).datagrams.map(hexOf)).to.deep.equal([request + request]);
  });

  it('reads a datagram of several messages, and one that is broken', () => {
    expect(read(request + request).datagrams.map(hexOf)).to.deep.equal([request + request]);
    expect(read(`${request.slice(0, 40)}\n\n${request}`).datagrams.map(hexOf)).to.deep.equal([
      request.slice(0, 40),
      request,
    ]);
  });

  it('repeats the rows that * stands for', () => {
    const zeros = '00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|';
    expect(read(`${zeros}\n*\n00000035\n`).datagrams.map(hexOf)).to.deep.equal(['00'.repeat(0x35)]);
  });

  it('does not take text beside bytes for bytes', () => {
    const row = '0000  61 62 20 63 64 20 65 66                           ab cd ef';
    expect(read(row).datagrams.map(hexOf)).to.deep.equal([Buffer.from('ab cd ef').toString('hex')]);
  });

  it('reads text in UTF-16, and NULs behind text', () => {
    const row = layouts['hexdump -C']!;
    const wide = Buffer.from(`\ufeff${row}`, 'utf16le');
    for (const file of [wide, Buffer.from(wide).swap16(), Buffer.from(`${row}\0\0`)]) {
      const found = [...readDatagrams([file.subarray(0, 9), file.subarray(9)])];
      expect(found.map(hexOf)).to.deep.equal([request]);
    }
  });

  it('tells of a digit that is lost, and of bytes that are left out', () => {
    const odd = read(request.slice(0, -1));
    expect(odd.datagrams.map(hexOf)).to.deep.equal([request.slice(0, -2)]);
    expect(odd.problems[0]?.text).to.match(/an odd number of hexadecimal digits$/);
    const part = read(`<Buffer ${request.slice(0, 80).replace(/..(?=.)/g, '$& ')} ... 8 more bytes>`);
    expect(part.datagrams.map(hexOf)).to.deep.equal([request.slice(0, 80)]);
    expect(part.problems[0]?.text).to.equal('8 bytes are left out');
  });

  it('is quiet about sentences only beside bytes', () => {
    expect(read('nothing to see here\n').problems[0]?.text).to.equal("'nothing': no hexadecimal digits");
    expect(read('a line\n30 00 zz 00\n').problems[0]?.text).to.equal("'zz': no hexadecimal digits");
  });

  it('names what it cannot read, with its place', () => {
    const [odd] = read('# a comment\n123\n').problems;
    expect(odd).to.deep.equal({ file: 'f', offset: 12, line: 2, text: "'123': an odd number of hexadecimal digits" });
    const gap = '0000  00 01 02 03 04 05 06 07\n0010  00 01 02 03 04 05 06 07\n';
    expect(read(gap).problems).to.deep.equal([{ file: 'f', offset: 30, line: 2, text: 'offset 16 follows 8 bytes' }]);
    expect(read('').problems[0]?.text).to.equal('no datagram in it');
  });

  it('tells formats apart', () => {
    const formatOf = (text: string): string => detectFormat(new TextEncoder().encode(text));
    expect(formatOf('{"steps":[]}')).to.equal('json');
    expect(formatOf('socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3\n')).to.equal('strace');
    expect(formatOf('     0.000000 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3\n')).to.equal('strace');
    expect(detectFormat(Buffer.from(request, 'hex'))).to.equal('raw');
    expect(detectFormat(Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1))).to.equal('capture');
  });
});
