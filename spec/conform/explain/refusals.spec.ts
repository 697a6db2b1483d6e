// What explain() says of refusals that real kernels sent: which attribute or field they are about, named and marked in the
// request that they echo.
import { expect } from 'chai';
import { explain } from '../../../lib/conform/explain/explain.js';
import type { Region } from '../../../lib/conform/explain/region.js';
import { NLMSG_ERROR } from '../../../lib/uapi/linux/netlink.js';
import { carriedDatagrams } from '../vectors.js';

function flat(regions: readonly Region[]): Region[] {
  return regions.flatMap((region) => [region, ...flat(region.children ?? [])]);
}

const refused = 'the kernel refuses this one';
const named = (regions: readonly Region[], name: string): Region[] =>
  regions.filter((region) => region.name === name && region.role === 'group');

describe('explain: refusals', () => {
  /** Regions of every acknowledgement that echoes its request and has details, of the carried recordings. */
  let acknowledgements: Region[][] = [];

  before(function () {
    this.timeout(240_000);
    const answers = carriedDatagrams().filter(
      ({ bytes, isRequest }) => !isRequest && bytes[4] === NLMSG_ERROR && bytes[5] === 0,
    );
    // NLM_F_ACK_TLVS without NLM_F_CAPPED: the request is echoed, details follow.
    acknowledgements = answers.filter(({ bytes }) => (bytes[7]! & 3) === 2).map(({ bytes }) => flat(explain(bytes)));
  });

  it('mark the attribute at fault in the request, and name it', () => {
    let found = 0;
    for (const regions of acknowledgements) {
      const [place] = named(regions, 'NLMSGERR_ATTR_OFFS');
      if (place === undefined) continue;
      found++;
      const marked = regions.filter(({ remark }) => remark?.includes(refused));
      expect(marked.map(({ name }) => name)).to.have.lengthOf(1);
      expect(place.meaning).to.match(
        new RegExp(`^the attribute at fault is (\\S+ (\\d+ )?)*${marked[0]!.name}, at byte \\d+ of the request$`),
      );
      expect(regions[0]!.meaning).to.match(/^(refused: E\w+|done)(, ".*")? \(.*, at byte \d+ of the request\)$/);
    }
    expect(found).to.be.at.least(100);
  });

  it('name what is missing', () => {
    const missing = acknowledgements.flatMap((regions) =>
      named(regions, 'NLMSGERR_ATTR_MISS_TYPE').map(({ meaning }) => meaning),
    );
    expect(missing.length).to.be.at.least(2);
    for (const meaning of missing) expect(meaning).to.match(/^[A-Z0-9]+_\w+ is missing( in \S.*)?$/);
  });

  it('mark the field that a text without an attribute is about', () => {
    const about = (text: string): Region[][] =>
      acknowledgements.filter((regions) =>
        named(regions, 'NLMSGERR_ATTR_MSG').some((region) =>
          flat([region]).some(({ value }) => value === JSON.stringify(text)),
        ),
      );
    const expected = {
      "Parent Qdisc doesn't exists": 'tcm_parent',
      'Qdisc not classful': 'tcm_parent',
      'Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter': 'nlmsg_flags',
      'Filter kind and protocol must be specified': 'tcm_info',
      'Invalid minor handle': 'tcm_handle',
      'ipv4: Device not found': 'ifa_index',
      'FIB table does not exist': 'rtm_table',
    };
    for (const [text, field] of Object.entries(expected)) {
      const cases = about(text);
      expect(cases.length, text).to.be.greaterThan(0);
      for (const regions of cases) {
        expect(regions[0]!.meaning).to.contain(`"${text}" (${field}: `);
        expect(
          regions.filter(({ remark }) => remark?.includes(refused)).map(({ name }) => name),
          text,
        ).to.deep.equal([field]);
      }
    }
  });
});
