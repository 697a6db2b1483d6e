// Who uses an address of a device, and what a list of unicast addresses makes of promiscuous mode.
import { expect } from 'chai';
import { Errno } from '../../../../lib/linux/errno.js';
import { Machine } from '../../../../lib/linux/machine.js';
import * as L from '../../../../lib/linux/net/core/dev_addr_lists.js';
import { devGetByIndex } from '../../../../lib/linux/net/core/dev/table.js';
import type { NetDevice } from '../../../../lib/linux/net/core/net_device.js';
import { EEXIST } from '../../../../lib/uapi/asm-generic/errno.js';
import { IFF_UP } from '../../../../lib/uapi/linux/if.js';
import { Links, newVeth } from './links.js';

const unicast = Uint8Array.of(2, 0, 0, 0, 0, 9);
const group = Uint8Array.of(1, 0, 0, 0, 0, 9);

describe('net/core/dev_addr_lists', () => {
  let links: Links;
  let dev: NetDevice;

  beforeEach(() => {
    const machine = new Machine();
    links = new Links(machine);
    links.add(newVeth('v0', 'v1'));
    dev = devGetByIndex(machine.net, 3)!;
  });

  const countOf = (): number | undefined => dev.mc.find(({ addr }) => addr[5] === 9)?.refcount;

  it('keeps a group address as long as somebody uses it', () => {
    L.devMcAdd(dev, group);
    L.devMcAdd(dev, group);
    L.devMcAdd(dev, group, 'global');
    L.devMcAdd(dev, group, 'global');
    expect(countOf()).to.equal(3);
    expect([L.devMcDel(dev, group), L.devMcDel(dev, group, 'global')]).to.deep.equal([true, true]);
    expect(countOf()).to.equal(1);
    expect(L.devMcDel(dev, group, 'global')).to.equal(false);
    expect(L.devMcDel(dev, group)).to.equal(true);
    expect(countOf()).to.equal(undefined);
    expect(L.devMcDel(dev, group)).to.equal(false);
  });

  it('refuses a new entry for an address that is there, and counts nothing', () => {
    L.devMcAdd(dev, group);
    expect(() => {
      L.devMcAdd(dev, group, 'exclusive');
    }).to.throw(Errno).with.property('errno', EEXIST); // prettier-ignore
    expect(countOf()).to.equal(1);
  });

  it('takes every frame while it is up and has unicast addresses', () => {
    L.devUcAdd(dev, unicast);
    expect(dev.promiscuity).to.equal(0);
    links.up(3);
    expect(dev.promiscuity).to.equal(1);
    L.devUcAdd(dev, Uint8Array.of(2, 0, 0, 0, 0, 10));
    expect(dev.promiscuity).to.equal(1);
    L.devUcDel(dev, unicast);
    expect(dev.promiscuity).to.equal(1);
    links.change({ ifi_index: 3, ifi_flags: 0, ifi_change: IFF_UP });
    L.devUcDel(dev, Uint8Array.of(2, 0, 0, 0, 0, 10));
    expect(dev.promiscuity).to.equal(1);
    links.up(3);
    expect(dev.promiscuity).to.equal(0);
  });

  it('receives what IPv4 and IPv6 need of a device that is up', () => {
    const shown = (): string[] => dev.mc.map(({ addr }) => Buffer.from(addr).toString('hex'));
    expect(shown()).to.deep.equal(['333300000001']);
    links.up(3);
    expect(shown()).to.deep.equal(['333300000001', '01005e000001']);
  });
});
