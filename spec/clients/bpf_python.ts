// Python clients that call bpf(2), on a machine of their own: the suite around them and what their code finds defined.
import { Box } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Machine } from '../../lib/linux/machine.js';
import { pumpUntil } from '../host/pumped.js';
import { needsPython, runPython } from '../host/python.js';

/** bpf(2) for Python; negative results are errnos. */
export const bpfCall = `
NR = 321 if os.uname().machine == 'x86_64' else 280
libc.syscall.restype = ctypes.c_long
def bpf(cmd, attr):
    r = libc.syscall(NR, cmd, ctypes.create_string_buffer(attr, len(attr)), len(attr))
    return r if r >= 0 else -ctypes.get_errno()
`;

/** Skips a suite, with the reason printed, where bpf(2) does not come through. */
export function needsBpf(this: Mocha.Context, python: (code: string) => string): void {
  if (python('print(bpf(99, bytes(8)))') === '-22') return;
  console.log('      skipped: an outer filter refuses bpf(2)');
  this.skip();
}

/** elem(), update() and lookup() for values of eight bytes. */
const prelude = `${bpfCall}
def elem(cmd, fd, key, value=0):
    k, v = ctypes.create_string_buffer(struct.pack('I', key)), ctypes.create_string_buffer(struct.pack('Q', value), 8)
    r = bpf(cmd, struct.pack('IIQQQ', fd, 0, ctypes.addressof(k), 0 if cmd == 3 else ctypes.addressof(v), 0))
    return struct.unpack('Q', v.raw)[0] if r == 0 and cmd == 1 else r
def update(fd, key, value): return elem(2, fd, key, value)
def lookup(fd, key): return elem(1, fd, key)
`;

export interface BpfSuite {
  /** Runs code; what it printed. */
  readonly python: (code: string) => string;
  /** Waits until no object is left: the kernel closes what a client had open some moments after its end. */
  readonly expectNoObjects: () => void;
}

/** Hooks of a suite with a box; `definitions` stand before the code of each client. */
export function bpfSuite(definitions: string): BpfSuite {
  let box: Box | undefined;
  const machine = new Machine({ clock: hostClock });
  const python = (code: string): string => runPython(box!, prelude + definitions + code);

  before(function () {
    needsPython.call(this);
    box = new Box(machine);
    needsBpf.call(this, python);
  });

  after(() => {
    box?.close();
  });

  const objects = (): string[] =>
    machine.snapshot().flatMap(({ label }) => (/\bbpf\b|open file/.test(label) ? [label] : []));
  const expectNoObjects = (): void => {
    pumpUntil(box!, () => objects().length === 0, 'the end of the last object');
  };
  return { python, expectNoObjects };
}
