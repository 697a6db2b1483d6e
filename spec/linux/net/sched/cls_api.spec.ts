// RTM_*TFILTER and RTM_*CHAIN: what is refused and how, events and their order, dumps that are interrupted by changes.
// Requests for filters and chains: priorities, refusals in their order, notifications, dumps.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_DUMP, NLM_F_ECHO, NLM_F_REQUEST } from '../../../../lib/uapi/linux/netlink.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { toHex } from '../../../../lib/codec/bytes.js';
import { Client, message } from '../../client.js';
import {
  ADD,
  attr,
  Bed,
  bpf,
  CLSACT,
  CREATE,
  EGRESS,
  type Fields,
  INGRESS,
  kind,
  messagesOf,
  PROTO_ALL,
  tell,
} from './bed.js';

const CHAIN = R.TCA.CHAIN.type;
const at: Fields = { parent: INGRESS, prio: 1, protocol: PROTO_ALL };
const inChain = (index: number): Uint8Array => attr(CHAIN, index);
const chainGone = ['NEWCHAIN ffff:0 chain 0', 'DELCHAIN ffff:0 chain 0'];

describe('net/sched/cls_api', () => {
  let bed: Bed;
  const add = (fields: Fields, ...more: Uint8Array[]) => bed.tc(R.RTM_NEWTFILTER, ADD, { ...at, ...fields }, ...more);
  const del = (fields: Fields, ...more: Uint8Array[]) =>
    bed.tc(R.RTM_DELTFILTER, 0, { parent: INGRESS, ...fields }, ...more);
  beforeEach(() => {
    bed = new Bed();
    expect(bed.qdisc('clsact').errno).to.equal(0);
  });

  describe('RTM_NEWTFILTER', () => {
    it('announces the first chain, then the filter', () => {
      expect(bed.filter().events).to.deep.equal([
        'NEWCHAIN ffff:0 chain 0',
        'NEWTFILTER ffff:fff2 chain 0 prio 1 handle 1',
      ]);
      expect(bed.filter().events).to.deep.equal(['NEWTFILTER ffff:fff2 chain 0 prio 1 handle 2']);
      expect(bed.filter({}, ADD | NLM_F_ECHO).replies).to.deep.equal(['NEWTFILTER ffff:fff2 chain 0 prio 1 handle 3']);
    });

    it('gives priorities from 49152 down', () => {
      for (const prio of [49152, 49151, 49150])
        expect(bed.filter({ prio: 0 }).events.pop()).to.equal(`NEWTFILTER ffff:fff2 chain 0 prio ${prio} handle 1`);
      expect(bed.filter({ prio: 40000 }).errno).to.equal(0);
      expect(bed.filter({ prio: 0 }).events.pop()).to.equal('NEWTFILTER ffff:fff2 chain 0 prio 39999 handle 1');
    });

    it('runs out of automatic priorities at 32768', () => {
      bed.filter({ prio: 0x8001 });
      expect(bed.filter({ prio: 0 }).events.pop()).to.equal('NEWTFILTER ffff:fff2 chain 0 prio 32768 handle 1');
      expect(bed.filter({ prio: 0 })).to.include({
        errno: E.ENOSPC,
        text: 'Lowest ID from auto-alloc range already in use',
      });
      const old = new Bed({ version: 'v6.1' });
      old.qdisc('clsact');
      old.filter({ prio: 0x8000 });
      expect(old.filter({ prio: 0 }).errno).to.equal(E.EINVAL);
    });

    const early: readonly [string, number, string | undefined, Fields, Uint8Array[]][] = [
      ['a missing device', E.ENODEV, undefined, { ifindex: 77 }, [kind('bpf')]],
      ['a missing qdisc', E.EINVAL, "Parent Qdisc doesn't exists", { parent: 0x90000 }, [kind('bpf')]],
      ['a classless root', E.EINVAL, 'Qdisc not classful', { parent: 0 }, [kind('bpf')]],
      ['a missing class', E.ENOENT, "Specified class doesn't exist", { parent: 0xfffffff1 }, [kind('bpf')]],
      ['the qdisc itself', E.EINVAL, undefined, { parent: 0xffff0000 }, [kind('bpf')]],
      ['a long kind', E.EINVAL, 'Specified TC filter name too long', {}, [kind('a'.repeat(16))]],
      [
        'a chain out of range',
        E.EINVAL,
        'Specified chain index exceeds upper limit',
        {},
        [kind('bpf'), inChain(0x10000000)],
      ],
      ['a missing block', E.EINVAL, 'Block of given index was not found', { ifindex: -1, parent: 4 }, [kind('bpf')]],
    ];
    const late: typeof early = [
      ['no kind', E.EINVAL, 'Filter kind and protocol must be specified', {}, []],
      ['no protocol', E.EINVAL, 'Filter kind and protocol must be specified', { protocol: 0 }, [kind('bpf')]],
      ['an unknown kind', E.ENOENT, 'TC classifier not found', {}, [kind('nosuch')]],
      ['no options', E.EINVAL, undefined, {}, [kind('bpf')]],
    ];
    for (const [list, events] of [
      [early, []],
      [late, chainGone],
    ] as const)
      for (const [title, errno, text, fields, attributes] of list)
        it(`refuses ${title}${events.length > 0 ? ', a chain coming and going' : ''}`, () => {
          const before = bed.objects();
          const answer = add(fields, ...attributes);
          expect(answer).to.deep.include({ errno, text, events });
          expect(bed.objects()).to.deep.equal(before);
        });

    it('knows a priority by one kind and one protocol', () => {
      bed.filter({ handle: 1 });
      expect(add({ protocol: 8 }, kind('bpf')).text).to.equal('Protocol mismatch for filter with specified priority');
      expect(add({}, kind('other')).text).to.equal('Specified filter kind does not match existing one');
      expect(add({ handle: 1 }, kind('bpf')).text).to.equal('Filter already exists');
      expect(bed.tc(R.RTM_NEWTFILTER, 0, { ...at, handle: 9 }).errno).to.equal(E.ENOENT);
      expect(add({ protocol: 0 }, bpf()).errno, 'kind and protocol may be left out').to.equal(0);
    });
  });

  describe('RTM_DELTFILTER', () => {
    it('tells of the filter, then of the chain that went with it', () => {
      bed.filter({ handle: 1 });
      bed.filter({ handle: 2 });
      expect(del({ prio: 1, handle: 2 }).events).to.deep.equal(['DELTFILTER ffff:fff2 chain 0 prio 1 handle 2']);
      expect(del({ prio: 1, handle: 1 }).events).to.deep.equal([
        'DELTFILTER ffff:fff2 chain 0 prio 1 handle 1',
        'DELCHAIN ffff:0 chain 0',
      ]);
    });

    it('removes a priority, or all of a chain, in header form', () => {
      for (const prio of [1, 2, 3]) bed.filter({ prio });
      expect(del({ prio: 2 }).events).to.deep.equal(['DELTFILTER ffff:fff2 chain 0 prio 2 handle 0']);
      expect(del({}).events).to.deep.equal([
        'DELTFILTER ffff:fff2 chain 0 prio 1 handle 0',
        'DELTFILTER ffff:fff2 chain 0 prio 3 handle 0',
        'DELCHAIN ffff:0 chain 0',
      ]);
      expect(del({}).errno, 'nothing left to flush').to.equal(0);
    });

    it('refuses what is not there', () => {
      expect(del({ prio: 1 }).text).to.equal('Cannot find specified filter chain');
      bed.filter({ handle: 1 });
      expect(del({ prio: 2 }).text).to.equal('Filter with specified priority/protocol not found');
      expect(del({ prio: 1, handle: 2 }).text).to.equal('Specified filter handle not found');
      expect(del({ prio: 1, protocol: 8 }).errno).to.equal(E.EINVAL);
      expect(del({ prio: 1 }, kind('x')).errno).to.equal(E.EINVAL);
      expect(del({ handle: 1 }).text).to.equal('Cannot flush filters with protocol, handle or kind set');
    });
  });

  it('refuses to get without a chain, a priority, a filter', () => {
    const get = (fields: Fields) => bed.tc(R.RTM_GETTFILTER, 0, { parent: INGRESS, ...fields });
    expect(get({ prio: 1 })).to.include({ errno: E.EINVAL, text: 'Cannot find specified filter chain' });
    bed.filter({ handle: 1 });
    expect(get({}).text).to.equal('Invalid filter command with priority of zero');
    expect(get({ prio: 1 }).text).to.equal('Specified filter handle not found');
    expect(get({ prio: 7, handle: 1 }).text).to.equal('Filter with specified priority/protocol not found');
  });

  describe('chains', () => {
    it('stay when they were made explicitly', () => {
      const chain5 = ['NEWCHAIN ffff:0 chain 5'];
      expect(bed.tc(R.RTM_NEWCHAIN, ADD, at, inChain(5)).events).to.deep.equal(chain5);
      expect(bed.tc(R.RTM_NEWCHAIN, CREATE, at, inChain(5)).text).to.equal('Filter chain already exists');
      expect(bed.filter({}, ADD, inChain(5)).events).to.deep.equal(['NEWTFILTER ffff:fff2 chain 5 prio 1 handle 1']);
      expect(del({}, inChain(5)).events).to.deep.equal(['DELTFILTER ffff:fff2 chain 5 prio 1 handle 0']);
      expect(bed.dump(R.RTM_GETCHAIN, at)).to.deep.equal([...chain5, 'DONE 0']);
      expect(bed.tc(R.RTM_GETCHAIN, 0, at, inChain(5)).replies).to.deep.equal(['GETCHAIN ffff:0 chain 5']);
      expect(bed.tc(R.RTM_DELCHAIN, 0, at, inChain(5)).events).to.deep.equal(['DELCHAIN ffff:0 chain 5']);
      expect(bed.tc(R.RTM_DELCHAIN, 0, at, inChain(5)).text).to.equal('Cannot find specified filter chain');
    });

    it('take their filters along', () => {
      bed.filter({}, ADD, inChain(5));
      bed.filter({ prio: 2 }, ADD, inChain(5));
      expect(bed.tc(R.RTM_DELCHAIN, 0, at, inChain(5)).events).to.deep.equal([
        'DELTFILTER ffff:fff2 chain 5 prio 1 handle 0',
        'DELTFILTER ffff:fff2 chain 5 prio 2 handle 0',
        'DELCHAIN ffff:0 chain 5',
      ]);
    });

    it('have no templates here', () => {
      const before = bed.objects();
      expect(bed.tc(R.RTM_NEWCHAIN, ADD, at, kind('bpf'))).to.deep.include({
        errno: E.EOPNOTSUPP,
        text: 'Chain templates are not supported with specified classifier',
        events: ['DELCHAIN ffff:0 chain 0'],
      });
      expect(bed.tc(R.RTM_NEWCHAIN, 0, at).errno).to.equal(E.ENOENT);
      expect(bed.objects()).to.deep.equal(before);
    });
  });

  describe('dumps', () => {
    it('show chains in order of creation, priorities ascending', () => {
      bed.filter({ prio: 7 }, ADD, inChain(5));
      bed.filter({ prio: 3 });
      bed.filter({ prio: 1 });
      const lines = bed.filters().filter((line) => line.endsWith('handle 1'));
      expect(lines.map((line) => line.replace(/^NEWTFILTER ffff:fff2 | handle 1$/g, ''))).to.deep.equal([
        'chain 5 prio 7',
        'chain 0 prio 1',
        'chain 0 prio 3',
      ]);
    });

    it('select by priority, protocol and chain, and end empty when there is nothing to show', () => {
      bed.filter({ prio: 1 });
      bed.filter({ prio: 2, protocol: 8 }, ADD, inChain(5));
      expect(bed.dump(R.RTM_GETTFILTER, { parent: INGRESS, prio: 2 })).to.have.length(3);
      expect(bed.dump(R.RTM_GETTFILTER, { parent: INGRESS, protocol: 8 })).to.have.length(3);
      expect(bed.dump(R.RTM_GETTFILTER, { parent: INGRESS, prio: 1, protocol: 8 })).to.deep.equal(['DONE 0']);
      expect(bed.dump(R.RTM_GETTFILTER, { parent: INGRESS }, inChain(5))).to.have.length(3);
      for (const fields of [{ ifindex: 99 }, { parent: 0x90000 }, {}, { parent: EGRESS }, { parent: 0xfffffff5 }])
        expect(bed.dump(R.RTM_GETTFILTER, fields)).to.deep.equal(['DONE 0']);
    });

    it('fail terse dumps of bpf filters for lack of room', () => {
      bed.filter();
      const terse = attr(R.TCA.DUMP_FLAGS.type, Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0));
      expect(bed.dump(R.RTM_GETTFILTER, { parent: INGRESS }, terse)).to.deep.equal([
        'NEWTFILTER ffff:fff2 chain 0 prio 1 handle 0',
        `DONE ${-E.EMSGSIZE}`,
      ]);
    });

    it('go on by position when filters come and go in between', () => {
      const reader = new Client(bed.machine, { tgid: 300 });
      for (let i = 0; i < 200; i++) bed.filter();
      const first = firstChunk(bed, reader);
      expect(bed.filter().errno, 'one more at the head').to.equal(0);
      const handles = handlesOf([...first, ...rest(reader)]).slice(1, -1);
      expect(handles).to.have.length(201);
      expect(new Set(handles).size, 'moves the others by one: one is shown twice').to.equal(200);
      expect(handles).to.not.include((201).toString(16));
    });

    it('skip a priority when one that was shown is deleted in between', () => {
      const reader = new Client(bed.machine, { tgid: 300 });
      for (let prio = 1; prio < 200; prio++) bed.filter({ prio });
      const first = firstChunk(bed, reader);
      expect(del({ prio: 1 }).errno).to.equal(0);
      expect(first.length + rest(reader).length, 'a header and a filter are missing').to.equal(2 * 199 + 1 - 2);
    });

    it('end when the qdisc goes in between', () => {
      const reader = new Client(bed.machine, { tgid: 300 });
      for (let i = 0; i < 200; i++) bed.filter();
      const shown = firstChunk(bed, reader).length;
      expect(bed.tc(R.RTM_DELQDISC, 0, { parent: CLSACT }).errno).to.equal(0);
      const last = rest(reader);
      expect(shown + last.length).to.be.lessThan(150);
      expect(last.at(-1)).to.equal('DONE 0');
    });
  });
});

/** Starts a dump of v0's ingress and takes its first chunk; the second waits then, the others are not made yet. */
function firstChunk(bed: Bed, reader: Client): string[] {
  const data = message(R.RTM_GETTFILTER, NLM_F_DUMP | NLM_F_REQUEST, bed.body({ parent: INGRESS }, []));
  expect(reader.send(data)).to.equal(data.length);
  return messagesOf([toHex(reader.receive(4096).data)]).map(tell);
}

const rest = (reader: Client): string[] => messagesOf(reader.drain(4096)).map(tell);
const handlesOf = (lines: readonly string[]): string[] => lines.map((line) => line.split(' ').pop()!);
