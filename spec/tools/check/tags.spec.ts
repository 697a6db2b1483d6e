// The tag rules: which functions need `@models`, where a tag may stand, and what the coverage list says.
import { expect } from 'chai';
import { parseSource } from '../../../tools/check/source.js';
import { checkTags, coverage } from '../../../tools/check/tags.js';

const path = 'lib/linux/net/sched/cls_bpf.ts';

function problems(text: string, file = path): string[] {
  return checkTags([parseSource(file, text)]).map((v) => `${v.line} ${v.text}`);
}

describe('tools/check tags', () => {
  it('passes a tagged function and anything that is no exported function', () => {
    expect(problems('/** @models net/sched/cls_bpf.c cls_bpf_init() */\nexport function init() {}')).to.eql([]);
    expect(problems('function local() {}\nexport const x = 1;\nexport interface I { a: 1 }')).to.eql([]);
  });

  it('fails an exported function without a tag, declared or assigned', () => {
    expect(problems('\nexport function init() {}')).to.eql([
      '2 exported function init has neither `@models <C file> <function>()` nor `@differs <why>`',
    ]);
    expect(problems('/** Starts. */\nexport const init = () => {};')).to.have.length(1);
    expect(problems('/** @models cls_bpf_init */\nexport function init() {}')).to.have.length(1);
  });

  it('does not take the tag of the function before', () => {
    const text = '/** @models net/sched/cls_bpf.c a() */\nexport function a() {}\nexport function b() {}';
    expect(problems(text)).to.eql([
      '3 exported function b has neither `@models <C file> <function>()` nor `@differs <why>`',
    ]);
  });

  it('judges mirror files only', () => {
    expect(problems('export function boot() {}', 'lib/linux/machine.ts')).to.eql([]);
    expect(problems('export function u8() {}', 'lib/codec/integers.ts')).to.eql([]);
    expect(problems('export function veth() {}', 'lib/linux/drivers/net/veth.ts')).to.have.length(1);
  });

  it('takes @differs with a reason where the kernel has no such function', () => {
    expect(problems('/** @differs the kernel does this inline */\nexport function f() {}')).to.eql([]);
    expect(problems('/** @differs */\nexport function f() {}')).to.have.length(1);
  });

  it('takes @differs of the comment that a file opens with, unless the file names functions of the kernel', () => {
    const f = 'export function f() {}\n';
    expect(problems(`// What views learn.\n// @differs the kernel has tracepoints\n${f}`)).to.eql([]);
    expect(problems(`// What views learn.\n// @differs\n${f}`)).to.have.length(1);
    expect(problems(`// What views learn.\n${f}// @differs too late\n`)).to.have.length(1);
    const mixed = `// @differs in part\n/** @models net/sched/cls_bpf.c g() */\nexport function g() {}\n${f}`;
    expect(problems(mixed)).to.have.length(1);
  });

  it('fails a tag that names a C file of another folder, and allows headers and split files', () => {
    const tagged = (cFile: string): string => `/** @models ${cFile} f() */\nexport function f() {}`;
    expect(problems(tagged('net/core/dev.c'))).to.eql([
      '1 f() of net/core/dev.c belongs in lib/linux/net/core/, or says `@differs <why>`',
    ]);
    expect(
      problems('/** @models net/core/dev.c f()\n * @differs here, the table is */\nexport function f() {}'),
    ).to.eql([]);
    expect(problems(tagged('net/sched/cls_api.c'))).to.eql([]);
    expect(problems(tagged('include/net/pkt_cls.h'))).to.eql([]);
    expect(problems(tagged('net/sched/cls_api.c'), 'lib/linux/net/sched/cls_api/chain.ts')).to.eql([]);
  });

  it('lists what is modelled by C file, once each, sorted, over all of lib', () => {
    const list = coverage([
      parseSource(path, '// @models net/sched/cls_bpf.c b()\n// @models net/sched/cls_bpf.c a()'),
      parseSource('lib/vm/classic.ts', '// @models net/core/filter.c x()\n// @models net/sched/cls_bpf.c a()'),
      parseSource('spec/a.spec.ts', '// @models net/sched/act_bpf.c a()'),
    ]);
    expect([...list]).to.eql([
      ['net/core/filter.c', ['x']],
      ['net/sched/cls_bpf.c', ['a', 'b']],
    ]);
  });
});
