// Calls under signals and sudden death: each is done exactly once, and a dead client leaves nothing behind.
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { Box } from '../../lib/host/box.js';
import { FakeKernel } from './fake_kernel.js';
import { pumpFor, pumpUntil } from './pumped.js';
import { needsPython, pythonArgv, runPython } from './python.js';

/** How many messages a client sends at least, and how many signals interrupt it meanwhile. */
const COUNT = 2000;
const HITS = 100;

/** A client that sends and receives messages, each checked, while a timer interrupts it every 200 µs; how many. */
const exchange = (restart: boolean): string => `
hits = 0
def on(*a):
    global hits
    hits += 1
signal.signal(signal.SIGALRM, on)
signal.siginterrupt(signal.SIGALRM, ${restart ? 'False' : 'True'})
s = nl(0)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
i = 0
while i < ${COUNT} or hits <= ${HITS}:
    m = b'E%d' % i
    s.send(m) if i % 2 else s.sendto(m, (0, 0))
    if i % 3 == 0: s.recvmsg(0, 0, socket.MSG_PEEK | socket.MSG_TRUNC)
    r = s.recv(100) if i % 2 else s.recvmsg(100)[0]
    assert r == m, (r, m)
    i += 1
signal.setitimer(signal.ITIMER_REAL, 0)
print(i, refused(lambda: s.recv(10, socket.MSG_DONTWAIT)))
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
      const [count, nothing] = runPython(box, exchange(restart)).split(' ').map(Number);
      expect(nothing).equal(11);
      expect(count).least(COUNT);
      expect(kernel.sends).deep.equal(Array.from({ length: count! }, (_, i) => `E${i}`));
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
i = 0
while i < 1000 or n == 0:
    s.send(b'E%d' % i)
    r = s.recvmsg(100)[0]
    assert r == b'E%d' % i, (r, i)
    i += 1
signal.setitimer(signal.ITIMER_REAL, 0)
print(i)
`,
    );
    const own = kernel.sends.filter((text) => !text.startsWith('Eh'));
    expect(own).deep.equal(Array.from({ length: Number(out) }, (_, i) => `E${i}`));
    expect(kernel.sends.length).above(own.length);
  });

  it('ends a blocked receive with EINTR, or restarts it, as SA_RESTART says', () => {
    const out = runPython(
      box,
      `
s = nl(1)
buf = ctypes.create_string_buffer(100)
signal.signal(signal.SIGALRM, lambda *a: None)
def alarm(delay):
    # Again and again: the first signal may come before the call.
    signal.setitimer(signal.ITIMER_REAL, delay, delay and 0.05)
for delay in (0.01, 0.1):
    signal.siginterrupt(signal.SIGALRM, True)
    t = time.monotonic()
    alarm(delay)
    print(call(libc.recv, s.fileno(), buf, 100, 0), delay <= time.monotonic() - t)
    alarm(0)
    signal.siginterrupt(signal.SIGALRM, False)
    alarm(delay)
    threading.Timer(delay + 0.1, lambda: nl(0).send(b'M')).start()
    print(call(libc.recv, s.fileno(), buf, 100, 0))
    alarm(0)
s.setsockopt(1, 20, struct.pack('qq', 1000, 0))
alarm(0.02)
print(call(libc.recv, s.fileno(), buf, 100, 0))
alarm(0)
`,
    );
    expect(out).equal('-4 True\n1\n-4 True\n1\n-4');
  });

  it('lets a client that waits be stopped and continued', () => {
    const out = runPython(
      box,
      `
s = nl(1)
pid = os.fork()
if pid == 0:
    s.recvmsg(100)
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
    pumpUntil(box, () => client.waitStatus !== undefined, 'the end of the client');
    process.off('SIGUSR2', ignore);
    expect(client.waitStatus).equal(0);
  });

  it('ends a client that waits when a signal kills it', () => {
    const client = box.spawn(pythonArgv(`os.write(1, b''); s = nl(1); s.recv(1)`));
    pumpUntil(box, () => kernel.sockets.size === 1, 'a socket');
    pumpFor(box, 20);
    process.kill(client.pid, 'SIGTERM');
    pumpUntil(box, () => client.waitStatus !== undefined, 'the end of the client');
    expect(client.waitStatus).equal(15);
  });
});

describe('host: clients killed at any point', () => {
  it('leave no socket, port id or fd behind', function () {
    needsPython.call(this);
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
      pumpUntil(box, () => kernel.sockets.size !== 0, 'a socket');
      pumpFor(box, delay);
      process.kill(client.pid, 'SIGKILL');
      pumpUntil(box, () => client.waitStatus !== undefined, 'the end of the client');
      pumpUntil(box, () => kernel.sockets.size === 0, 'the end of its sockets');
    };
    one(0);
    const before = fds();
    for (let i = 0; i < 25; i++) one(Math.random() * 20);
    expect(kernel.ports.size).equal(0);
    expect(box.sockets).equal(0);
    // The thread of the box before may have ended meanwhile.
    expect(fds()).most(before);
    box.close();
  });
});
