// The memory of whoever makes a system call, as copy_from_user() and copy_to_user() see it. The host reads and writes the
// client's address space; in-process callers have an address space of their own (LocalMemory).

export interface UserMemory {
  /** A copy of `length` bytes at `address`, or undefined when one of them cannot be read (EFAULT). */
  read(address: number, length: number): Uint8Array | undefined;
  /** False when one of the bytes cannot be written (EFAULT). */
  write(address: number, data: Uint8Array): boolean;
}

/**
 * A 64-bit user address as a number. What no process can have becomes an address that always faults.
 *
 * @models include/linux/kernel.h u64_to_user_ptr()
 */
export function userAddress(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 0x100000000 + view.getUint32(offset, true);
}

const FIRST = 0x10000;

/** An address space of allocations that are never given back; between them lies unmapped space. */
export class LocalMemory implements UserMemory {
  readonly #blocks: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #end = FIRST;

  /** Maps `bytes` (the caller's own array, shared) and returns its address. */
  map(bytes: Uint8Array): number {
    const start = this.#end;
    this.#blocks.push({ start, bytes });
    this.#end = start + Math.ceil((bytes.length + 1) / 4096) * 4096 + 4096;
    return start;
  }

  /** Takes an allocation out; its address faults from then on. */
  unmap(address: number): void {
    const at = this.#blocks.findIndex(({ start }) => start === address);
    if (at >= 0) this.#blocks.splice(at, 1);
  }

  read(address: number, length: number): Uint8Array | undefined {
    return this.#find(address, length)?.slice();
  }

  write(address: number, data: Uint8Array): boolean {
    const place = this.#find(address, data.length);
    place?.set(data);
    return place !== undefined;
  }

  #find(address: number, length: number): Uint8Array | undefined {
    if (length === 0) return new Uint8Array(0);
    const block = this.#blocks.find(({ start, bytes }) => address >= start && address + length <= start + bytes.length);
    return block?.bytes.subarray(address - block.start, address - block.start + length);
  }
}
