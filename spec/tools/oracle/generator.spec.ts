// The generator of requests: the same seed gives the same sessions, different seeds different ones; what it makes are
// records that can be played; deviations change one thing each.
import { expect } from 'chai';
import { fromHex, toHex } from '../../../lib/codec/bytes.js';
import { viewMessages } from '../../../lib/wire/netlink.js';
import { netlinkRecord } from '../../../tools/agree/netlink/record.js';
import { deviations, mutate } from '../../../tools/oracle/fuzz/deviations.js';
import { families } from '../../../tools/oracle/fuzz/families.js';
import { isHarmful } from '../../../tools/oracle/fuzz/harmful.js';
import type { Attribute } from '../../../tools/oracle/fuzz/message.js';
import { encode, join, nestOf, u32Bytes } from '../../../tools/oracle/fuzz/message.js';
import { Random } from '../../../tools/oracle/fuzz/random.js';
import { modes } from '../../../tools/oracle/fuzz/sequence.js';
import { kinds, session, stepsOf } from './sessions.js';

const allModes = Object.keys(modes) as (keyof typeof modes)[];
const scene = { kinds, classful: true };

describe('fuzz: the generator', () => {
  it('gives the same session for the same seed, and another for another', () => {
    for (const mode of allModes) {
      const one = JSON.stringify(session(1, 7, mode));
      expect(JSON.stringify(session(1, 7, mode))).to.equal(one);
      expect(JSON.stringify(session(2, 7, mode))).not.to.equal(one);
      expect(JSON.stringify(session(1, 8, mode))).not.to.equal(one);
    }
  });

  it('makes records that can be played', () => {
    for (const mode of allModes) {
      const { obstacle, steps, socket } = netlinkRecord(session(3, 1, mode));
      expect([obstacle, socket?.pid]).to.deep.equal([undefined, 4242]);
      expect(steps.length).to.be.above(20);
    }
  });

  it('makes each family with a right length, of its own types', () => {
    const r = new Random('families');
    for (const [name, make] of Object.entries(families)) {
      for (let i = 0; i < 200; i++) {
        const message = make(r, scene);
        const { messages, rest } = viewMessages(encode(message));
        expect([messages.length, rest.length], name).to.deep.equal([1, 0]);
        expect(messages[0]!.header.nlmsg_type, name).to.equal(message.type);
      }
    }
  });

  it('asks every link after a request that may change one', () => {
    const types = stepsOf(session(4, 0, 'links')).map((step) => fromHex(String(step['send']))[4]);
    const [RTM_NEWLINK, RTM_GETLINK] = [16, 18];
    expect(types.slice(0, 7)).to.deep.equal([RTM_NEWLINK, ...Array.from({ length: 6 }, () => RTM_GETLINK)]);
  });

  it('deviates from a message in every attribute, each deviation another message', () => {
    const message = families.filter(new Random('deviations'), scene);
    const found = new Set(deviations(message).map((change) => toHex(encode(change(new Random('change'))))));
    expect(message.attributes.length).to.be.above(1);
    expect(found.size).to.be.above(20 * message.attributes.length);
    for (const [i, { type }] of message.attributes.entries()) {
      const without = { ...message, attributes: message.attributes.toSpliced(i, 1) };
      expect(found, `without ${type}`).to.include(toHex(encode(without)));
    }
  });

  it('knows what must never be sent', () => {
    const parms = (index: number): Attribute => ({ type: 2, value: join([u32Bytes(index), new Uint8Array(24)]) });
    const indexed = (index: number): Attribute => ({ type: 3, value: u32Bytes(index) });
    const harmful = (type: number, ...list: Attribute[]): boolean =>
      isHarmful(encode({ type, flags: 5, head: new Uint8Array(20), attributes: [{ type: 1, value: nestOf(list) }], rest: new Uint8Array() })); // prettier-ignore
    const [RTM_NEWTFILTER, RTM_NEWACTION, RTM_DELACTION] = [44, 48, 49];
    expect(harmful(RTM_NEWTFILTER, parms(7), parms(7))).to.equal(true);
    expect(harmful(RTM_NEWTFILTER, parms(0), parms(1))).to.equal(true);
    expect(harmful(RTM_NEWTFILTER, parms(0), parms(0))).to.equal(false);
    expect(harmful(RTM_NEWTFILTER, parms(7))).to.equal(false);
    expect(harmful(RTM_NEWACTION, parms(7), parms(7))).to.equal(false);
    expect(harmful(RTM_DELACTION, indexed(2), indexed(2), indexed(2))).to.equal(true);
    expect(harmful(RTM_DELACTION, indexed(2), indexed(2), indexed(3))).to.equal(false);
  });

  it('keeps the length right in a mutated message', () => {
    const r = new Random('mutation');
    for (let i = 0; i < 500; i++) {
      const u8 = mutate(r, encode(families.qdisc(r, scene)));
      expect(new DataView(u8.buffer, u8.byteOffset).getUint32(0, true)).to.equal(u8.length);
    }
  });
});
