// Reads BTF: the type information of a kernel (/sys/kernel/btf/vmlinux) or of an object's .BTF section. Types are
// indexed once and decoded when asked for, so that the 5 MB of a kernel open in milliseconds. The bytes may come from
// anyone: whatever is wrong with them becomes a BtfError that names the offset and the cause.
import { Bytes, latin1 } from '../codec/bytes.js';
import * as uapi from '../uapi/linux/btf.js';

/** What is wrong with the bytes, and `offset`, where in them. */
export class BtfError extends Error {
  readonly offset: number;

  constructor(offset: number, cause: string) {
    super(`BTF at offset ${offset}: ${cause}`);
    this.offset = offset;
  }
}

export interface BtfType {
  readonly id: number;
  readonly kind: number;
  readonly name: string;
  /** Number of members, parameters, … */
  readonly vlen: number;
  readonly kflag: boolean;
  /** Size in bytes or the type referred to, as the kind says. */
  readonly sizeOrType: number;
  /** Offset in the file of what follows the btf_type. */
  readonly tail: number;
}

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Width of a bitfield, 0 for an ordinary member. */
  readonly bits: number;
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

/** Kinds whose size is that of the type they refer to. */
const transparent = new Set<number>([
  uapi.BTF_KIND_TYPEDEF,
  uapi.BTF_KIND_VOLATILE,
  uapi.BTF_KIND_CONST,
  uapi.BTF_KIND_RESTRICT,
  uapi.BTF_KIND_TYPE_TAG,
]);

const pointerSize = 8;

/** As deep as the kernel follows references. */
const maxDepth = 32;

/** More members in one struct than any kernel has; unnamed structs that hold each other multiply without end. */
const maxMembers = 100_000;

interface Sections {
  readonly types: number;
  readonly typesEnd: number;
  readonly strings: number;
  readonly stringsEnd: number;
}

function readHeader(file: Bytes): Sections {
  const { btf_header } = uapi;
  if (file.length < btf_header.size)
    throw new BtfError(file.length, `the file ends in the header, ${btf_header.size} bytes are needed`);
  const header = btf_header.get(file, 0);
  if (header.magic !== uapi.BTF_MAGIC) throw new BtfError(0, `magic is 0x${header.magic.toString(16)}, not 0xeb9f`);
  if (header.version !== uapi.BTF_VERSION) throw new BtfError(2, `version ${header.version} is not known`);
  if (header.hdr_len < btf_header.size || header.hdr_len > file.length)
    throw new BtfError(4, `header length ${header.hdr_len} is out of range`);
  const types = header.hdr_len + header.type_off;
  const strings = header.hdr_len + header.str_off;
  const sections = { types, typesEnd: types + header.type_len, strings, stringsEnd: strings + header.str_len };
  if (sections.typesEnd > file.length)
    throw new BtfError(8, `types end at ${sections.typesEnd}, the file at ${file.length}`);
  if (sections.stringsEnd > file.length)
    throw new BtfError(16, `strings end at ${sections.stringsEnd}, the file at ${file.length}`);
  return sections;
}

/** Offset of every type; type 0 is void and has none. */
function indexTypes(file: Bytes, { types, typesEnd }: Sections): number[] {
  const index = [0];
  for (let at = types; at < typesEnd;) {
    index.push(at);
    if (at + uapi.btf_type.size > typesEnd) throw new BtfError(at, `type ${index.length - 1} is cut off`);
    const { info } = uapi.btf_type.get(file, at);
    const tail = tails[uapi.btfInfoKind(info)];
    if (tail === undefined)
      throw new BtfError(at + 4, `type ${index.length - 1} is of unknown kind ${uapi.btfInfoKind(info)}`);
    const next = at + uapi.btf_type.size + tail[0] + tail[1] * uapi.btfInfoVlen(info);
    if (next > typesEnd)
      throw new BtfError(at, `type ${index.length - 1} goes beyond the types, which end at ${typesEnd}`);
    at = next;
  }
  return index;
}

export class Btf {
  readonly #file: Bytes;
  readonly #sections: Sections;
  readonly #index: readonly number[];
  #structs: Map<string, number> | undefined;

  constructor(u8: Uint8Array) {
    this.#file = new Bytes(u8);
    this.#sections = readHeader(this.#file);
    this.#index = indexTypes(this.#file, this.#sections);
  }

  /** Number of types, void included; ids are 0 up to, not including, this. */
  get typeCount(): number {
    return this.#index.length;
  }

  /** The type of this id; id 0, void, is none. */
  type(id: number): BtfType {
    const at = this.#at(id);
    const { name_off, info, size } = uapi.btf_type.get(this.#file, at);
    return {
      id,
      kind: uapi.btfInfoKind(info),
      name: this.#string(at, name_off),
      vlen: uapi.btfInfoVlen(info),
      kflag: uapi.btfInfoKflag(info),
      sizeOrType: size,
      tail: at + uapi.btf_type.size,
    };
  }

  /** Members of a struct or union, in order; those of other kinds are none. */
  members({ kind, vlen, kflag, tail }: BtfType): BtfMember[] {
    if (kind !== uapi.BTF_KIND_STRUCT && kind !== uapi.BTF_KIND_UNION) return [];
    return Array.from({ length: vlen }, (_, i) => {
      const at = tail + i * uapi.btf_member.size;
      const { name_off, type, offset } = uapi.btf_member.get(this.#file, at);
      const bits = kflag ? offset >>> 24 : 0;
      return { name: this.#string(at, name_off), type, bitOffset: kflag ? offset & 0xffffff : offset, bits };
    });
  }

  /** Size of a value of this type in bytes. */
  sizeOf(id: number, depth = 0): number {
    if (depth > maxDepth) throw new BtfError(this.#at(id), `type ${id} refers to others in a circle or too deeply`);
    const type = this.type(id);
    if (transparent.has(type.kind)) return this.sizeOf(type.sizeOrType, depth + 1);
    switch (type.kind) {
      case uapi.BTF_KIND_PTR:
        return pointerSize;
      case uapi.BTF_KIND_ARRAY: {
        const array = uapi.btf_array.get(this.#file, type.tail);
        return array.nelems * this.sizeOf(array.type, depth + 1);
      }
      case uapi.BTF_KIND_FWD:
      case uapi.BTF_KIND_FUNC:
      case uapi.BTF_KIND_FUNC_PROTO:
      case uapi.BTF_KIND_VAR:
      case uapi.BTF_KIND_DECL_TAG:
        throw new BtfError(type.tail, `type ${id}, ${uapi.btfKind(type.kind)} '${type.name}', has no size`);
      default:
        return type.sizeOrType;
    }
  }

  /** The struct or union of this name (the first one), or undefined. */
  struct(name: string): BtfType | undefined {
    this.#structs ??= this.#nameStructs();
    const id = this.#structs.get(name);
    return id === undefined ? undefined : this.type(id);
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
        if (++seen > maxMembers) throw new BtfError(type.tail, `type ${type.id} has over ${maxMembers} members`);
        if (name === '') open.push({ type: this.type(id), base: next.base + bitOffset });
        else found.set(name, next.base + bitOffset);
      }
    }
    return found;
  }

  #nameStructs(): Map<string, number> {
    const structs = new Map<string, number>();
    for (let id = 1; id < this.#index.length; id++) {
      const { name_off, info } = uapi.btf_type.get(this.#file, this.#index[id]!);
      const kind = uapi.btfInfoKind(info);
      if (kind !== uapi.BTF_KIND_STRUCT && kind !== uapi.BTF_KIND_UNION) continue;
      const name = this.#string(this.#index[id]!, name_off);
      if (name !== '' && !structs.has(name)) structs.set(name, id);
    }
    return structs;
  }

  #at(id: number): number {
    const at = this.#index[id];
    if (at === undefined || id === 0)
      throw new BtfError(this.#sections.types, `type ${id} is none of the ${this.#index.length} types, or void`);
    return at;
  }

  /** The string at `off` of the strings; `from` is where it is referred to. */
  #string(from: number, off: number): string {
    const { strings, stringsEnd } = this.#sections;
    const start = strings + off;
    if (start >= stringsEnd) throw new BtfError(from, `name at ${off} is beyond the strings`);
    const end = this.#file.u8.indexOf(0, start);
    if (end < 0 || end >= stringsEnd) throw new BtfError(start, 'a name without an end');
    return latin1(this.#file.u8, start, end);
  }
}
