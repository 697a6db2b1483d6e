// Random requests: a refusal changes no reference count, and nothing outlives the device.
// References of traffic control under random requests: every refusal puts them back, the device takes all along.
import { expect } from 'chai';
import fc from 'fast-check';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import { TC_H_ROOT } from '../../../../lib/uapi/linux/pkt_sched.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { attr, Bed, bpf, CLSACT, EGRESS, type Fields, INGRESS, kind, ops, PROTO_ALL, V0 } from './bed.js';

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
    handle: fc.constantFrom(0, 0, 1, 2),
    prio: fc.constantFrom(0, 1, 2),
    protocol: fc.constantFrom(PROTO_ALL, PROTO_ALL, 8, 0),
    rest: fc.tuple(kinds, chain, options),
  })
  .map(({ type, flags, rest, ...fields }) => ({
    type,
    flags: type === R.RTM_NEWTFILTER || type === R.RTM_NEWCHAIN ? flags : 0,
    fields,
    attributes: rest.flat(),
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

const requests = fc.array(fc.oneof({ weight: 2, arbitrary: filterRequest }, { weight: 1, arbitrary: qdiscRequest }), {
  maxLength: 25,
});

describe('net/sched references', () => {
  for (const version of ['v6.18', 'v6.1', 'v4.1'] as const)
    it(`are restored by every refusal, and all dropped with the device, in ${version}`, () => {
      fc.assert(
        fc.property(requests, fc.boolean(), (list, up) => {
          const bed = new Bed({ version });
          const boot = [...bed.machine.objects].filter((object) => !/v[01]/.test(object.label)).length;
          if (up) bed.up();
          bed.settle();
          for (const { type, flags, fields, attributes } of list) {
            const before = bed.objects();
            const answer = bed.tc(type, flags, fields, ...attributes);
            if (answer.errno !== 0) expect(bed.objects(), `after errno ${answer.errno}`).to.deep.equal(before);
            bed.settle();
          }
          bed.removeLinks();
          bed.settle();
          expect(bed.machine.objects.size, bed.objects().join(', ')).to.equal(boot);
        }),
        { numRuns: 150 },
      );
    });
});
