// Strings in attributes, with and without their NUL.
import { expect } from 'chai';
import { Bytes } from '../../../lib/codec/bytes.js';
import { Nla } from '../../../lib/codec/nla.js';
import { nlaIs, nlaStrscpy } from '../../../lib/linux/lib/nlattr.js';

/** An attribute with this payload and something else behind it. */
function attribute(payload: string): Nla {
  const text = Buffer.from(`....${payload}more`, 'latin1');
  return new Nla(new Bytes(Uint8Array.from(text)), 0, payload.length);
}

describe('lib/nlattr strings', () => {
  it('compare without trailing NULs', () => {
    expect(nlaIs(attribute('bpf\0'), 'bpf')).to.be.true;
    expect(nlaIs(attribute('bpf'), 'bpf')).to.be.true;
    expect(nlaIs(attribute('bpf\0\0\0'), 'bpf')).to.be.true;
    expect(nlaIs(attribute('bpf\0x'), 'bpf')).to.be.false;
    expect(nlaIs(attribute('bp'), 'bpf')).to.be.false;
    expect(nlaIs(attribute(''), '')).to.be.true;
  });

  it('copy up to the first NUL when the payload fits', () => {
    expect(nlaStrscpy(attribute('bpf\0'), 16)).to.equal('bpf');
    expect(nlaStrscpy(attribute('bpf\0x'), 16)).to.equal('bpf');
    expect(nlaStrscpy(attribute('a'.repeat(15)), 16)).to.equal('a'.repeat(15));
    expect(nlaStrscpy(attribute('a'.repeat(16)), 16)).to.equal(undefined);
    expect(nlaStrscpy(attribute(`${'a'.repeat(15)}\0`), 16)).to.equal('a'.repeat(15));
    expect(nlaStrscpy(attribute(''), 16)).to.equal('');
  });
});
