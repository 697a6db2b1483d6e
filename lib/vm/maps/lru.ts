// Which elements of an LRU map go when it is full: the lists of kernel/bpf/bpf_lru_list.c, as one CPU works them. New
// elements wait in the CPU's pending list; when its free list is empty, they move to the inactive list (or to the active one
// when they were used meanwhile), both lists are rotated, and unused ones at the end of the inactive list become free.
// A node is a struct bpf_lru_node in the linear memory. Nodes that were never used are only counted.
import type { Memory } from '../memory.js';
import { LRU_NODE_REF, LRU_NODE_TYPE } from './bpf_map.js';
import { Lists, SIZEOF_LIST_HEAD } from './list.js';

/** enum bpf_lru_list_type: in which list a node is. */
const ACTIVE = 0;
const INACTIVE = 1;
const FREE = 2;
const LOCAL_FREE = 3;
const LOCAL_PENDING = 4;
const NR_LISTS = 5;

/** LOCAL_FREE_TARGET and PERCPU_FREE_TARGET: how many become free at once at most, and how many are looked at. */
const LOCAL_FREE_TARGET = 128;
const PERCPU_FREE_TARGET = 4;

export interface LruOptions {
  /** Nodes there are. With `percpu`: those of the CPU that runs. */
  readonly nodes: number;
  readonly cpus: number;
  /** BPF_F_NO_COMMON_LRU: each CPU has lists of its own. */
  readonly percpu: boolean;
  /** A node that was never used, or 0 when there is no memory. */
  readonly make: () => number;
  /** Takes a node out of the table; false when it was not in. */
  readonly evict: (node: number) => boolean;
}

export class LruList {
  readonly #memory: Memory;
  readonly #lists: Lists;
  readonly #options: LruOptions;
  /** Address of the list heads, one behind the other. */
  #heads = 0;
  /** Nodes of the global free list that were never used. */
  #fresh: number;
  readonly #targetFree: number;
  readonly #nrScans: number;
  readonly #counts = [0, 0];
  #nextInactiveRotation = 0;

  constructor(memory: Memory, options: LruOptions) {
    this.#memory = memory;
    this.#lists = new Lists(memory);
    this.#options = options;
    this.#fresh = options.nodes;
    this.#nrScans = options.percpu ? PERCPU_FREE_TARGET : LOCAL_FREE_TARGET;
    const share = Math.floor(Math.floor(options.nodes / options.cpus) / 2);
    this.#targetFree = Math.min(Math.max(share, 1), LOCAL_FREE_TARGET);
    this.#heads = memory.alloc(NR_LISTS * SIZEOF_LIST_HEAD);
    if (this.#heads === 0) return;
    for (let type = 0; type < NR_LISTS; type++) this.#lists.init(this.#list(type));
    this.#nextInactiveRotation = this.#list(INACTIVE);
  }

  get failed(): boolean {
    return this.#heads === 0;
  }

  dispose(): void {
    if (this.#heads !== 0) this.#memory.free(this.#heads);
    this.#heads = 0;
  }

  setRef(node: number): void {
    this.#memory.u8[node + LRU_NODE_REF] = 1;
  }

  /** A node for a new element, evicting others when none is free; 0 when there is none at all. */
  popFree(): number {
    return this.#options.percpu ? this.#percpuPop() : this.#commonPop();
  }

  /** The element of a node is gone. */
  pushFree(node: number): void {
    const type = this.#type(node);
    if (type !== LOCAL_PENDING) {
      this.#move(node, FREE);
      return;
    }
    this.#setType(node, LOCAL_FREE);
    this.#clearRef(node);
    this.#lists.move(node, this.#list(LOCAL_FREE));
  }

  #percpuPop(): number {
    this.#rotate();
    if (this.#lists.isEmpty(this.#list(FREE)) && this.#fresh === 0) this.#shrink(PERCPU_FREE_TARGET, FREE);
    const node = this.#firstFree();
    if (node === 0) return 0;
    this.#clearRef(node);
    this.#move(node, INACTIVE);
    return node;
  }

  /** First node of the global free list: those given back come before those never used. */
  #firstFree(): number {
    const head = this.#list(FREE);
    const first = this.#lists.next(head);
    if (first !== head) return first;
    if (this.#fresh === 0) return 0;
    const node = this.#options.make();
    if (node === 0) return 0;
    this.#fresh--;
    this.#setType(node, FREE);
    this.#clearRef(node);
    this.#lists.add(node, head);
    return node;
  }

  #commonPop(): number {
    let node = this.#popLocalFree();
    if (node === 0) {
      this.#popFreeToLocal();
      node = this.#popLocalFree();
    }
    if (node === 0) node = this.#popPending();
    if (node === 0) return 0;
    this.#setType(node, LOCAL_PENDING);
    this.#clearRef(node);
    this.#lists.add(node, this.#list(LOCAL_PENDING));
    return node;
  }

  #popLocalFree(): number {
    const head = this.#list(LOCAL_FREE);
    const node = this.#lists.next(head);
    if (node === head) return 0;
    this.#lists.del(node);
    return node;
  }

  /** The oldest pending node that was not used, else the oldest. */
  #popPending(): number {
    const head = this.#list(LOCAL_PENDING);
    for (const force of [false, true]) {
      for (let node = this.#lists.prev(head); node !== head; node = this.#lists.prev(node)) {
        if ((this.#isRef(node) && !force) || !this.#options.evict(node)) continue;
        this.#lists.del(node);
        return node;
      }
    }
    return 0;
  }

  #popFreeToLocal(): void {
    this.#flushPending();
    this.#rotate();
    let free = 0;
    for (let node = this.#firstFree(); node !== 0; node = this.#firstFree()) {
      this.#moveToFree(node, LOCAL_FREE);
      if (++free === this.#targetFree) return;
    }
    this.#shrink(this.#targetFree - free, LOCAL_FREE);
  }

  #flushPending(): void {
    const head = this.#list(LOCAL_PENDING);
    for (let node = this.#lists.prev(head); node !== head;) {
      const before = this.#lists.prev(node);
      const type = this.#isRef(node) ? ACTIVE : INACTIVE;
      this.#counts[type]!++;
      this.#setType(node, type);
      this.#clearRef(node);
      this.#lists.move(node, this.#list(type));
      node = before;
    }
  }

  #rotate(): void {
    if (this.#counts[INACTIVE]! < this.#counts[ACTIVE]!) this.#rotateActive();
    this.#rotateInactive();
  }

  /** From the end of the active list: used nodes come first again, the others become inactive. */
  #rotateActive(): void {
    const head = this.#list(ACTIVE);
    const first = this.#lists.next(head);
    let scanned = 0;
    for (let node = this.#lists.prev(head); node !== head;) {
      const before = this.#lists.prev(node);
      this.#move(node, this.#isRef(node) ? ACTIVE : INACTIVE);
      if (++scanned === this.#nrScans || node === first) break;
      node = before;
    }
  }

  /** From where the last rotation ended: used nodes become active, the others stay where they are. */
  #rotateInactive(): void {
    const head = this.#list(INACTIVE);
    if (this.#lists.isEmpty(head)) return;
    let last = this.#lists.next(this.#nextInactiveRotation);
    if (last === head) last = this.#lists.next(last);
    let cur = this.#nextInactiveRotation;
    let next = head;
    for (let scanned = 0; scanned < this.#nrScans;) {
      if (cur === head) {
        cur = this.#lists.prev(cur);
        continue;
      }
      next = this.#lists.prev(cur);
      if (this.#isRef(cur)) this.#move(cur, ACTIVE);
      if (cur === last) break;
      cur = next;
      scanned++;
    }
    this.#nextInactiveRotation = next;
  }

  /** Frees up to `wanted` inactive nodes that were not used; if there is none, one that was. */
  #shrink(wanted: number, target: number): void {
    if (this.#shrinkInactive(wanted, target) > 0) return;
    const type = this.#lists.isEmpty(this.#list(INACTIVE)) ? ACTIVE : INACTIVE;
    const head = this.#list(type);
    for (let node = this.#lists.prev(head); node !== head; node = this.#lists.prev(node)) {
      if (!this.#options.evict(node)) continue;
      this.#moveToFree(node, target);
      return;
    }
  }

  #shrinkInactive(wanted: number, target: number): number {
    const head = this.#list(INACTIVE);
    let freed = 0;
    let scanned = 0;
    for (let node = this.#lists.prev(head); node !== head;) {
      const before = this.#lists.prev(node);
      if (this.#isRef(node)) this.#move(node, ACTIVE);
      else if (this.#options.evict(node)) {
        this.#moveToFree(node, target);
        if (++freed === wanted) break;
      }
      if (++scanned === this.#nrScans) break;
      node = before;
    }
    return freed;
  }

  /** Within the global lists; a node comes first in its new one. */
  #move(node: number, target: number): void {
    const type = this.#type(node);
    if (type !== target) {
      if (type < FREE) this.#counts[type]!--;
      if (target < FREE) this.#counts[target]!++;
      this.#setType(node, target);
    }
    this.#clearRef(node);
    this.#leaveRotation(node);
    this.#lists.move(node, this.#list(target));
  }

  /** From a global list to a list of free nodes. */
  #moveToFree(node: number, target: number): void {
    this.#leaveRotation(node);
    const type = this.#type(node);
    if (type < FREE) this.#counts[type]!--;
    this.#setType(node, target);
    this.#lists.move(node, this.#list(target));
  }

  #leaveRotation(node: number): void {
    if (node === this.#nextInactiveRotation) this.#nextInactiveRotation = this.#lists.prev(node);
  }

  #list(type: number): number {
    return this.#heads + type * SIZEOF_LIST_HEAD;
  }

  #type(node: number): number {
    return this.#memory.u8[node + LRU_NODE_TYPE]!;
  }

  #setType(node: number, type: number): void {
    this.#memory.u8[node + LRU_NODE_TYPE] = type;
  }

  #isRef(node: number): boolean {
    return this.#memory.u8[node + LRU_NODE_REF] !== 0;
  }

  #clearRef(node: number): void {
    this.#memory.u8[node + LRU_NODE_REF] = 0;
  }
}
