// net/packet/af_packet.c packet_ioctl(): what waits in the queues, and IPv4 addresses. Other requests of
// interfaces are for any socket (dev_ioctl.ts).
import { ENOENT } from '../../../../uapi/asm-generic/errno.js';
import { SIOCGSTAMP_OLD, SIOCGSTAMPNS_OLD } from '../../../../uapi/linux/sockios.js';
import { realTime } from '../../../clock.js';
import type { Task } from '../../../kernel/task.js';
import { pair } from '../../core/sock_stamps.js';
import { inetIoctl } from '../../ipv4/af_inet.js';
import type { PacketSock } from './sock.js';

const SIOCINQ = 0x541b;
const SIOCOUTQ = 0x5411;

/** When the packet came that was received last. @differs sock_gettstamp(), which only this family has here */
function getTimestamp({ lastStamp, net }: PacketSock, request: number, arg: Uint8Array): number {
  if (lastStamp < 0) return -ENOENT;
  const { sec, nsec } = realTime(net.machine.clock, lastStamp);
  arg.set(pair(sec, request === SIOCGSTAMP_OLD ? Math.floor(nsec / 1000) : nsec));
  return 0;
}

/**
 * 0 with `arg` changed, or a negative errno.
 *
 * @models net/packet/af_packet.c packet_ioctl()
 * @differs bytes that wait to be sent are not counted
 */
export function ioctl(sock: PacketSock, task: Task, request: number, arg: Uint8Array): number {
  if (request === SIOCGSTAMP_OLD || request === SIOCGSTAMPNS_OLD) return getTimestamp(sock, request, arg);
  if (request !== SIOCINQ && request !== SIOCOUTQ) return inetIoctl(sock.net, task, request, arg);
  const amount = request === SIOCINQ ? (sock.receiveQueue[0]?.data.length ?? 0) : 0;
  arg.set(new Uint8Array(Uint32Array.of(amount).buffer));
  return 0;
}
