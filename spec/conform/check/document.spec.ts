// CODES.md is what the table of codes says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { codeNumbers } from '../../../lib/conform/check/index.js';
import { codesDocument } from '../../../lib/conform/check/document.js';

const file = join(import.meta.dirname, '../../../../lib/conform/check/CODES.md');

describe('CODES.md', () => {
  it('is made of the table of codes', () => {
    expect(readFileSync(file, 'utf8')).to.equal(codesDocument());
  });

  it('has a heading for each code', () => {
    const text = codesDocument();
    expect(Object.values(codeNumbers).filter((code) => !text.includes(`### ${code}\n`))).to.deep.equal([]);
  });
});
