// Statistics blocks: their order and bytes, alignment where a machine asks for it.
import { expect } from 'chai';
import { toHex } from '../../../../lib/codec/bytes.js';
import { GnetDump, noBasic, noQueue } from '../../../../lib/linux/net/core/gen_stats.js';
import { MessageWriter } from '../../../../lib/linux/net/netlink/message.js';

const to = { stats2: 7, stats: 3, xstats: 4, pad: 9 };

/** Bytes of a dump of zero statistics after `before` bytes. */
function dumped(before: number, padded: boolean, fill?: (d: GnetDump) => void): string {
  const skb = new MessageWriter();
  skb.reserve(before);
  const d = new GnetDump(skb, to, padded);
  d.copyBasic({ ...noBasic(), bytes: 2 ** 33 + 1, packets: 2 });
  fill?.(d);
  d.copyQueue({ ...noQueue(), drops: 3 });
  d.finish();
  return toHex(skb.take().subarray(before));
}

const basic = '14000100' + '0100000002000000' + '0200000000000000';
const queue = '18000300' + '0000000000000000' + '0300000000000000' + '00000000';
const compat = '2c000300' + '0100000002000000' + '02000000' + '03000000' + '00'.repeat(24);

describe('net/core/gen_stats', () => {
  it('writes the blocks and repeats them in the old struct', () => {
    expect(dumped(60, false)).to.equal('30000700' + basic + queue + compat.slice(0, 88));
  });

  it('aligns payloads to eight bytes where the machine wants it', () => {
    expect(dumped(60, true)).to.equal('38000700' + '04000600' + basic + '04000600' + queue + compat.slice(0, 88));
    expect(dumped(56, true).slice(0, 16)).to.equal('04000900' + '38000700');
  });

  it('adds an estimate, a wide one when it does not fit, and statistics of the kind', () => {
    const text = dumped(60, false, (d) => {
      d.copyRateEst({ bps: 2 ** 32, pps: 5 });
      d.copyApp(Uint8Array.of(1, 2, 3, 4));
    });
    expect(text).to.include('0c000200' + 'ffffffff' + '05000000');
    expect(text).to.include('14000500' + '0000000001000000' + '0500000000000000');
    expect(text).to.include('08000400' + '01020304');
    expect(text.endsWith('08000400' + '01020304')).to.be.true;
  });
});
