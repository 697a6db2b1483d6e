// net/core/dev.c, the part packet types: who wants packets, by protocol or all of them, of one device or of any. A handler
// is given a packet of its own, or a clone while others want it, too.
import { ETH_P_ALL } from '../../../../uapi/linux/if_ether.js';
import { type Net, netGeneric } from '../net_namespace.js';
import type { NetDevice } from '../net_device.js';
import type { SkBuff } from '../skbuff/sk_buff.js';

/** struct packet_type */
export interface PacketType {
  /** ETH_P_*; ETH_P_ALL wants everything, what goes out included. */
  readonly type: number;
  /** Only packets of this device. */
  readonly dev: NetDevice | undefined;
  /** Takes the packet, and frees it. `origDev` is the device it came in by. NET_RX_DROP tells that it was dropped. */
  receive(skb: SkBuff, dev: NetDevice, origDev: NetDevice): unknown;
  /** Whether it is this one that sends the packet, and so is not shown it. */
  sends?(skb: SkBuff): boolean;
  readonly ignoreOutgoing?: boolean;
}

/** Handlers in the order of their coming. */
class PacketTypes {
  readonly all: PacketType[] = [];
  readonly byProtocol = new Map<number, PacketType[]>();
}

const packetTypes = netGeneric(() => new PacketTypes());

const none: readonly PacketType[] = [];

function listOf(net: Net, type: number): PacketType[] {
  const types = packetTypes(net);
  if (type === ETH_P_ALL) return types.all;
  let list = types.byProtocol.get(type);
  if (list === undefined) types.byProtocol.set(type, (list = []));
  return list;
}

/** @models net/core/dev.c dev_add_pack() */
export function devAddPack(net: Net, handler: PacketType): void {
  listOf(net, handler.type).unshift(handler);
}

/** @models net/core/dev.c dev_remove_pack() */
export function devRemovePack(net: Net, handler: PacketType): void {
  const list = listOf(net, handler.type);
  const at = list.indexOf(handler);
  if (at >= 0) list.splice(at, 1);
}

/** Those that want everything; most machines have none. @differs the kernel keeps lists in its structs */
export const allTypes = (net: Net): readonly PacketType[] => packetTypes(net).all;

/** Those that want one protocol. @differs as above */
export const typesOf = (net: Net, type: number): readonly PacketType[] => packetTypes(net).byProtocol.get(type) ?? none;

/** Whether a handler wants packets of a device. @differs where handlers are asked, the kernel compares in place */
export const wants = (handler: PacketType, dev: NetDevice): boolean => handler.dev === undefined || handler.dev === dev;
