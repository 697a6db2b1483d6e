// The dummy device, which the recorded kernel lacks: its life and its carrier.
import { expect } from 'chai';
import { Machine } from '../../../../lib/linux/machine.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { IFLA } from '../../../../lib/uapi/linux/if_link.js';
import * as IF from '../../../../lib/uapi/linux/if.js';
import { RTM_NEWLINK } from '../../../../lib/uapi/linux/rtnetlink.js';
import { CREATE, Links, newLink } from '../../net/core/links.js';

describe('drivers/net/dummy', () => {
  it('is there in the full configuration only', () => {
    const without = new Links(new Machine({ config: 'rec-6.18' }));
    expect(without.client.errnoOf(RTM_NEWLINK, CREATE, newLink('d0', 'dummy'))).to.equal(E.EOPNOTSUPP);
  });

  it('comes up with noqueue and loses and gets its carrier', () => {
    const machine = new Machine();
    const links = new Links(machine);
    links.add(newLink('d0', 'dummy'));
    links.up(2);
    machine.runDue();
    const [up] = links.events();
    expect(up!.info.ifi_flags).to.equal(IF.IFF_UP | IF.IFF_BROADCAST | IF.IFF_RUNNING | IF.IFF_NOARP | IF.IFF_LOWER_UP);
    expect(up!.tb.OPERSTATE).to.equal(IF.IF_OPER_UNKNOWN);
    const carrier = (on: number): (number | undefined)[] => {
      expect(links.change({ ifi_index: 2 }, (w) => { w.put(IFLA.CARRIER, on); })).to.equal(0); // prettier-ignore
      machine.advance(2e9);
      return links.events().map(({ tb }) => tb.OPERSTATE);
    };
    expect(carrier(0)).to.deep.equal([IF.IF_OPER_DOWN]);
    expect(carrier(1)).to.deep.equal([IF.IF_OPER_UP]);
    expect(links.device('d0').qdisc.ops.id).to.equal('noqueue');
  });

  it('is renamed while it is up by later kernels only', () => {
    for (const [version, errno] of [['v6.1', E.EBUSY], ['v6.18', 0]] as const) {
      const links = new Links(new Machine({ version }));
      links.add(newLink('d0', 'dummy'));
      links.up(2);
      expect(links.change({ ifi_index: 2 }, (w) => { w.put(IFLA.IFNAME, 'e0'); })).to.equal(errno);
      expect(links.change({ ifi_index: 2, ifi_change: IF.IFF_UP })).to.equal(0);
      expect(links.change({ ifi_index: 2 }, (w) => { w.put(IFLA.IFNAME, 'e1'); })).to.equal(0);
    }
  }); // prettier-ignore
});
