// The action API: refusals and their texts, indexes and counts, dumps, flushes; after each refusal every object and
// counter is as before.
import { expect } from 'chai';
import fc from 'fast-check';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as N from '../../../../lib/uapi/linux/netlink.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import {
  act,
  action,
  actionsOf,
  add,
  attributesOf,
  counts,
  dumpActions,
  inside,
  listed,
  mirred,
  named,
  tab,
  table,
} from './actions.js';
import { TCA_MIRRED } from '../../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { ADD, attr, Bed, bpf, CREATE, INGRESS, ops, PROTO_ALL } from './bed.js';

const { TCA_ACT } = P;
const bits = (value: number, selector = value): Uint8Array => new Uint8Array(Uint32Array.of(value, selector).buffer);
const goto = (chain: number): number => P.TC_ACT_GOTO_CHAIN | chain;
const withActions = (...actions: (readonly Uint8Array[])[]): Uint8Array =>
  bpf(ops(), table(P.TCA_BPF.ACT.type, ...actions));
const where = { parent: INGRESS, prio: 1, protocol: PROTO_ALL };

interface One {
  readonly parms: { readonly index: number; readonly action: number; readonly ifindex: number };
  readonly cookie: boolean;
  readonly flags: number;
}

describe('net/sched/act_api', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
    expect(bed.qdisc('clsact').errno).to.equal(0);
  });

  const refused: readonly [string, number, string | undefined, () => Uint8Array[]][] = [
    ['no table', E.EINVAL, 'Netlink action attributes missing', () => []],
    ['no kind', E.EINVAL, 'TC action kind must be specified', () => [tab([attr(3, 1)])]],
    ['a long kind', E.EINVAL, 'TC action name too long', () => [tab(action('x'.repeat(16), []))]],
    ['an unknown kind', E.ENOENT, 'Failed to load TC action module', () => [tab(action('nosuch', []))]],
    ['an unknown second kind', E.ENOENT, 'Failed to load TC action module', () => [tab(mirred(), action('no', []))]],
    [
      '33 actions',
      E.EINVAL,
      'Only 32 actions supported per filter',
      () => [tab(...Array.from({ length: 33 }, () => mirred()))],
    ],
    ['a bad verdict', E.EINVAL, 'invalid control action', () => [tab(mirred({ action: 9 }))]],
    ['an unknown opcode', E.EINVAL, 'invalid control action', () => [tab(mirred({ action: 0x30000000 }))]],
    ['a jump to a chain', E.EINVAL, "can't goto NULL proto/chain", () => [tab(mirred({ action: goto(1) }))]],
    [
      'a long cookie',
      E.ERANGE,
      'Attribute failed policy validation',
      () => [tab(mirred({}, attr(6, new Uint8Array(17))))],
    ],
    ['both skips', E.EINVAL, undefined, () => [tab(mirred({}, attr(TCA_ACT.FLAGS.type, bits(6))))]],
    ['no software', E.EINVAL, undefined, () => [tab(mirred({}, attr(TCA_ACT.FLAGS.type, bits(4))))]],
    ['an index twice', E.EAGAIN, undefined, () => [tab(mirred({ index: 3 }), mirred({ index: 3 }))]],
    ['a taken index', E.EEXIST, undefined, () => [tab(mirred(), mirred({ index: 7 }))]],
    ['a bad second action', E.ENODEV, undefined, () => [tab(mirred(), mirred({ ifindex: 99 }))]],
  ];
  for (const [title, errno, text, attributes] of refused)
    it(`refuses ${title} and leaves nothing behind`, () => {
      expect(add(bed, mirred({ index: 7 })).errno).to.equal(0);
      const before = bed.objects();
      const answer = act(bed, R.RTM_NEWACTION, ADD, ...attributes());
      expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
      expect(answer.events).to.deep.equal([]);
      expect(bed.objects()).to.deep.equal(before);
      expect(listed(bed)).to.deep.equal(['7 1/0']);
    });

  it('succeeds with nothing when there is no first action', () => {
    const answer = act(bed, R.RTM_NEWACTION, ADD, tab());
    expect(answer.errno).to.equal(0);
    expect(answer.events.map(actionsOf)).to.deep.equal([[]]);
  });

  it('gives the lowest free index, and any that is asked for', () => {
    expect(add(bed, mirred(), mirred({ index: 0xffffffff }), mirred(), mirred({ index: 5 })).errno).to.equal(0);
    expect(listed(bed)).to.deep.equal(['1 1/0', '2 1/0', '5 1/0', '-1 1/0']);
    expect(act(bed, R.RTM_DELACTION, 0, tab(named('mirred', 1))).errno).to.equal(0);
    add(bed, mirred());
    expect(listed(bed)).to.deep.equal(['1 1/0', '2 1/0', '5 1/0', '-1 1/0']);
  });

  it('replaces only when told to, and keeps what the request does not name', () => {
    add(bed, mirred({ index: 1 }, attr(TCA_ACT.COOKIE.type, Uint8Array.of(1, 2, 3))));
    expect(add(bed, mirred({ index: 1 })).errno).to.equal(E.EEXIST);
    const answer = act(bed, R.RTM_NEWACTION, N.NLM_F_REPLACE, tab(mirred({ index: 1, ifindex: 3 })));
    const [shown] = actionsOf(answer.events[0]!);
    expect(counts(shown!), 'the request holds it too').to.equal('1 2/0');
    expect([...shown!.get(TCA_ACT.COOKIE.type)!.bytes()]).to.deep.equal([1, 2, 3]);
    expect(listed(bed)).to.deep.equal(['1 1/0']);
  });

  it('counts filters that bind, refuses to delete for them, and is gone with the last unless it stands alone', () => {
    add(bed, mirred({ index: 1 }));
    for (const handle of [1, 2]) bed.filter({ handle }, ADD, withActions(mirred({ index: 1, ifindex: 99 })));
    bed.filter({ handle: 3 }, ADD, withActions(mirred()));
    expect(listed(bed)).to.deep.equal(['1 3/2', '2 1/1']);
    const answer = act(bed, R.RTM_DELACTION, 0, tab(named('mirred', 1)));
    expect([answer.errno, answer.text]).to.deep.equal([E.EPERM, 'Failed to delete TC action']);
    expect(act(bed, R.RTM_DELACTION, N.NLM_F_ROOT, tab([attr(1, 'mirred')])).errno).to.equal(E.EPERM);
    expect(listed(bed)).to.deep.equal(['1 3/2', '2 1/1']);
    bed.tc(R.RTM_DELTFILTER, 0, where);
    expect(listed(bed), 'until packets are through').to.deep.equal(['1 3/2', '2 1/1']);
    bed.settle();
    expect(listed(bed)).to.deep.equal(['1 1/0']);
  });

  it('shows GET and DEL without its own references', () => {
    add(bed, mirred(), mirred());
    const got = act(bed, R.RTM_GETACTION, 0, tab(named('mirred', 2), named('mirred', 1)));
    expect(got.replies.flatMap(actionsOf).map(counts)).to.deep.equal(['2 1/0', '1 1/0']);
    const gone = act(bed, R.RTM_DELACTION, N.NLM_F_ECHO, tab(named('mirred', 1)));
    expect(gone.replies.flatMap(actionsOf).map(counts)).to.deep.equal(['1 0/0']);
    expect(
      gone.events.map((m) => m.view.getUint16(6, true)),
      'flags',
    ).to.deep.equal([0]);
    expect(listed(bed)).to.deep.equal(['2 1/0']);
  });

  it('forgets references when a deletion is refused half way, in 6.18', () => {
    for (const version of ['v6.18', 'v6.1'] as const) {
      const other = new Bed({ version });
      other.qdisc('clsact');
      other.filter({}, ADD, withActions(mirred({ index: 1 })));
      add(other, mirred({ index: 2 }));
      const both = tab(named('mirred', 1), named('mirred', 2));
      expect(act(other, R.RTM_DELACTION, 0, both).errno).to.equal(E.EPERM);
      const forgotten = version === 'v6.18';
      expect(listed(other)).to.deep.equal(['1 1/1', forgotten ? '2 2/0' : '2 1/0']);
      expect(act(other, R.RTM_DELACTION, 0, tab(named('mirred', 2))).errno).to.equal(0);
      expect(listed(other)).to.deep.equal(forgotten ? ['1 1/1', '2 1/0'] : ['1 1/1']);
      act(other, R.RTM_DELACTION, 0, tab(named('mirred', 2)));
      expect(listed(other)).to.deep.equal(['1 1/1']);
    }
  });

  it('deletes an action that is named twice', () => {
    add(bed, mirred());
    expect(act(bed, R.RTM_DELACTION, 0, tab(named('mirred', 1), named('mirred', 1))).errno).to.equal(0);
    expect(listed(bed)).to.deep.equal([]);
  });

  const lookups: readonly [string, number, string, readonly Uint8Array[]][] = [
    ['no index', E.EINVAL, 'Invalid TC action index value', [attr(1, 'mirred')]],
    ['a short index', E.ERANGE, 'Attribute failed policy validation', [attr(1, 'mirred'), attr(3, Uint8Array.of(1))]],
    ['an unknown kind', E.EINVAL, 'Specified TC action kind not found', named('nosuch', 1)],
    ['an unknown index', E.ENOENT, 'TC action with specified index not found', named('mirred', 9)],
  ];
  for (const [title, errno, text, wanted] of lookups)
    it(`finds nothing by ${title}, and lets go of what it found before`, () => {
      add(bed, mirred());
      const before = bed.objects();
      for (const type of [R.RTM_GETACTION, R.RTM_DELACTION]) {
        const answer = act(bed, type, 0, tab(named('mirred', 1), wanted));
        expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
        expect(bed.objects()).to.deep.equal(before);
      }
    });

  it('flushes up to the first that a filter holds, with a warning', () => {
    const flush = (name: string) => act(bed, R.RTM_DELACTION, N.NLM_F_ROOT, tab([attr(1, name)]));
    expect(flush('mirred')).to.deep.include({ errno: 0, events: [] });
    expect(flush('nosuch').text).to.equal('Cannot flush unknown TC action');
    const empty = act(bed, R.RTM_DELACTION, N.NLM_F_ROOT, tab());
    expect(empty.text).to.equal('Invalid netlink attributes while flushing TC action');
    add(bed, mirred(), mirred(), mirred(), mirred());
    bed.filter({}, ADD, withActions(mirred({ index: 3 })));
    const answer = flush('mirred');
    expect([answer.errno, answer.text]).to.deep.equal([0, 'Unable to flush all TC actions']);
    const [shown] = actionsOf(answer.events[0]!);
    expect(shown!.get(R.TCA.FCNT.type)!.u32()).to.equal(2);
    expect(listed(bed)).to.deep.equal(['3 2/1', '4 1/0']);
  });

  it('dumps 32 actions a datagram, or as many as fit', () => {
    for (let i = 0; i < 3; i++) add(bed, ...Array.from({ length: 32 }, () => mirred()));
    const sizes = (...more: Uint8Array[]): number[] =>
      dumpActions(bed, 'mirred', ...more).map((message) => actionsOf(message).length);
    const terse = attr(R.TCA_ROOT.FLAGS.type, bits(R.TCA_ACT_FLAG_TERSE_DUMP));
    const large = attr(R.TCA_ROOT.FLAGS.type, bits(R.TCA_ACT_FLAG_LARGE_DUMP_ON));
    expect(sizes(terse)).to.deep.equal([32, 32, 32, 0]);
    expect(sizes(large).reduce((a, b) => a + b)).to.equal(96);
    const [first] = dumpActions(bed, 'mirred', large);
    const root = attributesOf(first!, R.tcamsg.size);
    expect(root.get(R.TCA_ROOT.COUNT.type)!.u32()).to.equal(actionsOf(first!).length);
    expect(sizes(attr(R.TCA_ROOT.FLAGS.type, bits(4))), 'refused').to.deep.equal([0]);
  });

  it('dumps only what was used lately', () => {
    add(bed, mirred());
    bed.settle();
    add(bed, mirred());
    const lately = dumpActions(bed, 'mirred', attr(R.TCA_ROOT.TIME_DELTA.type, 500));
    expect(lately.flatMap(actionsOf).map(counts)).to.deep.equal(['2 1/0']);
  });

  it('shows cookie, flags and kinds of counters; a dump asks hardware, which shows from then on', () => {
    const wanted = [attr(6, Uint8Array.of(9)), attr(7, bits(2)), attr(8, bits(1, 3))];
    const [event] = add(bed, mirred({}, ...wanted)).events;
    const types = (message: Parameters<typeof actionsOf>[0]): number[] => [...actionsOf(message)[0]!.keys()];
    expect(types(event!)).to.deep.equal([1, 4, 6, 8, 7, 10, 2]);
    expect(types(dumpActions(bed, 'mirred')[0]!)).to.deep.equal([1, 4, 6, 8, 9, 7, 10, 2]);
    expect(types(act(bed, R.RTM_GETACTION, 0, tab(named('mirred', 1))).replies[0]!)).to.include(9);
  });

  it('repeats a warning in the notification, before the table', () => {
    const answer = act(bed, R.RTM_NEWACTION, ADD, tab(mirred()), Uint8Array.of(1, 2, 3, 0));
    expect(answer.text).to.equal('bytes leftover after parsing attributes');
    const root = attributesOf(answer.events[0]!, R.tcamsg.size);
    expect([...root.keys()]).to.deep.equal([R.TCA_ROOT.EXT_WARN_MSG.type, R.TCA_ROOT.TAB.type]);
  });

  it('holds the chain it jumps to until it is replaced or gone', () => {
    const chains = (): string[] => [...bed.machine.objects].map((o) => o.label).filter((l) => l.startsWith('chain '));
    bed.filter({ handle: 1 }, ADD, withActions(mirred({ index: 1, action: goto(5) })));
    expect(chains().some((label) => label.startsWith('chain 5'))).to.equal(true);
    expect(bed.dump(R.RTM_GETCHAIN, { parent: INGRESS })).to.deep.equal(['NEWCHAIN ffff:0 chain 0', 'DONE 0']);
    bed.filter({ handle: 1 }, CREATE, withActions(mirred({ index: 2, action: goto(6) })));
    bed.settle();
    expect(chains().map((label) => label.slice(0, 7))).to.deep.equal(['chain 0', 'chain 6']);
    bed.tc(R.RTM_DELTFILTER, 0, where);
    bed.settle();
    expect(chains()).to.deep.equal([]);
  });

  it('puts the actions of a filter that is refused back', () => {
    add(bed, mirred({ index: 4 }));
    const before = bed.objects();
    const bad = [attr(P.TCA_BPF.FLAGS.type, 2)];
    const options = bpf(ops(), table(P.TCA_BPF.ACT.type, mirred({ index: 4 }), mirred({ action: goto(3) })), ...bad);
    expect(bed.filter({}, ADD, options).errno).to.equal(E.EINVAL);
    expect(bed.objects()).to.deep.equal(before);
    expect(listed(bed)).to.deep.equal(['4 1/0']);
  });

  it('wants filter and action to agree about hardware', () => {
    add(bed, mirred({ index: 1 }, attr(TCA_ACT.FLAGS.type, bits(2))));
    const answer = bed.filter({}, ADD, withActions(mirred({ index: 1 })));
    expect(answer.text).to.equal('Mismatch between action and filter offload flags');
    expect(listed(bed)).to.deep.equal(['1 1/0']);
  });

  it('shares the estimator of a filter', () => {
    const rate = (...bytes: number[]) => attr(R.TCA.RATE.type, Uint8Array.of(...bytes));
    expect(bed.filter({}, ADD, withActions(mirred()), rate(0)).errno).to.equal(E.EINVAL);
    expect(listed(bed)).to.deep.equal([]);
    expect(bed.filter({}, ADD, withActions(mirred()), rate(0, 1)).errno).to.equal(0);
    const stats = actionsOf(dumpActions(bed, 'mirred')[0]!)[0]!.get(TCA_ACT.STATS.type)!;
    expect(stats.len).to.equal(20 + 20 + 12 + 24);
  });

  it('lets an action of a filter name its own skip flags in 6.1', () => {
    const skipping = withActions(mirred({}, attr(TCA_ACT.FLAGS.type, bits(2))));
    expect(bed.filter({}, ADD, skipping).text).to.equal('Mismatch between action and filter offload flags');
    const old = new Bed({ version: 'v6.1' });
    old.qdisc('clsact');
    expect(old.filter({}, ADD, skipping).errno).to.equal(0);
  });

  it('reports an index taken twice, for which 6.1 waits without end', () => {
    const gaps: string[] = [];
    const old = new Bed({ version: 'v6.1', onGap: (what) => gaps.push(what) });
    expect(add(old, mirred({ index: 3 }), mirred({ index: 3 })).errno).to.equal(E.EOPNOTSUPP);
    expect(gaps).to.deep.equal(['an action index taken twice']);
    expect(listed(old)).to.deep.equal([]);
  });

  it('tells times in hundredths of a second since, whatever the timer', () => {
    const timesOf = (on: Bed): bigint[] => {
      add(on, mirred());
      on.machine.advance(1_234_000_000);
      const options = inside(actionsOf(dumpActions(on, 'mirred')[0]!)[0]!.get(TCA_ACT.OPTIONS.type)!);
      const tm = options.get(TCA_MIRRED.TM.type)!;
      return Object.values(P.tcf_t.get(tm.msg, tm.start));
    };
    expect(timesOf(new Bed())).to.deep.equal([123n, 123n, 0n, 0n]);
    expect(timesOf(new Bed({ config: 'rec-6.1-uml' }))).to.deep.equal([123n, 123n, 0n, 0n]);
  });

  it('reports a filter that takes an index twice, which Linux never answers', () => {
    const gaps: string[] = [];
    const other = new Bed({ onGap: (what) => gaps.push(what) });
    other.qdisc('clsact');
    const before = other.objects();
    expect(other.filter({}, ADD, withActions(mirred({ index: 1 }), mirred({ index: 1 }))).errno).to.equal(E.EOPNOTSUPP);
    expect(gaps).to.have.length(1);
    expect(other.objects()).to.deep.equal(before);
  });

  it('knows no actions in 4.1', () => {
    const gaps: string[] = [];
    const old = new Bed({ version: 'v4.1', onGap: (what) => gaps.push(what) });
    expect(add(old, mirred()).errno).to.equal(E.EOPNOTSUPP);
    expect(gaps).to.deep.equal(['actions of v4.1']);
  });

  it('restores every reference, whatever is asked for', function () {
    this.timeout(240_000);
    const index = fc.integer({ min: 0, max: 3 });
    const parms = fc.record({
      index,
      action: fc.constantFrom(3, 9, goto(2), -1),
      ifindex: fc.constantFrom(2, 3, 99, 0),
    });
    const one = fc.record({ parms, cookie: fc.boolean(), flags: fc.constantFrom(0, 2, 4, 6) });
    const list = fc.array(one, { maxLength: 3 });
    const operation = fc.record({
      what: fc.constantFrom('new', 'new', 'replace', 'filter', 'filter', 'delete', 'get', 'flush', 'dump', 'remove'),
      list,
      handle: fc.integer({ min: 1, max: 2 }),
    });
    const made = (actions: readonly One[]): (readonly Uint8Array[])[] =>
      actions.map((a) =>
        mirred(a.parms, ...(a.cookie ? [attr(6, 'c')] : []), ...(a.flags ? [attr(7, bits(a.flags))] : [])),
      );
    const names = (actions: readonly One[]): Uint8Array => tab(...actions.map((a) => named('mirred', a.parms.index)));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
        const all = new Bed();
        all.qdisc('clsact');
        for (const { what, list: actions, handle } of operations) {
          const before = all.objects();
          const run: Readonly<Record<string, () => { errno: number }>> = {
            new: () => act(all, R.RTM_NEWACTION, ADD, tab(...made(actions))),
            replace: () => act(all, R.RTM_NEWACTION, N.NLM_F_REPLACE, tab(...made(actions))),
            filter: () => all.filter({ handle }, CREATE, withActions(...made(actions))),
            delete: () => act(all, R.RTM_DELACTION, 0, names(actions.slice(0, 1))),
            get: () => act(all, R.RTM_GETACTION, 0, names(actions)),
            flush: () => act(all, R.RTM_DELACTION, N.NLM_F_ROOT, tab([attr(1, 'mirred')])),
            dump: () => ({ errno: dumpActions(all, 'mirred').length > 0 ? 0 : 1 }),
            remove: () => all.tc(R.RTM_DELTFILTER, 0, { ...where, handle }),
          };
          const { errno } = run[what]!();
          if (errno !== 0 && what !== 'replace') expect(all.objects(), what).to.deep.equal(before);
          all.settle();
        }
        all.removeLinks();
        all.settle();
        act(all, R.RTM_DELACTION, N.NLM_F_ROOT, tab([attr(1, 'mirred')]));
        expect(all.objects().filter((label) => !label.includes('lo'))).to.deep.equal(
          new Bed().objects().filter((label) => !/lo|v[01]/.test(label)),
        );
      }),
      { numRuns: 100 },
    );
  });
});
