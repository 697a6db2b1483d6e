// The linear memory that programs see: packets, maps, stacks, and the kernel structures that programs may read. One
// WebAssembly.Memory a machine, made at the first map or program. Addresses are byte offsets in it; a pointer in a
// register is such an offset with a high half of 0; 0 is NULL. grow() detaches every view: read the views from here at
// each use and keep none over a call that may allocate.
import { Allocator } from './allocator.js';

/** 64 KiB, the unit of WebAssembly.Memory. */
const PAGE = 65536;
/** Most pages: 4 GiB less one page, so that the end of memory is a 32-bit number. */
const MAX_PAGES = 65535;

export class Memory {
  readonly wasm: WebAssembly.Memory;
  /** Views of the whole memory; replaced when it grows. */
  u8!: Uint8Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  view!: DataView;
  readonly #allocator: Allocator;

  constructor() {
    this.wasm = new WebAssembly.Memory({ initial: 16, maximum: MAX_PAGES });
    this.#map();
    this.#allocator = new Allocator(16 * PAGE, (end) => this.#grow(end));
  }

  /**
   * `size` bytes, zeroed and aligned to 8: their address, or 0 when the memory is exhausted. `size` 0 gives an address,
   * too.
   */
  alloc(size: number): number {
    const address = this.#allocator.alloc(size);
    if (address !== 0 && this.#allocator.reused) this.u8.fill(0, address, address + size);
    return address;
  }

  /** Gives an allocation back; `address` must come from alloc(). */
  free(address: number): void {
    this.#allocator.free(address);
  }

  /** Bytes in use. */
  get used(): number {
    return this.#allocator.used;
  }

  #grow(end: number): boolean {
    const missing = end - this.wasm.buffer.byteLength;
    if (missing <= 0) return true;
    if (end > MAX_PAGES * PAGE) return false;
    try {
      this.wasm.grow(Math.ceil(missing / PAGE));
    } catch {
      return false;
    }
    this.#map();
    return true;
  }

  #map(): void {
    const { buffer } = this.wasm;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.view = new DataView(buffer);
  }
}
