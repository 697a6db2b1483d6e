// The dispatch of requests that nothing is registered for: refused as by a kernel without it, and reported once.
import { expect } from 'chai';
import { Machine } from '../../../../lib/linux/machine.js';
import { EOPNOTSUPP } from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR } from '../../../../lib/uapi/linux/netlink.js';
import { RTM_GETADDR, RTM_GETLINK, RTM_NEWROUTE, ifinfomsg } from '../../../../lib/uapi/linux/rtnetlink.js';
import { Client } from '../../client.js';

const AF_INET = 2;
const AF_INET6 = 10;

describe('net/core/rtnetlink dispatch', () => {
  const gaps: string[] = [];
  let client: Client;
  beforeEach(() => {
    gaps.length = 0;
    client = new Client(new Machine({ onGap: (what) => gaps.push(what) }));
  });

  it('refuses a type without a handler and reports it once', () => {
    for (let i = 0; i < 2; i++) expect(client.errnoOf(RTM_NEWROUTE, 0, Uint8Array.of(AF_INET))).to.equal(EOPNOTSUPP);
    expect(gaps).to.deep.equal(['RTM_NEWROUTE of address family 2']);
  });

  it('refuses a dump without a handler with an error, not with an empty dump', () => {
    const replies = client.request(RTM_GETADDR, NLM_F_DUMP, Uint8Array.of(AF_INET));
    expect(replies.map((reply) => reply.view.getUint16(4, true))).to.deep.equal([NLMSG_ERROR]);
    expect(gaps).to.deep.equal(['RTM_GETADDR of address family 2']);
  });

  it('reports what a dump turns out not to know', () => {
    const replies = client.request(RTM_GETLINK, NLM_F_DUMP, ifinfomsg.bytes({ ifi_family: AF_INET6 }));
    expect(replies.map((reply) => reply.view.getUint16(4, true))).to.deep.equal([NLMSG_DONE]);
    expect(replies[0]!.view.getInt32(16, true)).to.equal(-EOPNOTSUPP);
    expect(gaps).to.deep.equal(['RTM_GETLINK of AF_INET6']);
  });
});
