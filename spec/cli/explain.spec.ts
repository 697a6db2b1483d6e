// `tcbox explain` as a command: the example of the README, formats, standard input, exit codes.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const tcbox = join(root, 'dist/bin/tcbox.cjs');
const example = 'tools/examples/invalid_argument/request.hex';
const done = '1400000003000200010000000000000000000000';

function run(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [tcbox, 'explain', ...args], { cwd: root, input, encoding: 'utf8' });
}

describe('cli: explain', function () {
  this.timeout(240_000);

  it('prints what the README shows', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const shown = /^\$ tcbox explain (\S+)\n([^`]*)```/m.exec(readme);
    expect(shown?.[1]).to.equal(example);
    expect(run([shown![1]!]).stdout).to.equal(shown![2]);
  });

  it('reads standard input, and digits of its command line', () => {
    const piped = run([], done);
    expect(piped).to.include({ status: 0, stderr: '' });
    expect(piped.stdout).to.match(/^# -:1: reply\nNLMSG_DONE, 20 bytes {2}— end of the list/);
    expect(run(['--hex', done.slice(0, 8), done.slice(8)]).stdout).to.match(/^NLMSG_DONE, 20 bytes/);
  });

  it('prints JSON, and a page', () => {
    const { stdout } = run(['--json', example]);
    const parsed = JSON.parse(stdout) as { regions: { name: string }[]; origin: object };
    expect(parsed.origin).to.deep.include({ file: example, line: 2 });
    expect(parsed.regions.map(({ name }) => name)).to.deep.equal(['RTM_NEWTFILTER']);
    expect(run(['--html', example]).stdout).to.match(/^<!doctype html>[^]*TCA_BPF_OPS_LEN[^]*<\/html>\n$/);
  });

  it('colours when told to', () => {
    expect(run([example]).stdout).to.not.contain('\u001b[');
    expect(run(['--color', 'always', example]).stdout).to.contain('\u001b[1mTCA_KIND\u001b[0m');
  });

  it('refuses what makes no sense, and tells of what cannot be read', () => {
    expect(run(['--color', 'red', example]).status).to.equal(2);
    expect(run(['--width', '7', example]).status).to.equal(2);
    expect(run(['--json', '--html', example]).status).to.equal(2);
    expect(run(['--hex', '00', '--', example]).status).to.equal(2);
    expect(run(['no-such-file']).status).to.equal(2);
    const broken = run(['--format', 'hex'], '0g\n');
    expect(broken.status).to.equal(1);
    expect(broken.stderr).to.contain('-:1:');
  });
});
