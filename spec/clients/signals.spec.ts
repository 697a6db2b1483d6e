// Real clients on the real model while signals arrive: each request is done once, each reply arrives once, nothing hangs
// and nothing stays. The clients of iproute2 have no handlers, so they are stopped and continued; python sets a timer.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Box, type Client } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Machine } from '../../lib/linux/machine.js';
import { pumpFor, pumpUntil } from '../host/pumped.js';
import { python, pythonArgv } from '../host/python.js';

const FILTERS = 300;
const LINKS = 60;
const THREADS = 4;
const REQUESTS = 200;

function needs(context: Mocha.Context, ...programs: readonly string[]): void {
  const missing = programs.filter((program) => spawnSync(program, ['-V']).status !== 0);
  if (python === undefined) missing.push('python3');
  if (missing.length === 0) return;
  console.log(`      skipped: needs ${missing.join(', ')}`);
  context.skip();
}

/** Sends each process a stop and a continue every 200 µs until it has ended. */
const storm = (pids: readonly number[]): string[] =>
  pythonArgv(`
pids = [${pids.join(',')}]
while pids:
    for pid in list(pids):
        try:
            os.kill(pid, signal.SIGSTOP)
            os.kill(pid, signal.SIGCONT)
        except OSError:
            pids.remove(pid)
    time.sleep(0.0002)
`);

/**
 * Threads that ask for lo by RTM_GETLINK, each on its own socket, under a timer of 200 µs. SA_RESTART, because a signal
 * before the supervisor has received a call makes it EINTR otherwise, socket(2) included, which python does not retry.
 */
const threads = pythonArgv(`
signal.signal(signal.SIGALRM, lambda *a: None)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
failures = []
def ask(base):
    s = nl(0)
    for seq in range(base, base + ${REQUESTS}):
        s.send(struct.pack('IHHII', 32, 18, 1, seq, 0) + struct.pack('BxHiII', 0, 0, 1, 0, 0))
        data, _, _, name = s.recvmsg(65536)
        length, kind, flags, got, port = struct.unpack('IHHII', data[:16])
        if (kind, got, port, name) != (16, seq, s.getsockname()[0], (0, 0)): failures.append((kind, got, seq))
    try:
        s.recv(1, socket.MSG_DONTWAIT)
        failures.append('extra')
    except BlockingIOError: pass
workers = [threading.Thread(target=ask, args=(1000 * i,)) for i in range(${THREADS})]
for w in workers: w.start()
for w in workers: w.join()
signal.setitimer(signal.ITIMER_REAL, 0)
print(failures)
`);

describe('clients: tc, ip, tc monitor and threads under signals', () => {
  let dir: string;

  before(function () {
    needs(this, 'tc', 'ip');
    dir = mkdtempSync(join(tmpdir(), 'tcbox-'));
  });

  after(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const text = (name: string): string => readFileSync(join(dir, name), 'utf8');

  it('lose no reply, get none twice, and leave nothing behind', function () {
    this.timeout(240_000);
    const machine = new Machine({ clock: hostClock });
    const box = new Box(machine);
    const ok = (line: string): void => {
      const r = box.run(line.split(' '));
      expect([r.status, Buffer.from(r.stderr).toString()], line).deep.equal([0, '']);
    };
    const spawn = (argv: readonly string[], name: string): Client => {
      const fd = openSync(join(dir, name), 'w');
      const client = box.spawn(argv, { stdio: [0, fd, fd] });
      closeSync(fd);
      return client;
    };
    ok('ip link add veth0 type veth peer name veth1');
    ok('tc qdisc add dev veth0 clsact');
    pumpFor(box, 100);
    const before = machine.objects.size;

    const prefs = Array.from({ length: FILTERS }, (_, i) => i + 1);
    const add = (pref: number): string => `filter add dev veth0 ingress pref ${pref} bpf bytecode 1,6 0 0 ${pref}\n`;
    writeFileSync(join(dir, 'tc.batch'), prefs.map((pref) => add(pref).replace(/(1,6.*)/, '"$1"')).join(''));
    const links = Array.from({ length: LINKS }, (_, i) => `link add a${i} type veth peer name b${i}\nlink del a${i}\n`);
    writeFileSync(join(dir, 'ip.batch'), links.join(''));

    const monitor = spawn(['tc', 'monitor'], 'monitor');
    // It listens when it shows what happens.
    while (text('monitor') === '') {
      ok('tc qdisc add dev veth1 clsact');
      ok('tc qdisc del dev veth1 clsact');
    }
    const clients = [
      spawn(['tc', '-batch', join(dir, 'tc.batch')], 'tc'),
      spawn(['ip', '-batch', join(dir, 'ip.batch')], 'ip'),
      spawn(threads, 'threads'),
    ];
    const stormed = [monitor, ...clients.slice(0, 2)].map(({ pid }) => pid);
    const stormer = spawn(storm(stormed), 'storm');
    pumpUntil(box, () => clients.every(({ waitStatus }) => waitStatus !== undefined), 'the end of the clients');
    expect(clients.map(({ waitStatus }) => waitStatus)).deep.equal([0, 0, 0]);

    // A dump that runs while another client changes the links says so, as on Linux.
    const said = (name: string): string => text(name).replace(/^Dump was interrupted.*\n/gm, '');
    expect([said('tc'), said('ip'), said('threads'), said('storm')]).deep.equal(['', '', '[]\n', '']);
    const shown = Buffer.from(box.run(['tc', 'filter', 'show', 'dev', 'veth0', 'ingress']).stdout).toString();
    const seen = (output: string): number[] =>
      [...output.matchAll(/pref (\d+) bpf.* handle 0x1/g)].map((m) => Number(m[1]));
    expect(seen(shown)).deep.equal(prefs);
    pumpUntil(box, () => seen(text('monitor')).length >= FILTERS, 'what the monitor sees');
    expect(seen(text('monitor'))).deep.equal(prefs);

    process.kill(monitor.pid, 'SIGKILL');
    const both = [monitor, stormer];
    pumpUntil(box, () => both.every(({ waitStatus }) => waitStatus !== undefined), 'the end of the monitor');
    ok('tc filter del dev veth0 ingress');
    pumpUntil(box, () => box.sockets === 0 && machine.objects.size <= before, 'the end of all they had');
    box.close();
  });

  it('leave nothing behind when they are killed at any point', function () {
    this.timeout(240_000);
    const machine = new Machine({ clock: hostClock });
    const box = new Box(machine);
    box.run('ip link add veth0 type veth peer name veth1'.split(' '));
    box.run('tc qdisc add dev veth0 clsact'.split(' '));
    pumpFor(box, 100);
    const before = machine.objects.size;
    writeFileSync(
      join(dir, 'many'),
      'filter replace dev veth0 ingress pref 7 handle 1 bpf bytecode "1,6 0 0 7"\nfilter del dev veth0 ingress\n'.repeat(
        5000,
      ),
    );
    for (let i = 0; i < 20; i++) {
      const client = box.spawn(['tc', '-batch', join(dir, 'many')]);
      pumpFor(box, 3 + Math.random() * 15);
      process.kill(client.pid, 'SIGKILL');
      pumpUntil(box, () => client.waitStatus !== undefined, 'the end of the client');
    }
    box.run('tc filter del dev veth0 ingress'.split(' '));
    pumpUntil(box, () => box.sockets === 0 && machine.objects.size <= before, 'the end of all they had');
    box.close();
  });
});
