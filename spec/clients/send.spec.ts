// `tcbox send` as it is installed: through a fresh kernel that tc has prepared, and through a box that stays while bpftool
// looks at its maps. What it prints, writes and ends with; how it holds out against long and damaged captures.
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CapturedPacket } from '../../lib/wire/pcap/capture.js';
import { CaptureReader } from '../../lib/wire/pcap/reader.js';
import { PcapWriter } from '../../lib/wire/pcap/writer.js';
import { python } from '../host/python.js';
import { type Result, Tcbox, until } from './tcbox.js';

const root = join(import.meta.dirname, '../../..');
const setup = 'tools/examples/mixed_tos/setup.sh';
const capture = 'tools/examples/mixed_tos/mixed_tos.pcap';
const expected = 'tools/examples/mixed_tos/expected.jsonl';
const works = (...argv: readonly string[]): boolean => spawnSync(argv[0]!, argv.slice(1)).status === 0;

interface Line {
  readonly frame: number;
  readonly classid: string;
  readonly path: readonly { readonly step: string }[];
  readonly destinations: readonly { readonly fate: string; readonly frame: string; readonly of?: number }[];
}

/** The packets of a capture, each with bytes of its own. */
function packetsOf(bytes: Uint8Array): CapturedPacket[] {
  const reader = new CaptureReader();
  const packets = [...reader.push(bytes)];
  expect(reader.end()).to.equal(undefined);
  return packets;
}

describe('clients: send', function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), 'send-'));
  const path = (name: string): string => join(folder, name);
  let tcbox: Tcbox;
  const send = (...args: string[]): Result => tcbox.run(['send', 'em1', ...args], { cwd: root });
  const sendMixed = (...args: string[]): Result => send('--script', setup, '--pcap', capture, ...args);

  before(function () {
    tcbox = new Tcbox();
    if (works('tc', '-V') && works('ip', '-V')) return;
    console.log('      skipped: needs tc and ip');
    this.skip();
  });
  after(() => {
    tcbox.end();
    rmSync(folder, { recursive: true });
  });

  it('prints what the README shows', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const block = /```\n\$ tcbox (send em1 --script .*)\n([^`]*)```/.exec(readme)!;
    const { status, stdout, stderr } = tcbox.run(block[1]!.split(' '), { cwd: root });
    expect(stderr).to.equal('');
    expect(stdout).to.equal(block[2]);
    expect(status).to.equal(0);
  });

  it('prints lines of JSON that tell the whole way', () => {
    const { status, stdout } = sendMixed('--json');
    expect(status).to.equal(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const frames = packetsOf(readFileSync(join(root, capture))).map(({ data }) => Buffer.from(data).toString('hex'));
    expect(lines.map(({ frame }) => frame)).to.deep.equal(frames.map((_, i) => i + 1));
    for (const [i, line] of lines.entries()) {
      const steps = ['hook', 'program', 'filter', 'verdict', 'transmit', 'receive', 'deliver'];
      expect(line.path.map(({ step }) => step)).to.deep.equal(steps);
      expect(line.destinations).to.have.length(1);
      expect(line.destinations[0]).to.include({ fate: 'received', frame: frames[i] });
    }
  });

  it('writes what arrived as pcapng, frame by frame, with its class', () => {
    const out = path('out.pcapng');
    const { status, stdout } = sendMixed('--quiet', '--out', out);
    expect(stdout).to.equal('8 frames, 8 with result 0\n');
    expect(status).to.equal(0);
    const before = packetsOf(readFileSync(join(root, capture)));
    const after = packetsOf(readFileSync(out));
    expect(after.map(({ data }) => Buffer.from(data))).to.deep.equal(before.map(({ data }) => Buffer.from(data)));
    expect(after.map(({ interface: { name } }) => name)).to.deep.equal(before.map(() => 'em2'));
    const times = (packets: CapturedPacket[]) => packets.map(({ seconds, nanos }) => ({ seconds, nanos }));
    expect(times(after)).to.deep.equal(times(before));
    expect(after[1]!.comments).to.deep.equal(['frame 2, class 800:10']);
  });

  it('ends with 0 when all is as expected, else with 1 and both sides', () => {
    expect(sendMixed('-q', '--expect', expected).status).to.equal(0);
    const other = path('other.jsonl');
    writeFileSync(other, readFileSync(join(root, expected), 'utf8').replace('"800:8"', '"800:9"'));
    const { status, stderr, stdout } = sendMixed('-q', '--expect', other);
    expect(stderr).to.equal(
      `tcbox: frame 3 is not as line 4 of ${other} expects\n- classid: "800:9"\n+ classid: "800:8"\n`,
    );
    expect(stdout).to.equal('8 frames, 8 with result 0\n');
    expect(status).to.equal(1);
  });

  it('tells by its exit code why it could not', () => {
    const cases: [number, RegExp, Result][] = [
      [2, /^tcbox: send needs one of --pcap, --hex and --count$/, send()],
      [2, /^tcbox: --hex 'xyz' is no run of bytes$/, send('--hex', 'xyz')],
      [2, /ENOENT.*nowhere/, send('--pcap', path('nowhere'))],
      [2, /ENOENT.*nowhere/, send('--count', '1', '--expect', path('nowhere'))],
      [2, /ENOENT.*nowhere/, send('--count', '1', '--out', path('nowhere/out'))],
      [1, /^tcbox: frame 1: no device 'em1'$/, send('--count', '3', '-q')],
      [125, /no box|'nobox'/, send('--count', '1', '--in', 'nobox')],
      [125, /the setup script ended with 3/, send('--count', '1', '--script', script('exit 3'))],
    ];
    for (const [status, why, result] of cases) {
      expect(result.stderr.trimEnd()).to.match(why);
      expect(result.status, result.stderr).to.equal(status);
    }
  });

  it('ends when what it tells cannot be written or read', () => {
    const shell = (command: string): Result => {
      const args = ['-c', command, ...tcbox.argv];
      const { status, stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8', cwd: root });
      return { status, stdout, stderr };
    };
    const cases: [command: string, status: number, stderr: RegExp][] = [
      ['"$0" "$1" send lo --count 100000 | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}', 1, /^$/],
      ['"$0" "$1" send lo --count 10 >/dev/full', 1, /^tcbox: standard output: ENOSPC.*\n$/],
      ['"$0" "$1" send lo --count 10 -q --out /dev/full', 1, /^tcbox: \/dev\/full: ENOSPC.*\n$/],
      ['"$0" "$1" send lo --pcap . -q', 1, /^tcbox: \.: offset 0: EISDIR.*\n$/],
      ['"$0" "$1" send lo --pcap /dev/null -q', 1, /^tcbox: \/dev\/null: offset 0: the file is empty\n$/],
      ['echo hello | "$0" "$1" send lo --pcap - -q', 1, /^tcbox: -: offset 0: neither pcap nor pcapng\n$/],
    ];
    for (const [command, status, stderr] of cases) {
      const result = shell(command);
      expect(result.stderr, command).to.match(stderr);
      expect(result.status, command).to.equal(status);
    }
  });

  function script(text: string): string {
    const name = path('script.sh');
    writeFileSync(name, text);
    return name;
  }

  it('sends what comes before the damage in a capture, and names its offset', () => {
    const bytes = readFileSync(join(root, capture));
    const damaged = path('damaged.pcap');
    writeFileSync(damaged, bytes.subarray(0, bytes.length - 7));
    const { status, stdout, stderr } = send('--script', setup, '--pcap', damaged, '-q');
    expect(stdout).to.equal('7 frames, 7 with result 0\n');
    expect(stderr).to.equal(
      `tcbox: ${damaged}: offset ${bytes.length - 76}: the file ends within a record, 69 bytes after its start\n`,
    );
    expect(status).to.equal(1);
    writeFileSync(damaged, bytes.subarray(0, 10));
    expect(send('--script', setup, '--pcap', damaged, '-q').stderr).to.match(/offset 0: the file ends within a record/);
  });

  it('moves time as the capture does, and waits for queues', () => {
    const shaped = script(`set -e
      ip link add em1 type veth peer name em2
      ip link set em1 up
      ip link set em2 up
      tc qdisc add dev em1 root handle 1: tbf rate 480kbit burst 60 limit 1000`);
    const { status, stdout } = send('--script', shaped, '--count', '3', '--json');
    expect(status).to.equal(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line & { late?: true });
    expect(lines.map(({ destinations }) => destinations.map(({ fate }) => fate))).to.deep.equal([
      ['received'],
      ['queued'],
      ['queued'],
      ['received', 'received'],
    ]);
    expect(lines[3]!.destinations.map(({ of }) => of)).to.deep.equal([2, 3]);
    const out = path('late.pcapng');
    const table = send('--script', shaped, '--count', '3', '--out', out).stdout.trimEnd().split('\n');
    expect(table.at(-1)).to.match(/^ later .* 2: em2 received, 3: em2 received$/);
    expect(packetsOf(readFileSync(out)).map(({ comments }) => comments[0])).to.deep.equal([
      'frame 1',
      'frame 2, later',
      'frame 3, later',
    ]);
    const times = lines[3]!.path.flatMap((step) => ('time' in step ? [Number(step.time)] : []));
    // 60 bytes at 60,000 bytes a second, in whole ticks of 64 ns.
    expect(times[1]! - times[0]!).to.be.closeTo(1_000_000, 64);
    expect(send('--script', shaped, '--count', '3', '--quiet').stdout).to.equal('3 frames, 3 with result 0\n');
  });

  it('reads a long capture in little memory', async function () {
    const MEGABYTES = 128;
    const writer = new PcapWriter();
    const packet = writer.packet({ seconds: 1, nanos: 0, data: new Uint8Array(1008).fill(0xff, 0, 6) });
    const chunk = Buffer.concat(Array.from({ length: 1024 }, () => packet));
    const [node, launcher] = tcbox.argv;
    const args = [launcher, 'send', 'em1', '--script', setup, '--pcap', '-', '-q'];
    const child = spawn(node, args, { cwd: root, env: { ...process.env, XDG_RUNTIME_DIR: tcbox.folder } });
    let stdout = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    const ended = once(child, 'close');
    child.stdin.write(writer.header());
    for (let n = 0; n < MEGABYTES; n++) if (!child.stdin.write(chunk)) await once(child.stdin, 'drain');
    const most = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))!;
    child.stdin.end();
    expect(await ended).to.deep.equal([0, null]);
    // IPv4 it is not: nobody wants it.
    expect(stdout).to.equal(`${1024 * MEGABYTES} frames, ${1024 * MEGABYTES} with result 0\n`);
    expect(Number(most[1])).to.be.below(200_000);
  });

  it('shows on a terminal how far it has come', function () {
    if (python === undefined) {
      console.log('      skipped: needs python3');
      this.skip();
    }
    const writer = new PcapWriter();
    const packet = writer.packet({ seconds: 1, nanos: 0, data: new Uint8Array(60).fill(0xff, 0, 6) });
    const chunk = Buffer.concat(Array.from({ length: 4096 }, () => packet));
    const long = path('long.pcap');
    writeFileSync(long, Buffer.concat([writer.header(), ...Array.from({ length: 120 }, () => chunk)]));
    const code = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
    const args = [...tcbox.argv, 'send', 'em1', '--script', setup, '--pcap', long, '-q'];
    const { status, stdout } = spawnSync(python, ['-c', code, ...args], { cwd: root, encoding: 'utf8' });
    expect(status).to.equal(0);
    expect(stdout).to.match(/\r\u001b\[Ktcbox: \d+ frames, \d+ %\r/);
    expect(stdout).to.match(/\r\u001b\[K491520 frames, 491520 with result 0\r\n$/);
  });

  it('sends through a box that stays, whose map bpftool dumps meanwhile', async function () {
    if (!works('bpftool', 'version')) {
      console.log('      skipped: needs bpftool');
      this.skip();
    }
    expect(tcbox.run(['start', 'lab', '--script', 'tools/examples/count/setup.sh'], { cwd: root }).status).to.equal(0);
    expect(send('--in', 'lab', '--pcap', capture, '-q').stdout).to.equal('8 frames, 8 with result 0\n');
    const counted = (tos: number): number => {
      const { stdout } = tcbox.sh('lab', 'bpftool --json map dump name packets');
      const dumped = JSON.parse(stdout) as { formatted: { key: number; value: number } }[];
      return dumped.find(({ formatted: { key } }) => key === tos)?.formatted.value ?? 0;
    };
    expect([0, 4, 8, 0x10, 0xb8].map(counted)).to.deep.equal([2, 1, 1, 3, 1]);
    const sender = tcbox.start(['send', 'em1', '--in', 'lab', '--count', '100000000', '-q']);
    const seen: number[] = [];
    await until(() => {
      seen.push(counted(0));
      return new Set(seen).size > 3;
    }, 'packets are counted');
    expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b));
    sender.child.kill();
    await sender.ended;
    expect(counted(0)).to.be.least(seen.at(-1)!);
    const before = counted(0);
    expect(send('--in', 'lab', '--count', '1000', '-q').stdout).to.equal('1000 frames, 1000 with result 0\n');
    expect(counted(0)).to.equal(before + 1000);
    const nowhere = tcbox.run(['send', 'em7', '--in', 'lab', '--count', '1000', '-q']);
    expect(nowhere).to.deep.equal({
      status: 1,
      stdout: '1 frames, 0 with result 0\n',
      stderr: "tcbox: frame 1: no device 'em7'\n",
    });
    const writer = new PcapWriter();
    const [short, long] = [60, 2 << 20].map((length) =>
      writer.packet({ seconds: 0, nanos: 0, data: new Uint8Array(length) }),
    );
    writeFileSync(path('long.pcap'), Buffer.concat([writer.header(), short!, long!, short!]));
    expect(send('--in', 'lab', '--pcap', path('long.pcap'), '-q')).to.deep.equal({
      status: 1,
      stdout: '3 frames, 2 with result 0\n',
      stderr: 'tcbox: frame 2: a frame of 2097152 bytes is too long for a box\n',
    });
    const back = send('--in', 'lab', '--ingress', '--json', '--hex', 'ffffffffffff0200000000010800');
    expect(JSON.parse(back.stdout)).to.include({ frame: 1, direction: 'receive', length: 14 });
    const none = send('--in', 'lab', '--count', '1', '--ingress', '--expect', expected);
    expect(none.status).to.equal(1);
    expect(none.stderr).to.match(
      /- classid: "800:"\n\+ classid: not there\n(.*\n)*tcbox: 7 more frames were expected\n$/,
    );
  });
});
