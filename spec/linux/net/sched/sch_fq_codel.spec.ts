// The fq_codel qdisc: defaults and dump, limits of the options, what is fixed once it exists, what older kernels show.
import { expect } from 'chai';
import type { Bytes } from '../../../../lib/codec/bytes.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, type Fields, nest } from './bed.js';
import { openTc, optionsIn } from './shaping.js';

const root: Fields = { parent: P.TC_H_ROOT, handle: 0x10000 };
const { TCA_FQ_CODEL } = P;

describe('net/sched/sch_fq_codel', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });
  const request = (flags: number, ...inside: Uint8Array[]): Answer =>
    bed.qdisc('fq_codel', root, flags, ...(inside.length === 0 ? [] : [nest(R.TCA.OPTIONS.type, ...inside)]));
  const get = (): Bytes => bed.client.request(R.RTM_GETQDISC, NLM_F_ECHO | 4, bed.body(root, []))[0]!;
  /** Attributes shown: names without prefix, in order, with their values. */
  const shown = (): Record<string, number> => {
    const names = TCA_FQ_CODEL.$byType;
    const values = [...optionsIn(get())].map(([type, value]) => [
      names[type]!.key,
      value.length === 1 ? value.view.getUint8(0) : value.view.getUint32(0, true),
    ]);
    return Object.fromEntries(values) as Record<string, number>;
  };
  const defaults = {
    TARGET: 4999,
    LIMIT: 10240,
    INTERVAL: 99999,
    ECN: 1,
    QUANTUM: 1514,
    DROP_BATCH_SIZE: 64,
    MEMORY_LIMIT: 32 << 20,
    FLOWS: 1024,
  };

  it('needs no options', () => {
    expect(request(ADD).errno).to.equal(0);
    expect(shown()).to.deep.equal(defaults);
    expect(Object.keys(shown()).at(-1)).to.equal('FLOWS');
    expect(openTc(get()).tca.get(R.TCA.XSTATS.type)!.length).to.equal(40);
  });

  it('keeps each option, times in steps of 1024 ns', () => {
    const inside = [
      attr(TCA_FQ_CODEL.TARGET.type, 3),
      attr(TCA_FQ_CODEL.CE_THRESHOLD.type, 1000),
      attr(TCA_FQ_CODEL.CE_THRESHOLD_MASK.type, Uint8Array.of(3)),
      attr(TCA_FQ_CODEL.ECN.type, 0),
      attr(TCA_FQ_CODEL.QUANTUM.type, 1),
      attr(TCA_FQ_CODEL.DROP_BATCH_SIZE.type, 0),
      attr(TCA_FQ_CODEL.MEMORY_LIMIT.type, 0xffffffff),
      attr(TCA_FQ_CODEL.FLOWS.type, 65536),
    ];
    expect(request(ADD, ...inside).errno).to.equal(0);
    expect(shown()).to.deep.equal({
      ...defaults,
      TARGET: 2,
      ECN: 0,
      QUANTUM: 256,
      DROP_BATCH_SIZE: 1,
      MEMORY_LIMIT: 0x80000000,
      FLOWS: 65536,
      CE_THRESHOLD: 999,
      CE_THRESHOLD_SELECTOR: 0,
      CE_THRESHOLD_MASK: 3,
    });
  });

  const refused: readonly [string, number, string | undefined, Uint8Array][] = [
    ['no flows', E.EINVAL, undefined, attr(TCA_FQ_CODEL.FLOWS.type, 0)],
    ['too many flows', E.EINVAL, undefined, attr(TCA_FQ_CODEL.FLOWS.type, 65537)],
    ['a short attribute', E.ERANGE, undefined, attr(TCA_FQ_CODEL.LIMIT.type, Uint8Array.of(1, 2))],
    ['a huge quantum', E.EINVAL, 'Invalid quantum', attr(TCA_FQ_CODEL.QUANTUM.type, (1 << 20) + 1)],
  ];
  for (const [what, errno, text, inside] of refused)
    it(`refuses ${what} and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = request(ADD, inside);
      expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('changes all but the number of flows', () => {
    request(ADD);
    expect(request(0, attr(TCA_FQ_CODEL.LIMIT.type, 7)).errno).to.equal(0);
    expect(request(0, attr(TCA_FQ_CODEL.FLOWS.type, 7), attr(TCA_FQ_CODEL.LIMIT.type, 9)).errno).to.equal(E.EINVAL);
    expect(shown()).to.deep.equal({ ...defaults, LIMIT: 7 });
  });

  it('has filters but no classes', () => {
    request(ADD);
    expect(bed.filter({ parent: 0x10000 }).errno).to.equal(0);
    expect(bed.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10001 }).errno).to.equal(E.EOPNOTSUPP);
    expect(bed.dump(R.RTM_GETTCLASS, {})).to.deep.equal(['DONE 0']);
    expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }).text).to.equal('Specified class not found');
  });

  it('shows less in 4.1', () => {
    bed = new Bed({ version: 'v4.1' });
    expect(request(ADD, attr(TCA_FQ_CODEL.QUANTUM.type, 0x7fffffff)).errno).to.equal(0);
    expect(Object.keys(shown())).to.deep.equal(['TARGET', 'LIMIT', 'INTERVAL', 'ECN', 'QUANTUM', 'FLOWS']);
    expect(openTc(get()).tca.get(R.TCA.XSTATS.type)!.length).to.equal(28);
  });

  it('is the default where the configuration says so', () => {
    bed = new Bed({ config: { ...bed.machine.config, defaultQdisc: 'fq_codel' }, version: 'v6.18' });
    expect(bed.qdisc('mq', root).errno).to.equal(0);
    expect(bed.dump(R.RTM_GETQDISC, {}).join()).to.include('fq_codel 0:0');
  });
});
