// net/sched/cls_u32.c gen_new_kid() and the handle_idr of a table: which handles of filters are taken in one table. The
// lowest free node number from 0x800 up is given first, then those below.
import { TC_U32_NODE } from '../../../../uapi/linux/pkt_cls.js';
import type { U32Knode } from './knode.js';

const FIRST_NODE = 0x800;
const LAST_NODE = 0xfff;

export class NodeIds {
  /** Undefined = taken by a filter that is not in its bucket yet. */
  readonly #taken = new Map<number, U32Knode | undefined>();
  /** By handle of the first number of a bucket: every one from there up to here is taken. */
  readonly #fullUpTo = new Map<number, number>();

  get(handle: number): U32Knode | undefined {
    return this.#taken.get(handle);
  }

  bind(handle: number, node: U32Knode): void {
    this.#taken.set(handle, node);
  }

  /** Takes `handle` itself; false when it is taken. */
  take(handle: number): boolean {
    if (this.#taken.has(handle)) return false;
    this.#taken.set(handle, undefined);
    return true;
  }

  free(handle: number): void {
    this.#taken.delete(handle);
    const first = (handle - TC_U32_NODE(handle) + FIRST_NODE) >>> 0;
    const full = this.#fullUpTo.get(first);
    if (full !== undefined && handle >= first && handle < full) this.#fullUpTo.set(first, handle);
  }

  /**
   * Takes a number in the bucket of `htid`, whose own node bits stay set; undefined when there is none left.
   *
   * @models net/sched/cls_u32.c gen_new_kid()
   */
  alloc(htid: number): number | undefined {
    const last = (htid | LAST_NODE) >>> 0;
    const first = (htid | FIRST_NODE) >>> 0;
    const plain = TC_U32_NODE(htid) === 0;
    const upper = this.#lowestFree((plain && this.#fullUpTo.get(first)) || first, last);
    const found = upper ?? this.#lowestFree((htid + 1) >>> 0, last);
    if (found === undefined) return undefined;
    if (upper !== undefined && plain) this.#fullUpTo.set(first, upper + 1);
    this.#taken.set(found, undefined);
    return found;
  }

  #lowestFree(from: number, last: number): number | undefined {
    for (let handle = from; handle <= last; handle++) if (!this.#taken.has(handle)) return handle;
    return undefined;
  }
}
