// When a new IPv6 address may be used, and for how long (observed on 6.18).
import { expect } from 'chai';
import { configs } from '../../../../../lib/linux/config.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import { devGetByIndex } from '../../../../../lib/linux/net/core/dev/table.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import { IFA_F_DEPRECATED, IFA_F_NODAD, IFA_F_TENTATIVE, ifaddrmsg } from '../../../../../lib/uapi/linux/if_addr.js';
import { RTM_GETROUTE, RTM_NEWADDR } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../../../lib/uapi/linux/socket.js';
import type { Attr } from '../../ipv4/addresses.js';
import { Addresses, bodyOf } from '../../ipv4/addresses.js';
import { CREATE } from '../../core/links.js';

const second = 1e9;
const address = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

describe('net/ipv6/addrconf', () => {
  let net: Addresses;

  const add = (ifa_flags: number, ...more: readonly Attr[]): number => {
    const ifm = ifaddrmsg.bytes({ ifa_family: AF_INET6, ifa_prefixlen: 64, ifa_flags, ifa_index: 3 });
    return net.links.client.errnoOf(RTM_NEWADDR, CREATE, bodyOf(ifm, [2, address], ...more));
  };
  /** Flags of the addresses of v0, the furthest-reaching first. */
  const flags = (): number[] => devGetByIndex(net.machine.net, 3)!.inet6!.addrList.map((ifp) => ifp.flags & 0xff);
  const lifetimes = (preferred: number, valid: number): Attr => [
    6,
    new Uint8Array(Uint32Array.of(preferred, valid, 0, 0).buffer),
  ];

  beforeEach(() => {
    net = new Addresses(new Machine({ config: { ...configs['full']!, disableIpv6: false } }));
  });

  it('is refused where IPv6 is off', () => {
    net = new Addresses(new Machine());
    expect(add(IFA_F_NODAD)).to.equal(E.EACCES);
    net.links.up(1);
    expect(net.dump(RTM_GETROUTE, AF_INET6)).to.deep.equal([]);
  });

  it('stays tentative without a carrier', () => {
    net.links.up(3);
    expect(add(0)).to.equal(0);
    net.machine.advance(10 * second);
    expect(flags()[0]! & IFA_F_TENTATIVE).to.equal(IFA_F_TENTATIVE);
  });

  it('becomes usable within two seconds, and so does the link-local address', () => {
    net.links.up(3);
    net.links.up(2);
    net.machine.advance(5 * second);
    expect(add(0)).to.equal(0);
    expect(flags().map((one) => one & IFA_F_TENTATIVE)).to.deep.equal([IFA_F_TENTATIVE, 0]);
    net.machine.advance(2.1 * second);
    expect(flags().map((one) => one & IFA_F_TENTATIVE)).to.deep.equal([0, 0]);
  });

  it('is usable at once with nodad', () => {
    expect(add(IFA_F_NODAD)).to.equal(0);
    net.machine.advance(0);
    expect(flags()[0]! & IFA_F_TENTATIVE).to.equal(0);
    expect(net.dump(RTM_GETROUTE, AF_INET6)).to.deep.equal(['+route 20010db8~1/128 table 255']);
  });

  it('is deprecated, then goes', () => {
    net.links.up(3);
    expect(add(IFA_F_NODAD, lifetimes(2, 4))).to.equal(0);
    net.machine.advance(2.5 * second);
    expect(flags()[0]! & IFA_F_DEPRECATED).to.equal(IFA_F_DEPRECATED);
    net.machine.advance(2 * second);
    expect(flags()).to.deep.equal([]);
  });
});
