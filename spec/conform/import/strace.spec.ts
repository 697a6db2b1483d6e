// Traces: dumps are exact, text is rebuilt as far as it goes, and what it does not hold is named. Where strace is installed and
// may trace, it is asked for a trace of a program that runs now.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NETLINK_ROUTE } from '../../../lib/uapi/linux/netlink.js';
import { request } from './layouts.js';
import { hexOf, read } from './read.js';
import { dumped, text } from './traces.js';

const lines = (trace: string): string[] => trace.split('\n');
const answered = (seq: number): string =>
  `44000000020000000${seq}000000PPPPPPPPedffffff${request.slice(0, 16)}0${seq}000000${request.slice(24)}`;
const withoutPort = (hex: string): string =>
  hex.startsWith('44') ? `${hex.slice(0, 24)}PPPPPPPP${hex.slice(32)}` : hex;

describe('conform: import: strace', () => {
  const second = `${request.slice(0, 16)}02${request.slice(18)}`;

  it('takes the bytes of dumps', () => {
    const { datagrams, problems } = read(dumped);
    expect(problems).to.deep.equal([]);
    expect(datagrams.map((datagram) => withoutPort(hexOf(datagram)))).to.deep.equal([
      request,
      second,
      answered(1),
      answered(2),
      request,
      answered(1),
    ]);
    expect(datagrams.every(({ lost }) => lost === undefined)).to.equal(true);
  });

  it('knows sockets, their options and who speaks', () => {
    const { datagrams } = read(dumped);
    expect(datagrams.map(({ direction }) => direction)).to.deep.equal([
      'request',
      'request',
      'reply',
      'reply',
      'request',
      'reply',
    ]);
    expect(datagrams.every(({ protocol }) => protocol === NETLINK_ROUTE)).to.equal(true);
    const [one, two, three, four, five, six] = datagrams.map(({ socket }) => socket);
    expect([one, two, five]).to.deep.equal([three, four, six]);
    expect(new Set([one, two, five]).size).to.equal(3);
    expect(datagrams[0]!.options).to.deep.equal([NETLINK_EXT_ACK]);
    expect(datagrams[1]!.options).to.deep.equal([NETLINK_GET_STRICT_CHK, NETLINK_EXT_ACK]);
    expect(datagrams[4]).not.to.have.property('options');
    const { line, label } = datagrams[0]!.origin;
    expect(lines(dumped)[line! - 1]).to.match(/^\d+ sendmsg\(4, /);
    expect(label).to.match(/^process \d+ sendmsg$/);
  });

  it('puts interrupted calls together', () => {
    const cut = lines(dumped).flatMap((line) => {
      const call = /^(\d+) (recvmsg)\((4, .*?nlmsg_flags=)(.*)$/.exec(line);
      if (call === null) return [line];
      return [
        `${call[1]!} recvmsg(${call[3]!} <unfinished ...>`,
        `7 close(9) = 0`,
        `${call[1]!} <... recvmsg resumed>${call[4]!}`,
      ];
    });
    expect(cut.length).to.equal(lines(dumped).length + 4);
    expect(read(cut.join('\n')).datagrams.map(hexOf)).to.deep.equal(read(dumped).datagrams.map(hexOf));
  });

  it('rebuilds messages from text, and takes times', () => {
    const { datagrams, problems } = read(text);
    expect(problems).to.deep.equal([]);
    expect(datagrams.map((datagram) => withoutPort(hexOf(datagram)))).to.include.members([
      request,
      second,
      answered(2),
    ]);
    expect(datagrams.map(({ lost }) => lost)).to.deep.equal(datagrams.map(() => undefined));
    expect(datagrams.every(({ time }, i) => i === 0 || time! >= datagrams[i - 1]!.time!)).to.equal(true);
  });

  const traced = (data: string, length: number): string =>
    `socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3\nsendto(3, ${data}, ${length}, 0, NULL, 0) = ${length}\n`;
  const header = (length: number): string =>
    `{nlmsg_len=${length}, nlmsg_type=RTM_NEWLINK, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK, nlmsg_seq=7, nlmsg_pid=0}`;
  const link = '{ifi_family=AF_UNSPEC, ifi_type=ARPHRD_NETROM, ifi_index=0, ifi_flags=IFF_UP, ifi_change=0x1}';

  it('names what text does not hold', () => {
    const device = traced(`[${header(32)}, ${link.replace('ifi_index=0', 'ifi_index=if_nametoindex("v0")')}]`, 32);
    const [first] = read(device).datagrams;
    expect(hexOf(first!)).to.equal('200000001000050007000000000000000000000000000000' + '01000000' + '01000000');
    expect(first!.lost).to.deep.equal(['RTM_NEWLINK ifi_index: if_nametoindex("v0")']);
    const cut = traced(`[${header(48)}, ${link}, [{nla_len=16, nla_type=IFLA_IFNAME}, "abc"...]]`, 48);
    expect(read(cut).datagrams[0]!.lost).to.deep.equal(['RTM_NEWLINK IFLA_IFNAME: 9 bytes are not shown']);
    expect(read(traced(`[${header(48)}, ${link}, ...]`, 48)).datagrams[0]!.lost).to.have.length(1);
  });

  it('rebuilds attributes of every kind that strace shows', () => {
    const attributes =
      '[[{nla_len=7, nla_type=IFLA_IFNAME}, "v0"], [{nla_len=8, nla_type=IFLA_MTU}, 1500], ' +
      '[{nla_len=10, nla_type=IFLA_ADDRESS}, 02:00:00:00:00:01], {nla_len=4, nla_type=NLA_F_NESTED|0x3e /* IFLA_??? */}, ' +
      '[{nla_len=16, nla_type=IFLA_LINKINFO}, [{nla_len=8, nla_type=IFLA_INFO_KIND}, "veth"...]]]';
    const [datagram] = read(traced(`[${header(84)}, ${link}, ${attributes}]`, 84)).datagrams;
    expect(datagram!.lost).to.deep.equal(['RTM_NEWLINK: its last 4 bytes are not shown']);
    expect(hexOf(datagram!).slice(64)).to.equal(
      '0700030076300000' +
        '08000400dc050000' +
        '0a000100020000000001' +
        '0000' +
        '04003e80' +
        '10001200' +
        '0800010076657468' +
        '00000000' +
        '00000000',
    );
  });

  it('says that there is nothing in a trace of other calls', () => {
    expect(read('openat(AT_FDCWD, "/etc/hosts", O_RDONLY) = 3\nclose(3) = 0\n').problems[0]?.text).to.equal(
      'no datagram in it',
    );
  });

  it('reads what strace writes here and now, and rebuilds as much from its text alone', function () {
    const folder = mkdtempSync(join(tmpdir(), 'tcbox-strace-'));
    try {
      const trace = join(folder, 'trace');
      const calls = 'trace=socket,setsockopt,bind,close,sendto,sendmsg,recvfrom,recvmsg';
      const options = ['-o', trace, '-v', '-s', '65535', '-e', calls, '-e', 'write=all', '-e', 'read=all'];
      const { status } = spawnSync('strace', [...options, 'ip', 'link', 'show', 'dev', 'lo']);
      if (status !== 0) {
        console.log('      skipped: needs strace that may trace, and ip');
        this.skip();
      }
      const all = readFileSync(trace, 'utf8');
      const exact = read(all).datagrams;
      const rebuilt = read(all.replace(/^ (?:\||\*|=).*\n/gm, '')).datagrams;
      expect(exact.length).to.be.at.least(2);
      expect(rebuilt.map(({ bytes }) => bytes.length)).to.deep.equal(exact.map(({ bytes }) => bytes.length));
      expect(rebuilt.map(({ direction }) => direction)).to.deep.equal(exact.map(({ direction }) => direction));
      for (const [i, one] of rebuilt.entries())
        if (one.lost === undefined) expect(hexOf(one)).to.equal(hexOf(exact[i]!));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
