// The installed command as a user starts it: help, version, usage errors, and that the code cache is only a help.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const root = join(import.meta.dirname, '../../..');
const launcher = join(root, 'dist/bin/tcbox.cjs');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

function tcbox(args: readonly string[], file = launcher): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('cli main', () => {
  it('prints the version', () => {
    expect(tcbox(['--version'])).to.eql({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('has help with examples for every command', () => {
    const { status, stdout } = tcbox(['--help']);
    expect(status).to.equal(0);
    const commands = [...stdout.split('Commands:')[1]!.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1]!);
    expect(commands).to.include.members(['run', 'start', 'exec', 'stop', 'ls', 'load', 'prog', 'doctor']);
    for (const command of commands.filter((name) => name !== 'help')) {
      const help = tcbox([command, '--help']);
      expect(help.status, command).to.equal(0);
      expect(help.stdout, command).to.match(/^Examples:\n {2}\$ tcbox /m);
    }
  });

  it('answers usage errors on standard error with exit code 2', () => {
    const wrong = [
      [],
      ['frob'],
      ['run'],
      ['run', '--'],
      ['run', '--bogus', 'true'],
      ['run', '--kernel'],
      ['run', '--kernel', 'v0.1', '--', 'true'],
      ['run', '--config', '/nowhere', '--', 'true'],
      ['doctor', '--bogus'],
      ['start'],
      ['start', 'a/b'],
      ['start', 'web', '--script', '/nowhere'],
      ['exec'],
      ['exec', 'web'],
      ['exec', 'a/b', '--', 'true'],
      ['stop'],
      ['ls', '--bogus'],
      ['load'],
      ['load', '/nowhere'],
      ['load', join(root, 'tools/examples/classify/cls.o'), '--log', 'much'],
      ['prog'],
      ['prog', 'dump'],
      ['prog', 'dump', '/nowhere'],
    ];
    for (const args of wrong) {
      const { status, stdout, stderr } = tcbox(args);
      expect(status, args.join(' ')).to.equal(2);
      expect(stdout, args.join(' ')).to.equal('');
      expect(stderr, args.join(' ')).not.to.equal('');
    }
  });

  it('tells of its own mistakes by lines of the sources', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tcbox-mistake-'));
    try {
      const broken = join(folder, 'broken.cjs');
      writeFileSync(broken, "Math.random = () => { throw new Error('broken'); };");
      const { status, stderr } = spawnSync(process.execPath, ['-r', broken, launcher, 'run', '--', 'true'], {
        encoding: 'utf8',
      });
      expect(stderr)
        .to.match(/^Error: broken\n/)
        .and.match(/\(lib\/cli\/run\.ts:(\d+):\d+\)/);
      const line = Number(/run\.ts:(\d+)/.exec(stderr)![1]);
      expect(readFileSync(join(root, 'lib/cli/run.ts'), 'utf8').split('\n')[line - 1]).to.include('Math.random()');
      expect(status).to.equal(125);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('starts without a code cache, and with a wrong one', () => {
    const copy = mkdtempSync(join(tmpdir(), 'tcbox-bin-'));
    try {
      const bin = join(copy, 'dist/bin');
      mkdirSync(bin, { recursive: true });
      cpSync(join(root, 'package.json'), join(copy, 'package.json'));
      cpSync(join(root, 'dist/bin'), bin, { recursive: true });
      rmSync(join(bin, 'tcbox.cache'), { force: true });
      expect(tcbox(['--version'], join(bin, 'tcbox.cjs')).stdout).to.equal(`${version}\n`);
      writeFileSync(join(bin, 'tcbox.cache'), 'no cache');
      expect(tcbox(['--version'], join(bin, 'tcbox.cjs')).stdout).to.equal(`${version}\n`);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
