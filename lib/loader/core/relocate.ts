// Relocations against kernel types (CO-RE), "compile once, run everywhere": each is resolved in every type of the kernel
// that has the right name, flavours included, and all of them must lead to the same result. Steps and results are those
// of libbpf 1.1.
import * as core from '../../uapi/linux/bpf_core.js';
import { btfKind } from '../../uapi/linux/btf.js';
import type { Btf } from '../btf.js';
import { essentialName } from '../btf_names.js';
import { Budget } from './budget.js';
import { sameKind } from './compatible.js';
import { patchInsn } from './patch.js';
import type { Patch } from './patch.js';
import { matchSpec, readSpec } from './spec.js';
import type { Spec } from './spec.js';
import { mayResize, missing, valueOf } from './value.js';

/** A record of .BTF.ext. */
export interface CoreRelo {
  readonly type: number;
  readonly access: string;
  /** BPF_CORE_* */
  readonly kind: number;
}

/** Some hundred times what a large object needs. */
const steps = 5_000_000;

export class CoreRelocator {
  readonly #local: Btf;
  readonly #target: Btf | undefined;
  readonly #budget: Budget;

  /** `target` is the kernel's BTF; without one, only ids of local types can be relocated. */
  constructor(local: Btf, target: Btf | undefined) {
    this.#local = local;
    this.#target = target;
    this.#budget = new Budget(steps, () => local.error(0, 'relocations against kernel types take too many steps'));
  }

  /** Applies `relo` to the instruction at byte `at` of `code`. */
  apply(code: DataView, at: number, relo: CoreRelo, fail: (reason: string) => Error): void {
    if (relo.kind > core.BPF_CORE_TYPE_MATCHES) throw fail(`relocation of unknown kind ${relo.kind}`);
    const what = (reason: string): Error =>
      fail(`${core.bpfCoreReloKind(relo.kind)} of ${this.#show(relo)}: ${reason}`);
    const local = readSpec(this.#local, relo.type, relo.access, relo.kind, what);
    patchInsn(code, at, this.#patch(relo, local, what), what);
  }

  #show({ type, access }: CoreRelo): string {
    if (type === 0) return `void ${access}`;
    const { kind, name } = this.#local.type(type);
    return `[${type}] ${btfKind(kind)} '${name}' ${access}`;
  }

  #patch({ kind, type }: CoreRelo, local: Spec, fail: (reason: string) => Error): Patch {
    if (kind === core.BPF_CORE_TYPE_ID_LOCAL) return simple(BigInt(type));
    const target = this.#target;
    if (target === undefined) throw fail('the types of the kernel (its BTF) are needed');
    if (type === 0 || this.#local.type(type).name === '') throw fail('types without a name are not looked for');
    let result: Patch | undefined;
    let offset = 0;
    for (const id of this.#candidates(target, type)) {
      const spec = matchSpec(local, kind, target, id, this.#budget);
      if (spec === undefined) continue;
      const patch = compare(kind, local, spec, fail);
      result ??= ((offset = spec.bitOffset), patch);
      if (spec.bitOffset !== offset || patch.poison !== result.poison || patch.to !== result.to)
        throw fail(`types of the kernel disagree: ${result.to} or ${patch.to}`);
    }
    return result ?? compare(kind, local, undefined, fail);
  }

  *#candidates(target: Btf, type: number): Generator<number> {
    const { name, kind } = this.#local.type(type);
    const wanted = essentialName(name);
    for (const id of target.namesakes(wanted)) {
      this.#budget.take();
      const candidate = target.type(id);
      if (sameKind(kind, candidate.kind) && essentialName(candidate.name) === wanted) yield id;
    }
  }
}

const simple = (to: bigint): Patch => ({
  poison: false,
  from: 0n,
  certain: false,
  to,
  fromSize: 0,
  toSize: 0,
  mayResize: true,
});

/** Local and target value side by side; `target` undefined when the kernel has no match. */
function compare(kind: number, local: Spec, target: Spec | undefined, fail: (reason: string) => Error): Patch {
  const from = valueOf(kind, local, fail);
  const to = valueOf(kind, target, fail);
  if (from === missing || to === missing) return { ...simple(0n), poison: true };
  const resizable = target === undefined || mayResize(local.btf, from, target.btf, to);
  return {
    poison: false,
    from: from.value,
    certain: from.certain,
    to: to.value,
    fromSize: from.size,
    toSize: to.size,
    mayResize: resizable,
  };
}
