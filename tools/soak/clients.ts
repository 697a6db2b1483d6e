// The programs of the storm. Each checks its own answers: a reply that is lost hangs, one that comes twice or for
// another request is printed, a request that is done twice fails because its object exists (`handle 1`, exclusive).
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const candidates = ['/usr/bin/python3', 'python3'];

/** A Python 3 this user can run, or undefined. */
export const python = candidates.find((path) => spawnSync(path, ['-c', '']).status === 0);

/** What the storm needs and this machine lacks. */
export function missing(): string[] {
  const absent = ['tc', 'ip'].filter((program) => spawnSync(program, ['-V']).status !== 0);
  return python === undefined ? [...absent, 'python3'] : absent;
}

/** One kind of client; `argv` for the slot that runs it, whose link is `s<slot>`. */
export interface Kind {
  readonly name: string;
  argv(slot: number): readonly string[];
  /** What it prints when all went well; a monitor runs until it is killed, and prints what it likes. */
  readonly prints: string | undefined;
}

const FILTERS = 60;
const LINKS = 15;
const REQUESTS = 100;

/** Threads that ask for lo, each on its own socket, under a timer of 200 µs; what went wrong is printed. */
const threads = `
import signal, socket, struct, threading
signal.signal(signal.SIGALRM, lambda *a: None)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
wrong = []
def ask(base):
    s = socket.socket(16, 3, 0)
    s.bind((0, 0))
    for seq in range(base, base + ${REQUESTS}):
        s.send(struct.pack('IHHII', 32, 18, 1, seq, 0) + struct.pack('BxHiII', 0, 0, 1, 0, 0))
        data, _, _, name = s.recvmsg(65536)
        length, kind, flags, got, port = struct.unpack('IHHII', data[:16])
        if (kind, got, port, name) != (16, seq, s.getsockname()[0], (0, 0)): wrong.append((kind, got, seq))
    try:
        s.recv(1, socket.MSG_DONTWAIT)
        wrong.append('extra')
    except BlockingIOError: pass
workers = [threading.Thread(target=ask, args=(1000 * i,)) for i in range(4)]
for w in workers: w.start()
for w in workers: w.join()
signal.setitimer(signal.ITIMER_REAL, 0)
print(wrong)
`;

/** Stops and continues every child of its parent but itself, every 200 µs. */
export const stormer = `
import glob, os, signal, time
parent, me = os.getppid(), os.getpid()
pids, fresh = [], 0
while os.getppid() == parent:
    if time.monotonic() > fresh:
        fresh = time.monotonic() + 0.02
        found = ' '.join(open(path).read() for path in glob.glob('/proc/%d/task/*/children' % parent))
        pids = [int(pid) for pid in found.split() if int(pid) != me]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGSTOP)
            os.kill(pid, signal.SIGCONT)
        except OSError: pass
    time.sleep(0.0002)
`;

/** The kinds, with their batch files in `folder`; `go` is the program of the Go client. */
export function kinds(folder: string, slots: number, go?: string): Kind[] {
  for (let slot = 0; slot < slots; slot++) {
    const dev = `s${slot}`;
    const prefs = Array.from({ length: FILTERS }, (_, i) => i + 1);
    const adds = prefs.map((pref) => `filter add dev ${dev} ingress pref ${pref} handle 1 bpf bytecode "1,6 0 0 7"`);
    writeFileSync(join(folder, `tc${slot}`), [`filter del dev ${dev} ingress`, ...adds, ''].join('\n'));
    const names = Array.from({ length: LINKS }, (_, i) => `l${slot}.${i}`);
    const lines = names.map((name) => `link add ${name} type ifb\nlink set ${name} up\nlink del ${name}\n`);
    writeFileSync(join(folder, `ip${slot}`), lines.join(''));
    writeFileSync(join(folder, `left${slot}`), names.map((name) => `link del ${name}\n`).join(''));
  }
  // One that was killed may have left a link.
  const ip = 'ip -force -batch "$1" 2>/dev/null; exec ip -batch "$2"';
  return [
    { name: 'tc -batch', argv: (slot) => ['tc', '-batch', join(folder, `tc${slot}`)], prints: '' },
    {
      name: 'ip -batch',
      argv: (slot) => ['sh', '-c', ip, 'sh', join(folder, `left${slot}`), join(folder, `ip${slot}`)],
      prints: '',
    },
    { name: 'threads', argv: () => [python!, '-c', threads], prints: '[]\n' },
    ...(go === undefined ? [] : [{ name: 'go', argv: (slot: number) => [go, String(slot)], prints: '[]\n' }]),
    { name: 'tc monitor', argv: () => ['tc', 'monitor'], prints: undefined },
    { name: 'ip monitor', argv: () => ['ip', 'monitor', 'link'], prints: undefined },
    { name: 'ip link', argv: () => ['ip', '-o', 'link', 'show', 'lo'], prints: undefined },
  ];
}
