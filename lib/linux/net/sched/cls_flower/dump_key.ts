// net/sched/cls_flower.c fl_dump_key(): a key as attributes again. What the mask does not look at is not shown.
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { devGetByIndex } from '../../core/dev/table.js';
import type { Net } from '../../core/net_namespace.js';
import type { MessageWriter } from '../../netlink/message.js';
import { KEY } from '../../core/flow_dissector/dissector.js';
import type { Field } from '../../core/flow_dissector/flow_key.js';
import * as N from '../../core/flow_dissector/protocols.js';
import { portNames } from './protocols.js';
import type { FlowMatch } from './match.js';
import { dumpCfm } from './cfm.js';
import { dumpEncOpts } from './enc_opts_dump.js';
import { dumpMpls } from './mpls.js';

const F = P.TCA_FLOWER;
type Attribute = Exclude<keyof typeof F, `$${string}`>;

class KeyWriter {
  readonly #skb: MessageWriter;
  readonly #match: FlowMatch;

  constructor(skb: MessageWriter, match: FlowMatch) {
    this.#skb = skb;
    this.#match = match;
  }

  /** A value, and its mask where that has an attribute. @models net/sched/cls_flower.c fl_dump_key_val() */
  #put(field: Field, value: Attribute, mask?: Attribute): void {
    const { key, mask: bits } = this.#match;
    if (!bits.has(field)) return;
    this.#skb.putRaw(F[value].type, key.bytes(field));
    if (mask !== undefined) this.#skb.putRaw(F[mask].type, bits.bytes(field));
  }

  write(net: Net): void {
    const { key, mask } = this.#match;
    const indev = mask.has('ifindex') ? devGetByIndex(net, key.get('ifindex')) : undefined;
    if (indev !== undefined) this.#skb.put(F.INDEV, indev.name);
    this.#put('l2Miss', 'L2_MISS');
    this.#put('ethDst', 'KEY_ETH_DST', 'KEY_ETH_DST_MASK');
    this.#put('ethSrc', 'KEY_ETH_SRC', 'KEY_ETH_SRC_MASK');
    this.#put('ethType', 'KEY_ETH_TYPE');
    this.#put('numOfVlans', 'KEY_NUM_OF_VLANS');
    dumpMpls(this.#skb, this.#match);
    this.#vlans();
    this.#network();
    this.#transport();
    this.#tunnel();
    this.#connection();
    this.#put('flags', 'KEY_FLAGS', 'KEY_FLAGS_MASK');
    this.#put('hash', 'KEY_HASH', 'KEY_HASH_MASK');
    dumpCfm(this.#skb, this.#match);
    this.#put('encFlags', 'KEY_ENC_FLAGS', 'KEY_ENC_FLAGS_MASK');
  }

  /** @models net/sched/cls_flower.c fl_dump_key_vlan() */
  #vlan(tag: 'vlan' | 'cvlan', id: Attribute, prio: Attribute): void {
    const { key, mask } = this.#match;
    if (mask.has(`${tag}Id`)) {
      const at = this.#skb.reserveAttr(F[id].type, 2);
      this.#skb.buffer.view.setUint16(at, key.get(`${tag}Id`), true);
    }
    this.#put(`${tag}Prio`, prio);
  }

  #vlans(): void {
    const { mask } = this.#match;
    this.#vlan('vlan', 'KEY_VLAN_ID', 'KEY_VLAN_PRIO');
    this.#vlan('cvlan', 'KEY_CVLAN_ID', 'KEY_CVLAN_PRIO');
    this.#put('cvlanTpid', 'KEY_VLAN_ETH_TYPE');
    if (!mask.has('ethType')) return;
    if (mask.has('cvlanEthType')) this.#put('ethType', 'KEY_CVLAN_ETH_TYPE');
    else this.#put('vlanEthType', 'KEY_VLAN_ETH_TYPE');
  }

  #network(): void {
    const { key, mask } = this.#match;
    if (key.get('ethType') === N.ETH_P_IP || key.get('ethType') === N.ETH_P_IPV6) {
      this.#put('ipProto', 'KEY_IP_PROTO');
      this.#put('ipTos', 'KEY_IP_TOS', 'KEY_IP_TOS_MASK');
      this.#put('ipTtl', 'KEY_IP_TTL', 'KEY_IP_TTL_MASK');
    }
    this.#put('pppoeSid', 'KEY_PPPOE_SID');
    if (mask.has('ethType')) this.#put('pppProto', 'KEY_PPP_PROTO');
    if (key.get('addrType') === KEY.IPV4_ADDRS) {
      this.#put('ipv4Src', 'KEY_IPV4_SRC', 'KEY_IPV4_SRC_MASK');
      this.#put('ipv4Dst', 'KEY_IPV4_DST', 'KEY_IPV4_DST_MASK');
    } else if (key.get('addrType') === KEY.IPV6_ADDRS) {
      this.#put('ipv6Src', 'KEY_IPV6_SRC', 'KEY_IPV6_SRC_MASK');
      this.#put('ipv6Dst', 'KEY_IPV6_DST', 'KEY_IPV6_DST_MASK');
    }
  }

  /** Only one of these has fields: setKey() fills no other. */
  #transport(): void {
    const { key } = this.#match;
    const ports = portNames.get(key.get('ipProto'));
    if (ports !== undefined) this.#ports(ports);
    const icmp = key.get('ethType') === N.ETH_P_IP ? 'ICMPV4' : 'ICMPV6';
    this.#put('icmpType', `KEY_${icmp}_TYPE`, `KEY_${icmp}_TYPE_MASK`);
    this.#put('icmpCode', `KEY_${icmp}_CODE`, `KEY_${icmp}_CODE_MASK`);
    this.#put('arpSip', 'KEY_ARP_SIP', 'KEY_ARP_SIP_MASK');
    this.#put('arpTip', 'KEY_ARP_TIP', 'KEY_ARP_TIP_MASK');
    this.#put('arpOp', 'KEY_ARP_OP', 'KEY_ARP_OP_MASK');
    this.#put('arpSha', 'KEY_ARP_SHA', 'KEY_ARP_SHA_MASK');
    this.#put('arpTha', 'KEY_ARP_THA', 'KEY_ARP_THA_MASK');
    this.#put('l2tpSid', 'KEY_L2TPV3_SID');
    if (key.has('spi')) this.#put('spi', 'KEY_SPI', 'KEY_SPI_MASK');
    if (ports !== undefined) this.#portRanges();
  }

  #ports(name: 'TCP' | 'UDP' | 'SCTP'): void {
    this.#put('portSrc', `KEY_${name}_SRC`, `KEY_${name}_SRC_MASK`);
    this.#put('portDst', `KEY_${name}_DST`, `KEY_${name}_DST_MASK`);
    if (name === 'TCP') this.#put('tcpFlags', 'KEY_TCP_FLAGS', 'KEY_TCP_FLAGS_MASK');
  }

  /** @models net/sched/cls_flower.c fl_dump_key_port_range() */
  #portRanges(): void {
    this.#put('portDstMin', 'KEY_PORT_DST_MIN');
    this.#put('portDstMax', 'KEY_PORT_DST_MAX');
    this.#put('portSrcMin', 'KEY_PORT_SRC_MIN');
    this.#put('portSrcMax', 'KEY_PORT_SRC_MAX');
  }

  #tunnel(): void {
    const { key } = this.#match;
    if (key.get('encAddrType') === KEY.IPV4_ADDRS) {
      this.#put('encIpv4Src', 'KEY_ENC_IPV4_SRC', 'KEY_ENC_IPV4_SRC_MASK');
      this.#put('encIpv4Dst', 'KEY_ENC_IPV4_DST', 'KEY_ENC_IPV4_DST_MASK');
    } else if (key.get('encAddrType') === KEY.IPV6_ADDRS) {
      this.#put('encIpv6Src', 'KEY_ENC_IPV6_SRC', 'KEY_ENC_IPV6_SRC_MASK');
      this.#put('encIpv6Dst', 'KEY_ENC_IPV6_DST', 'KEY_ENC_IPV6_DST_MASK');
    }
    this.#put('encKeyId', 'KEY_ENC_KEY_ID');
    this.#put('encPortSrc', 'KEY_ENC_UDP_SRC_PORT', 'KEY_ENC_UDP_SRC_PORT_MASK');
    this.#put('encPortDst', 'KEY_ENC_UDP_DST_PORT', 'KEY_ENC_UDP_DST_PORT_MASK');
    this.#put('encTos', 'KEY_ENC_IP_TOS', 'KEY_ENC_IP_TOS_MASK');
    this.#put('encTtl', 'KEY_ENC_IP_TTL', 'KEY_ENC_IP_TTL_MASK');
    dumpEncOpts(this.#skb, this.#match);
  }

  /** @models net/sched/cls_flower.c fl_dump_key_ct() */
  #connection(): void {
    this.#put('ctState', 'KEY_CT_STATE', 'KEY_CT_STATE_MASK');
    this.#put('ctZone', 'KEY_CT_ZONE', 'KEY_CT_ZONE_MASK');
    this.#put('ctMark', 'KEY_CT_MARK', 'KEY_CT_MARK_MASK');
    this.#put('ctLabels', 'KEY_CT_LABELS', 'KEY_CT_LABELS_MASK');
  }
}

/** @models net/sched/cls_flower.c fl_dump_key() */
export function dumpKey(skb: MessageWriter, net: Net, match: FlowMatch): void {
  new KeyWriter(skb, match).write(net);
}
