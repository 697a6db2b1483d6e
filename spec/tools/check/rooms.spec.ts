// The room rules, each shown to pass what it should pass and to fail what it should fail.
import { expect } from 'chai';
import { checkRooms, importsOf } from '../../../tools/check/rooms.js';
import { parseSource } from '../../../tools/check/source.js';

function problems(path: string, text: string): string[] {
  return checkRooms([parseSource(path, text)]).map((v) => `${v.line} ${v.text}`);
}

describe('tools/check rooms', () => {
  it('passes imports that the table allows', () => {
    expect(problems('lib/linux/net/a.ts', `import { b } from '../../wire/b.js';\nimport { c } from './c.js';`)).to.eql(
      [],
    );
    expect(problems('lib/host/a.ts', `import fs from 'node:fs';\nimport koffi from 'koffi';`)).to.eql([]);
    expect(problems('lib/linux/a.ts', `import { sha1 } from '@noble/hashes/legacy.js';`)).to.eql([]);
    expect(problems('spec/a.ts', `import '../lib/linux/a.js'; process.exit(Date.now());`)).to.eql([]);
  });

  it('refuses a room that the table does not allow, in every form of import', () => {
    const forms = [
      `import { a } from '../linux/a.js';`,
      `import type { A } from '../linux/a.js';`,
      `export * from '../linux/a.js';`,
      `type A = import('../linux/a.js').A;`,
      `import('../linux/a.js');`,
      `require('../linux/a.js');`,
    ];
    for (const form of forms) {
      expect(problems('lib/codec/x.ts', `\n${form}`), form).to.include(
        '2 codec must not import linux (it may import: nothing)',
      );
    }
    expect(problems('lib/wire/x.ts', `import '../vm/a.js';`)).to.have.length(1);
    expect(problems('lib/conform/x.ts', `import '../linux/a.js';`)).to.have.length(1);
  });

  it('refuses imports of index.ts, specs and tools', () => {
    expect(problems('lib/host/a.ts', `import '../index.js';`)).to.eql(['1 host must not import index.js']);
    expect(problems('lib/cli/a.ts', `import '../../tools/x.js';`)).to.eql(['1 lib must not import tools/x.js']);
  });

  it('refuses node and npm packages outside the rooms that own them', () => {
    expect(problems('lib/linux/a.ts', `import 'node:fs';`)).to.eql(['1 linux must not import node:fs']);
    expect(problems('lib/cli/a.ts', `import 'koffi';`)).to.eql(['1 cli must not import the package koffi']);
    expect(problems('lib/linux/a.ts', `import '@noble/other/x';`)).to.eql([
      '1 linux must not import the package @noble/other',
    ]);
    expect(problems('lib/conform/a.ts', `import 'node:fs';`)).to.have.length(1);
  });

  it('refuses a room that is not in the table', () => {
    expect(problems('lib/extra/a.ts', '')).to.eql(['1 lib/extra is not a room of the table']);
    expect(problems('lib/constructor/a.ts', '')).to.have.length(1);
    expect(problems('lib/loose.ts', '')).to.have.length(1);
  });

  it('refuses clock, entropy, I/O and later turns in pure rooms', () => {
    const impure = [
      'export const a = Date.now();',
      'export const a: Date | undefined = undefined;',
      'export const a = Math.random();',
      'export const a = Buffer.alloc(1);',
      'export const a = process.argv;',
      'setTimeout(() => 0, 1);',
      'export const a = performance.now();',
      'export async function a() {}',
      'export const a = async () => 0;',
      'export const a = { process };',
      'export const a = globalThis;',
      'console.log(1);',
    ];
    for (const text of impure) expect(problems('lib/vm/a.ts', text), text).to.have.length(1);
    for (const text of impure) expect(problems('lib/cli/a.ts', text), text).to.eql([]);
  });

  it('does not mistake members and comments for globals', () => {
    const text =
      '// Date.now() is not used\nexport const a = { Date: 1, b: x.process, c: Math.floor(1) };\ninterface I { fetch: number }';
    expect(problems('lib/linux/a.ts', text)).to.eql([]);
  });

  it('lets index.ts re-export and nothing else', () => {
    expect(problems('lib/index.ts', `export { a } from './linux/a.js';`)).to.eql([]);
    expect(problems('lib/index.ts', `export const a = 1;`)).to.have.length(1);
    expect(problems('lib/index.ts', `import './linux/a.js';`)).to.have.length(1);
  });

  it('finds every module a file names', () => {
    const source = parseSource('a.ts', `import 'a';\nexport * from 'b';\nimport('c');\nimport d = require('d');`);
    expect(importsOf(source)).to.eql([
      { specifier: 'a', line: 1 },
      { specifier: 'b', line: 2 },
      { specifier: 'c', line: 3 },
      { specifier: 'd', line: 4 },
    ]);
  });
});
