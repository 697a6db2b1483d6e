// net/packet/af_packet.c packet_create(): making a packet socket, and the sockets of a namespace, which hear of devices that
// come up, go down and vanish.
import * as E from '../../../../uapi/asm-generic/errno.js';
import { CAP_NET_RAW } from '../../../../uapi/linux/capability.js';
import { SOCK_DGRAM, SOCK_PACKET, SOCK_RAW } from '../../../../uapi/linux/socket.js';
import type { Task } from '../../../kernel/task.js';
import type { Net } from '../../core/net_namespace.js';
import { registerProtHook, socketsOf } from './bind.js';
import { PacketSock } from './sock.js';

/** A number in the byte order of the network, as socket(2) is given it. */
const ntohs = (value: number): number => ((value & 0xff) << 8) | ((value >> 8) & 0xff);

/**
 * A new socket that gets what `protocol` (ETH_P_*, in the byte order of the network) says, or a negative errno.
 *
 * @models net/packet/af_packet.c packet_create()
 * @differs SOCK_PACKET is not modelled
 */
export function packetCreate(net: Net, task: Task, type: number, protocol: number): PacketSock | number {
  if (!task.capable(CAP_NET_RAW)) return -E.EPERM;
  if (type === SOCK_PACKET) net.machine.gap('SOCK_PACKET');
  if (type !== SOCK_RAW && type !== SOCK_DGRAM) return -E.ESOCKTNOSUPPORT;
  const sock = new PacketSock(net, type);
  sock.num = sock.hook.type = ntohs(protocol);
  socketsOf(net).add(sock);
  if (sock.num !== 0) registerProtHook(sock);
  net.machine.faults.active?.buffers(sock.opts);
  return sock;
}
