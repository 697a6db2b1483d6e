// `tcbox record`: what is in the recording of a program that does a little of everything, of several processes at a time,
// and of programs that cannot be started.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { python } from '../host/python.js';
import { entriesOf, said, summary, talkative } from './recorded.js';
import { Tcbox, type Result } from './tcbox.js';

/** Talks without end. */
const loud = `
import socket, struct, time
while True:
    s = socket.socket(16, 3, 0)
    s.bind((0, 0))
    s.send(struct.pack('<IHHIIBBHiII', 32, 18, 5, 7, 0, 0, 0, 0, 1, 0, 0))
    s.recv(65536)
    time.sleep(0.001)
`;

describe('clients: record', function () {
  this.timeout(240_000);
  let tcbox: Tcbox;
  let folder: string | undefined;

  before(function () {
    if (python === undefined) {
      console.log('      skipped: needs python3');
      this.skip();
    }
    tcbox = new Tcbox();
    folder = mkdtempSync(join(tmpdir(), 'recordings-'));
  });

  after(() => {
    (tcbox as Tcbox | undefined)?.end();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it('keeps what a program says and hears, and ends as it ends', () => {
    const file = join(folder!, 'all.rec');
    const { status, stderr } = tcbox.run(['record', '-o', file, '--', python!, '-c', talkative]);
    expect([status, stderr]).eql([3, '']);
    const entries = entriesOf(file);
    expect(entries.map(summary)).eql(said);
    expect(entries[0]!.header).include({ where: 1, kernel: 'v6.18', config: 'full' });
    expect(entries[0]!.header!.command.slice(1, 2)).eql(['-c']);
    const times = entries.slice(1).map(({ time }) => time);
    expect(times).eql(times.toSorted((a, b) => a - b));
  });

  it('keeps the conversations of all processes apart', () => {
    const file = join(folder!, 'many.rec');
    const speak = `import socket; s = socket.socket(16, 3, 0); s.bind((0, 0)); print(f"{s.getsockname()[0]}\\n", end="")`;
    const script = `for i in 1 2 3; do ${python!} -c '${speak}' & done; wait`;
    const { status, stdout } = tcbox.run(['record', '-o', file, '--', 'sh', '-c', script]);
    expect(status).equal(0);
    const entries = entriesOf(file);
    const opened = entries.flatMap(({ open, processId }) => (open === undefined ? [] : [[open.socket, processId]]));
    expect(opened.map(([socket]) => socket)).eql([1, 2, 3]);
    const bound = entries.flatMap(({ bind }) =>
      bind === undefined ? [] : [[bind.socket, new DataView(bind.name.slice().buffer).getUint32(4, true)]],
    );
    expect(bound.toSorted(([a], [b]) => a! - b!)).eql(opened);
    expect(new Set(stdout.trim().split('\n').map(Number))).eql(new Set(opened.map(([, pid]) => pid)));
    const parents = entries.flatMap(({ process }) => (process === undefined ? [] : [process.parent]));
    expect(new Set(parents).size).equal(1);
  });

  it('has an end when the command cannot be started, and says why', () => {
    const file = join(folder!, 'none.rec');
    const { status, stderr } = tcbox.run(['record', '-o', file, '--', 'no-such-program']);
    expect([status, stderr]).eql([127, 'tcbox: no-such-program: command not found\n']);
    expect(entriesOf(file).map(summary)).eql(['header 1', 'end 127']);
  });

  it('refuses a file that cannot be written before anything runs', () => {
    const { status, stderr } = tcbox.run(['record', '-o', folder!, '--', 'touch', join(folder!, 'touched')]);
    expect(status).equal(125);
    expect(stderr).match(/cannot be written \(EISDIR\)/);
  });

  it('goes to standard output', () => {
    const { status, stdout } = tcbox.run(['record', '-o', '-', '--', 'sh', '-c', 'exit 3']);
    expect(status).equal(3);
    expect(stdout).contain('tcbox recording');
    expect(existsSync(join(folder!, '-'))).equal(false);
  });

  it('records one program of a box that stays, and nothing else of it', () => {
    expect(tcbox.run(['start', 'recorded']).status).equal(0);
    const file = join(folder!, 'in.rec');
    const other = tcbox.start(['exec', 'recorded', '--', python!, '-c', loud]);
    try {
      const { status, stderr } = tcbox.run(['record', '--in', 'recorded', '-o', file, '--', python!, '-c', talkative]);
      expect([status, stderr]).eql([3, '']);
      const entries = entriesOf(file);
      const [programs, maps] = [/bpf-prog#/, /bpf-map#/].map((kind) => said.filter((line) => kind.test(line)).length);
      const lines = entries.map(summary);
      expect(lines.filter((line) => line.includes('bpf-prog#'))).lengthOf(programs!);
      expect(lines.filter((line) => line.includes('bpf-map#'))).lengthOf(maps!);
      // Its last socket may close after it has ended.
      const without = (line: string): boolean => !line.startsWith('closed');
      expect(lines.filter(without)).eql(said.filter(without));
      expect(entries[0]!.header).include({ where: 1, kernel: 'v6.18', config: 'full' });
    } finally {
      other.child.kill();
    }
    expect(tcbox.run(['record', '--in', 'recorded', '-o', file, '--', 'no-such-program']).status).equal(127);
    expect(entriesOf(file).map(summary)).eql(['header 1', 'end 127']);
    const script = `(sleep 0.2; ${python!} -c 'import socket; socket.socket(16, 3, 0)') & sleep 0.5; wait; exit 6`;
    expect(tcbox.run(['record', '--in', 'recorded', '-o', file, '--', 'sh', '-c', script]).status).equal(6);
    expect(entriesOf(file).flatMap(({ open }) => (open === undefined ? [] : [open.socket]))).eql([1]);
  });

  it('refuses a kernel for a box that has one', () => {
    const { status, stderr } = tcbox.run(['record', '--in', 'recorded', '--kernel', 'v6.1', '--', 'true']);
    expect([status, stderr]).eql([
      2,
      "tcbox: box 'recorded' has its kernel: --kernel, --config and --fault are for fresh ones\n",
    ]);
    expect(tcbox.run(['record', '--in', 'no-such-box', '-o', join(folder!, 'x'), '--', 'true']).status).equal(125);
  });

  it('records and converts as the README shows', function () {
    if (spawnSync('tc', ['-V']).status !== 0) {
      console.log('      skipped: needs tc');
      this.skip();
    }
    const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
    const [, recording, capturing, converting, shown] =
      /^## Recordings$[^]*?```\n\$ tcbox (.*)\n\$ tcbox (.*)\n\$ tcbox (.*) \| grep '"sent"'\n([^]*?)```/m.exec(
        readme,
      )!;
    const run = (line: string): Result => tcbox.run(line.split(' '), { cwd: folder! });
    expect(run(recording!)).eql({ status: 0, stdout: '', stderr: '' });
    expect(run(capturing!)).eql({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(folder!, 'lo.pcapng')).readUInt32LE(0)).equal(0x0a0d0d0a);
    // Times, process ids and the sequence numbers that iproute2 begins with.
    const steady = (text: string): string =>
      text
        .replace(/("time"|"processId"|"thread"):\d+/g, '$1:0')
        .replace(/("data":"[0-9a-f]{16})[0-9a-f]{8}/g, '$100000000');
    const lines = run(converting!).stdout.split(/(?<=\n)/);
    expect(steady(lines.filter((line) => line.includes('"sent"')).join(''))).equal(steady(shown!));
  });

  it('converts what other programs have written, and says what is wrong with a file', () => {
    const request = '280000002600010300000000000000000000000000000000000000000000000000000000';
    writeFileSync(join(folder!, 'a.hex'), `${request}00000000\n`);
    const convert = (...args: string[]): Result => tcbox.run(['convert', ...args], { cwd: folder! });
    for (const name of ['a.rec', 'a.pcapng'])
      expect(convert('a.hex', '-o', name)).eql({ status: 0, stdout: '', stderr: '' });
    for (const name of ['a.hex', 'a.rec', 'a.pcapng'])
      expect(convert(name, '--to', 'json').stdout).contain(`"data":"${request}00000000"`);
    const whole = readFileSync(join(folder!, 'a.rec'));
    writeFileSync(join(folder!, 'cut.rec'), whole.subarray(0, whole.length - 3));
    const cut = convert('cut.rec', '--to', 'json');
    expect(cut.status).equal(1);
    expect(cut.stderr).match(/^tcbox: cut\.rec: offset \d+: the file ends in an entry/);
    expect(convert('a.hex', '--to', 'gif').status).equal(2);
    expect(convert('a.hex', '--format', 'gif').status).equal(2);
    expect(convert('no-such-file').status).equal(2);
  });

  it('says how many bpf(2) calls are no datagrams, when it converts and when it compares', () => {
    const said = (...args: string[]): string => tcbox.run(args, { cwd: folder! }).stderr;
    said('record', '-o', 'calls.rec', '--', python!, '-c', talkative);
    const calls = entriesOf(join(folder!, 'calls.rec')).filter(({ bpf }) => bpf !== undefined).length;
    expect(calls).above(0);
    said('convert', 'calls.rec', '-o', 'calls.json');
    for (const name of ['calls.rec', 'calls.json'])
      expect(said('convert', name, '-o', 'calls.pcapng')).match(new RegExp(`^tcbox: ${name}: ${calls} bpf`, 'm'));
    expect(said('diff', 'calls.rec', 'calls.json').match(/\d+ bpf\(2\) calls are not compared/g)).eql([
      `${calls} bpf(2) calls are not compared`,
      `${calls} bpf(2) calls are not compared`,
    ]);
  });

  it('does not write over what it reads', () => {
    const file = join(folder!, 'large.hex');
    writeFileSync(file, `${'00'.repeat(50_000)}\n\n`.repeat(4));
    const length = statSync(file).size;
    const { status, stderr } = tcbox.run(['convert', file, '-o', file, '--to', 'rec']);
    expect([status, stderr]).eql([2, `tcbox: ${file} is what is to be read: choose another -o\n`]);
    expect(statSync(file).size).equal(length);
  });

  it('says in a line that the output is full, whoever writes there', () => {
    const request = join(folder!, 'full.hex');
    writeFileSync(request, '280000002600010300000000000000000000000000000000000000000000000000000000\n');
    for (const command of ['convert', 'check', 'explain']) {
      const full = openSync('/dev/full', 'w');
      const stdio = ['ignore', full, 'pipe'] as const;
      const { status, stderr } = spawnSync(process.execPath, [tcbox.argv[1], command, request], { stdio: [...stdio] });
      closeSync(full);
      expect([command, status, String(stderr)]).eql([
        command,
        2,
        'tcbox: standard output cannot be written (ENOSPC)\n',
      ]);
    }
    expect(tcbox.run(['convert', request, '-o', '/dev/full'])).include({
      status: 2,
      stderr: 'tcbox: /dev/full cannot be written (ENOSPC)\n',
    });
  });
});
