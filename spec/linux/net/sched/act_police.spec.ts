// police: rates and their tables, refusals in their order, and the old way filters give one.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import { tc_ratespec } from '../../../../lib/uapi/linux/pkt_sched.js';
import { RTM_GETTFILTER, TCA } from '../../../../lib/uapi/linux/rtnetlink.js';
import { NLM_F_DUMP, NLMSG_HDRLEN } from '../../../../lib/uapi/linux/netlink.js';
import { action, actionsOf, add, attributesOf, dumpActions, inside } from './actions.js';
import { ADD, attr, Bed, bpf, INGRESS, nest, ops } from './bed.js';

const { TCA_POLICE, tc_police } = P;
const tbf = (fields: Parameters<typeof tc_police.bytes>[0] = {}): Uint8Array =>
  attr(TCA_POLICE.TBF.type, tc_police.bytes(fields));
const spec = (rate: number, cell_log = 3): Uint8Array => tc_ratespec.bytes({ rate, cell_log, overhead: 4, mpu: 64 });
const table = (type: number): Uint8Array => attr(type, new Uint8Array(1024));
const u64 = (type: number, value: bigint): Uint8Array => attr(type, new Uint8Array(BigUint64Array.of(value).buffer));
const rated = { rate: spec(1000), burst: 77, action: P.TC_ACT_SHOT };
const goto = P.TC_ACT_GOTO_CHAIN | 1;

describe('net/sched/act_police', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
    expect(bed.qdisc('clsact').errno).to.equal(0);
  });

  const both = 'Both or neither packet-per-second burst and rate must be provided';
  const mixed = 'packet-per-second and byte-per-second rate limits not allowed in same action';
  const refused: readonly [string, number, string | undefined, readonly Uint8Array[]][] = [
    ['no parameters', E.EINVAL, undefined, []],
    ['parameters of another length', E.EINVAL, undefined, [attr(TCA_POLICE.TBF.type, new Uint8Array(50))]],
    ['a short table', E.ERANGE, undefined, [tbf(), attr(TCA_POLICE.RATE.type, new Uint8Array(8))]],
    ['a bad verdict', E.EINVAL, 'invalid control action', [tbf({ ...rated, action: 9 })]],
    ['a rate without table', E.ENOMEM, undefined, [tbf(rated)]],
    ['a rate without cells', E.ENOMEM, undefined, [tbf({ rate: spec(1, 0) }), table(TCA_POLICE.RATE.type)]],
    ['a peak without table', E.ENOMEM, undefined, [tbf({ ...rated, peakrate: spec(2) }), table(TCA_POLICE.RATE.type)]],
    ['an average without estimator', E.EINVAL, undefined, [tbf(), attr(TCA_POLICE.AVRATE.type, 5)]],
    ['a jump', E.EINVAL, 'goto chain not allowed on fallback', [tbf(), attr(TCA_POLICE.RESULT.type, goto)]],
    ['packets without burst', E.EINVAL, both, [tbf(), u64(TCA_POLICE.PKTRATE64.type, 1n)]],
    [
      'packets and bytes',
      E.EINVAL,
      mixed,
      [tbf(rated), table(2), u64(TCA_POLICE.PKTRATE64.type, 1n), u64(TCA_POLICE.PKTBURST64.type, 1n)],
    ],
  ];
  for (const [title, errno, text, options] of refused)
    it(`refuses ${title} and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = add(bed, action('police', options));
      expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
      expect(bed.objects()).to.deep.equal(before);
    });

  const shown = () => inside(actionsOf(dumpActions(bed, 'police')[0]!)[0]!.get(P.TCA_ACT.OPTIONS.type)!);
  const parmsOf = (options: ReturnType<typeof shown>) => {
    const parms = options.get(TCA_POLICE.TBF.type)!;
    return tc_police.get(parms.msg, parms.start);
  };

  it('shows rates as it keeps them, and the greatest packet its table covers', () => {
    expect(add(bed, action('police', [tbf(rated), table(TCA_POLICE.RATE.type)])).errno).to.equal(0);
    const parms = parmsOf(shown());
    expect(parms).to.include({ burst: 77, mtu: 255 << 3, action: P.TC_ACT_SHOT, refcnt: 1, bindcnt: 0 });
    expect(parms.rate).to.deep.equal(tc_ratespec.bytes({ rate: 1000, overhead: 4, mpu: 64 }));
  });

  it('shows wide rates and packet rates before the rest', () => {
    const wide = [tbf(rated), table(TCA_POLICE.RATE.type), u64(TCA_POLICE.RATE64.type, 1n << 33n)];
    add(bed, action('police', wide));
    expect([...shown().keys()]).to.deep.equal([8, 1, 6]);
    add(bed, action('police', [tbf(), attr(5, 3), u64(10, 9n), u64(11, 1n << 63n)]));
    const [, packets] = actionsOf(dumpActions(bed, 'police')[0]!);
    const options = inside(packets!.get(P.TCA_ACT.OPTIONS.type)!);
    expect([...options.keys()]).to.deep.equal([10, 11, 1, 5, 6]);
    expect(parmsOf(options).mtu).to.equal(0xffffffff);
  });

  it('takes the struct of old programs', () => {
    const old = attr(TCA_POLICE.TBF.type, tc_police.bytes({ burst: 5 }).subarray(0, tc_police.offsetof.refcnt));
    expect(add(bed, action('police', [old])).errno).to.equal(0);
    expect(parmsOf(shown()).burst).to.equal(5);
  });

  it('says what hardware could not do, and is made all the same', () => {
    const answer = add(bed, action('police', [tbf({ action: P.TC_ACT_RECLASSIFY })]));
    expect([answer.errno, answer.text]).to.deep.equal([0, 'act_api: Failed to setup tc actions for offload']);
    expect(parmsOf(shown()).action).to.equal(P.TC_ACT_RECLASSIFY);
    const { errno, text } = add(bed, action('police', [tbf({ action: P.TC_ACT_UNSPEC })]));
    expect([errno, text], 'to go on, it could').to.deep.equal([0, undefined]);
  });

  it('is shown by a filter that gives it in the old way, with the old counters', () => {
    const options = bpf(ops(), nest(P.TCA_BPF.POLICE.type, tbf({ action: P.TC_ACT_SHOT })));
    expect(bed.filter({}, ADD, options).errno).to.equal(0);
    const body = bed.body({ parent: INGRESS }, []);
    const filter = bed.client.request(RTM_GETTFILTER, NLM_F_DUMP, body)[0]!;
    const second = filter.slice(filter.view.getUint32(0, true), filter.length);
    const top = attributesOf(second, 36 - NLMSG_HDRLEN);
    expect([...top.keys()]).to.deep.equal([TCA.KIND.type, TCA.CHAIN.type, TCA.OPTIONS.type, TCA.STATS.type]);
    const police = inside(inside(top.get(TCA.OPTIONS.type)!).get(P.TCA_BPF.POLICE.type)!);
    expect(parmsOf(police)).to.include({ refcnt: 1, bindcnt: 1 });
  });
});
