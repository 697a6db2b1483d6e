// Packets: made, shared, copied, moved into larger buffers, given back; nothing is left and nothing is allocated once warm.
import { expect } from 'chai';
import { Machine } from '../../../../../lib/linux/machine.js';
import { devGetByIndex } from '../../../../../lib/linux/net/core/dev/table.js';
import { csumFold, csumPartial, skbChecksum } from '../../../../../lib/linux/net/core/skbuff/checksum.js';
import { pskbExpandHead, skbCow, skbEnsureWritable } from '../../../../../lib/linux/net/core/skbuff/head.js';
import { NET_DEVICE_IFINDEX, SKB_DEV } from '../../../../../lib/linux/net/core/skbuff/layout.js';
import type { SkBuff } from '../../../../../lib/linux/net/core/skbuff/sk_buff.js';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);

function packet(machine: Machine, bytes = BYTES): SkBuff {
  const skb = machine.softnet.skbs.alloc(64 + bytes.length)!;
  skb.reserve(64);
  machine.memory.u8.set(bytes, skb.put(bytes.length));
  return skb;
}

describe('net/core/skbuff', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });

  it('is empty at first, with headroom where it was reserved', () => {
    const skb = packet(machine, new Uint8Array(0));
    expect([skb.len, skb.headroom, skb.dataref, skb.cloned]).deep.equal([0, 64, 1, false]);
    expect([skb.macHeaderWasSet, skb.transportHeaderWasSet]).deep.equal([false, false]);
    skb.pool.free(skb);
  });

  it('grows and shrinks at both ends', () => {
    const skb = packet(machine);
    skb.pull(10);
    skb.push(4);
    skb.trim(50);
    skb.put(2);
    expect([skb.len, skb.headroom]).deep.equal([52, 70]);
    expect(skb.bytes().subarray(0, 3)).deep.equal(Uint8Array.of(6, 7, 8));
    expect(() => skb.push(71)).throws('skb_under_panic');
    expect(() => {
      skb.pull(53);
    }).throws('beyond');
    skb.pool.free(skb);
  });

  it('shares bytes with a clone until one of them writes', () => {
    const skb = packet(machine);
    const clone = skb.pool.clone(skb)!;
    expect([skb.shared, clone.shared, skb.dataref, clone.data]).deep.equal([true, true, 2, skb.data]);
    expect(skbEnsureWritable(clone, 10)).equal(0);
    machine.memory.u8[clone.data] = 0xff;
    expect([skb.shared, clone.shared, skb.dataref]).deep.equal([false, false, 1]);
    expect(skb.bytes()).deep.equal(BYTES);
    skb.pool.free(skb);
    skb.pool.free(clone);
    expect(machine.softnet.skbs.inUse).equal(0);
  });

  it('keeps a copy apart', () => {
    const skb = packet(machine);
    skb.mark = 7;
    skb.dev = devGetByIndex(machine.net, 1);
    const copy = skb.pool.copy(skb)!;
    machine.memory.u8[copy.data] = 0xff;
    expect([copy.mark, copy.dev, copy.headroom]).deep.equal([7, skb.dev, skb.headroom]);
    expect(skb.bytes()).deep.equal(BYTES);
    skb.pool.free(skb);
    skb.pool.free(copy);
  });

  it('moves with its headers into a larger buffer', () => {
    const skb = packet(machine);
    skb.resetMacHeader();
    skb.pull(14);
    skb.resetNetworkHeader();
    const before = skb.bytes();
    expect(pskbExpandHead(skb, 5000, 3000)).equal(0);
    expect(skb.bytes()).deep.equal(before);
    expect([skb.networkOffset, skb.headroom - skb.macHeader, skb.headroom]).deep.equal([0, 14, 64 + 14 + 5000]);
    expect(skb.tailroom).least(3000);
    expect(skbCow(skb, 6000)).equal(0);
    expect(skb.headroom).least(6000);
    skb.pool.free(skb);
  });

  it('refuses to write behind its end', () => {
    const skb = packet(machine);
    expect(skbEnsureWritable(skb, 100)).equal(0);
    expect(skbEnsureWritable(skb, 101)).equal(-12);
    skb.pool.free(skb);
  });

  it('shows its device in the memory of programs', () => {
    const skb = packet(machine);
    skb.dev = devGetByIndex(machine.net, 1)!;
    const { view } = machine.memory;
    const address = view.getUint32(skb.address + SKB_DEV, true);
    expect(view.getUint32(address + NET_DEVICE_IFINDEX, true)).equal(1);
    skb.dev = undefined;
    expect(view.getUint32(skb.address + SKB_DEV, true)).equal(0);
    skb.pool.free(skb);
  });

  it('asserts when it is freed twice', () => {
    const skb = packet(machine);
    skb.pool.free(skb);
    expect(() => {
      skb.pool.free(skb);
    }).throws('freed twice');
  });

  it('takes no memory once it is warm', () => {
    const round = (): void => {
      const skb = packet(machine);
      const clone = skb.pool.clone(skb)!;
      pskbExpandHead(clone, 100, 4000);
      skb.pool.free(skb);
      skb.pool.free(clone);
    };
    round();
    const { used } = machine.memory;
    for (let i = 0; i < 1000; i++) round();
    expect(machine.memory.used).equal(used);
  });

  it('forgets what a packet was', () => {
    const first = packet(machine);
    first.mark = 5;
    first.setHash(9, true, true);
    first.gsoSize = 100;
    first.dst = undefined;
    first.pool.free(first);
    const second = packet(machine);
    expect(second).equal(first);
    expect([second.mark, second.hash, second.hasHash, second.gsoSize, second.len]).deep.equal([0, 0, false, 0, 100]);
    second.pool.free(second);
  });

  it('sums bytes from any address, of any length', () => {
    const { memory } = machine;
    const at = memory.alloc(64);
    for (let i = 0; i < 64; i++) memory.u8[at + i] = (i * 37 + 11) & 0xff;
    const expected = (from: number, length: number): number => {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += memory.u8[from + i]! << (i & 1 ? 8 : 0);
      while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
      return ~sum & 0xffff;
    };
    for (let from = 0; from < 8; from++)
      for (let length = 0; length < 40; length++)
        expect(csumFold(csumPartial(memory, at + from, length, 0)), `${length} at ${from}`).equal(
          expected(at + from, length),
        );
    memory.free(at);
  });

  it('sums a part of a packet', () => {
    const skb = packet(machine);
    expect(csumFold(skbChecksum(skb, 2, 4, 0))).equal(~(0x0302 + 0x0504) & 0xffff);
    skb.pool.free(skb);
  });
});
