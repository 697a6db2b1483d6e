// Objects left after link requests: none but what stands, after every success and every refusal.
import { expect } from 'chai';
import { NSEC_PER_SEC } from '../../../../../lib/linux/clock.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import { IFLA } from '../../../../../lib/uapi/linux/if_link.js';
import { IFF_UP } from '../../../../../lib/uapi/linux/if.js';
import { RTM_NEWLINK } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { CREATE, linkBody, Links, newLink, newVeth, putKind } from '../links.js';

type Fill = Parameters<typeof newLink>[2];

describe('references of links', () => {
  let machine: Machine;
  let links: Links;
  let before: unknown;

  beforeEach(() => {
    machine = new Machine();
    links = new Links(machine);
    links.add(newLink('taken', 'ifb'));
    machine.advance(2 * NSEC_PER_SEC);
    before = machine.snapshot();
  });

  function nothingLeft(): void {
    machine.advance(2 * NSEC_PER_SEC);
    expect(machine.snapshot()).to.deep.equal(before);
  }

  const multicast: Fill = (w) => {
    w.put(IFLA.ADDRESS, Uint8Array.of(1, 0, 0, 0, 0, 1));
  };
  const refusals: readonly (readonly [string, number, Uint8Array])[] = [
    ['a bad name', E.EINVAL, newLink('a/b', 'ifb')],
    ['a group address', E.EADDRNOTAVAIL, newLink('a', 'ifb', multicast)],
    ['a short address', E.EINVAL, newLink('a', 'dummy', (w) => { w.put(IFLA.BROADCAST, new Uint8Array(4)); })],
    ['a bad MTU', E.EINVAL, newLink('a', 'veth', (w) => { w.put(IFLA.MTU, 1); })],
    ['no queues', E.EINVAL, newLink('a', 'ifb', (w) => { w.put(IFLA.NUM_TX_QUEUES, 0); })],
    ['a master that cannot be', E.EINVAL, newLink('a', 'ifb', (w) => { w.put(IFLA.MASTER, 99); })],
    ['a peer of a taken name', E.EEXIST, newVeth('a', 'taken')],
    ['a peer that must be up first', E.ENOTCONN, newVeth('a', 'b', undefined, { ifi_flags: IFF_UP, ifi_change: IFF_UP })],
    ['both ends of one name', E.EEXIST, newVeth('a', 'a')],
  ]; // prettier-ignore
  for (const [what, errno, body] of refusals)
    it(`leaves nothing of ${what}`, () => {
      expect(links.client.errnoOf(RTM_NEWLINK, CREATE, body)).to.equal(errno);
      nothingLeft();
    });

  it('leaves nothing of both ends with one index', () => {
    const body = linkBody({ ifi_index: 7 }, (w) => {
      putKind(w, 'veth', (data) => {
        const nest = data.nest(1);
        data.append(linkBody({ ifi_index: 7 }));
        data.nestEnd(nest);
      });
    });
    expect(links.client.errnoOf(RTM_NEWLINK, CREATE, body)).to.equal(E.EBUSY);
    nothingLeft();
  });

  it('leaves nothing of links that were up, changed and deleted', () => {
    links.add(newVeth('v0', 'v1'));
    links.add(newLink('d0', 'dummy'));
    for (const dev of ['v0', 'v1', 'd0']) links.up(links.device(dev).ifindex);
    machine.advance(NSEC_PER_SEC);
    const v0 = links.device('v0');
    expect(v0.holders.map(({ label }) => label)).to.include.members(['init_net', 'net_device v1']);
    expect(links.delete(v0.ifindex)).to.equal(0);
    expect(links.delete(links.device('d0').ifindex)).to.equal(0);
    expect(v0.freed).to.equal(true);
    nothingLeft();
  });

  it('numbers the next link after the last one, though that is gone', () => {
    links.add(newLink('a', 'ifb'));
    const { ifindex } = links.device('a');
    links.delete(ifindex);
    links.add(newLink('a', 'ifb'));
    expect(links.device('a').ifindex).to.equal(ifindex + 1);
  });
});
