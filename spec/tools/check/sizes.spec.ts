// The size rules on made-up files: what counts as a function, how the figures come about, and that each limit can fail.
import { expect } from 'chai';
import { checkSizes, functionSizes, quantile, sizeFigures } from '../../../tools/check/sizes.js';
import { parseSource } from '../../../tools/check/source.js';

const functionOf = (name: string, lines: number): string => `function ${name}() {\n${'  x();\n'.repeat(lines - 2)}}\n`;

describe('tools/check sizes', () => {
  it('counts declarations, members and initialisers, not inline callbacks', () => {
    const text = `
      class A { constructor() {} m() { return 1; } get g() { return 1; } }
      const f = () => 1;
      const o = { p() { return 1; }, q: function () {} };
      list.map((x) => x + 1);
      declare function d(): void;`;
    expect(functionSizes(parseSource('lib/a.ts', text)).map((size) => size.name)).to.eql([
      'constructor',
      'm',
      'g',
      'f',
      'p',
      'q',
    ]);
  });

  it('measures a function from its first line to its last, comments before it left aside', () => {
    const [size] = functionSizes(parseSource('lib/a.ts', `/** Doc.\n * More. */\n${functionOf('f', 7)}`));
    expect(size).to.eql({ file: 'lib/a.ts', line: 3, name: 'f', lines: 7 });
  });

  it('takes nearest-rank quantiles', () => {
    expect(quantile([], 0.5)).to.equal(0);
    expect(quantile([9, 1, 5], 0.5)).to.equal(5);
    expect(quantile([1, 2, 3, 4], 0.5)).to.equal(2);
    expect(
      quantile(
        Array.from({ length: 100 }, (_, i) => i + 1),
        0.95,
      ),
    ).to.equal(95);
  });

  it('fails a median of function lengths above 10', () => {
    const short = parseSource('lib/a.ts', functionOf('f', 10));
    const long = parseSource('lib/b.ts', functionOf('g', 11) + functionOf('h', 12));
    expect(checkSizes([short])).to.eql([]);
    expect(checkSizes([short, long]).map((v) => v.text)).to.eql(['median of function lengths is 11, limit 10']);
  });

  it('fails a 95th percentile above 60 and names the long functions', () => {
    const many = Array.from({ length: 15 }, (_, i) => functionOf(`f${i}`, 3)).join('');
    const one = parseSource('lib/a.ts', many + functionOf('big', 61));
    expect(checkSizes([one])).to.have.length(1);
    expect(checkSizes([one])[0]).to.include({ file: 'lib/a.ts', line: 46, rule: 'sizes' });
    expect(checkSizes([one])[0]!.text).to.match(/95th percentile .* is 61, limit 60; .* 61: big/);
    expect(checkSizes([parseSource('lib/a.ts', many + functionOf('big', 60))])).to.eql([]);
  });

  it('fails a file above 600 lines unless it is listed with a reason', () => {
    const source = parseSource('spec/a.ts', '//\n'.repeat(601));
    expect(checkSizes([source]).map((v) => v.text)).to.eql(['601 lines, limit 600']);
    expect(checkSizes([source], { 'spec/a.ts': 'one table' })).to.eql([]);
    expect(checkSizes([parseSource('spec/a.ts', '//\n'.repeat(600))])).to.eql([]);
  });

  it('fails a median of file lengths above 200, over lib alone', () => {
    expect(checkSizes([parseSource('lib/a.ts', '//\n'.repeat(201))]).map((v) => v.text)).to.eql([
      'median of file lengths is 201, limit 200',
    ]);
    expect(checkSizes([parseSource('spec/a.ts', '//\n'.repeat(201))])).to.eql([]);
    expect(sizeFigures([parseSource('lib/a.ts', '//\n'.repeat(201))])).to.include({ files: 1, fileMax: 201 });
  });
});
