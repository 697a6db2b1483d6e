// include/linux/bpf.h struct bpf_verifier_ops: what a kind of program may do with its context and which helpers it may call.
// The kind gives it (net/core/filter/), the verifier asks it.
import type { AccessType } from './type_flags.js';
import type { BpfFuncProto } from './func_proto.js';
import type { Task } from '../task.js';
import type { BpfProg } from './prog.js';

/** struct bpf_insn_access_aux: what isValidAccess() says about an access it allows. */
export interface InsnAccessAux {
  /** SCALAR_VALUE, PTR_TO_PACKET …: what the load gives. */
  regType: number;
  isLdsx: boolean;
  /** Size of the field, bytes, when an access may be narrower; 0 = access as asked. */
  ctxFieldSize: number;
  /** Whether the return value is meant (kinds that have one in their context). */
  isRetval: boolean;
}

/** One instruction; `off` signed 16 bits, `imm` signed 32 bits. */
export interface BpfInsn {
  code: number;
  dst: number;
  src: number;
  off: number;
  imm: number;
}

export interface BpfVerifierOps {
  /** The helper `id` for this program when `task` loads it (some want a capability), or undefined when it has none. */
  getFuncProto(id: number, prog: BpfProg, task: Task): BpfFuncProto | undefined;
  /** Whether `size` bytes at `off` of the context may be read or written. */
  isValidAccess(off: number, size: number, type: AccessType, prog: BpfProg, info: InsnAccessAux): boolean;
  /** What a program may return, least and greatest; without it, or undefined: anything. */
  returnRange?(prog: BpfProg): readonly [number, number] | undefined;
  /** Instructions to run first, ending in a copy of `first`; undefined when none are needed. */
  genPrologue?(directWrite: boolean, first: BpfInsn, prog: BpfProg): BpfInsn[] | undefined;
  /** What stands for a BPF_LD_ABS or BPF_LD_IND. */
  genLdAbs?(insn: BpfInsn): BpfInsn[];
  /** What stands for an access to the context, and the size of the field behind it in bytes. */
  readonly convertCtxAccess?: (
    type: AccessType,
    insn: BpfInsn,
    prog: BpfProg,
  ) => { insns: BpfInsn[]; targetSize: number };
}
