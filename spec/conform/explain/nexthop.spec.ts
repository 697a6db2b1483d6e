// Messages of next hops as Linux 6.18 took and sent them: a group is asked for, and shown by a dump.
import { expect } from 'chai';
import { fromHex } from '../../../lib/codec/bytes.js';
import { explain } from '../../../lib/conform/explain/explain.js';
import type { Region } from '../../../lib/conform/explain/region.js';

const asked =
  '34000000680005060300000000000000000003000000000008000100090000001400020007000000000000000800000004000000';
const shown =
  '44000000680002000400000095030000000003000000000008000100090000000600030000000000140002000700000000000000080000000400000008000e0000000080';

const leaves = (regions: readonly Region[]): Region[] =>
  regions.flatMap((region) => (region.children === undefined ? [region] : leaves(region.children)));

const said = (hex: string, name: string): string[] =>
  leaves(explain(fromHex(hex)))
    .filter((region) => region.name === name)
    .map(({ value }) => value ?? '');

describe('explain: next hops', () => {
  it('names what a request makes', () => {
    expect(said(asked, 'nlmsg_type')).to.deep.equal(['RTM_NEWNEXTHOP (104)']);
    expect(said(asked, 'nh_protocol')).to.deep.equal(['RTPROT_BOOT']);
    expect(said(asked, 'NHA_ID')).to.deep.equal(['9']);
  });

  it('shows the members of a group, in the order of the message', () => {
    for (const hex of [asked, shown])
      expect([...said(hex, 'member 0'), ...said(hex, 'member 1')]).to.deep.equal([
        '{id=7, weight=0, weight_high=0, resvd2=0}',
        '{id=8, weight=4, weight_high=0, resvd2=0}',
      ]);
    expect(said(shown, 'NHA_GROUP_TYPE')).to.deep.equal(['NEXTHOP_GRP_TYPE_MPATH']);
  });
});
