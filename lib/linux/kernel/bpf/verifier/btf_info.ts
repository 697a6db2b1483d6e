// kernel/bpf/verifier.c: type information that comes with a program, as the walk asks for it: which functions are global,
// what they take (btf_prepare_func_args()), which line of source an instruction belongs to.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as K from '../../../../uapi/linux/btf.js';
import { Errno, ModelGap } from '../../../errno.js';
import { ProgFunctions, SourceLines } from '../btf/prog_info.js';
import type { BtfTypeInfo } from '../btf/type_info.js';
import type { ProgBtf } from '../prog.js';
import * as T from '../type_flags.js';
import type { VerifierEnv } from './env.js';

/** What a function takes as one argument: ARG_* and, for memory, its size. */
export interface SubprogArg {
  readonly type: number;
  readonly memSize: number;
}

/** Type information of a program's functions, and what is found out about them. */
export class ProgTypes {
  readonly functions: ProgFunctions;
  readonly types: BtfTypeInfo;
  lines: SourceLines | undefined;
  /** Global functions that something calls, and those that were walked. */
  readonly called = new Set<number>();
  readonly verified = new Set<number>();
  /** Functions whose types do not say what they are. */
  readonly unreliable = new Set<number>();
  readonly #args = new Map<number, readonly SubprogArg[]>();
  readonly #hasFunctions: boolean;

  readonly #btf: ProgBtf;

  constructor(progBtf: ProgBtf) {
    this.#btf = progBtf;
    this.types = progBtf.btf.types;
    this.functions = new ProgFunctions(progBtf.btf, progBtf.funcInfo);
    this.#hasFunctions = progBtf.funcInfo.length > 0;
    this.startLines();
  }

  /** No line was shown yet. */
  startLines(): void {
    const { btf, lineInfo } = this.#btf;
    this.lines = lineInfo.length > 0 ? new SourceLines(btf, lineInfo) : undefined;
  }

  get hasFunctions(): boolean {
    return this.#hasFunctions;
  }

  /** @models kernel/bpf/verifier.c subprog_is_global() */
  isGlobal(subprog: number): boolean {
    return this.#hasFunctions && this.functions.linkageOf(subprog) === K.BTF_FUNC_GLOBAL;
  }

  isStatic(subprog: number): boolean {
    return this.functions.linkageOf(subprog) === K.BTF_FUNC_STATIC;
  }

  nameOf(subprog: number): string {
    return this.functions.nameOf(subprog);
  }

  /** What a function takes; refuses when its type cannot be used. @models kernel/bpf/btf.c btf_prepare_func_args() */
  argsOf(env: VerifierEnv, subprog: number): readonly SubprogArg[] {
    let args = this.#args.get(subprog);
    if (args === undefined) {
      args = this.#prepare(env, subprog);
      this.#args.set(subprog, args);
    }
    return args;
  }

  #prepare(env: VerifierEnv, subprog: number): readonly SubprogArg[] {
    const { types } = this;
    const name = this.nameOf(subprog);
    const proto = this.functions.protoOf(subprog);
    const count = types.vlenOf(proto);
    if (count > 5) {
      if (!this.isGlobal(subprog)) throw env.refuseQuietly(EINVAL);
      throw env.refuse(EINVAL, `Global function ${name}() with ${count} > 5 args. Buggy compiler.`);
    }
    if (!this.#returnsScalar(proto)) {
      if (!this.isGlobal(subprog)) throw env.refuseQuietly(EINVAL);
      throw env.refuse(EINVAL, `Global function ${name}() doesn't return scalar. Only those are supported.`);
    }
    return Array.from({ length: count }, (_, i) => this.#arg(env, subprog, types.extra(proto, i * 2 + 1), i));
  }

  #returnsScalar(proto: number): boolean {
    const { types } = this;
    const kind = types.kindOf(types.skipModifiers(types.typeOf(proto)));
    return kind === K.BTF_KIND_INT || kind === K.BTF_KIND_ENUM || kind === K.BTF_KIND_ENUM64;
  }

  #arg(env: VerifierEnv, subprog: number, typeId: number, i: number): SubprogArg {
    const { types } = this;
    const id = types.skipModifiers(typeId);
    const kind = types.kindOf(id);
    const tags = this.#tagsOf(subprog, i);
    if (kind === K.BTF_KIND_PTR) return this.#pointer(env, subprog, types.skipModifiers(types.typeOf(id)), i, tags);
    if (tags.size > 0) throw env.refuse(EINVAL, `arg#${i} has pointer tag, but is not a pointer type`);
    if (kind === K.BTF_KIND_INT || kind === K.BTF_KIND_ENUM || kind === K.BTF_KIND_ENUM64)
      return { type: T.ARG_ANYTHING, memSize: 0 };
    if (!this.isGlobal(subprog)) throw env.refuseQuietly(EINVAL);
    throw env.refuse(
      EINVAL,
      `Arg#${i} type ${kindNames[kind] ?? 'UNKNOWN'} in ${this.nameOf(subprog)}() is not supported yet.`,
    );
  }

  /** What is written beside an argument: `arg:nonnull` and others. */
  #tagsOf(subprog: number, i: number): Set<string> {
    const { types } = this;
    const tags = new Set<string>();
    if (!this.isGlobal(subprog)) return tags;
    const func = this.functions.typeOf(subprog);
    for (let id = 1; id < types.nrTypes; id++) {
      if (types.kindOf(id) !== K.BTF_KIND_DECL_TAG || types.typeOf(id) !== func || types.extra(id, 0) !== i) continue;
      if (types.nameOf(id).startsWith('arg:')) tags.add(types.nameOf(id));
    }
    return tags;
  }

  #pointer(env: VerifierEnv, subprog: number, target: number, i: number, tags: ReadonlySet<string>): SubprogArg {
    const { types } = this;
    if (tags.has('arg:ctx') || isContext(env, types, target)) return { type: T.ARG_PTR_TO_CTX, memSize: 0 };
    for (const tag of tags) if (tag !== 'arg:nonnull') throw new ModelGap(`bpf: verifier: functions with ${tag}`);
    if (!this.isGlobal(subprog)) throw env.refuseQuietly(EINVAL);
    const sized = target === 0 ? undefined : types.sizedType(target);
    if (sized === undefined)
      throw env.refuse(
        EINVAL,
        `arg#${i} reference type('${kindNames[types.kindOf(target)] ?? 'UNKNOWN'} ${types.nameOf(target)}') size cannot be determined: -22`,
      );
    const mayBeNull = tags.has('arg:nonnull') ? 0 : T.PTR_MAYBE_NULL;
    return { type: T.ARG_PTR_TO_MEM | mayBeNull, memSize: sized.size };
  }
}

const kindNames = [
  ...['UNKNOWN', 'INT', 'PTR', 'ARRAY', 'STRUCT', 'UNION', 'ENUM', 'FWD', 'TYPEDEF', 'VOLATILE', 'CONST', 'RESTRICT'],
  ...['FUNC', 'FUNC_PROTO', 'VAR', 'DATASEC', 'FLOAT', 'DECL_TAG', 'TYPE_TAG', 'ENUM64'],
];

/** The struct that a kind of program has as its context. @models kernel/bpf/btf.c btf_is_prog_ctx_type() */
function isContext(env: VerifierEnv, types: BtfTypeInfo, id: number): boolean {
  return (
    types.kindOf(id) === K.BTF_KIND_STRUCT && types.nameOf(id) === (contextNames.get(env.prog.type) ?? '__sk_buff')
  );
}

/** By number of the program type, where it is not struct __sk_buff. */
const contextNames = new Map([
  [2, 'bpf_user_pt_regs_t'],
  [6, 'xdp_md'],
  [7, 'bpf_perf_event_data'],
  [9, 'bpf_sock'],
  [13, 'bpf_sock_ops'],
  [15, 'bpf_cgroup_dev_ctx'],
  [16, 'sk_msg_md'],
  [18, 'bpf_sock_addr'],
  [21, 'sk_reuseport_md'],
  [23, 'bpf_sysctl'],
  [25, 'bpf_sockopt'],
  [30, 'bpf_sk_lookup'],
]);

/** The line of source of an instruction, when it is another one than that shown last. @models kernel/bpf/log.c verbose_linfo() */
export function verboseLinfo(env: VerifierEnv, insn: number, prefix: string): void {
  const lines = env.types?.lines;
  if (lines !== undefined && env.log.needed) env.verbose(lines.show(insn, prefix));
}

/** An errno that is no gap of the model. @differs the kernel has no gaps */
export const isRefusal = (error: unknown): error is Errno => error instanceof Errno && !(error instanceof ModelGap);
