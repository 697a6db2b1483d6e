// Random requests: a refusal changes no reference count, and nothing outlives the device.
// References of traffic control under random requests: every refusal puts them back, the device takes all along.
import { expect } from 'chai';
import fc from 'fast-check';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import { tc_prio_qopt, TC_H_ROOT, TCA_FQ_CODEL } from '../../../../lib/uapi/linux/pkt_sched.js';
import { TCA_BPF, TCA_FLOWER, TCA_MATCHALL, TCA_U32 } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { attr, Bed, bpf, CLSACT, EGRESS, type Fields, INGRESS, kind, nest, ops, PROTO_ALL, V0 } from './bed.js';
import { htb, htbClass, rateOf, tbf } from './shaping.js';

const prio = (bands: number): Uint8Array => attr(R.TCA.OPTIONS.type, tc_prio_qopt.bytes({ bands }));

interface Request {
  readonly type: number;
  readonly flags: number;
  readonly fields: Fields;
  readonly attributes: readonly Uint8Array[];
}

const flags = fc.constantFrom(0, NLM_F_CREATE, NLM_F_CREATE | NLM_F_EXCL, NLM_F_CREATE | NLM_F_REPLACE);
const ifindex = fc.constantFrom(V0, V0, V0, 2, 99, -1);
const parent = fc.constantFrom(INGRESS, INGRESS, EGRESS, CLSACT, TC_H_ROOT, 0, 0xffff0000, 0x10000, 0x10001, 5);
const chain = fc.constantFrom([], [], [attr(R.TCA.CHAIN.type, 5)], [attr(R.TCA.CHAIN.type, 0x10000000)]);
const options = fc.constantFrom(
  [bpf()],
  [bpf(ops(), attr(TCA_BPF.CLASSID.type, 0xffff0001))],
  [bpf(ops(0, 0, 0, 0, 0, 0, 0, 0))],
  [bpf(ops(), attr(TCA_BPF.FLAGS_GEN.type, 2))],
  [bpf(ops(), attr(TCA_BPF.FLAGS_GEN.type, 1))],
  [],
);
const kinds = fc.constantFrom([kind('bpf')], [kind('bpf')], [kind('nosuch')], [], [kind('a'.repeat(20))]);

const inside = (...attributes: Uint8Array[]): Uint8Array => nest(R.TCA.OPTIONS.type, ...attributes);
const sel = attr(TCA_U32.SEL.type, new Uint8Array(16));
const classid = attr(TCA_U32.CLASSID.type, 0xffff0001);
/** One gact action, as the attribute of a kind. */
function actionsAs(type: number): Uint8Array {
  return nest(type, nest(1, attr(1, 'gact'), nest(2, attr(2, new Uint8Array(20)))));
}
const actions = actionsAs(TCA_U32.ACT.type);
const u32Options = fc.constantFrom(
  [inside(sel)],
  [inside(sel, attr(TCA_U32.HASH.type, 0x80100000), classid)],
  [inside(sel, attr(TCA_U32.LINK.type, 0x80100000), actions)],
  [inside(sel, attr(TCA_U32.LINK.type, 0))],
  [inside(attr(TCA_U32.DIVISOR.type, 4))],
  [inside(attr(TCA_U32.DIVISOR.type, 1), attr(TCA_U32.FLAGS.type, 2))],
  [inside(actions)],
  [],
);
const ipv4 = attr(TCA_FLOWER.KEY_ETH_TYPE.type, Uint8Array.of(8, 0));
const flowerOptions = fc.constantFrom(
  [inside(ipv4)],
  [inside(ipv4, attr(TCA_FLOWER.KEY_IP_PROTO.type, Uint8Array.of(6)), actionsAs(TCA_FLOWER.ACT.type))],
  [inside(ipv4, attr(TCA_FLOWER.CLASSID.type, 0xffff0001), attr(TCA_FLOWER.INDEV.type, 'nosuch'))],
  [inside(ipv4, attr(TCA_FLOWER.FLAGS.type, 2), actionsAs(TCA_FLOWER.ACT.type))],
  [],
);
const matchallOptions = fc.constantFrom(
  [inside(attr(TCA_MATCHALL.CLASSID.type, 0xffff0001), actionsAs(TCA_MATCHALL.ACT.type))],
  [inside(attr(TCA_MATCHALL.FLAGS.type, 2), actionsAs(TCA_MATCHALL.ACT.type))],
  [],
);
/** A kind with options of its own. */
const withKind = fc.oneof(
  fc.tuple(kinds, options),
  fc.tuple(fc.constant([kind('u32')]), u32Options),
  fc.tuple(fc.constant([kind('u32')]), u32Options),
  fc.tuple(fc.constant([kind('flower')]), flowerOptions),
  fc.tuple(fc.constant([kind('matchall')]), matchallOptions),
);

const filterRequest: fc.Arbitrary<Request> = fc
  .record({
    type: fc.constantFrom(
      R.RTM_NEWTFILTER,
      R.RTM_NEWTFILTER,
      R.RTM_DELTFILTER,
      R.RTM_GETTFILTER,
      R.RTM_NEWCHAIN,
      R.RTM_DELCHAIN,
    ),
    flags,
    ifindex,
    parent,
    handle: fc.constantFrom(0, 0, 1, 2, 0x80000800, 0x80100000),
    prio: fc.constantFrom(0, 1, 2),
    protocol: fc.constantFrom(PROTO_ALL, PROTO_ALL, 8, 0),
    rest: fc.tuple(withKind, chain),
  })
  .map(({ type, flags, rest, ...fields }) => ({
    type,
    flags: type === R.RTM_NEWTFILTER || type === R.RTM_NEWCHAIN ? flags : 0,
    fields,
    attributes: rest.flat(2),
  }));

const qdiscRequest: fc.Arbitrary<Request> = fc
  .record({
    type: fc.constantFrom(R.RTM_NEWQDISC, R.RTM_NEWQDISC, R.RTM_DELQDISC),
    flags,
    ifindex,
    parent: fc.constantFrom(CLSACT, CLSACT, TC_H_ROOT, 0x10001, 0x10002, 0x20001),
    handle: fc.constantFrom(0, 0x10000, 0x20000, 0xffff0000, 1),
    name: fc.constantFrom('clsact', 'clsact', 'ingress', 'pfifo', 'mq', 'noqueue', 'nosuch'),
    rest: fc.constantFrom(
      [],
      [],
      [attr(R.TCA.INGRESS_BLOCK.type, 5)],
      [attr(R.TCA.EGRESS_BLOCK.type, 5)],
      [attr(R.TCA.EGRESS_BLOCK.type, 0)],
      [attr(R.TCA.STAB.type, new Uint8Array(3))],
      [attr(R.TCA.RATE.type, Uint8Array.of(9, 9))],
      [attr(R.TCA.OPTIONS.type, Uint8Array.of(1))],
    ),
  })
  .map(({ type, flags, name, rest, ...fields }) => ({ type, flags, fields, attributes: [kind(name), ...rest] }));

/** Queueing disciplines with classes, at the root and under each other. */
const shaperRequest: fc.Arbitrary<Request> = fc
  .record({
    type: fc.constantFrom(R.RTM_NEWQDISC, R.RTM_NEWQDISC, R.RTM_NEWQDISC, R.RTM_DELQDISC),
    flags,
    parent: fc.constantFrom(TC_H_ROOT, TC_H_ROOT, 0x10001, 0x10002, 0x20001),
    handle: fc.constantFrom(0x10000, 0x20000, 0x30000),
    rest: fc.constantFrom(
      [kind('htb'), htb()],
      [kind('htb'), htb()],
      [kind('htb'), htb({ version: 1 })],
      [kind('htb'), htb(), attr(R.TCA.RATE.type, Uint8Array.of(9, 9))],
      [kind('tbf'), tbf()],
      [kind('tbf'), tbf({ limit: 0 })],
      [kind('tbf'), tbf({ buffer: 0 })],
      [kind('prio'), prio(3)],
      [kind('prio'), prio(2)],
      [kind('prio'), prio(1)],
      [kind('fq_codel')],
      [kind('fq_codel'), attr(R.TCA.OPTIONS.type, attr(TCA_FQ_CODEL.FLOWS.type, 0))],
    ),
  })
  .map(({ rest, type, flags, ...fields }) => ({ type, flags, fields, attributes: rest }));

const classRequest: fc.Arbitrary<Request> = fc
  .record({
    type: fc.constantFrom(R.RTM_NEWTCLASS, R.RTM_NEWTCLASS, R.RTM_NEWTCLASS, R.RTM_DELTCLASS, R.RTM_GETTCLASS),
    flags,
    parent: fc.constantFrom(0x10000, 0x10001, 0x10002, 0, TC_H_ROOT),
    handle: fc.constantFrom(0x10001, 0x10002, 0x10003, 0, 0x20001),
    rest: fc.constantFrom(
      [htbClass()],
      [htbClass()],
      [htbClass({ prio: 9 })],
      [htbClass({ rate: rateOf(0) })],
      [htbClass(), attr(R.TCA.RATE.type, Uint8Array.of(9, 9))],
      [htbClass(), attr(R.TCA.RATE.type, Uint8Array.of(1, 1))],
      [],
    ),
  })
  .map(({ rest, type, flags, ...fields }) => ({
    type,
    flags: type === R.RTM_NEWTCLASS ? flags : 0,
    fields,
    attributes: rest,
  }));

/** Filters of classes, pointing to classes. */
const flowRequest: fc.Arbitrary<Request> = fc
  .record({
    type: fc.constantFrom(R.RTM_NEWTFILTER, R.RTM_NEWTFILTER, R.RTM_DELTFILTER),
    flags,
    parent: fc.constantFrom(0x10000, 0x10001, 0x10002),
    handle: fc.constantFrom(0, 1),
    prio: fc.constantFrom(1, 2),
    classid: fc.constantFrom(0x10001, 0x10002, 0x10003),
  })
  .map(({ type, flags, classid, ...fields }) => ({
    type,
    flags: type === R.RTM_NEWTFILTER ? flags : 0,
    fields: { ...fields, protocol: PROTO_ALL },
    attributes: [kind('bpf'), bpf(ops(), attr(TCA_BPF.CLASSID.type, classid))],
  }));

const requests = fc.array(fc.oneof({ weight: 2, arbitrary: filterRequest }, { weight: 1, arbitrary: qdiscRequest }), {
  maxLength: 25,
});
const shaping = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: shaperRequest },
    { weight: 4, arbitrary: classRequest },
    { weight: 2, arbitrary: flowRequest },
  ),
  { maxLength: 40 },
);

/** A class that could not be deleted has lost its filters all the same. */
const comparable = (type: number, objects: string[]): string[] =>
  type === R.RTM_DELTCLASS ? objects.filter((text) => !text.startsWith('class ')) : objects;

function walk(version: 'v6.18' | 'v6.1' | 'v4.1', list: readonly Request[], up: boolean): void {
  const bed = new Bed({ version });
  const boot = [...bed.machine.objects].filter((object) => !/v[01]/.test(object.label)).length;
  if (up) bed.up();
  bed.settle();
  for (const { type, flags, fields, attributes } of list) {
    const before = bed.objects();
    const answer = bed.tc(type, flags, fields, ...attributes);
    if (answer.errno !== 0)
      expect(comparable(type, bed.objects()), `after errno ${answer.errno}`).to.deep.equal(comparable(type, before));
    bed.settle();
  }
  bed.removeLinks();
  bed.settle();
  expect(bed.machine.objects.size, bed.objects().join(', ')).to.equal(boot);
}

describe('net/sched references', () => {
  for (const version of ['v6.18', 'v6.1', 'v4.1'] as const) {
    it(`are restored by every refusal, and all dropped with the device, in ${version}`, () => {
      fc.assert(
        fc.property(requests, fc.boolean(), (list, up) => {
          walk(version, list, up);
        }),
        { numRuns: 150 },
      );
    });

    it(`of classes, too, in ${version}`, () => {
      fc.assert(
        fc.property(shaping, fc.boolean(), (list, up) => {
          walk(version, list, up);
        }),
        { numRuns: 150 },
      );
    });
  }
});
