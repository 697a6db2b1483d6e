// net/core/filter.c struct bpf_verifier_ops of the kinds of programs that work on packets: socket filters, classifiers and
// actions. The verifier asks for them by program type; a type that is not here is not modelled.
import {
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SCHED_CLS,
  BPF_PROG_TYPE_SOCKET_FILTER,
} from '../../../../uapi/linux/bpf.js';
import { TC_ACT_SHOT } from '../../../../uapi/linux/pkt_cls.js';
import { asEarly } from '../../../kernel/bpf/early.js';
import { otherVerifierOps } from '../../../kernel/bpf/other_types.js';
import type { BpfVerifierOps } from '../../../kernel/bpf/verifier_ops.js';
import { skFilterIsValidAccess, tcClsActIsValidAccess } from './access.js';
import { bpfConvertCtxAccess, tcClsActConvertCtxAccess } from './convert.js';
import { skFilterFuncProto, tcClsActFuncProto } from './func_proto.js';
import { describedOps } from './described.js';
import { bpfGenLdAbs, bpfUnclonePrologue } from './prologue.js';

const skFilterVerifierOps: BpfVerifierOps = {
  getFuncProto: skFilterFuncProto,
  isValidAccess: skFilterIsValidAccess,
  convertCtxAccess: bpfConvertCtxAccess,
  genLdAbs: bpfGenLdAbs,
};

const tcClsActVerifierOps: BpfVerifierOps = {
  getFuncProto: tcClsActFuncProto,
  isValidAccess: tcClsActIsValidAccess,
  convertCtxAccess: tcClsActConvertCtxAccess,
  genPrologue: (directWrite, first) => bpfUnclonePrologue(directWrite, first, TC_ACT_SHOT),
  genLdAbs: bpfGenLdAbs,
};

const byType = new Map<number, BpfVerifierOps>([
  [BPF_PROG_TYPE_SOCKET_FILTER, asEarly(skFilterVerifierOps)],
  [BPF_PROG_TYPE_SCHED_CLS, asEarly(tcClsActVerifierOps)],
  [BPF_PROG_TYPE_SCHED_ACT, tcClsActVerifierOps],
  ...describedOps,
]);

/**
 * What programs of a type may do, or undefined when the type is not modelled.
 *
 * @models kernel/bpf/verifier.c bpf_verifier_ops[] @differs stands with the operations it lists
 */
export const verifierOpsOf = (progType: number): BpfVerifierOps | undefined =>
  byType.get(progType) ?? otherVerifierOps();
