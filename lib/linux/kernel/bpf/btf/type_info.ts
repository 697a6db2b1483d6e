// Types of a BTF by id, read in place: kernel/bpf/btf.c struct btf without its life. Id 0 is void. What is asked about a
// type is what its kind has; the checks (meta.ts, resolve.ts) have seen to it that it is there.
import * as K from '../../../../uapi/linux/btf.js';

/** Bytes of struct btf_type. */
export const SIZEOF_BTF_TYPE = 12;
/** Longest identifier, and greatest offset of a name. */
const KSYM_NAME_LEN = 512;
const BTF_MAX_NAME_OFFSET = 0x00ffffff;

const SIZED: ReadonlySet<number> = new Set([
  K.BTF_KIND_INT,
  K.BTF_KIND_STRUCT,
  K.BTF_KIND_UNION,
  K.BTF_KIND_ENUM,
  K.BTF_KIND_DATASEC,
  K.BTF_KIND_FLOAT,
  K.BTF_KIND_ENUM64,
]);
const MODIFIERS: ReadonlySet<number> = new Set([
  K.BTF_KIND_TYPEDEF,
  K.BTF_KIND_VOLATILE,
  K.BTF_KIND_CONST,
  K.BTF_KIND_RESTRICT,
  K.BTF_KIND_TYPE_TAG,
]);
const SIZELESS: ReadonlySet<number> = new Set([
  K.BTF_KIND_UNKN,
  K.BTF_KIND_FWD,
  K.BTF_KIND_FUNC,
  K.BTF_KIND_FUNC_PROTO,
  K.BTF_KIND_DECL_TAG,
]);

/** isalpha() of the kernel, for which characters are Latin-1. */
function isLetter(c: number): boolean {
  if (c >= 0xc0) return c !== 0xd7 && c !== 0xf7;
  return (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
}

/** Letters, digits, '_' and '.', no digit first. */
function isNameChar(c: number, first: boolean): boolean {
  return isLetter(c) || c === 0x5f || c === 0x2e || (!first && c >= 0x30 && c <= 0x39);
}

const isPrintable = (c: number): boolean => (c >= 0x20 && c < 0x7f) || c >= 0xa0;

export class BtfTypeInfo {
  /** As loaded. */
  readonly data: Uint8Array;
  readonly view: DataView;
  /** Where the strings begin, and their length. */
  strings = 0;
  strLen = 0;
  /** Where each type begins; void is nowhere. */
  readonly typeAt: number[] = [-1];
  /** By id: the type that a modifier, pointer, variable, array or function leads to, and the size of an array. */
  resolvedIds = new Uint32Array(0);
  resolvedSizes = new Uint32Array(0);

  constructor(data: Uint8Array) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** Types there are, void included. */
  get nrTypes(): number {
    return this.typeAt.length;
  }

  has(id: number): boolean {
    return id < this.typeAt.length;
  }

  #word(id: number, offset: number): number {
    return id === 0 ? 0 : this.view.getUint32(this.typeAt[id]! + offset, true);
  }

  infoOf(id: number): number {
    return this.#word(id, 4);
  }

  /** BTF_KIND_*; 0 for void and for what is not there. */
  kindOf(id: number): number {
    return this.has(id) ? K.btfInfoKind(this.infoOf(id)) : 0;
  }

  vlenOf(id: number): number {
    return K.btfInfoVlen(this.infoOf(id));
  }

  kflagOf(id: number): boolean {
    return K.btfInfoKflag(this.infoOf(id));
  }

  /** Size in bytes, of a kind that says one. */
  sizeOf(id: number): number {
    return this.#word(id, 8);
  }

  /** Id of the type that this one refers to, of a kind that does. */
  typeOf(id: number): number {
    return this.#word(id, 8);
  }

  nameOffOf(id: number): number {
    return this.#word(id, 0);
  }

  /** Word `index` of what follows struct btf_type. */
  extra(id: number, index: number): number {
    return this.#word(id, SIZEOF_BTF_TYPE + 4 * index);
  }

  /** Bytes of an offset's string up to its NUL; undefined when it lies outside. */
  #bytes(offset: number): Uint8Array | undefined {
    if (offset >= this.strLen) return undefined;
    const start = this.strings + offset;
    return this.data.subarray(start, this.data.indexOf(0, start));
  }

  string(offset: number): string {
    return String.fromCharCode(...(this.#bytes(offset) ?? []).slice(0, 4096));
  }

  /** Name of a type; '' when it has none. */
  nameOf(id: number): string {
    return this.string(this.nameOffOf(id));
  }

  /** The name at an offset as logs show it. */
  shownName(offset: number): string {
    if (offset === 0) return '(anon)';
    return offset < this.strLen ? this.string(offset) : '(invalid-name-offset)';
  }

  isNameOffset(offset: number): boolean {
    return offset <= BTF_MAX_NAME_OFFSET && offset < this.strLen;
  }

  /** @models kernel/bpf/btf.c btf_name_valid_identifier() */
  isIdentifier(offset: number): boolean {
    const bytes = this.#bytes(offset);
    if (bytes === undefined || bytes.length === 0 || bytes.length > KSYM_NAME_LEN) return false;
    return bytes.every((c, i) => isNameChar(c, i === 0));
  }

  /** @models kernel/bpf/btf.c btf_name_valid_section() */
  isSectionName(offset: number): boolean {
    const bytes = this.#bytes(offset);
    if (bytes === undefined || bytes.length === 0 || bytes.length > KSYM_NAME_LEN) return false;
    return bytes.every(isPrintable);
  }

  /** Whether the type's size is written in it. */
  hasSize(id: number): boolean {
    return SIZED.has(this.kindOf(id));
  }

  isModifier(id: number): boolean {
    return MODIFIERS.has(this.kindOf(id));
  }

  /** STRUCT or UNION. */
  isStruct(id: number): boolean {
    const kind = this.kindOf(id);
    return kind === K.BTF_KIND_STRUCT || kind === K.BTF_KIND_UNION;
  }

  /** Whether no value can have this type: void, functions, forward declarations, and ids there are not. */
  isSizeless(id: number): boolean {
    return !this.has(id) || SIZELESS.has(this.kindOf(id));
  }

  /** VAR, DATASEC, DECL_TAG: nothing refers to them but each other. */
  isSourceOnly(id: number): boolean {
    const kind = this.kindOf(id);
    return kind === K.BTF_KIND_VAR || kind === K.BTF_KIND_DATASEC || kind === K.BTF_KIND_DECL_TAG;
  }

  /** Past typedefs, const and the like. @models kernel/bpf/btf.c btf_type_skip_modifiers() */
  skipModifiers(id: number): number {
    let at = id;
    while (this.isModifier(at)) at = this.typeOf(at);
    return at;
  }

  /** First type of this kind and name, or 0. @models kernel/bpf/btf.c btf_find_by_name_kind() */
  find(name: string, kind: number): number {
    for (let id = 1; id < this.nrTypes; id++) if (this.kindOf(id) === kind && this.nameOf(id) === name) return id;
    return 0;
  }

  /** Whether the type is an int of whole bytes, 1, 2, 4, 8 or 16. @models kernel/bpf/btf.c btf_type_int_is_regular() */
  isRegularInt(id: number): boolean {
    if (this.kindOf(id) !== K.BTF_KIND_INT) return false;
    const word = this.extra(id, 0);
    return K.btfIntOffset(word) === 0 && [8, 16, 32, 64, 128].includes(K.btfIntBits(word));
  }

  /** Whether the type is an int of `bits` bits that begin at bit 0. */
  isPlainInt(id: number, bits: number): boolean {
    if (this.kindOf(id) !== K.BTF_KIND_INT) return false;
    const word = this.extra(id, 0);
    return K.btfIntBits(word) === bits && K.btfIntOffset(word) === 0;
  }

  #concreteSize(id: number): number | undefined {
    if (this.isSizeless(id)) return undefined;
    if (this.hasSize(id)) return this.sizeOf(id);
    const kind = this.kindOf(id);
    if (kind === K.BTF_KIND_ARRAY) return this.resolvedSizes[id]!;
    return kind === K.BTF_KIND_PTR ? 8 : undefined;
  }

  /**
   * The type that values of `id` have, and their size; undefined when there are no such values.
   *
   * @models kernel/bpf/btf.c btf_type_id_size()
   */
  sizedType(id: number): { id: number; size: number } | undefined {
    if (this.isSizeless(id)) return undefined;
    const follow = this.isModifier(id) || this.kindOf(id) === K.BTF_KIND_VAR;
    const end = follow ? this.resolvedIds[id]! : id;
    const size = this.#concreteSize(end);
    return size === undefined ? undefined : { id: end, size };
  }
}

export interface BtfMember {
  readonly nameOff: number;
  readonly type: number;
  /** As written: with the kind flag, size and offset of a bit field in one. */
  readonly offset: number;
  readonly bitOffset: number;
  readonly bitfieldSize: number;
}

/** Member `index` of a struct or union. @models include/linux/btf.h __btf_member_bit_offset() and __btf_member_bitfield_size() */
export function memberOf(info: BtfTypeInfo, id: number, index: number): BtfMember {
  const offset = info.extra(id, 3 * index + 2);
  const kflag = info.kflagOf(id);
  return {
    nameOff: info.extra(id, 3 * index),
    type: info.extra(id, 3 * index + 1),
    offset,
    bitOffset: kflag ? offset & 0xffffff : offset,
    bitfieldSize: kflag ? offset >>> 24 : 0,
  };
}
