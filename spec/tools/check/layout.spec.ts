// The layout rules: top level, names that say nothing, opening comments, and the lock file.
import { expect } from 'chai';
import { checkFiles, checkLock, checkTopLevel } from '../../../tools/check/layout.js';
import { parseSource } from '../../../tools/check/source.js';

function problems(path: string, text = '// Opens.\n'): string[] {
  return checkFiles([parseSource(path, text)]).map((v) => v.text);
}

describe('tools/check layout', () => {
  it('fails anything else on the top level', () => {
    expect(checkTopLevel(['lib', 'README.md', 'node_modules', '.ci'])).to.eql([]);
    expect(checkTopLevel(['lib', 'src', '.mocharc.yml']).map((v) => v.file)).to.eql(['src', '.mocharc.yml']);
  });

  it('fails files and folders whose name says nothing', () => {
    for (const name of ['utils', 'util', 'helpers', 'common', 'misc', 'types']) {
      expect(problems(`lib/linux/net/${name}.ts`), name).to.have.length(1);
      expect(problems(`spec/${name}/a.spec.ts`), name).to.have.length(1);
    }
    expect(problems('spec/linux/types.spec.ts')).to.have.length(1);
    expect(problems('lib/linux/net/socket.ts')).to.eql([]);
  });

  it("allows the kernel's own names where a file mirrors them", () => {
    expect(problems('lib/uapi/linux/types.ts')).to.eql([]);
    expect(problems('lib/linux/kernel/bpf/helpers.ts')).to.have.length(1);
    expect(problems('lib/linux/kernel/bpf/helpers.ts', '// @models kernel/bpf/helpers.c f()\n')).to.eql([]);
  });

  it('fails a file without a comment at its top', () => {
    expect(problems('lib/a.ts', 'export {};\n')).to.eql(['opens without a comment']);
    expect(problems('lib/a.ts', 'export {};\n// Late.\n')).to.eql(['opens without a comment']);
    expect(problems('lib/a.ts', '/** Opens. */\nexport {};\n')).to.eql([]);
    expect(problems('tools/a.cjs', '#!/usr/bin/env node\n// Opens.\n')).to.eql([]);
  });

  it('fails an opening comment above twelve lines, not counting the comments after it', () => {
    expect(problems('lib/a.ts', '// x\n'.repeat(12))).to.eql([]);
    expect(problems('lib/a.ts', '// x\n'.repeat(13))).to.eql(['opening comment of 13 lines, limit 12']);
    expect(problems('lib/a.ts', `${'// x\n'.repeat(12)}\n/** Doc. */\nexport const a = 1;\n`)).to.eql([]);
  });

  it('fails a lock file that names a registry', () => {
    expect(checkLock('{\n "version": "1"\n}')).to.eql([]);
    expect(checkLock('{\n  "resolved": "https://example.org/a.tgz"\n}').map((v) => v.line)).to.eql([2]);
  });
});
