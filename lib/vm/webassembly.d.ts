// The part of the WebAssembly API that the VM uses; every engine has it, the language's own library does not declare it.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum?: number });
    readonly buffer: ArrayBuffer;
    /** Adds pages of 64 KiB; throws RangeError when it cannot. */
    grow(pages: number): number;
  }
}
