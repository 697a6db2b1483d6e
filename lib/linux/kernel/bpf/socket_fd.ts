// What kinds of maps that take sockets ask of an fd: sockfd_lookup(), and that the model knows sockets of one family only.
import { EBADF, ENOTSOCK } from '../../../uapi/asm-generic/errno.js';
import { errno, ModelGap } from '../../errno.js';
import { NetlinkSock } from '../../net/netlink/af_netlink/sock.js';
import type { Task } from '../task.js';

/**
 * The socket behind an fd of the caller. Refuses with EBADF and ENOTSOCK.
 *
 * @models net/socket.c sockfd_lookup()
 * @differs a file of another kernel may be a socket or not, which is not known here: a gap
 */
export function sockfdLookup(task: Task, fd: number): NetlinkSock {
  const file = task.fget(fd);
  if (file === undefined) throw errno(EBADF);
  if (file instanceof NetlinkSock) return file;
  if (file.kind === 'foreign') throw new ModelGap('maps of sockets that are not netlink sockets');
  throw errno(ENOTSOCK);
}
