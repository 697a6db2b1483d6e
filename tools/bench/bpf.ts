// bpf(2) of a client in a box: a lookup in a hash map, which reads attributes, fd and key and writes the value, against a
// call that is refused as soon as its attributes are read.
import { spawnSync } from 'node:child_process';
import type { Bench } from './measure.js';
import { output } from './measure.js';

const CALLS = 5000;

const client = `
import ctypes, os, struct, time
libc = ctypes.CDLL(None)
NR = 321 if os.uname().machine == 'x86_64' else 280
attr = lambda *words: ctypes.create_string_buffer(struct.pack(*words), 128)
create = attr('5I', 1, 4, 8, 16, 0)
fd = libc.syscall(NR, 0, create, 72)
key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(8)
elem = attr('IIQQQ', fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0)
assert fd >= 0 and libc.syscall(NR, 2, elem, 32) == 0
def timed(command):
    start = time.perf_counter_ns()
    for i in range(${CALLS}): libc.syscall(NR, command, elem, 32)
    return time.perf_counter_ns() - start
assert libc.syscall(NR, 1, elem, 32) == 0 and libc.syscall(NR, 99, elem, 32) == -1
times = [(timed(1), timed(99)) for i in range(6)]
print(min(t[0] for t in times) / ${CALLS} / 1000, min(t[1] for t in times) / ${CALLS} / 1000)
`;

export const bpf: Bench = ({ tcbox, rounds, progress }) => {
  const name = 'bpf(2) from a client: lookup in a hash map / refused call';
  if (spawnSync('python3', ['-c', '']).status !== 0) return [{ name, skipped: 'needs python3' }];
  let [lookup, refused] = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    const args = ['run', '--', 'python3', '-c', client];
    const [one, other] = output({ file: tcbox, args }).split(' ').map(Number) as [number, number];
    [lookup, refused] = [Math.min(lookup, one), Math.min(refused, other)];
    progress();
  }
  return [{ name, tcbox: lookup, reference: refused, target: 2 }];
};
