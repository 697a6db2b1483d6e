// kernel/bpf/btf.c btf_parse_fields(): the fields of a map's value, or of an object that programs make, that belong to the
// kernel: found by the names of their types, also in nested structs and arrays. At most eleven; each where its alignment
// wants it; some only once.
import { E2BIG, EEXIST, EFAULT, EINVAL, ENOENT } from '../../../../uapi/asm-generic/errno.js';
import * as K from '../../../../uapi/linux/btf.js';
import { errno } from '../../../errno.js';
import * as R from './record.js';
import { memberOf, type BtfTypeInfo } from './type_info.js';

const BTF_FIELDS_MAX = 11;
const MAX_DEPTH = 32;

interface FieldKind {
  readonly type: number;
  readonly size: number;
  readonly align: number;
  /** At most one in a value. */
  readonly once?: boolean;
}

/** Kinds that are known by the name of their struct. */
const kinds: Readonly<Record<string, FieldKind>> = {
  bpf_spin_lock: { type: R.BPF_SPIN_LOCK, size: 4, align: 4, once: true },
  bpf_res_spin_lock: { type: R.BPF_RES_SPIN_LOCK, size: 4, align: 4, once: true },
  bpf_timer: { type: R.BPF_TIMER, size: 16, align: 8, once: true },
  bpf_wq: { type: R.BPF_WORKQUEUE, size: 16, align: 8, once: true },
  bpf_task_work: { type: R.BPF_TASK_WORK, size: 8, align: 8, once: true },
  bpf_list_head: { type: R.BPF_LIST_HEAD, size: 16, align: 8 },
  bpf_list_node: { type: R.BPF_LIST_NODE, size: 24, align: 8 },
  bpf_rb_root: { type: R.BPF_RB_ROOT, size: 16, align: 8 },
  bpf_rb_node: { type: R.BPF_RB_NODE, size: 32, align: 8 },
  bpf_refcount: { type: R.BPF_REFCOUNT, size: 4, align: 4 },
};

const POINTER: FieldKind = { type: R.BPF_KPTR_REF, size: 8, align: 8 };

/** Kinds of pointers, by the tag of what they point to. */
const pointerTags: Readonly<Record<string, number>> = {
  kptr_untrusted: R.BPF_KPTR_UNREF,
  kptr: R.BPF_KPTR_REF,
  percpu_kptr: R.BPF_KPTR_PERCPU,
  uptr: R.BPF_UPTR,
};

const REPEATABLE = R.BPF_KPTR | R.BPF_UPTR | R.BPF_LIST_HEAD | R.BPF_RB_ROOT;

/** A field before the nodes of what it contains are looked for. */
interface Found extends R.BtfField {
  /** Member of the contained struct that is the node. */
  readonly node?: string;
}

class FieldFinder {
  readonly #types: BtfTypeInfo;
  readonly #mask: number;
  #seen = 0;
  /** Fields there is room for. */
  #left = BTF_FIELDS_MAX;

  constructor(types: BtfTypeInfo, mask: number) {
    this.#types = types;
    this.#mask = mask;
  }

  /** Fields of a struct, or of a section of variables. @models kernel/bpf/btf.c btf_find_field() */
  find(id: number): Found[] {
    const kind = this.#types.kindOf(id);
    if (kind === K.BTF_KIND_STRUCT) return this.#inStruct(id, 0);
    if (kind === K.BTF_KIND_DATASEC) return this.#inSection(id);
    throw errno(EINVAL);
  }

  /** @models kernel/bpf/btf.c btf_find_struct_field() */
  #inStruct(id: number, level: number): Found[] {
    const found: Found[] = [];
    for (let i = 0; i < this.#types.vlenOf(id); i++) {
      const { type, bitOffset } = memberOf(this.#types, id, i);
      if (bitOffset % 8 !== 0) throw errno(EINVAL);
      found.push(...this.#one({ owner: id, index: i, type, offset: bitOffset / 8, expected: 0, level }));
    }
    return found;
  }

  /** @models kernel/bpf/btf.c btf_find_datasec_var() */
  #inSection(id: number): Found[] {
    const found: Found[] = [];
    for (let i = 0; i < this.#types.vlenOf(id); i++) {
      const [owner, offset, expected] = [0, 1, 2].map((w) => this.#types.extra(id, 3 * i + w)) as [
        number,
        number,
        number,
      ];
      const type = this.#types.typeOf(owner);
      found.push(...this.#one({ owner, index: -1, type, offset, expected, level: 0 }));
    }
    return found;
  }

  /** Fields in one member or variable. @models kernel/bpf/btf.c btf_find_field_one() */
  #one(place: Place): Found[] {
    const { type, count } = this.#elements(place.type);
    if (count === 0) return [];
    const kind = this.#kindOf(type);
    const isStruct = this.#types.kindOf(type) === K.BTF_KIND_STRUCT;
    if (kind === undefined && isStruct) return this.#nested(place, type, count);
    if (kind === undefined) return [];
    if (place.expected !== 0 && place.expected !== kind.size * count) return [];
    if (place.offset % kind.align !== 0) return [];
    const field = this.#field(place, type, kind);
    if (field === undefined) return [];
    this.#take(1);
    return this.#repeated([field], count, kind.size);
  }

  /** What an array has, and how many. */
  #elements(id: number): { type: number; count: number } {
    let type = id;
    let count = 1;
    let depth = 0;
    for (; depth < MAX_DEPTH && this.#types.kindOf(type) === K.BTF_KIND_ARRAY; depth++) {
      count = (count * this.#types.extra(type, 2)) % 2 ** 32;
      type = this.#types.extra(type, 0);
    }
    if (depth === MAX_DEPTH) throw errno(E2BIG);
    return { type, count };
  }

  /** @models kernel/bpf/btf.c btf_get_field_type() */
  #kindOf(type: number): FieldKind | undefined {
    const name = this.#types.nameOf(type);
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined || (kind.type & this.#mask) === 0) {
      const mayPoint = (this.#mask & (R.BPF_KPTR | R.BPF_UPTR)) !== 0;
      return mayPoint && this.#types.kindOf(type) !== K.BTF_KIND_STRUCT ? POINTER : undefined;
    }
    if (kind.once === true) {
      if ((this.#seen & kind.type) !== 0) throw errno(E2BIG);
      this.#seen |= kind.type;
    }
    return kind;
  }

  #take(count: number): void {
    if (this.#left < count) throw errno(E2BIG);
    this.#left -= count;
  }

  /** The same fields in each element of an array. @models kernel/bpf/btf.c btf_repeat_fields() */
  #repeated(fields: Found[], count: number, size: number): Found[] {
    if (count === 1 || fields.length === 0) return fields;
    if (fields.some(({ type }) => (type & REPEATABLE) === 0)) throw errno(EINVAL);
    this.#take(fields.length * (count - 1));
    const all: Found[] = [];
    for (let i = 0; i < count; i++) all.push(...fields.map((f) => ({ ...f, offset: f.offset + i * size })));
    return all;
  }

  /** @models kernel/bpf/btf.c btf_find_nested_struct() */
  #nested(place: Place, type: number, count: number): Found[] {
    const size = this.#types.sizeOf(type);
    if (place.expected !== 0 && place.expected !== size * count) return [];
    if (place.level + 1 >= MAX_DEPTH) throw errno(E2BIG);
    const inside = this.#inStruct(type, place.level + 1).map((f) => ({ ...f, offset: f.offset + place.offset }));
    return this.#repeated(inside, count, size);
  }

  #field(place: Place, type: number, kind: FieldKind): Found | undefined {
    const { offset } = place;
    if (kind === POINTER) return this.#pointer(type, offset);
    const isGraphRoot = (kind.type & R.BPF_GRAPH_ROOT) !== 0;
    if (this.#types.kindOf(type) !== K.BTF_KIND_STRUCT || this.#types.sizeOf(type) !== kind.size) return undefined;
    if (!isGraphRoot) return { type: kind.type, offset, size: kind.size };
    return { type: kind.type, offset, size: kind.size, ...this.#graphRoot(place) };
  }

  /** A pointer with a tag that says what it is for. @models kernel/bpf/btf.c btf_find_kptr() */
  #pointer(id: number, offset: number): Found | undefined {
    const types = this.#types;
    const pointer = types.kindOf(id) === K.BTF_KIND_VOLATILE ? types.typeOf(id) : id;
    if (types.kindOf(pointer) !== K.BTF_KIND_PTR) return undefined;
    const tag = types.typeOf(pointer);
    if (types.kindOf(tag) !== K.BTF_KIND_TYPE_TAG) return undefined;
    if (types.kindOf(types.typeOf(tag)) === K.BTF_KIND_TYPE_TAG) throw errno(EINVAL);
    const name = types.nameOf(tag);
    const type = Object.hasOwn(pointerTags, name) ? pointerTags[name]! : undefined;
    const typeId = types.skipModifiers(types.typeOf(tag));
    if (type === undefined || types.kindOf(typeId) !== K.BTF_KIND_STRUCT) throw errno(EINVAL);
    if ((type & this.#mask) === 0) return undefined;
    return { type, offset, size: 8, typeId };
  }

  /** What a list or tree contains, by its tag `contains:STRUCT:NODE`. @models kernel/bpf/btf.c btf_find_graph_root() */
  #graphRoot({ owner, index }: Place): { typeId: number; node: string } {
    const [name = '', node] = this.#contains(owner, index).split(/:(.*)/s);
    if (node === undefined) throw errno(EINVAL);
    const typeId = this.#types.find(name, K.BTF_KIND_STRUCT);
    if (typeId === 0) throw errno(ENOENT);
    if (node === '') throw errno(EINVAL);
    return { typeId, node };
  }

  /** The only declaration tag `contains:…` of a member. */
  #contains(owner: number, index: number): string {
    const key = 'contains:';
    const found: string[] = [];
    for (let id = 1; id < this.#types.nrTypes; id++) {
      if (this.#types.kindOf(id) !== K.BTF_KIND_DECL_TAG || this.#types.typeOf(id) !== owner) continue;
      const name = this.#types.nameOf(id);
      if ((this.#types.extra(id, 0) | 0) === index && name.startsWith(key)) found.push(name.slice(key.length));
    }
    if (found.length !== 1) throw errno(EINVAL);
    return found[0]!;
  }
}

/** Where a member or variable is. */
interface Place {
  /** The struct, or the variable. */
  readonly owner: number;
  readonly index: number;
  readonly type: number;
  readonly offset: number;
  /** Size of a variable, 0 for members. */
  readonly expected: number;
  readonly level: number;
}

/** Where the node lies in what a list or tree contains. @models kernel/bpf/btf.c btf_parse_graph_root() */
function nodeOffset(types: BtfTypeInfo, { type, typeId = 0, node }: Found): number {
  const nodeKind = type === R.BPF_LIST_HEAD ? 'bpf_list_node' : 'bpf_rb_node';
  const offsets: number[] = [];
  for (let i = 0; i < types.vlenOf(typeId); i++) {
    const member = memberOf(types, typeId, i);
    if (types.shownName(member.nameOff) !== node) continue;
    const isNode = types.kindOf(member.type) === K.BTF_KIND_STRUCT && types.nameOf(member.type) === nodeKind;
    if (offsets.length > 0 || !isNode || member.bitOffset % 64 !== 0) throw errno(EINVAL);
    offsets.push(member.bitOffset / 8);
  }
  if (offsets.length === 0) throw errno(ENOENT);
  return offsets[0]!;
}

/** Each field inside the value and behind the one before, with what it contains. */
function placed(types: BtfTypeInfo, found: readonly Found[], valueSize: number): R.BtfField[] {
  let next = 0;
  return found.map(({ node, ...field }) => {
    if (field.offset + field.size > valueSize) throw errno(EFAULT);
    if (field.offset < next) throw errno(EEXIST);
    next = field.offset + field.size;
    return node === undefined ? field : { ...field, nodeOffset: nodeOffset(types, { ...field, node }) };
  });
}

/** Fields that need others, and those that exclude others. */
function checkRecord(record: R.BtfRecord): void {
  if (record.has(R.BPF_SPIN_LOCK) && record.has(R.BPF_RES_SPIN_LOCK)) throw errno(EINVAL);
  const locked = record.has(R.BPF_SPIN_LOCK | R.BPF_RES_SPIN_LOCK);
  if (record.has(R.BPF_GRAPH_ROOT) && !locked) throw errno(EINVAL);
  if (!record.has(R.BPF_REFCOUNT) && record.has(R.BPF_LIST_NODE) && record.has(R.BPF_RB_NODE)) throw errno(EINVAL);
}

/**
 * The kernel's fields of the types in `mask` in values of type `id` and `valueSize` bytes: undefined when there are none.
 * Refuses by throwing.
 *
 * @models kernel/bpf/btf.c btf_parse_fields()
 */
export function parseFields(types: BtfTypeInfo, id: number, mask: number, valueSize: number): R.BtfRecord | undefined {
  const found = new FieldFinder(types, mask).find(id);
  if (found.length === 0) return undefined;
  const record = new R.BtfRecord(placed(types, found, valueSize).sort((a, b) => a.offset - b.offset));
  checkRecord(record);
  return record;
}
