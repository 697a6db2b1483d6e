// What every bpf(2) call of a machine needs: how much of the attributes its kernel knows, and linear memory for the key and
// the value of the call that runs, the kernel's vmemdup_user() and kvmalloc() of one element. Calls do not nest, so one
// buffer each is enough; it grows to the largest element seen.
import type { Memory } from '../../../../vm/memory.js';
import { Bytes } from '../../../../codec/bytes.js';
import { type BpfAttrTable, bpfAttr_6_18 } from '../../../../uapi/linux/bpf_attr.js';
import { ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import { errno } from '../../../errno.js';

export class ScratchBuffer {
  #address = 0;
  #size = 0;

  /** Address of at least `size` bytes with no particular contents. Refuses with ENOMEM. */
  reserve(memory: Memory, size: number): number {
    if (this.#address !== 0 && size <= this.#size) return this.#address;
    const address = memory.alloc(size);
    if (address === 0) throw errno(ENOMEM);
    if (this.#address !== 0) memory.free(this.#address);
    this.#address = address;
    this.#size = size;
    return address;
  }
}

/** One a machine. */
export class Scratch {
  /** Set by the first call. */
  attrTable: BpfAttrTable | undefined;
  #attr: Bytes | undefined;

  /** The attributes of a call: what was given, and zeros behind it as far as the latest kernel knows the union. */
  attr(given: Uint8Array): Bytes {
    const attr = (this.#attr ??= Bytes.zeroed(bpfAttr_6_18.size));
    attr.u8.set(given);
    attr.u8.fill(0, given.length);
    return attr;
  }

  readonly key = new ScratchBuffer();
  readonly nextKey = new ScratchBuffer();
  readonly value = new ScratchBuffer();
}
