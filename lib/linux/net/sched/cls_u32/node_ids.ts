// net/sched/cls_u32.c gen_new_kid() and the handle_idr of a table: which handles of filters are taken in one table. The
// lowest free node number from 0x800 up is given first, then those below.
import { TC_U32_NODE } from '../../../../uapi/linux/pkt_cls.js';
import type { U32Knode } from './knode.js';

const FIRST_NODE = 0x800;
const LAST_NODE = 0xfff;

export class NodeIds {
  /** Undefined = taken by a filter that is not in its bucket yet. */
  readonly #taken = new Map<number, U32Knode | undefined>();
  /** By handle of the first number of a search: every one from there up to here is taken. */
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
    const bucket = (handle - TC_U32_NODE(handle)) >>> 0;
    this.#freed(bucket + 1, handle);
    this.#freed(bucket + FIRST_NODE, handle);
  }

  #freed(from: number, handle: number): void {
    const full = this.#fullUpTo.get(from);
    if (full !== undefined && handle >= from && handle < full) this.#fullUpTo.set(from, handle);
  }

  /**
   * Takes a number in the bucket of `htid`, whose own node bits stay set; undefined when there is none left.
   *
   * @models net/sched/cls_u32.c gen_new_kid()
   */
  alloc(htid: number): number | undefined {
    const last = (htid | LAST_NODE) >>> 0;
    const found = this.#lowestFree((htid | FIRST_NODE) >>> 0, last) ?? this.#lowestFree(htid + 1, last);
    if (found !== undefined) this.#taken.set(found, undefined);
    return found;
  }

  /** The lowest free number from `from` on. Where a search ended, the next one begins, until a number is freed. */
  #lowestFree(from: number, last: number): number | undefined {
    let handle = this.#fullUpTo.get(from) ?? from;
    while (handle <= last && this.#taken.has(handle)) handle++;
    const node = TC_U32_NODE(from);
    if (node === 1 || node === FIRST_NODE) this.#fullUpTo.set(from, handle);
    return handle > last ? undefined : handle;
  }
}
