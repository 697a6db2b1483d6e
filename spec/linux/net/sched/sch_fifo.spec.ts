// pfifo, bfifo and pfifo_head_drop: limits given and by default; pfifo_fast.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import { TC_H_ROOT } from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, type Fields, V0 } from './bed.js';
import { openTc } from './shaping.js';

const root: Fields = { parent: TC_H_ROOT, handle: 0x10000 };

describe('net/sched/sch_fifo', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });
  const limit = (): number => {
    const [answer] = bed.client.request(R.RTM_GETQDISC, NLM_F_ECHO | 4, bed.body(root, []));
    return openTc(answer!).tca.get(R.TCA.OPTIONS.type)!.view.getUint32(0, true);
  };
  const setQueueLength = (length: number): void => {
    const body = Uint8Array.from([...R.ifinfomsg.bytes({ ifi_index: V0 }), ...attr(13, length)]);
    expect(bed.client.errnoOf(R.RTM_NEWLINK, 0, body)).to.equal(0);
  };

  for (const [name, byDefault] of [
    ['pfifo', 1000],
    ['bfifo', 1_514_000],
    ['pfifo_head_drop', 1000],
  ] as const)
    it(`${name} has the queue length for a limit unless one is given`, () => {
      expect(bed.qdisc(name, root).errno).to.equal(0);
      expect(limit()).to.equal(byDefault);
      expect(bed.qdisc(name, root, 0, attr(R.TCA.OPTIONS.type, 0xffffffff)).errno).to.equal(0);
      expect(limit()).to.equal(0xffffffff);
      const short = bed.qdisc(name, root, 0, attr(R.TCA.OPTIONS.type, Uint8Array.of(1, 2, 3)));
      expect([short.errno, limit()]).to.deep.equal([E.EINVAL, 0xffffffff]);
    });

  it('wraps a limit in bytes at 32 bits', () => {
    setQueueLength(0x7fffffff);
    bed.qdisc('bfifo', root);
    expect(limit()).to.equal(Number((0x7fffffffn * 1514n) & 0xffffffffn));
  });

  it('pfifo_fast cannot be changed', () => {
    bed.qdisc('pfifo_fast', root, ADD, attr(R.TCA.OPTIONS.type, 5));
    expect(bed.qdisc('pfifo_fast', root, 0, attr(R.TCA.OPTIONS.type, 5)).errno).to.equal(E.EINVAL);
  });
});
