// net/core/skbuff.c: where packets come from and go to. One a machine. Structures are used again and never given back;
// buffers of the usual size wait in a list, larger ones go back to the memory. Nothing is allocated for a packet once the
// pool is warm.
import type { Memory } from '../../../../vm/memory.js';
import { assert } from '../../../errno.js';
import * as L from './layout.js';
import { DeviceStructs } from './net_device_struct.js';
import { SkBuff } from './sk_buff.js';

/** Where struct sk_buff says which object it is: a destructor's place, which the model has no use for. */
const INDEX = 96;
/** Room for packets and headers of the usual buffer, bytes. */
const USUAL = 2048 - L.SHINFO_SIZE;
const ALIGN = 64;

export class SkbPool {
  readonly memory: Memory;
  readonly devices: DeviceStructs;
  /** Told of each packet before it is freed. */
  onFree: ((skb: SkBuff) => void) | undefined;
  /** The last ticket that was given to a packet that waits. */
  tickets = 0;
  readonly #skbs: SkBuff[] = [];
  readonly #idle: SkBuff[] = [];
  readonly #heads: number[] = [];
  /** Buffers that are not of the usual size. */
  readonly #large = new Set<number>();

  constructor(memory: Memory) {
    this.memory = memory;
    this.devices = new DeviceStructs(memory);
  }

  /** The packet whose structure lies at `address`. */
  at(address: number): SkBuff {
    return this.#skbs[this.memory.u32[(address + INDEX) >>> 2]!]!;
  }

  /** Packets in use. */
  get inUse(): number {
    return this.#skbs.length - this.#idle.length;
  }

  /**
   * An empty packet with room for `size` bytes, headroom included; undefined when memory is exhausted.
   *
   * @models net/core/skbuff.c __alloc_skb()
   */
  alloc(size: number): SkBuff | undefined {
    const skb = this.#take();
    if (skb === undefined) return undefined;
    if (!this.newHead(skb, size)) {
      this.#putBack(skb);
      return undefined;
    }
    skb.data = skb.head;
    skb.tail = 0;
    skb.unsetMacHeader();
    skb.unsetTransportHeader();
    return skb;
  }

  /** Gives `skb` a buffer for `size` bytes, not shared; the old one is not touched. */
  newHead(skb: SkBuff, size: number): boolean {
    const room = size <= USUAL ? USUAL : (size + ALIGN - 1) & -ALIGN;
    const head = this.#allocHead(room);
    if (head === 0) return false;
    this.memory.u8.fill(0, head + room, head + room + L.SHINFO_DATAREF);
    skb.head = head;
    skb.end = room;
    skb.dataref = 1;
    return true;
  }

  /** Lets go of the buffer at `head`, whose shared info is at `shinfo`. */
  releaseHead(head: number, shinfo: number): void {
    const dataref = (shinfo + L.SHINFO_DATAREF) >>> 2;
    if (--this.memory.u32[dataref]! > 0) return;
    if (this.#large.delete(head)) this.memory.free(head);
    else this.#heads.push(head);
  }

  /**
   * Another packet with the same bytes, not held by any socket.
   *
   * @models net/core/skbuff.c skb_clone()
   */
  clone(skb: SkBuff): SkBuff | undefined {
    const clone = this.#take();
    if (clone === undefined) return undefined;
    this.#copyStruct(clone, skb);
    clone.sk = 0;
    skb.cloned = clone.cloned = true;
    skb.dataref++;
    return clone;
  }

  /**
   * Another packet with a copy of the bytes and the same headroom.
   *
   * @models net/core/skbuff.c skb_copy()
   */
  copy(skb: SkBuff): SkBuff | undefined {
    const copy = this.#take();
    if (copy === undefined) return undefined;
    this.#copyStruct(copy, skb);
    copy.sk = 0;
    if (!this.newHead(copy, skb.end)) {
      this.#putBack(copy);
      return undefined;
    }
    const { u8 } = this.memory;
    u8.copyWithin(copy.head, skb.head, skb.head + skb.tail);
    u8.copyWithin(copy.shinfo, skb.shinfo, skb.shinfo + L.SHINFO_DATAREF);
    copy.data = copy.head + skb.headroom;
    copy.cloned = false;
    return copy;
  }

  /** @models net/core/skbuff.c kfree_skb_reason() */
  free(skb: SkBuff): void {
    assert(skb.live, 'packet freed twice');
    if (this.onFree !== undefined) this.onFree(skb);
    this.releaseHead(skb.head, skb.shinfo);
    this.#putBack(skb);
  }

  #copyStruct(to: SkBuff, from: SkBuff): void {
    const index = to.get32(INDEX);
    this.memory.u8.copyWithin(to.address, from.address, from.address + L.SKB_SIZE);
    to.set32(INDEX, index);
    to.dev = from.dev;
    to.dst = from.dst;
  }

  #take(): SkBuff | undefined {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      idle.live = true;
      return idle;
    }
    const address = this.memory.alloc(L.SKB_SIZE);
    if (address === 0) return undefined;
    const skb = new SkBuff(this, address);
    skb.set32(INDEX, this.#skbs.push(skb) - 1);
    skb.live = true;
    return skb;
  }

  #putBack(skb: SkBuff): void {
    const index = skb.get32(INDEX);
    this.memory.u32.fill(0, skb.address >>> 2, (skb.address + L.SKB_SIZE) >>> 2);
    skb.set32(INDEX, index);
    skb.dev = undefined;
    skb.dst = undefined;
    skb.ticket = 0;
    skb.live = false;
    this.#idle.push(skb);
  }

  #allocHead(room: number): number {
    if (room === USUAL) return this.#heads.pop() ?? this.memory.alloc(USUAL + L.SHINFO_SIZE);
    const head = this.memory.alloc(room + L.SHINFO_SIZE);
    if (head !== 0) this.#large.add(head);
    return head;
  }
}
