// net/core/flow_dissector.c: what is behind IP: ports, and what some protocols have beside them. A header that is not whole
// gives nothing, and is no mistake.
import type * as D from './dissector.js';
import { KEY } from './dissector.js';
import { AT } from './flow_key.js';
import * as N from './protocols.js';

const TCP_HLEN = 20;
const ICMP_HLEN = 8;
const ESP_HLEN = 8;
const AH_HLEN = 12;

/** @models net/core/flow_dissector.c __skb_flow_dissect_tcp() */
export function dissectTcp(d: D.FlowDissector): void {
  if (d.uses[KEY.TCP] === 0 || !d.fits(TCP_HLEN) || d.byte(12) >> 4 < 5) return;
  d.put16(AT.tcpFlags, d.be16(12) & 0x0fff);
}

/** @models net/core/flow_dissector.c __skb_flow_dissect_icmp() @differs nobody asks for the identifier */
export function dissectIcmp(d: D.FlowDissector): void {
  if (d.uses[KEY.ICMP] === 0 || !d.fits(ICMP_HLEN)) return;
  d.put8(AT.icmpType, d.byte(0));
  d.put8(AT.icmpCode, d.byte(1));
}

/** @models net/core/flow_dissector.c __skb_flow_dissect_l2tpv3() */
export function dissectL2tp(d: D.FlowDissector): void {
  if (d.uses[KEY.L2TPV3] !== 0 && d.fits(4)) d.take(AT.l2tpSid, 0, 4);
}

/** @models net/core/flow_dissector.c __skb_flow_dissect_esp() */
export function dissectEsp(d: D.FlowDissector): void {
  if (d.uses[KEY.IPSEC] !== 0 && d.fits(ESP_HLEN)) d.take(AT.spi, 0, 4);
}

/** @models net/core/flow_dissector.c __skb_flow_dissect_ah() */
export function dissectAh(d: D.FlowDissector): void {
  if (d.uses[KEY.IPSEC] !== 0 && d.fits(AH_HLEN)) d.take(AT.spi, 4, 4);
}

/** Where the ports are in the header; -1 when there are none. @models net/ip.h proto_ports_offset() */
function portsOffset(proto: number): number {
  switch (proto) {
    case N.IPPROTO_TCP:
    case N.IPPROTO_UDP:
    case N.IPPROTO_DCCP:
    case N.IPPROTO_ESP:
    case N.IPPROTO_SCTP:
    case N.IPPROTO_UDPLITE:
      return 0;
    case N.IPPROTO_AH:
      return 4;
    default:
      return -1;
  }
}

/** Of what has none they are 0. @models net/core/flow_dissector.c __skb_flow_dissect_ports() */
export function dissectPorts(d: D.FlowDissector): void {
  if (d.uses[KEY.PORTS] === 0 && d.uses[KEY.PORTS_RANGE] === 0) return;
  const offset = portsOffset(d.ipProto);
  const ports = offset >= 0 && d.fits(offset + 4) ? d.be32(offset) : 0;
  if (d.uses[KEY.PORTS] !== 0) d.put32(AT.portSrc, ports);
  if (d.uses[KEY.PORTS_RANGE] !== 0) d.put32(AT.portSrcMin, ports);
}
