// kernel/sys.c prlimit64(2) on RLIMIT_MEMLOCK: programs that load others raise it first, which root may. The limit is a
// number that a process of the box can set and read; nothing of the modelled kernel is charged against it.
import type { ClientTask } from '../clients.js';
import { BASE, IN, OUT, prlimit, u8, view } from '../libc.js';
import { readClient, writeClient } from '../memory.js';
import type { Handler, Supervisor } from '../supervisor.js';
import { PROCEED } from '../verdict.js';
import { EFAULT, EINVAL, EPERM } from '../../uapi/asm-generic/errno.js';
import { CAP_SYS_RESOURCE } from '../../uapi/linux/capability.js';

export const RLIMIT_MEMLOCK = 8;
/** struct rlimit64: u64 rlim_cur, u64 rlim_max. */
const SIZE = 16;

/** Compares two 64-bit numbers of the arena: whether the first is greater. */
function greater(a: number, b: number): boolean {
  const [high, other] = [view.getUint32(a + 4, true), view.getUint32(b + 4, true)];
  return high === other ? view.getUint32(a, true) > view.getUint32(b, true) : high > other;
}

/** Writes the limit a process has, whether it has set it in the box or not, to where it asks for it. */
function writeOld(task: ClientTask, limit: Uint8Array | undefined, address: number): number {
  if (address === 0) return 0;
  if (limit !== undefined) u8.set(limit, OUT);
  else if (prlimit(task.tgid, RLIMIT_MEMLOCK, 0, BASE + OUT) !== 0) return -EPERM;
  return writeClient(task.pid, address, SIZE, OUT);
}

function set(sv: Supervisor, task: ClientTask, address: number): number {
  if (readClient(task.pid, address, SIZE, IN) !== 0) return -EFAULT;
  if (greater(IN, IN + 8)) return -EINVAL;
  if (!task.capable(CAP_SYS_RESOURCE)) return -EPERM;
  sv.memlock.set(task.tgid, new Uint8Array(view.buffer.slice(IN, IN + SIZE)));
  return 0;
}

export const prlimit64: Handler = (sv, task) => {
  const call = sv.listener.notification;
  const pid = call.int(0);
  if (pid !== 0 && pid !== task.tgid) return PROCEED;
  const [to, from] = [call.ptr(2), call.ptr(3)];
  const old = sv.memlock.get(task.tgid);
  const result = to === 0 ? 0 : set(sv, task, to);
  return result === 0 ? writeOld(task, old, from) : result;
};
