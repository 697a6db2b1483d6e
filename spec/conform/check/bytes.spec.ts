// check() of bytes alone, as a program that has no recording calls it.
import { expect } from 'chai';
import { fromHex } from '../../../lib/codec/bytes.js';
import { check } from '../../../lib/conform/index.js';

/** RTM_GETLINK for all, with IFLA_EXT_MASK of two bytes. */
const request = fromHex('280000001200010301000000000000000000000000000000000000000000000006001d0001000000');
/** NLMSG_DONE with the flags of a request. */
const done = fromHex('14000000030001000100000001000000' + '00000000');

describe('check of bytes', () => {
  it('judges them as the datagram they are', () => {
    const datagram = { bytes: request, direction: 'request', protocol: 0, origin: { file: '-', offset: 0 } } as const;
    expect(check(request).findings).to.have.length(1);
    expect(check(request)).to.deep.equal(check(datagram));
    expect(check(request).findings[0]).to.include({ path: 'RTM_GETLINK IFLA_EXT_MASK', offset: 32 });
  });

  it('goes by the protocol and the direction it is told', () => {
    expect(check(request, { protocol: 16 }).findings).to.deep.equal([]);
    expect(check(done, { direction: 'reply' }).findings.map(({ severity }) => severity)).to.deep.equal(['reply']);
    expect(check(done, { direction: 'request' }).findings.map(({ severity }) => severity)).to.not.include('reply');
  });
});
