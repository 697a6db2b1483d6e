// Boxes that stay, from outside: start, exec, ls and stop as a user gives them, and how a box ends.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { FromBox, Frames, PROTOCOL, ToBox, frame, type FromBox as Answer } from '../../lib/record/control.js';
import { needsPython, pythonArgv } from '../host/python.js';
import { Tcbox, lives, shortFolder, until } from './tcbox.js';

/** A user that has no boxes, and that no other suite on this computer becomes meanwhile. */
const STRANGER = 50_000 + (process.pid % 15_000);

function needs(context: Mocha.Context, ...programs: readonly string[]): void {
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  if (missing.length === 0) return;
  console.log(`      skipped: needs ${missing.join(', ')}`);
  context.skip();
}

/** Says hello with a protocol of one's own; everything the box answers until it hangs up. */
function hello(path: string, protocol: number): Promise<Answer[]> {
  return new Promise((resolve) => {
    const frames = new Frames();
    const got: Answer[] = [];
    const socket = connect(path, () => socket.write(frame(ToBox.encode({ hello: { protocol, version: '9.9.9' } }))));
    socket.on('data', (data) => {
      for (const body of frames.push(data)) got.push(FromBox.decode(body));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      resolve(got);
    });
  });
}

describe('clients: a box that stays', function () {
  this.timeout(240_000);
  let tcbox: Tcbox;
  let dir: string;

  before(() => {
    tcbox = new Tcbox();
    dir = mkdtempSync(join(shortFolder, 'tcbox-dir-'));
    const { status, stdout, stderr } = tcbox.run(['start', 'one']);
    expect({ status, stdout, stderr }).deep.equal({ status: 0, stdout: '', stderr: '' });
  });

  after(() => {
    tcbox.end();
    rmSync(dir, { recursive: true });
  });

  it('keeps its kernel between commands, and shares it', function () {
    needs(this, 'tc', 'ip');
    expect(tcbox.sh('one', 'ip link add em1 type veth peer name em2 && tc qdisc add dev em1 clsact').stderr).equal('');
    expect(tcbox.run(['exec', 'one', '--', 'tc', 'qdisc', 'show', 'dev', 'em1']).stdout).contain('clsact');
    expect(tcbox.sh('one', 'ip link del em1').status).equal(0);
  });

  it('ends exec as the command ends', () => {
    expect(tcbox.sh('one', 'exit 7').status).equal(7);
    expect(tcbox.sh('one', 'kill -TERM $$').status).equal(128 + 15);
    expect(tcbox.run(['exec', 'one', '--', 'no-such-program'])).include({ status: 127, stdout: '' });
    expect(tcbox.run(['exec', 'one', '--', '/etc/passwd']).status).equal(126);
  });

  it('gives the command fds 0 to 2, without copying', () => {
    const input = 'line of input\n'.repeat(50_000);
    const { stdout, stderr } = tcbox.sh('one', 'cat; echo error >&2', { input });
    expect([stdout === input, stderr]).deep.equal([true, 'error\n']);
    const piped = spawnSync('sh', ['-c', `echo through | "$@" exec one cat | cat`, 'sh', ...tcbox.argv], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: tcbox.folder },
    });
    expect([piped.stdout, piped.stderr]).deep.equal(['through\n', '']);
    const files = tcbox.sh('one', 'ls /proc/$$/fd').stdout.trim().split('\n');
    expect(files).deep.equal(['0', '1', '2']);
  });

  it('gives the command folder, environment, mode mask and limits of exec', () => {
    const env = { HELLO: 'wörld = 1', EMPTY: '' };
    const script = 'echo "$PWD $(pwd -P) $HELLO ${EMPTY-unset}"; umask; ulimit -n; ulimit -Hn; ulimit -c; ulimit -t';
    const wrapped = `umask 027; ulimit -n 200; ulimit -Sn 100; ulimit -c 0; ulimit -t 60; "$@"; exit $?`;
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', wrapped, 'sh', ...tcbox.argv, 'exec', 'one', '--', 'sh', '-c', script],
      { encoding: 'utf8', cwd: dir, env: { ...process.env, ...env, PWD: dir, XDG_RUNTIME_DIR: tcbox.folder } },
    );
    expect(stderr).equal('');
    expect(stdout.split('\n')).deep.equal([`${dir} ${dir} wörld = 1 `, '0027', '100', '200', '0', '60', '']);
    // The next command has its own again.
    expect(tcbox.sh('one', 'ulimit -t').stdout).not.equal('60\n');
  });

  it('gives limits to the first instruction of a command, and changes nothing else', function () {
    needs(this, 'prlimit');
    // The program's name, an empty argument, and variables that no shell keeps.
    const args = ['cat', '/proc/self/limits', '/proc/self/cmdline', '/proc/self/environ', ''];
    const env = { ...process.env, XDG_RUNTIME_DIR: tcbox.folder };
    const run = (limits: string): string =>
      spawnSync(
        'sh',
        ['-c', `${limits}; env a-b=1 x.y=2 "$@"; exit $?`, 'sh', ...tcbox.argv, 'exec', 'one', '--', ...args],
        {
          encoding: 'utf8',
          env,
        },
      ).stdout;
    for (let i = 0; i < 5; i++) {
      const seen = run('ulimit -n 200; ulimit -Sn 100; ulimit -c 0; ulimit -t 60; ulimit -v 4000000000');
      expect(seen).match(/^Max open files +100 +200 /m);
      expect(seen).match(/^Max cpu time +60 +60 /m);
      expect(seen).match(/^Max core file size +0 +0 /m);
      expect(seen).match(/^Max address space +4096000000000 +4096000000000 /m);
      expect(seen).contain(`${args.join('\0')}\0`);
      expect(seen).contain('\0a-b=1\0').and.contain('\0x.y=2\0');
    }
    // Node.js raises the soft limit of open files; a command does not see that, in a box of its own neither.
    expect(run('ulimit -Sn 77')).match(/^Max open files +77 /m);
    const alone = ['-c', 'ulimit -Sn 77; "$@"; exit $?', 'sh', ...tcbox.argv, 'run', 'sh', '-c', 'ulimit -n'];
    expect(spawnSync('sh', alone, { encoding: 'utf8' }).stdout).equal('77\n');
    const missing = ['-c', 'ulimit -t 60; "$@"; exit $?', 'sh', ...tcbox.argv, 'exec', 'one', '--', 'no-such-program'];
    const { status, stderr } = spawnSync('sh', missing, { encoding: 'utf8', env });
    expect([status, stderr]).deep.equal([127, 'tcbox: no-such-program: command not found\n']);
  });

  it('sends signals on: one process, or the group for those of a terminal', async () => {
    const loop = 'echo ready; while :; do sleep 0.02; done';
    const ends = async (signal: NodeJS.Signals, script: string): Promise<string> => {
      const running = tcbox.start(['exec', 'one', '--', 'sh', '-c', script]);
      await until(() => running.stdout().includes('ready'), 'ready');
      running.child.kill(signal);
      const { status, stdout } = await running.ended;
      expect(status, signal).equal(9);
      return stdout;
    };
    const child = `sh -c 'trap "echo child; exit" INT TERM; echo $$ > ${dir}/child; ${loop}'`;
    expect(await ends('SIGTERM', `trap 'echo got; exit 9' TERM; ${loop}`)).equal('ready\ngot\n');
    expect(await ends('SIGINT', `trap 'echo got; exit 9' INT; ${child}`)).equal('ready\nchild\ngot\n');
    // A signal for one process leaves the others alone: the child goes on, and its parent waits for it.
    const alone = tcbox.start(['exec', 'one', '--', 'sh', '-c', `trap 'echo got; exit 9' TERM; ${child} & wait`]);
    await until(() => alone.stdout().includes('ready'), 'ready');
    alone.child.kill('SIGTERM');
    await until(() => alone.stdout().includes('got'), 'got');
    expect(alone.stdout()).equal('ready\ngot\n');
    process.kill(Number(readFileSync(join(dir, 'child'), 'utf8')), 'SIGKILL');
    expect((await alone.ended).status).equal(9);
  });

  it('hangs the command up when exec is killed', async () => {
    const script = `trap 'echo hup > ${dir}/hup; exit' HUP; echo ready; while :; do sleep 0.02; done`;
    const running = tcbox.start(['exec', 'one', '--', 'sh', '-c', script]);
    await until(() => running.stdout().includes('ready'), 'ready');
    running.child.kill('SIGKILL');
    await until(() => existsSync(join(dir, 'hup')), 'SIGHUP');
    await until(() => tcbox.ls()[0]!.programs === 0, 'no programs');
  });

  it('lets a command see and follow the size of its terminal', function () {
    needsPython.call(this);
    const code = `
import pty, termios
pid, fd = pty.fork()
if pid == 0:
    while fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))[:4] != struct.pack('HH', 33, 77): time.sleep(0.01)
    os.execv(sys.argv[1], sys.argv[1:])
size = lambda rows, columns: fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
size(33, 77)
seen = b''
changed = False
while True:
    try: data = os.read(fd, 1000)
    except OSError: break
    if not data: break
    seen += data
    if b'33 77' in seen and not changed:
        changed = True
        size(44, 88)
print(seen.decode().split())
`;
    const script = `trap 'stty size; exit' WINCH; until stty size | grep -q '33 77'; do :; done; stty size; while :; do sleep 0.02; done`;
    const [file, ...args] = pythonArgv(code);
    const r = spawnSync(file!, [...args, ...tcbox.argv, 'exec', 'one', '--', 'sh', '-c', script], {
      encoding: 'utf8',
      timeout: 120_000,
      env: { ...process.env, XDG_RUNTIME_DIR: tcbox.folder },
    });
    expect(r.stdout, r.stderr).equal(`['33', '77', '44', '88']\n`);
  });

  it('lets clients outlive their exec until stop', async function () {
    needs(this, 'tc', 'ip');
    expect(tcbox.run(['start', 'two']).status).equal(0);
    const events = join(dir, 'events');
    expect(tcbox.sh('two', `tc monitor > ${events} 2>&1 &`).status).equal(0);
    await until(() => tcbox.ls().find(({ name }) => name === 'two')!.sockets > 0, 'a monitor');
    expect(tcbox.run(['exec', 'two', '--', 'tc', 'qdisc', 'add', 'dev', 'lo', 'clsact']).status).equal(0);
    await until(() => readFileSync(events, 'utf8').includes('clsact'), 'an event');
    expect(tcbox.run(['stop', 'two'])).deep.equal({ status: 0, stdout: '', stderr: '' });
    expect(tcbox.ls().map(({ name }) => name)).deep.equal(['one']);
  });

  it('ends with clients still blocked: they see an error, or are killed', async function () {
    needsPython.call(this);
    expect(tcbox.run(['start', 'three']).status).equal(0);
    const seen = join(dir, 'seen');
    // Blocked in an intercepted call and in a native one; deaf to SIGTERM; and in a session of its own.
    const blocked = (receive: string): string =>
      `signal.signal(signal.SIGTERM, signal.SIG_IGN)
s = nl(1)
print('waits', flush=True)
if os.fork() == 0: os.setsid()
try: r = ${receive}
except OSError as e: r = e.errno
open('${seen}', 'a').write('%r\\n' % r)
time.sleep(60)`;
    const calls = ['s.recvmsg(100)', 's.recv(100)', 'os.read(s.fileno(), 100)'];
    const running = calls.map((call) => tcbox.start(['exec', 'three', '--', ...pythonArgv(blocked(call))]));
    for (const { stdout } of running) await until(() => stdout().includes('waits'), 'waits');
    const { guardian } = tcbox.ls().find(({ name }) => name === 'three')!;
    const start = performance.now();
    expect(tcbox.run(['stop', 'three']).status).equal(0);
    // Moments; each of the programs would sleep for a minute.
    expect(performance.now() - start).below(30_000);
    for (const { ended } of running) expect((await ended).status).equal(128 + 9);
    const results = readFileSync(seen, 'utf8').trim().split('\n');
    for (const result of results) expect(result).match(/^(38|b'')$/);
    expect(results.length).within(3, 6);
    expect(lives(guardian)).equal(false);
  });

  it('refuses names, boxes that are there, and boxes that are not', () => {
    for (const name of ['', '.', '..', 'a/b', '-x', 'a b', 'x'.repeat(33)]) {
      const { status, stderr } = tcbox.run(['start', '--', name]);
      expect([status, stderr.split('\n').length], name).deep.equal([2, 2]);
    }
    const again = tcbox.run(['start', 'one']);
    expect(again).deep.equal({ status: 125, stdout: '', stderr: again.stderr });
    expect(again.stderr).match(/^tcbox: there is a box 'one' already.*\n$/);
    for (const args of [
      ['exec', 'nobody', '--', 'true'],
      ['stop', 'nobody'],
    ]) {
      const { status, stderr } = tcbox.run(args);
      expect([status, stderr.split('\n').length], args[0]).deep.equal([125, 2]);
      expect(stderr).contain("no box 'nobody'");
    }
  });

  it('boots the kernel that was asked for, and prepares it by a script', function () {
    needs(this, 'tc', 'ip');
    const setup = join(dir, 'setup');
    writeFileSync(setup, 'echo "$PWD"; ip link add em1 type veth peer name em2; tc qdisc add dev em1 ingress');
    const started = tcbox.run(['start', 'old', '--kernel=v6.1', '--script', 'setup'], { cwd: dir });
    expect(started).deep.equal({ status: 0, stdout: `${dir}\n`, stderr: '' });
    expect(tcbox.run(['exec', 'old', 'tc', 'qdisc', 'show', 'dev', 'em1']).stdout).contain('ingress');
    expect(tcbox.run(['ls']).stdout).match(/^old +\d+ +v6\.1 +full /m);
    writeFileSync(setup, 'exit 3');
    const failed = tcbox.run(['start', 'bad', '--script', setup]);
    expect(failed.status).equal(125);
    expect(failed.stderr).equal("tcbox: the setup script ended with 3; box 'bad' is stopped\n");
    expect(tcbox.run(['stop', 'old']).status).equal(0);
    expect(tcbox.run(['start', 'bad', '--kernel', 'v0']).status).equal(2);
    expect(tcbox.ls().map(({ name }) => name)).deep.equal(['one']);
  });

  it('says what is not modelled to whoever asks for it', function () {
    needs(this, 'ip');
    const { stderr } = tcbox.run(['exec', 'one', '--', 'ip', 'xfrm', 'state']);
    expect(stderr).match(/^tcbox: not modelled: /m);
  });

  it('leaves one line when its process is killed, and nothing else', async function () {
    needs(this, 'tc', 'ip');
    expect(tcbox.run(['start', 'four', '--config', 'rec-6.18']).status).equal(0);
    tcbox.sh('four', 'ip link add em1 type veth peer name em2; tc qdisc add dev em1 clsact');
    const batch = join(dir, 'batch');
    writeFileSync(batch, 'filter replace dev em1 ingress pref 7 handle 1 bpf bytecode "1,6 0 0 7"\n'.repeat(200_000));
    const script = (line: string): string => `echo $$; ${line}; echo "end $?" >> ${dir}/ends`;
    const running = ['tc -batch ' + batch, 'tc monitor > /dev/null', 'sleep 60'].map((line) =>
      tcbox.start(['exec', 'four', '--', 'sh', '-c', script(line)]),
    );
    for (const { stdout } of running) await until(() => stdout() !== '', 'a pid');
    const pids = running.map(({ stdout }) => Number(stdout()));
    await until(() => tcbox.ls().find(({ name }) => name === 'four')!.sockets > 1, 'sockets');
    const { pid, guardian } = tcbox.ls().find(({ name }) => name === 'four')!;
    const start = performance.now();
    process.kill(pid, 'SIGKILL');
    const results = await Promise.all(running.map(({ ended }) => ended));
    await until(() => ![...pids, guardian].some(lives), 'the end of everything');
    // Moments; one of the programs would sleep for a minute.
    expect(performance.now() - start, 'until nothing is left').below(30_000);
    const line = "tcbox: box 'four': its process has ended, and the kernel with it";
    for (const { status, stderr } of results) {
      expect(status).equal(125);
      expect(stderr.split('\n').filter((text) => text.startsWith('tcbox'))).deep.equal([line]);
    }
    expect(readFileSync(join(dir, 'ends'), 'utf8')).match(/^(end [12]\n){2}$/);
    const { stdout, stderr } = tcbox.run(['ls']);
    expect(stderr).equal("tcbox: box 'four' was killed; cleaned up\n");
    expect(stdout).not.contain('four');
    expect(readdirSync(join(tcbox.folder, 'tcbox')).sort()).deep.equal(['.lock', 'one', 'one.log']);
  });

  it('gives the name of a killed box to the next', () => {
    expect(tcbox.run(['start', 'five']).status).equal(0);
    process.kill(tcbox.ls().find(({ name }) => name === 'five')!.pid, 'SIGKILL');
    expect(tcbox.run(['start', 'five']).status).equal(0);
    expect(tcbox.run(['exec', 'five', 'true']).status).equal(0);
    process.kill(tcbox.ls().find(({ name }) => name === 'five')!.pid, 'SIGKILL');
    expect(tcbox.run(['exec', 'five', 'true'])).include({ status: 125 });
    expect(tcbox.run(['stop', 'five'])).include({ status: 125 });
  });

  it('ends on SIGTERM as on stop', async () => {
    expect(tcbox.run(['start', 'six']).status).equal(0);
    const { pid, guardian } = tcbox.ls().find(({ name }) => name === 'six')!;
    process.kill(guardian, 'SIGTERM');
    await until(() => !lives(pid) && !lives(guardian), 'the end');
    expect(readdirSync(join(tcbox.folder, 'tcbox'))).not.include('six');
  });

  it('tells a caller of another protocol which one it speaks, and no more', async () => {
    const path = join(tcbox.folder, 'tcbox/one');
    const answers = await hello(path, PROTOCOL + 1);
    expect(answers.length).equal(1);
    expect(answers[0]!.hello!.protocol).equal(PROTOCOL);
    expect(await new Promise((resolve) => connect(path).on('close', resolve).end('nonsense, and more of it'))).equal(
      false,
    );
    expect(tcbox.run(['exec', 'one', 'true']).status).equal(0);
  });

  it('says plainly that a box is of another protocol', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.end(frame(FromBox.encode({ hello: { protocol: PROTOCOL + 1, version: '9.9.9' } })));
    });
    const path = join(tcbox.folder, 'tcbox/newer');
    await new Promise((resolve) =>
      server.listen(path, () => {
        resolve(undefined);
      }),
    );
    for (const args of [
      ['exec', 'newer', '--', 'true'],
      ['stop', 'newer'],
    ]) {
      const { status, stderr } = await tcbox.start(args).ended;
      expect([status, stderr.split('\n').length]).deep.equal([125, 2]);
      expect(stderr).match(/box 'newer': it was started by tcbox 9\.9\.9 .*stop and start/);
    }
    await new Promise((resolve) => server.close(resolve));
  });

  it('reaps daemons that have ended', async () => {
    tcbox.sh('one', 'for i in 1 2 3 4 5; do (setsid sh -c "sleep 0.05" &) ; done');
    const { pid } = tcbox.ls()[0]!;
    await until(() => {
      const { stdout } = spawnSync('ps', ['-o', 'stat=', '--ppid', String(pid)], { encoding: 'utf8' });
      return stdout.trim() === '';
    }, 'no children');
  });
});

describe('clients: boxes of two users', function () {
  this.timeout(240_000);
  let tcbox: Tcbox;
  let made = false;

  before(function () {
    if (process.getuid!() !== 0) {
      console.log('      skipped: needs root, to become another user');
      this.skip();
    }
    tcbox = new Tcbox();
    made = true;
    if (tcbox.run(['--version'], { uid: STRANGER }).status !== 0) {
      console.log('      skipped: this folder is not readable for others');
      this.skip();
    }
    expect(tcbox.run(['start', 'mine']).status).equal(0);
  });

  after(() => {
    if (made) tcbox.end();
    if (made) rmSync(`/tmp/tcbox-${STRANGER}`, { recursive: true, force: true });
  });

  it('never meet', async () => {
    expect(statSync(join(tcbox.folder, 'tcbox')).mode & 0o777).equal(0o700);
    const theirs = tcbox.run(['exec', 'mine', '--', 'true'], { uid: STRANGER, cwd: '/' });
    expect(theirs).include({ status: 125, stdout: '' });
    expect(tcbox.run(['ls'], { uid: STRANGER, cwd: '/' })).deep.equal({ status: 0, stdout: '', stderr: '' });
    // Even with every door open, the box does not answer them.
    const path = join(tcbox.folder, 'tcbox/mine');
    chmodSync(tcbox.folder, 0o755);
    chmodSync(join(tcbox.folder, 'tcbox'), 0o755);
    chmodSync(path, 0o777);
    const ask = `require('node:net').connect(${JSON.stringify(path)}).on('data', () => console.log('data')).on('close', () => console.log('closed')).on('error', () => {}).write('x')`;
    const r = spawnSync(process.execPath, ['-e', ask], { uid: STRANGER, gid: STRANGER, encoding: 'utf8', cwd: '/' });
    expect(r.stdout).equal('closed\n');
    expect((await hello(path, PROTOCOL + 1)).length).equal(1);
    const open = tcbox.run(['exec', 'mine', '--', 'true']);
    expect([open.status, open.stderr.includes('others may open it')]).deep.equal([125, true]);
    chmodSync(join(tcbox.folder, 'tcbox'), 0o700);
    expect(tcbox.run(['exec', 'mine', '--', 'true']).status).equal(0);
  });

  it('are not kept in a folder that someone else made', () => {
    const folder = `/tmp/tcbox-${STRANGER}`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o777 });
    const { status, stderr } = tcbox.run(['start', 'x'], { uid: STRANGER, cwd: '/' });
    expect([status, stderr.includes('it belongs to someone else')]).deep.equal([125, true]);
  });
});
