// What stands for a modelled socket in the fd table of a client: flags, readiness, native reads and writes.
import { expect } from 'chai';
import { Box } from '../../lib/host/box.js';
import { FakeKernel } from './fake_kernel.js';
import { pumpUntil } from './pumped.js';
import { needsPython, runPython } from './python.js';

describe('host: placeholder', () => {
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

  const python = (code: string): string => runPython(box, code);

  it('honours SOCK_CLOEXEC and SOCK_NONBLOCK', () => {
    const out = python(`
for flags in (0, socket.SOCK_CLOEXEC, socket.SOCK_NONBLOCK):
    fd = call(libc.socket, 16, 3 | flags, 0)
    print(fcntl.fcntl(fd, fcntl.F_GETFD), fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK != 0)
print(call(libc.socket, 16, 3 | 0x100000, 0), call(libc.socket, 16, 9, 0))
`);
    expect(out).equal('0 False\n1 False\n0 True\n-22 -94');
  });

  it('is readable for select, poll and edge-triggered epoll when a reply waits, before the send returns', () => {
    const out = python(`
s = nl(0)
e = select.epoll()
e.register(s, select.EPOLLIN | select.EPOLLET)
p = select.poll()
p.register(s, select.POLLIN)
print(select.select([s], [], [], 0)[0] == [], p.poll(0), e.poll(0))
for i in range(500):
    s.send(b'E')
    assert select.select([s], [], [], 0)[0] == [s] and p.poll(0) and e.poll(0)
    assert e.poll(0) == []
    s.recv(10)
    assert not p.poll(0)
print('ok')
`);
    expect(out).equal('True [] []\nok');
  });

  it('answers native read() and takes native write()', () => {
    const out = python(`
s = nl(0)
for i in range(300):
    os.write(s.fileno(), b'E%d' % i)
    got = os.read(s.fileno(), 100)
    assert got == b'E%d' % i, got
os.write(s.fileno(), b'')
os.write(s.fileno(), b'Eafter')
print(s.recv(100), refused(lambda: s.recv(1, socket.MSG_DONTWAIT)))
`);
    expect(out).equal("b'Eafter' 11");
  });

  it('keeps native and intercepted readers of one socket in step', () => {
    const out = python(`
s = nl(0)
for i in range(100): s.send(b'E%d' % i)
got = []
for i in range(100):
    if i % 3 == 0: got.append(os.read(s.fileno(), 100))
    elif i % 3 == 1: got.append(s.recv(100))
    else:
        assert s.recvmsg(0, 0, socket.MSG_PEEK | socket.MSG_TRUNC)[0] == b''
        got.append(s.recvmsg(100)[0])
print(got == [b'E%d' % i for i in range(100)], refused(lambda: s.recv(1, socket.MSG_DONTWAIT)))
`);
    expect(out).equal('True 11');
  });

  it('lets a dump go on for a native reader and for an intercepted one', () => {
    const out = python(`
s = nl(0)
for read in (lambda: os.read(s.fileno(), 40000), lambda: s.recv(40000)):
    s.send(b'D100 8000')
    print(sum(len(read()) for i in range(100)), refused(lambda: s.recv(1, socket.MSG_DONTWAIT)))
`);
    expect(out).equal('800000 11\n800000 11');
  });

  it('holds more replies than fit into the pair', () => {
    const out = python(`
s = nl(0)
for i in range(3000): s.send(b'E%05d' % i + b'.' * 200)
print(all(s.recv(1000)[1:6] == b'%05d' % i for i in range(1500)), all(os.read(s.fileno(), 1000)[1:6] == b'%05d' % i for i in range(1500, 3000)))
`);
    expect(out).equal('True True');
  });

  it('cuts datagrams and tells their length', () => {
    const out = python(`
s = nl(0)
s.send(b'E12345678')
print(s.recvmsg(4, 0, socket.MSG_PEEK)[::2], s.recvmsg(4, 0, socket.MSG_PEEK | socket.MSG_TRUNC)[2])
buf = ctypes.create_string_buffer(4)
print(call(libc.recv, s.fileno(), buf, 4, socket.MSG_TRUNC | socket.MSG_PEEK), call(libc.recv, s.fileno(), buf, 4, 0), buf.raw)
print(refused(lambda: s.recv(1, socket.MSG_DONTWAIT)))
`);
    expect(out).equal("(b'E123', 32) 32\n9 4 b'E123'\n11");
  });

  it('serves sendmmsg and recvmmsg', () => {
    const out = python(`
class iovec(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
class mmsghdr(ctypes.Structure):
    _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_uint), ('iov', ctypes.POINTER(iovec)), ('iovlen', ctypes.c_size_t),
                ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t), ('flags', ctypes.c_int), ('pad', ctypes.c_int), ('len', ctypes.c_uint)]
assert ctypes.sizeof(mmsghdr) == 64
def vector(n, size):
    v = (mmsghdr * n)()
    v.buffers = [ctypes.create_string_buffer(size) for i in range(n)]
    for i in range(n):
        v[i].iov = ctypes.pointer(iovec(ctypes.addressof(v.buffers[i]), size))
        v[i].iovlen = 1
    return v
s = nl(0)
v = vector(5, 6)
for i in range(5): v.buffers[i].raw = b'E vec%d' % i
print(call(libc.sendmmsg, s.fileno(), v, 5, 0), [v[i].len for i in range(5)])
r = vector(8, 20)
names = [ctypes.create_string_buffer(12) for i in range(8)]
for i in range(8): r[i].name, r[i].namelen = ctypes.addressof(names[i]), 12
print(call(libc.recvmmsg, s.fileno(), r, 8, socket.MSG_DONTWAIT, None), r.buffers[4].value, r[4].len, r[4].namelen, names[4].raw[0])
print(call(libc.recvmmsg, s.fileno(), r, 8, socket.MSG_DONTWAIT, None))
s.send(b'E1'); s.send(b'E2')
print(call(libc.recvmmsg, s.fileno(), r, 8, 0x10000, None))
g = nl(1)
threading.Timer(.05, lambda: [nl(0).send(b'M%d' % i) for i in range(8)]).start()
print(call(libc.recvmmsg, g.fileno(), r, 8, 0, None), r.buffers[7].value)
`);
    expect(out).equal("5 [6, 6, 6, 6, 6]\n5 b'E vec4' 6 12 16\n-11\n2\n8 b'M7'");
  });

  it('scatters and gathers over several buffers', () => {
    const out = python(`
s = nl(0)
s.sendmsg([b'E', b'', b'gather', b'ed'])
a, b, c = bytearray(3), bytearray(3), bytearray(20)
print(s.recvmsg_into([a, b, c])[0], a + b + c[:3])
`);
    expect(out).equal("9 bytearray(b'Egathered')");
  });

  it('closes the socket at the last close: dup, fork, a message in flight', () => {
    expect(kernel.sockets.size).equal(0);
    const out = python(`
def free(port):
    s = nl()
    e = refused(lambda: s.bind((port, 0)))
    s.close()
    return e == 0
s = nl(); s.bind((77, 0))
d = os.dup(s.fileno()); s.close()
print(free(77)); os.close(d); print(free(77))
s = nl(); s.bind((77, 0))
r, w = os.pipe()
if os.fork() == 0:
    os.close(w); os.read(r, 1); os._exit(0)
s.close(); print(free(77)); os.close(w); os.wait(); print(free(77))
s = nl(); s.bind((77, 0))
a, b = socket.socketpair()
socket.send_fds(a, [b'x'], [s.fileno()]); s.close(); print(free(77))
fds = socket.recv_fds(b, 10, 1)[1]; print(free(77)); os.close(fds[0]); print(free(77))
for i in range(2000):
    s = nl(); s.bind((77, 0)); s.close()
s = nl(); s.bind((77, 0)); s.send(b'E unread'); s.close(); print(free(77))
`);
    expect(out.split('\n')).deep.equal('False True False True False False True True'.split(' '));
    pumpUntil(box, () => kernel.sockets.size === 0, 'the last close');
    expect(kernel.ports.size).equal(0);
  });

  it('tells the kernel what an fd of the sender is', () => {
    const out = python(`
s = nl(0)
for fd in (s.fileno(), os.dup(s.fileno()), 0, os.pipe()[0], 999, -1):
    s.send(b'F%d' % fd)
    print(s.recv(100).decode(), end=' ')
`);
    expect(out).equal('netlink netlink foreign foreign closed closed');
  });

  it('gives a socket that was passed on to its new owner', () => {
    const out = python(`
s = nl(0)
port = s.getsockname()[0]
if os.fork() == 0:
    s.send(b'E from the child')
    os._exit(0 if s.getsockname()[0] == port else 1)
print(os.wait()[1], s.recvfrom(100))
`);
    expect(out).equal("0 (b'E from the child', (0, 0))");
  });
});
