// net/core/filter.c: helpers that ask how a packet would go on: the route to an address, and whether it fits a device.
import { EAFNOSUPPORT, EHOSTUNREACH, EACCES, EINVAL, ENODEV } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { ETH_ALEN } from '../../../../uapi/linux/if_ether.js';
import { IPV4_DEVCONF_FORWARDING } from '../../../../uapi/linux/ip.js';
import { RTN_BLACKHOLE, RTN_PROHIBIT, RTN_UNICAST, RTN_UNREACHABLE } from '../../../../uapi/linux/route.js';
import { AF_INET, AF_INET6 } from '../../../../uapi/linux/socket.js';
import type { Memory } from '../../../../vm/memory.js';
import { ModelGap } from '../../../errno.js';
import { devconf } from '../../ipv4/devinet/in_device.js';
import { selectAddr } from '../../ipv4/devinet/select.js';
import { fibLookup, type FibResult, isUnmerged } from '../../ipv4/fib_lookup.js';
import type { FibInfo } from '../../ipv4/fib_semantics.js';
import { type FibTable, fibTableLookup, fibTables } from '../../ipv4/fib_trie.js';
import { devGetByIndex } from '../dev/table.js';
import { neighLookup } from '../neighbour.js';
import type { NetDevice } from '../net_device.js';
import type { Net } from '../net_namespace.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { hasOther, type HelperEntry, R2, R3, R4, R5, skbHelper } from './call.js';

/** struct bpf_fib_lookup: offsets, and its size. */
const FAMILY = 0;
const TOT_LEN = 6;
const IFINDEX = 8;
const TOS = 12;
const IPV4_SRC = 16;
const IPV4_DST = 32;
const H_VLAN = 48;
const SMAC = 52;
const DMAC = 58;
const PARAMS_SIZE = 64;

const FLAG_DIRECT = 1;
const FLAG_OUTPUT = 2;
const FLAG_SKIP_NEIGH = 4;
const FLAG_TBID = 8;
const FLAG_SRC = 16;
const FLAG_MARK = 32;
const FLAGS = FLAG_DIRECT | FLAG_OUTPUT | FLAG_SKIP_NEIGH | FLAG_TBID | FLAG_SRC | FLAG_MARK;

/** BPF_FIB_LKUP_RET_* */
const BLACKHOLE = 1;
const UNREACHABLE = 2;
const PROHIBIT = 3;
const NOT_FWDED = 4;
const FWD_DISABLED = 5;
const NO_NEIGH = 7;
const FRAG_NEEDED = 8;

const RT_TABLE_MAIN = 254;
const RT_TABLE_LOCAL = 255;
const IPTOS_RT_MASK = 0x1c;
const DEVCONF_FORWARDING = 0;

const refusals = new Map([
  [EINVAL, BLACKHOLE],
  [EHOSTUNREACH, UNREACHABLE],
  [EACCES, PROHIBIT],
]);

/** Routes that refuse, and with what. */
const refusedTypes = new Map([
  [RTN_BLACKHOLE, EINVAL],
  [RTN_UNREACHABLE, EHOSTUNREACH],
  [RTN_PROHIBIT, EACCES],
]);

/** The tables that a lookup in one asks: local and main are one, until a rule parts them. */
function tablesOf(net: Net, id: number): FibTable[] {
  const merged = (id === RT_TABLE_MAIN || id === RT_TABLE_LOCAL) && !isUnmerged(net);
  return (merged ? [RT_TABLE_LOCAL, RT_TABLE_MAIN] : [id]).flatMap((table) => fibTables(net).get(table) ?? []);
}

/** The route that the parameters at `at` ask for. */
function route(net: Net, { view }: Memory, at: number, flags: number): FibResult {
  const query = {
    dst: view.getUint32(at + IPV4_DST),
    src: view.getUint32(at + IPV4_SRC),
    oif: (flags & FLAG_OUTPUT) === 0 ? 0 : view.getUint32(at + IFINDEX, true),
    scope: 0,
    tos: view.getUint8(at + TOS) & IPTOS_RT_MASK,
  };
  if ((flags & FLAG_DIRECT) === 0) return fibLookup(net, query);
  let id = RT_TABLE_MAIN;
  if ((flags & FLAG_TBID) !== 0) {
    id = view.getUint32(at + H_VLAN, true);
    view.setUint32(at + H_VLAN, 0);
  }
  const found = fibTableLookup(tablesOf(net, id), query);
  return found === undefined ? undefined : (refusedTypes.get(found.type) ?? found);
}

const forwards = (dev: NetDevice): boolean =>
  dev.inDevice !== undefined && devconf(dev.inDevice, IPV4_DEVCONF_FORWARDING) !== 0;

/** What the parameters say once a route is found. */
function fillRoute({ view }: Memory, at: number, flags: number, info: FibInfo, out: NetDevice): void {
  view.setUint32(at + TOS, info.priority, true);
  view.setUint32(at + IFINDEX, out.ifindex, true);
  if ((flags & FLAG_SRC) !== 0)
    view.setUint32(at + IPV4_SRC, info.prefsrc !== 0 ? info.prefsrc : selectAddr(out, info.gateway, info.scope));
  if (info.gateway !== 0) view.setUint32(at + IPV4_DST, info.gateway);
}

/** The link addresses of the next hop; false when its own is not known. */
function fillNeighbour({ u8 }: Memory, at: number, out: NetDevice): boolean {
  const address = neighLookup(out, AF_INET, u8.subarray(at + IPV4_DST, at + IPV4_DST + 4));
  if (address === undefined) return false;
  u8.set(address.subarray(0, ETH_ALEN), at + DMAC);
  u8.set(out.address.subarray(0, ETH_ALEN), at + SMAC);
  return true;
}

/** @models net/core/filter.c bpf_ipv4_fib_lookup() */
function ipv4FibLookup(net: Net, memory: Memory, at: number, flags: number): number {
  const { view } = memory;
  const dev = devGetByIndex(net, view.getUint32(at + IFINDEX, true));
  if (dev === undefined) return -ENODEV;
  if (!forwards(dev)) return FWD_DISABLED;
  const found = route(net, memory, at, flags);
  if (typeof found === 'number') return refusals.get(found) ?? NOT_FWDED;
  if (found?.type !== RTN_UNICAST || found.info.dev === undefined) return NOT_FWDED;
  const out = found.info.dev;
  const total = view.getUint16(at + TOT_LEN, true);
  if (total > out.mtu) {
    view.setUint16(at + TOT_LEN, out.mtu, true);
    return FRAG_NEEDED;
  }
  fillRoute(memory, at, flags, found.info, out);
  if ((flags & FLAG_SKIP_NEIGH) === 0 && !fillNeighbour(memory, at, out)) return NO_NEIGH;
  view.setUint32(at + H_VLAN, 0);
  if (total !== 0) view.setUint16(at + TOT_LEN, out.mtu, true);
  return 0;
}

/** Whether an IPv6 address has a meaning on one link only: multicast, link-local, loopback. */
function needsStrict({ u8, view }: Memory, at: number): boolean {
  if (u8[at] === 0xff || (view.getUint16(at) & 0xffc0) === 0xfe80) return true;
  return view.getBigUint64(at) === 0n && view.getBigUint64(at + 8) === 1n;
}

/** @models net/core/filter.c bpf_ipv6_fib_lookup() */
function ipv6FibLookup(net: Net, memory: Memory, at: number): number {
  if (needsStrict(memory, at + IPV4_DST) || needsStrict(memory, at + IPV4_SRC)) return NOT_FWDED;
  const dev = devGetByIndex(net, memory.view.getUint32(at + IFINDEX, true));
  if (dev === undefined) return -ENODEV;
  if (dev.inet6 === undefined || dev.inet6.conf[DEVCONF_FORWARDING] === 0) return FWD_DISABLED;
  throw new ModelGap('bpf_fib_lookup: routes of IPv6');
}

/**
 * The route for the struct bpf_fib_lookup of `length` bytes at `at`: BPF_FIB_LKUP_RET_* or a negative errno.
 *
 * @models net/core/filter.c bpf_skb_fib_lookup()
 */
export function bpfFibLookup(skb: SkBuff, at: number, length: number, flags: number): number {
  if (length < PARAMS_SIZE || (flags & ~FLAGS) !== 0) return -EINVAL;
  const { net } = skb.dev!;
  const { view } = skb.memory;
  const checksMtu = view.getUint16(at + TOT_LEN, true) !== 0;
  const family = view.getUint8(at + FAMILY);
  if (family !== AF_INET && family !== AF_INET6) return -EAFNOSUPPORT;
  const result = family === AF_INET ? ipv4FibLookup(net, skb.memory, at, flags) : ipv6FibLookup(net, skb.memory, at);
  if (result !== 0 || checksMtu) return result;
  const { mtu } = devGetByIndex(net, view.getUint32(at + IFINDEX, true))!;
  view.setUint16(at + TOT_LEN, mtu, true);
  return skb.len > mtu + HEADERS && !skb.isGso ? FRAG_NEEDED : 0;
}

/** Of a link, with a VLAN tag; and without. */
const HEADERS = 18;
const HARD_HEADER = 14;

const CHK_SEGS = 1;
const CHK_FRAG_NEEDED = 1;

/** The answer, for a device of `mtu`. */
function fits(skb: SkBuff, given: number, diff: number, mtu: number, flags: number): number {
  const length = (given !== 0 ? given + HARD_HEADER : skb.len) + diff;
  if ((length | 0) <= mtu + HARD_HEADER) return 0;
  if (!skb.isGso) return CHK_FRAG_NEEDED;
  if ((flags & CHK_SEGS) === 0) return 0;
  if (!skb.transportHeaderWasSet) return -EINVAL;
  throw new ModelGap('bpf_check_mtu: lengths of segments');
}

/** @models net/core/filter.c bpf_skb_check_mtu() */
function skbCheckMtu(skb: SkBuff, regs: Int32Array): number {
  const at = regs[R3]! >>> 0;
  const { view } = skb.memory;
  const [given, diff, flags] = [view.getUint32(at, true), regs[R4]!, regs[R5]!];
  const bad = hasOther(regs, R5, CHK_SEGS) || ((flags & CHK_SEGS) !== 0 && (diff !== 0 || given !== 0));
  const ifindex = regs[R2]!;
  const dev = ifindex === 0 ? skb.dev : devGetByIndex(skb.dev!.net, ifindex);
  if (bad) return -EINVAL;
  if (dev === undefined) return -ENODEV;
  view.setUint32(at, dev.mtu, true);
  return fits(skb, given, diff, dev.mtu, flags);
}

export const fibHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_fib_lookup, skbHelper((skb, regs) => bpfFibLookup(skb, regs[R2]! >>> 0, regs[R3]!, regs[R4]!))],
  [F.BPF_FUNC_check_mtu, skbHelper(skbCheckMtu)],
];
