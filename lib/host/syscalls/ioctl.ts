// net/socket.c sock_ioctl(): interface codes on any socket of a client go to the modelled devices, never to those of the
// real kernel; the two queue-length codes of a unix socket are answered by the modelled socket, which may not know them.
import { FIONREAD, SIOCOUTQ } from '../abi.js';
import { SIOCGSTAMP_OLD, SIOCGSTAMPNS_OLD } from '../../uapi/linux/sockios.js';
import { IN, OUT, u8 } from '../libc.js';
import { readClient, writeClient } from '../memory.js';
import type { Handler } from '../supervisor.js';
import { PROCEED } from '../verdict.js';
import { EFAULT, ENOIOCTLCMD, ENOTTY } from '../../uapi/asm-generic/errno.js';

const IFREQ_SIZE = 40;
/** struct timeval and struct timespec. */
const TIME_SIZE = 16;

export const ioctl: Handler = (sv, task) => {
  const call = sv.listener.notification;
  const request = call.int(1) >>> 0;
  const found = sv.identify(task, call.int(0));
  if (found < 0 && found !== PROCEED) return found;
  const stamp = request === SIOCGSTAMP_OLD || request === SIOCGSTAMPNS_OLD;
  const queue = request === FIONREAD || request === SIOCOUTQ;
  if (found === PROCEED && (queue || stamp || !sv.clients.descriptors.isSocket(sv.copy))) return PROCEED;
  const address = call.ptr(2);
  const size = queue ? 4 : stamp ? TIME_SIZE : IFREQ_SIZE;
  if (readClient(task.pid, address, size, IN) !== 0) return -EFAULT;
  const arg = u8.slice(IN, IN + size);
  // A socket of another family than the modelled ones: only AF_INET knows the requests that need a family.
  let result = sv.placeholder?.socket.ioctl(task, request, arg) ?? sv.machine.inetIoctl(task, request, arg);
  if (result === -ENOIOCTLCMD && !queue) result = sv.machine.devIoctl(task, request, arg);
  if (result === -ENOIOCTLCMD) return -ENOTTY;
  if (result < 0) return result;
  u8.set(arg, OUT);
  return writeClient(task.pid, address, size, OUT) === 0 ? result : -EFAULT;
};
