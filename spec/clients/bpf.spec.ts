// Maps and programs of real programs: who keeps them alive, and that nothing outlives its last holder, however that one ends.
import { expect } from 'chai';
import { bpfSuite } from './bpf_python.js';

const create = `
def create(kind=1, value=8): return bpf(0, struct.pack('5I', kind, 4, value, 16, 0) + bytes(52))
`;

describe('clients: maps and programs', function () {
  this.timeout(240_000);
  const { python, expectNoObjects } = bpfSuite(create);

  it('keep their elements as long as somebody holds them', () => {
    const out = python(`
fd = create()
print(update(fd, 1, 10), update(fd, 2, 20), lookup(fd, 1), lookup(fd, 3), elem(3, fd, 2), lookup(fd, 2))
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
if os.fork() == 0:
    data, fds, flags, address = socket.recv_fds(right, 10, 1)
    time.sleep(0.05)
    print(lookup(fds[0], 1), update(fds[0], 7, 70), lookup(fds[0], 7), flush=True)
    os._exit(0)
socket.send_fds(left, [b'x'], [fd])
os.close(fd)
print(lookup(fd, 1), flush=True)
os.wait()
`);
    expect(out).equal('0 0 10 -2 0 -2\n-9\n10 0 70');
    expectNoObjects();
  });

  it('run programs that signals can interrupt', () => {
    const out = python(`
insns = ctypes.create_string_buffer(bytes.fromhex('b7000000000000009500000000000000'))
license = ctypes.create_string_buffer(b'GPL')
prog = bpf(5, struct.pack('IIQQIIQII', 3, 2, ctypes.addressof(insns), ctypes.addressof(license), 0, 0, 0, 0, 0))
data = ctypes.create_string_buffer(64)
def run(repeat): return bpf(10, struct.pack('IIIIQQII', prog, 0, 64, 0, ctypes.addressof(data), 0, repeat, 0) + bytes(32))
signal.signal(signal.SIGALRM, lambda *args: None)
print(run(3))
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
print(run(2000000000))
signal.setitimer(signal.ITIMER_REAL, 0)
pid = os.fork()
if pid == 0: run(2000000000)
time.sleep(0.1)
os.kill(pid, 9)
os.waitpid(pid, 0)
print(run(1))
`);
    expect(out).equal('0\n-4\n0');
    expectNoObjects();
  });

  it('are the memory of several programs at once', () => {
    const out = python(`
fd = create(2)
pids = []
for n in range(8):
    if (pid := os.fork()) == 0:
        for i in range(50): update(fd, n, lookup(fd, n) + 1)
        os._exit(0)
    pids.append(pid)
for pid in pids: os.waitpid(pid, 0)
print([lookup(fd, n) for n in range(9)])
`);
    expect(out).equal(`[${'50, '.repeat(8)}0]`);
  });

  it('go with their last holder, whenever that is killed', () => {
    const out = python(`
import random
random.seed(4)
for turn in range(60):
    pid = os.fork()
    if pid == 0:
        while True:
            fd = create(random.choice((1, 2, 5, 9)))
            update(fd, 1, 1)
            copy = os.dup(fd)
            os.close(fd)
            if random.random() < 0.3 and os.fork() == 0: os._exit(lookup(copy, 1) & 1)
            left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            socket.send_fds(left, [b'x'], [copy])
            os.close(copy)
            if random.random() < 0.5: os.close(socket.recv_fds(right, 10, 1)[1][0])
            left.close(); right.close()
    time.sleep(random.random() * 0.02)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
print('done')
`);
    expect(out).equal('done');
    expectNoObjects();
  });
});
