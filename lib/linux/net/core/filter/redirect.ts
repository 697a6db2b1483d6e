// net/core/filter.c: helpers that send a packet, or a copy of it, somewhere else. All but clone_redirect only note where to;
// the hook that ran the program looks there when it returned TC_ACT_REDIRECT.
import { EBADMSG, EINVAL, ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { TC_ACT_REDIRECT, TC_ACT_SHOT } from '../../../../uapi/linux/pkt_cls.js';
import { setR0 } from '../../../../vm/helper_call.js';
import type { Machine } from '../../../machine.js';
import { devGetByIndex } from '../dev/table.js';
import { skbUnclone } from '../skbuff/head.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { bpfComputeDataPointers, hasOther, type HelperEntry, type HelperMaker, R1, R2, R3, R4 } from './call.js';
import { bpfRedirect } from './do_redirect.js';

export const BPF_F_INGRESS = 1;
/** Flags that only the kernel sets. */
export const BPF_F_NEIGH = 1 << 16;
export const BPF_F_PEER = 1 << 17;
export const BPF_F_NEXTHOP = 1 << 18;
const NEXT_HOP_SIZE = 20;

/** Notes where to. */
function note(machine: Machine, target: number, flags: number): number {
  const { redirect } = machine.softnet;
  redirect.target = target;
  redirect.flags = flags;
  return TC_ACT_REDIRECT;
}

/** @models net/core/filter.c bpf_redirect() */
const redirect: HelperMaker = (machine) => (regs) => {
  const bad = hasOther(regs, R2, BPF_F_INGRESS);
  setR0(regs, bad ? TC_ACT_SHOT : note(machine, regs[R1]!, regs[R2]!));
};

/** @models net/core/filter.c bpf_redirect_peer() */
const redirectPeer: HelperMaker = (machine) => (regs) => {
  setR0(regs, hasOther(regs, R2, 0) ? TC_ACT_SHOT : note(machine, regs[R1]!, BPF_F_PEER));
};

/** @models net/core/filter.c bpf_redirect_neigh() */
const redirectNeigh: HelperMaker = (machine) => (regs) => {
  const length = regs[R3]!;
  if ((length !== 0 && length >>> 0 < NEXT_HOP_SIZE) || hasOther(regs, R4, 0)) {
    setR0(regs, TC_ACT_SHOT);
    return;
  }
  setR0(regs, note(machine, regs[R1]!, BPF_F_NEIGH | (length === 0 ? 0 : BPF_F_NEXTHOP)));
  const from = regs[R2]! >>> 0;
  if (length !== 0) machine.softnet.redirect.nextHop.set(machine.memory.u8.subarray(from, from + NEXT_HOP_SIZE));
};

/** A copy goes; the packet gets bytes of its own again, which the program may write to. */
function cloneRedirectTo(skb: SkBuff, regs: Int32Array): number {
  if (hasOther(regs, R3, BPF_F_INGRESS)) return -EINVAL;
  if (skb.isGso && skb.gsoType === 0) return -EBADMSG;
  const dev = devGetByIndex(skb.dev!.net, regs[R2]!);
  if (dev === undefined) return -EINVAL;
  const clone = skb.pool.clone(skb);
  if (clone === undefined) return -ENOMEM;
  const failed = skbUnclone(skb);
  bpfComputeDataPointers(skb);
  if (failed === 0) return bpfRedirect(clone, dev, regs[R3]!);
  skb.pool.free(clone);
  return -ENOMEM;
}

/** @models net/core/filter.c bpf_clone_redirect() */
const cloneRedirect: HelperMaker = (machine) => (regs) => {
  setR0(regs, cloneRedirectTo(machine.softnet.skbs.at(regs[R1]!), regs));
};

export const redirectHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_redirect, redirect],
  [F.BPF_FUNC_redirect_peer, redirectPeer],
  [F.BPF_FUNC_redirect_neigh, redirectNeigh],
  [F.BPF_FUNC_clone_redirect, cloneRedirect],
];
