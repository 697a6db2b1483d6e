// include/linux/bpf.h struct bpf_func_proto: a helper as the verifier sees it, with what runs when it is called. Each kind
// of program has a table of them (verifier_ops.ts).
import type { Helper } from '../../../vm/helper_call.js';
import type { Machine } from '../../machine.js';
import type { BpfProg } from './prog.js';

export interface BpfFuncProto {
  /**
   * Makes what runs, for one machine; called once for each machine. Absent: the verifier accepts calls, and a program that
   * makes one at run time ends in a reported gap.
   */
  readonly func?: (machine: Machine) => Helper;
  readonly gplOnly: boolean;
  /** Whether packet pointers are good arguments. */
  readonly pktAccess: boolean;
  readonly mightSleep?: boolean;
  readonly allowFastcall?: boolean;
  /** RET_* with flags. */
  readonly retType: number;
  /** ARG_* with flags of R1, R2 …; what is missing is ARG_DONTCARE. */
  readonly args: readonly number[];
  /** By argument: size of an ARG_PTR_TO_FIXED_SIZE_MEM in bytes. */
  readonly argSizes?: Readonly<Record<number, number>>;
  /** By argument, and for the result: name of the kernel's type for ARG_PTR_TO_BTF_ID and RET_PTR_TO_BTF_ID. */
  readonly argBtf?: Readonly<Record<number, string>>;
  readonly retBtf?: string;
  /** A further condition on the program. */
  readonly allowed?: (prog: BpfProg) => boolean;
}
