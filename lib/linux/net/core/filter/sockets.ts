// net/core/filter.c: helpers that look for sockets. No program has an internet socket in the model, so that each lookup ends
// with none; what it refuses before looking, it refuses as the kernel does.
import { EINVAL, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { setR0 } from '../../../../vm/helper_call.js';
import { ModelGap } from '../../../errno.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { constant, hasOther, type HelperEntry, type HelperMaker, R1, R2, R3, skbHelper } from './call.js';

/** @models net/core/filter.c bpf_tc_sk_lookup_tcp() */
const noSocket = constant(0);

/** A full socket is one that is no request and not in TIME_WAIT. @models net/core/filter.c bpf_sk_fullsock() */
const skFullsock: HelperMaker = () => (regs) => {
  regs[0] = regs[R1]!;
  regs[1] = regs[R1 + 1]!;
};

/** @models net/core/filter.c bpf_sk_release() */
const skRelease: HelperMaker = () => (regs) => {
  setR0(regs, 0);
};

/** @models net/core/filter.c bpf_sk_assign() */
function skAssign(skb: SkBuff, regs: Int32Array): number {
  if (regs[R2] === 0 || hasOther(regs, R3, 0)) return -EINVAL;
  if (!skb.atIngress) return -EOPNOTSUPP;
  throw new ModelGap('bpf_sk_assign: delivery to a socket');
}

export const socketHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_sk_assign, skbHelper(skAssign)],
  [F.BPF_FUNC_sk_lookup_tcp, noSocket],
  [F.BPF_FUNC_sk_lookup_udp, noSocket],
  [F.BPF_FUNC_skc_lookup_tcp, noSocket],
  [F.BPF_FUNC_tcp_sock, noSocket],
  [F.BPF_FUNC_get_listener_sock, noSocket],
  [F.BPF_FUNC_sk_fullsock, skFullsock],
  [F.BPF_FUNC_sk_release, skRelease],
];

/** Casts give NULL for a socket of another kind, and no socket is of these kinds. */
export const castHelpers: readonly HelperEntry[] = [
  F.BPF_FUNC_skc_to_tcp6_sock,
  F.BPF_FUNC_skc_to_tcp_sock,
  F.BPF_FUNC_skc_to_tcp_timewait_sock,
  F.BPF_FUNC_skc_to_tcp_request_sock,
  F.BPF_FUNC_skc_to_udp6_sock,
  F.BPF_FUNC_skc_to_unix_sock,
  F.BPF_FUNC_skc_to_mptcp_sock,
].map((id) => [id, noSocket]);
