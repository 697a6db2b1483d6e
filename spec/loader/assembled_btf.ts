// Makes BTF by hand, type by type, for specs that need types no compiler writes.
import * as uapi from '../../lib/uapi/linux/btf.js';

/** Assembles BTF: types are [kind, name, vlen, size or type, tail words, kind flag]. */
export type Type = readonly [
  kind: number,
  name: string,
  vlen: number,
  size: number,
  tail?: readonly number[],
  kflag?: boolean,
];

export class Assembler {
  readonly #names = new Map<string, number>([['', 0]]);
  #strings = '\0';

  name(text: string): number {
    let off = this.#names.get(text);
    if (off === undefined) {
      off = this.#strings.length;
      this.#names.set(text, off);
      this.#strings += `${text}\0`;
    }
    return off;
  }

  assemble(types: readonly Type[]): Uint8Array {
    const words = types.flatMap(([kind, name, vlen, size, tail = [], kflag = false]) => [
      this.name(name),
      ((kflag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0,
      size,
      ...tail,
    ]);
    const header = uapi.btf_header.bytes({
      magic: uapi.BTF_MAGIC,
      version: 1,
      hdr_len: uapi.btf_header.size,
      type_len: words.length * 4,
      str_off: words.length * 4,
      str_len: this.#strings.length,
    });
    const body = new Uint8Array(new Uint32Array(words).buffer);
    return Uint8Array.of(...header, ...body, ...Array.from(this.#strings, (c) => c.charCodeAt(0)));
  }
}
