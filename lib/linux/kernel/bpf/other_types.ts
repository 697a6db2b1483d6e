// include/linux/bpf_types.h, types of programs that are not for packets in tc: sockets, cgroups, tracing. They load, hold
// their maps and are described, as long as they keep to what every program may do; their own contexts and helpers are not
// modelled, and what they could be attached to is not there. net/core/filter/verifier_ops.ts falls back to them.
import * as B from '../../../uapi/linux/bpf.js';
import { ModelGap } from '../../errno.js';
import { bpfBaseFuncProto } from './helpers.js';
import type { BpfProg } from './prog.js';
import type { BpfVerifierOps } from './verifier_ops.js';

/** Types that say yes (1) or no (0). */
const yesOrNo: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_CGROUP_SKB,
  B.BPF_PROG_TYPE_CGROUP_SOCK,
  B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  B.BPF_PROG_TYPE_SOCK_OPS,
  B.BPF_PROG_TYPE_CGROUP_DEVICE,
  B.BPF_PROG_TYPE_CGROUP_SYSCTL,
  B.BPF_PROG_TYPE_CGROUP_SOCKOPT,
  B.BPF_PROG_TYPE_SK_LOOKUP,
  B.BPF_PROG_TYPE_NETFILTER,
]);

/** Places of programs over socket addresses that have no no. */
const alwaysYes: ReadonlySet<number> = new Set([
  B.BPF_CGROUP_UDP4_RECVMSG,
  B.BPF_CGROUP_UDP6_RECVMSG,
  B.BPF_CGROUP_UNIX_RECVMSG,
  B.BPF_CGROUP_INET4_GETPEERNAME,
  B.BPF_CGROUP_INET6_GETPEERNAME,
  B.BPF_CGROUP_UNIX_GETPEERNAME,
  B.BPF_CGROUP_INET4_GETSOCKNAME,
  B.BPF_CGROUP_INET6_GETSOCKNAME,
  B.BPF_CGROUP_UNIX_GETSOCKNAME,
]);

/** What a program may return, least and greatest; undefined = anything. @models kernel/bpf/verifier.c check_return_code() */
export function returnRange({ type, expectedAttachType: place }: BpfProg): readonly [number, number] | undefined {
  if (!yesOrNo.has(type)) return undefined;
  if (type === B.BPF_PROG_TYPE_CGROUP_SKB && place === B.BPF_CGROUP_INET_EGRESS) return [0, 3];
  if (type === B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR) {
    if (alwaysYes.has(place)) return [1, 1];
    if (place === B.BPF_CGROUP_INET4_BIND || place === B.BPF_CGROUP_INET6_BIND) return [0, 3];
  }
  return [0, 1];
}

const otherOps: BpfVerifierOps = {
  getFuncProto: (id, prog, task) => {
    const proto = bpfBaseFuncProto(id, task);
    if (proto === undefined) throw new ModelGap(`helper ${id} of bpf programs of type ${prog.type}`);
    return proto;
  },
  isValidAccess: (_off, _size, _type, prog) => {
    throw new ModelGap(`the context of bpf programs of type ${prog.type}`);
  },
  returnRange,
};

/**
 * What programs of a type that is not for tc may do.
 *
 * @differs contexts and helpers of these types end in a gap
 */
export const otherVerifierOps = (): BpfVerifierOps => otherOps;
