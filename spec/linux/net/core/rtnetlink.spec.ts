// The dispatch of requests that nothing is registered for: refused as by a kernel without it, and reported once.
import { expect } from 'chai';
import { ModelGap } from '../../../../lib/linux/errno.js';
import { Machine } from '../../../../lib/linux/machine.js';
import type { DumpEntry } from '../../../../lib/linux/net/core/rtnetlink.js';
import { EOPNOTSUPP } from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR } from '../../../../lib/uapi/linux/netlink.js';
import { RTM_GETADDR, RTM_GETMULTICAST, RTM_NEWADDR } from '../../../../lib/uapi/linux/rtnetlink.js';
import { Client } from '../../client.js';

const [AF_UNSPEC, AF_INET, AF_BRIDGE, AF_PHONET] = [0, 2, 7, 35];
const RTM_GETNETCONF = 82;

describe('net/core/rtnetlink dispatch', () => {
  const gaps: string[] = [];
  let machine: Machine;
  let client: Client;
  beforeEach(() => {
    gaps.length = 0;
    machine = new Machine({ onGap: (what) => gaps.push(what) });
    client = new Client(machine);
  });

  it('refuses a type without a handler and reports it once', () => {
    for (let i = 0; i < 2; i++) expect(client.errnoOf(RTM_NEWADDR, 0, Uint8Array.of(AF_PHONET))).to.equal(EOPNOTSUPP);
    expect(gaps).to.deep.equal(['RTM_NEWADDR of address family 35']);
  });

  it('does not report what no kernel answers', () => {
    for (const family of [AF_UNSPEC, AF_BRIDGE]) {
      expect(client.errnoOf(RTM_NEWADDR, 0, Uint8Array.of(family))).to.equal(EOPNOTSUPP);
      expect(client.errnoOf(RTM_GETMULTICAST, NLM_F_DUMP, Uint8Array.of(family))).to.equal(EOPNOTSUPP);
    }
    expect(client.errnoOf(RTM_GETMULTICAST, 0, Uint8Array.of(AF_INET))).to.equal(EOPNOTSUPP);
    expect(gaps).to.deep.equal([]);
  });

  it('refuses a dump without a handler with an error, not with an empty dump', () => {
    const replies = client.request(RTM_GETNETCONF, NLM_F_DUMP, Uint8Array.of(AF_INET));
    expect(replies.map((reply) => reply.view.getUint16(4, true))).to.deep.equal([NLMSG_ERROR]);
    expect(gaps).to.deep.equal(['RTM_GETNETCONF of address family 2']);
  });

  it('reports what a dump turns out not to know', () => {
    const dumpit = function* (): Iterable<DumpEntry> {
      yield* [];
      throw new ModelGap('what lies further on');
    };
    machine.net.rtnl.register(AF_BRIDGE, RTM_GETADDR, { dumpit });
    const replies = client.request(RTM_GETADDR, NLM_F_DUMP, Uint8Array.of(AF_BRIDGE));
    expect(replies.map((reply) => reply.view.getUint16(4, true))).to.deep.equal([NLMSG_DONE]);
    expect(replies[0]!.view.getInt32(16, true)).to.equal(-EOPNOTSUPP);
    expect(gaps).to.deep.equal(['what lies further on']);
  });
});
