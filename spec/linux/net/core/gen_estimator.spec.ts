// Rate estimators: which parameters are taken, and the averages after some samples.
import { expect } from 'chai';
import { Bytes, fromHex } from '../../../../lib/codec/bytes.js';
import { Nla } from '../../../../lib/codec/nla.js';
import { Errno } from '../../../../lib/linux/errno.js';
import { genNewEstimator, type NetRateEstimator } from '../../../../lib/linux/net/core/gen_estimator.js';
import { noBasic } from '../../../../lib/linux/net/core/gen_stats.js';
import { Machine } from '../../../../lib/linux/machine.js';

const SECOND = 1_000_000_000;

describe('net/core/gen_estimator', () => {
  const machine = new Machine();
  const stats = noBasic();
  const estimator = (hex: string, old?: NetRateEstimator): NetRateEstimator => {
    const msg = new Bytes(fromHex(`00000000${hex}`));
    return genNewEstimator(machine, stats, old, new Nla(msg, 0, hex.length / 2));
  };

  it('takes intervals from a quarter second to eight seconds, weights from 1 to 30', () => {
    for (const good of ['fe01', '031e', '0004']) expect(() => estimator(good)).to.not.throw();
    for (const bad of ['fd01', '0401', '0000', '001f', '00']) expect(() => estimator(bad)).to.throw(Errno);
  });

  it('halves the distance to the rate at each sample of weight 1', () => {
    const average = estimator('0001');
    stats.bytes += 8000;
    stats.packets += 16;
    expect(average.bps).to.equal(0);
    machine.advance(SECOND);
    expect([average.bps, average.pps]).to.deep.equal([4000, 8]);
    machine.advance(SECOND);
    expect([average.bps, average.pps]).to.deep.equal([2000, 4]);
  });

  it('goes on from the averages of the one it takes the place of', () => {
    const old = estimator('fe01');
    stats.bytes += 1000;
    machine.advance(SECOND / 4);
    const fresh = estimator('0304', old);
    expect(fresh.bps).to.equal(old.bps).and.to.be.greaterThan(0);
  });

  it('stays at zero for counters that stand still, however long', () => {
    const average = estimator('fe04');
    machine.advance(1e6 * SECOND);
    expect([average.bps, average.pps]).to.deep.equal([0, 0]);
  });
});
