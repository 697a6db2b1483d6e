// Reads BTF: the type information of a kernel (/sys/kernel/btf/vmlinux) or of an object's .BTF section. One pass notes
// where each type is; everything else is decoded when asked for, so that the 5 MB of a kernel open in milliseconds. The
// bytes may come from anyone: whatever is wrong with them becomes a LoaderError that names the offset and the cause.
import { Bytes } from '../codec/bytes.js';
import * as uapi from '../uapi/linux/btf.js';
import { BtfNames, essentialName } from './btf_names.js';
import { LoaderError } from './loader_error.js';
import { maxName, readName } from './name.js';

export interface BtfType {
  readonly id: number;
  readonly kind: number;
  readonly name: string;
  /** Number of members, parameters, …; the linkage of a function. */
  readonly vlen: number;
  readonly kflag: boolean;
  /** Size in bytes or the type referred to, as the kind says. */
  readonly sizeOrType: number;
  /** Where in the BTF the btf_type is, and what follows it. */
  readonly at: number;
  readonly tail: number;
}

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Width of a bitfield, 0 for an ordinary member. */
  readonly bits: number;
}

export interface BtfVariable {
  /** The type, a BTF_KIND_VAR if all is well. */
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Where in the BTF the btf_var_secinfo is. */
  readonly at: number;
}

export interface BtfEnumerator {
  readonly name: string;
  readonly value: bigint;
}

/** Bytes that follow a btf_type: a fixed part, and a part for each of its vlen elements. */
const tails: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  [uapi.BTF_KIND_INT]: [4, 0],
  [uapi.BTF_KIND_PTR]: [0, 0],
  [uapi.BTF_KIND_ARRAY]: [uapi.btf_array.size, 0],
  [uapi.BTF_KIND_STRUCT]: [0, uapi.btf_member.size],
  [uapi.BTF_KIND_UNION]: [0, uapi.btf_member.size],
  [uapi.BTF_KIND_ENUM]: [0, uapi.btf_enum.size],
  [uapi.BTF_KIND_FWD]: [0, 0],
  [uapi.BTF_KIND_TYPEDEF]: [0, 0],
  [uapi.BTF_KIND_VOLATILE]: [0, 0],
  [uapi.BTF_KIND_CONST]: [0, 0],
  [uapi.BTF_KIND_RESTRICT]: [0, 0],
  [uapi.BTF_KIND_FUNC]: [0, 0],
  [uapi.BTF_KIND_FUNC_PROTO]: [0, uapi.btf_param.size],
  [uapi.BTF_KIND_VAR]: [uapi.btf_var.size, 0],
  [uapi.BTF_KIND_DATASEC]: [0, uapi.btf_var_secinfo.size],
  [uapi.BTF_KIND_FLOAT]: [0, 0],
  [uapi.BTF_KIND_DECL_TAG]: [uapi.btf_decl_tag.size, 0],
  [uapi.BTF_KIND_TYPE_TAG]: [0, 0],
  [uapi.BTF_KIND_ENUM64]: [0, uapi.btf_enum64.size],
};

const kinds = uapi.BTF_KIND_ENUM64 + 1;
const fixedPart = Uint8Array.from({ length: kinds }, (_, kind) => tails[kind]?.[0] ?? 0);
const eachPart = Uint8Array.from({ length: kinds }, (_, kind) => tails[kind]?.[1] ?? 0);

/** Kinds whose size and meaning are those of the type they refer to. */
const transparent = new Set<number>([
  uapi.BTF_KIND_TYPEDEF,
  uapi.BTF_KIND_VOLATILE,
  uapi.BTF_KIND_CONST,
  uapi.BTF_KIND_RESTRICT,
  uapi.BTF_KIND_TYPE_TAG,
]);

/** Kinds without a size. */
const sizeless = new Set<number>([
  uapi.BTF_KIND_FWD,
  uapi.BTF_KIND_FUNC,
  uapi.BTF_KIND_FUNC_PROTO,
  uapi.BTF_KIND_VAR,
  uapi.BTF_KIND_DECL_TAG,
]);

/** Kinds whose name is a text of any length, as are lines of the source. */
const tagged = new Set<number>([uapi.BTF_KIND_DECL_TAG, uapi.BTF_KIND_TYPE_TAG]);
export const maxText = 1 << 16;

const pointerSize = 8;

/** As deep as the kernel follows references. */
const maxDepth = 32;

/** Beyond this a size is no size: the kernel refuses types of 4 GB and more. */
const maxSize = 0xffffffff;

/** More members in one struct than any kernel has; unnamed structs that hold each other multiply without end. */
const maxMembers = 100_000;

interface Sections {
  readonly types: number;
  readonly typesEnd: number;
  readonly strings: number;
  readonly stringsEnd: number;
}

/** Where BTF comes from, for messages: a file, and where in it the BTF starts. */
export interface BtfOrigin {
  readonly file: string;
  readonly base: number;
}

export class Btf {
  readonly #bytes: Bytes;
  readonly #origin: BtfOrigin;
  readonly #sections: Sections;
  /** Where type i is; 0 for void. */
  readonly #at: Uint32Array;
  #names: BtfNames | undefined;
  readonly #members = new Map<number, readonly BtfMember[]>();

  constructor(u8: Uint8Array, origin: BtfOrigin = { file: 'BTF', base: 0 }) {
    this.#bytes = new Bytes(u8);
    this.#origin = origin;
    this.#sections = this.#readHeader();
    this.#at = this.#indexTypes();
  }

  /** Number of types, void included; ids are 0 up to, not including, this. */
  get typeCount(): number {
    return this.#at.length;
  }

  /** The bytes it was made of. */
  get u8(): Uint8Array {
    return this.#bytes.u8;
  }

  /** `offset` counts from the start of the BTF. */
  error(offset: number, reason: string): LoaderError {
    return new LoaderError(this.#origin.file, this.#origin.base + offset, reason);
  }

  /** The type of this id; id 0, void, is none. */
  type(id: number): BtfType {
    const at = this.#offset(id);
    const { view } = this.#bytes;
    const info = view.getUint32(at + 4, true);
    const kind = uapi.btfInfoKind(info);
    return {
      id,
      kind,
      name: this.string(view.getUint32(at, true), at, tagged.has(kind) ? maxText : maxName),
      vlen: uapi.btfInfoVlen(info),
      kflag: uapi.btfInfoKflag(info),
      sizeOrType: view.getUint32(at + 8, true),
      at,
      tail: at + uapi.btf_type.size,
    };
  }

  /** BTF_KIND_*; of void, 0. */
  kind(id: number): number {
    return id === 0 ? uapi.BTF_KIND_UNKN : uapi.btfInfoKind(this.#bytes.view.getUint32(this.#offset(id) + 4, true));
  }

  /** Members of a struct or union, in order; those of other kinds are none. Decoded once: relocations search in them. */
  members(type: BtfType): readonly BtfMember[] {
    let members = this.#members.get(type.id);
    if (members === undefined) this.#members.set(type.id, (members = this.#decodeMembers(type)));
    return members;
  }

  /** The types of a prototype's parameters. */
  parameters({ kind, vlen, tail }: BtfType): number[] {
    if (kind !== uapi.BTF_KIND_FUNC_PROTO) return [];
    return Array.from({ length: vlen }, (_, i) => uapi.btf_param.get(this.#bytes, tail + i * uapi.btf_param.size).type);
  }

  array({ tail }: BtfType): { type: number; nelems: number } {
    return uapi.btf_array.get(this.#bytes, tail);
  }

  /** The word behind a BTF_KIND_INT. */
  int({ tail }: BtfType): number {
    return this.#bytes.view.getUint32(tail, true);
  }

  /** Linkage of a BTF_KIND_VAR. */
  linkage({ tail }: BtfType): number {
    return uapi.btf_var.get(this.#bytes, tail).linkage;
  }

  /** The variables of a BTF_KIND_DATASEC. */
  variables({ kind, vlen, tail }: BtfType): BtfVariable[] {
    if (kind !== uapi.BTF_KIND_DATASEC) return [];
    return Array.from({ length: vlen }, (_, i) => {
      const at = tail + i * uapi.btf_var_secinfo.size;
      return { ...uapi.btf_var_secinfo.get(this.#bytes, at), at };
    });
  }

  /** The enumerators of an enum of either width. */
  enumerators({ kind, vlen, tail, kflag }: BtfType): BtfEnumerator[] {
    if (kind === uapi.BTF_KIND_ENUM)
      return Array.from({ length: vlen }, (_, i) => {
        const at = tail + i * uapi.btf_enum.size;
        const { name_off, val } = uapi.btf_enum.get(this.#bytes, at);
        return { name: this.string(name_off, at), value: BigInt(val) };
      });
    if (kind !== uapi.BTF_KIND_ENUM64) return [];
    return Array.from({ length: vlen }, (_, i) => {
      const at = tail + i * uapi.btf_enum64.size;
      const { name_off, val_lo32, val_hi32 } = uapi.btf_enum64.get(this.#bytes, at);
      const value = (BigInt(val_hi32) << 32n) | BigInt(val_lo32);
      return { name: this.string(name_off, at), value: kflag ? BigInt.asIntN(64, value) : value };
    });
  }

  /** What a type is under its typedefs and qualifiers. */
  resolve(id: number): number {
    let to = id;
    for (let depth = 0; transparent.has(this.kind(to)); depth++) {
      if (depth > maxDepth) throw this.#circle(id);
      to = this.#bytes.view.getUint32(this.#offset(to) + 8, true);
    }
    return to;
  }

  /** Size of a value of this type in bytes. */
  sizeOf(id: number): number {
    let count = 1;
    let to = id;
    for (let depth = 0; depth <= maxDepth; depth++) {
      const type = this.type(this.resolve(to));
      if (sizeless.has(type.kind))
        throw this.error(type.at, `type ${id}, ${uapi.btfKind(type.kind)} '${type.name}', has no size`);
      if (type.kind !== uapi.BTF_KIND_ARRAY)
        return this.#checkSize(type, count * (type.kind === uapi.BTF_KIND_PTR ? pointerSize : type.sizeOrType));
      const array = this.array(type);
      count = this.#checkSize(type, count * array.nelems);
      to = array.type;
    }
    throw this.#circle(id);
  }

  /** The struct or union of this name (the first one), or undefined. */
  struct(name: string): BtfType | undefined {
    return this.find(name, (kind) => kind === uapi.BTF_KIND_STRUCT || kind === uapi.BTF_KIND_UNION);
  }

  /** The first type of this name whose kind is wanted, or undefined. */
  find(name: string, wanted: (kind: number) => boolean): BtfType | undefined {
    for (const id of this.namesakes(essentialName(name)))
      if (wanted(this.kind(id)) && this.type(id).name === name) return this.type(id);
    return undefined;
  }

  /** Types whose name without its flavour (NAME___flavour) is this, in ascending order, and maybe some others. */
  namesakes(essential: string): Iterable<number> {
    this.#names ??= new BtfNames(this.#bytes, this.#at, this.#sections.strings, this.#sections.stringsEnd);
    return this.#names.find(essential);
  }

  /**
   * Offset in bits of each named member of a struct, those of unnamed members inside included, as C lets one write
   * them.
   */
  offsets(type: BtfType): Map<string, number> {
    const found = new Map<string, number>();
    const open = [{ type, base: 0 }];
    for (let next = open.pop(), seen = 0; next !== undefined; next = open.pop()) {
      for (const { name, type: id, bitOffset } of this.members(next.type)) {
        if (++seen > maxMembers) throw this.error(type.tail, `type ${type.id} has over ${maxMembers} members`);
        if (name === '') open.push({ type: this.type(id), base: next.base + bitOffset });
        else found.set(name, next.base + bitOffset);
      }
    }
    return found;
  }

  /** The string at `off` of the strings, of at most `longest` bytes; `from` is where it is referred to. */
  string(off: number, from: number, longest = maxName): string {
    const { strings, stringsEnd } = this.#sections;
    return readName(this.#bytes.u8, strings + off, stringsEnd, (reason) => this.error(from, reason), longest);
  }

  #decodeMembers({ kind, vlen, kflag, tail }: BtfType): BtfMember[] {
    if (kind !== uapi.BTF_KIND_STRUCT && kind !== uapi.BTF_KIND_UNION) return [];
    return Array.from({ length: vlen }, (_, i) => {
      const at = tail + i * uapi.btf_member.size;
      const { name_off, type, offset } = uapi.btf_member.get(this.#bytes, at);
      const bits = kflag ? offset >>> 24 : 0;
      return { name: this.string(name_off, at), type, bitOffset: kflag ? offset & 0xffffff : offset, bits };
    });
  }

  #checkSize(type: BtfType, size: number): number {
    if (size > maxSize) throw this.error(type.at, `type ${type.id} makes a size of ${size} bytes`);
    return size;
  }

  #circle(id: number): LoaderError {
    return this.error(this.#offset(id), `type ${id} refers to others in a circle or too deeply`);
  }

  #offset(id: number): number {
    const at = this.#at[id];
    if (at === undefined || id === 0)
      throw this.error(this.#sections.types, `type ${id} is none of the ${this.#at.length} types, or void`);
    return at;
  }

  #readHeader(): Sections {
    const { btf_header } = uapi;
    const { length } = this.#bytes;
    if (length < btf_header.size)
      throw this.error(length, `the BTF ends in its header, ${btf_header.size} bytes are needed`);
    const header = btf_header.get(this.#bytes, 0);
    if (header.magic === 0x9feb) throw this.error(0, 'BTF is big endian');
    if (header.magic !== uapi.BTF_MAGIC) throw this.error(0, `magic is 0x${header.magic.toString(16)}, not 0xeb9f`);
    if (header.version !== uapi.BTF_VERSION) throw this.error(2, `version ${header.version} is not known`);
    if (header.hdr_len < btf_header.size || header.hdr_len > length)
      throw this.error(4, `header length ${header.hdr_len} is out of range`);
    const types = header.hdr_len + header.type_off;
    const strings = header.hdr_len + header.str_off;
    const sections = { types, typesEnd: types + header.type_len, strings, stringsEnd: strings + header.str_len };
    if (sections.typesEnd > length) throw this.error(8, `types end at ${sections.typesEnd}, the BTF at ${length}`);
    if (sections.stringsEnd > length)
      throw this.error(16, `strings end at ${sections.stringsEnd}, the BTF at ${length}`);
    return sections;
  }

  #indexTypes(): Uint32Array {
    const { types, typesEnd } = this.#sections;
    const { view } = this.#bytes;
    const size = uapi.btf_type.size;
    const index = new Uint32Array(1 + Math.floor((typesEnd - types) / size));
    let count = 1;
    for (let at = types; at < typesEnd; count++) {
      if (at + size > typesEnd) throw this.error(at, `type ${count} is cut off`);
      const info = view.getUint32(at + 4, true);
      const kind = uapi.btfInfoKind(info);
      if (tails[kind] === undefined) throw this.error(at + 4, `type ${count} is of unknown kind ${kind}`);
      index[count] = at;
      const next = at + size + fixedPart[kind]! + eachPart[kind]! * uapi.btfInfoVlen(info);
      if (next > typesEnd) throw this.error(at, `type ${count} goes beyond the types, which end at ${typesEnd}`);
      at = next;
    }
    return index.slice(0, count);
  }
}
