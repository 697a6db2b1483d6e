// Routes that come and go with IPv4 addresses and links (observed on 6.18; the recordings of ip show more).
import { expect } from 'chai';
import { Machine } from '../../../../lib/linux/machine.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as T from '../../../../lib/uapi/linux/rtnetlink.js';
import { Addresses, ip } from './addresses.js';

describe('net/ipv4/fib_frontend', () => {
  let net: Addresses;

  beforeEach(() => {
    net = new Addresses(new Machine());
  });

  it('gives an address its routes: the host at once, the subnet when the link is up', () => {
    net.add('10.0.0.1');
    expect(net.events()).to.deep.equal(['+addr 10.0.0.1/24', '+route 10.0.0.1/32 table 255']);
    net.links.up(3);
    expect(net.events()).to.deep.equal(['+route 10.0.0.0/24 table 254', '+route 10.0.0.255/32 table 255']);
    expect(net.dump(T.RTM_GETROUTE)).to.deep.equal([
      '+route 10.0.0.0/24 table 254',
      '+route 10.0.0.1/32 table 255',
      '+route 10.0.0.255/32 table 255',
    ]);
  });

  it('drops the subnet with the link, without a word', () => {
    net.links.up(3);
    net.add('10.0.0.1');
    net.events();
    net.links.up(3, false);
    expect(net.events()).to.deep.equal([]);
    expect(net.dump(T.RTM_GETROUTE)).to.deep.equal(['+route 10.0.0.1/32 table 255']);
  });

  it('gives the broadcast address of 4.1 its lowest neighbour', () => {
    net = new Addresses(new Machine({ version: 'v4.1' }));
    net.links.up(3);
    net.add('10.0.0.1');
    expect(net.dump(T.RTM_GETROUTE)).to.include('+route 10.0.0.0/32 table 255');
  });

  it('takes secondaries away with their primary', () => {
    net.links.up(3);
    net.add('10.0.0.1');
    net.add('10.0.0.2');
    net.events();
    expect(net.ask(T.RTM_DELADDR, '10.0.0.1')).to.equal(0);
    expect(net.events()).to.deep.equal([
      '-addr 10.0.0.2/24',
      '-route 10.0.0.2/32 table 255',
      '-addr 10.0.0.1/24',
      '-route 10.0.0.0/24 table 254',
      '-route 10.0.0.255/32 table 255',
      '-route 10.0.0.1/32 table 255',
    ]);
    expect(net.dump(T.RTM_GETROUTE)).to.deep.equal([]);
  });

  it('refuses what stands already, and changes nothing', () => {
    net.add('10.0.0.1');
    net.events();
    const before = [net.dump(T.RTM_GETADDR), net.dump(T.RTM_GETROUTE), net.machine.snapshot()];
    expect(net.ask(T.RTM_NEWADDR, '10.0.0.1')).to.equal(E.EEXIST);
    expect(net.ask(T.RTM_NEWADDR, '10.0.0.2', { ifa_scope: 253 })).to.equal(E.EINVAL);
    expect(net.ask(T.RTM_NEWADDR, '10.0.0.2', { ifa_prefixlen: 33 })).to.equal(E.EINVAL);
    expect(net.ask(T.RTM_NEWADDR, '10.0.0.2', { ifa_index: 99 })).to.equal(E.ENODEV);
    expect(net.ask(T.RTM_DELADDR, '10.0.0.9')).to.equal(E.EADDRNOTAVAIL);
    expect(net.events()).to.deep.equal([]);
    expect([net.dump(T.RTM_GETADDR), net.dump(T.RTM_GETROUTE), net.machine.snapshot()]).to.deep.equal(before);
  });

  it('names the broadcast address that is given', () => {
    net.links.up(3);
    net.add('10.0.0.1', {}, [4, ip('10.0.0.7')]);
    expect(net.dump(T.RTM_GETROUTE)).to.include('+route 10.0.0.7/32 table 255');
    expect(net.ask(T.RTM_DELADDR, '10.0.0.1')).to.equal(0);
    expect(net.dump(T.RTM_GETROUTE)).to.deep.equal([]);
  });

  it('forgets everything of a link that goes', () => {
    net.links.up(3);
    net.add('10.0.0.1');
    net.add('10.0.0.2');
    expect(net.links.delete(3)).to.equal(0);
    expect(net.dump(T.RTM_GETADDR)).to.deep.equal([]);
    expect(net.dump(T.RTM_GETROUTE)).to.deep.equal([]);
  });

  it('gives the loopback its address when it comes up', () => {
    net.links.up(1);
    expect(net.dump(T.RTM_GETADDR)).to.deep.equal(['+addr 127.0.0.1/8']);
    expect(net.dump(T.RTM_GETROUTE)).to.deep.equal([
      '+route 127.0.0.0/8 table 255',
      '+route 127.0.0.1/32 table 255',
      '+route 127.255.255.255/32 table 255',
    ]);
  });
});
