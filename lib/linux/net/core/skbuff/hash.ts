// net/core/flow_dissector.c: the hash of a packet's flow: addresses, ports and protocol, the same in both directions, keyed
// by the machine's entropy. Sixteen bits of it choose queues; programs read it whole.
import type { Entropy } from '../../../entropy.js';
import type { SkBuff } from './sk_buff.js';

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_SCTP = 132;
const IP_OFFSET = 0x1fff;
const hasPorts = (proto: number): boolean => proto === IPPROTO_TCP || proto === IPPROTO_UDP || proto === IPPROTO_SCTP;

/** The flow of a packet as words, in an order that both directions share; `l4`: ports are among them. */
interface FlowKeys {
  readonly words: readonly number[];
  readonly l4: boolean;
}

function compareWords(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((word, i) => word !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

function keysOf(skb: SkBuff, proto: number, source: number[], destination: number[], transport: number): FlowKeys {
  const { view } = skb.memory;
  const l4 = transport !== 0 && hasPorts(proto) && transport + 4 <= skb.data + skb.len;
  if (l4) {
    source.push(view.getUint16(transport));
    destination.push(view.getUint16(transport + 2));
  }
  const [first, second] = compareWords(source, destination) <= 0 ? [source, destination] : [destination, source];
  return { words: [skb.protocol, proto, ...first, ...second], l4 };
}

/** @models net/core/flow_dissector.c __skb_flow_dissect() @differs looks at the outermost IP header alone */
function dissect(skb: SkBuff): FlowKeys {
  const at = skb.head + skb.networkHeader;
  const { u8, view } = skb.memory;
  const left = skb.data + skb.len - at;
  const words = (from: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => view.getUint32(from + 4 * i));
  if (skb.protocol === ETH_P_IP && left >= 20) {
    const fragment = (view.getUint16(at + 6) & IP_OFFSET) !== 0;
    const transport = fragment ? 0 : at + (u8[at]! & 0xf) * 4;
    return keysOf(skb, u8[at + 9]!, words(at + 12, 1), words(at + 16, 1), transport);
  }
  if (skb.protocol === ETH_P_IPV6 && left >= 40)
    return keysOf(skb, u8[at + 6]!, words(at + 8, 4), words(at + 24, 4), at + 40);
  return { words: [skb.protocol], l4: false };
}

function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Of one machine. */
export class FlowHash {
  readonly #entropy: Entropy;
  #key: number | undefined;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  /**
   * The packet's hash; made when it has none.
   *
   * @models include/linux/skbuff.h skb_get_hash()
   * @differs another function than siphash: the kernel's key is random, and nobody can know its values
   */
  of(skb: SkBuff): number {
    if (!skb.hasHash) {
      const { words, l4 } = dissect(skb);
      this.#key ??= this.#entropy.u32();
      const hash = words.reduce(mix, this.#key);
      skb.setHash(hash === 0 ? 1 : hash, true, l4);
    }
    return skb.hash;
  }
}
