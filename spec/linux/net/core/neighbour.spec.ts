// Neighbours that users enter, and what changes of a device do to them.
import { expect } from 'chai';
import type { Bytes } from '../../../../lib/codec/bytes.js';
import { configs } from '../../../../lib/linux/config.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { EINVAL, EOPNOTSUPP } from '../../../../lib/uapi/asm-generic/errno.js';
import { IFLA } from '../../../../lib/uapi/linux/if_link.js';
import { IFF_NOARP, IFF_UP } from '../../../../lib/uapi/linux/if.js';
import {
  ndmsg,
  NTF_USE,
  NUD_PERMANENT,
  NUD_PROBE,
  NUD_REACHABLE,
  NUD_STALE,
} from '../../../../lib/uapi/linux/neighbour.js';
import { NLM_F_DUMP } from '../../../../lib/uapi/linux/netlink.js';
import { RTM_GETNEIGH, RTM_NEWNEIGH } from '../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../../../lib/uapi/linux/socket.js';
import { bodyOf } from '../ipv4/addresses.js';
import { CREATE, Links, newVeth } from './links.js';

const address = Uint8Array.of(2, 0, 0, 0, 0, 9);

describe('net/core/neighbour', () => {
  let machine: Machine;
  let links: Links;

  beforeEach(() => {
    machine = new Machine({ config: { ...configs['full']!, disableIpv6: false } });
    links = new Links(machine);
    links.add(newVeth('v0', 'v1'));
    links.up(3);
    for (const [family, length] of [[AF_INET, 4], [AF_INET6, 16]] as const) {
      const header = ndmsg.bytes({ ndm_family: family, ndm_ifindex: 3, ndm_state: NUD_PERMANENT });
      const body = bodyOf(header, [1, new Uint8Array(length).fill(32)], [2, address]);
      expect(links.client.errnoOf(RTM_NEWNEIGH, CREATE, body)).to.equal(0);
    }
  }); // prettier-ignore

  /** Address families of the neighbours there are. */
  const families = (): number[] =>
    links.client.request(RTM_GETNEIGH, NLM_F_DUMP, ndmsg.bytes({})).flatMap((datagram: Bytes) => {
      const found: number[] = [];
      for (let at = 0; at < datagram.length; at += (datagram.view.getUint32(at, true) + 3) & ~3)
        if (datagram.view.getUint16(at + 4, true) === RTM_NEWNEIGH) found.push(datagram.u8[at + 16]!);
      return found;
    });

  it('keeps them while other things change', () => {
    links.change({ ifi_index: 3 }, (w) => {
      w.put(IFLA.MTU, 1400);
    });
    expect(families()).to.deep.equal([AF_INET, AF_INET6]);
  });

  it('drops them when the device gets another address', () => {
    const change = links.change({ ifi_index: 3 }, (w) => {
      w.put(IFLA.ADDRESS, Uint8Array.of(2, 0, 0, 0, 0, 88));
    });
    expect(change).to.equal(0);
    expect(families()).to.deep.equal([]);
  });

  it('drops them when the device stops or starts to resolve', () => {
    const change = links.change({ ifi_index: 3, ifi_flags: IFF_UP | IFF_NOARP, ifi_change: IFF_NOARP });
    expect(change).to.equal(0);
    expect(families()).to.deep.equal([]);
  });

  it('drops them when the device goes down', () => {
    expect(links.change({ ifi_index: 3, ifi_flags: 0, ifi_change: IFF_UP })).to.equal(0);
    expect(families()).to.deep.equal([]);
  });

  const neighbour = (
    ndm_state: number,
    last: number,
    more: Partial<Parameters<typeof ndmsg.bytes>[0]> = {},
  ): number => {
    const header = ndmsg.bytes({ ndm_family: AF_INET, ndm_ifindex: 3, ndm_state, ...more });
    return links.client.errnoOf(RTM_NEWNEIGH, CREATE, bodyOf(header, [1, [10, 0, 0, last]], [2, address]));
  };

  /** NUD_* of the IPv4 neighbours there are. */
  const states = (): number[] =>
    links.client.request(RTM_GETNEIGH, NLM_F_DUMP, ndmsg.bytes({ ndm_family: AF_INET })).flatMap((datagram: Bytes) => {
      const found: number[] = [];
      for (let at = 0; at < datagram.length; at += (datagram.view.getUint32(at, true) + 3) & ~3)
        if (datagram.view.getUint16(at + 4, true) === RTM_NEWNEIGH) found.push(datagram.view.getUint16(at + 24, true));
      return found;
    });

  it('lets one that was reachable get stale, and the others be', () => {
    links.up(2);
    machine.advance(2e9);
    expect(neighbour(NUD_REACHABLE, 1)).to.equal(0);
    expect(neighbour(NUD_STALE, 2)).to.equal(0);
    machine.advance(14e9);
    expect(states()).to.deep.equal([NUD_PERMANENT, NUD_REACHABLE, NUD_STALE]);
    machine.advance(32e9);
    expect(states()).to.deep.equal([NUD_PERMANENT, NUD_STALE, NUD_STALE]);
    expect(machine.work.pending).to.deep.equal([]);
  });

  it('stops waiting for one that is gone', () => {
    expect(neighbour(NUD_REACHABLE, 1)).to.equal(0);
    links.delete(3);
    machine.advance(60e9);
    expect(states()).to.deep.equal([]);
  });

  it('keeps the permanent ones alone when the carrier is lost', () => {
    links.up(2);
    machine.advance(2e9);
    expect(neighbour(NUD_STALE, 2)).to.equal(0);
    links.up(2, false);
    machine.advance(2e9);
    expect(states()).to.deep.equal([NUD_PERMANENT]);
  });

  it('refuses those of IPv6 where there is none', () => {
    const off = new Links(new Machine());
    off.add(newVeth('v0', 'v1'));
    const header = ndmsg.bytes({ ndm_family: AF_INET6, ndm_ifindex: 3, ndm_state: NUD_PERMANENT });
    const body = bodyOf(header, [1, new Uint8Array(16).fill(32)], [2, address]);
    expect(off.client.errnoOf(RTM_NEWNEIGH, CREATE, body)).to.equal(EINVAL);
  });

  it('says what it does not model', () => {
    expect(neighbour(NUD_PROBE, 3)).to.equal(EOPNOTSUPP);
    expect(neighbour(NUD_STALE, 3, { ndm_flags: NTF_USE })).to.equal(EOPNOTSUPP);
  });
});
