// Which system calls of a client are intercepted, when, and who serves them. The filter is built from this table; a
// further call is one handler file and one line here.
import type { SyscallNumbers } from '../abi.js';
import { AF_NETLINK, AF_PACKET, FIONREAD, SIOCOUTQ } from '../abi.js';
import type { FilterRule } from '../filter.js';
import type { Served } from '../supervisor.js';
import { bpf } from './bpf.js';
import { RLIMIT_MEMLOCK, prlimit64 } from './prlimit.js';
import { access, hasFiles, hasMounts, isInProc, link, openProc } from './proc.js';
import { ioctl } from './ioctl.js';
import { fstatfs, mount, statfs } from './mount.js';
import { recvfrom, recvmmsg, recvmsg } from './receive.js';
import { sendmmsg, sendmsg, sendto } from './send.js';
import { chown, setId } from './setid.js';
import * as sockets from './socket.js';
import { SIOCDELRT, SIOCGSTAMP_OLD } from '../../uapi/linux/sockios.js';

interface Entry extends Served {
  readonly arg?: number;
  readonly ranges?: FilterRule['ranges'];
}

/** Interface codes: devices, bridges, private codes of devices (not of protocols), wireless. */
const deviceCodes = [
  [0x8910, 0x89df],
  [0x89f0, 0x89ff],
  [0x8b00, 0x8bff],
] as const;

const entries: Partial<Record<keyof SyscallNumbers, Entry>> = {
  recvmsg: { handler: recvmsg },
  sendmsg: { handler: sendmsg },
  recvfrom: { handler: recvfrom },
  sendto: { handler: sendto },
  recvmmsg: { handler: recvmmsg },
  sendmmsg: { handler: sendmmsg },
  bind: { handler: sockets.bind },
  connect: { handler: sockets.connect },
  listen: { handler: sockets.listen },
  accept: { handler: sockets.accept },
  accept4: { handler: sockets.accept },
  shutdown: { handler: sockets.shutdown },
  getsockname: { handler: sockets.getsockname },
  getpeername: { handler: sockets.getpeername },
  setsockopt: { handler: sockets.setsockopt },
  getsockopt: { handler: sockets.getsockopt },
  bpf: { handler: bpf },
  // Only what the C library's fopen(…, "r") and the shell pass: intercepting every open would cost each start of a program.
  open: { handler: openProc('open'), concerns: isInProc('open'), arg: 1, ranges: [[0, 0]] },
  openat: { handler: openProc('openat'), concerns: isInProc('openat'), arg: 2, ranges: [[0, 0]] },
  readlink: { handler: link('readlink'), concerns: hasFiles },
  readlinkat: { handler: link('readlinkat'), concerns: hasFiles },
  statfs: { handler: statfs },
  fstatfs: { handler: fstatfs },
  mount: { handler: mount },
  prlimit64: { handler: prlimit64, arg: 1, ranges: [[RLIMIT_MEMLOCK, RLIMIT_MEMLOCK]] },
  setgroups: { handler: setId },
  setgid: { handler: setId },
  setuid: { handler: setId },
  // To any user but root; -1 changes nobody.
  chown: { handler: chown, arg: 1, ranges: [[1, 0xfffffffe]] },
  // R_OK
  access: { handler: access('access'), concerns: hasMounts, arg: 1, ranges: [[4, 4]] },
  faccessat: { handler: access('faccessat'), concerns: hasMounts, arg: 2, ranges: [[4, 4]] },
  socket: { handler: sockets.socket, arg: 0, ranges: [[AF_NETLINK, AF_PACKET]] },
  ioctl: {
    handler: ioctl,
    arg: 1,
    ranges: [[SIOCGSTAMP_OLD, SIOCDELRT], ...deviceCodes, [FIONREAD, FIONREAD], [SIOCOUTQ, SIOCOUTQ]],
  },
};

/** Handlers by system call number, and the filter rules for them. */
export function dispatchTable(nr: SyscallNumbers): { handlers: Map<number, Served>; rules: FilterRule[] } {
  const handlers = new Map<number, Served>();
  const rules: FilterRule[] = [];
  for (const [name, { handler, concerns, arg, ranges }] of Object.entries(entries)) {
    const number = nr[name as keyof SyscallNumbers];
    if (number === undefined) continue;
    handlers.set(number, { handler, concerns });
    rules.push(arg === undefined || ranges === undefined ? { nr: number } : { nr: number, arg, ranges });
  }
  return { handlers, rules };
}
