// Faults on purpose, seen by unmodified programs in a box: by the text or the exit code each has for them.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { Box } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { parseFaults } from '../../lib/cli/faults.js';
import { Machine } from '../../lib/linux/machine.js';
import { needsPython, python, pythonArgv } from '../host/python.js';
import { tcboxUnder } from './outer.js';

interface Said {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

describe('clients: faults', () => {
  let box: Box;

  before(function () {
    const missing = ['tc', 'ip'].filter((program) => spawnSync(program, ['-V']).status !== 0);
    if (python === undefined) missing.push('python3');
    if (missing.length !== 0) {
      console.log(`      skipped: needs ${missing.join(', ')}`);
      this.skip();
    }
    box = new Box(new Machine({ clock: hostClock }));
  });

  after(() => {
    (box as Box | undefined)?.close();
  });

  function run(argv: readonly string[]): Said {
    const { status, stdout, stderr } = box.run(argv, { timeoutMs: 60_000 });
    return { status, out: Buffer.from(stdout).toString(), err: Buffer.from(stderr).toString() };
  }

  /** Runs each line in turn in a fresh kernel with the faults; what the last one said. */
  function under(specs: readonly string[], ...lines: readonly (string | readonly string[])[]): Said {
    box.machine = new Machine({ clock: hostClock, ...parseFaults(specs) });
    let said: Said = { status: null, out: '', err: '' };
    for (const line of lines) said = run(typeof line === 'string' ? line.split(' ') : line);
    return said;
  }

  it('tc prints the text a request is refused with, and the kernel is as before', () => {
    const fault = 'request=RTM_NEWQDISC,errno=ENOMEM,nth=1,text=no memory, on purpose';
    const add = 'tc qdisc add dev lo clsact';
    expect(under([fault], add)).to.eql({ status: 2, out: '', err: 'Error: no memory, on purpose.\n' });
    expect(run(add.split(' '))).to.eql({ status: 0, out: '', err: '' });
  });

  it('ip prints the errno when there is no text', () => {
    const { status, err } = under(['request=RTM_NEWLINK,errno=EXDEV'], 'ip link set lo up');
    expect([status, err]).to.eql([2, 'RTNETLINK answers: Invalid cross-device link\n']);
  });

  it('tc says that its dump was interrupted', () => {
    expect(under(['interrupt=RTM_GETQDISC'], 'tc qdisc show').err).to.equal(
      'Dump was interrupted and may be inconsistent.\n',
    );
  });

  it('tc and ip say which call failed', () => {
    expect(under(['call=socket,errno=EMFILE'], 'tc qdisc show').err).to.match(/^Cannot open netlink socket: Too many/);
    expect(under(['call=bind,errno=EADDRINUSE'], 'ip link show').err).to.match(/^Cannot bind netlink socket: Address/);
    expect(under(['call=setsockopt,errno=ENOBUFS,nth=1'], 'ip link show').err).to.match(/^SO_SNDBUF: No buffer space/);
  });

  it('tc goes on after an interrupted receive', () => {
    const { status, err } = under(['call=recvmsg,errno=EINTR,every=2'], 'tc qdisc add dev lo clsact');
    expect([status, err]).to.eql([0, '']);
  });

  /** A monitor that counts RTM_NEWLINK over ten changes; each ENOBUFS once. */
  const monitor = pythonArgv(`
m, s = nl(1), nl(0)
m.setblocking(False)
seen, lost = 0, 0
for i in range(10):
    s.send(struct.pack('IHHII', 32, 19, 5, i, 0) + struct.pack('BxHiII', 0, 0, 1, i % 2 == 0, 1))
    assert struct.unpack('i', s.recv(4096)[16:20]) == (0,)
    if len(sys.argv) > 1: time.sleep(float(sys.argv[1]))
    while True:
        try:
            seen += m.recv(65536)[4] == 16
        except BlockingIOError: break
        except OSError as e:
            assert e.errno == 105
            lost += 1
print(seen, lost)
`);

  it('a monitor misses what is dropped, in the same way each time', () => {
    const half = ['notify=RTM_NEWLINK,drop,chance=0.5', 'seed=4'];
    expect(under([], monitor).out).to.equal('10 0\n');
    expect(under(['notify=RTM_NEWLINK,drop,every=2'], monitor).out).to.equal('5 0\n');
    const first = under(half, monitor);
    expect(first.out).to.match(/^[1-9] 0\n$/);
    expect(under(half, monitor)).to.eql(first);
  });

  it('a monitor gets what is delayed', () => {
    const delayed = [...monitor, '0.02'];
    expect(under(['notify,delay=1ms'], delayed).out).to.equal('10 0\n');
    expect(under(['notify,delay=30s'], delayed).out).to.equal('0 0\n');
  });

  it('a monitor hears of a loss by ENOBUFS, and of what comes after it', () => {
    expect(under(['overrun=RTM_NEWLINK,nth=3'], monitor).out).to.equal('9 1\n');
    expect(under(['overrun=RTM_NEWLINK,every=2'], monitor).out).to.equal('5 5\n');
  });

  it('a sender finds its buffer short', () => {
    const send = pythonArgv(`print(refused(lambda: nl(0).send(bytes(200))))`);
    expect(under(['buffer,sndbuf=128'], send).out).to.equal('90\n');
  });

  it('the command line takes them, and refuses wrong ones with exit code 2', function () {
    needsPython.call(this);
    this.timeout(240_000);
    const fault = ['--fault', 'request=RTM_NEWQDISC,errno=EPERM,text=not today'];
    const ran = tcboxUnder({}, ['run', ...fault, '--', 'tc', 'qdisc', 'add', 'dev', 'lo', 'clsact']);
    expect(ran).to.eql({ status: 2, stdout: '', stderr: 'Error: not today.\n' });
    const wrong = tcboxUnder({}, ['run', '--fault', 'request=RTM_NEWQDISC', '--', 'true']);
    expect([wrong.status, wrong.stdout]).to.eql([2, '']);
    expect(wrong.stderr).to.match(/^tcbox: --fault 'request=RTM_NEWQDISC': errno=… is missing/);
  });
});
