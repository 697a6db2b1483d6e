// The handles of the flower filters of one tcf_proto in ascending order, which idr_for_each_entry_continue_ul() of the
// kernel gives its dumps. Handles mostly come in that order.

export class HandleOrder {
  readonly #handles: number[] = [];

  get empty(): boolean {
    return this.#handles.length === 0;
  }

  add(handle: number): void {
    const at = this.#above(handle);
    if (at === this.#handles.length) this.#handles.push(handle);
    else this.#handles.splice(at, 0, handle);
  }

  remove(handle: number): void {
    this.#handles.splice(this.#above(handle) - 1, 1);
  }

  /** The least handle above `handle`. */
  after(handle: number): number | undefined {
    return this.#handles[this.#above(handle)];
  }

  /** Position of the least handle above `handle`. */
  #above(handle: number): number {
    let low = 0;
    let high = this.#handles.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#handles[middle]! <= handle) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
