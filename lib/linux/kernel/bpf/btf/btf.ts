// kernel/bpf/btf.c struct btf: type information that was loaded and found good (load.ts). Held by its open files, by maps
// and programs that came with it. Everything asked here may rely on what the checks have proved.
import {
  BTF_KIND_INT,
  btfInfoKflag,
  btfInfoKind,
  btfInfoVlen,
  btfIntBits,
  btfIntOffset,
} from '../../../../uapi/linux/btf.js';
import type { Holder } from '../../../events.js';
import type { Machine } from '../../../machine.js';
import { KObject } from '../../../object.js';

/** Bytes of struct btf_type. */
export const SIZEOF_BTF_TYPE = 12;

/** Type information as bytes: header read, types found. */
export interface BtfBytes {
  readonly data: Uint8Array;
  /** Where each type begins in `data`; [0] is void and means nothing. */
  readonly typeAt: readonly number[];
  /** Where the strings begin. */
  readonly strings: number;
}

export class Btf extends KObject {
  readonly machine: Machine;
  /** 0 until it is published. */
  id = 0;
  /** As loaded. */
  readonly data: Uint8Array;
  readonly #view: DataView;
  readonly #typeAt: readonly number[];
  readonly #strings: number;

  constructor(machine: Machine, bytes: BtfBytes, creator: Holder) {
    super(machine, creator);
    this.machine = machine;
    this.data = bytes.data;
    this.#view = new DataView(bytes.data.buffer, bytes.data.byteOffset, bytes.data.byteLength);
    this.#typeAt = bytes.typeAt;
    this.#strings = bytes.strings;
  }

  get label(): string {
    return `btf ${this.id}`;
  }

  /** Types there are, void included. */
  get nrTypes(): number {
    return this.#typeAt.length;
  }

  /** Whether there is a type of this id; 0 is void. */
  has(id: number): boolean {
    return id >= 0 && id < this.#typeAt.length;
  }

  #info(id: number): number {
    return id === 0 ? 0 : this.#view.getUint32(this.#typeAt[id]! + 4, true);
  }

  /** BTF_KIND_*; 0 for void and for what is not there. */
  kindOf(id: number): number {
    return this.has(id) ? btfInfoKind(this.#info(id)) : 0;
  }

  vlenOf(id: number): number {
    return btfInfoVlen(this.#info(id));
  }

  kflagOf(id: number): boolean {
    return btfInfoKflag(this.#info(id));
  }

  /** The word that is a size or the id of another type, by kind. */
  sizeOrType(id: number): number {
    return id === 0 ? 0 : this.#view.getUint32(this.#typeAt[id]! + 8, true);
  }

  /** Name of a type; '' when it has none. */
  nameOf(id: number): string {
    return id === 0 ? 'void' : this.string(this.#view.getUint32(this.#typeAt[id]!, true));
  }

  /** The string at an offset. */
  string(offset: number): string {
    let text = '';
    for (let i = this.#strings + offset; this.data[i] !== 0; i++) text += String.fromCharCode(this.data[i]!);
    return text;
  }

  /** Word `index` of what follows struct btf_type. */
  extra(id: number, index: number): number {
    return this.#view.getUint32(this.#typeAt[id]! + SIZEOF_BTF_TYPE + 4 * index, true);
  }

  /** Whether the type is an int of `bits` bits that begin at bit 0. */
  isPlainInt(id: number, bits: number): boolean {
    if (this.kindOf(id) !== BTF_KIND_INT) return false;
    const word = this.extra(id, 0);
    return btfIntBits(word) === bits && btfIntOffset(word) === 0;
  }

  protected destroy(): void {
    this.machine.bpfIds.btfs.remove(this);
  }
}
