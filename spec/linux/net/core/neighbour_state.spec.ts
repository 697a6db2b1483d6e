// Packets to neighbours, which programs send by bpf_redirect_neigh(): those whose link address is known go, others wait as
// long as Linux 6.18 asks for it (measured with silent questions: six of them, a second apart, three of which are skipped).
import { expect } from 'chai';
import { fromHex, toHex } from '../../../../lib/codec/bytes.js';
import type { Machine } from '../../../../lib/linux/machine.js';
import { create, lookup, type Neighbour } from '../../../../lib/linux/net/core/neighbour.js';
import { neighOutput, update } from '../../../../lib/linux/net/core/neighbour_state.js';
import { devGetByName } from '../../../../lib/linux/net/core/dev/table.js';
import type { NetDevice } from '../../../../lib/linux/net/core/net_device.js';
import type { SkBuff } from '../../../../lib/linux/net/core/skbuff/sk_buff.js';
import * as N from '../../../../lib/uapi/linux/neighbour.js';
import { ifinfomsg, RTM_NEWADDR, RTM_NEWLINK } from '../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../../../lib/uapi/linux/socket.js';
import { ADD, Bed, V0 } from '../sched/bed.js';

const SECOND = 1e9;
const PAYLOAD = 40;
const HOP = Uint8Array.of(10, 0, 0, 2);
const LLADDR = fromHex('02aaaaaaaaaa');

describe('net/core/neighbour: packets', () => {
  let bed: Bed;
  let machine: Machine;
  let dev: NetDevice;
  let sent: string[];

  /** A packet that starts at its network header. */
  const packet = (): SkBuff => {
    const skb = machine.softnet.skbs.alloc(64 + PAYLOAD)!;
    skb.reserve(64);
    skb.put(PAYLOAD);
    skb.protocol = 0x0800;
    skb.resetNetworkHeader();
    skb.dev = dev;
    return skb;
  };
  const send = (one: Neighbour): number => neighOutput(one, packet());
  const neighbour = (): Neighbour => create(dev, AF_INET, HOP, 0);
  const known = (state: number, lladdr?: Uint8Array) => ({ state, lladdr, flags: 0, override: true });

  beforeEach(() => {
    bed = new Bed();
    ({ machine } = bed);
    for (const ifi_index of [V0, 2])
      expect(bed.client.errnoOf(RTM_NEWLINK, 0, ifinfomsg.bytes({ ifi_index, ifi_flags: 1, ifi_change: 1 }))).to.equal(
        0,
      );
    const address = [2, 24, 0, 0, V0, 0, 0, 0, 8, 0, 2, 0, 10, 0, 0, 9];
    expect(bed.client.errnoOf(RTM_NEWADDR, ADD, Uint8Array.from(address))).to.equal(0);
    bed.settle();
    dev = devGetByName(machine.net, 'v0')!;
    sent = [];
    machine.softnet.trace = (step) => {
      if (step.type === 'transmit') {
        const { skb } = step;
        sent.push(toHex(skb.memory.u8.slice(skb.data, skb.data + 14)));
      } else if (step.type === 'drop') sent.push(step.reason);
    };
  });
  afterEach(() => {
    machine.softnet.trace = undefined;
    machine.softnet.backlog.run();
    expect(machine.softnet.skbs.inUse).to.equal(0);
  });

  const header = (to: string): string => `${to}${toHex(dev.address)}0800`;

  it('go at once where the link address is known', () => {
    const one = neighbour();
    update(one, known(N.NUD_PERMANENT, LLADDR), 0);
    expect(send(one)).to.equal(0);
    expect(sent).to.deep.equal([header('02aaaaaaaaaa')]);
  });

  it('go to groups without asking', () => {
    expect(send(create(dev, AF_INET, Uint8Array.of(239, 200, 3, 4), 0))).to.equal(0);
    expect(send(create(dev, AF_INET6, fromHex('ff020000000000000000000112345678'), 0))).to.equal(0);
    expect(sent).to.deep.equal([header('01005e480304'), header('333312345678')]);
  });

  it('wait until somebody gives the link address, and then go in their order', () => {
    const one = neighbour();
    expect([send(one), send(one)]).to.deep.equal([0, 0]);
    expect([one.state, one.waiting.length, sent.length]).to.deep.equal([N.NUD_INCOMPLETE, 2, 0]);
    machine.advance(2 * SECOND);
    update(one, known(N.NUD_REACHABLE, LLADDR), 0);
    expect(sent).to.deep.equal([header('02aaaaaaaaaa'), header('02aaaaaaaaaa')]);
    expect(one.waiting.length).to.equal(0);
  });

  it('wait three seconds in vain, and so does the next', () => {
    const one = neighbour();
    send(one);
    machine.advance(3 * SECOND - 1);
    expect([one.state, one.probes, sent]).to.deep.equal([N.NUD_INCOMPLETE, 6, []]);
    machine.advance(1);
    expect([one.state, sent]).to.deep.equal([N.NUD_FAILED, ['NEIGH_FAILED']]);
    send(one);
    expect([one.state, one.probes]).to.deep.equal([N.NUD_INCOMPLETE, 4]);
    update(one, known(N.NUD_FAILED), 0);
    expect(sent).to.deep.equal(['NEIGH_FAILED', 'NEIGH_FAILED']);
  });

  it('push the oldest out when they are too many', () => {
    const one = neighbour();
    let count = 0;
    while (sent.length === 0) {
      send(one);
      count++;
    }
    expect(sent).to.deep.equal(['NEIGH_QUEUEFULL']);
    expect(one.waiting.length).to.equal(count - 1);
    expect(one.waitingBytes).to.be.at.most(212_992);
    machine.advance(4 * SECOND);
  });

  it('go to a stale neighbour, which is asked after five seconds and fails after three more', () => {
    const one = neighbour();
    update(one, known(N.NUD_STALE, LLADDR), 0);
    send(one);
    expect([one.state, sent]).to.deep.equal([N.NUD_DELAY, [header('02aaaaaaaaaa')]]);
    machine.advance(5 * SECOND);
    expect([one.state, one.probes]).to.deep.equal([N.NUD_PROBE, 1]);
    send(one);
    expect(sent.length).to.equal(2);
    machine.advance(3 * SECOND - 1);
    expect([one.state, one.probes]).to.deep.equal([N.NUD_PROBE, 3]);
    machine.advance(1);
    expect(one.state).to.equal(N.NUD_FAILED);
  });

  it('are gone with their neighbour', () => {
    const one = neighbour();
    send(one);
    bed.removeLinks();
    expect(lookup(machine.net, dev, AF_INET, HOP, false)).to.equal(undefined);
    expect(one.waiting.length).to.equal(0);
  });
});
