// Pins of real programs: a file system they mount in namespaces of their own, or the folder that stands for one.
import { expect } from 'chai';
import { Box } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Namespaces } from '../../lib/host/namespaces.js';
import { Machine } from '../../lib/linux/machine.js';
import { needsPython, runPython } from '../host/python.js';
import { bpfCall, needsBpf } from './bpf_python.js';

/** One map and its pins; what fails is shown as a negative errno. */
const prelude = `${bpfCall}
import ctypes.util
def create(): return bpf(0, struct.pack('5I', 2, 4, 8, 1, 0) + bytes(52))
def pin(fd, path):
    text = ctypes.create_string_buffer(path.encode())
    return bpf(6, struct.pack('QII', ctypes.addressof(text), fd, 0))
def get(path):
    text = ctypes.create_string_buffer(path.encode())
    return bpf(7, struct.pack('QII', ctypes.addressof(text), 0, 0))
def magic(path):
    buf = ctypes.create_string_buffer(120)
    return hex(struct.unpack_from('I', buf)[0]) if libc.statfs(path.encode(), buf) == 0 else -ctypes.get_errno()
def mount(path, data=b'mode=0700'):
    return call(libc.mount, b'bpf', path.encode(), b'bpf', 0, data)
def ids():
    found, last = [], 0
    while True:
        attr = ctypes.create_string_buffer(struct.pack('III', last, 0, 0), 12)
        if libc.syscall(NR, 12, attr, 12) < 0: return found
        last = struct.unpack_from('I', attr, 4)[0]
        found.append(last)
B = os.environ.get('TC_BPF_MNT', '/sys/fs/bpf')
`;

function pinsOf(machine: Machine): string[] {
  return machine.snapshot().flatMap(({ label, holders }) => (label.startsWith('bpf map') ? holders : []));
}

function described(title: string, namespaces: boolean, more: (python: (code: string) => string) => void): void {
  describe(title, function () {
    this.timeout(240_000);
    let box: Box | undefined;
    let machine: Machine | undefined;

    before(function () {
      needsPython.call(this);
      const { kind, why } = namespaces ? new Namespaces() : { kind: 'none', why: '' };
      if (namespaces && kind === 'none') {
        console.log(`      skipped: no namespaces here: ${why}`);
        this.skip();
      }
      machine = new Machine({ clock: hostClock });
      box = new Box(machine, { namespaces });
      needsBpf.call(this, python);
    });

    after(() => {
      box?.close();
      if (machine !== undefined) expect(pinsOf(machine)).eql([]);
    });

    const python = (code: string): string => runPython(box!, prelude + code);

    it('holds an object by its names alone', () => {
      const out = python(`
mount(B) if 'TC_BPF_MNT' not in os.environ else os.mkdir(B)
fd = create()
print(magic(B), pin(fd, B + '/m'), pin(fd, B + '/m'), os.stat(B + '/m').st_mode & 0o777)
os.close(fd)
os.mkdir(B + '/d'); os.rename(B + '/m', B + '/d/n'); os.link(B + '/d/n', B + '/l'); os.symlink(B + '/d', B + '/s')
print(len(ids()), get(B + '/m'), get(B + '/l') > 0, get(B + '/s/n') > 0)
for name in ('/d/n', '/l'):
    os.unlink(B + name)
    print(len(ids()), get(B + name))
`);
      expect(out).equal('0xcafe4a11 0 -17 384\n1 -2 True True\n1 -2\n1 -2');
      expect(pinsOf(machine!)).eql([]);
    });

    it('takes names of any letters', () => {
      const out = python(`
fd = create()
os.mkdir(B + '/dä'); os.chdir(B + '/dä')
print(pin(fd, B + '/dä/日本'), get('日本') > 0, pin(fd, '日本'), sorted(os.listdir('.')) == ['日本'], magic(B + '/dä'))
os.unlink('日本'); os.chdir('/'); os.rmdir(B + '/dä')
`);
      expect(out).equal('0 True -17 True 0xcafe4a11');
    });

    it('refuses what is no place and no pin', () => {
      const out = python(`
fd = create()
open(B + '/plain', 'w').close()
print(pin(fd, B + '/no/m'), pin(fd, B + '/a.b'), pin(fd, '/tmp/tcbox-no-pin'), pin(fd, B), pin(fd, ''), pin(fd, '/proc/self/nothing'))
print(get(B + '/plain'), get(B), get(B + '/nothing'), get(B + '/plain/x'), bpf(7, struct.pack('QII', 8, 0, 0)))
os.chdir(B)
print(pin(fd, 'relative'), get(B + '/relative') > 0, get('./relative') > 0)
os.unlink('relative')
`);
      expect(out).equal('-2 -1 -1 -17 -2 -1\n-13 -13 -2 -20 -14\n0 True True');
    });

    more(python);
  });
}

described('clients: pins in namespaces of their own', true, (python) => {
  it('shows what is mounted as the kernel shows a file system of pins', () => {
    const out = python(`
print([l.split()[1:4] for l in os.popen('cat /proc/mounts') if ' bpf ' in l], os.popen('mount -t bpf').read().strip())
print(mount('/nonexistent'), mount('/etc/passwd'), os.getuid(), sorted(n for n in os.listdir(B) if '.' in n))
`);
    expect(out).equal(
      `[['/sys/fs/bpf', 'bpf', 'rw,relatime,mode=700']] bpf on /sys/fs/bpf type bpf (rw,relatime,mode=700)\n` +
        `-2 -20 0 ['maps.debug', 'progs.debug']`,
    );
  });

  it('loses what was pinned when it is unmounted', () => {
    const out = python(`
fd = create()
print(pin(fd, B + '/m'), len(ids()))
os.close(fd)
print(len(ids()), call(libc.umount2, B.encode(), 2), magic(B) != '0xcafe4a11')
end = time.monotonic() + 50
while ids() and time.monotonic() < end: time.sleep(0.01)
print(len(ids()), mount(B), get(B + '/m'))
`);
    expect(out).equal('0 1\n1 0 True\n0 0 -2');
  });
});

described('clients: pins in a folder', false, (python) => {
  it('mounts nowhere else, and says nothing is wrong at that place', () => {
    expect(python(`print(mount(B), mount('/tmp'), magic('/tmp') != '0xcafe4a11')`)).equal('0 -1 True');
  });
});
