// net/core/rtnetlink.c rtnl_fill_ifinfo(): one RTM_NEWLINK or RTM_DELLINK message. Attribute order is behaviour and
// differs between kernels, so each kernel has its list of parts.
import {
  IFLA,
  IFLA_INFO,
  IFLA_XDP,
  rtnl_link_ifmap,
  rtnl_link_stats,
  rtnl_link_stats64,
  XDP_ATTACHED_NONE,
} from '../../../../uapi/linux/if_link.js';
import { IF_OPER_DOWN } from '../../../../uapi/linux/if.js';
import { ifinfomsg } from '../../../../uapi/linux/rtnetlink.js';
import { NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { NLA_F_NESTED } from '../../../../codec/nla.js';
import { AF_INET, AF_INET6 } from '../../../../uapi/linux/socket.js';
import { inetFillLinkAf } from '../../ipv4/devinet/in_device.js';
import { inet6FillLinkAf } from '../../ipv6/addrconf/inet6_dev.js';
import type { MessageWriter } from '../../netlink/message.js';
import { devGetFlags } from '../dev/flags.js';
import { devGetIflink } from '../link_watch.js';
import type { NetDevice } from '../net_device.js';
import { LINK_STATS } from '../net_device.js';
import { netGeneric } from '../net_namespace.js';

/** What a link message is about, beside the device. */
export interface FillOptions {
  /** RTM_NEWLINK or RTM_DELLINK. */
  readonly type: number;
  readonly portid: number;
  readonly seq: number;
  /** nlmsg_flags */
  readonly flags: number;
  /** ifi_change */
  readonly change: number;
  /** IFLA_EXT_MASK of the request. */
  readonly extMask: number;
  /** IFLA_EVENT; 0 = none. */
  readonly event?: number;
}

type Part = (skb: MessageWriter, dev: NetDevice, options: FillOptions) => void;

const u32Part = (attribute: { readonly type: number }, get: (dev: NetDevice) => number): Part => {
  const { type } = attribute;
  return (skb, dev) => {
    skb.putU32(type, get(dev));
  };
};

const u8Part = (attribute: { readonly type: number }, get: (dev: NetDevice) => number): Part => {
  const { type } = attribute;
  return (skb, dev) => {
    const at = skb.reserveAttr(type, 1);
    skb.buffer.u8[at] = get(dev);
  };
};

const bytesPart = (attribute: { readonly type: number }, get: (dev: NetDevice) => Uint8Array): Part => {
  const { type } = attribute;
  return (skb, dev) => {
    skb.putRaw(type, get(dev));
  };
};

const name: Part = (skb, dev) => {
  skb.put(IFLA.IFNAME, dev.name);
};

const operstate = u8Part(IFLA.OPERSTATE, (dev) => (dev.running ? dev.operstate : IF_OPER_DOWN));

const headroom: Part = (skb) => {
  skb.reserveAttr(IFLA.HEADROOM.type, 2);
  skb.reserveAttr(IFLA.TAILROOM.type, 2);
};

const alias: Part = (skb, dev) => {
  if (dev.ifalias === undefined) return;
  const at = skb.reserveAttr(IFLA.IFALIAS.type, dev.ifalias.length + 1);
  const { u8 } = skb.buffer;
  for (let i = 0; i < dev.ifalias.length; i++) u8[at + i] = dev.ifalias.charCodeAt(i);
};

const qdisc: Part = (skb, dev) => {
  const { id } = dev.qdisc.ops;
  const at = skb.reserveAttr(IFLA.QDISC.type, id.length + 1);
  const { u8 } = skb.buffer;
  for (let i = 0; i < id.length; i++) u8[at + i] = id.charCodeAt(i);
};

const event: Part = (skb, _dev, options) => {
  if (options.event !== undefined && options.event !== 0) skb.putU32(IFLA.EVENT.type, options.event);
};

/** nla_align_64bit(): where the architecture wants it, an empty attribute moves 64-bit payloads to their place. */
function pad64(skb: MessageWriter, dev: NetDevice): void {
  if (dev.net.machine.config.padAttributes && skb.length % 8 === 0) skb.reserveAttr(IFLA.PAD.type, 0);
}

const map: Part = (skb) => {
  skb.reserveAttr(IFLA.MAP.type, rtnl_link_ifmap.size);
};

/** @models net/core/rtnetlink.c rtnl_fill_stats() */
const stats64: Part = (skb, dev) => {
  if (dev.net.machine.has('ifla-stats64-padded')) pad64(skb, dev);
  const at = skb.reserveAttr(IFLA.STATS64.type, rtnl_link_stats64.size);
  const { view } = skb.buffer;
  for (let i = 0; i < LINK_STATS; i++) {
    const count = dev.stats[i]!;
    if (count === 0) continue;
    view.setUint32(at + 8 * i, count >>> 0, true);
    view.setUint32(at + 8 * i + 4, count / 0x100000000, true);
  }
};

const stats32: Part = (skb, dev) => {
  const at = skb.reserveAttr(IFLA.STATS.type, rtnl_link_stats.size);
  const { view } = skb.buffer;
  for (let i = 0; i < LINK_STATS - 1; i++)
    if (dev.stats[i] !== 0) view.setUint32(at + 4 * i, dev.stats[i]! >>> 0, true);
};

/**
 * No program is ever attached.
 *
 * @models net/core/rtnetlink.c rtnl_xdp_fill()
 */
const xdp: Part = (skb) => {
  const nest = skb.nest(IFLA.XDP.type);
  skb.put(IFLA_XDP.ATTACHED, XDP_ATTACHED_NONE);
  skb.nestEnd(nest);
};

/** @models net/core/rtnetlink.c rtnl_link_fill() */
const linkinfo: Part = (skb, dev) => {
  const ops = dev.linkOps;
  if (ops === undefined) return;
  const nest = skb.nest(IFLA.LINKINFO.type);
  skb.put(IFLA_INFO.KIND, ops.kind);
  if (ops.fillInfo !== undefined) {
    const data = skb.nest(IFLA_INFO.DATA.type);
    ops.fillInfo(skb, dev);
    skb.nestEnd(data);
  }
  skb.nestEnd(nest);
};

const permAddress: Part = (skb, dev) => {
  if (dev.permAddress.some((byte) => byte !== 0)) skb.putRaw(IFLA.PERM_ADDRESS.type, dev.permAddress);
};

/** @models net/core/rtnetlink.c nla_put_iflink() */
const iflink: Part = (skb, dev) => {
  const link = devGetIflink(dev);
  if (link !== dev.ifindex) skb.putU32(IFLA.LINK.type, link);
};

/** @models net/core/rtnetlink.c rtnl_fill_link_af() */
const afSpec: Part = (skb, dev, options) => {
  const nest = skb.nest(IFLA.AF_SPEC.type);
  const inet = skb.nest(AF_INET);
  if (inetFillLinkAf(skb, dev)) skb.nestEnd(inet);
  else skb.trim(inet);
  const inet6 = skb.nest(AF_INET6);
  if (inet6FillLinkAf(skb, dev, options.extMask)) skb.nestEnd(inet6);
  else skb.trim(inet6);
  skb.nestEnd(nest);
};

/** @models net/core/rtnetlink.c rtnl_fill_prop_list() */
const propList: Part = (skb, dev) => {
  if (dev.altNames.length === 0) return;
  const nest = skb.nest(IFLA.PROP_LIST.type | NLA_F_NESTED);
  for (const altName of dev.altNames) skb.put(IFLA.ALT_IFNAME, altName);
  skb.nestEnd(nest);
};

const emptyNest = (attribute: { readonly type: number }): Part => {
  const type = attribute.type | NLA_F_NESTED;
  return (skb) => {
    skb.reserveAttr(type, 0);
  };
};

const txqlen = u32Part(IFLA.TXQLEN, (dev) => dev.txQueueLen);
const linkmode = u8Part(IFLA.LINKMODE, (dev) => dev.linkMode);
const mtu = u32Part(IFLA.MTU, (dev) => dev.mtu);
const minMtu = u32Part(IFLA.MIN_MTU, (dev) => dev.minMtu);
const maxMtu = u32Part(IFLA.MAX_MTU, (dev) => dev.maxMtu);
const group = u32Part(IFLA.GROUP, (dev) => dev.group);
const promiscuity = u32Part(IFLA.PROMISCUITY, (dev) => dev.promiscuity);
const allmulti = u32Part(IFLA.ALLMULTI, (dev) => dev.allmulti);
const numTxQueues = u32Part(IFLA.NUM_TX_QUEUES, (dev) => dev.numTxQueues);
/** Only kernels built for several processors (CONFIG_RPS) tell. */
const numRxQueues: Part = (skb, dev) => {
  if (dev.net.machine.config.smp) skb.putU32(IFLA.NUM_RX_QUEUES.type, dev.numRxQueues);
};
const gsoMaxSegs = u32Part(IFLA.GSO_MAX_SEGS, (dev) => dev.gsoMaxSegs);
const gsoMaxSize = u32Part(IFLA.GSO_MAX_SIZE, (dev) => dev.gsoMaxSize);
const groMaxSize = u32Part(IFLA.GRO_MAX_SIZE, (dev) => dev.groMaxSize);
const gsoIpv4MaxSize = u32Part(IFLA.GSO_IPV4_MAX_SIZE, (dev) => dev.gsoIpv4MaxSize);
const groIpv4MaxSize = u32Part(IFLA.GRO_IPV4_MAX_SIZE, (dev) => dev.groIpv4MaxSize);
const tsoMaxSize = u32Part(IFLA.TSO_MAX_SIZE, (dev) => dev.tsoMaxSize);
const tsoMaxSegs = u32Part(IFLA.TSO_MAX_SEGS, (dev) => dev.tsoMaxSegs);
const pacingHorizon = u32Part(IFLA.MAX_PACING_OFFLOAD_HORIZON, () => 0);
const netnsImmutable = u8Part(IFLA.NETNS_IMMUTABLE, (dev) => (dev.netnsImmutable ? 1 : 0));
const carrier = u8Part(IFLA.CARRIER, (dev) => (dev.carrier ? 1 : 0));
const carrierChanges = u32Part(IFLA.CARRIER_CHANGES, (dev) => dev.carrierUpCount + dev.carrierDownCount);
const carrierUp = u32Part(IFLA.CARRIER_UP_COUNT, (dev) => dev.carrierUpCount);
const carrierDown = u32Part(IFLA.CARRIER_DOWN_COUNT, (dev) => dev.carrierDownCount);
const protoDown = u8Part(IFLA.PROTO_DOWN, () => 0);
const address = bytesPart(IFLA.ADDRESS, (dev) => dev.address);
const broadcast = bytesPart(IFLA.BROADCAST, (dev) => dev.broadcast);
const devlinkPort = emptyNest(IFLA.DEVLINK_PORT);
const dpllPin = emptyNest(IFLA.DPLL_PIN);

/** 6.18: what can be read without the lock comes first. */
const parts618: readonly Part[] = [
  name, txqlen, operstate, linkmode, netnsImmutable, mtu, minMtu, maxMtu, group, promiscuity, allmulti, numTxQueues,
  gsoMaxSegs, gsoMaxSize, groMaxSize, gsoIpv4MaxSize, groIpv4MaxSize, tsoMaxSize, tsoMaxSegs, pacingHorizon,
  numRxQueues, carrier, alias, carrierChanges, carrierUp, carrierDown, headroom, protoDown, event, address, broadcast,
  stats64, stats32, xdp, linkinfo, permAddress, iflink, qdisc, afSpec, map, propList, devlinkPort, dpllPin,
]; // prettier-ignore

const parts61: readonly Part[] = [
  name, txqlen, operstate, linkmode, mtu, minMtu, maxMtu, group, promiscuity, allmulti, numTxQueues, gsoMaxSegs,
  gsoMaxSize, groMaxSize, tsoMaxSize, tsoMaxSegs, numRxQueues, carrier, qdisc, alias, carrierChanges, carrierUp,
  carrierDown, protoDown, event, map, address, broadcast, stats64, stats32, xdp, linkinfo, permAddress, iflink, afSpec,
  propList,
]; // prettier-ignore

const parts41: readonly Part[] = [
  name, txqlen, operstate, linkmode, mtu, group, promiscuity, numTxQueues, numRxQueues, iflink, carrier, qdisc, alias,
  carrierChanges, map, address, broadcast, stats32, stats64, linkinfo, afSpec,
]; // prettier-ignore

const partsOf = netGeneric(({ machine }) => {
  if (machine.has('ifla-lockless-first')) return parts618;
  return machine.has('ifla-limits') ? parts61 : parts41;
});

/**
 * Appends one link message; WriterFull when it does not fit.
 *
 * @models net/core/rtnetlink.c rtnl_fill_ifinfo()
 */
export function fillIfinfo(skb: MessageWriter, dev: NetDevice, options: FillOptions): void {
  const { type, flags, seq, portid } = options;
  const start = skb.begin(type, flags, seq, portid, ifinfomsg.size);
  const at = start + NLMSG_HDRLEN;
  const { view } = skb.buffer;
  view.setUint16(at + ifinfomsg.offsetof.ifi_type, dev.type, true);
  view.setInt32(at + ifinfomsg.offsetof.ifi_index, dev.ifindex, true);
  view.setUint32(at + ifinfomsg.offsetof.ifi_flags, devGetFlags(dev), true);
  view.setUint32(at + ifinfomsg.offsetof.ifi_change, options.change, true);
  for (const part of partsOf(dev.net)) part(skb, dev, options);
  skb.end(start);
}
