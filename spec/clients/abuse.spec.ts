// Boxes that stay under abuse: processes that are stopped or killed, folders that are full, closed or gone, callers
// that come too late or too many. What cannot work says so in one line, and nothing hangs.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { connectTo, sendAll } from '../../lib/host/control_socket.js';
import { FromBox, Frames, PROTOCOL, ToBox, frame, type FromBox as Answer } from '../../lib/record/control.js';
import { needsPython, pythonArgv } from '../host/python.js';
import { Tcbox, lives, shortFolder, until } from './tcbox.js';

const NOBODY = 65534;
const isRoot = process.getuid!() === 0;
const hello = frame(ToBox.encode({ hello: { protocol: PROTOCOL, version: '0' } }));

/** A caller by hand: what the box says to it, until it hangs up. */
function caller(fd: number): Promise<Answer[]> {
  const socket = new Socket({ fd });
  const frames = new Frames();
  const got: Answer[] = [];
  socket.on('data', (data) => {
    for (const body of frames.push(data)) got.push(FromBox.decode(body));
  });
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.on('close', () => {
      resolve(got);
    });
  });
}

/** Time the process has been running, in clock ticks. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

describe('clients: boxes under abuse', function () {
  this.timeout(240_000);
  let tcbox: Tcbox;
  let dir: string;
  /** A process to be continued whatever happens. */
  let still: number | undefined;

  before(() => {
    tcbox = new Tcbox();
    dir = mkdtempSync(join(shortFolder, 'tcbox-dir-'));
    expect(tcbox.run(['start', 'one'])).deep.equal({ status: 0, stdout: '', stderr: '' });
  });

  after(() => {
    tcbox.end();
    rmSync(dir, { recursive: true });
  });

  afterEach(() => {
    if (still !== undefined) process.kill(still, 'SIGCONT');
    still = undefined;
  });

  const stop = (pid: number): void => {
    still = pid;
    process.kill(pid, 'SIGSTOP');
  };

  /** A connection that the box has answered. */
  const greeted = (name: string): number => {
    const fd = connectTo(join(tcbox.folder, 'tcbox', name));
    expect(sendAll(fd, hello, [])).equal(0);
    expect(readSync(fd, Buffer.alloc(4096))).above(0);
    return fd;
  };

  const box = (name: string): { pid: number; guardian: number } => tcbox.ls().find((it) => it.name === name)!;

  it('refuses a program with an endless name in one line', () => {
    const { status, stderr } = tcbox.run(['exec', 'one', '--', 'x'.repeat(100_000)]);
    expect(status).equal(127);
    expect(stderr).match(/^tcbox: x{900,}…\n$/);
  });

  it('passes arguments and variables of any number on', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `argument number ${i}`);
    const { stdout, stderr } = tcbox.run(['exec', 'one', '--', 'sh', '-c', 'echo $#', 'sh', ...many], {
      env: { LONG: 'x'.repeat(100_000) },
    });
    expect([stdout, stderr]).deep.equal(['20000\n', '']);
  });

  it('refuses an argument that it would have to change', () => {
    for (const args of ['exec one --', 'run --']) {
      const line = `"$@" ${args} printf %s "$(printf 'a\\377b')"; "$@" ${args} printf %s "$(printf '\\357\\277\\275')"`;
      const env = { ...process.env, XDG_RUNTIME_DIR: tcbox.folder };
      const { stdout, stderr } = spawnSync('sh', ['-c', line, 'sh', ...tcbox.argv], { encoding: 'utf8', env });
      expect([stdout, stderr.split('\n').length]).deep.equal(['\ufffd', 2]);
      expect(stderr).contain('not UTF-8');
    }
  });

  it('sends SIGUSR1 on, which Node.js would take for itself', async () => {
    const script = `trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.02; done`;
    for (const args of [['exec', 'one', '--'], ['run']]) {
      const running = tcbox.start([...args, 'sh', '-c', script]);
      await until(() => running.stdout().includes('ready'), 'ready');
      running.child.kill('SIGUSR1');
      expect(await running.ended).deep.equal({ status: 9, stdout: 'ready\ngot\n', stderr: '' });
    }
  });

  it('starts nothing for a caller that gave up while the box stood still', async () => {
    const { pid } = box('one');
    stop(pid);
    const running = tcbox.start(['exec', 'one', '--', 'touch', join(dir, 'late')]);
    // It takes its signals by now, SIGHUP (the lowest bit) included, which Node.js leaves alone.
    await until(
      () => /^SigCgt:.*[13579bdf]$/m.test(readFileSync(`/proc/${running.child.pid!}/status`, 'latin1')),
      'a start',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Its pipes stay open until the box takes them out of its socket.
    const exit = new Promise((resolve) => running.child.on('exit', resolve));
    running.child.kill('SIGTERM');
    expect(await exit).equal(128 + 15);
    process.kill(pid, 'SIGCONT');
    expect(tcbox.sh('one', 'true').status).equal(0);
    expect(existsSync(join(dir, 'late'))).equal(false);
  });

  it('says which process of a box that stands still must be killed', () => {
    const { pid } = box('one');
    stop(pid);
    const code = `import('${join(import.meta.dirname, '../../lib/cli/stop.js')}').then(async (m) => process.exit(await m.stopCommand(['one'], 200)))`;
    const env = { ...process.env, XDG_RUNTIME_DIR: tcbox.folder };
    const { status, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env });
    process.kill(pid, 'SIGCONT');
    expect([status, stderr]).deep.equal([125, `tcbox: box 'one': it does not answer; kill -KILL ${pid} ends it\n`]);
    expect(tcbox.sh('one', 'true').status).equal(0);
  });

  it('starts no program while it is being stopped', async function () {
    needsPython.call(this);
    expect(tcbox.run(['start', 'two']).status).equal(0);
    const deaf = 'signal.signal(signal.SIGTERM, signal.SIG_IGN); print("deaf", flush=True); time.sleep(60)';
    const running = tcbox.start(['exec', 'two', '--', ...pythonArgv(deaf)]);
    await until(() => running.stdout().includes('deaf'), 'a deaf client');
    const [stopper, late] = [greeted('two'), greeted('two')];
    // Both requests wait for it, that to stop first.
    const { pid } = box('two');
    stop(pid);
    const exec = { argv: ['touch', join(dir, 'too-late')], env: [], cwd: dir, umask: 0o22, limits: [], record: false };
    expect(sendAll(stopper, frame(ToBox.encode({ stop: {} })), [])).equal(0);
    expect(sendAll(late, frame(ToBox.encode({ exec })), [0, 1, 2])).equal(0);
    process.kill(pid, 'SIGCONT');
    still = undefined;
    const [, answers] = await Promise.all([caller(stopper), caller(late)]);
    expect(answers.map(({ exited }) => exited)).deep.include({ status: 125, error: 'the box is being stopped' });
    await until(() => !lives(pid), 'the end');
    expect((await running.ended).status).equal(128 + 9);
    expect(existsSync(join(dir, 'too-late'))).equal(false);
  });

  it('is stopped by two at once', async () => {
    expect(tcbox.run(['start', 'two']).status).equal(0);
    const { pid } = box('two');
    const both = await Promise.all([1, 2].map(() => tcbox.start(['stop', 'two']).ended));
    const problems = both.filter(({ status }) => status !== 0);
    expect(problems.length).within(0, 1);
    for (const { status, stderr } of problems) expect([status, stderr.split('\n').length]).deep.equal([125, 2]);
    expect(lives(pid)).equal(false);
  });

  it('ends when its guardian is killed', async () => {
    expect(tcbox.run(['start', 'two']).status).equal(0);
    const pidFile = join(dir, 'daemon');
    tcbox.sh('two', `setsid sh -c 'echo $$ > ${pidFile}; exec sleep 60' > /dev/null 2>&1 &`);
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', 'a daemon');
    const { pid, guardian } = box('two');
    process.kill(guardian, 'SIGKILL');
    await until(() => !lives(pid) && !lives(Number(readFileSync(pidFile, 'utf8'))), 'the end of both');
    expect(tcbox.ls().map(({ name }) => name)).deep.equal(['one']);
  });

  it('ends when its socket is removed: nobody could stop it any more', async () => {
    expect(tcbox.run(['start', 'two']).status).equal(0);
    const { pid, guardian } = box('two');
    rmSync(join(tcbox.folder, 'tcbox/two'));
    // Another one of this name is a box of its own.
    expect(tcbox.run(['start', 'two']).status).equal(0);
    await until(() => !lives(pid) && !lives(guardian), 'the end');
    expect(tcbox.run(['exec', 'two', '--', 'true']).status).equal(0);
    expect(tcbox.run(['stop', 'two']).status).equal(0);
  });

  it('hangs callers up that it has no file for, and rests', async () => {
    const argv = ['-c', 'ulimit -n 60; exec "$@"', 'sh', ...tcbox.argv, 'start', 'few'];
    const env = { ...process.env, XDG_RUNTIME_DIR: tcbox.folder };
    expect(spawnSync('sh', argv, { encoding: 'utf8', env })).include({ status: 0, stderr: '' });
    const path = join(tcbox.folder, 'tcbox/few');
    const { pid } = box('few');
    const sockets = Array.from({ length: 80 }, () => connect(path).on('error', () => {}));
    await until(() => sockets.some(({ closed }) => closed), 'one that is hung up');
    const before = ticksOf(pid);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(ticksOf(pid) - before).below(20);
    const { status, stderr } = tcbox.run(['exec', 'few', '--', 'true']);
    expect([status, stderr.split('\n').length]).deep.equal([125, 2]);
    for (const socket of sockets) socket.destroy();
    await until(() => tcbox.run(['exec', 'few', '--', 'true']).status === 0, 'room again');
    expect(tcbox.run(['stop', 'few']).status).equal(0);
  });

  it('says in one line what is wrong with the folder', () => {
    const folder = mkdtempSync(join(shortFolder, 'tcbox-'));
    const user = isRoot ? NOBODY : undefined;
    try {
      if (isRoot) chownSync(folder, NOBODY, NOBODY);
      if (isRoot && tcbox.run(['--version'], { uid: NOBODY }).status !== 0) return;
      const tell = (args: readonly string[]): string => {
        const options = { env: { XDG_RUNTIME_DIR: folder }, cwd: '/', ...(user === undefined ? {} : { uid: user }) };
        const { status, stderr } = tcbox.run(args, options);
        expect([status, stderr.split('\n').length]).deep.equal([125, 2]);
        return stderr;
      };
      chmodSync(folder, 0o500);
      expect(tell(['start', 'x']))
        .contain('boxes cannot be kept in')
        .and.contain('EACCES');
      chmodSync(folder, 0o700);
      writeFileSync(join(folder, 'tcbox'), '');
      expect(tell(['ls'])).contain('it is no folder');
      rmSync(join(folder, 'tcbox'));
      mkdirSync(join(folder, 'tcbox'), { mode: 0o500 });
      if (isRoot) chownSync(join(folder, 'tcbox'), NOBODY, NOBODY);
      expect(tell(['start', 'x']))
        .contain('boxes cannot be kept in')
        .and.contain('EACCES');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says in one line that the disk is full', function () {
    if (!isRoot || spawnSync('unshare', ['-m', 'true']).status !== 0) {
      console.log('      skipped: needs root, to mount a small file system');
      this.skip();
    }
    const script = `mount -t tmpfs -o size=8k,nr_inodes="$1",mode=700 none "$2" && export XDG_RUNTIME_DIR="$2"; shift 2; "$@" start x; echo $?; ls $XDG_RUNTIME_DIR/tcbox`;
    const folder = join(dir, 'full');
    mkdirSync(folder);
    for (const inodes of [1, 2, 3, 4]) {
      const args = ['-m', 'sh', '-c', `exec 2>&1; ${script}`, 'sh', String(inodes), folder, ...tcbox.argv];
      const said = spawnSync('unshare', args, { encoding: 'utf8' }).stdout.split('\n');
      expect(said[0], `${inodes} inodes`).match(/^tcbox: .*(ENOSPC|errno 28)/);
      expect(said[1]).equal('125');
    }
  });

  it('refuses a folder whose path leaves no room for a socket', () => {
    const folder = join(dir, 'd'.repeat(90));
    mkdirSync(folder, { mode: 0o700 });
    const { status, stderr } = tcbox.run(['start', 'some-name'], { env: { XDG_RUNTIME_DIR: folder } });
    expect([status, stderr.split('\n').length]).deep.equal([2, 2]);
    expect(stderr).contain('too long for the path of a socket');
  });

  it('serves a command of tcbox in a box, but no second box below the first', () => {
    const inside = (...args: string[]): ReturnType<Tcbox['run']> =>
      tcbox.run(['exec', 'one', '--', ...tcbox.argv, ...args]);
    expect(inside('exec', 'one', '--', 'echo', 'deep')).deep.equal({ status: 0, stdout: 'deep\n', stderr: '' });
    const nested = inside('start', 'deeper');
    expect([nested.status, nested.stderr.includes('already runs under a supervisor')]).deep.equal([125, true]);
    expect(tcbox.ls().map(({ name }) => name)).deep.equal(['one']);
  });
});
