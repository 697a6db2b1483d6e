// The table of behaviours: what a version has, its successors have.
import { expect } from 'chai';
import { Machine } from '../../lib/linux/machine.js';
import { behaviours, behavioursOf, has, kernelVersions } from '../../lib/linux/version.js';

describe('linux/version', () => {
  it('keeps every behaviour of an older version in the newer ones', () => {
    const sets = kernelVersions.map(behavioursOf);
    for (let i = 1; i < sets.length; i++) expect([...sets[i]!]).to.include.members([...sets[i - 1]!]);
    expect([...sets[sets.length - 1]!]).to.have.members(Object.keys(behaviours));
  });

  it('answers by name', () => {
    expect(has('v4.1', 'clsact')).to.equal(false);
    expect(has('v6.1', 'clsact')).to.equal(true);
    expect(has('v6.1', 'tag-sha256')).to.equal(false);
    expect(has('v6.18', 'tag-sha256')).to.equal(true);
  });

  it('takes the version of the configuration unless told otherwise', () => {
    expect(new Machine().version).to.equal('v6.18');
    expect(new Machine({ config: 'rec-6.1-uml' }).version).to.equal('v6.1');
    expect(new Machine({ config: 'rec-6.1-uml', version: 'v4.1' }).version).to.equal('v4.1');
    expect(() => new Machine({ config: 'nosuch' })).to.throw(RangeError, /one of full/);
  });
});
