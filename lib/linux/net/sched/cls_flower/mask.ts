// net/sched/cls_flower.c struct fl_flow_mask: the filters of one tcf_proto that look at the same bits of the same keys. A
// packet is looked into once for each mask, and its keys, masked, find the filter in a hash table. Ranges of ports are no
// such keys: there the filters are asked one after the other. Nothing is made for a packet.
import { FlowDissector, KEY } from '../../core/flow_dissector/dissector.js';
import { AT, type Field, FlowKey } from '../../core/flow_dissector/flow_key.js';
import type { FlowerFilter } from './filter.js';

/** Which keys have to be found where a mask looks at one of these fields. */
const keysOf: readonly (readonly [key: number, ...fields: Field[]])[] = [
  [KEY.META, 'ifindex', 'l2Miss'],
  [KEY.ETH_ADDRS, 'ethDst', 'ethSrc'],
  [KEY.IPV4_ADDRS, 'ipv4Src', 'ipv4Dst'],
  [KEY.IPV6_ADDRS, 'ipv6Src', 'ipv6Dst'],
  [KEY.PORTS, 'portSrc', 'portDst'],
  [KEY.PORTS_RANGE, 'portSrcMin', 'portDstMin', 'portSrcMax', 'portDstMax'],
  [KEY.IP, 'ipTos', 'ipTtl'],
  [KEY.TCP, 'tcpFlags'],
  [KEY.ICMP, 'icmpType', 'icmpCode'],
  [KEY.ARP, 'arpSip', 'arpTip', 'arpOp', 'arpSha', 'arpTha'],
  [KEY.MPLS, 'mpls', 'mplsUsed'],
  [KEY.VLAN, 'vlanId', 'vlanPrio', 'vlanTpid', 'vlanEthType'],
  [KEY.CVLAN, 'cvlanId', 'cvlanPrio', 'cvlanTpid', 'cvlanEthType'],
  [KEY.ENC_KEYID, 'encKeyId'],
  [KEY.ENC_IPV4_ADDRS, 'encIpv4Src', 'encIpv4Dst'],
  [KEY.ENC_IPV6_ADDRS, 'encIpv6Src', 'encIpv6Dst'],
  [KEY.ENC_CONTROL, 'encIpv6Src', 'encIpv6Dst', 'encAddrType', 'encFlags'],
  [KEY.ENC_PORTS, 'encPortSrc', 'encPortDst'],
  [KEY.ENC_IP, 'encTos', 'encTtl'],
  [KEY.ENC_OPTS, 'encOpts', 'encOptsLen', 'encOptsType'],
  [KEY.CT, 'ctState', 'ctZone', 'ctMark', 'ctLabels'],
  [KEY.HASH, 'hash'],
  [KEY.NUM_OF_VLANS, 'numOfVlans'],
  [KEY.PPPOE, 'pppoeType', 'pppoeSid', 'pppProto'],
  [KEY.L2TPV3, 'l2tpSid'],
  [KEY.IPSEC, 'spi'],
  [KEY.CFM, 'cfmMdlVer', 'cfmOpcode'],
];

/** @models net/sched/cls_flower.c fl_init_dissector() */
function dissectorOf(mask: FlowKey): FlowDissector {
  const wanted = keysOf.filter(([, ...fields]) => fields.some((field) => mask.has(field)));
  return new FlowDissector(KEY.CONTROL, KEY.BASIC, ...wanted.map(([key]) => key));
}

const MIN_BUCKETS = 8;

export class FlowerMask {
  readonly key: FlowKey;
  readonly identity: string;
  readonly dissector: FlowDissector;
  /** Filters of a mask with a range of ports, in the order in which they came; else empty. */
  readonly ordered: FlowerFilter[] = [];
  readonly #dst: boolean;
  readonly #src: boolean;
  /** Which words of a key count. */
  readonly #words: readonly number[];
  #buckets = new Array<FlowerFilter | undefined>(MIN_BUCKETS).fill(undefined);
  #size = 0;
  /** Of the packet. */
  readonly #masked = new FlowKey();

  constructor(mask: FlowKey) {
    this.key = mask;
    this.identity = mask.identity();
    this.dissector = dissectorOf(mask);
    this.#words = [...mask.words.keys()].filter((at) => mask.words[at] !== 0);
    this.#dst = mask.has('portDstMin');
    this.#src = mask.has('portSrcMin');
  }

  get empty(): boolean {
    return this.#size === 0;
  }

  /** What is compared of a key. @models net/sched/cls_flower.c fl_set_masked_key() */
  mask(from: FlowKey, to: FlowKey): void {
    const bits = this.key.words;
    for (const at of this.#words) to.words[at] = from.words[at]! & bits[at]!;
  }

  /** @models net/sched/cls_flower.c fl_clear_masked_range() */
  clear(key: FlowKey): void {
    for (const at of this.#words) key.words[at] = 0;
  }

  #hash(key: FlowKey): number {
    let hash = 0;
    for (const at of this.#words) {
      hash = Math.imul(hash ^ key.words[at]!, 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #equal(one: FlowKey, other: FlowKey): boolean {
    for (const at of this.#words) if (one.words[at] !== other.words[at]) return false;
    return true;
  }

  /** The filter that was added last of those with these masked values. */
  find(masked: FlowKey): FlowerFilter | undefined {
    let filter = this.#buckets[this.#hash(masked) & (this.#buckets.length - 1)];
    while (filter !== undefined && !this.#equal(filter.masked, masked)) filter = filter.nextInBucket;
    return filter;
  }

  /** Takes a filter in; `old`: the one whose place among the ordered it gets. */
  add(filter: FlowerFilter, old: FlowerFilter | undefined): void {
    if (++this.#size > this.#buckets.length) this.#grow();
    this.#insert(filter);
    if (!this.#dst && !this.#src) return;
    const at = old === undefined ? -1 : this.ordered.indexOf(old);
    if (at < 0) this.ordered.push(filter);
    else this.ordered[at] = filter;
  }

  #insert(filter: FlowerFilter): void {
    const bucket = this.#hash(filter.masked) & (this.#buckets.length - 1);
    filter.nextInBucket = this.#buckets[bucket];
    this.#buckets[bucket] = filter;
  }

  /** Chains keep their order. */
  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<FlowerFilter | undefined>(old.length * 2).fill(undefined);
    for (const first of old) {
      const chain: FlowerFilter[] = [];
      for (let filter = first; filter !== undefined; filter = filter.nextInBucket) chain.push(filter);
      for (const filter of chain.reverse()) this.#insert(filter);
    }
  }

  remove(filter: FlowerFilter): void {
    const bucket = this.#hash(filter.masked) & (this.#buckets.length - 1);
    let before = this.#buckets[bucket];
    if (before === filter) this.#buckets[bucket] = filter.nextInBucket;
    else {
      while (before!.nextInBucket !== filter) before = before!.nextInBucket;
      before!.nextInBucket = filter.nextInBucket;
    }
    this.#size--;
    const at = this.ordered.indexOf(filter);
    if (at >= 0) this.ordered.splice(at, 1);
  }

  /** @models net/sched/cls_flower.c fl_mask_lookup() */
  lookup(key: FlowKey): FlowerFilter | undefined {
    this.mask(key, this.#masked);
    return this.#dst || this.#src ? this.#lookupRange(key) : this.find(this.#masked);
  }

  /** @models net/sched/cls_flower.c fl_lookup_range() */
  #lookupRange(key: FlowKey): FlowerFilter | undefined {
    for (const filter of this.ordered) {
      if (this.#dst && !this.#inRange(filter, key, AT.portDstMin, AT.portDstMax)) continue;
      if (this.#src && !this.#inRange(filter, key, AT.portSrcMin, AT.portSrcMax)) continue;
      const found = this.find(this.#masked);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Whether a port of the packet lies in the range of a filter; the packet then counts as one that has that range.
   *
   * @models net/sched/cls_flower.c fl_range_port_dst_cmp()
   */
  #inRange(filter: FlowerFilter, key: FlowKey, min: number, max: number): boolean {
    const { view } = filter.match.key;
    const port = key.view.getUint16(min);
    if (port < view.getUint16(min) || port > view.getUint16(max)) return false;
    this.#masked.view.setUint16(min, filter.masked.view.getUint16(min));
    this.#masked.view.setUint16(max, filter.masked.view.getUint16(max));
    return true;
  }
}
