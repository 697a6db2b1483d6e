// Routing rules: which of them a lookup asks, what they refuse by themselves, and what is not modelled.
import { expect } from 'chai';
import { Machine } from '../../../../lib/linux/machine.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as F from '../../../../lib/uapi/linux/fib_rules.js';
import { rtmsg } from '../../../../lib/uapi/linux/route.js';
import { RTM_DELRULE, RTM_GETROUTE, RTM_NEWRULE, RTM_NEWROUTE } from '../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../../lib/uapi/linux/socket.js';
import { Addresses, bodyOf, ip, u32, type Attr } from '../ipv4/addresses.js';
import { CREATE } from './links.js';

const PRIORITY = 6;
const FWMARK = 10;
const TABLE = 15;

describe('net/core/fib_rules', () => {
  let net: Addresses;
  let gaps: string[];

  beforeEach(() => {
    gaps = [];
    net = new Addresses(new Machine({ onGap: (what) => gaps.push(what) }));
    net.links.up(3);
    net.links.up(2);
    net.machine.advance(2e9);
    net.add('10.0.0.1');
  });

  const rule = (type: number, header: Parameters<typeof F.fib_rule_hdr.bytes>[0], ...attrs: readonly Attr[]): number =>
    net.links.client.errnoOf(
      type,
      type === RTM_NEWRULE ? CREATE : 0,
      bodyOf(F.fib_rule_hdr.bytes({ family: AF_INET, action: F.FR_ACT_TO_TBL, ...header }), ...attrs),
    );

  /** The errno of RTM_GETROUTE for an address. */
  const route = (address: string, ...attrs: readonly Attr[]): number =>
    net.links.client.errnoOf(
      RTM_GETROUTE,
      0,
      bodyOf(rtmsg.bytes({ rtm_family: AF_INET, rtm_dst_len: 32 }), [1, ip(address)], ...attrs),
    );

  it('refuses by rule', () => {
    const actions = [
      [F.FR_ACT_BLACKHOLE, E.EINVAL],
      [F.FR_ACT_UNREACHABLE, E.ENETUNREACH],
      [F.FR_ACT_PROHIBIT, E.EACCES],
    ] as const;
    for (const [action, errno] of actions) {
      const header = { action, dst_len: 24 };
      expect(rule(RTM_NEWRULE, header, [1, ip('10.0.0.0')], [PRIORITY, u32(5)])).to.equal(0);
      expect(route('10.0.0.9')).to.equal(errno);
      expect(route('10.0.1.9')).to.equal(E.ENETUNREACH);
      expect(rule(RTM_DELRULE, { action: 0 }, [PRIORITY, u32(5)])).to.equal(0);
      expect(route('10.0.0.9')).to.equal(0);
    }
  });

  it('asks other tables for marked packets alone', () => {
    const header = rtmsg.bytes({ rtm_family: AF_INET, rtm_dst_len: 8, rtm_table: 100, rtm_scope: 253, rtm_type: 1 });
    const body = bodyOf(header, [1, ip('20.0.0.0')], [4, u32(3)]);
    expect(net.links.client.errnoOf(RTM_NEWROUTE, CREATE, body)).to.equal(0);
    expect(rule(RTM_NEWRULE, { table: 100 }, [FWMARK, u32(7)])).to.equal(0);
    expect(route('20.0.0.1')).to.equal(E.ENETUNREACH);
    expect(route('20.0.0.1', [16, u32(7)])).to.equal(0);
  });

  it('finds nothing once all rules are gone', () => {
    for (const priority of [0, 0x7ffe, 0x7fff])
      expect(rule(RTM_DELRULE, { action: 0 }, [PRIORITY, u32(priority)])).to.equal(0);
    expect(rule(RTM_DELRULE, { action: 0 })).to.equal(E.ENOENT);
    expect(route('10.0.0.1')).to.equal(E.ENETUNREACH);
    expect(rule(RTM_NEWRULE, {}, [TABLE, u32(254)])).to.equal(0);
    expect(route('10.0.0.9')).to.equal(0);
  });

  it('says what it does not model', () => {
    expect(rule(RTM_NEWRULE, { action: F.FR_ACT_GOTO }, [4, u32(40_000)])).to.equal(E.EOPNOTSUPP);
    expect(gaps).to.have.length(1);
  });
});
