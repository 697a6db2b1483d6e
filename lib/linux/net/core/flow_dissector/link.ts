// net/core/flow_dissector.c: headers between the link and IP. Each function looks at one header, hands over the keys that
// are wanted of it, and says how to go on.
import { ARPHRD_ETHER } from '../../../../uapi/linux/if_arp.js';
import * as D from './dissector.js';
import { KEY } from './dissector.js';
import { AT, MPLS_MAX } from './flow_key.js';
import * as N from './protocols.js';

const ETH_HLEN = 14;
const VLAN_HLEN = 4;

/** Only where a link header of Ethernet is: others have no addresses here. @models net/core/flow_dissector.c __skb_flow_dissect() */
export function ethAddresses(d: D.FlowDissector): void {
  const { skb, target } = d;
  if (skb.dev?.type !== ARPHRD_ETHER || !skb.macHeaderWasSet) {
    target.u8.fill(0, AT.ethDst, AT.ethSrc + 6);
    return;
  }
  const { u8 } = skb.memory;
  const from = skb.head + skb.macHeader;
  for (let i = 0; i < 12; i++) target.u8[AT.ethDst + i] = u8[from + i]!;
}

/** The outer tag may travel beside the packet. @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectVlan(d: D.FlowDissector): number {
  const tpid = d.proto;
  let tci: number;
  if (d.tags === 0 && d.skb.vlanTagPresent) {
    tci = d.skb.vlanTci;
    d.proto = d.skb.protocol;
  } else {
    if (!d.fits(VLAN_HLEN)) return D.OUT_BAD;
    tci = d.be16(0);
    d.proto = d.be16(2);
    d.at += VLAN_HLEN;
  }
  if (d.uses[KEY.NUM_OF_VLANS] !== 0 && (d.flags & D.FLOW_DIS_ENCAPSULATION) === 0) d.target.u8[AT.numOfVlans]!++;
  d.tags++;
  if (d.tags === 1 && d.uses[KEY.VLAN] !== 0) {
    d.put16(AT.vlanId, tci & 0xfff);
    d.put8(AT.vlanPrio, tci >> 13);
    d.put16(AT.vlanTpid, tpid);
    d.put16(AT.vlanEthType, d.proto);
  } else if (d.tags === 2 && d.uses[KEY.CVLAN] !== 0) {
    d.put16(AT.cvlanId, tci & 0xfff);
    d.put8(AT.cvlanPrio, tci >> 13);
    d.put16(AT.cvlanTpid, tpid);
    d.put16(AT.cvlanEthType, d.proto);
  }
  return D.PROTO_AGAIN;
}

const PPPOE_SES_HLEN = 8;
/** Version 1, type 1. */
const PPPOE_VERSION = 0x11;

/** The ethertype of what PPP carries, 0 for what is not looked into. */
const ofPpp = (proto: number): number => {
  switch (proto) {
    case N.PPP_IP:
      return N.ETH_P_IP;
    case N.PPP_IPV6:
      return N.ETH_P_IPV6;
    case N.PPP_MPLS_UC:
      return N.ETH_P_MPLS_UC;
    case N.PPP_MPLS_MC:
      return N.ETH_P_MPLS_MC;
    default:
      return 0;
  }
};

/** @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectPppoe(d: D.FlowDissector): number {
  if (!d.fits(PPPOE_SES_HLEN) || d.byte(0) !== PPPOE_VERSION || d.byte(1) !== 0) return D.OUT_BAD;
  const ppp = d.be16(6);
  const carried = ofPpp(ppp);
  if (carried === 0 && (ppp & 0x0101) !== 1) {
    d.at += PPPOE_SES_HLEN;
    return D.OUT_BAD;
  }
  if (d.uses[KEY.PPPOE] !== 0) {
    d.put16(AT.pppoeSid, d.be16(2));
    d.put16(AT.pppProto, ppp);
    d.put16(AT.pppoeType, N.ETH_P_PPP_SES);
  }
  d.at += PPPOE_SES_HLEN;
  if (carried === 0) return D.OUT_GOOD;
  d.proto = carried;
  return D.PROTO_AGAIN;
}

const TIPC_HLEN = 16;

/** @differs the messages that keep a link alive are spread at random by the kernel */
export function dissectTipc(d: D.FlowDissector): number {
  if (!d.fits(TIPC_HLEN)) return D.OUT_BAD;
  if (d.uses[KEY.TIPC] !== 0) {
    d.take(AT.tipcKey, 12, 4);
    d.addrType = KEY.TIPC;
  }
  return D.OUT_GOOD;
}

const MPLS_HLEN = 4;
const MPLS_BOTTOM = 0x100;

function mplsEntry(d: D.FlowDissector): number {
  if (d.uses[KEY.MPLS] === 0 || d.labels >= MPLS_MAX) return D.OUT_GOOD;
  if (!d.fits(MPLS_HLEN)) return D.OUT_BAD;
  d.take(AT.mpls + 4 * d.labels, 0, 4);
  d.target.u8[AT.mplsUsed]! |= 1 << d.labels;
  return (d.be16(2) & MPLS_BOTTOM) !== 0 ? D.OUT_GOOD : D.PROTO_AGAIN;
}

/** @models net/core/flow_dissector.c __skb_flow_dissect_mpls() */
export function dissectMpls(d: D.FlowDissector): number {
  const how = mplsEntry(d);
  d.at += MPLS_HLEN;
  d.labels++;
  return how;
}

const ARP_HLEN = 8;
const ARP_ETH_LEN = 20;

/** Of Ethernet and IPv4; requests and answers. */
const isKnownArp = (d: D.FlowDissector): boolean =>
  d.be16(0) === ARPHRD_ETHER &&
  d.be16(2) === N.ETH_P_IP &&
  d.byte(4) === 6 &&
  d.byte(5) === 4 &&
  (d.be16(6) === 1 || d.be16(6) === 2);

/** @models net/core/flow_dissector.c __skb_flow_dissect_arp() */
export function dissectArp(d: D.FlowDissector): number {
  if (d.uses[KEY.ARP] === 0) return D.OUT_GOOD;
  if (!d.fits(ARP_HLEN) || !isKnownArp(d) || !d.fits(ARP_HLEN + ARP_ETH_LEN)) return D.OUT_BAD;
  d.take(AT.arpSip, 14, 4);
  d.take(AT.arpTip, 24, 4);
  d.put8(AT.arpOp, d.byte(7));
  d.take(AT.arpSha, 8, 6);
  d.take(AT.arpTha, 18, 6);
  return D.OUT_GOOD;
}

/** struct batadv_unicast_packet. */
const BATADV_HLEN = 10;
const BATADV_UNICAST = 0x40;
const BATADV_COMPAT_VERSION = 15;

/** @models net/core/flow_dissector.c __skb_flow_dissect_batadv() */
export function dissectBatadv(d: D.FlowDissector): number {
  if (!d.fits(BATADV_HLEN + ETH_HLEN)) return D.OUT_BAD;
  if (d.byte(0) !== BATADV_UNICAST || d.byte(1) !== BATADV_COMPAT_VERSION) return D.OUT_BAD;
  d.proto = d.be16(BATADV_HLEN + 12);
  d.at += BATADV_HLEN + ETH_HLEN;
  return enteredTunnel(d);
}

/** Whether to go on behind the header of a tunnel. @models net/core/flow_dissector.c __skb_flow_dissect() */
export function enteredTunnel(d: D.FlowDissector): number {
  d.flags |= D.FLOW_DIS_ENCAPSULATION;
  return (d.until & D.FLOW_DISSECTOR_F_STOP_AT_ENCAP) !== 0 ? D.OUT_GOOD : D.PROTO_AGAIN;
}

const HSR_HLEN = 6;

/** @models net/core/flow_dissector.c __skb_flow_dissect() */
export function dissectHsr(d: D.FlowDissector): number {
  if (!d.fits(HSR_HLEN)) return D.OUT_BAD;
  d.proto = d.be16(4);
  d.at += HSR_HLEN;
  return D.PROTO_AGAIN;
}

const CFM_HLEN = 2;

/** @models net/core/flow_dissector.c __skb_flow_dissect_cfm() */
export function dissectCfm(d: D.FlowDissector): number {
  if (d.uses[KEY.CFM] === 0) return D.OUT_GOOD;
  if (!d.fits(CFM_HLEN)) return D.OUT_BAD;
  d.take(AT.cfmMdlVer, 0, 1);
  d.take(AT.cfmOpcode, 1, 1);
  return D.OUT_GOOD;
}

/** A header that only needs to be there. @models net/core/flow_dissector.c __skb_flow_dissect() */
export function skipHeader(d: D.FlowDissector, size: number): number {
  if (!d.fits(size)) return D.OUT_BAD;
  d.at += size;
  return D.OUT_GOOD;
}
