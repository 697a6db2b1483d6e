// include/linux/skbuff.h struct sk_buff_head: packets in a row, as a ring that only grows. A packet is in one at most.
import type { SkBuff } from './sk_buff.js';

const FIRST_ROOM = 16;

export class SkbQueue {
  length = 0;
  #ring: (SkBuff | undefined)[] = new Array<SkBuff | undefined>(FIRST_ROOM).fill(undefined);
  #first = 0;

  get head(): SkBuff | undefined {
    return this.#ring[this.#first];
  }

  push(skb: SkBuff): void {
    if (this.length === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.length++) & (this.#ring.length - 1)] = skb;
  }

  /** In front of all others. */
  unshift(skb: SkBuff): void {
    if (this.length === this.#ring.length) this.#grow();
    this.#first = (this.#first - 1) & (this.#ring.length - 1);
    this.#ring[this.#first] = skb;
    this.length++;
  }

  shift(): SkBuff | undefined {
    const skb = this.#ring[this.#first];
    if (skb === undefined) return undefined;
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.length--;
    return skb;
  }

  /** The last one. @models include/linux/skbuff.h __skb_dequeue_tail() */
  pop(): SkBuff | undefined {
    if (this.length === 0) return undefined;
    const at = (this.#first + --this.length) & (this.#ring.length - 1);
    const skb = this.#ring[at];
    this.#ring[at] = undefined;
    return skb;
  }

  /** Frees every packet. @models include/linux/skbuff.h __skb_queue_purge() */
  purge(): void {
    for (let skb = this.shift(); skb !== undefined; skb = this.shift()) skb.pool.free(skb);
  }

  #grow(): void {
    const { length } = this.#ring;
    const ring = new Array<SkBuff | undefined>(2 * length).fill(undefined);
    for (let i = 0; i < this.length; i++) ring[i] = this.#ring[(this.#first + i) & (length - 1)];
    this.#ring = ring;
    this.#first = 0;
  }
}
