// Neighbours that users enter, and what changes of a device do to them.
import { expect } from 'chai';
import type { Bytes } from '../../../../lib/codec/bytes.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { IFLA } from '../../../../lib/uapi/linux/if_link.js';
import { IFF_NOARP, IFF_UP } from '../../../../lib/uapi/linux/if.js';
import { ndmsg, NUD_PERMANENT } from '../../../../lib/uapi/linux/neighbour.js';
import { NLM_F_DUMP } from '../../../../lib/uapi/linux/netlink.js';
import { RTM_GETNEIGH, RTM_NEWNEIGH } from '../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../../../lib/uapi/linux/socket.js';
import { bodyOf } from '../ipv4/addresses.js';
import { CREATE, Links, newVeth } from './links.js';

const address = Uint8Array.of(2, 0, 0, 0, 0, 9);

describe('net/core/neighbour', () => {
  let links: Links;

  beforeEach(() => {
    links = new Links(new Machine());
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
});
