// Groups of 4, 8 and 16 digits are bytes in their order, or words of a little endian host: what they say as a message decides.
import { expect } from 'chai';
import { request } from './layouts.js';
import { hexOf, read } from './read.js';

/** `digits` in groups of `width` bytes, as xxd writes them. */
const grouped = (digits: string, width: number): string[] => [...digits.match(new RegExp(`.{1,${2 * width}}`, 'g'))!];

/** The same as od writes words of the host. */
const words = (digits: string, width: number): string[] =>
  grouped(digits, width).map((group) => group.match(/../g)!.reverse().join(''));

const rows = (groups: readonly string[], width: number): string[][] =>
  Array.from({ length: Math.ceil((groups.length * width) / 16) }, (_, row) =>
    groups.slice((row * 16) / width, ((row + 1) * 16) / width),
  );

/** Rows of 16 bytes behind their offsets. */
const dump = (groups: readonly string[], width: number, behind: string): string =>
  rows(groups, width)
    .map((row, i) => `${(16 * i).toString(16).padStart(8, '0')}${behind} ${row.join(' ')}\n`)
    .join('');

const plain = (groups: readonly string[], width: number): string =>
  rows(groups, width)
    .map((row) => `${row.join(' ')}\n`)
    .join('');

const told = (text: string, format?: 'hex'): string[] => {
  const { datagrams, problems } = read(text, format === undefined ? {} : { format });
  expect(problems).to.deep.equal([]);
  return datagrams.map(hexOf);
};

/** A request whose nlmsg_len is more than is there. */
const cut = request.slice(0, 64);
/** Nothing that a netlink message begins with, in either order. */
const noise = 'fedcba9876543210f1e2d3c4b5a69788f0debc9a78563412e1f2c3d4a5b68797';
/** RTM_GETLINK of 36 bytes: the last group of 8 bytes is short. */
const link = '2400000012000103000000000000000000000000000000000000000000000000000000ff';

describe('conform: import: words', () => {
  for (const width of [2, 4, 8])
    for (const [what, message] of Object.entries({ 'a request': request, 'one that is cut': cut, 'a link': link })) {
      const ways = { 'in byte order': grouped(message, width), 'as words of the host': words(message, width) };
      for (const [order, groups] of Object.entries(ways)) {
        it(`reads ${what} in groups of ${width} bytes ${order}`, () => {
          expect(told(plain(groups, width))).to.deep.equal([message]);
          expect(told(groups.join(' '), 'hex')).to.deep.equal([message]);
        });

        it(`reads a dump of ${what} in groups of ${width} bytes ${order}`, () => {
          expect(told(dump(groups, width, ':'))).to.deep.equal([message]);
          expect(told(dump(groups, width, ''))).to.deep.equal([message]);
        });
      }
    }

  it('takes groups that no message begins with in byte order', () => {
    for (const width of [2, 4, 8]) {
      expect(told(plain(grouped(noise, width), width))).to.deep.equal([noise]);
      expect(told(dump(grouped(noise, width), width, ':'))).to.deep.equal([noise]);
    }
  });

  it('takes groups of several widths in byte order', () => {
    expect(told(`30000000 2400 0506 ${request.slice(16)}`)).to.deep.equal([request]);
    expect(told(`00000030 0605 0024 ${request.slice(16)}`)[0]).to.match(/^0000003006050024/);
  });

  it('reads messages one behind the other in words', () => {
    const twice = [...words(request, 4), ...words(request, 4)];
    expect(told(plain(twice, 4))).to.deep.equal([request, request]);
  });

  it('ends a dump whose rows repeat beyond the longest datagram', () => {
    expect(read('00000000: 112233\n*\n7fffffff\n').problems[0]?.text).to.match(/^offset 2147483647 follows \d+ bytes$/);
  });
});
