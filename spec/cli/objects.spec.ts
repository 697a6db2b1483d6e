// `tcbox load` and `tcbox prog dump`: what they print of the objects of tools/examples and of the loader's specs, and how
// they answer files that are none.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadCommand } from '../../lib/cli/load.js';
import { dumpCommand } from '../../lib/cli/prog_dump.js';
import { UsageError } from '../../lib/cli/usage_error.js';

const root = join(import.meta.dirname, '../../..');
const cls = join(root, 'tools/examples/classify/cls.o');
const object = (name: string): string => join(root, 'spec/loader/objects', name);

/** Exit code and lines of a command that prints. */
function run(command: (out: (text: string) => void) => number): { code: number; lines: string[] } {
  const lines: string[] = [];
  const code = command((text) => lines.push(...text.split('\n')));
  return { code, lines };
}

describe('cli objects', () => {
  it('dumps instructions in the words of the kernel', () => {
    const { code, lines } = run((out) => dumpCommand(cls, {}, out));
    expect(code).to.equal(0);
    expect(lines).to.deep.equal([
      'cls_main: section classify, sched_cls, 4 instructions',
      '   0: (bf) r6 = r1',
      '   1: (30) r0 = *(u8 *)skb[15]',
      '   2: (47) r0 |= 134217728',
      '   3: (95) exit',
    ]);
  });

  it('dumps maps, functions and lines of the source by name', () => {
    const { lines } = run((out) => dumpCommand(object('calls.o'), {}, out));
    expect(lines).to.include.members([
      'two: section tc, sched_cls, 35 instructions',
      '; bpf_for_each_map_elem(&numbers, each, 0, 0);',
      '   1: (18) r1 = map[numbers]',
      '   3: (18) r2 = subprog[+11]',
      'hidden_function:',
      'leaf:',
      '  20: (18) r1 = map[calls.bss][0]+0',
    ]);
    expect(lines.find((line) => line.endsWith('#leaf'))).to.match(/^ +\d+: \(85\) call pc[+-]\d+#leaf$/);
  });

  it('dumps JSON, and one section alone', () => {
    const { lines } = run((out) => dumpCommand(object('calls.o'), { section: 'classifier', json: true }, out));
    const { schema, programs } = JSON.parse(lines.join('\n')) as {
      schema: number;
      programs: { name: string; insns: { insn: number; text: string }[] }[];
    };
    expect([schema, programs.map(({ name }) => name)]).to.deep.equal([1, ['three']]);
    expect(programs[0]!.insns[0]).to.include({ insn: 0, text: '(61) r1 = *(u32 *)(r1 +0)' });
  });

  it('dumps what section and name choose together', () => {
    const titles = (options: object): string[] =>
      run((out) => dumpCommand(object('calls.o'), options, out)).lines.filter((line) => /^\w+: section/.test(line));
    expect(titles({ section: 'tc' })).to.have.length(2);
    expect(titles({ program: 'two' })).to.deep.equal(['two: section tc, sched_cls, 35 instructions']);
    expect(() => titles({ section: 'classifier', program: 'two' })).to.throw(UsageError, /no such program/);
  });

  it('needs types of the kernel where an object does, and takes them from BTF or an object', () => {
    expect(run((out) => dumpCommand(object('core.o'), {}, out))).to.deep.equal({ code: 1, lines: [] });
    const { code, lines } = run((out) => dumpCommand(object('core.o'), { btf: object('core_target.o') }, out));
    expect([code, lines[0]]).to.deep.equal([0, 'offset: section tc, sched_cls, 2 instructions']);
    expect(lines[2]).to.equal('   0: (b7) r0 = 16');
  });

  it('loads into a kernel that says what it has', () => {
    const { code, lines } = run((out) => loadCommand(object('maps.o'), {}, out));
    expect(code).to.equal(0);
    expect(lines[0]).to.match(/maps\.o: license Dual MIT\/GPL, kernel v6\.18$/);
    expect(lines).to.include('map      flows: hash, key 12, value 16, 64 entries, flags 0x1');
    expect(lines).to.include('map      outer: array_of_maps, key 4, value 4, 4 entries');
  });

  it('prints identity and verdict of a program, and in JSON', () => {
    const { code, lines } = run((out) => loadCommand(cls, {}, out));
    expect([code, lines.slice(1)]).to.deep.equal([
      0,
      ['program  cls_main: section classify, sched_cls, 4 instructions, id 1, tag fadc4e24b6b95e0d: accepted'],
    ]);
    const json = run((out) => loadCommand(cls, { json: true, kernel: 'v6.1' }, out)).lines.join('\n');
    const { schema, kernel, programs } = JSON.parse(json) as Record<string, unknown>;
    expect({ schema, kernel, programs }).to.deep.equal({
      schema: 1,
      kernel: 'v6.1',
      programs: [
        { name: 'cls_main', section: 'classify', type: 'sched_cls', insns: 4, id: 1, tag: '6bb4e9a61a2e732b' },
      ],
    });
  });

  it('prints the log of a program that is refused, and of others when asked', () => {
    const btf = object('core_target.o');
    const refused = run((out) => loadCommand(object('core.o'), { btf, program: 'poisoned' }, out));
    expect(refused.code).to.equal(1);
    expect(refused.lines).to.include('program  poisoned: section tc, sched_cls, 2 instructions: refused, EINVAL');
    expect(refused.lines).to.include('invalid func unknown#195896080');
    const accepted = run((out) => loadCommand(cls, { log: '2' }, out));
    expect(accepted.code).to.equal(0);
    expect(accepted.lines).to.include('3: (95) exit');
  });

  it('loads what tc would load for a section', () => {
    const { lines } = run((out) => loadCommand(object('legacy_28.o'), { section: 'classifier' }, out));
    const programs = lines
      .filter((line) => line.startsWith('program'))
      .map((line) => line.replace(/ instructions.*/, ''));
    expect(programs).to.deep.equal([
      'program  zero: section 0x10/0, sched_cls, 2',
      'program  third: section 16/3, sched_cls, 6',
      'program  entry: section classifier, sched_cls, 18',
    ]);
  });

  it('tells damaged files, missing files and wrong sections apart', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tcbox-objects-'));
    try {
      const damaged = join(folder, 'damaged.o');
      writeFileSync(damaged, 'no object');
      expect(run((out) => loadCommand(damaged, {}, out))).to.deep.equal({ code: 1, lines: [] });
      expect(() => loadCommand(join(folder, 'nowhere.o'), {})).to.throw(UsageError, /cannot read .*nowhere\.o/);
      expect(() => dumpCommand(cls, { section: 'tc' })).to.throw(
        UsageError,
        /has no such program: it has cls_main in section 'classify'$/,
      );
      expect(() => loadCommand(cls, { kernel: 'v0.1' })).to.throw(UsageError, /no kernel 'v0\.1'/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
