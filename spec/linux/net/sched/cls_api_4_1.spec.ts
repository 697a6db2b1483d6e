// RTM_*TFILTER as 4.1 has it: no chains, no flush, other notifications, the answer to a GET by multicast.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, bpf, type Fields, kind, ops, PROTO_ALL } from './bed.js';

const at: Fields = { parent: 0xffff0000, prio: 1, protocol: PROTO_ALL };
const options = bpf(ops(), attr(TCA_BPF.CLASSID.type, 1));

describe('net/sched/cls_api of 4.1', () => {
  let bed: Bed;
  const send = (type: number, fields: Fields, ...attributes: Uint8Array[]) =>
    bed.tc(type, type === R.RTM_NEWTFILTER ? ADD : 0, { ...at, ...fields }, ...attributes);
  const add = (fields: Fields = {}) => send(R.RTM_NEWTFILTER, fields, kind('bpf'), options);
  beforeEach(() => {
    bed = new Bed({ version: 'v4.1' });
    expect(bed.qdisc('ingress').errno).to.equal(0);
  });

  it('speaks of no chain', () => {
    expect(add().events).to.deep.equal(['NEWTFILTER ffff:0 chain - prio 1 handle 1']);
    expect(bed.filters(0xffff0000)).to.deep.equal([
      'NEWTFILTER ffff:0 chain - prio 1 handle 0',
      'NEWTFILTER ffff:0 chain - prio 1 handle 1',
      'DONE 0',
    ]);
  });

  it('shows every filter under the parent it was made for', () => {
    add();
    add({ parent: 0xffff0005, prio: 2 });
    expect(bed.filters(0xffff0000).filter((line) => line.endsWith('handle 1'))).to.deep.equal([
      'NEWTFILTER ffff:0 chain - prio 1 handle 1',
      'NEWTFILTER ffff:5 chain - prio 2 handle 1',
    ]);
  });

  it('answers a GET to the group, and to the requester by ECHO', () => {
    add();
    const shown = ['NEWTFILTER ffff:0 chain - prio 1 handle 1'];
    const get = (flags: number) => bed.tc(R.RTM_GETTFILTER, flags, { ...at, handle: 1 }, kind('bpf'));
    expect(get(0)).to.deep.include({ errno: 0, replies: [], events: shown });
    expect(get(NLM_F_ECHO)).to.deep.include({ errno: 0, replies: shown, events: shown });
  });

  it('deletes a filter, or a whole priority, but never flushes', () => {
    add();
    add();
    expect(send(R.RTM_DELTFILTER, { prio: 0 }).errno).to.equal(E.ENOENT);
    const [event] = send(R.RTM_DELTFILTER, { handle: 2 }).events;
    expect(event, 'an address instead of the handle').to.match(/^DELTFILTER ffff:0 chain - prio 1 handle [0-9a-f]{8}$/);
    expect(send(R.RTM_DELTFILTER, {}).events).to.deep.equal(['DELTFILTER ffff:0 chain - prio 1 handle 0']);
    expect(bed.filters(0xffff0000)).to.deep.equal(['DONE 0']);
  });

  const refused: readonly [string, number, number, Fields, Uint8Array[]][] = [
    ['a priority of zero without CREATE', E.ENOENT, R.RTM_GETTFILTER, { prio: 0 }, [kind('bpf')]],
    ['a missing device', E.ENODEV, R.RTM_NEWTFILTER, { ifindex: 77 }, [kind('bpf')]],
    ['a missing qdisc', E.EINVAL, R.RTM_NEWTFILTER, { parent: 0x90000 }, [kind('bpf')]],
    ['an unknown kind', E.ENOENT, R.RTM_NEWTFILTER, { prio: 2 }, [kind('nosuch')]],
    ['no kind, even to delete', E.EINVAL, R.RTM_DELTFILTER, { prio: 2 }, []],
    ['deleting a missing priority', E.ENOENT, R.RTM_DELTFILTER, { prio: 2 }, [kind('bpf')]],
    ['another protocol', E.EINVAL, R.RTM_NEWTFILTER, { protocol: 8 }, [kind('bpf'), options]],
    ['another kind', E.EINVAL, R.RTM_NEWTFILTER, {}, [kind('u32')]],
    ['an existing handle', E.EEXIST, R.RTM_NEWTFILTER, { handle: 1 }, [kind('bpf'), options]],
    ['a filter without class', E.EINVAL, R.RTM_NEWTFILTER, { prio: 2 }, [kind('bpf'), bpf()]],
    ['a missing handle', E.ENOENT, R.RTM_GETTFILTER, { handle: 9 }, [kind('bpf')]],
  ];
  for (const [title, errno, type, fields, attributes] of refused)
    it(`refuses ${title}`, () => {
      add();
      bed.settle();
      const before = bed.objects();
      expect(send(type, fields, ...attributes)).to.deep.include({ errno, events: [] });
      expect(bed.objects()).to.deep.equal(before);
    });

  it('refuses an automatic priority when the lowest is taken', () => {
    add({ prio: 0x8000 });
    expect(add({ prio: 0 }).errno).to.equal(E.EINVAL);
  });
});
