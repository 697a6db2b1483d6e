// What check predicts, held against what real kernels answered to every recorded request: where it predicts a refusal, errno,
// text and places are those of the kernel; what the kernel takes is never refused; and whatever else the kernel refuses
// was named as possible.
import { expect } from 'chai';
import { NETLINK_GET_STRICT_CHK } from '../../../lib/uapi/linux/netlink.js';
import { RTM_GETADDR, RTM_GETLINK } from '../../../lib/uapi/linux/rtnetlink.js';
import { messagesOf, requestsOf, type Sent } from './recorded.js';
import { compare, type Outcome } from './tally.js';
import { carried, publicFiles, publicFolder } from './vector_files.js';

type Counts = Record<Outcome, number>;
const noCounts = (): Counts => ({ right: 0, accepted: 0, 'object first': 0, foreseen: 0, unforeseen: 0, wrong: 0 });

const show = (counts: Counts): string =>
  `predicted ${counts.right} refusals right, ${counts.wrong} wrong; ${counts.accepted} accepted; ` +
  `refused by objects ${counts['object first'] + counts.foreseen}, not named before ${counts.unforeseen}`;

function judge(file: string, total: Counts): string[] {
  const failures: string[] = [];
  for (const sent of requestsOf(file))
    for (const { outcome, line } of compare(sent)) {
      total[outcome]++;
      if (outcome === 'wrong' || outcome === 'unforeseen') failures.push(`${outcome}: ${line}`);
    }
  return failures;
}

const short = (file: string): string => file.split('/').slice(-2).join('/');

describe('check predicts what real kernels answered', () => {
  const total = noCounts();

  after(() => {
    console.log(`      ${show(total)}`);
  });

  for (const file of carried)
    it(short(file), () => {
      expect(judge(file, total)).to.deep.equal([]);
    }).timeout(240_000);

  it('predicts something of each kind', () => {
    expect(total.right).to.be.greaterThan(1000);
    expect(total.accepted).to.be.greaterThan(3000);
    expect(total['object first']).to.be.greaterThan(100);
  });
});

describe('check predicts the public recordings', () => {
  const total = noCounts();

  before(function () {
    if (publicFiles !== undefined) return;
    console.log(`      ${publicFolder} is not there`);
    this.skip();
  });

  after(() => {
    if (publicFiles !== undefined) console.log(`      ${show(total)}`);
  });

  it('every record', () => {
    expect(publicFiles!.flatMap((file) => judge(file, total))).to.deep.equal([]);
    expect(total.right).to.be.greaterThan(100);
  }).timeout(240_000);
});

/** Dumps of a type by a socket with strict checking. */
function isStrictDump({ datagram }: Sent, type: number): boolean {
  if (datagram.options?.includes(NETLINK_GET_STRICT_CHK) !== true) return false;
  const first = messagesOf(datagram.bytes)[0];
  return first?.type === type && (first.flags & 0x300) !== 0;
}

describe('the strict verdict is that of the kernel under NETLINK_GET_STRICT_CHK', () => {
  const strictFiles = carried.filter((file) => /netlink\//.test(file));

  for (const [name, type] of [
    ['link', RTM_GETLINK],
    ['address', RTM_GETADDR],
  ] as const)
    it(`${name} dumps`, () => {
      const counts = noCounts();
      const failures: string[] = [];
      for (const sent of strictFiles.flatMap((file) => [...requestsOf(file)]).filter((one) => isStrictDump(one, type)))
        for (const { outcome, line } of compare(sent)) {
          counts[outcome]++;
          if (outcome === 'wrong' || outcome === 'unforeseen') failures.push(`${outcome}: ${line}`);
        }
      console.log(`        ${show(counts)}`);
      expect(failures).to.deep.equal([]);
      expect(counts.right).to.be.at.least(20);
      expect(counts.right + counts.accepted + counts.foreseen).to.be.at.least(30);
    }).timeout(240_000);
});
