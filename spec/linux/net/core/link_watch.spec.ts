// What linkwatch does at once and what it leaves for later, on a clock that the test moves.
import { expect } from 'chai';
import { Machine } from '../../../../lib/linux/machine.js';
import { NSEC_PER_MSEC, NSEC_PER_SEC } from '../../../../lib/linux/clock.js';
import * as IF from '../../../../lib/uapi/linux/if.js';
import { Links, newVeth } from './links.js';

describe('net/core/link_watch', () => {
  let machine: Machine;
  let links: Links;

  beforeEach(() => {
    machine = new Machine();
    links = new Links(machine);
    links.add(newVeth('v0', 'v1'));
  });

  it('has events of a new pair waiting, and their references', () => {
    expect(machine.work.pending.map(({ name }) => name)).to.deep.equal(['linkwatch']);
    expect(links.device('v0').holders.map(({ label }) => label)).to.include('linkwatch');
    machine.runDue();
    expect(links.device('v0').operstate).to.equal(IF.IF_OPER_LOWERLAYERDOWN);
    expect(links.device('v0').holders.map(({ label }) => label)).to.deep.equal(['init_net', 'net_device v1']);
    expect(links.events()).to.deep.equal([]);
  });

  it('handles ordinary events once a second', () => {
    machine.runDue();
    links.add(newVeth('v2', 'v3'));
    links.up(5);
    expect(links.events().map(({ tb }) => tb.OPERSTATE)).to.deep.equal([IF.IF_OPER_UNKNOWN]);
    machine.advance(999 * NSEC_PER_MSEC);
    expect(links.events()).to.deep.equal([]);
    machine.advance(NSEC_PER_MSEC);
    expect(links.events().map(({ info, tb }) => [info.ifi_index, tb.OPERSTATE])).to.deep.equal([
      [5, IF.IF_OPER_LOWERLAYERDOWN],
    ]);
  });

  it('does not wait when a pair gets its carrier, and tells of the end that came up last first', () => {
    machine.runDue();
    links.up(3);
    links.events();
    links.up(2);
    expect(links.events().map(({ info }) => info.ifi_flags & IF.IFF_RUNNING)).to.deep.equal([0]);
    expect(machine.nextDeadline()).to.equal(machine.clock.now());
    machine.runDue();
    const told = links.events();
    expect(told.map(({ info }) => info.ifi_index)).to.deep.equal([2, 3]);
    expect(told.map(({ info }) => info.ifi_change)).to.deep.equal([0, 0]);
    expect(told.map(({ tb }) => tb.OPERSTATE)).to.deep.equal([IF.IF_OPER_UP, IF.IF_OPER_UP]);
  });

  it('tells the other end at once when one goes down', () => {
    machine.runDue();
    for (const ifindex of [2, 3]) links.up(ifindex);
    machine.advance(2 * NSEC_PER_SEC);
    links.events();
    links.up(2, false);
    machine.runDue();
    const [own, other] = links.events();
    expect([own!.info.ifi_index, own!.info.ifi_change]).to.deep.equal([2, IF.IFF_UP]);
    expect([other!.info.ifi_index, other!.tb.OPERSTATE]).to.deep.equal([3, IF.IF_OPER_LOWERLAYERDOWN]);
  });

  it('leaves nothing behind of links that are deleted while events wait', () => {
    expect(links.delete(3)).to.equal(0);
    machine.advance(2 * NSEC_PER_SEC);
    expect(machine.snapshot().filter(({ label }) => label.startsWith('net_device'))).to.have.lengthOf(1);
  });

  it('goes on with the rest of a long list in its next run', () => {
    for (let i = 0; i < 120; i++) links.add(newVeth(`a${i}`, `b${i}`));
    machine.advance(10 * NSEC_PER_SEC);
    const waiting = machine.net.devices.filter(({ linkwatchPending }) => linkwatchPending);
    expect(waiting).to.deep.equal([]);
  });
});
