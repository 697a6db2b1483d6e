// net/core/filter.c: helpers that look for sockets. No program has an internet socket in the model, so that each lookup ends
// with none; what it refuses before looking, it refuses as the kernel does.
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { setR0 } from '../../../../vm/helper_call.js';
import { constant, type HelperEntry, type HelperMaker, R1 } from './call.js';

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

export const socketHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_sk_lookup_tcp, noSocket],
  [F.BPF_FUNC_sk_lookup_udp, noSocket],
  [F.BPF_FUNC_skc_lookup_tcp, noSocket],
  [F.BPF_FUNC_tcp_sock, noSocket],
  [F.BPF_FUNC_get_listener_sock, noSocket],
  [F.BPF_FUNC_sk_fullsock, skFullsock],
  [F.BPF_FUNC_sk_release, skRelease],
];
