// The fds of maps, programs, links and BTF: what they are to their holders, and when the last close of one is seen.
import { expect } from 'chai';
import { Box } from '../../lib/host/box.js';
import { FakeKernel } from './fake_kernel.js';
import { needsPython, runPython } from './python.js';

const prelude = `
NR = 321 if os.uname().machine == 'x86_64' else 280
libc.syscall.restype = ctypes.c_long
def bpf(cmd, attr=b'', size=None):
    r = libc.syscall(NR, cmd, ctypes.create_string_buffer(attr, max(len(attr), 1)), len(attr) if size is None else size)
    return r if r >= 0 else -ctypes.get_errno()
def number(fd): return bpf(1, struct.pack('i', fd))
`;

describe('host: fds of bpf objects', () => {
  let box: Box;
  const kernel = new FakeKernel();

  before(function () {
    needsPython.call(this);
    box = new Box(kernel);
    if (python('print(bpf(9))') === '-22') return;
    console.log('      skipped: an outer filter refuses bpf(2)');
    this.skip();
  });

  after(() => {
    box.close();
  });

  const python = (code: string): string => runPython(box, prelude + code);

  it('are new files of the caller that close on exec', () => {
    const out = python(`
a, b = bpf(0), bpf(0)
print(b - a, number(b) - number(a), fcntl.fcntl(a, fcntl.F_GETFD), 'bpf-map' in os.readlink(f'/proc/self/fd/{a}'))
print(call(libc.mmap, None, 4096, 1, 1, a, 0), call(libc.mmap, None, 4096, 3, 1, a, 0))
print(number(0), number(77), number(-1), bpf(1, b'12', 2), bpf(9), libc.syscall(NR, 1, ctypes.c_void_p(8), 4), ctypes.get_errno())
`);
    expect(out).equal('1 1 1 True\n-13 -13\n-22 -9 -9 -14 -22 -1 14');
    expect(kernel.files.size).equal(0);
  });

  it('end with the last close, which is seen before the next call', () => {
    const out = python(`
first = bpf(0)
n = number(first)
copy = os.dup(first)
os.close(first)
print(number(first), number(copy) == n)
os.close(copy)
again = bpf(0)
print(number(again) - n)
for i in range(200): os.close(bpf(0))
print(number(again) - n)
`);
    expect(out).equal('-9 True\n1\n1');
    expect(kernel.files.size).equal(0);
  });

  it('live on in children and in messages', () => {
    const out = python(`
fd = bpf(0)
n = number(fd)
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
socket.send_fds(left, [b'x'], [fd])
os.close(fd)
print(number(fd))
data, fds, flags, address = socket.recv_fds(right, 10, 4)
print(number(fds[0]) == n)
pid = os.fork()
if pid == 0:
    print(number(fds[0]) == n, flush=True)
    os._exit(0)
os.close(fds[0])
os.waitpid(pid, 0)
`);
    expect(out).equal('-9\nTrue\nTrue');
    expect(kernel.files.size).equal(0);
  });

  it('end with a holder that is killed', () => {
    python(`
pid = os.fork()
if pid == 0:
    fds = [bpf(0) for i in range(50)]
    os.kill(os.getpid(), 9)
os.waitpid(pid, 0)
`);
    expect(kernel.files.size).equal(0);
  });

  it('are called by name in /proc, which shows what the kernel says of them', () => {
    const out = python(`
fd = bpf(0)
own = os.open('/proc/self/fd', os.O_RDONLY)
print(os.readlink(f'/proc/self/fd/{fd}'), os.readlink(f'/proc/{os.getpid()}/fd/{fd}'), os.readlink(str(fd), dir_fd=own), os.readlink('/proc/self/fd/0') != '')
shown = os.popen(f'cat /proc/{os.getpid()}/fdinfo/{fd}; ls -l /proc/{os.getpid()}/fd | grep -o anon_inode.*').read().split('\\n')
print(shown[:2], shown[-3:] == [f'number:\\t{number(fd)}', 'anon_inode:bpf-map', ''])
buf = ctypes.create_string_buffer(b'................')
print(os.popen('cat /proc/kallsyms').read().split())
print(libc.readlink(f'/proc/self/fd/{fd}'.encode(), buf, 4), buf.raw[:6], call(libc.readlink, f'/proc/self/fd/{fd}'.encode(), buf, 0))
print(call(libc.readlink, b'/proc/self/fd/99', buf, 9), call(libc.readlink, ctypes.c_void_p(8), buf, 9))
`);
    expect(out.split('\n')).eql([
      'anon_inode:bpf-map anon_inode:bpf-map anon_inode:bpf-map True',
      `['pos:\\t0', 'flags:\\t02000002'] True`,
      `['ffffffff81000000', 'T', 'fake']`,
      `4 b'anon..' -22`,
      '-2 -14',
    ]);
  });

  it('outlive an open file of the same memory', () => {
    const out = python(`
fd = bpf(0)
n = number(fd)
os.close(os.open(f'/proc/self/fd/{fd}', os.O_RDONLY))
time.sleep(0.1)
print(number(fd) == n)
`);
    expect(out).equal('True');
    expect(kernel.files.size).equal(0);
  });
});
