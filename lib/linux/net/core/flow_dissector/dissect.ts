// net/core/flow_dissector.c __skb_flow_dissect(): goes from header to header, hands over the keys that are wanted, and says
// whether the packet was understood to where it was looked into. Keys that a packet has not stay as they were: whoever asks
// clears them before. What was found last is told of a packet that was not understood, too.
import type { SkBuff } from '../skbuff/sk_buff.js';
import * as D from './dissector.js';
import { AT, type FlowKey } from './flow_key.js';
import * as I from './ip.js';
import * as K from './link.js';
import * as N from './protocols.js';
import * as T from './transport.js';

/** Most headers of one packet. */
const MAX_FLOW_DISSECT_HDRS = 15;
const FCOE_HEADER_LEN = 38;
const PTP_HEADER_LEN = 34;

function dissectProto(d: D.FlowDissector): number {
  switch (d.proto) {
    case N.ETH_P_IP:
      return I.dissectIpv4(d);
    case N.ETH_P_IPV6:
      return I.dissectIpv6(d);
    case N.ETH_P_8021AD:
    case N.ETH_P_8021Q:
      return K.dissectVlan(d);
    case N.ETH_P_PPP_SES:
      return K.dissectPppoe(d);
    case N.ETH_P_TIPC:
      return K.dissectTipc(d);
    case N.ETH_P_MPLS_UC:
    case N.ETH_P_MPLS_MC:
      return K.dissectMpls(d);
    case N.ETH_P_FCOE:
      return K.skipHeader(d, FCOE_HEADER_LEN);
    case N.ETH_P_ARP:
    case N.ETH_P_RARP:
      return K.dissectArp(d);
    case N.ETH_P_BATMAN:
      return K.dissectBatadv(d);
    case N.ETH_P_1588:
      return K.skipHeader(d, PTP_HEADER_LEN);
    case N.ETH_P_PRP:
    case N.ETH_P_HSR:
      return K.dissectHsr(d);
    case N.ETH_P_CFM:
      return K.dissectCfm(d);
    default:
      return D.OUT_BAD;
  }
}

/** Protocols that end the way: there is nothing behind them to look into. */
function dissectLast(d: D.FlowDissector): void {
  switch (d.ipProto) {
    case N.IPPROTO_TCP: {
      T.dissectTcp(d);
      return;
    }
    case N.IPPROTO_ICMP:
    case N.IPPROTO_ICMPV6: {
      T.dissectIcmp(d);
      return;
    }
    case N.IPPROTO_L2TP: {
      T.dissectL2tp(d);
      return;
    }
    case N.IPPROTO_ESP: {
      T.dissectEsp(d);
      return;
    }
    case N.IPPROTO_AH: {
      T.dissectAh(d);
      return;
    }
    default:
  }
}

function dissectNext(d: D.FlowDissector): number {
  switch (d.ipProto) {
    case N.IPPROTO_GRE:
      return I.dissectGre(d);
    case N.NEXTHDR_HOP:
    case N.NEXTHDR_ROUTING:
    case N.NEXTHDR_DEST:
      return I.dissectOptions(d);
    case N.NEXTHDR_FRAGMENT:
      return I.dissectFragment(d);
    case N.IPPROTO_IPIP:
      return I.dissectIpInIp(d, N.ETH_P_IP);
    case N.IPPROTO_IPV6:
      return I.dissectIpInIp(d, N.ETH_P_IPV6);
    case N.IPPROTO_MPLS:
      d.proto = N.ETH_P_MPLS_UC;
      return D.PROTO_AGAIN;
    default:
      dissectLast(d);
      return D.CONTINUE;
  }
}

function dissectIpProto(d: D.FlowDissector): number {
  const how = dissectNext(d);
  if ((d.flags & D.FLOW_DIS_IS_FRAGMENT) === 0) T.dissectPorts(d);
  return how;
}

/** Header by header; whether all were understood. */
function headers(d: D.FlowDissector): boolean {
  for (let isNetwork = true; ;) {
    const how: number = isNetwork ? dissectProto(d) : dissectIpProto(d);
    if (how === D.OUT_BAD) return false;
    if (how === D.CONTINUE && isNetwork) {
      isNetwork = false;
      continue;
    }
    if (how === D.OUT_GOOD || how === D.CONTINUE) return true;
    if (++d.headers > MAX_FLOW_DISSECT_HDRS) return true;
    isNetwork = how === D.PROTO_AGAIN;
  }
}

/**
 * Looks into a packet until FLOW_DISSECTOR_F_* of `until` say stop.
 *
 * @models net/core/flow_dissector.c __skb_flow_dissect()
 * @differs one layout of keys for all; no programs of type flow_dissector, which cannot be attached here; no DSA
 */
export function skbFlowDissect(skb: SkBuff, d: D.FlowDissector, target: FlowKey, until: number): boolean {
  d.begin(skb, target, until);
  if (d.uses[D.KEY.ETH_ADDRS] !== 0) K.ethAddresses(d);
  if (d.uses[D.KEY.NUM_OF_VLANS] !== 0) d.put8(AT.numOfVlans, 0);
  const good = headers(d);
  const thoff = d.at < 0 ? d.length : Math.min(d.at, d.length);
  d.put32(AT.flags, d.flags);
  d.put16(AT.addrType, d.addrType);
  d.put16(AT.ethType, d.proto);
  d.put8(AT.ipProto, d.ipProto);
  d.put32(AT.thoff, Math.min(thoff, 0xffff));
  return good && thoff <= 0xffff;
}
