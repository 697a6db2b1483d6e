// The htb qdisc and its classes: refusals in their order, the tree, leaves, quanta and their warnings, filters that hold
// a class, dumps.
import { expect } from 'chai';
import type { Bytes } from '../../../../lib/codec/bytes.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_DUMP, NLM_F_ECHO, NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import { TCA_BPF } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, bpf, type Fields, kind, messagesOf, nest, ops } from './bed.js';
import { htb, htbClass, openTc, optionsIn, rateOf, u64 } from './shaping.js';

const root: Fields = { parent: P.TC_H_ROOT, handle: 0x10000 };
const { TCA_HTB } = P;

describe('net/sched/sch_htb', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
    expect(bed.qdisc('htb', root, ADD, htb({ defcls: 0x20 })).errno).to.equal(0);
  });

  const add = (classid: number, parent: number, options = htbClass(), flags = ADD, ...more: Uint8Array[]): Answer =>
    bed.tc(R.RTM_NEWTCLASS, flags, { handle: classid, parent }, kind('htb'), options, ...more);
  const remove = (classid: number): Answer => bed.tc(R.RTM_DELTCLASS, 0, { handle: classid }, kind('htb'));
  /** The class as an RTM_GETTCLASS answers it. */
  const get = (classid: number): Bytes =>
    bed.client.request(R.RTM_GETTCLASS, NLM_F_ECHO | 4, bed.body({ handle: classid }, []))[0]!;
  const parms = (classid: number) => P.tc_htb_opt.get(optionsIn(get(classid)).get(TCA_HTB.PARMS.type)!, 0);
  const classIds = (parent = 0): number[] =>
    messagesOf(
      bed.client
        .request(R.RTM_GETTCLASS, NLM_F_DUMP, bed.body({ parent }, []))
        .map((b) => Buffer.from(b.u8).toString('hex')),
    )
      .slice(0, -1)
      .map((message) => openTc(message).tcm.tcm_handle);

  describe('qdisc', () => {
    const fresh = (options: Uint8Array[], fields = root): Answer =>
      bed.tc(R.RTM_NEWQDISC, ADD, { ifindex: 2, ...fields }, kind('htb'), ...options);
    const refused: readonly [string, number, Uint8Array[], Fields?, string?][] = [
      ['no options', E.EINVAL, []],
      ['options without INIT', E.EINVAL, [nest(R.TCA.OPTIONS.type)]],
      ['a short INIT', E.ERANGE, [nest(R.TCA.OPTIONS.type, attr(TCA_HTB.INIT.type, new Uint8Array(19)))]],
      ['another version', E.EINVAL, [htb({ version: 2 })]],
      [
        'offload',
        E.EOPNOTSUPP,
        [htb({}, nest(TCA_HTB.OFFLOAD.type))],
        root,
        'hw-tc-offload ethtool feature flag must be on',
      ],
    ];
    for (const [what, errno, options, fields, text] of refused)
      it(`refuses ${what} and leaves nothing behind`, () => {
        const before = bed.objects();
        const answer = fresh(options, fields);
        expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
        expect(bed.objects()).to.deep.equal(before);
      });

    it('refuses offload of a child before all else', () => {
      add(0x10001, 0x10000);
      const child = bed.qdisc('htb', { parent: 0x10001, handle: 0x20000 }, ADD, htb({}, nest(TCA_HTB.OFFLOAD.type)));
      expect(child.text).to.equal('HTB must be the root qdisc to use offload');
    });

    it('cannot be changed', () => {
      const answer = bed.qdisc('htb', root, 0, htb());
      expect([answer.errno, answer.text]).to.deep.equal([
        E.EINVAL,
        'Change operation not supported by specified qdisc',
      ]);
    });

    it('shows its own version, r2q of at least one, and the queue length it was born with', () => {
      expect(fresh([htb({ rate2quantum: 0x80000000, debug: 7 })]).errno).to.equal(0);
      const [answer] = bed.client.request(R.RTM_GETQDISC, NLM_F_ECHO | 4, bed.body({ ...root, ifindex: 2 }, []));
      const options = optionsIn(answer!);
      expect(P.tc_htb_glob.get(options.get(TCA_HTB.INIT.type)!, 0)).to.deep.equal({
        version: 0x30011,
        rate2quantum: 1,
        defcls: 0,
        debug: 0,
        direct_pkts: 0,
      });
      expect(options.get(TCA_HTB.DIRECT_QLEN.type)!.view.getUint32(0, true)).to.equal(1000);
      expect(openTc(answer!).tcm.tcm_info, 'one reference of the device, one of each queue').to.equal(3);
    });
  });

  describe('classes', () => {
    const refused: readonly [string, number, string | undefined, () => Answer][] = [
      ['no options', E.EINVAL, undefined, () => bed.tc(R.RTM_NEWTCLASS, ADD, { handle: 0x10001 }, kind('htb'))],
      ['options without PARMS', E.EINVAL, undefined, () => add(0x10001, 0x10000, nest(R.TCA.OPTIONS.type))],
      [
        'short PARMS',
        E.ERANGE,
        'Attribute failed policy validation',
        () => add(0x10001, 0x10000, nest(R.TCA.OPTIONS.type, attr(TCA_HTB.PARMS.type, new Uint8Array(43)))),
      ],
      ['a rate of zero', E.EINVAL, undefined, () => add(0x10001, 0x10000, htbClass({ rate: rateOf(0) }))],
      ['a ceiling of zero', E.EINVAL, undefined, () => add(0x10001, 0x10000, htbClass({ ceil: rateOf(0) }))],
      ['no class id', E.EINVAL, undefined, () => add(0, 0x10000)],
      ['another major', E.ENOENT, undefined, () => add(0x20001, 0)],
      [
        'a bad estimator',
        E.EINVAL,
        undefined,
        () => add(0x10001, 0x10000, undefined, ADD, attr(R.TCA.RATE.type, Uint8Array.of(9, 1))),
      ],
      [
        'a shared block',
        E.EOPNOTSUPP,
        'Shared blocks are not supported for classes',
        () => add(0x10001, 0x10000, undefined, ADD, attr(R.TCA.INGRESS_BLOCK.type, 5)),
      ],
    ];
    for (const [what, errno, text, request] of refused)
      it(`refuses ${what} and leaves nothing behind`, () => {
        const before = bed.objects();
        const answer = request();
        expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
        expect(bed.objects()).to.deep.equal(before);
      });

    it('nest eight levels deep', () => {
      for (let i = 1; i <= 8; i++) expect(add(0x10000 + i, 0x10000 + i - 1).errno, `level ${i}`).to.equal(0);
      const before = bed.objects();
      const answer = add(0x10009, 0x10008);
      expect([answer.errno, answer.text]).to.deep.equal([E.EINVAL, 'sch_htb: tree is too deep']);
      expect(bed.objects()).to.deep.equal(before);
      expect([parms(0x10001).level, parms(0x10007).level, parms(0x10008).level]).to.deep.equal([7, 1, 0]);
    });

    it('with a parent nobody has are at the root', () => {
      add(0x10001, 0x10077);
      expect(openTc(get(0x10001)).tcm.tcm_parent).to.equal(P.TC_H_ROOT);
    });

    it('stay where they are when they are changed', () => {
      add(0x10001, 0x10000);
      add(0x10002, 0x10001);
      expect(add(0x10002, 0x10000, htbClass({ prio: 9 }), 0).errno).to.equal(0);
      expect(openTc(get(0x10002)).tcm.tcm_parent).to.equal(0x10001);
      expect(parms(0x10002).prio, 'priorities end at seven').to.equal(7);
      const rate = attr(R.TCA.RATE.type, Uint8Array.of(9, 1));
      expect(add(0x10002, 0x10000, htbClass({ prio: 3 }), 0, rate).errno).to.equal(E.EINVAL);
      expect(parms(0x10002).prio, 'after a refusal').to.equal(7);
    });

    it('keep prio and quantum while they have children, and get a child of their own back with the last', () => {
      add(0x10001, 0x10000, htbClass({ prio: 2, quantum: 3000 }));
      bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 });
      expect(openTc(get(0x10001)).tcm.tcm_info).to.equal(0x20000);
      add(0x10002, 0x10001);
      expect(bed.dump(R.RTM_GETQDISC, {}).join(), 'the child is gone').to.not.include('pfifo');
      add(0x10001, 0x10000, htbClass({ prio: 5, quantum: 9000, buffer: 7 }), NLM_F_REPLACE);
      const { prio, quantum, buffer } = parms(0x10001);
      expect([prio, quantum, buffer]).to.deep.equal([2, 3000, 7]);
      expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }).errno, 'no leaf').to.equal(E.EINVAL);
      expect(remove(0x10001).text).to.equal('HTB class in use');
      expect(remove(0x10002).errno).to.equal(0);
      expect(parms(0x10001).level).to.equal(0);
      expect(bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 }).errno).to.equal(0);
    });

    it('hang a pfifo back under a leaf when its qdisc is deleted', () => {
      add(0x10001, 0x10000);
      const boot = bed.objects();
      bed.qdisc('pfifo', { parent: 0x10001, handle: 0x20000 });
      expect(bed.tc(R.RTM_DELQDISC, 0, { parent: 0x10001 }).events).to.deep.equal(['DELQDISC pfifo 2:0 refs 1']);
      expect(bed.objects()).to.deep.equal(boot);
    });

    const warning = (size: string): string => `sch_htb: quantum of class 1000A is ${size}. Consider r2q change.`;
    const quanta: readonly [string, bigint, number, number, string | undefined][] = [
      ['derived from the rate', 125000n, 0, 12500, undefined],
      ['as given', 125000n, 5, 5, undefined],
      ['of a slow class', 9999n, 0, 1000, warning('small')],
      ['at the lower end', 10000n, 0, 1000, undefined],
      ['at the upper end', 2000000n, 0, 200000, undefined],
      ['of a fast class', 1n << 40n, 0, 200000, warning('big')],
    ];
    for (const [what, rate, given, quantum, text] of quanta)
      it(`have a quantum: ${what}`, () => {
        const options = htbClass({ quantum: given, rate: rateOf(1000) }, attr(TCA_HTB.RATE64.type, u64(rate)));
        const answer = add(0x1000a, 0x10000, options, ADD | NLM_F_ECHO);
        expect([answer.errno, answer.text]).to.deep.equal([0, text]);
        expect(parms(0x1000a).quantum).to.equal(quantum);
        const shown = optionsIn(get(0x1000a)).get(TCA_HTB.RATE64.type);
        expect(shown?.view.getBigUint64(0, true)).to.equal(rate > 0xffffffffn ? rate : undefined);
      });

    it('learn their link layer from a table when the rate names none', () => {
      const cells = new Uint8Array(Uint32Array.from({ length: 256 }, (_, i) => Math.floor(i / 6) + 1).buffer);
      const rate = rateOf(125000, { linklayer: 0, cell_log: 3, mpu: 48, overhead: 4 });
      add(0x10001, 0x10000, htbClass({ rate }, attr(TCA_HTB.RTAB.type, cells)));
      const shown = P.tc_ratespec.get(optionsIn(get(0x10001)).get(TCA_HTB.PARMS.type)!, 0);
      expect(shown).to.include({ linklayer: P.TC_LINKLAYER_ATM, mpu: 48, overhead: 4, cell_log: 0 });
      const straight = new Uint8Array(Uint32Array.from({ length: 256 }, (_, i) => i + 1).buffer);
      add(0x10002, 0x10000, htbClass({ rate }, attr(TCA_HTB.RTAB.type, straight)));
      const other = P.tc_ratespec.get(optionsIn(get(0x10002)).get(TCA_HTB.PARMS.type)!, 0);
      expect(other.linklayer).to.equal(P.TC_LINKLAYER_ETHERNET);
    });

    it('start with full buckets, and show an estimator', () => {
      add(0x10001, 0x10000, undefined, ADD, attr(R.TCA.RATE.type, Uint8Array.of(0, 2)));
      add(0x10001, 0x10000, htbClass({ buffer: 1 }), 0);
      const { tca } = openTc(get(0x10001));
      expect(P.tc_htb_xstats.get(tca.get(R.TCA.XSTATS.type)!, 0)).to.include({ tokens: 15000, ctokens: 16000 });
      const stats = optionsIn(get(0x10001));
      expect(P.tc_htb_opt.get(stats.get(TCA_HTB.PARMS.type)!, 0).buffer).to.equal(1);
      expect(tca.get(R.TCA.STATS2.type)!.length).to.equal(20 + 12 + 24 + 24);
    });

    it('are dumped by bucket of a table that doubles', () => {
      for (let i = 1; i <= 6; i++) add(0x10000 + i, 0x10000);
      expect(classIds()).to.deep.equal(
        [1, 2, 3, 4, 5, 6].map((i) => 0x10000 + i).sort((a, b) => (hash(a) & 7) - (hash(b) & 7)),
      );
      expect(classIds(0x20000)).to.deep.equal([]);
      expect(classIds(0x10000)).to.have.length(6);
    });
    const hash = (id: number): number => id ^ (id >>> 8) ^ ((id ^ (id >>> 8)) >>> 4);

    it('are kept by filters of another class only until a delete is tried', () => {
      add(0x10001, 0x10000);
      add(0x10002, 0x10000);
      const flow = bpf(ops(), attr(TCA_BPF.CLASSID.type, 0x10002));
      expect(bed.filter({ parent: 0x10001 }, ADD, flow).errno).to.equal(0);
      const refusedOnce = remove(0x10002);
      expect([refusedOnce.errno, refusedOnce.text]).to.deep.equal([E.EBUSY, 'HTB class in use']);
      expect(remove(0x10002).errno, 'the failed attempt has unbound the filter').to.equal(0);
      expect(add(0x10002, 0x10000).errno).to.equal(0);
      expect(remove(0x10002).errno, 'a class that comes back is bound again').to.equal(E.EBUSY);
    });

    it('are kept by filters of the qdisc', () => {
      add(0x10001, 0x10000);
      expect(bed.filter({ parent: 0x10000 }, ADD, bpf(ops(), attr(TCA_BPF.CLASSID.type, 0x10001))).errno).to.equal(0);
      for (let i = 0; i < 2; i++) expect(remove(0x10001).errno).to.equal(E.EBUSY);
      expect(bed.tc(R.RTM_DELTFILTER, 0, { parent: 0x10000, prio: 1, protocol: 0x0300 }).errno).to.equal(0);
      expect(remove(0x10001).errno).to.equal(0);
    });
  });

  it('takes classes, leaves and filters along when it goes', () => {
    bed.settle();
    const before = new Bed().objects().length;
    add(0x10001, 0x10000);
    add(0x10002, 0x10001);
    bed.qdisc('tbf', { parent: 0x10002, handle: 0x20000 });
    bed.filter({ parent: 0x10001 }, ADD, bpf(ops(), attr(TCA_BPF.CLASSID.type, 0x10002)));
    bed.filter({ parent: 0x10000 }, ADD, bpf(ops(), attr(TCA_BPF.CLASSID.type, 0x10001)));
    expect(bed.tc(R.RTM_DELQDISC, 0, { parent: P.TC_H_ROOT }).errno).to.equal(0);
    bed.settle();
    expect(bed.objects()).to.have.length(before);
  });

  it('says less in 6.1, and does not count for queues in 4.1', () => {
    bed = new Bed({ version: 'v6.1' });
    bed.qdisc('htb', root, ADD, htb());
    const slow = add(0x10001, 0x10000, htbClass({ rate: rateOf(1000) }));
    expect([slow.errno, slow.text]).to.deep.equal([0, undefined]);
    add(0x10002, 0x10001);
    expect(remove(0x10001)).to.include({ errno: E.EBUSY, text: undefined });
    bed = new Bed({ version: 'v4.1' });
    expect(bed.qdisc('htb', root, ADD, htb({}, nest(TCA_HTB.OFFLOAD.type))).errno).to.equal(0);
    expect(add(0x10001, 0x10000, htbClass({ rate: rateOf(125000, { mpu: 64 }) })).errno).to.equal(0);
    expect(P.tc_ratespec.get(optionsIn(get(0x10001)).get(TCA_HTB.PARMS.type)!, 0).mpu).to.equal(0);
  });
});
