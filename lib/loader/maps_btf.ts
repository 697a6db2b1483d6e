// Maps that BTF defines: each variable of section .maps is a struct whose members say what MAP_CREATE is to be asked,
// numbers as the length of an array behind a pointer (__uint), types as the target of a pointer (__type), contents as a
// flexible array at the end (__array). libbpf reads them alike.
import { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY } from '../uapi/linux/bpf.js';
import * as kind from '../uapi/linux/btf.js';
import type { Btf, BtfMember, BtfType, BtfVariable } from './btf.js';
import type { Section } from './elf.js';
import { noShape } from './map.js';
import type { MapDefinition, MapShape } from './map.js';

export interface BtfMapOptions {
  /** Ignore members whose meaning is not known, as tc does, and note them; else they are refused, as by libbpf. */
  readonly relaxed: boolean;
  readonly note: (text: string) => void;
}

/** A map of .maps, and what `values` needs to find its slots. */
export interface BtfMap extends MapDefinition {
  /** Size of the variable, and where in it the contents begin; none for a map without `values`. */
  readonly size: number;
  readonly values: number | undefined;
}

type Shape = { -readonly [K in keyof MapShape]: MapShape[K] };

const pinnings = ['none', 'by-name'] as const;

export const isMapInMap = (type: number): boolean =>
  type === BPF_MAP_TYPE_ARRAY_OF_MAPS || type === BPF_MAP_TYPE_HASH_OF_MAPS;

/** The maps of section .maps, ordered by offset. */
export function readBtfMaps(btf: Btf, section: Section, options: BtfMapOptions): BtfMap[] {
  const type = btf.find(section.name, (k) => k === kind.BTF_KIND_DATASEC);
  if (type === undefined) throw btf.error(0, `no BTF_KIND_DATASEC describes section ${section.name}`);
  return btf.variables(type).map((variable) => new MapReader(btf, options).read(variable, section));
}

class MapReader {
  readonly #btf: Btf;
  readonly #options: BtfMapOptions;
  #map = '';
  #pinning: MapDefinition['pinning'] = 'none';
  #inner: MapShape | undefined;
  #values: number | undefined;

  constructor(btf: Btf, options: BtfMapOptions) {
    this.#btf = btf;
    this.#options = options;
  }

  read(variable: BtfVariable, section: Section): BtfMap {
    const type = this.#btf.type(variable.type);
    this.#map = type.name;
    if (type.kind !== kind.BTF_KIND_VAR)
      throw this.#error(variable.at, `is no variable but ${kind.btfKind(type.kind)}`);
    if (type.name === '') throw this.#error(variable.at, 'has no name');
    if (this.#btf.linkage(type) !== kind.BTF_VAR_GLOBAL_ALLOCATED) throw this.#error(type.at, 'is not global');
    const struct = this.#btf.type(this.#btf.resolve(type.sizeOrType));
    if (struct.kind !== kind.BTF_KIND_STRUCT)
      throw this.#error(struct.at, `is ${kind.btfKind(struct.kind)}, no struct`);
    if (variable.offset + variable.size > section.size || struct.sizeOrType > variable.size)
      throw this.#error(variable.at, `of ${variable.size} bytes at ${variable.offset} goes beyond ${section.name}`);
    const shape = this.#shape(struct, false);
    return {
      ...shape,
      name: type.name,
      origin: 'btf',
      section: section.index,
      offset: variable.offset,
      size: variable.size,
      pinning: this.#pinning,
      inner: this.#inner,
      innerMap: undefined,
      slots: [],
      values: this.#values,
      data: undefined,
      freeze: false,
    };
  }

  #shape(struct: BtfType, inner: boolean): MapShape {
    const shape: Shape = { ...noShape };
    const members = this.#btf.members(struct);
    for (const [i, member] of members.entries()) {
      if (member.name === 'values') this.#readValues(struct, shape, member, inner || i !== members.length - 1);
      else if (member.name === 'pinning' && !inner) this.#pinning = this.#pinningOf(struct, member);
      else this.#readMember(struct, shape, member);
    }
    if (shape.type === 0) throw this.#error(struct.at, 'has no type');
    return shape;
  }

  #readMember(struct: BtfType, shape: Shape, member: BtfMember): void {
    const { name } = member;
    if (
      name === 'type' ||
      name === 'max_entries' ||
      name === 'map_flags' ||
      name === 'numa_node' ||
      name === 'map_extra'
    )
      shape[name] = this.#number(struct, member);
    else if (name === 'key_size' || name === 'value_size')
      this.#setSize(struct, shape, name, this.#number(struct, member));
    else if (name === 'key' || name === 'value') this.#readType(struct, shape, member, name);
    else if (this.#options.relaxed) this.#options.note(`map '${this.#map}': member '${name}' is ignored`);
    else throw this.#error(struct.at, `has a member '${name}', which means nothing`);
  }

  #readType(struct: BtfType, shape: Shape, member: BtfMember, name: 'key' | 'value'): void {
    const pointer = this.#btf.type(member.type);
    if (pointer.kind !== kind.BTF_KIND_PTR)
      throw this.#error(struct.at, `${name} is ${kind.btfKind(pointer.kind)}, no pointer`);
    this.#setSize(struct, shape, `${name}_size`, this.#btf.sizeOf(pointer.sizeOrType));
    shape[`btf_${name}_type_id`] = pointer.sizeOrType;
  }

  #setSize(struct: BtfType, shape: Shape, name: 'key_size' | 'value_size', size: number): void {
    if (shape[name] !== 0 && shape[name] !== size)
      throw this.#error(struct.at, `${name} is both ${shape[name]} and ${size}`);
    shape[name] = size;
  }

  /** `misplaced`: in an inner map, or not the last member. */
  #readValues(struct: BtfType, shape: Shape, member: BtfMember, misplaced: boolean): void {
    if (misplaced) throw this.#error(struct.at, 'values must be the last member, and of the outermost map');
    if (!isMapInMap(shape.type) && shape.type !== BPF_MAP_TYPE_PROG_ARRAY)
      throw this.#error(struct.at, 'values are for maps of maps and of programs');
    this.#setSize(struct, shape, 'value_size', 4);
    const array = this.#btf.type(member.type);
    if (array.kind !== kind.BTF_KIND_ARRAY || this.#btf.array(array).nelems !== 0)
      throw this.#error(struct.at, 'values is no array of no length');
    const pointer = this.#btf.type(this.#btf.resolve(this.#btf.array(array).type));
    if (pointer.kind !== kind.BTF_KIND_PTR) throw this.#error(struct.at, 'values are no pointers');
    const target = this.#btf.type(this.#btf.resolve(pointer.sizeOrType));
    this.#values = member.bitOffset / 8;
    if (isMapInMap(shape.type)) {
      if (target.kind !== kind.BTF_KIND_STRUCT) throw this.#error(struct.at, 'values point to no struct');
      this.#inner = this.#shape(target, true);
    } else if (target.kind !== kind.BTF_KIND_FUNC_PROTO) throw this.#error(struct.at, 'values point to no functions');
  }

  #pinningOf(struct: BtfType, member: BtfMember): 'none' | 'by-name' {
    const value = this.#number(struct, member);
    const pinning = pinnings[value];
    if (pinning === undefined) throw this.#error(struct.at, `pinning ${value} is unknown`);
    return pinning;
  }

  #number(struct: BtfType, member: BtfMember): number {
    const pointer = this.#btf.type(this.#btf.resolve(member.type));
    const array = pointer.kind === kind.BTF_KIND_PTR ? this.#btf.type(pointer.sizeOrType) : undefined;
    if (array?.kind !== kind.BTF_KIND_ARRAY)
      throw this.#error(struct.at, `${member.name} is no pointer to an array (use __uint)`);
    return this.#btf.array(array).nelems;
  }

  #error(at: number, reason: string): Error {
    return this.#btf.error(at, `map '${this.#map}': ${reason}`);
  }
}
