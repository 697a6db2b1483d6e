// Whether a type of an object and a type of a kernel stand for the same thing, in the three senses that relocations need:
// for a field's type, for a type that exists, and for a type that matches member by member. Typedefs and qualifiers never
// count. The rules are those libbpf 1.1 follows.
import * as uapi from '../../uapi/linux/btf.js';
import type { Btf, BtfType } from '../btf.js';
import { essentialName } from '../btf_names.js';
import type { Budget } from './budget.js';

/** A type in its BTF. */
export interface Side {
  readonly btf: Btf;
  readonly id: number;
}

const maxDepth = 32;

const isEnum = (kind: number): boolean => kind === uapi.BTF_KIND_ENUM || kind === uapi.BTF_KIND_ENUM64;
export const isComposite = (kind: number): boolean => kind === uapi.BTF_KIND_STRUCT || kind === uapi.BTF_KIND_UNION;
export const isAnyEnum = isEnum;

/** Kinds that may stand for each other. */
export const sameKind = (a: number, b: number): boolean => a === b || (isEnum(a) && isEnum(b));

const void_: BtfType = { id: 0, kind: 0, name: '', vlen: 0, kflag: false, sizeOrType: 0, at: 0, tail: 0 };

/** The type under typedefs and qualifiers; void too. */
export function resolved({ btf, id }: Side): BtfType {
  const to = btf.resolve(id);
  return to === 0 ? void_ : btf.type(to);
}

export const sameEssentialName = (a: string, b: string): boolean => essentialName(a) === essentialName(b);

const plainInt = (btf: Btf, type: BtfType): boolean => uapi.btfIntOffset(btf.int(type)) === 0;

const signedness = (btf: Btf, type: BtfType): number => uapi.btfIntEncoding(btf.int(type)) & uapi.BTF_INT_SIGNED;

/** Whether a field of type `local` may be found in one of type `target`. */
export function fieldsCompatible(local: Side, target: Side, budget: Budget): boolean {
  let [a, b] = [local, target];
  for (;;) {
    budget.take();
    const [at, bt] = [resolved(a), resolved(b)];
    if (isComposite(at.kind) && isComposite(bt.kind)) return true;
    if (!sameKind(at.kind, bt.kind)) return false;
    if (at.kind !== uapi.BTF_KIND_ARRAY) return simpleFieldsCompatible(a.btf, at, b.btf, bt);
    a = { btf: a.btf, id: a.btf.array(at).type };
    b = { btf: b.btf, id: b.btf.array(bt).type };
  }
}

function simpleFieldsCompatible(local: Btf, a: BtfType, target: Btf, b: BtfType): boolean {
  switch (a.kind) {
    case uapi.BTF_KIND_PTR:
    case uapi.BTF_KIND_FLOAT:
      return true;
    case uapi.BTF_KIND_FWD:
    case uapi.BTF_KIND_ENUM:
    case uapi.BTF_KIND_ENUM64:
      return a.name === '' || b.name === '' || sameEssentialName(a.name, b.name);
    case uapi.BTF_KIND_INT:
      return plainInt(local, a) && plainInt(target, b);
    default:
      return false;
  }
}

/** Whether type `target` is what a program means by `local`, as far as existence and size go. */
export function typesCompatible(local: Side, target: Side, budget: Budget, level = maxDepth): boolean {
  let [a, b] = [local, target];
  if (!sameKind(a.btf.kind(a.id), b.btf.kind(b.id))) return false;
  for (let depth = 0; depth < maxDepth; depth++) {
    budget.take();
    const [at, bt] = [resolved(a), resolved(b)];
    if (!sameKind(at.kind, bt.kind)) return false;
    switch (at.kind) {
      case uapi.BTF_KIND_INT:
        return plainInt(a.btf, at) && plainInt(b.btf, bt);
      case uapi.BTF_KIND_PTR:
        break;
      case uapi.BTF_KIND_ARRAY:
        a = { btf: a.btf, id: a.btf.array(at).type };
        b = { btf: b.btf, id: b.btf.array(bt).type };
        continue;
      case uapi.BTF_KIND_FUNC_PROTO:
        if (
          !parametersAgree(a.btf, at, b.btf, bt, level, (x, y) => typesCompatible(bare(x), bare(y), budget, level - 1))
        )
          return false;
        break;
      default:
        return (
          at.kind === uapi.BTF_KIND_UNKN || at.kind === uapi.BTF_KIND_FWD || isComposite(at.kind) || isEnum(at.kind)
        );
    }
    a = { btf: a.btf, id: at.sizeOrType };
    b = { btf: b.btf, id: bt.sizeOrType };
  }
  throw tooDeep(local);
}

const bare = ({ btf, id }: Side): Side => ({ btf, id: btf.resolve(id) });

/** Parameters one by one, by `agree`. */
function parametersAgree(
  local: Btf,
  a: BtfType,
  target: Btf,
  b: BtfType,
  level: number,
  agree: (local: Side, target: Side) => boolean,
): boolean {
  const [mine, theirs] = [local.parameters(a), target.parameters(b)];
  if (mine.length !== theirs.length) return false;
  if (mine.length > 0 && level <= 0) throw tooDeep({ btf: local, id: a.id });
  return mine.every((id, i) => agree({ btf: local, id }, { btf: target, id: theirs[i]! }));
}

const tooDeep = ({ btf, id }: Side): Error =>
  btf.error(id === 0 ? 0 : btf.type(id).at, `type ${id} refers to others too deeply`);

/** Whether `target` has everything that `local` has: members, enumerators, parameters, by name and type. */
export function typesMatch(
  local: Side,
  target: Side,
  budget: Budget,
  behindPointer = false,
  level = maxDepth,
): boolean {
  let [a, b, behind] = [local, target, behindPointer];
  if (level <= 0) throw tooDeep(local);
  for (let depth = 0; depth < maxDepth; depth++) {
    budget.take();
    const [at, bt] = [resolved(a), resolved(b)];
    if (!namesMatch(at.name, bt.name)) return false;
    switch (at.kind) {
      case uapi.BTF_KIND_PTR:
        if (bt.kind !== at.kind) return false;
        behind = true;
        break;
      case uapi.BTF_KIND_ARRAY: {
        if (bt.kind !== at.kind) return false;
        const [mine, theirs] = [a.btf.array(at), b.btf.array(bt)];
        if (mine.nelems !== theirs.nelems) return false;
        a = { btf: a.btf, id: mine.type };
        b = { btf: b.btf, id: theirs.type };
        continue;
      }
      case uapi.BTF_KIND_FUNC_PROTO: {
        if (bt.kind !== at.kind) return false;
        const agree = (x: Side, y: Side): boolean => typesMatch(x, y, budget, behind, level - 1);
        if (!parametersAgree(a.btf, at, b.btf, bt, level, agree)) return false;
        break;
      }
      default:
        return endsMatch(a.btf, at, b.btf, bt, budget, behind, level);
    }
    a = { btf: a.btf, id: at.sizeOrType };
    b = { btf: b.btf, id: bt.sizeOrType };
  }
  throw tooDeep(local);
}

/** An unnamed target matches only an unnamed local type. */
const namesMatch = (local: string, target: string): boolean =>
  target === '' ? local === '' : sameEssentialName(local, target);

/** Types that refer to no other one. */
function endsMatch(
  local: Btf,
  a: BtfType,
  target: Btf,
  b: BtfType,
  budget: Budget,
  behind: boolean,
  level: number,
): boolean {
  switch (a.kind) {
    case uapi.BTF_KIND_UNKN:
      return a.kind === b.kind;
    case uapi.BTF_KIND_FWD:
      return forwardMatches(a, b, behind);
    case uapi.BTF_KIND_ENUM:
    case uapi.BTF_KIND_ENUM64:
      return isEnum(b.kind) && enumsMatch(local, a, target, b, budget);
    case uapi.BTF_KIND_STRUCT:
    case uapi.BTF_KIND_UNION:
      if (!behind) return a.kind === b.kind && compositesMatch(local, a, target, b, budget, level);
      return a.kind === b.kind || (b.kind === uapi.BTF_KIND_FWD && (a.kind === uapi.BTF_KIND_UNION) === b.kflag);
    case uapi.BTF_KIND_INT:
      return a.kind === b.kind && a.sizeOrType === b.sizeOrType && signedness(local, a) === signedness(target, b);
    default:
      return false;
  }
}

/** A forward declaration says by its flag whether of a union; behind a pointer the declared type itself will do. */
function forwardMatches(a: BtfType, b: BtfType, behind: boolean): boolean {
  if (a.kind === b.kind) return a.kflag === b.kflag;
  return behind && b.kind === (a.kflag ? uapi.BTF_KIND_UNION : uapi.BTF_KIND_STRUCT);
}

function enumsMatch(local: Btf, a: BtfType, target: Btf, b: BtfType, budget: Budget): boolean {
  if (a.sizeOrType !== b.sizeOrType || a.vlen > b.vlen) return false;
  budget.take(a.vlen + b.vlen);
  const theirs = new Set(target.enumerators(b).map(({ name }) => essentialName(name)));
  return local.enumerators(a).every(({ name }) => theirs.has(essentialName(name)));
}

function compositesMatch(local: Btf, a: BtfType, target: Btf, b: BtfType, budget: Budget, level: number): boolean {
  if (a.vlen > b.vlen) return false;
  budget.take(a.vlen + b.vlen);
  const theirs = target.members(b);
  return local.members(a).every((mine) =>
    theirs.some((member) => {
      budget.take();
      if (!namesMatch(mine.name, member.name)) return false;
      return typesMatch({ btf: local, id: mine.type }, { btf: target, id: member.type }, budget, false, level - 1);
    }),
  );
}
