// mirred: what it wants to be told, in which order, and what becomes of it when its device goes.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import { TCA_ACT } from '../../../../lib/uapi/linux/pkt_cls.js';
import { RTM_NEWACTION } from '../../../../lib/uapi/linux/rtnetlink.js';
import { TCA_MIRRED, tc_mirred } from '../../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { act, action, actionsOf, add, dumpActions, inside, mirred, tab } from './actions.js';
import { attr, Bed } from './bed.js';

const parms = (fields: Parameters<typeof tc_mirred.bytes>[0]): Uint8Array =>
  attr(TCA_MIRRED.PARMS.type, tc_mirred.bytes(fields));
const block = (index: number): Uint8Array => attr(TCA_MIRRED.BLOCKID.type, index);

/** The options of the only mirred action. */
function shown(bed: Bed) {
  const options = inside(actionsOf(dumpActions(bed, 'mirred')[0]!)[0]!.get(TCA_ACT.OPTIONS.type)!);
  const first = options.get(TCA_MIRRED.PARMS.type)!;
  return { ...tc_mirred.get(first.msg, first.start), block: options.get(TCA_MIRRED.BLOCKID.type)?.u32() };
}

describe('net/sched/act_mirred', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });

  const ok = { action: 3, eaction: 1, ifindex: 2 };
  const refused: readonly [string, number, string | undefined, readonly Uint8Array[]][] = [
    ['no options', E.EINVAL, 'act_mirred: Mirred requires attributes to be passed', [attr(1, 'mirred')]],
    ['no parameters', E.EINVAL, 'act_mirred: Missing required mirred parameters', action('mirred', [])],
    [
      'short parameters',
      E.ERANGE,
      'Attribute failed policy validation',
      action('mirred', [attr(2, new Uint8Array(27))]),
    ],
    ['block 0', E.ERANGE, 'integer out of range', action('mirred', [parms({ ...ok, ifindex: 0 }), block(0)])],
    [
      'a device and a block',
      E.EINVAL,
      'act_mirred: Cannot specify Block ID and dev simultaneously',
      action('mirred', [parms({ ...ok, eaction: 9 }), block(1)]),
    ],
    ['an unknown way', E.EINVAL, 'act_mirred: Unknown mirred option', mirred({ eaction: 5, ifindex: 0 })],
    ['no device', E.EINVAL, 'act_mirred: Must specify device or block', mirred({ ifindex: 0, action: 9 })],
    ['a bad verdict and device', E.EINVAL, 'invalid control action', mirred({ ifindex: 99, action: 9 })],
    ['an unknown device', E.ENODEV, undefined, mirred({ ifindex: 99 })],
  ];
  for (const [title, errno, text, wanted] of refused)
    it(`refuses ${title} and leaves nothing behind`, () => {
      const before = bed.objects();
      const answer = add(bed, wanted);
      expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('keeps an action as it was when its replacement is refused', () => {
    add(bed, mirred({ index: 1, eaction: 2 }));
    const before = bed.objects();
    for (const bad of [
      mirred({ index: 1, ifindex: 99 }),
      mirred({ index: 1, eaction: 7 }),
      mirred({ index: 1, action: 9 }),
    ])
      expect(act(bed, RTM_NEWACTION, NLM_F_REPLACE, tab(bad)).errno).not.to.equal(0);
    expect(bed.objects()).to.deep.equal(before);
    expect(shown(bed)).to.include({ eaction: 2, ifindex: 2, action: 3, refcnt: 1, bindcnt: 0 });
  });

  it('keeps its device when a replacement names none, and gives it up for a block', () => {
    add(bed, mirred({ index: 1 }));
    act(bed, RTM_NEWACTION, NLM_F_REPLACE, tab(mirred({ index: 1, ifindex: 0, eaction: 4 })));
    expect(shown(bed)).to.include({ ifindex: 2, eaction: 4 });
    const toBlock = action('mirred', [parms({ ...ok, index: 1, ifindex: 0 }), block(7)]);
    act(bed, RTM_NEWACTION, NLM_F_REPLACE, tab(toBlock));
    expect(shown(bed)).to.include({ ifindex: 0, block: 7 });
    act(bed, RTM_NEWACTION, NLM_F_REPLACE, tab(mirred({ index: 1, ifindex: 3 })));
    expect(shown(bed)).to.deep.include({ ifindex: 3, block: undefined });
  });

  it('holds its device, and points to nothing once it is gone', () => {
    add(bed, mirred());
    const dev = [...bed.machine.objects].find((object) => object.label === 'net_device v1')!;
    expect(dev.holders.map((holder) => holder.label)).to.include('action mirred index 1');
    bed.removeLinks();
    bed.settle();
    expect(dev.freed).to.equal(true);
    expect(shown(bed).ifindex).to.equal(0);
  });

  it('knows no blocks in 6.1', () => {
    const old = new Bed({ version: 'v6.1' });
    expect(add(old, mirred({ ifindex: 0 })).text).to.equal('act_mirred: Specified device does not exist');
    expect(add(old, action('mirred', [parms(ok), block(1)])).errno).to.equal(0);
  });
});
