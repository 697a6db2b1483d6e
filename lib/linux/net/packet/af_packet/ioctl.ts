// net/packet/af_packet.c packet_ioctl(): what waits in the queues, and IPv4 addresses. Other requests of
// interfaces are for any socket (dev_ioctl.ts).
import { devinetIoctl } from '../../ipv4/devinet/ioctl.js';
import type { PacketSock } from './sock.js';

const SIOCINQ = 0x541b;
const SIOCOUTQ = 0x5411;

/**
 * 0 with `arg` changed, or a negative errno.
 *
 * @models net/packet/af_packet.c packet_ioctl()
 * @differs bytes that wait to be sent are not counted
 */
export function ioctl(sock: PacketSock, request: number, arg: Uint8Array): number {
  if (request !== SIOCINQ && request !== SIOCOUTQ) return devinetIoctl(sock.net, request, arg);
  const amount = request === SIOCINQ ? (sock.receiveQueue[0]?.data.length ?? 0) : 0;
  arg.set(new Uint8Array(Uint32Array.of(amount).buffer));
  return 0;
}
