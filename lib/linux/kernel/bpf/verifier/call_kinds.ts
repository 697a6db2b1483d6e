// kernel/bpf/verifier.c: what kind of call an instruction is, and what some helpers do besides: call back, give or take
// references, move packet data.
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL } from '../../../../uapi/linux/bpf.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP } from '../../../../uapi/linux/bpf.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import * as I from '../../../../uapi/linux/bpf_insn.js';
import type { MapView } from './map_view.js';
import type { BpfInsn } from '../verifier_ops.js';

const CALL = C.BPF_JMP | I.BPF_CALL;
export const LD_IMM64 = C.BPF_LD | C.BPF_IMM | I.BPF_DW;

/** @models kernel/bpf/verifier.c bpf_helper_call() */
export const isHelperCall = ({ code, src }: BpfInsn): boolean => code === CALL && src === 0;
/** @models kernel/bpf/verifier.c bpf_pseudo_call() */
export const isPseudoCall = ({ code, src }: BpfInsn): boolean => code === CALL && src === BPF_PSEUDO_CALL;
/** @models kernel/bpf/verifier.c bpf_pseudo_kfunc_call() */
export const isKfuncCall = ({ code, src }: BpfInsn): boolean => code === CALL && src === BPF_PSEUDO_KFUNC_CALL;
/** @models include/linux/bpf_verifier.h bpf_pseudo_func() */
export const isPseudoFunc = ({ code, src }: BpfInsn): boolean => code === LD_IMM64 && src === BPF_PSEUDO_FUNC;
/** @models kernel/bpf/verifier.c is_may_goto_insn() */
export const isMayGoto = ({ code, src }: BpfInsn): boolean =>
  code === (C.BPF_JMP | I.BPF_JCOND) && src === I.BPF_MAY_GOTO;

const syncCallbacks = new Set([
  F.BPF_FUNC_for_each_map_elem,
  F.BPF_FUNC_find_vma,
  F.BPF_FUNC_loop,
  F.BPF_FUNC_user_ringbuf_drain,
]);

/** @models kernel/bpf/verifier.c is_sync_callback_calling_insn() */
export const isSyncCallbackCall = (insn: BpfInsn): boolean => isHelperCall(insn) && syncCallbacks.has(insn.imm);
/** @models kernel/bpf/verifier.c is_async_callback_calling_insn() */
export const isAsyncCallbackCall = (insn: BpfInsn): boolean =>
  isHelperCall(insn) && insn.imm === F.BPF_FUNC_timer_set_callback;

const acquiring = new Set([
  F.BPF_FUNC_sk_lookup_tcp,
  F.BPF_FUNC_sk_lookup_udp,
  F.BPF_FUNC_skc_lookup_tcp,
  F.BPF_FUNC_ringbuf_reserve,
  F.BPF_FUNC_kptr_xchg,
]);

/** Whether R0 is a reference that must be given back. @models kernel/bpf/verifier.c is_acquire_function() */
export function isAcquireFunction(id: number, map: MapView | undefined): boolean {
  if (acquiring.has(id)) return true;
  const type = map?.mapType;
  return id === F.BPF_FUNC_map_lookup_elem && (type === BPF_MAP_TYPE_SOCKMAP || type === BPF_MAP_TYPE_SOCKHASH);
}

const casting = new Set([
  F.BPF_FUNC_tcp_sock,
  F.BPF_FUNC_sk_fullsock,
  F.BPF_FUNC_skc_to_tcp_sock,
  F.BPF_FUNC_skc_to_tcp6_sock,
  F.BPF_FUNC_skc_to_udp6_sock,
  F.BPF_FUNC_skc_to_mptcp_sock,
  F.BPF_FUNC_skc_to_tcp_timewait_sock,
  F.BPF_FUNC_skc_to_tcp_request_sock,
]);

/** Whether R0 is the argument as another type. @models kernel/bpf/verifier.c is_ptr_cast_function() */
export const isPtrCastFunction = (id: number): boolean => casting.has(id);

const packetChanging = new Set([
  F.BPF_FUNC_skb_vlan_push,
  F.BPF_FUNC_skb_vlan_pop,
  F.BPF_FUNC_skb_store_bytes,
  F.BPF_FUNC_skb_change_proto,
  F.BPF_FUNC_skb_change_head,
  F.BPF_FUNC_skb_change_tail,
  F.BPF_FUNC_skb_pull_data,
  F.BPF_FUNC_skb_adjust_room,
  F.BPF_FUNC_clone_redirect,
  F.BPF_FUNC_l3_csum_replace,
  F.BPF_FUNC_l4_csum_replace,
  F.BPF_FUNC_xdp_adjust_head,
  F.BPF_FUNC_xdp_adjust_meta,
  F.BPF_FUNC_xdp_adjust_tail,
  F.BPF_FUNC_msg_pull_data,
  F.BPF_FUNC_msg_push_data,
  F.BPF_FUNC_msg_pop_data,
  F.BPF_FUNC_lwt_seg6_action,
  F.BPF_FUNC_lwt_seg6_adjust_srh,
  F.BPF_FUNC_lwt_seg6_store_bytes,
  F.BPF_FUNC_lwt_push_encap,
  F.BPF_FUNC_store_hdr_opt,
  F.BPF_FUNC_tail_call,
]);

/** Whether packet pointers are worthless after the call. @models net/core/filter.c bpf_helper_changes_pkt_data() @differs the verifier's */
export const changesPktData = (id: number): boolean => packetChanging.has(id);
