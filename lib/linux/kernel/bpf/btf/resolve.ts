// kernel/bpf/btf.c resolve() of each kind, and btf_check_all_types(): whether what types refer to makes sense: no loop but
// through a pointer, values of a size where there are values. A walk, depth first, no deeper than 32; what is found is kept
// in resolvedIds and resolvedSizes.
import { E2BIG, EEXIST, EINVAL, ELOOP } from '../../../../uapi/asm-generic/errno.js';
import * as K from '../../../../uapi/linux/btf.js';
import { Errno } from '../../../errno.js';
import { type BtfCheckEnv, MAX_RESOLVE_DEPTH, needsResolve, type Vertex } from './check_env.js';
import { checkMember } from './members.js';
import { failVariable } from './meta.js';
import { memberOf } from './type_info.js';

const U32_MAX = 0xffffffff;

/** One step for the type on top: pops it when it is done, or goes into another. */
type Resolve = (env: BtfCheckEnv, vertex: Vertex) => void;

/** The type that a modifier, pointer or variable refers to, when there is one that may be referred to. */
function referred(env: BtfCheckEnv, id: number): number {
  const next = env.types.typeOf(id);
  if (!env.types.has(next) || env.types.isSourceOnly(next)) env.failType(EINVAL, id, 'Invalid type_id');
  return next;
}

/** Void, a forward declaration or a prototype: a pointer or a modifier may lead to it. */
function mayBeSizeless(env: BtfCheckEnv, id: number): boolean {
  const kind = env.types.kindOf(id);
  return kind === K.BTF_KIND_UNKN || kind === K.BTF_KIND_FWD || kind === K.BTF_KIND_FUNC_PROTO;
}

/** Done: leads to `next`, which has a size, or to something that need not. */
function popReference(env: BtfCheckEnv, id: number, next: number): void {
  const { types } = env;
  const sized = types.sizedType(next);
  if (sized !== undefined) {
    env.popResolved(sized.id, 0);
    return;
  }
  const end = env.isResolved(next) ? types.resolvedIds[next]! : next;
  if (!mayBeSizeless(env, end)) env.failType(EINVAL, id, 'Invalid type_id');
  env.popResolved(end, 0);
}

/** @models kernel/bpf/btf.c btf_modifier_resolve() */
const modifier: Resolve = (env, { id }) => {
  const next = referred(env, id);
  if (env.mustVisit(next)) env.push(next);
  else popReference(env, id, next);
};

/** A modifier may have stopped at a pointer while a struct was walked: that pointer still has to be gone into. */
function pendingPointer(env: BtfCheckEnv, next: number): number {
  if (!env.types.isModifier(next)) return 0;
  const end = env.types.resolvedIds[next]!;
  return env.types.kindOf(end) === K.BTF_KIND_PTR && env.mustVisit(end) ? end : 0;
}

/** @models kernel/bpf/btf.c btf_ptr_resolve() */
const pointer: Resolve = (env, { id }) => {
  const next = referred(env, id);
  const pending = env.mustVisit(next) ? next : pendingPointer(env, next);
  if (pending !== 0) env.push(pending);
  else popReference(env, id, next);
};

/** @models kernel/bpf/btf.c btf_var_resolve() */
const variable: Resolve = (env, { id }) => {
  const next = referred(env, id);
  const pending = env.mustVisit(next) ? next : pendingPointer(env, next);
  if (pending !== 0) {
    env.push(pending);
    return;
  }
  const sized = env.types.sizedType(next);
  if (sized === undefined) return env.failType(EINVAL, id, 'Invalid type_id');
  env.popResolved(sized.id, 0);
};

/** @models kernel/bpf/btf.c btf_array_resolve() */
const array: Resolve = (env, { id }) => {
  const { types } = env;
  const [elem, index, count] = [0, 1, 2].map((i) => types.extra(id, i)) as [number, number, number];
  if (types.isSizeless(index) || types.isSourceOnly(index)) env.failType(EINVAL, id, 'Invalid index');
  if (env.mustVisit(index)) {
    env.push(index);
    return;
  }
  const indexType = types.sizedType(index);
  if (indexType === undefined || !types.isRegularInt(indexType.id)) env.failType(EINVAL, id, 'Invalid index');
  if (types.isSizeless(elem) || types.isSourceOnly(elem)) env.failType(EINVAL, id, 'Invalid elem');
  if (env.mustVisit(elem)) {
    env.push(elem);
    return;
  }
  const sized = types.sizedType(elem);
  if (sized === undefined) return env.failType(EINVAL, id, 'Invalid elem');
  if (types.kindOf(sized.id) === K.BTF_KIND_INT && !types.isRegularInt(sized.id))
    env.failType(EINVAL, id, 'Invalid array of int');
  if (sized.size * count > U32_MAX) env.failType(EINVAL, id, 'Array size overflows U32_MAX');
  env.popResolved(sized.id, sized.size * count);
};

/** @models kernel/bpf/btf.c btf_struct_resolve() */
const struct: Resolve = (env, vertex) => {
  const { types } = env;
  const { id } = vertex;
  if (vertex.nextMember > 0) {
    const last = memberOf(types, id, vertex.nextMember - 1);
    checkMember(env, id, last, last.type);
  }
  for (let i = vertex.nextMember; i < types.vlenOf(id); i++) {
    const member = memberOf(types, id, i);
    if (types.isSizeless(member.type) || types.isSourceOnly(member.type))
      env.failMember(EINVAL, id, member, 'Invalid member');
    if (env.mustVisit(member.type)) {
      vertex.nextMember = i + 1;
      env.push(member.type);
      return;
    }
    checkMember(env, id, member, member.type);
  }
  env.popResolved(0, 0);
};

/** @models kernel/bpf/btf.c btf_datasec_resolve() */
const datasec: Resolve = (env, vertex) => {
  const { types } = env;
  const { id } = vertex;
  env.resolveMode = 'any';
  for (let i = vertex.nextMember; i < types.vlenOf(id); i++) {
    const type = types.extra(id, 3 * i);
    if (types.kindOf(type) !== K.BTF_KIND_VAR) failVariable(env, id, i, 'Not a VAR kind member');
    if (env.mustVisit(type)) {
      vertex.nextMember = i + 1;
      env.push(type);
      return;
    }
    const sized = types.sizedType(types.typeOf(type));
    if (sized === undefined) failVariable(env, id, i, 'Invalid type');
    if (types.extra(id, 3 * i + 2) < sized.size) failVariable(env, id, i, 'Invalid size');
  }
  env.popResolved(0, 0);
};

/** Every parameter of a function has a name. @models kernel/bpf/btf.c btf_func_check() */
const func: Resolve = (env, { id }) => {
  const { types } = env;
  const proto = types.typeOf(id);
  if (types.kindOf(proto) !== K.BTF_KIND_FUNC_PROTO) env.failType(EINVAL, id, 'Invalid type_id');
  for (let i = 0; i < types.vlenOf(proto); i++)
    if (types.extra(proto, 2 * i) === 0 && types.extra(proto, 2 * i + 1) !== 0)
      env.failType(EINVAL, id, `Invalid arg#${i + 1}`);
  env.popResolved(proto, 0);
};

const TAGGED: ReadonlySet<number> = new Set([
  K.BTF_KIND_FUNC,
  K.BTF_KIND_STRUCT,
  K.BTF_KIND_UNION,
  K.BTF_KIND_VAR,
  K.BTF_KIND_TYPEDEF,
]);

/** @models kernel/bpf/btf.c btf_decl_tag_resolve() */
const declTag: Resolve = (env, { id }) => {
  const { types } = env;
  const next = types.typeOf(id);
  const kind = types.kindOf(next);
  if (!TAGGED.has(kind)) env.failType(EINVAL, id, 'Invalid type_id');
  if (env.mustVisit(next)) {
    env.push(next);
    return;
  }
  const component = types.extra(id, 0);
  if (component !== U32_MAX) {
    const whole = kind === K.BTF_KIND_VAR || kind === K.BTF_KIND_TYPEDEF;
    const parts = types.isStruct(next) ? next : types.typeOf(next);
    if (whole || component >= types.vlenOf(parts)) env.failType(EINVAL, id, 'Invalid component_idx');
  }
  env.popResolved(next, 0);
};

const resolvers: Readonly<Record<number, Resolve>> = {
  [K.BTF_KIND_PTR]: pointer,
  [K.BTF_KIND_ARRAY]: array,
  [K.BTF_KIND_STRUCT]: struct,
  [K.BTF_KIND_UNION]: struct,
  [K.BTF_KIND_TYPEDEF]: modifier,
  [K.BTF_KIND_VOLATILE]: modifier,
  [K.BTF_KIND_CONST]: modifier,
  [K.BTF_KIND_RESTRICT]: modifier,
  [K.BTF_KIND_FUNC]: func,
  [K.BTF_KIND_VAR]: variable,
  [K.BTF_KIND_DATASEC]: datasec,
  [K.BTF_KIND_DECL_TAG]: declTag,
  [K.BTF_KIND_TYPE_TAG]: modifier,
};

function walk(env: BtfCheckEnv, id: number): void {
  env.resolveMode = 'any';
  env.push(id);
  for (let top = env.stack.at(-1); top !== undefined; top = env.stack.at(-1)) {
    env.logTypeId = top.id;
    const step = resolvers[env.types.kindOf(top.id)];
    if (step === undefined) env.failBasic(EINVAL, top.id, 'Unsupported resolve');
    step(env, top);
  }
}

/** @models kernel/bpf/btf.c btf_resolve() */
function resolve(env: BtfCheckEnv, id: number): void {
  const shown = env.logTypeId;
  try {
    walk(env, id);
  } catch (refused) {
    env.logTypeId = id;
    if (refused instanceof Errno) {
      if (refused.errno === E2BIG) env.logType(id, `Exceeded max resolving depth:${MAX_RESOLVE_DEPTH}`);
      else if (refused.errno === EEXIST) env.logType(id, 'Loop detected');
    }
    throw refused;
  }
  env.logTypeId = id;
  if (!isValid(env, id)) env.failType(EINVAL, id, 'Invalid resolve state');
  env.logTypeId = shown;
}

/** Whether what was found fits the kind. @models kernel/bpf/btf.c btf_resolve_valid() */
function isValid(env: BtfCheckEnv, id: number): boolean {
  const { types } = env;
  const kind = types.kindOf(id);
  const end = types.resolvedIds[id]!;
  const size = types.resolvedSizes[id]!;
  if (!env.isResolved(id)) return false;
  if (types.isStruct(id) || kind === K.BTF_KIND_DATASEC) return end === 0 && size === 0;
  if (kind === K.BTF_KIND_DECL_TAG || kind === K.BTF_KIND_FUNC) return end !== 0 && size === 0;
  if (kind !== K.BTF_KIND_ARRAY) return !types.isModifier(end) && !types.isSourceOnly(end);
  const elem = types.sizedType(types.extra(id, 0));
  return elem !== undefined && (elem.size * types.extra(id, 2)) % 2 ** 32 === size;
}

/** Resolves a type that a prototype names and says whether values can have it. */
function isValueType(env: BtfCheckEnv, type: number): boolean {
  if (!env.types.has(type) || env.types.isSourceOnly(type)) return false;
  if (needsResolve(env.types, type) && !env.isResolved(type)) resolve(env, type);
  return env.types.sizedType(type) !== undefined;
}

/** @models kernel/bpf/btf.c btf_func_proto_check() */
function checkFuncProto(env: BtfCheckEnv, id: number): void {
  const { types } = env;
  const result = types.typeOf(id);
  if (result !== 0 && !isValueType(env, result)) env.failType(EINVAL, id, 'Invalid return type');
  let count = types.vlenOf(id);
  if (count > 0 && types.extra(id, 2 * count - 1) === 0) {
    if (types.extra(id, 2 * count - 2) !== 0) env.failType(EINVAL, id, `Invalid arg#${count}`);
    count--;
  }
  for (let i = 0; i < count; i++) checkParameter(env, id, i);
}

function checkParameter(env: BtfCheckEnv, id: number, index: number): void {
  const { types } = env;
  const name = types.extra(id, 2 * index);
  const type = types.extra(id, 2 * index + 1);
  const isType = types.has(type) && !types.isSourceOnly(type);
  const isNamed = name === 0 || (types.isNameOffset(name) && types.isIdentifier(name));
  if (!isType || !isNamed || !isValueType(env, type)) env.failType(EINVAL, id, `Invalid arg#${index + 1}`);
}

/** @models kernel/bpf/btf.c btf_check_all_types() */
export function checkAllTypes(env: BtfCheckEnv): void {
  const { types } = env;
  env.startTypes();
  for (let id = 1; id < types.nrTypes; id++) {
    env.logTypeId = id;
    if (needsResolve(types, id) && !env.isResolved(id)) resolve(env, id);
    if (types.kindOf(id) === K.BTF_KIND_FUNC_PROTO) checkFuncProto(env, id);
  }
}

/** Type tags stand in front of all other modifiers, and no chain is long. @models kernel/bpf/btf.c btf_check_type_tags() */
export function checkTypeTags(env: BtfCheckEnv): void {
  const { types } = env;
  let good = 0;
  for (let id = 1; id < types.nrTypes; id++) {
    if (!types.isModifier(id)) continue;
    let inTags = types.kindOf(id) === K.BTF_KIND_TYPE_TAG;
    let left = MAX_RESOLVE_DEPTH;
    for (let at = id; types.isModifier(at); at = types.typeOf(at)) {
      if (left-- === 0) env.fail(ELOOP, 'Max chain length or cycle detected');
      if (types.kindOf(at) !== K.BTF_KIND_TYPE_TAG) inTags = false;
      else if (!inTags) env.fail(EINVAL, "Type tags don't precede modifiers");
      if (at <= good) break;
    }
    good = id;
  }
}
