// The fast path of `tcbox run`: what it recognises, and that it leaves everything else to the full parser.
import { expect } from 'chai';
import { parseExec, parseRun } from '../../lib/cli/options.js';

describe('cli options', () => {
  it('takes everything after -- as the command', () => {
    expect(parseRun(['run', '--', 'tc', '-s', '--', 'x'])).to.eql({ options: {}, command: ['tc', '-s', '--', 'x'] });
    expect(parseRun(['run', '--', '--help'])).to.eql({ options: {}, command: ['--help'] });
  });

  it('takes the first word that is no option as the command, as env(1) does', () => {
    expect(parseRun(['run', 'tc', '--kernel', 'x'])).to.eql({ options: {}, command: ['tc', '--kernel', 'x'] });
  });

  it('takes option values from the same word or the next', () => {
    const wanted = { options: { kernel: 'v6.1', config: 'a=b' }, command: ['true'] };
    expect(parseRun(['run', '--kernel', 'v6.1', '--config', 'a=b', '--', 'true'])).to.eql(wanted);
    expect(parseRun(['run', '--config=a=b', '--kernel=v6.1', 'true'])).to.eql(wanted);
    expect(parseRun(['run', '--kernel=a', '--kernel=b', 'true'])?.options).to.eql({ kernel: 'b' });
  });

  it('leaves anything else alone', () => {
    const others = [
      [],
      ['doctor'],
      ['run'],
      ['run', '--'],
      ['run', '--help'],
      ['run', '-h', 'x'],
      ['run', '--kernel'],
      ['run', '--kernel', 'v6.18'],
      ['run', '--kernels=1', 'x'],
    ];
    for (const argv of others) expect(parseRun(argv), argv.join(' ')).to.equal(undefined);
  });

  it('recognises exec with a name and a command', () => {
    const wanted = { name: 'web', command: ['tc', '--', '-x'] };
    expect(parseExec(['exec', 'web', '--', 'tc', '--', '-x'])).to.eql(wanted);
    expect(parseExec(['exec', 'web', 'tc', '--', '-x'])).to.eql(wanted);
    expect(parseExec(['exec', 'web', '--', '-x'])?.command).to.eql(['-x']);
    const others = [
      ['exec'],
      ['exec', 'web'],
      ['exec', 'web', '--'],
      ['exec', '--help'],
      ['exec', 'web', '-h'],
      ['run', 'web', 'x'],
    ];
    for (const argv of others) expect(parseExec(argv), argv.join(' ')).to.equal(undefined);
  });
});
