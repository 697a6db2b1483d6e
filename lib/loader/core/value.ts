// What a relocation puts into an instruction: a field's offset, size, sign or the shifts that read a bitfield, whether
// something exists, a type's id or size, an enumerator's value. Calculated twice: in the object's own types, to know what
// the compiler left in the instruction, and in the kernel's.
import * as core from '../../uapi/linux/bpf_core.js';
import * as uapi from '../../uapi/linux/btf.js';
import type { Btf } from '../btf.js';
import { isAnyEnum, resolved } from './compatible.js';
import type { Accessor, Spec } from './spec.js';
import { isFieldBased, isTypeBased } from './spec.js';

/** One side of a relocation. */
export interface Value {
  readonly value: bigint;
  /** For the offset of an ordinary field, its size and type: a load or store may have to change its own. */
  readonly size: number;
  readonly type: number;
  /** Whether the compiler is sure to have put the local value into the instruction. */
  readonly certain: boolean;
}

/** Thrown away by the caller for the instruction to be poisoned: there is nothing to put into it. */
export const missing = Symbol('missing');

const plain = (value: number | bigint, certain = true): Value => ({ value: BigInt(value), size: 0, type: 0, certain });

/** The value for `spec`, undefined where the kernel has no such thing. `fail` makes the error of a reason. */
export function valueOf(kind: number, spec: Spec | undefined, fail: (reason: string) => Error): Value | typeof missing {
  if (kind === core.BPF_CORE_FIELD_EXISTS || kind === core.BPF_CORE_ENUMVAL_EXISTS) return plain(spec ? 1 : 0);
  if (isTypeBased(kind)) return plain(spec ? typeValue(kind, spec) : 0, kind !== core.BPF_CORE_TYPE_ID_TARGET);
  if (spec === undefined) return missing;
  if (!isFieldBased(kind)) return plain(enumeratorValue(spec, spec.accessors[0]!));
  if (spec.bitOffset > 0xffffffff) throw fail(`a field at bit ${spec.bitOffset}`);
  const last = spec.accessors.at(-1)!;
  return last.name === undefined ? elementValue(kind, spec, last, fail) : fieldValue(kind, spec, last, fail);
}

function typeValue(kind: number, { btf, root }: Spec): number {
  if (kind === core.BPF_CORE_TYPE_SIZE) return btf.sizeOf(root);
  return kind === core.BPF_CORE_TYPE_ID_TARGET || kind === core.BPF_CORE_TYPE_ID_LOCAL ? root : 1;
}

function enumeratorValue({ btf }: Spec, { type, index }: Accessor): bigint {
  return btf.enumerators(btf.type(type))[index]!.value;
}

function elementValue(kind: number, spec: Spec, { type }: Accessor, fail: (reason: string) => Error): Value {
  const size = spec.btf.sizeOf(type);
  if (kind === core.BPF_CORE_FIELD_BYTE_OFFSET)
    return { value: BigInt(Math.floor(spec.bitOffset / 8)), size, type, certain: true };
  if (kind === core.BPF_CORE_FIELD_BYTE_SIZE) return plain(size);
  throw fail(`${core.bpfCoreReloKind(kind)} of an element of an array`);
}

/** Where a field's bytes are, and how many of its bits. */
interface Place {
  readonly bytes: number;
  readonly size: number;
  readonly bits: number;
}

function fieldValue(kind: number, spec: Spec, last: Accessor, fail: (reason: string) => Error): Value {
  const { btf, bitOffset } = spec;
  const member = btf.members(btf.type(last.type))[last.index]!;
  const type = resolved({ btf, id: member.type });
  const bitfield = member.bits > 0;
  const place = bitfield
    ? bitfieldPlace(bitOffset, member.bits, type.sizeOrType, fail)
    : { bytes: Math.floor(bitOffset / 8), size: btf.sizeOf(member.type), bits: btf.sizeOf(member.type) * 8 };
  switch (kind) {
    case core.BPF_CORE_FIELD_BYTE_OFFSET:
      if (bitfield) return plain(place.bytes, false);
      return { value: BigInt(place.bytes), size: place.size, type: type.id, certain: true };
    case core.BPF_CORE_FIELD_BYTE_SIZE:
      return plain(place.size, !bitfield);
    case core.BPF_CORE_FIELD_SIGNED:
      return plain(isSigned(btf, type.id) ? 1 : 0);
    case core.BPF_CORE_FIELD_LSHIFT_U64:
      return plain(64 - (bitOffset + place.bits - place.bytes * 8), !bitfield);
    default:
      return plain(64 - place.bits);
  }
}

/** The smallest aligned load, from the declared type up, that has all bits. */
function bitfieldPlace(bitOffset: number, bits: number, declared: number, fail: (reason: string) => Error): Place {
  for (let size = declared; size >= 1 && size <= 8; size *= 2) {
    const bytes = Math.floor(bitOffset / 8 / size) * size;
    if (bitOffset + bits <= (bytes + size) * 8) return { bytes, size, bits };
  }
  throw fail(`a bitfield of ${bits} bits at bit ${bitOffset} that no load can read`);
}

function isSigned(btf: Btf, id: number): boolean {
  if (id === 0) return false;
  const type = btf.type(id);
  if (isAnyEnum(type.kind)) return type.kflag;
  return type.kind === uapi.BTF_KIND_INT && (uapi.btfIntEncoding(btf.int(type)) & uapi.BTF_INT_SIGNED) !== 0;
}

/** Whether a load of one size may become one of another: zeros fill up pointers and unsigned numbers rightly. */
export function mayResize(local: Btf, from: Value, target: Btf, to: Value): boolean {
  if (from.size === to.size) return true;
  const [a, b] = [local.kind(from.type), target.kind(to.type)];
  if (a === uapi.BTF_KIND_PTR && b === uapi.BTF_KIND_PTR) return true;
  const unsigned = (btf: Btf, id: number): boolean => btf.kind(id) === uapi.BTF_KIND_INT && !isSigned(btf, id);
  return unsigned(local, from.type) && unsigned(target, to.type);
}
