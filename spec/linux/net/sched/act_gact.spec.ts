// gact: verdicts, and another one for some of the packets.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { TC_ACT_GOTO_CHAIN, TC_ACT_OK, TC_ACT_PIPE, TC_ACT_SHOT, TCA_ACT } from '../../../../lib/uapi/linux/pkt_cls.js';
import { tc_gact, tc_gact_p, TCA_GACT } from '../../../../lib/uapi/linux/tc_act/tc_gact.js';
import { action, actionsOf, add, dumpActions, inside, listed } from './actions.js';
import { attr, Bed } from './bed.js';

const parms = (fields: Parameters<typeof tc_gact.bytes>[0]): Uint8Array =>
  attr(TCA_GACT.PARMS.type, tc_gact.bytes(fields));
const prob = (ptype: number, pval: number, paction: number): Uint8Array =>
  attr(TCA_GACT.PROB.type, tc_gact_p.bytes({ ptype, pval, paction }));

describe('net/sched/act_gact', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });

  const refused: readonly [string, number, string | undefined, readonly Uint8Array[]][] = [
    ['no options', E.EINVAL, undefined, [attr(1, 'gact')]],
    ['no parameters', E.EINVAL, undefined, action('gact', [])],
    ['short parameters', E.ERANGE, undefined, action('gact', [attr(TCA_GACT.PARMS.type, new Uint8Array(19))])],
    ['an unknown choice', E.EINVAL, undefined, action('gact', [parms({ action: 9 }), prob(3, 1, 0)])],
    [
      'a jump as the other verdict',
      E.EINVAL,
      'goto chain not allowed on fallback',
      action('gact', [parms({ action: 9 }), prob(1, 1, TC_ACT_GOTO_CHAIN)]),
    ],
    ['a bad verdict', E.EINVAL, 'invalid control action', action('gact', [parms({ action: 9 })])],
  ];
  for (const [title, errno, text, wanted] of refused)
    it(`refuses ${title} and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = add(bed, wanted);
      expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('shows the other verdict, given at least once in a while', () => {
    expect(add(bed, action('gact', [parms({ action: TC_ACT_OK }), prob(2, 0, TC_ACT_SHOT)])).errno).to.equal(0);
    const options = inside(actionsOf(dumpActions(bed, 'gact')[0]!)[0]!.get(TCA_ACT.OPTIONS.type)!);
    expect([...options.keys()]).to.deep.equal([TCA_GACT.PARMS.type, TCA_GACT.PROB.type, TCA_GACT.TM.type]);
    const shown = options.get(TCA_GACT.PROB.type)!;
    expect(tc_gact_p.get(shown.msg, shown.start)).to.deep.equal({ ptype: 2, pval: 1, paction: TC_ACT_SHOT });
    expect(listed(bed, 'gact')).to.deep.equal(['1 1/0']);
  });

  it('asks hardware only about verdicts hardware has a word for', () => {
    for (const verdict of [TC_ACT_OK, TC_ACT_PIPE]) add(bed, action('gact', [parms({ action: verdict })]));
    const actions = actionsOf(dumpActions(bed, 'gact')[0]!);
    expect(actions.map((shown) => shown.has(TCA_ACT.USED_HW_STATS.type))).to.deep.equal([true, false]);
  });
});
