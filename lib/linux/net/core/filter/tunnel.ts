// net/core/filter.c: helpers for tunnels without a device of their own for each end: parameters that travel with the packet.
// A tunnel device would take them from there; in the model they are kept, and read again.
import { EINVAL, ENOENT, ENOMEM, EPROTO } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import type { MetadataDst } from '../skbuff/metadata_dst.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { hasOther, type HelperEntry, R2, R3, R4, skbHelper } from './call.js';

const BPF_F_TUNINFO_IPV6 = 1 << 0;
const BPF_F_ZERO_CSUM_TX = 1 << 1;
const BPF_F_DONT_FRAGMENT = 1 << 2;
const BPF_F_SEQ_NUMBER = 1 << 3;
const BPF_F_NO_TUNNEL_KEY = 1 << 4;
const BPF_F_TUNINFO_FLAGS = 1 << 4;

/** TUNNEL_* of include/uapi/linux/if_tunnel.h, as 16 bits that programs may ask for. */
const TUNNEL_CSUM = 0x01;
const TUNNEL_KEY = 0x04;
const TUNNEL_SEQ = 0x08;
const TUNNEL_DONT_FRAGMENT = 0x0100;
const TUNNEL_NOCACHE = 0x2000;
/** Options of Geneve, VXLAN, ERSPAN and GTP. */
const OPTIONS_PRESENT = 0xd800;

/** struct bpf_tunnel_key: its size, and the shorter ones of old programs. */
const KEY_SIZE = 44;
const REMOTE_IPV6_1 = 8;
const TUNNEL_EXT = 22;
const TUNNEL_LABEL = 24;
const LOCAL_IPV6 = 28;
const oldSizes: readonly number[] = [REMOTE_IPV6_1, TUNNEL_EXT, TUNNEL_LABEL, LOCAL_IPV6];
const IP_TUNNEL_OPTS_MAX = 255;

/** struct bpf_tunnel_key as the kernel fills it. Addresses of IPv4 are numbers of the host. */
function keyOf(info: MetadataDst, flags: number): Uint8Array {
  const key = new Uint8Array(KEY_SIZE);
  const view = new DataView(key.buffer);
  view.setUint32(0, info.tunnelId, true);
  key[20] = info.tos;
  key[21] = info.ttl;
  if ((flags & BPF_F_TUNINFO_FLAGS) !== 0) view.setUint16(TUNNEL_EXT, info.flags);
  if (info.isIpv6) {
    key.set(info.source, 4);
    key.set(info.destination, LOCAL_IPV6);
    view.setUint32(TUNNEL_LABEL, info.label, true);
  } else {
    view.setUint32(4, new DataView(info.source.buffer).getUint32(0), true);
    view.setUint32(LOCAL_IPV6, new DataView(info.destination.buffer).getUint32(0), true);
  }
  return key;
}

/** What is wrong with a request for the key: 0 or a negative errno. */
function keyError(info: MetadataDst | undefined, size: number, regs: Int32Array): number {
  if (info === undefined || hasOther(regs, R4, BPF_F_TUNINFO_IPV6 | BPF_F_TUNINFO_FLAGS)) return -EINVAL;
  if (info.isIpv6 !== ((regs[R4]! & BPF_F_TUNINFO_IPV6) !== 0)) return -EPROTO;
  if (size === KEY_SIZE) return 0;
  return oldSizes.includes(size) && !(size === REMOTE_IPV6_1 && info.isIpv6) ? 0 : -EINVAL;
}

/** @models net/core/filter.c bpf_skb_get_tunnel_key() */
function getTunnelKey(skb: SkBuff, regs: Int32Array): number {
  const to = regs[R2]! >>> 0;
  const size = regs[R3]!;
  const err = keyError(skb.dst, size, regs);
  const { u8 } = skb.memory;
  if (err === 0 && skb.dst !== undefined) u8.set(keyOf(skb.dst, regs[R4]!).subarray(0, size), to);
  else u8.fill(0, to, to + size);
  return err;
}

function tunnelFlags(flags: number): number {
  return (
    TUNNEL_NOCACHE |
    ((flags & BPF_F_ZERO_CSUM_TX) === 0 ? TUNNEL_CSUM : 0) |
    ((flags & BPF_F_NO_TUNNEL_KEY) === 0 ? TUNNEL_KEY : 0) |
    ((flags & BPF_F_DONT_FRAGMENT) === 0 ? 0 : TUNNEL_DONT_FRAGMENT) |
    ((flags & BPF_F_SEQ_NUMBER) === 0 ? 0 : TUNNEL_SEQ)
  );
}

/** Four bytes of an address from a number of the host, or sixteen as they are. */
function address(key: Uint8Array, at: number, isIpv6: boolean): Uint8Array {
  return isIpv6 ? key.slice(at, at + 16) : key.slice(at, at + 4).reverse();
}

/** @models net/core/filter.c bpf_skb_set_tunnel_key() */
function setTunnelKey(skb: SkBuff, regs: Int32Array): number {
  const known = BPF_F_TUNINFO_IPV6 | BPF_F_ZERO_CSUM_TX | BPF_F_DONT_FRAGMENT | BPF_F_SEQ_NUMBER | BPF_F_NO_TUNNEL_KEY;
  const [from, size, flags] = [regs[R2]! >>> 0, regs[R3]!, regs[R4]!];
  if (hasOther(regs, R4, known) || (size !== KEY_SIZE && !oldSizes.includes(size))) return -EINVAL;
  const key = new Uint8Array(KEY_SIZE);
  key.set(skb.memory.u8.subarray(from, from + size));
  const view = new DataView(key.buffer);
  const isIpv6 = (flags & BPF_F_TUNINFO_IPV6) !== 0;
  const label = view.getUint32(TUNNEL_LABEL, true);
  if ((!isIpv6 && label !== 0) || view.getUint16(TUNNEL_EXT, true) !== 0) return -EINVAL;
  skb.dst = {
    tunnelId: view.getUint32(0, true),
    isIpv6,
    isTx: true,
    source: address(key, LOCAL_IPV6, isIpv6),
    destination: address(key, 4, isIpv6),
    tos: key[20]!,
    ttl: key[21]!,
    label: isIpv6 ? label & 0xfffff : 0,
    flags: tunnelFlags(flags),
    options: new Uint8Array(0),
  };
  return 0;
}

/** @models net/core/filter.c bpf_skb_get_tunnel_opt() */
function getTunnelOpt(skb: SkBuff, regs: Int32Array): number {
  const [to, size] = [regs[R2]! >>> 0, regs[R3]!];
  const { u8 } = skb.memory;
  const info = skb.dst;
  u8.fill(0, to, to + size);
  if (info === undefined || (info.flags & OPTIONS_PRESENT) === 0) return -ENOENT;
  if (size < info.options.length) return -ENOMEM;
  u8.set(info.options, to);
  return info.options.length;
}

/** @models net/core/filter.c bpf_skb_set_tunnel_opt() */
function setTunnelOpt(skb: SkBuff, regs: Int32Array): number {
  const [from, size] = [regs[R2]! >>> 0, regs[R3]!];
  if (skb.dst?.isTx !== true || (size & 3) !== 0) return -EINVAL;
  if (size > IP_TUNNEL_OPTS_MAX) return -ENOMEM;
  skb.dst = {
    ...skb.dst,
    flags: skb.dst.flags | OPTIONS_PRESENT,
    options: skb.memory.u8.slice(from, from + size),
  };
  return 0;
}

export const tunnelHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_skb_get_tunnel_key, skbHelper(getTunnelKey)],
  [F.BPF_FUNC_skb_set_tunnel_key, skbHelper(setTunnelKey)],
  [F.BPF_FUNC_skb_get_tunnel_opt, skbHelper(getTunnelOpt)],
  [F.BPF_FUNC_skb_set_tunnel_opt, skbHelper(setTunnelOpt)],
];
