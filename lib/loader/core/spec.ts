// A relocation against kernel types names a type and a way into it, "0:1:2": index of the element the pointer is moved
// to, then members and array elements by number. read() follows that way in the object's own types; match() looks for the
// same way, by the names of the members, in a type of the kernel.
import * as core from '../../uapi/linux/bpf_core.js';
import { BTF_KIND_ARRAY } from '../../uapi/linux/btf.js';
import type { Btf, BtfType } from '../btf.js';
import {
  fieldsCompatible,
  isAnyEnum,
  isComposite,
  resolved,
  sameEssentialName,
  typesCompatible,
  typesMatch,
} from './compatible.js';
import type { Budget } from './budget.js';

/** One step of the way that means something: a named member, an enumerator, or an element of an array. */
export interface Accessor {
  /** The struct the member is in, or the type of the element. */
  readonly type: number;
  readonly index: number;
  /** Undefined for an element. */
  readonly name: string | undefined;
}

export interface Spec {
  readonly btf: Btf;
  readonly root: number;
  readonly accessors: readonly Accessor[];
  readonly bitOffset: number;
}

/** As many steps as a way may have, unnamed structs counted. */
const maxSteps = 64;

export const isFieldBased = (kind: number): boolean => kind <= core.BPF_CORE_FIELD_RSHIFT_U64;
export const isTypeBased = (kind: number): boolean =>
  (kind >= core.BPF_CORE_TYPE_ID_LOCAL && kind <= core.BPF_CORE_TYPE_SIZE) || kind === core.BPF_CORE_TYPE_MATCHES;

/** What a relocation means in the object's own types; throws what `fail` makes of a reason. */
export function readSpec(btf: Btf, root: number, access: string, kind: number, fail: (reason: string) => Error): Spec {
  if (!/^\d{1,9}(:\d{1,9})*$/.test(access)) throw fail(`'${access}' is no way into a type`);
  if (isTypeBased(kind)) {
    if (access !== '0') throw fail(`'${access}' into a type as a whole`);
    return { btf, root, accessors: [], bitOffset: 0 };
  }
  const steps = access.split(':').map(Number);
  if (steps.length > maxSteps) throw fail(`'${access}' has over ${maxSteps} steps`);
  const way = new Way(btf, root, fail);
  return isFieldBased(kind) ? way.field(steps) : way.enumerator(steps);
}

class Way {
  readonly #btf: Btf;
  readonly #root: number;
  readonly #fail: (reason: string) => Error;
  readonly #accessors: Accessor[] = [];
  #bitOffset = 0;

  constructor(btf: Btf, root: number, fail: (reason: string) => Error) {
    this.#btf = btf;
    this.#root = root;
    this.#fail = fail;
  }

  enumerator(steps: readonly number[]): Spec {
    const type = resolved({ btf: this.#btf, id: this.#root });
    const found = isAnyEnum(type.kind) && steps.length === 1 ? this.#btf.enumerators(type)[steps[0]!] : undefined;
    if (found === undefined) throw this.#fail(`enumerator ${steps.join(':')} is none of type ${this.#root}`);
    return this.#spec([{ type: type.id, index: steps[0]!, name: found.name }]);
  }

  field(steps: readonly number[]): Spec {
    let id = this.#btf.resolve(this.#root);
    this.#element(id, steps[0]!);
    for (const step of steps.slice(1)) {
      const type = resolved({ btf: this.#btf, id });
      if (isComposite(type.kind)) id = this.#member(type, step);
      else if (type.kind === BTF_KIND_ARRAY) id = this.#item(type, step);
      else throw this.#fail(`step ${step} goes into type ${id}, which has no parts`);
    }
    return this.#spec(this.#accessors);
  }

  #element(id: number, index: number): void {
    this.#accessors.push({ type: id, index, name: undefined });
    this.#bitOffset += index * this.#btf.sizeOf(id) * 8;
  }

  #member(type: BtfType, index: number): number {
    const member = this.#btf.members(type)[index];
    if (member === undefined) throw this.#fail(`member ${index} is none of type ${type.id}`);
    this.#bitOffset += member.bitOffset;
    if (member.name !== '') this.#accessors.push({ type: type.id, index, name: member.name });
    return member.type;
  }

  #item(type: BtfType, index: number): number {
    const { type: element, nelems } = this.#btf.array(type);
    if (index >= nelems && !isFlexible(this.#btf, this.#accessors.at(-1), nelems))
      throw this.#fail(`element ${index} of ${nelems} of type ${type.id}`);
    const id = this.#btf.resolve(element);
    this.#element(id, index);
    return id;
  }

  #spec(accessors: readonly Accessor[]): Spec {
    return { btf: this.#btf, root: this.#root, accessors, bitOffset: this.#bitOffset };
  }
}

/** Whether an array of no length, reached by `way`, ends its struct: then any element may be meant. */
function isFlexible(btf: Btf, way: Accessor | undefined, nelems: number): boolean {
  return nelems === 0 && way?.name !== undefined && way.index === btf.type(way.type).vlen - 1;
}

/** The same way in type `root` of `btf`, or undefined when it has no such member. */
export function matchSpec(local: Spec, kind: number, btf: Btf, root: number, budget: Budget): Spec | undefined {
  if (isTypeBased(kind)) {
    const sides = [
      { btf: local.btf, id: local.root },
      { btf, id: root },
    ] as const;
    const agree =
      kind === core.BPF_CORE_TYPE_MATCHES ? typesMatch(...sides, budget) : typesCompatible(...sides, budget);
    return agree ? { btf, root, accessors: [], bitOffset: 0 } : undefined;
  }
  const search = new Search(local.btf, btf, root, budget);
  return isFieldBased(kind) ? search.field(local) : search.enumerator(local);
}

class Search {
  readonly #local: Btf;
  readonly #btf: Btf;
  readonly #root: number;
  readonly #budget: Budget;
  readonly #accessors: Accessor[] = [];
  #bitOffset = 0;

  constructor(local: Btf, btf: Btf, root: number, budget: Budget) {
    this.#local = local;
    this.#btf = btf;
    this.#root = root;
    this.#budget = budget;
  }

  enumerator(local: Spec): Spec | undefined {
    const wanted = local.accessors[0]!.name!;
    const type = resolved({ btf: this.#btf, id: this.#root });
    if (!isAnyEnum(type.kind)) return undefined;
    this.#budget.take(type.vlen);
    const index = this.#btf.enumerators(type).findIndex(({ name }) => sameEssentialName(name, wanted));
    if (index < 0) return undefined;
    this.#accessors.push({ type: type.id, index, name: wanted });
    return this.#spec();
  }

  field(local: Spec): Spec | undefined {
    let id = this.#root;
    for (const [i, accessor] of local.accessors.entries()) {
      const next = accessor.name === undefined ? this.#element(id, accessor.index, i === 0) : this.#named(id, accessor);
      if (next === undefined) return undefined;
      id = next;
    }
    return this.#spec();
  }

  /** The first element is that of the pointer: `id` is its type already. */
  #element(id: number, index: number, first: boolean): number | undefined {
    let element = this.#btf.resolve(id);
    if (!first) {
      const type = resolved({ btf: this.#btf, id });
      if (type.kind !== BTF_KIND_ARRAY) return undefined;
      const array = this.#btf.array(type);
      if (index >= array.nelems && !isFlexible(this.#btf, this.#accessors.at(-1), array.nelems)) return undefined;
      element = this.#btf.resolve(array.type);
    }
    this.#accessors.push({ type: element, index, name: undefined });
    this.#bitOffset += index * this.#btf.sizeOf(element) * 8;
    return element;
  }

  #named(id: number, accessor: Accessor): number | undefined {
    const wanted = this.#local.members(this.#local.type(accessor.type))[accessor.index]!;
    return this.#find(id, wanted, maxSteps);
  }

  /** Looks through a struct and the unnamed ones in it; the member's type when one fits. */
  #find(id: number, wanted: { name: string; type: number }, depth: number): number | undefined {
    const type = resolved({ btf: this.#btf, id });
    if (!isComposite(type.kind)) return undefined;
    if (depth === 0) throw this.#btf.error(type.at, `type ${type.id} holds unnamed structs too deeply`);
    this.#budget.take(type.vlen);
    for (const [index, member] of this.#btf.members(type).entries()) {
      this.#bitOffset += member.bitOffset;
      if (member.name === '') {
        const found = this.#find(member.type, wanted, depth - 1);
        if (found !== undefined) return found;
      } else if (member.name === wanted.name) {
        const sides = [
          { btf: this.#local, id: wanted.type },
          { btf: this.#btf, id: member.type },
        ] as const;
        if (!fieldsCompatible(...sides, this.#budget)) {
          this.#bitOffset -= member.bitOffset;
          return undefined;
        }
        this.#accessors.push({ type: type.id, index, name: member.name });
        return member.type;
      }
      this.#bitOffset -= member.bitOffset;
    }
    return undefined;
  }

  #spec(): Spec {
    return { btf: this.#btf, root: this.#root, accessors: this.#accessors, bitOffset: this.#bitOffset };
  }
}
