// A Box from outside: programs started in it, what they print, how they end, and what ends with it.
import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Box } from '../../lib/host/box.js';
import { SpawnError } from '../../lib/host/program.js';
import { until } from '../clients/tcbox.js';
import { FakeKernel } from './fake_kernel.js';
import { pumpUntil } from './pumped.js';
import { needsPython, runPython } from './python.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('host: Box', () => {
  let kernel: FakeKernel;
  let box: Box;

  before(() => {
    kernel = new FakeKernel();
    box = new Box(kernel);
  });

  after(() => {
    box.close();
  });

  it('captures output, exit status and signal', () => {
    const r = box.run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    expect([r.status, r.signal, text(r.stdout), text(r.stderr)]).deep.equal([7, null, 'out\n', 'err\n']);
    const killed = box.run(['sh', '-c', 'kill -TERM $$']);
    expect([killed.status, killed.signal]).deep.equal([null, 15]);
  });

  it('captures more than a pipe holds, and gives input of any length', () => {
    const input = 'line of input\n'.repeat(100_000);
    expect(text(box.run(['cat'], { input }).stdout)).equal(input);
  });

  it('gives the environment and the directory it is told', () => {
    const r = box.run(['sh', '-c', 'echo "$HELLO $PWD"'], { cwd: '/', env: { HELLO: 'world', PATH: '/usr/bin:/bin' } });
    expect(text(r.stdout)).equal('world /\n');
  });

  it('gives clients the default action of SIGPIPE', () => {
    expect(text(box.run(['sh', '-c', 'grep SigIgn /proc/self/status']).stdout).trim()).match(/0000$/);
  });

  it('kills a program whose time is up', () => {
    expect(box.run(['sleep', '60'], { timeoutMs: 50 }).signal).equal(9);
  });

  it('says 127 for a program that is not there and 126 for one that cannot be executed', () => {
    expect(() => box.run(['no-such-program']))
      .throw(SpawnError)
      .with.property('status', 127);
    expect(() => box.run(['/etc/passwd']))
      .throw(SpawnError)
      .with.property('status', 126);
    expect(() => box.run(['/']))
      .throw(SpawnError)
      .with.property('status', 126);
  });

  it('gives a script without a magic line to the shell', () => {
    const dir = mkdtempSync(join(tmpdir(), 'tcbox-'));
    writeFileSync(join(dir, 'script'), 'echo script $1', { mode: 0o755 });
    expect(text(box.run([join(dir, 'script'), 'one']).stdout)).equal('script one\n');
    rmSync(dir, { recursive: true });
  });

  it('runs many clients at once', function () {
    needsPython.call(this);
    const clients = Array.from({ length: 10 }, () => box.spawn(['sh', '-c', 'sleep 0.01; exit 3']));
    pumpUntil(box, () => clients.every((client) => client.waitStatus !== undefined), 'the end of all');
    expect(clients.map((client) => client.waitStatus)).deep.equal(Array(10).fill(3 << 8));
  });

  it('lets its kernel be replaced between clients, and not under one', function () {
    needsPython.call(this);
    const other = new FakeKernel();
    box.machine = other;
    runPython(box, `nl().send(b'S here')`);
    expect(other.sends).deep.equal(['S here']);
    box.machine = kernel;
    expect(kernel.sends).deep.equal([]);
  });

  it('reports a pump that a condition, time or nothing ends', () => {
    expect(box.pump(() => true)).equal('done');
    expect(box.pump(() => false, 20)).equal('timeout');
  });
});

describe('host: Box.close()', () => {
  const fds = (): number => readdirSync('/proc/self/fd').length;
  const nap = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 10));
  /** Open fds of this process once their number stays the same: the workers of earlier boxes have gone. */
  const settledFds = async (): Promise<number> => {
    let [count, since] = [fds(), performance.now()];
    for (; performance.now() - since < 300; await nap())
      if (fds() !== count) [count, since] = [fds(), performance.now()];
    return count;
  };

  it('ends clients in the background, daemons and stubborn ones included, and frees everything', async function () {
    needsPython.call(this);
    this.timeout(240_000);
    new Box(new FakeKernel()).close();
    const before = await settledFds();
    const kernel = new FakeKernel();
    const box = new Box(kernel);
    const pids = runPython(
      box,
      `
def background(setup):
    r, w = os.pipe()
    if os.fork() == 0:
        setup()
        if os.fork() == 0:
            s = nl(1)
            os.write(w, b'%d\\n' % os.getpid())
            for fd in (0, 1, 2): os.close(fd)
            while True:
                try: s.recv(10)
                except OSError: pass
        os._exit(0)
    os.wait()
    print(os.read(r, 20).decode().strip())
background(lambda: None)
background(os.setsid)
background(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
`,
    ).split('\n');
    expect(kernel.sockets.size).equal(3);
    box.close();
    expect(kernel.sockets.size).equal(0);
    for (const pid of pids) expect(() => process.kill(Number(pid), 0), pid).throw();
    await until(() => fds() <= before, 'the end of what the box had open');
  });

  it('can be called twice', () => {
    const box = new Box(new FakeKernel());
    box.close();
    box.close();
  });
});
