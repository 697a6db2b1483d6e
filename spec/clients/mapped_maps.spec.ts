// Maps that clients have mapped: programs, bpf(2) and mmap(2) see the same bytes. What is expected here is what Linux does.
import { expect } from 'chai';
import { bpfSuite } from './bpf_python.js';

const definitions = `
libc.mmap.restype = ctypes.c_long
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
MMAPABLE, RDONLY_PROG, READ, WRITE = 1 << 10, 1 << 7, 1, 3
def create(flags=MMAPABLE, kind=2): return bpf(0, struct.pack('5I', kind, 4, 8, 1000, flags) + bytes(52))
def freeze(fd): return bpf(22, struct.pack('II', fd, 0))
def again(fd):
    info = ctypes.create_string_buffer(88)
    bpf(15, struct.pack('IIQQ', fd, 88, ctypes.addressof(info), 0))
    return bpf(14, struct.pack('III', struct.unpack_from('I', info.raw, 4)[0], 0, 0))
def mmap(fd, prot=WRITE):
    address = libc.mmap(None, 8192, prot, 1, fd, 0)
    return address if address != -1 else -ctypes.get_errno()
def at(address, index): return ctypes.c_uint64.from_address(address + 8 * index)
`;

describe('clients: mapped maps', function () {
  this.timeout(240_000);
  const { python, expectNoObjects } = bpfSuite(definitions);

  afterEach(() => {
    expectNoObjects();
  });

  it('are the values that bpf(2) reads and writes, through any of their fds', () => {
    const out = python(`
fd = create()
first = mmap(fd)
print(update(fd, 3, 77), at(first, 3).value)
at(first, 999).value = 1 << 40
other = again(fd)
second = mmap(other)
print(lookup(other, 999) == 1 << 40, at(second, 3).value)
at(second, 4).value = 9
os.close(other)
print(at(first, 4).value, lookup(fd, 4))
`);
    expect(out).equal('0 77\nTrue 77\n9 9');
  });

  it('are what programs write', () => {
    const out = python(`
fd = bpf(0, struct.pack('5I', 2, 4, 64, 1, MMAPABLE) + bytes(52))
values = mmap(fd)
at(values, 5).value = 30
insns = struct.pack('<BBhi BBhi BBhi BBhi BBhi BBhi', 0x18, 0x21, 0, fd, 0, 0, 0, 40, 0xb7, 2, 0, 12, 0xdb, 0x21, 0, 0,
    0xb7, 0, 0, 0, 0x95, 0, 0, 0)
code, license = ctypes.create_string_buffer(insns, len(insns)), ctypes.create_string_buffer(b'GPL')
prog = bpf(5, struct.pack('IIQQIIQII', 3, 6, ctypes.addressof(code), ctypes.addressof(license), 0, 0, 0, 0, 0))
data = ctypes.create_string_buffer(64)
print(bpf(10, struct.pack('IIIIQQII', prog, 0, 64, 0, ctypes.addressof(data), 0, 3, 0) + bytes(32)), at(values, 5).value)
`);
    expect(out).equal('0 66');
  });

  it('are frozen when nobody can write them, and then cannot be mapped to write', () => {
    const out = python(`
fd = create()
update(fd, 3, 77)
first, second = mmap(fd), mmap(fd)
print(freeze(fd))
libc.munmap(first, 8192)
print(freeze(fd))
libc.munmap(second, 8192)
print(freeze(fd), freeze(fd), mmap(fd), update(fd, 1, 1))
values = mmap(fd, READ)
print(at(values, 3).value, call(libc.mprotect, ctypes.c_void_p(values), 4096, WRITE))
`);
    expect(out).equal('-16\n-16\n0 -1 -1 -1\n77 -13');
  });

  it('keep their bytes when their fds are closed; a new map has none of another', () => {
    const out = python(`
fd = create()
values = mmap(fd)
at(values, 5).value = 5
os.close(fd)
at(values, 6).value = 6
print(at(values, 5).value, at(values, 6).value)
for n in range(30):
    fd = create()
    values = mmap(fd)
    assert at(values, 0).value == 0 and at(values, 6).value == 0
    at(values, 0).value = n
    assert lookup(fd, 0) == n
    libc.munmap(values, 8192)
    os.close(fd)
many = [create() for n in range(20)]
for fd in many: at(mmap(fd), 7).value = fd
big = [bpf(0, struct.pack('5I', 2, 4, 4096, 4096, 0) + bytes(52)) for n in range(8)]
print(all(fd > 0 for fd in big), all(lookup(fd, 7) == fd for fd in many))
`);
    expect(out).equal('5 6\nTrue True');
  });

  it('are none of those that programs only read, or that were not made for it', () => {
    const out = python(`
fd = create(MMAPABLE | RDONLY_PROG)
print(mmap(fd), mmap(fd, READ) > 0, mmap(create(0)) < 0, mmap(create(0), READ) < 0, create(MMAPABLE, 1))
`);
    expect(out).equal('-13 True True True -22');
  });
});
