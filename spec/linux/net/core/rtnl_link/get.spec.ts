// Dumps of links while links come and go, and what kernels differ in. Bytes are checked by the recordings.
import { expect } from 'chai';
import { Bytes } from '../../../../../lib/codec/bytes.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import { IFLA } from '../../../../../lib/uapi/linux/if_link.js';
import * as N from '../../../../../lib/uapi/linux/netlink.js';
import { RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { Client, message } from '../../../client.js';
import { CREATE, linkBody, linkMessage, Links, newLink, newVeth, putKind } from '../links.js';

/** The messages of one datagram. */
function split(data: Uint8Array): Bytes[] {
  const all = new Bytes(data);
  const messages: Bytes[] = [];
  for (let at = 0; at < all.length; at += N.nlmsgAlign(all.view.getUint32(at, true)))
    messages.push(all.slice(at, at + all.view.getUint32(at, true)));
  return messages;
}

const names = (messages: readonly Bytes[]): (string | undefined)[] =>
  messages.filter((msg) => msg.view.getUint16(4, true) === RTM_NEWLINK).map((msg) => linkMessage(msg).tb.IFNAME);

describe('net/core/rtnetlink RTM_GETLINK', () => {
  let links: Links;
  /** Never offers more than the least buffer, so that its dumps come in chunks of two links. */
  let reader: Client;

  beforeEach(() => {
    links = new Links(new Machine());
    for (const name of ['a', 'b', 'c', 'd', 'e']) links.add(newLink(name, 'ifb'));
    reader = new Client(links.machine, { tgid: 300 });
  });

  /** Starts a dump and reads its first chunk, which holds two links. */
  function start(): Bytes[] {
    reader.send(message(RTM_GETLINK, N.NLM_F_REQUEST | N.NLM_F_DUMP, linkBody()));
    return split(reader.receive(3776).data.slice());
  }

  function rest(): Bytes[] {
    const messages: Bytes[] = [];
    for (const hex of reader.drain(3776)) messages.push(...split(Uint8Array.from(Buffer.from(hex, 'hex'))));
    return messages;
  }

  it('shows every link once, by index', () => {
    expect(names([...start(), ...rest()])).to.deep.equal(['lo', 'a', 'b', 'c', 'd', 'e']);
  });

  it('leaves out links that go meanwhile, and shows those that come', () => {
    expect(names(start())).to.deep.equal(['lo', 'a']);
    const other = links.client;
    const { ifindex: ifi_index } = links.device('d');
    expect(other.errnoOf(RTM_DELLINK, 0, linkBody({ ifi_index }))).to.equal(0);
    expect(other.errnoOf(RTM_NEWLINK, CREATE, newLink('f', 'ifb'))).to.equal(0);
    const messages = rest();
    expect(names(messages)).to.deep.equal(['b', 'c', 'e', 'f']);
    const flags = messages.map((msg) => msg.view.getUint16(6, true) & N.NLM_F_DUMP_INTR);
    expect(flags.some((flag) => flag !== 0)).to.equal(true);
  });

  it('walked buckets before 6.18, newest first in each', () => {
    const old = new Links(new Machine({ version: 'v6.1' }));
    for (const [name, ifi_index] of [['x', 5], ['y', 261], ['z', 4]] as const) // prettier-ignore
      old.add(linkBody({ ifi_index }, (w) => { w.put(IFLA.IFNAME, name); putKind(w, 'ifb'); })); // prettier-ignore
    old.client.send(message(RTM_GETLINK, N.NLM_F_REQUEST | N.NLM_F_DUMP, linkBody()));
    const messages = old.client.drain().flatMap((hex) => split(Uint8Array.from(Buffer.from(hex, 'hex'))));
    expect(names(messages)).to.deep.equal(['lo', 'z', 'y', 'x']);
  });

  it('makes the first chunk large enough for a link with many names, if the request has a mask', () => {
    const device = links.device('a');
    for (let i = 0; i < 40; i++) device.altNames.push(`name-${i}`.padEnd(120, 'x'));
    const body = linkBody({}, (w) => {
      w.put(IFLA.EXT_MASK, 1);
    });
    links.client.send(message(RTM_GETLINK, N.NLM_F_REQUEST | N.NLM_F_DUMP, body));
    expect(names(split(links.client.receive(65536).data))).to.include('a');
  });

  it('knows no alternative names, no copies and fewer attributes in older kernels', () => {
    const shown = (version: 'v4.1' | 'v6.1' | 'v6.18'): readonly number[] => {
      const it = new Links(new Machine({ version }));
      it.add(newVeth('v0', 'v1'));
      return linkMessage(it.client.request(RTM_GETLINK, 0, linkBody({ ifi_index: 3 }))[0]!).order;
    };
    expect(shown('v4.1')).to.deep.equal([3, 13, 16, 17, 4, 27, 30, 31, 32, 5, 33, 6, 35, 14, 1, 2, 7, 23, 18, 26]);
    expect(shown('v6.1')).to.include.members([50, 51, 43, 39]).and.not.include(67);
    expect(shown('v6.18').slice(-3)).to.deep.equal([14, 62, 65]);
  });

  it('gives a copy of a new link to one who asks, since 6.18', () => {
    const copies = (version: 'v6.1' | 'v6.18'): number => {
      const it = new Links(new Machine({ version }));
      return it.client.request(RTM_NEWLINK, CREATE | N.NLM_F_ECHO, newLink('i0', 'ifb')).length;
    };
    expect([copies('v6.1'), copies('v6.18')]).to.deep.equal([0, 1]);
  });
});
