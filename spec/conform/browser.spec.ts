// tcbox/conform works in a page: a bundle of it for browsers needs no module of node, and runs where none of node's globals are.
import { createContext, Script } from 'node:vm';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { build } from 'esbuild';

const entry = join(import.meta.dirname, '../../lib/conform/index.js');

describe('conform in a browser', () => {
  let code = '';
  let imports: string[] = [];

  before(async function () {
    this.timeout(240_000);
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'browser',
      format: 'iife',
      globalName: 'conform',
      logLevel: 'silent',
    });
    code = outputFiles[0]!.text;
    imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
  });

  it('imports nothing of node', () => {
    const builtin = new Set(builtinModules);
    expect(imports.length).to.be.greaterThan(10);
    expect(imports.filter((path) => path.startsWith('node:') || builtin.has(path))).to.deep.equal([]);
  });

  it('runs without the globals of node', () => {
    const page = createContext({ TextEncoder, TextDecoder });
    new Script(code).runInContext(page);
    const said: unknown = new Script(
      `const bytes = new Uint8Array(20); bytes[0] = 20; bytes[4] = 3; conform.explain(bytes)[0].name + conform.textView(conform.explain(bytes), bytes).length`,
    ).runInContext(page);
    expect(said).to.match(/^NLMSG_DONE\d{3}$/);
  });
});
