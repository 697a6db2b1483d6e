// net/packet/af_packet.c, the part of what a socket listens to: bind, getsockname, and what becomes of it when its device
// goes down or away. A bound socket holds its device.
import { Bytes } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import { SLL_ADDR, sockaddr_ll, SOCKADDR_LL_SIZE } from '../../../../uapi/linux/if_packet.js';
import { IFF_UP } from '../../../../uapi/linux/if.js';
import { AF_PACKET } from '../../../../uapi/linux/socket.js';
import { registerNetdeviceNotifier, type NetdevEvent } from '../../core/dev/notifier.js';
import { devAddPack, devRemovePack } from '../../core/dev/tap.js';
import { devGetByIndex } from '../../core/dev/table.js';
import type { NetDevice } from '../../core/net_device.js';
import { netGeneric } from '../../core/net_namespace.js';
import { dropMembershipsOf } from './mclist.js';
import type { PacketSock } from './sock.js';

/** The packet sockets of a namespace, which hear of its devices from the first one on. */
export const socketsOf = netGeneric((net) => {
  const sockets = new Set<PacketSock>();
  registerNetdeviceNotifier(net, (dev, event) => {
    for (const sock of sockets) packetNotifier(sock, dev, event);
  });
  return sockets;
});

/** @models net/packet/af_packet.c register_prot_hook() */
export function registerProtHook(sock: PacketSock): void {
  if (sock.running) return;
  if (sock.fanout === undefined) devAddPack(sock.net, sock.hook);
  else sock.fanout.link(sock);
  sock.running = true;
}

/** @models net/packet/af_packet.c unregister_prot_hook() */
export function unregisterProtHook(sock: PacketSock): void {
  if (!sock.running) return;
  if (sock.fanout === undefined) devRemovePack(sock.net, sock.hook);
  else sock.fanout.unlink(sock);
  sock.running = false;
}

function setDevice(sock: PacketSock, dev: NetDevice | undefined): void {
  dev?.hold(sock);
  sock.hook.dev?.release(sock);
  sock.hook.dev = dev;
}

/** From now on the socket wants `proto` of `dev`. @models net/packet/af_packet.c packet_do_bind() */
function doBind(sock: PacketSock, dev: NetDevice | undefined, proto: number): void {
  const { hook } = sock;
  const differs = hook.type !== proto || hook.dev !== dev;
  if (differs) {
    unregisterProtHook(sock);
    sock.num = hook.type = proto;
    setDevice(sock, dev);
    sock.ifindex = dev?.ifindex ?? 0;
  }
  if (proto === 0 || !differs) return;
  if (dev === undefined || (dev.flags & IFF_UP) !== 0) registerProtHook(sock);
  else sock.reportError(E.ENETDOWN);
}

/**
 * bind(2): 0 or a negative errno. Without a protocol the socket keeps the one it has.
 *
 * @models net/packet/af_packet.c packet_bind()
 */
export function bind(sock: PacketSock, addr: Uint8Array): number {
  if (addr.length < SOCKADDR_LL_SIZE) return -E.EINVAL;
  const { sll_family, sll_ifindex, sll_protocol } = sockaddr_ll.get(new Bytes(addr), 0);
  if (sll_family !== AF_PACKET || sock.fanout !== undefined) return -E.EINVAL;
  const dev = sll_ifindex === 0 ? undefined : devGetByIndex(sock.net, sll_ifindex);
  if (sll_ifindex !== 0 && dev === undefined) return -E.ENODEV;
  doBind(sock, dev, sll_protocol === 0 ? sock.num : sll_protocol);
  return 0;
}

/**
 * getsockname(2): the address with as much of sll_addr as the device has.
 *
 * @models net/packet/af_packet.c packet_getname()
 */
export function getname(sock: PacketSock, peer: boolean): Uint8Array | number {
  if (peer) return -E.EOPNOTSUPP;
  const dev = devGetByIndex(sock.net, sock.ifindex);
  const address = dev?.address ?? new Uint8Array(0);
  const name = new Uint8Array(SLL_ADDR + address.length);
  sockaddr_ll.set(new Bytes(name), 0, {
    sll_family: AF_PACKET,
    sll_protocol: sock.num,
    sll_ifindex: sock.ifindex,
    sll_hatype: dev?.type ?? 0,
    sll_pkttype: 0,
    sll_halen: address.length,
    sll_addr: address,
  });
  return name;
}

/** The end of the socket: no list and no device knows it. @differs a part of packet_release() */
export function unbind(sock: PacketSock): void {
  socketsOf(sock.net).delete(sock);
  unregisterProtHook(sock);
  setDevice(sock, undefined);
}

/** @models net/packet/af_packet.c packet_notifier() */
function packetNotifier(sock: PacketSock, dev: NetDevice, event: NetdevEvent): void {
  if (event === 'UNREGISTER') dropMembershipsOf(sock, dev);
  if (dev.ifindex !== sock.ifindex) return;
  if (event === 'UP') {
    if (sock.num !== 0) registerProtHook(sock);
    return;
  }
  if (event !== 'DOWN' && event !== 'UNREGISTER') return;
  if (sock.running) {
    unregisterProtHook(sock);
    sock.reportError(E.ENETDOWN);
  }
  if (event === 'UNREGISTER') {
    sock.ring?.shared?.hangUp?.();
    sock.ifindex = -1;
    setDevice(sock, undefined);
  }
}
