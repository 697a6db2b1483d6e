// Interface requests of ioctl(2), as observed on Linux 6.18 through AF_NETLINK sockets.
import { expect } from 'chai';
import { toHex } from '../../../../lib/codec/bytes.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as S from '../../../../lib/uapi/linux/sockios.js';
import { IFLA } from '../../../../lib/uapi/linux/if_link.js';
import { Links, newVeth, newLink } from './links.js';

const root = new LocalTask();
const user = new LocalTask({ uid: 1000 });
const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);

/** A struct ifreq: a name, and hex bytes over a union that is otherwise 0xaa. */
function ifreq(name: string, tail = ''): Buffer {
  const bytes = Buffer.alloc(40, 0xaa);
  bytes.fill(0, 0, 16);
  bytes.write(name, 'latin1');
  Buffer.from(tail, 'hex').copy(bytes, 16);
  return bytes;
}

describe('net/core/dev_ioctl', () => {
  let machine: Machine;
  let links: Links;

  beforeEach(() => {
    machine = new Machine({ config: 'rec-6.18' });
    links = new Links(machine);
    links.add(newVeth('v0', 'v1', (w) => { w.put(IFLA.ADDRESS, mac); })); // prettier-ignore
    links.add(newLink('i0', 'ifb', (w) => { w.put(IFLA.ADDRESS, mac); })); // prettier-ignore
    machine.runDue();
  });

  const call = (request: number, name: string, tail = '', task = root): number | string => {
    const bytes = ifreq(name, tail);
    const result = machine.devIoctl(task, request, bytes);
    return result === 0 ? toHex(bytes.subarray(16)).replace(/a+$/, '') : result;
  };

  const got: readonly (readonly [string, string, number | string])[] = [
    ['SIOCGIFFLAGS', 'v0', '0210'],
    ['SIOCGIFFLAGS', 'i0', '8200'],
    ['SIOCGIFMETRIC', 'lo', '00000000'],
    ['SIOCGIFMTU', 'lo', '00000100'],
    ['SIOCGIFHWADDR', 'v0', '0100020000000001'],
    ['SIOCGIFHWADDR', 'lo', '0403000000000000'],
    ['SIOCGIFINDEX', 'v0', '03000000'],
    ['SIOCGIFINDEX', 'v0:1', '03000000'],
    ['SIOCGIFINDEX', 'nope', -E.ENODEV],
    ['SIOCGIFTXQLEN', 'i0', '20000000'],
    ['SIOCGIFMAP', 'v0', '00'.repeat(21)],
    ['SIOCGIFSLAVE', 'v0', -E.EINVAL],
    ['SIOCGIFMEM', 'v0', -E.ENOTTY],
    ['SIOCGIFADDR', 'lo', -E.ENOTTY],
    ['SIOCGIFENCAP', 'v0', -E.ENOTTY],
  ];
  for (const [name, dev, expected] of got)
    it(`${name} of ${dev}, asked by anybody`, () => {
      expect(call((S as unknown as Record<string, number>)[name]!, dev, '', user)).to.equal(expected);
    });

  it('SIOCGIFNAME gives the name of an index, whatever name was there', () => {
    const bytes = ifreq('something', '03000000');
    expect(machine.devIoctl(user, S.SIOCGIFNAME, bytes)).to.equal(0);
    expect(bytes.toString('latin1', 0, 16)).to.equal('v0'.padEnd(16, '\0'));
    expect(call(S.SIOCGIFNAME, '', '63000000')).to.equal(-E.ENODEV);
  });

  it('changes need CAP_NET_ADMIN, before the device is looked for', () => {
    for (const request of [S.SIOCSIFFLAGS, S.SIOCSIFMTU, S.SIOCSIFNAME, S.SIOCSIFHWADDR, S.SIOCSIFTXQLEN, S.SIOCSIFMAP])
      for (const name of ['v0', 'nope']) expect(call(request, name, '', user)).to.equal(-E.EPERM);
    expect(call(S.SIOCSIFMTU, 'nope', '78050000')).to.equal(-E.ENODEV);
  });

  it('sets flags as a signed 16-bit number, all of them', () => {
    call(S.SIOCSIFFLAGS, 'v1', '0100');
    expect(call(S.SIOCGIFFLAGS, 'v1')).to.equal('0300');
    call(S.SIOCSIFFLAGS, 'v1', '0010');
    expect(call(S.SIOCGIFFLAGS, 'v1')).to.equal('0210');
    expect(links.events()).to.have.lengthOf(2);
  });

  const refused: readonly (readonly [number, string, string, number])[] = [
    [S.SIOCSIFMTU, 'v1', '0a000000', -E.EINVAL],
    [S.SIOCSIFMTU, 'v1', '70110100', -E.EINVAL],
    [S.SIOCSIFMTU, 'v1', 'ffffffff', -E.EINVAL],
    [S.SIOCSIFNAME, 'v1', '763000', -E.EEXIST],
    [S.SIOCSIFNAME, 'v1', '612f6200', -E.EINVAL],
    [S.SIOCSIFHWADDR, 'v1', '0200020000000009', -E.EINVAL],
    [S.SIOCSIFHWADDR, 'v1', '0100010000000009', -E.EADDRNOTAVAIL],
    [S.SIOCSIFHWADDR, 'i0', '0100020000000009', -E.EOPNOTSUPP],
    [S.SIOCSIFHWBROADCAST, 'v1', '0700090909090909', -E.EINVAL],
    [S.SIOCSIFTXQLEN, 'v1', 'ffffffff', -E.EINVAL],
    [S.SIOCSIFMETRIC, 'v1', '00000000', -E.EOPNOTSUPP],
    [S.SIOCSIFSLAVE, 'v1', '', -E.EINVAL],
    [S.SIOCSIFMAP, 'v1', '', -E.EOPNOTSUPP],
    [S.SIOCDEVPRIVATE, 'v1', '', -E.EOPNOTSUPP],
    [0x1234, 'v1', '', -E.ENOTTY],
  ];
  for (const [request, dev, tail, expected] of refused)
    it(`refuses ${S.siocName(request)} of ${dev} with '${tail}'`, () => {
      expect(call(request, dev, tail)).to.equal(expected);
    });

  it('sets MTU, name, addresses and queue length, telling of each', () => {
    call(S.SIOCSIFMTU, 'v1', '78050000');
    call(S.SIOCSIFNAME, 'v1', '71256400');
    call(S.SIOCSIFHWADDR, 'q0', '0100020000000009');
    call(S.SIOCSIFHWBROADCAST, 'q0', '0100090909090909');
    call(S.SIOCSIFTXQLEN, 'q0', '4d000000');
    const last = links.events();
    expect(last).to.have.lengthOf(5);
    const { MTU, IFNAME, ADDRESS, BROADCAST, TXQLEN } = last[4]!.tb;
    expect([MTU, IFNAME, TXQLEN]).to.deep.equal([1400, 'q0', 77]);
    expect(toHex(ADDRESS!)).to.equal('020000000009');
    expect(toHex(BROADCAST!)).to.equal('090909090909');
  });

  it('reports what it does not model, and refuses a structure that is too short', () => {
    const seen: string[] = [];
    const loud = new Machine({ onGap: (what) => seen.push(what) });
    expect(loud.devIoctl(root, S.SIOCGIFVLAN, ifreq('lo'))).to.equal(-E.EOPNOTSUPP);
    expect(loud.devIoctl(root, S.SIOCGIFCONF, ifreq('lo'))).to.equal(-E.EOPNOTSUPP);
    expect(seen).to.deep.equal(['ioctl SIOCGIFVLAN', 'ioctl SIOCGIFCONF']);
    expect(loud.devIoctl(root, S.SIOCGIFMTU, new Uint8Array(16))).to.equal(-E.EINVAL);
  });
});
