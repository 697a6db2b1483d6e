// RTM_*QDISC and RTM_*TCLASS: which request creates, replaces, changes or is refused; defaults, mq, shared blocks.
// Requests for qdiscs and classes: which of create, change and graft is meant, refusals, notifications.
import { expect } from 'chai';
import { configs } from '../../../../lib/linux/config.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import { TC_H_ROOT } from '../../../../lib/uapi/linux/pkt_sched.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, bpf, CLSACT, CREATE, EGRESS, type Fields, INGRESS, kind, nest, ops, V0 } from './bed.js';

const CHANGE = 0;
const REPLACE = NLM_F_CREATE | NLM_F_REPLACE;
const root: Fields = { parent: TC_H_ROOT, handle: 0x10000 };
const blockAttr = (index: number): Uint8Array => attr(R.TCA.INGRESS_BLOCK.type, index);

describe('net/sched/sch_api', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });

  const refused: readonly [
    string,
    number,
    string | undefined,
    (bed: Bed) => { errno: number; text: string | undefined },
  ][] = [
    ['a missing device', E.ENODEV, undefined, (b) => b.qdisc('nosuch', { ...root, ifindex: 77 })],
    ['an unknown kind', E.ENOENT, 'Specified qdisc kind is unknown', (b) => b.qdisc('nosuch', root)],
    ['noop', E.ENOENT, 'Specified qdisc kind is unknown', (b) => b.qdisc('noop', root)],
    ['neither parent nor handle', E.EINVAL, 'Handle cannot be zero', (b) => b.qdisc('pfifo', {})],
    ['a handle nobody has', E.ENOENT, 'Specified qdisc not found', (b) => b.qdisc('pfifo', { handle: 0x10000 })],
    [
      'a minor handle',
      E.EINVAL,
      'Invalid minor handle',
      (b) => b.qdisc('pfifo', { parent: TC_H_ROOT, handle: 0x10001 }),
    ],
    [
      'creation without CREATE',
      E.ENOENT,
      'Qdisc not found. To create specify NLM_F_CREATE flag',
      (b) => b.qdisc('pfifo', root, CHANGE),
    ],
    [
      'another kind at the ingress parent',
      E.EINVAL,
      'Specified parent ID is reserved for ingress and clsact Qdiscs',
      (b) => b.qdisc('pfifo'),
    ],
    ['clsact at the root', E.EOPNOTSUPP, undefined, (b) => b.qdisc('clsact', root)],
    ['a parent nobody has', E.ENOENT, 'Failed to find specified qdisc', (b) => b.qdisc('pfifo', { parent: 0x70001 })],
    [
      'a block index of zero',
      E.EINVAL,
      'Ingress block index cannot be 0',
      (b) => b.qdisc('clsact', undefined, ADD, blockAttr(0)),
    ],
    [
      'a block for a kind without',
      E.EOPNOTSUPP,
      'Ingress block sharing is not supported',
      (b) => b.qdisc('pfifo', root, ADD, blockAttr(5)),
    ],
    [
      'an estimator out of range',
      E.EINVAL,
      'Failed to generate new estimator',
      (b) => b.qdisc('pfifo', root, ADD, attr(R.TCA.RATE.type, Uint8Array.of(9, 4))),
    ],
    [
      'a size table without base',
      E.EINVAL,
      'Size table base attribute is missing',
      (b) => b.qdisc('pfifo', root, ADD, nest(R.TCA.STAB.type)),
    ],
    [
      'short options',
      E.EINVAL,
      undefined,
      (b) => b.qdisc('pfifo', root, ADD, attr(R.TCA.OPTIONS.type, Uint8Array.of(1))),
    ],
    [
      'deleting what is not there',
      E.ENOENT,
      'Cannot find specified qdisc on specified device',
      (b) => b.tc(R.RTM_DELQDISC, 0, { parent: CLSACT }),
    ],
    [
      'deleting the default',
      E.ENOENT,
      'Cannot delete qdisc with handle of zero',
      (b) => b.tc(R.RTM_DELQDISC, 0, { parent: TC_H_ROOT }),
    ],
    [
      'a class without a qdisc',
      E.ENOENT,
      undefined,
      (b) => b.tc(R.RTM_NEWTCLASS, ADD, { parent: 0x10000, handle: 0x10001 }),
    ],
    [
      'majors that differ',
      E.EINVAL,
      undefined,
      (b) => b.tc(R.RTM_NEWTCLASS, ADD, { parent: 0x10000, handle: 0x20001 }),
    ],
  ];
  for (const [title, errno, text, request] of refused)
    it(`refuses ${title} and leaves nothing behind`, () => {
      const before = bed.objects();
      expect(request(bed)).to.include({ errno, text });
      expect(bed.objects()).to.deep.equal(before);
    });

  it('tells of a new clsact, whatever handle was asked for', () => {
    expect(bed.qdisc('clsact', { parent: CLSACT, handle: 0x10000 }).events).to.deep.equal([
      'NEWQDISC clsact ffff:0 refs 1',
    ]);
  });

  it('replaces clsact by ingress in one datagram, chains told of last', () => {
    bed.qdisc('clsact');
    bed.filter();
    bed.filter({ parent: EGRESS });
    expect(bed.qdisc('ingress').events).to.deep.equal([
      'DELQDISC clsact ffff:0 refs 0',
      'NEWQDISC ingress ffff:0 refs 1',
      'DELCHAIN ffff:0 chain 0',
      'DELCHAIN ffff:0 chain 0',
    ]);
    expect(bed.filters()).to.deep.equal(['DONE 0']);
  });

  it('wants REPLACE to put one root in the place of another', () => {
    expect(bed.qdisc('pfifo', root).events).to.deep.equal(['NEWQDISC pfifo 1:0 refs 3']);
    const other = { ...root, handle: 0x20000 };
    expect(bed.qdisc('bfifo', other, CREATE)).to.include({ errno: E.EEXIST, text: 'NLM_F_REPLACE needed to override' });
    expect(bed.qdisc('bfifo', other, REPLACE).events).to.deep.equal([
      'DELQDISC pfifo 1:0 refs 1',
      'NEWQDISC bfifo 2:0 refs 3',
    ]);
  });

  it('changes options of the same kind, and refuses EXCL and other kinds', () => {
    bed.qdisc('pfifo', root);
    const limit = attr(R.TCA.OPTIONS.type, 7);
    expect(bed.qdisc('pfifo', root, CHANGE, limit).events).to.deep.equal(['NEWQDISC pfifo 1:0 refs 3']);
    expect(bed.qdisc('pfifo', root, ADD).text).to.equal('Exclusivity flag on, cannot modify');
    expect(bed.qdisc('bfifo', root, CREATE).text).to.equal('Invalid qdisc name: must match existing qdisc');
    expect(bed.qdisc('pfifo', root, CHANGE, limit, blockAttr(1)).errno).to.equal(E.EOPNOTSUPP);
  });

  it('gives handles from 8001: on, on all devices together', () => {
    expect(bed.qdisc('pfifo', { parent: TC_H_ROOT }).events).to.deep.equal(['NEWQDISC pfifo 8001:0 refs 3']);
    expect(bed.qdisc('pfifo', { parent: TC_H_ROOT, ifindex: 2 }).events).to.deep.equal([
      'NEWQDISC pfifo 8002:0 refs 3',
    ]);
  });

  it('refuses children of clsact', () => {
    bed.qdisc('clsact');
    expect(bed.qdisc('pfifo', { parent: INGRESS, handle: 0x10000 })).to.include({
      errno: E.EOPNOTSUPP,
      text: 'Cannot add children to ingress/clsact qdisc',
    });
  });

  it('tells the group of a GET, and the requester only by ECHO', () => {
    bed.qdisc('clsact');
    const get = (flags: number): { replies: string[]; events: string[] } =>
      bed.tc(R.RTM_GETQDISC, flags, { parent: CLSACT });
    const shown = ['NEWQDISC clsact ffff:0 refs 1'];
    expect(get(0)).to.deep.include({ replies: [], events: shown });
    expect(get(NLM_F_ECHO)).to.deep.include({ replies: shown, events: shown });
  });

  it('attaches noqueue to a veth that comes up, and noop again once a user root is deleted while it is down', () => {
    expect(bed.dump(R.RTM_GETQDISC, {})).to.deep.equal(['DONE 0']);
    bed.up();
    expect(bed.dump(R.RTM_GETQDISC, {})).to.deep.equal(['NEWQDISC noqueue 0:0 refs 2', 'DONE 0']);
    bed.qdisc('pfifo', root);
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: TC_H_ROOT }).events).to.deep.equal(['DELQDISC pfifo 1:0 refs 1']);
    expect(bed.dump(R.RTM_GETQDISC, {}), 'up: the default returns').to.deep.equal([
      'NEWQDISC noqueue 0:0 refs 2',
      'DONE 0',
    ]);
  });

  it('gives mq one child a queue in use, and grafts to its classes', () => {
    expect(bed.qdisc('mq', root).events).to.deep.equal(['NEWQDISC mq 1:0 refs 1']);
    expect(bed.dump(R.RTM_GETTCLASS, {})).to.deep.equal([
      'NEWTCLASS mq 1:1 refs 0',
      'NEWTCLASS mq 1:2 refs 0',
      'DONE 0',
    ]);
    expect(bed.dump(R.RTM_GETQDISC, {})).to.deep.equal([
      'NEWQDISC mq 1:0 refs 1',
      'NEWQDISC pfifo_fast 0:0 refs 1',
      'DONE 0',
    ]);
    expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }).errno).to.equal(0);
    expect(bed.dump(R.RTM_GETTCLASS, {})[0]).to.equal('NEWTCLASS mq 1:1 refs 131072');
    expect(bed.qdisc('noqueue', { parent: 0x10002, handle: 0x30000 }).text).to.equal(
      'Cannot assign noqueue to a class',
    );
    expect(bed.qdisc('pfifo', { parent: 0x10003, handle: 0x30000 }).text).to.equal('Specified class not found');
    expect(bed.tc(R.RTM_NEWTFILTER, ADD, { parent: 0x10000, prio: 1, protocol: 8 }, kind('bpf')).text).to.equal(
      "Class doesn't support blocks",
    );
  });

  it('shares a block between qdiscs, addressed by its index', () => {
    expect(bed.qdisc('clsact', undefined, ADD, blockAttr(10)).errno).to.equal(0);
    expect(bed.qdisc('ingress', { parent: CLSACT, ifindex: 2 }, ADD, blockAttr(10)).errno).to.equal(0);
    expect(bed.filter().text).to.match(/^This filter block is shared/);
    const inBlock = { ifindex: R.TCM_IFINDEX_MAGIC_BLOCK, parent: 10 };
    expect(bed.filter(inBlock).errno).to.equal(0);
    expect(bed.filters()).to.have.length(3);
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: CLSACT }).events).to.deep.equal(['DELQDISC clsact ffff:0 refs 0']);
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: CLSACT, ifindex: 2 }).events).to.deep.equal([
      'DELQDISC ingress ffff:0 refs 0',
      'DELCHAIN 0:a chain 0',
    ]);
    expect(bed.filter(inBlock).text).to.equal('Block of given index was not found');
  });

  it('tells only of chains when a device goes', () => {
    bed.qdisc('clsact');
    bed.filter();
    bed.monitor.drain();
    bed.removeLinks();
    expect(bed.monitor.drain()).to.have.length(1);
    expect(V0).to.equal(3);
  });

  it('has no clsact, no chains and a hidden noqueue in 4.1', () => {
    const old = new Bed({ version: 'v4.1' });
    expect(old.qdisc('clsact').errno).to.equal(E.ENOENT);
    expect(old.tc(R.RTM_NEWCHAIN, ADD, { parent: INGRESS }).errno).to.equal(E.EOPNOTSUPP);
    expect(old.qdisc('noqueue', root, ADD | NLM_F_EXCL).errno).to.equal(E.ENOENT);
  });

  it('counts and replaces otherwise in 4.1', () => {
    const old = new Bed({ version: 'v4.1' });
    expect(old.qdisc('pfifo', root).events, 'told of before the device holds it').to.deep.equal([
      'NEWQDISC pfifo 1:0 refs 1',
    ]);
    expect(old.dump(R.RTM_GETQDISC, {})[0]).to.equal('NEWQDISC pfifo 1:0 refs 2');
    const anyHandle = { parent: TC_H_ROOT };
    expect(old.qdisc('bfifo', anyHandle, ADD).errno, 'another kind by EXCL').to.equal(E.EEXIST);
    expect(old.qdisc('pfifo', anyHandle, REPLACE | NLM_F_EXCL).events.map((line) => line.split(' ')[0])).to.deep.equal([
      'DELQDISC',
      'NEWQDISC',
    ]);
    old.qdisc('ingress');
    expect(old.tc(R.RTM_DELQDISC, 0, { parent: CLSACT }).events).to.deep.equal(['DELQDISC ingress ffff:0 refs 1']);
  });

  it('reports kinds that the configuration promises and the model lacks', () => {
    const gaps: string[] = [];
    const config = {
      ...configs['rec-6.18']!,
      qdiscs: ['clsact', 'choke'],
      classifiers: ['bpf', 'route'],
      actions: ['nat'],
    };
    const rec = new Bed({ config, onGap: (what) => gaps.push(what) });
    expect(rec.qdisc('choke', root).text).to.equal('Specified qdisc kind is unknown');
    expect(rec.qdisc('prio', root).text).to.equal('Specified qdisc kind is unknown');
    rec.qdisc('clsact');
    rec.tc(R.RTM_NEWTFILTER, ADD, { parent: INGRESS, prio: 1, protocol: 8 }, kind('route'));
    rec.filter({}, ADD, bpf(ops(), nest(TCA_BPF.ACT.type, nest(1, attr(1, 'nat')))));
    expect(gaps).to.deep.equal(['qdisc kind choke', 'classifier kind route', 'action kind nat']);
  });
});
