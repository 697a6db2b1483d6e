// net/core/flow_dissector.c: keys that are not in the bytes of a packet but travel beside it: where it came in, the
// parameters of a tunnel, its hash.
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

/** @models net/core/flow_dissector.c skb_flow_dissect_tunnel_info() @differs ports of tunnels are 0: no device gives them */
export function skbFlowDissectTunnelInfo(skb: SkBuff, d: FlowDissector, key: FlowKey): void {
  const info = skb.dst;
  if (info === undefined) return;
  const { isIpv6, source, destination } = info;
  if (d.uses[KEY.ENC_CONTROL] !== 0) key.view.setUint16(AT.encAddrType, isIpv6 ? KEY.IPV6_ADDRS : KEY.IPV4_ADDRS);
  if (isIpv6 && d.uses[KEY.ENC_IPV6_ADDRS] !== 0) addresses(key, source, destination, AT.encIpv6Src);
  if (!isIpv6 && d.uses[KEY.ENC_IPV4_ADDRS] !== 0) addresses(key, source, destination, AT.encIpv4Src);
  if (d.uses[KEY.ENC_KEYID] !== 0) key.view.setUint32(AT.encKeyId, info.tunnelId);
  if (d.uses[KEY.ENC_IP] === 0) return;
  key.u8[AT.encTos] = info.tos;
  key.u8[AT.encTtl] = info.ttl;
}
