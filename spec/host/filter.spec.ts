// The seccomp filter as a program: which calls of which ABI reach the supervisor, judged by running it.
import { expect } from 'chai';
import { SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_USER_NOTIF, abiOf } from '../../lib/host/abi.js';
import { filterProgram } from '../../lib/host/filter.js';
import { dispatchTable } from '../../lib/host/syscalls/table.js';

const abi = abiOf('x64')!;
const REFUSED = SECCOMP_RET_ERRNO | 38;
const I386 = 0x40000003;

/** Runs a filter the way the kernel does, over struct seccomp_data. */
function decide(program: Uint8Array, nr: number, args: readonly number[] = [], arch = abi.auditArch): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, nr, true);
  data.setUint32(4, arch, true);
  args.forEach((arg, i) => {
    data.setUint32(16 + 8 * i, arg % 2 ** 32, true);
    data.setUint32(20 + 8 * i, Math.floor(arg / 2 ** 32), true);
  });
  const code = new DataView(program.buffer);
  for (let pc = 0, a = 0; ; pc++) {
    const [op, jt, jf, k] = [
      code.getUint16(pc * 8, true),
      code.getUint8(pc * 8 + 2),
      code.getUint8(pc * 8 + 3),
      code.getUint32(pc * 8 + 4, true),
    ];
    if (op === 0x06) return k;
    if (op === 0x20) a = data.getUint32(k, true);
    else pc += (op === 0x15 ? a === k : op === 0x25 ? a > k : a >= k) ? jt : jf;
  }
}

describe('host: filter', () => {
  const { handlers, rules } = dispatchTable(abi.nr);
  const program = filterProgram(abi, rules);

  it('asks for every call that has a handler, and for no other', () => {
    for (let nr = 0; nr < 500; nr++) {
      if (nr === abi.nr.io_uring_setup || rules.some((rule) => rule.nr === nr && rule.arg !== undefined)) continue;
      expect(decide(program, nr), `${nr}`).equal(handlers.has(nr) ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW);
    }
  });

  it('asks for files that are opened as fopen() and the shell do, and for what every program asks at its start', () => {
    const { openat, faccessat } = abi.nr;
    const [AT_FDCWD, O_RDONLY, O_CLOEXEC, R_OK, X_OK] = [-100, 0, 0o2000000, 4, 1];
    expect(decide(program, openat, [AT_FDCWD, 0, O_RDONLY])).equal(SECCOMP_RET_USER_NOTIF);
    expect(decide(program, openat, [AT_FDCWD, 0, O_CLOEXEC])).equal(SECCOMP_RET_ALLOW);
    expect(decide(program, faccessat, [AT_FDCWD, 0, R_OK])).equal(SECCOMP_RET_USER_NOTIF);
    expect(decide(program, faccessat, [AT_FDCWD, 0, X_OK])).equal(SECCOMP_RET_ALLOW);
  });

  it('asks for sockets of the modelled families only', () => {
    for (const family of [0, 1, 2, 10, 15, 16, 17, 18, 38]) {
      const wanted = family === 16 || family === 17 ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
      expect(decide(program, abi.nr.socket, [family, 3]), `${family}`).equal(wanted);
    }
  });

  it('asks for interface codes and queue lengths only', () => {
    const asked = [0x8910, 0x8933, 0x8946, 0x89a0, 0x89df, 0x89f0, 0x89ff, 0x8b01, 0x541b, 0x5411];
    for (const code of asked) expect(decide(program, abi.nr.ioctl, [3, code])).equal(SECCOMP_RET_USER_NOTIF);
    for (const code of [0, 0x5401, 0x890f, 0x89e0, 0x8c00, 0xc0502100]) {
      expect(decide(program, abi.nr.ioctl, [3, code]), `${code}`).equal(SECCOMP_RET_ALLOW);
    }
  });

  it('refuses what could reach sockets unseen: i386, x32, io_uring', () => {
    for (const nr of [102, 337, 345, 357, 359, 361, 373, 417, 425])
      expect(decide(program, nr, [], I386)).equal(REFUSED);
    for (const nr of [3, 4, 54, 358, 400]) expect(decide(program, nr, [], I386)).equal(SECCOMP_RET_ALLOW);
    expect(decide(program, 0x40000000 | abi.nr.socket, [16])).equal(REFUSED);
    expect(decide(program, 0xffffffff)).equal(REFUSED);
    expect(decide(program, abi.nr.io_uring_setup)).equal(REFUSED);
  });

  it('lets calls with the cookie pass', () => {
    const own = filterProgram(abi, rules, [0x12345678, 0x9abc]);
    const cookie = 0x9abc * 2 ** 32 + 0x12345678;
    expect(decide(own, abi.nr.recvfrom, [3, 0, 0, 0, 0, cookie])).equal(SECCOMP_RET_ALLOW);
    expect(decide(own, abi.nr.ioctl, [3, 0x541b, 0, 0, 0, cookie])).equal(SECCOMP_RET_ALLOW);
    expect(decide(own, abi.nr.recvfrom, [3, 0, 0, 0, 0, cookie + 1])).equal(SECCOMP_RET_USER_NOTIF);
    expect(decide(own, abi.nr.recvfrom, [3, 0, 0, 0, 0, 0x12345678])).equal(SECCOMP_RET_USER_NOTIF);
  });
});
