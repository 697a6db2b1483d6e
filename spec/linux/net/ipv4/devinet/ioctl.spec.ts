// What ioctl(2) tells of IPv4 addresses, as observed on Linux 6.18.
import { expect } from 'chai';
import { toHex } from '../../../../../lib/codec/bytes.js';
import { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import { ifaddrmsg } from '../../../../../lib/uapi/linux/if_addr.js';
import { RTM_NEWADDR } from '../../../../../lib/uapi/linux/rtnetlink.js';
import * as S from '../../../../../lib/uapi/linux/sockios.js';
import { ADD } from '../../sched/bed.js';
import { Addresses, type Attr, bodyOf, ip } from '../addresses.js';

const [V1, V0] = [2, 3];
const AF_INET = 2;
const [ADDRESS, LOCAL, LABEL, BROADCAST] = [1, 2, 3, 4];
const REST = 'aa'.repeat(8);

describe('net/ipv4/devinet: ioctl', () => {
  const gaps: string[] = [];
  const machine = new Machine({ onGap: (what) => gaps.push(what) });
  const task = new LocalTask();

  before(() => {
    const { client } = new Addresses(machine).links;
    const add = (ifa_index: number, ifa_prefixlen: number, ...attributes: Attr[]): void => {
      const body = bodyOf(ifaddrmsg.bytes({ ifa_family: AF_INET, ifa_prefixlen, ifa_index }), ...attributes);
      expect(client.errnoOf(RTM_NEWADDR, ADD, body)).to.equal(0);
    };
    add(V0, 24, [LOCAL, ip('192.0.2.1')], [BROADCAST, ip('192.0.2.255')]);
    add(V0, 24, [LOCAL, ip('192.0.2.2')]);
    add(V0, 8, [LOCAL, ip('10.0.0.1')], [LABEL, Buffer.from('v0:1\0')]);
    add(V1, 32, [LOCAL, ip('10.1.1.1')], [ADDRESS, ip('10.1.1.2')]);
  });

  /** Asks with a name and perhaps an address: the union behind the name, or a negative errno. */
  function ask(request: number, name: string, local?: string): string | number {
    const ifreq = Buffer.alloc(40, 0xaa);
    ifreq.fill(0, 0, 16);
    ifreq.write(name, 'latin1');
    ifreq.writeUInt16LE(local === undefined ? 0 : AF_INET, 16);
    if (local !== undefined) ifreq.set(ip(local), 20);
    const result = machine.inetIoctl(machine.init, request, ifreq);
    return result === 0 ? toHex(ifreq.subarray(16)) : result;
  }
  const answer = (address: string): string => `02000000${toHex(Uint8Array.from(ip(address)))}${'00'.repeat(8)}${REST}`;

  const cases: readonly (readonly [request: keyof typeof S, name: string, found: string | number, local?: string])[] = [
    ['SIOCGIFADDR', 'v0', '192.0.2.1'],
    ['SIOCGIFDSTADDR', 'v0', '192.0.2.1'],
    ['SIOCGIFBRDADDR', 'v0', '192.0.2.255'],
    ['SIOCGIFNETMASK', 'v0', '255.255.255.0'],
    ['SIOCGIFADDR', 'v0:1', '10.0.0.1'],
    ['SIOCGIFADDR', 'v0:1', '10.0.0.1', '10.0.0.1'],
    ['SIOCGIFADDR', 'v0', '192.0.2.2', '192.0.2.2'],
    ['SIOCGIFADDR', 'v0', '192.0.2.1', '192.0.2.99'],
    ['SIOCGIFADDR', 'v1', '10.1.1.1'],
    ['SIOCGIFDSTADDR', 'v1', '10.1.1.2'],
    ['SIOCGIFBRDADDR', 'v1', '0.0.0.0'],
    ['SIOCGIFNETMASK', 'v1', '255.255.255.255'],
    ['SIOCGIFADDR', 'v0:2', -E.EADDRNOTAVAIL],
    ['SIOCGIFADDR', 'lo', -E.EADDRNOTAVAIL],
    ['SIOCGIFADDR', 'nope', -E.ENODEV],
    ['SIOCGIFADDR', '', -E.ENODEV],
    ['SIOCSIFADDR', 'nope', -E.EINVAL],
    ['SIOCSIFADDR', 'nope', -E.ENODEV, '10.0.0.1'],
    ['SIOCGIFINDEX', 'v0', -E.ENOIOCTLCMD],
  ];
  for (const [request, name, found, local] of cases)
    it(`${request} of '${name}'${local === undefined ? '' : ` with ${local}`}: ${found}`, () => {
      const told = ask(S[request] as number, name, local);
      expect(told).to.equal(typeof found === 'string' ? answer(found) : found);
    });

  it('changes no address, and says so', () => {
    expect(ask(S.SIOCSIFADDR, 'v0', '1.2.3.4')).to.equal(-E.EOPNOTSUPP);
    expect(gaps).to.deep.equal(['ioctl SIOCSIFADDR']);
    expect(machine.inetIoctl(machine.init, S.SIOCGIFADDR, new Uint8Array(8))).to.equal(-E.EINVAL);
  });

  it('is for packet sockets, too', () => {
    const socket = machine.socket(task, 17, 3, 0);
    if (typeof socket === 'number') throw new Error(`socket: ${socket}`);
    const ifreq = new Uint8Array(40);
    ifreq.set(Buffer.from('v0'));
    expect(socket.ioctl(task, S.SIOCGIFADDR, ifreq)).to.equal(0);
    expect([...ifreq.subarray(20, 24)]).to.deep.equal(ip('192.0.2.1'));
    expect(socket.ioctl(task, S.SIOCGIFINDEX, ifreq)).to.equal(-E.ENOIOCTLCMD);
  });
});
