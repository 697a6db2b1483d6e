// Programs under an outer seccomp filter, as containers install one: python refuses the given calls to itself, then
// becomes the command line of tcbox, compiled beside the specs.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { abiOf } from '../../lib/host/abi.js';
import { python } from '../host/python.js';

const main = join(import.meta.dirname, '../../lib/cli/main.js');
const tcboxText = `import(${JSON.stringify(main)}).then(({ main }) => main(process.argv.slice(1))).then((code) => process.exit(code));`;

const filterText = `
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
seccomp, rules = int(sys.argv[1]), sys.argv[2]
code = [(0x20, 0, 0, 0)]
for rule in filter(None, rules.split(',')):
    nr, errno = rule.split('=')
    code += [(0x15, 0, 1, int(nr)), (0x06, 0, 0, 0x50000 | int(errno))]
code.append((0x06, 0, 0, 0x7fff0000))
text = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *c) for c in code))
fprog = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', len(code), ctypes.addressof(text)))
if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.syscall(seccomp, 1, 0, fprog) != 0: sys.exit(99)
os.execvp(sys.argv[3], sys.argv[3:])
`;

/** Exit status of tcbox() when the outer filter itself cannot be installed. */
export const NO_OUTER_FILTER = 99;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tcbox ARGS` with calls refused by number: `{ 321: 1 }` makes bpf(2) EPERM. */
export function tcboxUnder(refused: Readonly<Record<number, number>>, args: readonly string[]): Ran {
  const rules = Object.entries(refused).map(([nr, errno]) => `${nr}=${errno}`);
  const seccomp = String(abiOf(process.arch)!.nr.seccomp);
  const argv = ['-c', filterText, seccomp, rules.join(','), process.execPath, '-e', tcboxText, '--', ...args];
  const { status, stdout, stderr } = spawnSync(python!, argv, { encoding: 'utf8', timeout: 120_000 });
  return { status, stdout, stderr };
}

const EPERM = 1;
const ENOSYS = 38;
/** kcmp(2) on x86-64 and arm64, clone3(2) everywhere. */
const kcmp = process.arch === 'x64' ? 312 : 272;
const clone3 = 435;

/** process_vm_readv(2) and process_vm_writev(2). */
export const processVm = process.arch === 'x64' ? ([310, 311] as const) : ([270, 271] as const);

/** What the default profile of Docker refuses of the calls that matter here. */
export function dockerDefault(): Readonly<Record<number, number>> {
  const { nr } = abiOf(process.arch)!;
  return { [nr.pidfd_getfd]: EPERM, [nr.bpf]: EPERM, [kcmp]: EPERM, [clone3]: ENOSYS };
}
