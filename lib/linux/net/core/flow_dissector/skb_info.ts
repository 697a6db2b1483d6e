// net/core/flow_dissector.c: keys that are not in the bytes of a packet but travel beside it: where it came in, the
// parameters of a tunnel, its hash.
import {
  TCA_FLOWER_KEY_FLAGS_TUNNEL_CRIT_OPT,
  TCA_FLOWER_KEY_FLAGS_TUNNEL_CSUM,
  TCA_FLOWER_KEY_FLAGS_TUNNEL_DONT_FRAGMENT,
  TCA_FLOWER_KEY_FLAGS_TUNNEL_OAM,
} from '../../../../uapi/linux/pkt_cls.js';
import type { MetadataDst } from '../skbuff/metadata_dst.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { type FlowDissector, KEY } from './dissector.js';
import { AT, type FlowKey } from './flow_key.js';

/** @models net/core/flow_dissector.c skb_flow_dissect_meta() */
export function skbFlowDissectMeta(skb: SkBuff, d: FlowDissector, key: FlowKey): void {
  if (d.uses[KEY.META] !== 0) key.view.setUint32(AT.ifindex, skb.skbIif);
}

/** The hash it has; none is made. @models net/core/flow_dissector.c skb_flow_dissect_hash() */
export function skbFlowDissectHash(skb: SkBuff, d: FlowDissector, key: FlowKey): void {
  if (d.uses[KEY.HASH] !== 0) key.view.setUint32(AT.hash, skb.hash, true);
}

function addresses(key: FlowKey, source: Uint8Array, destination: Uint8Array, at: number): void {
  key.u8.set(source, at);
  key.u8.set(destination, at + source.length);
}

/** Bits of the parameters of a tunnel: IP_TUNNEL_*_BIT. */
const TUNNEL_CSUM = 0x0001;
const TUNNEL_DONT_FRAGMENT = 0x0100;
const TUNNEL_OAM = 0x0200;
const TUNNEL_CRIT_OPT = 0x0400;
const GENEVE_OPT_BIT = 11;
const VXLAN_OPT_BIT = 12;
const ERSPAN_OPT_BIT = 14;
const GTP_OPT_BIT = 15;

/** FLOW_DIS_F_TUNNEL_* */
const controlFlags = (flags: number): number =>
  ((flags & TUNNEL_CSUM) === 0 ? 0 : TCA_FLOWER_KEY_FLAGS_TUNNEL_CSUM) |
  ((flags & TUNNEL_DONT_FRAGMENT) === 0 ? 0 : TCA_FLOWER_KEY_FLAGS_TUNNEL_DONT_FRAGMENT) |
  ((flags & TUNNEL_OAM) === 0 ? 0 : TCA_FLOWER_KEY_FLAGS_TUNNEL_OAM) |
  ((flags & TUNNEL_CRIT_OPT) === 0 ? 0 : TCA_FLOWER_KEY_FLAGS_TUNNEL_CRIT_OPT);

/** The first kind of options that the flags name. */
function optionsType(flags: number): number {
  for (let bit = GENEVE_OPT_BIT; bit <= GTP_OPT_BIT; bit++)
    if ((bit <= VXLAN_OPT_BIT || bit >= ERSPAN_OPT_BIT) && (flags & (1 << bit)) !== 0) return bit;
  return 0;
}

function tunnelAddresses(d: FlowDissector, key: FlowKey, info: MetadataDst): void {
  const { isIpv6, source, destination } = info;
  if (d.uses[KEY.ENC_CONTROL] !== 0) {
    key.view.setUint16(AT.encAddrType, isIpv6 ? KEY.IPV6_ADDRS : KEY.IPV4_ADDRS);
    key.view.setUint32(AT.encFlags, controlFlags(info.flags));
  }
  if (isIpv6 && d.uses[KEY.ENC_IPV6_ADDRS] !== 0) addresses(key, source, destination, AT.encIpv6Src);
  if (!isIpv6 && d.uses[KEY.ENC_IPV4_ADDRS] !== 0) addresses(key, source, destination, AT.encIpv4Src);
}

/** @models net/core/flow_dissector.c skb_flow_dissect_tunnel_info() @differs ports of tunnels are 0: no device gives them */
export function skbFlowDissectTunnelInfo(skb: SkBuff, d: FlowDissector, key: FlowKey): void {
  const info = skb.dst;
  if (info === undefined) return;
  tunnelAddresses(d, key, info);
  if (d.uses[KEY.ENC_KEYID] !== 0) key.view.setUint32(AT.encKeyId, info.tunnelId);
  if (d.uses[KEY.ENC_IP] !== 0) {
    key.u8[AT.encTos] = info.tos;
    key.u8[AT.encTtl] = info.ttl;
  }
  if (d.uses[KEY.ENC_OPTS] === 0 || info.options.length === 0) return;
  key.u8.set(info.options, AT.encOpts);
  key.u8[AT.encOptsLen] = info.options.length;
  key.u8[AT.encOptsType] = optionsType(info.flags);
}
