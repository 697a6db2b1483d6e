// net/core/flow_dissector.c: the hash of a packet's flow: addresses, ports, tags and labels, the same in both directions,
// keyed by the machine's entropy. Sixteen bits of it choose queues; programs read it whole.
import type { Entropy } from '../../../entropy.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { skbFlowDissect } from './dissect.js';
import { FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL, FlowDissector, KEY } from './dissector.js';
import { AT, FlowKey } from './flow_key.js';

function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Bytes of each address, by KEY. */
const addressSize = (addrType: number): number =>
  addrType === KEY.IPV4_ADDRS ? 4 : addrType === KEY.IPV6_ADDRS ? 16 : 0;
const addressAt = (addrType: number): number => (addrType === KEY.IPV6_ADDRS ? AT.ipv6Src : AT.ipv4Src);

/** Of one machine. */
export class FlowHash {
  readonly #entropy: Entropy;
  #seed: number | undefined;
  readonly #keys = new FlowKey();
  readonly #dissector = new FlowDissector(
    ...[KEY.CONTROL, KEY.BASIC, KEY.IPV4_ADDRS, KEY.IPV6_ADDRS, KEY.TIPC, KEY.PORTS, KEY.VLAN],
    ...[KEY.FLOW_LABEL, KEY.GRE_KEYID],
  );

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  /** Whether the destination comes first, so that both directions are one. @models net/core/flow_dissector.c __flow_hash_consistentify() */
  #swapped(at: number, size: number): boolean {
    const { u8 } = this.#keys;
    for (let i = at; i < at + size; i++) if (u8[i] !== u8[i + size]) return u8[i + size]! < u8[i]!;
    return false;
  }

  #addresses(start: number): number {
    const { view } = this.#keys;
    const addrType = view.getUint16(AT.addrType);
    const size = addressSize(addrType);
    const at = addressAt(addrType);
    const swap = size !== 0 && this.#swapped(at, size) ? size : 0;
    let hash = addrType === KEY.TIPC ? mix(start, view.getUint32(AT.tipcKey)) : start;
    for (let i = 0; i < size; i += 4) hash = mix(hash, view.getUint32(at + swap + i));
    for (let i = 0; i < size; i += 4) hash = mix(hash, view.getUint32(at + size - swap + i));
    const first = size !== 0 && this.#swapped(AT.portSrc, 2) ? AT.portDst : AT.portSrc;
    return mix(mix(hash, view.getUint16(first)), view.getUint16(AT.portSrc + AT.portDst - first));
  }

  /** @models net/core/flow_dissector.c __flow_hash_from_keys() */
  #hash(seed: number): number {
    const { view, u8 } = this.#keys;
    let hash = mix(seed, u8[AT.ipProto]! | (u8[AT.vlanPrio]! << 8));
    hash = mix(mix(hash, view.getUint32(AT.flowLabel)), view.getUint32(AT.greKeyId));
    hash = mix(mix(hash, view.getUint16(AT.vlanId)), view.getUint16(AT.vlanTpid));
    hash = mix(mix(hash, view.getUint16(AT.vlanEthType)), view.getUint16(AT.ethType));
    hash = this.#addresses(hash);
    return hash === 0 ? 1 : hash;
  }

  #dissect(skb: SkBuff): void {
    this.#keys.words.fill(0);
    skbFlowDissect(skb, this.#dissector, this.#keys, FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL);
  }

  /** A hash by a key of the caller's own, which the packet does not keep. @models net/core/flow_dissector.c skb_get_hash_perturb() */
  perturbed(skb: SkBuff, perturbation: number): number {
    this.#dissect(skb);
    return this.#hash(perturbation);
  }

  /**
   * The packet's hash; made when it has none.
   *
   * @models net/core/flow_dissector.c __skb_get_hash_net()
   * @differs another function than siphash: the kernel's key is random, and nobody can know its values
   */
  of(skb: SkBuff): number {
    if (!skb.hasHash) {
      this.#dissect(skb);
      const { view } = this.#keys;
      this.#seed ??= this.#entropy.u32();
      const l4 = view.getUint32(AT.portSrc) !== 0 || view.getUint32(AT.flowLabel) !== 0;
      skb.setHash(this.#hash(this.#seed), true, l4);
    }
    return skb.hash;
  }
}
