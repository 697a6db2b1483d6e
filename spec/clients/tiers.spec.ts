// What a box can do where less is allowed: under an outer seccomp filter that refuses what the default profile of Docker
// refuses, and under the rule of Yama's scope 1. Real clients throughout.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { abiOf } from '../../lib/host/abi.js';
import { Box } from '../../lib/host/box.js';
import { FakeKernel } from '../host/fake_kernel.js';
import { needsPython, python, pythonArgv } from '../host/python.js';
import { NO_OUTER_FILTER, dockerDefault, processVm, tcboxUnder } from './outer.js';

interface Doctor {
  readonly works: boolean;
  readonly tier: string;
  readonly probes: readonly { readonly name: string; readonly found: boolean }[];
}

function doctor(refused: Readonly<Record<number, number>>): Doctor {
  return JSON.parse(tcboxUnder(refused, ['doctor', '--json']).stdout) as Doctor;
}

const missing = ({ probes }: Doctor): string[] => probes.filter(({ found }) => !found).map(({ name }) => name);

function needsIproute(this: Mocha.Context): void {
  const absent = ['tc', 'ip'].filter((program) => spawnSync(program, ['-V']).status !== 0);
  if (absent.length === 0) return;
  console.log(`      skipped: needs ${absent.join(', ')}`);
  this.skip();
}

describe('clients: tiers', function () {
  this.timeout(240_000);

  before(function () {
    needsPython.call(this);
    const tried = tcboxUnder({}, ['--version']);
    if (tried.status === 0) return;
    const why = tried.status === NO_OUTER_FILTER ? 'a seccomp filter cannot be installed' : tried.stderr;
    console.log(`      skipped: ${why}`);
    this.skip();
  });

  it('doctor finds out what an outer filter refuses', () => {
    const { nr } = abiOf(process.arch)!;
    const open = doctor({});
    if (open.tier === 'full') {
      expect(missing(doctor({ [nr.pidfd_getfd]: 1 }))).to.include('pidfd_getfd');
      expect(doctor({ [nr.pidfd_getfd]: 1 }).tier).to.equal('listing');
      expect(doctor({ [nr.bpf]: 1 }).tier).to.equal('netlink');
      expect(doctor(dockerDefault()).tier).to.equal('netlink');
    } else console.log(`      not all of it: this machine is of tier ${open.tier} already`);
    for (const call of ['socket', 'sendto', 'seccomp'] as const) {
      const without = doctor({ [nr[call]]: 1 });
      expect([without.works, without.tier], call).to.eql([false, 'none']);
    }
  });

  it('starts no box where it could not answer', () => {
    for (const nr of processVm) {
      expect(doctor({ [nr]: 1 }).tier).to.equal('none');
      const ran = tcboxUnder({ [nr]: 1 }, ['run', '--', 'true']);
      expect([ran.status, ran.stdout]).to.eql([125, '']);
      expect(ran.stderr).to.match(/^tcbox: process_vm_readv\(2\) .* are refused; .*seccomp=unconfined/);
    }
  });

  const setup = `
    ip link add em1 type veth peer name em2
    tc qdisc add dev em1 clsact
    tc filter add dev em1 ingress pref 1 bpf bytecode "1,6 0 0 1" flowid 1:1
    tc filter show dev em1 ingress
    tc qdisc show dev em1
    ip -o link show dev em2 | cut -c1-20
    tc filter add dev em9 ingress pref 1 bpf bytecode "1,6 0 0 1" || echo refused`;

  it('tc and ip see the same without pidfd_getfd, kcmp, bpf and clone3', function () {
    needsIproute.call(this);
    const args = ['run', '--', 'sh', '-c', setup];
    const [here, there] = [tcboxUnder({}, args), tcboxUnder(dockerDefault(), args)];
    expect(here.stdout).to.include("bytecode '1,6 0 0 1'");
    expect(here.stdout).to.match(/refused\n$/);
    expect(there).to.eql(here);
  });

  it('sees the last close of a socket before another takes its port', () => {
    const script = pythonArgv(`
def free(port):
    s = nl()
    e = refused(lambda: s.bind((port, 0)))
    s.close()
    return e == 0
def check(*wanted):
    got = free(77)
    assert got == wanted[0], got
s = nl(); s.bind((77, 0))
d = os.dup(s.fileno()); s.close()
check(False); os.close(d); check(True)
s = nl(); s.bind((77, 0))
r, w = os.pipe()
if os.fork() == 0:
    os.close(w); os.read(r, 1); os._exit(0)
s.close(); check(False); os.close(w); os.wait(); check(True)
s = nl(); s.bind((77, 0))
a, b = socket.socketpair()
socket.send_fds(a, [b'x'], [s.fileno()]); s.close(); check(False)
fds = socket.recv_fds(b, 10, 1)[1]; check(False); os.close(fds[0]); check(True)
for i in range(300):
    s = nl(); s.bind((77, 0)); s.close()
print('done')
`);
    const ran = tcboxUnder(dockerDefault(), ['run', '--', ...script]);
    expect(ran).to.eql({ status: 0, stdout: 'done\n', stderr: '' });
  });

  it('sees native reads, writes and poll, threads and a killed client', () => {
    const script = pythonArgv(`
ask = struct.pack('IHHII', 32, 18, 1, 7, 0) + struct.pack('BxHiII', 0, 0, 1, 0, 0)
def one():
    s = nl(0)
    p = select.poll(); p.register(s, select.POLLIN)
    for i in range(100):
        os.write(s.fileno(), ask)
        assert p.poll(50000)
        assert struct.unpack('IHHII', os.read(s.fileno(), 65536)[:16])[1] == 16
        assert p.poll(0) == []
threads = [threading.Thread(target=one) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
pid = os.fork()
if pid == 0:
    s = nl(); s.bind((99, 0)); os.kill(os.getpid(), 9)
os.wait()
s = nl(); s.bind((99, 0))
print('done')
`);
    const ran = tcboxUnder(dockerDefault(), ['run', '--', ...script]);
    expect(ran).to.eql({ status: 0, stdout: 'done\n', stderr: '' });
  });

  it('leaves bpf(2) to the outer filter, and sockets to the model', () => {
    const { nr } = abiOf(process.arch)!;
    const script = pythonArgv(`print(call(libc.syscall, ${nr.bpf}, 0, None, 0), nl(0).getsockname()[1])`);
    expect(tcboxUnder(dockerDefault(), ['run', '--', ...script]).stdout).to.equal('-1 0\n');
  });
});

describe('clients: Yama', () => {
  /** Yama's scope 1 lets a process look into its descendants only: whether `pid` is one of ours. */
  const isDescendant = (pid: number): boolean => {
    for (let at = pid; at > 1;) {
      if (at === process.pid) return true;
      at = Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${at}/status`, 'latin1'))![1]);
    }
    return false;
  };

  it('scope 1 would allow every look: children, grandchildren and daemons descend from the box', function () {
    needsPython.call(this);
    const looks: boolean[] = [];
    class Watching extends FakeKernel {
      override socket(...args: Parameters<FakeKernel['socket']>): ReturnType<FakeKernel['socket']> {
        looks.push(isDescendant(args[0].tgid));
        return super.socket(...args);
      }
    }
    const box = new Box(new Watching());
    const daemon = `
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    parent = os.getpid()
    if os.fork() != 0: os._exit(0)
    while os.getppid() == parent: time.sleep(0.001)
    nl(0); os.write(w, b'x'); os._exit(0)
os.wait()
os.read(r, 1)
nl(0)
`;
    expect(box.run(pythonArgv(daemon), { timeoutMs: 60_000 }).status).to.equal(0);
    expect(box.run(['sh', '-c', `"$0" -c 'import socket; socket.socket(16, 3, 0)'; true`, python!]).status).to.equal(0);
    expect(looks).to.eql([true, true, true]);
    box.close();
  });

  it('is in force here', function () {
    let scope: string;
    try {
      scope = readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'latin1').trim();
    } catch {
      console.log('      skipped: this kernel has no Yama');
      this.skip();
    }
    if (scope !== '1') {
      console.log(`      skipped: kernel.yama.ptrace_scope is ${scope}`);
      this.skip();
    }
    const box = new Box(new FakeKernel());
    expect(box.run(pythonArgv('nl(0)')).status).to.equal(0);
    box.close();
  });
});
