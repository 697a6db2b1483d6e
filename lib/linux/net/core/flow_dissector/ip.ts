// net/core/flow_dissector.c: IP, its extension headers, and tunnels in it. Each function looks at one header, hands over
// the keys that are wanted of it, and says how to go on.
import * as D from './dissector.js';
import { KEY } from './dissector.js';
import { AT } from './flow_key.js';
import { enteredTunnel } from './link.js';
import * as N from './protocols.js';

const IP_MF = 0x2000;
const IP_OFFSET = 0x1fff;
const IP6_OFFSET = 0xfff8;
const IPV4_HLEN = 20;
const IPV6_HLEN = 40;

/** Whether what is behind the header of a first fragment is looked into. */
function firstFragment(d: D.FlowDissector): boolean {
  d.flags |= D.FLOW_DIS_FIRST_FRAG;
  return (d.until & D.FLOW_DISSECTOR_F_PARSE_1ST_FRAG) !== 0;
}

/** @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectIpv4(d: D.FlowDissector): number {
  const header = d.fits(IPV4_HLEN) ? (d.byte(0) & 0xf) * 4 : 0;
  if (header < IPV4_HLEN) return D.OUT_BAD;
  d.ipProto = d.byte(9);
  if (d.uses[KEY.IPV4_ADDRS] !== 0) {
    d.take(AT.ipv4Src, 12, 8);
    d.addrType = KEY.IPV4_ADDRS;
  }
  if (d.uses[KEY.IP] !== 0) {
    d.put8(AT.ipTos, d.byte(1));
    d.put8(AT.ipTtl, d.byte(8));
  }
  const fragment = d.be16(6);
  d.at += header;
  if ((fragment & (IP_MF | IP_OFFSET)) === 0) return D.CONTINUE;
  d.flags |= D.FLOW_DIS_IS_FRAGMENT;
  return (fragment & IP_OFFSET) === 0 && firstFragment(d) ? D.CONTINUE : D.OUT_GOOD;
}

/** Whether the label alone is what was wanted. */
function flowLabel(d: D.FlowDissector): boolean {
  const label = d.be32(0) & 0xfffff;
  if (label === 0) return false;
  if (d.uses[KEY.FLOW_LABEL] !== 0) d.put32(AT.flowLabel, label);
  return (d.until & D.FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL) !== 0;
}

/** @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectIpv6(d: D.FlowDissector): number {
  if (!d.fits(IPV6_HLEN)) return D.OUT_BAD;
  d.ipProto = d.byte(6);
  if (d.uses[KEY.IPV6_ADDRS] !== 0) {
    d.take(AT.ipv6Src, 8, 32);
    d.addrType = KEY.IPV6_ADDRS;
  }
  const stop = flowLabel(d);
  if (!stop && d.uses[KEY.IP] !== 0) {
    d.put8(AT.ipTos, d.be16(0) >> 4);
    d.put8(AT.ipTtl, d.byte(7));
  }
  d.at += IPV6_HLEN;
  return stop ? D.OUT_GOOD : D.CONTINUE;
}

/** Hop by hop options, routing headers, options of the destination. @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectOptions(d: D.FlowDissector): number {
  if (d.proto !== N.ETH_P_IPV6) return D.CONTINUE;
  if (!d.fits(2)) return D.OUT_BAD;
  d.ipProto = d.byte(0);
  d.at += (d.byte(1) + 1) * 8;
  return D.IPPROTO_AGAIN;
}

/** @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectFragment(d: D.FlowDissector): number {
  if (d.proto !== N.ETH_P_IPV6) return D.CONTINUE;
  if (!d.fits(8)) return D.OUT_BAD;
  d.flags |= D.FLOW_DIS_IS_FRAGMENT;
  const offset = d.be16(2) & IP6_OFFSET;
  d.ipProto = d.byte(0);
  d.at += 8;
  return offset === 0 && firstFragment(d) ? D.IPPROTO_AGAIN : D.OUT_GOOD;
}

const stopsBefore = (d: D.FlowDissector): boolean => (d.until & D.FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP) !== 0;

/** IP of either version in IP. @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectIpInIp(d: D.FlowDissector, proto: number): number {
  if (stopsBefore(d)) return D.OUT_GOOD;
  d.proto = proto;
  return enteredTunnel(d);
}

const GRE_CSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQ = 0x1000;
const GRE_ACK = 0x0080;
const GRE_VERSION = 0x0007;
const GRE_PROTO_PPP = 0x880b;
const PPP_HDRLEN = 4;
const ETH_HLEN = 14;

/** Behind the base header: where the payload begins, from the start of the header; -1 when the packet ends before the key. */
function greOptions(d: D.FlowDissector, flags: number): number {
  let offset = 4;
  if ((flags & GRE_CSUM) !== 0) offset += 4;
  if ((flags & GRE_KEY) !== 0) {
    if (!d.fits(offset + 4)) return -1;
    const isPptp = (flags & GRE_VERSION) !== 0;
    if (d.uses[KEY.GRE_KEYID] !== 0) d.put32(AT.greKeyId, isPptp ? d.be32(offset) & 0xffff : d.be32(offset));
    offset += 4;
  }
  return (flags & GRE_SEQ) !== 0 ? offset + 4 : offset;
}

/** Ethernet in GRE: the payload's ethertype is in its header. */
function greEthernet(d: D.FlowDissector, offset: number): number {
  if (d.proto !== N.ETH_P_TEB) return offset;
  if (!d.fits(offset + ETH_HLEN)) return -1;
  d.proto = d.be16(offset + 12);
  return offset + ETH_HLEN;
}

function grePpp(d: D.FlowDissector, flags: number, start: number): number {
  const offset = (flags & GRE_ACK) !== 0 ? start + 4 : start;
  if (!d.fits(offset + PPP_HDRLEN)) return -1;
  const ppp = d.be16(offset + 2);
  if (ppp === N.PPP_IP) d.proto = N.ETH_P_IP;
  else if (ppp === N.PPP_IPV6) d.proto = N.ETH_P_IPV6;
  return offset + PPP_HDRLEN;
}

/** @models net/core/flow_dissector.c __skb_flow_dissect_gre() */
export function dissectGre(d: D.FlowDissector): number {
  if (stopsBefore(d)) return D.OUT_GOOD;
  if (!d.fits(4)) return D.OUT_BAD;
  const flags = d.be16(0);
  const version = flags & GRE_VERSION;
  if ((flags & GRE_ROUTING) !== 0 || version > 1) return D.OUT_GOOD;
  d.proto = d.be16(2);
  if (version === 1 && (d.proto !== GRE_PROTO_PPP || (flags & GRE_KEY) === 0)) return D.OUT_GOOD;
  const behind = greOptions(d, flags);
  if (behind < 0) return D.OUT_BAD;
  const offset = version === 0 ? greEthernet(d, behind) : grePpp(d, flags, behind);
  if (offset < 0) return D.OUT_BAD;
  d.at += offset;
  return enteredTunnel(d);
}
