// Intercepted system calls one by one: bad memory, lengths, blocking, and the sockets that are none of ours.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Box } from '../../lib/host/box.js';
import { FakeKernel } from './fake_kernel.js';
import { needsPython, runPython } from './python.js';

describe('host: intercepted calls', () => {
  let box: Box;
  const log: string[] = [];

  before(function () {
    needsPython.call(this);
    box = new Box(new FakeKernel(), { log: (line) => log.push(line) });
  });

  after(() => {
    box.close();
  });

  const python = (code: string): string => runPython(box, code);

  it('refuses memory that cannot be read or written with EFAULT', () => {
    const out = python(`
s = nl(0)
fd, bad = s.fileno(), ctypes.c_void_p(8)
high = ctypes.c_void_p(0xffff800000000000)
buf = ctypes.create_string_buffer(64)
print(call(libc.sendto, fd, bad, 10, 0, None, 0), call(libc.sendto, fd, buf, 10, 0, bad, 12), call(libc.sendmsg, fd, bad, 0), call(libc.sendmsg, fd, high, 0))
print(call(libc.bind, fd, bad, 12), call(libc.getsockname, fd, buf, bad), call(libc.setsockopt, fd, 1, 20, bad, 16), call(libc.getsockopt, fd, 1, 38, bad, bad))
s.send(b'Elost')
print(call(libc.recvmsg, fd, bad, 0), call(libc.recv, fd, bad, 10, 0), call(libc.recv, fd, buf, 10, socket.MSG_DONTWAIT))
print(call(libc.ioctl, fd, 0x8910, bad))
`);
    expect(out).equal('-14 -14 -14 -14\n-14 -14 -14 -14\n-14 -14 -11\n-14');
  });

  it('checks lengths as the socket layer does', () => {
    const out = python(`
class msghdr(ctypes.Structure):
    _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_int), ('iov', ctypes.c_void_p), ('iovlen', ctypes.c_size_t),
                ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t), ('flags', ctypes.c_int)]
s = nl(0)
fd = s.fileno()
buf = ctypes.create_string_buffer(64)
print(call(libc.bind, fd, buf, -1), call(libc.bind, fd, buf, 129), call(libc.sendto, fd, buf, 1, 0, buf, 129))
m = msghdr(None, 0, None, 1025)
print(call(libc.sendmsg, fd, ctypes.byref(m), 0), call(libc.recvmsg, fd, ctypes.byref(m), 0))
m = msghdr(ctypes.addressof(buf), -1, None, 0)
print(call(libc.sendmsg, fd, ctypes.byref(m), 0), call(libc.setsockopt, fd, 1, 20, buf, -1))
iov = (ctypes.c_size_t * 2)(ctypes.addressof(buf), 1 << 63)
m = msghdr(None, 0, ctypes.addressof(iov), 1)
print(call(libc.sendmsg, fd, ctypes.byref(m), 0), call(libc.sendto, fd, None, 0, 0, None, 0))
size = ctypes.c_int(5)
print(call(libc.getsockname, fd, buf, ctypes.byref(size)), size.value, buf.raw[:4])
size = ctypes.c_int(-1)
print(call(libc.getsockname, fd, buf, ctypes.byref(size)))
`);
    expect(out).equal("-22 -22 -22\n-90 -90\n-22 -22\n-22 -61\n0 12 b'\\x10\\x00\\x00\\x00'\n-22");
  });

  it('does not block where it must not, and gives up when SO_RCVTIMEO says', () => {
    const out = python(`
s = nl(0)
def timed(f):
    t = time.monotonic(); e = refused(f)
    return e, time.monotonic() - t
print(refused(lambda: s.recv(1, socket.MSG_DONTWAIT)), refused(lambda: nl(0, socket.SOCK_NONBLOCK).recvmsg(1)))
fcntl.fcntl(s, fcntl.F_SETFL, os.O_NONBLOCK); print(refused(lambda: s.recv(1))); fcntl.fcntl(s, fcntl.F_SETFL, 0)
s.setsockopt(1, 20, struct.pack('qq', 0, 150000))
for f in (lambda: s.recv(1), lambda: s.recvmsg(1), lambda: s.recvfrom(1), lambda: os.read(s.fileno(), 1)):
    e, t = timed(f)
    print(e, 0.14 < t < 10)
`);
    expect(out).equal('11 11\n11' + '\n11 True'.repeat(4));
  });

  it('wakes blocked receivers of several threads, each datagram once', () => {
    const out = python(`
s = nl(1)
got = []
def worker():
    for i in range(50): got.append(s.recvmsg(100)[0])
threads = [threading.Thread(target=worker) for i in range(4)]
for t in threads: t.start()
sender = nl(0)
for i in range(200): sender.send(b'M%d' % i)
for t in threads: t.join()
print(sorted(got) == sorted(b'M%d' % i for i in range(200)))
`);
    expect(out).equal('True');
  });

  it('leaves other sockets and files to the real kernel', () => {
    const out = python(`
a, b = socket.socketpair()
a.sendmsg([b'hello']); print(b.recvmsg(10)[0])
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(('127.0.0.1', 0)); u.sendto(b'udp', u.getsockname()); print(u.recvfrom(10)[0])
print(struct.unpack('i', fcntl.ioctl(u, 0x541b, b'0000'))[0], refused(lambda: fcntl.ioctl(0, 0x8910, b' ' * 40)))
r, w = os.pipe(); os.write(w, b'12345'); print(struct.unpack('i', fcntl.ioctl(r, 0x541b, b'0000'))[0])
print(call(libc.sendto, 999, b'', 0, 0, None, 0), call(libc.bind, r, b' ' * 12, 12))
`);
    expect(out).equal("b'hello'\nb'udp'\n0 25\n5\n-9 -88");
  });

  it('asks the modelled devices for interface ioctls, on any socket', () => {
    const out = python(`
for s in (socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socketpair()[0], nl(0)):
    print(fcntl.ioctl(s, 0x8910, struct.pack('16si20x', b'', 5))[:6], refused(lambda: fcntl.ioctl(s, 0x8913, b'lo' + bytes(38))))
print(socket.if_indextoname(3))
`);
    expect(out).equal("b'fake5\\x00' 25\n".repeat(3) + 'fake3');
  });

  it('refuses what the kernel does not have', () => {
    const out = python(`
for i in range(2): print(call(libc.socket, 17, 3, 0))
print(call(libc.syscall, 425, 1, None))
s = nl(0)
print(call(libc.listen, s.fileno(), 1), call(libc.accept, s.fileno(), None, None), call(libc.shutdown, s.fileno(), 2))
print(call(libc.ioctl, s.fileno(), 0x541b, ctypes.create_string_buffer(4)), call(libc.socketpair, 16, 3, 0, ctypes.create_string_buffer(8)))
`);
    expect(out).equal('-97\n-97\n-38\n-95 -95 -95\n-25 -95');
    expect(log).deep.equal([]);
  });

  it('lets the limit of locked memory be raised, which root may', () => {
    const out = python(`
import resource
L, INF = resource.RLIMIT_MEMLOCK, resource.RLIM_INFINITY
before = resource.getrlimit(L)
print(resource.prlimit(0, L, (INF, INF)) == before, resource.getrlimit(L) == (INF, INF), resource.prlimit(os.getpid(), L, (1, 2)) == (INF, INF))
print(resource.getrlimit(L), call(libc.prlimit64, 0, L, struct.pack('QQ', 2, 1), None), call(libc.prlimit64, 0, L, ctypes.c_void_p(8), None))
if os.fork() == 0:
    print(resource.getrlimit(L) == before, flush=True)
    os._exit(0)
os.wait()
`);
    expect(out).equal('True True True\n(1, 2) -22 -14\nTrue');
  });

  it('answers EPERM to a client whose memory is closed', () => {
    const out = python(`
s = nl(0)
libc.prctl(4, 0, 0, 0, 0)
print(refused(lambda: s.send(b'E')), refused(lambda: s.getsockname()), refused(lambda: s.recv(10)))
libc.prctl(4, 1, 0, 0, 0)
s.send(b'E again'); print(s.recv(10))
`);
    // Whoever may look into every process (CAP_SYS_PTRACE) is not kept out.
    const seesAll = process.getuid!() === 0;
    if (!seesAll) expect(out).equal("1 1 1\nb'E again'");
    else expect(out.endsWith("b'E again'") || out.startsWith('0 0')).equal(true);
  });

  it('refuses the socket calls of 32-bit and x32 programs', function () {
    const dir = mkdtempSync(join(tmpdir(), 'tcbox-'));
    const source = `
#include <stdio.h>
#include <errno.h>
static long i386(long nr, long a, long b, long c) {
  long r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return r;
}
static long x64(long nr, long a, long b, long c) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c) : "memory", "rcx", "r11");
  return r;
}
int main(void) {
  printf("%ld %ld %ld %ld %ld\\n", i386(102, 1, 0, 0), i386(359, 16, 3, 0), i386(357, 0, 0, 0), i386(372, 0, 0, 0),
         x64(0x40000000 | 41, 16, 3, 0));
  return i386(20, 0, 0, 0) > 0 ? 0 : 1;
}`;
    writeFileSync(join(dir, 'compat.c'), source);
    try {
      execFileSync('cc', ['-o', join(dir, 'compat'), join(dir, 'compat.c')], { stdio: 'ignore' });
    } catch {
      console.log('      skipped: needs a C compiler');
      this.skip();
    }
    const r = box.run([join(dir, 'compat')]);
    rmSync(dir, { recursive: true });
    if (r.signal === 11) {
      console.log('      skipped: this kernel does not run 32-bit calls');
      this.skip();
    }
    expect(Buffer.from(r.stdout).toString()).equal('-38 -38 -38 -38 -38\n');
    expect(r.status).equal(0);
  });
});
