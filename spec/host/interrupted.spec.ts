// Calls under signals and sudden death: each is done exactly once, and a dead client leaves nothing behind.
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { Box } from '../../lib/host/box.js';
import { FakeKernel } from './fake_kernel.js';
import { needsPython, pythonArgv, runPython } from './python.js';

const COUNT = 2000;

/** A client that sends and receives COUNT messages, each checked, while a timer interrupts it every 200 µs. */
const exchange = (restart: boolean): string => `
hits = 0
def on(*a):
    global hits
    hits += 1
signal.signal(signal.SIGALRM, on)
signal.siginterrupt(signal.SIGALRM, ${restart ? 'False' : 'True'})
s = nl(0)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
for i in range(${COUNT}):
    m = b'E%d' % i
    s.send(m) if i % 2 else s.sendto(m, (0, 0))
    if i % 3 == 0: s.recvmsg(0, 0, socket.MSG_PEEK | socket.MSG_TRUNC)
    r = s.recv(100) if i % 2 else s.recvmsg(100)[0]
    assert r == m, (r, m)
signal.setitimer(signal.ITIMER_REAL, 0)
print(hits > 100, refused(lambda: s.recv(10, socket.MSG_DONTWAIT)))
`;

describe('host: clients under signals', () => {
  let kernel: FakeKernel;
  let box: Box;

  before(function () {
    needsPython.call(this);
    kernel = new FakeKernel();
    box = new Box(kernel);
  });

  after(() => {
    box.close();
  });

  for (const restart of [true, false]) {
    it(`does each call exactly once, ${restart ? 'restarted' : 'retried on EINTR'}`, () => {
      kernel.sends.length = 0;
      expect(runPython(box, exchange(restart))).equal('True 11');
      expect(kernel.sends).deep.equal(Array.from({ length: COUNT }, (_, i) => `E${i}`));
    });
  }

  it('lets a handler make calls of its own in the middle of one', () => {
    kernel.sends.length = 0;
    const out = runPython(
      box,
      `
h = nl(0)
n, busy = 0, False
def on(*a):
    global n, busy
    if busy: return
    busy = True
    n += 1
    h.send(b'Eh%d' % n)
    assert h.recv(100) == b'Eh%d' % n
    busy = False
signal.signal(signal.SIGALRM, on)
s = nl(0)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for i in range(1000):
    s.send(b'E%d' % i)
    r = s.recvmsg(100)[0]
    assert r == b'E%d' % i, (r, i)
signal.setitimer(signal.ITIMER_REAL, 0)
print(n > 0)
`,
    );
    expect(out).equal('True');
    const own = kernel.sends.filter((text) => !text.startsWith('Eh'));
    expect(own).deep.equal(Array.from({ length: 1000 }, (_, i) => `E${i}`));
  });

  it('ends a blocked receive with EINTR, or restarts it, as SA_RESTART says', () => {
    const out = runPython(
      box,
      `
s = nl(1)
buf = ctypes.create_string_buffer(100)
signal.signal(signal.SIGALRM, lambda *a: None)
for delay in (0.01, 0.1):
    signal.siginterrupt(signal.SIGALRM, True)
    signal.setitimer(signal.ITIMER_REAL, delay)
    t = time.time()
    print(call(libc.recv, s.fileno(), buf, 100, 0), delay <= time.time() - t < delay + 0.2)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, delay)
    threading.Timer(delay + 0.1, lambda: nl(0).send(b'M')).start()
    print(call(libc.recv, s.fileno(), buf, 100, 0))
s.setsockopt(1, 20, struct.pack('qq', 10, 0))
signal.setitimer(signal.ITIMER_REAL, 0.02)
print(call(libc.recv, s.fileno(), buf, 100, 0))
`,
    );
    expect(out).equal('-4 True\n1\n-4 True\n1\n-4');
  });

  it('lets a client that waits be stopped and continued', () => {
    const out = runPython(
      box,
      `
pid = os.fork()
if pid == 0:
    nl(1).recvmsg(100)
    os._exit(7)
time.sleep(0.1)
os.kill(pid, signal.SIGSTOP)
print(os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]))
os.kill(pid, signal.SIGCONT)
time.sleep(0.05)
nl(0).send(b'M')
print(os.waitpid(pid, 0)[1] >> 8)
`,
    );
    expect(out).equal('True\n7');
  });

  it('serves as well while the supervisor itself gets signals', () => {
    const ignore = (): void => {};
    process.on('SIGUSR2', ignore);
    const client = box.spawn(
      pythonArgv(`
if os.fork() == 0:
    while os.getppid() != ${process.pid}:
        os.kill(${process.pid}, signal.SIGUSR2)
        time.sleep(0.0001)
    os._exit(0)
for i in range(1000):
    s = nl(0)
    m = b'E%d' % i
    s.send(m)
    assert s.fileno() > 2 and s.recv(100) == m
    s.close()
`),
    );
    while (box.pump(() => client.waitStatus !== undefined) !== 'done');
    process.off('SIGUSR2', ignore);
    expect(client.waitStatus).equal(0);
  });

  it('ends a client that waits at once when a signal kills it', () => {
    const client = box.spawn(pythonArgv(`os.write(1, b''); s = nl(1); s.recv(1)`));
    box.pump(() => kernel.sockets.size === 1);
    box.pump(() => false, 20);
    process.kill(client.pid, 'SIGTERM');
    const start = performance.now();
    box.pump(() => client.waitStatus !== undefined);
    expect(client.waitStatus).equal(15);
    expect(performance.now() - start).lessThan(500);
  });
});

describe('host: clients killed at any point', () => {
  it('leave no socket, port id or fd behind', function () {
    needsPython.call(this);
    this.timeout(60_000);
    const kernel = new FakeKernel();
    const box = new Box(kernel);
    const code = `
def work():
    while True:
        s = nl(0)
        for i in range(5):
            s.send(b'D3 5000'); s.recvmsg(0, 0, socket.MSG_PEEK | socket.MSG_TRUNC); s.recv(10000); os.read(s.fileno(), 10000); s.recvmsg(10000)
        p = os.dup(s.fileno())
        os.close(p)
for i in range(2): threading.Thread(target=work).start()
`;
    const fds = (): number => readdirSync('/proc/self/fd').length;
    const one = (delay: number): void => {
      const client = box.spawn(pythonArgv(code));
      box.pump(() => kernel.sockets.size !== 0);
      box.pump(() => false, delay);
      process.kill(client.pid, 'SIGKILL');
      box.pump(() => client.waitStatus !== undefined);
      // Where last closes are looked for, that is done every 100 ms.
      box.pump(() => kernel.sockets.size === 0, box.lookup === 'list' ? 500 : 1);
    };
    one(0);
    const before = fds();
    for (let i = 0; i < 25; i++) one(Math.random() * 20);
    expect(kernel.sockets.size).equal(0);
    expect(kernel.ports.size).equal(0);
    expect(box.sockets).equal(0);
    expect(fds()).equal(before);
    box.close();
  });
});
