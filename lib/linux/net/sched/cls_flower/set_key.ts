// net/sched/cls_flower.c fl_set_key(): what a request says a packet must be. Which attributes are looked at depends on
// the protocols given before; the others are ignored.
import type { Nla } from '../../../../codec/nla.js';
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { changeIndev } from '../cls_api/flags.js';
import type { TcRequest } from '../sch_api/request.js';
import { KEY } from '../../core/flow_dissector/dissector.js';
import { type Field, FlowKey } from '../../core/flow_dissector/flow_key.js';
import * as N from '../../core/flow_dissector/protocols.js';
import { ethTypeVlan } from '../../core/skbuff/vlan.js';
import { setCfm } from './cfm.js';
import { setCt } from './ct.js';
import { setEncOpts } from './enc_opts.js';
import { type FlowMatch, refuseKey, setKeyVal } from './match.js';
import { setMpls } from './mpls.js';
import { ethertypeOfPpp, portNames, VLAN_PRIORITY_MASK, VLAN_VID_MASK } from './protocols.js';

const F = P.TCA_FLOWER;
type Attribute = Exclude<keyof typeof F, `$${string}`>;

const FRAGMENT_FLAGS = P.TCA_FLOWER_KEY_FLAGS_IS_FRAGMENT | P.TCA_FLOWER_KEY_FLAGS_FRAG_IS_FIRST;
const TUNNEL_FLAGS =
  P.TCA_FLOWER_KEY_FLAGS_TUNNEL_CSUM |
  P.TCA_FLOWER_KEY_FLAGS_TUNNEL_DONT_FRAGMENT |
  P.TCA_FLOWER_KEY_FLAGS_TUNNEL_OAM |
  P.TCA_FLOWER_KEY_FLAGS_TUNNEL_CRIT_OPT;

class KeyReader {
  readonly key = new FlowKey();
  readonly mask = new FlowKey();
  readonly #t: TcRequest;
  readonly #options: Nla;
  readonly #nla: readonly (Nla | undefined)[];

  constructor(t: TcRequest, options: Nla, nla: readonly (Nla | undefined)[]) {
    this.#t = t;
    this.#options = options;
    this.#nla = nla;
  }

  #of(attribute: Attribute): Nla | undefined {
    return this.#nla[F[attribute].type];
  }

  #refuse(text: string, nla?: Nla): never {
    const { extack } = this.#t.request;
    refuseKey(extack, EINVAL, text, nla);
  }

  #take(field: Field, value: Attribute, mask?: Attribute): void {
    setKeyVal(this, field, this.#of(value), mask === undefined ? undefined : this.#of(mask));
  }

  #exactly(field: Field, value: number): void {
    this.key.set(field, value);
    this.mask.fill(field, 0xff);
  }

  read(): FlowMatch {
    const { extack } = this.#t.request;
    this.#link();
    this.#vlans();
    if (this.key.get('ethType') === N.ETH_P_PPP_SES) this.#pppoe();
    this.#ip();
    this.#addresses();
    this.#transport();
    this.#spi();
    this.#tunnel();
    this.#take('hash', 'KEY_HASH', 'KEY_HASH_MASK');
    if (this.#of('KEY_ENC_OPTS') !== undefined) setEncOpts(this, this.#nla, extack, this.#lastOption);
    setCt(this, this.#nla, extack, this.#t.request.machine.config.conntrackZones);
    if (this.#of('KEY_FLAGS') !== undefined) this.#flags('flags', 'KEY_FLAGS', 'KEY_FLAGS_MASK', FRAGMENT_FLAGS);
    if (this.#of('KEY_ENC_FLAGS') !== undefined)
      this.#flags('encFlags', 'KEY_ENC_FLAGS', 'KEY_ENC_FLAGS_MASK', TUNNEL_FLAGS);
    return this;
  }

  get #lastOption(): number {
    const { PFCP, GTP } = P.TCA_FLOWER_KEY_ENC_OPTS;
    return this.#t.request.machine.has('flower-later-keys') ? PFCP.type : GTP.type;
  }

  #link(): void {
    const indev = this.#of('INDEV');
    if (indev !== undefined) this.#exactly('ifindex', changeIndev(this.#t.net, indev, this.#t.request.extack));
    this.#take('l2Miss', 'L2_MISS');
    this.#take('ethDst', 'KEY_ETH_DST', 'KEY_ETH_DST_MASK');
    this.#take('ethSrc', 'KEY_ETH_SRC', 'KEY_ETH_SRC_MASK');
    this.#take('numOfVlans', 'KEY_NUM_OF_VLANS');
  }

  /** The ethertype of a tag, 0 when it may be any; undefined when there is none: what is given names the payload. */
  #tag(attribute: Attribute, tagsBefore: number): number | undefined {
    const counted = this.key.get('numOfVlans') > tagsBefore;
    const ethertype = this.#of(attribute)?.be16();
    if (ethertype === undefined) return counted ? 0 : undefined;
    if (counted || ethTypeVlan(ethertype)) return ethertype;
    this.#exactly('ethType', ethertype);
    return undefined;
  }

  #vlans(): void {
    const outer = this.#tag('KEY_ETH_TYPE', 0);
    if (outer === undefined) return;
    this.#vlan('vlan', outer, 'KEY_VLAN_ID', 'KEY_VLAN_PRIO', 'KEY_VLAN_ETH_TYPE');
    const inner = this.#tag('KEY_VLAN_ETH_TYPE', 1);
    if (inner === undefined) return;
    this.#vlan('cvlan', inner, 'KEY_CVLAN_ID', 'KEY_CVLAN_PRIO', 'KEY_CVLAN_ETH_TYPE');
    this.#take('ethType', 'KEY_CVLAN_ETH_TYPE');
  }

  /** @models net/sched/cls_flower.c fl_set_key_vlan() */
  #vlan(tag: 'vlan' | 'cvlan', ethertype: number, id: Attribute, prio: Attribute, next: Attribute): void {
    const vid = this.#of(id);
    if (vid !== undefined) {
      this.key.set(`${tag}Id`, vid.u16() & VLAN_VID_MASK);
      this.mask.set(`${tag}Id`, VLAN_VID_MASK);
    }
    const priority = this.#of(prio);
    if (priority !== undefined) {
      this.key.set(`${tag}Prio`, priority.u8() & VLAN_PRIORITY_MASK);
      this.mask.set(`${tag}Prio`, VLAN_PRIORITY_MASK);
    }
    if (ethertype !== 0) this.#exactly(`${tag}Tpid`, ethertype);
    this.#take(`${tag}EthType`, next);
  }

  /** The session's payload takes the place of the ethertype. @models net/sched/cls_flower.c fl_set_key_pppoe() */
  #pppoe(): void {
    this.#exactly('pppoeType', N.ETH_P_PPP_SES);
    this.#take('pppoeSid', 'KEY_PPPOE_SID');
    this.#take('pppProto', 'KEY_PPP_PROTO');
    if (!this.mask.has('pppProto')) {
      this.key.fill('ethType', 0);
      this.mask.fill('ethType', 0);
      return;
    }
    const payload = ethertypeOfPpp.get(this.key.get('pppProto'));
    if (payload !== undefined) this.#exactly('ethType', payload);
  }

  #isIp(): boolean {
    return this.key.get('ethType') === N.ETH_P_IP || this.key.get('ethType') === N.ETH_P_IPV6;
  }

  #ip(): void {
    if (!this.#isIp()) return;
    this.#take('ipProto', 'KEY_IP_PROTO');
    this.#take('ipTos', 'KEY_IP_TOS', 'KEY_IP_TOS_MASK');
    this.#take('ipTtl', 'KEY_IP_TTL', 'KEY_IP_TTL_MASK');
  }

  #addresses(): void {
    if (this.#of('KEY_IPV4_SRC') !== undefined || this.#of('KEY_IPV4_DST') !== undefined) {
      this.key.set('addrType', KEY.IPV4_ADDRS);
      this.mask.fill('addrType', 0xff);
      this.#take('ipv4Src', 'KEY_IPV4_SRC', 'KEY_IPV4_SRC_MASK');
      this.#take('ipv4Dst', 'KEY_IPV4_DST', 'KEY_IPV4_DST_MASK');
    } else if (this.#of('KEY_IPV6_SRC') !== undefined || this.#of('KEY_IPV6_DST') !== undefined) {
      this.key.set('addrType', KEY.IPV6_ADDRS);
      this.mask.fill('addrType', 0xff);
      this.#take('ipv6Src', 'KEY_IPV6_SRC', 'KEY_IPV6_SRC_MASK');
      this.#take('ipv6Dst', 'KEY_IPV6_DST', 'KEY_IPV6_DST_MASK');
    }
  }

  #ports(name: 'TCP' | 'UDP' | 'SCTP'): void {
    this.#take('portSrc', `KEY_${name}_SRC`, `KEY_${name}_SRC_MASK`);
    this.#take('portDst', `KEY_${name}_DST`, `KEY_${name}_DST_MASK`);
    if (name === 'TCP') this.#take('tcpFlags', 'KEY_TCP_FLAGS', 'KEY_TCP_FLAGS_MASK');
    this.#portRanges();
  }

  #transport(): void {
    const proto = this.key.get('ipProto');
    const ethType = this.key.get('ethType');
    const { extack } = this.#t.request;
    const ports = portNames.get(proto);
    if (ports !== undefined) this.#ports(ports);
    else if (ethType === N.ETH_P_IP && proto === N.IPPROTO_ICMP) this.#icmp('ICMPV4');
    else if (ethType === N.ETH_P_IPV6 && proto === N.IPPROTO_ICMPV6) this.#icmp('ICMPV6');
    else if (ethType === N.ETH_P_MPLS_UC || ethType === N.ETH_P_MPLS_MC) setMpls(this, this.#nla, extack);
    else if (ethType === N.ETH_P_ARP || ethType === N.ETH_P_RARP) this.#arp();
    else if (proto === N.IPPROTO_L2TP) this.#take('l2tpSid', 'KEY_L2TPV3_SID');
    else if (ethType === N.ETH_P_CFM) setCfm(this, this.#of('KEY_CFM'), extack);
  }

  #icmp(name: 'ICMPV4' | 'ICMPV6'): void {
    this.#take('icmpType', `KEY_${name}_TYPE`, `KEY_${name}_TYPE_MASK`);
    this.#take('icmpCode', `KEY_${name}_CODE`, `KEY_${name}_CODE_MASK`);
  }

  #arp(): void {
    this.#take('arpSip', 'KEY_ARP_SIP', 'KEY_ARP_SIP_MASK');
    this.#take('arpTip', 'KEY_ARP_TIP', 'KEY_ARP_TIP_MASK');
    this.#take('arpOp', 'KEY_ARP_OP', 'KEY_ARP_OP_MASK');
    this.#take('arpSha', 'KEY_ARP_SHA', 'KEY_ARP_SHA_MASK');
    this.#take('arpTha', 'KEY_ARP_THA', 'KEY_ARP_THA_MASK');
  }

  /** @models net/sched/cls_flower.c fl_set_key_port_range() */
  #portRanges(): void {
    this.#take('portDstMin', 'KEY_PORT_DST_MIN');
    this.#take('portDstMax', 'KEY_PORT_DST_MAX');
    this.#take('portSrcMin', 'KEY_PORT_SRC_MIN');
    this.#take('portSrcMax', 'KEY_PORT_SRC_MAX');
    const { key, mask } = this;
    if (mask.has('portDstMin') !== mask.has('portDstMax'))
      this.#refuse('Both min and max destination ports must be specified');
    if (mask.has('portSrcMin') !== mask.has('portSrcMax'))
      this.#refuse('Both min and max source ports must be specified');
    const order = '(min must be strictly smaller than max)';
    if (mask.has('portDstMin') && key.get('portDstMax') <= key.get('portDstMin'))
      this.#refuse(`Invalid destination port range ${order}`, this.#of('KEY_PORT_DST_MIN'));
    if (mask.has('portSrcMin') && key.get('portSrcMax') <= key.get('portSrcMin'))
      this.#refuse(`Invalid source port range ${order}`, this.#of('KEY_PORT_SRC_MIN'));
  }

  /** @models net/sched/cls_flower.c fl_set_key_spi() */
  #spi(): void {
    if (this.#of('KEY_SPI') === undefined) return;
    const proto = this.key.get('ipProto');
    if (proto !== N.IPPROTO_ESP && proto !== N.IPPROTO_AH) this.#refuse('Protocol must be either ESP or AH');
    this.#take('spi', 'KEY_SPI', 'KEY_SPI_MASK');
  }

  #tunnel(): void {
    if (this.#of('KEY_ENC_IPV4_SRC') !== undefined || this.#of('KEY_ENC_IPV4_DST') !== undefined) {
      this.key.set('encAddrType', KEY.IPV4_ADDRS);
      this.mask.fill('encAddrType', 0xff);
      this.#take('encIpv4Src', 'KEY_ENC_IPV4_SRC', 'KEY_ENC_IPV4_SRC_MASK');
      this.#take('encIpv4Dst', 'KEY_ENC_IPV4_DST', 'KEY_ENC_IPV4_DST_MASK');
    }
    if (this.#of('KEY_ENC_IPV6_SRC') !== undefined || this.#of('KEY_ENC_IPV6_DST') !== undefined) {
      this.key.set('encAddrType', KEY.IPV6_ADDRS);
      this.mask.fill('encAddrType', 0xff);
      this.#take('encIpv6Src', 'KEY_ENC_IPV6_SRC', 'KEY_ENC_IPV6_SRC_MASK');
      this.#take('encIpv6Dst', 'KEY_ENC_IPV6_DST', 'KEY_ENC_IPV6_DST_MASK');
    }
    this.#take('encKeyId', 'KEY_ENC_KEY_ID');
    this.#take('encPortSrc', 'KEY_ENC_UDP_SRC_PORT', 'KEY_ENC_UDP_SRC_PORT_MASK');
    this.#take('encPortDst', 'KEY_ENC_UDP_DST_PORT', 'KEY_ENC_UDP_DST_PORT_MASK');
    this.#take('encTos', 'KEY_ENC_IP_TOS', 'KEY_ENC_IP_TOS_MASK');
    this.#take('encTtl', 'KEY_ENC_IP_TTL', 'KEY_ENC_IP_TTL_MASK');
  }

  /** Bits that the packet parser knows; a mask is mandatory. @models net/sched/cls_flower.c fl_set_key_flags() */
  #flags(field: Field, value: Attribute, bits: Attribute, known: number): void {
    const { extack, machine } = this.#t.request;
    const given = this.#of(bits);
    if (given === undefined) {
      if (machine.has('flower-later-keys')) {
        extack.missType = F[bits].type;
        extack.missNest = this.#options.off;
      }
      this.#refuse('Missing flags mask');
    }
    const mask = given.msg.view.getUint32(given.start) & known;
    const flags = this.#of(value)!;
    this.mask.set(field, mask);
    this.key.set(field, flags.msg.view.getUint32(flags.start) & mask);
  }
}

/**
 * What a packet must be.
 *
 * @models net/sched/cls_flower.c fl_set_key()
 */
export function setKey(t: TcRequest, options: Nla, nla: readonly (Nla | undefined)[]): FlowMatch {
  const { key, mask } = new KeyReader(t, options, nla).read();
  return { key, mask };
}
