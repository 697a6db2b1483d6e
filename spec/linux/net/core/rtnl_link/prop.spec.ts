// Alternative names: how long one may be, and how many fit into a message.
import { expect } from 'chai';
import { NLA_F_NESTED } from '../../../../../lib/codec/nla.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import { IFLA } from '../../../../../lib/uapi/linux/if_link.js';
import { RTM_NEWLINKPROP } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { CREATE, linkBody, Links, newLink } from '../links.js';

describe('net/core/rtnetlink rtnl_linkprop()', () => {
  let links: Links;

  beforeEach(() => {
    links = new Links(new Machine());
    links.add(newLink('i0', 'ifb'));
  });

  const add = (name: string): number =>
    links.client.errnoOf(
      RTM_NEWLINKPROP,
      CREATE,
      linkBody({ ifi_index: 2 }, (w) => {
        const nest = w.nest(IFLA.PROP_LIST.type | NLA_F_NESTED);
        w.put(IFLA.ALT_IFNAME, name);
        w.nestEnd(nest);
      }),
    );

  it('takes a name of 127 characters and refuses a longer one', () => {
    expect(add('x'.repeat(127))).to.equal(0);
    expect(add('y'.repeat(128))).to.equal(E.ERANGE);
    expect(links.device('i0').altNames).to.deep.equal(['x'.repeat(127)]);
  });

  it('takes as many as fit into one attribute', () => {
    let count = 0;
    while (add(`name${count}`) === 0) count++;
    expect(count).to.equal(496);
    expect(add('another')).to.equal(E.EINVAL);
  });
});
