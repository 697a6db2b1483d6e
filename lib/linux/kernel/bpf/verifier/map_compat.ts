// kernel/bpf/verifier.c check_map_func_compatibility(): which helpers go with which kinds of maps.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { helperName } from '../../../../vm/disasm.js';
import type { VerifierEnv } from './env.js';
import type { MapView } from './map_view.js';

const ringbuf = [
  ...[F.BPF_FUNC_ringbuf_output, F.BPF_FUNC_ringbuf_reserve, F.BPF_FUNC_ringbuf_query],
  ...[F.BPF_FUNC_ringbuf_reserve_dynptr, F.BPF_FUNC_ringbuf_submit_dynptr, F.BPF_FUNC_ringbuf_discard_dynptr],
];
const perfEvent = [
  ...[F.BPF_FUNC_perf_event_read, F.BPF_FUNC_perf_event_output, F.BPF_FUNC_skb_output],
  ...[F.BPF_FUNC_perf_event_read_value, F.BPF_FUNC_xdp_output],
];
const sockmap = [
  ...[F.BPF_FUNC_sk_redirect_map, F.BPF_FUNC_sock_map_update, F.BPF_FUNC_msg_redirect_map],
  ...[F.BPF_FUNC_sk_select_reuseport, F.BPF_FUNC_map_lookup_elem],
  ...[F.BPF_FUNC_map_update_elem, F.BPF_FUNC_map_delete_elem],
];
const sockhash = [
  ...[F.BPF_FUNC_sk_redirect_hash, F.BPF_FUNC_sock_hash_update, F.BPF_FUNC_msg_redirect_hash],
  ...[F.BPF_FUNC_sk_select_reuseport, F.BPF_FUNC_map_lookup_elem],
  ...[F.BPF_FUNC_map_update_elem, F.BPF_FUNC_map_delete_elem],
];
const redirectOrLookup = [F.BPF_FUNC_redirect_map, F.BPF_FUNC_map_lookup_elem];
const queue = [F.BPF_FUNC_map_peek_elem, F.BPF_FUNC_map_pop_elem, F.BPF_FUNC_map_push_elem];

/** Kinds of maps that only some helpers take. */
const helpersOfMap = new Map<number, readonly number[]>([
  [B.BPF_MAP_TYPE_PROG_ARRAY, [F.BPF_FUNC_tail_call]],
  [B.BPF_MAP_TYPE_PERF_EVENT_ARRAY, perfEvent],
  [B.BPF_MAP_TYPE_RINGBUF, ringbuf],
  [B.BPF_MAP_TYPE_USER_RINGBUF, [F.BPF_FUNC_user_ringbuf_drain]],
  [B.BPF_MAP_TYPE_STACK_TRACE, [F.BPF_FUNC_get_stackid]],
  [B.BPF_MAP_TYPE_CGROUP_ARRAY, [F.BPF_FUNC_skb_under_cgroup, F.BPF_FUNC_current_task_under_cgroup]],
  [B.BPF_MAP_TYPE_CGROUP_STORAGE, [F.BPF_FUNC_get_local_storage]],
  [B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, [F.BPF_FUNC_get_local_storage]],
  [B.BPF_MAP_TYPE_DEVMAP, redirectOrLookup],
  [B.BPF_MAP_TYPE_DEVMAP_HASH, redirectOrLookup],
  [B.BPF_MAP_TYPE_CPUMAP, [F.BPF_FUNC_redirect_map]],
  [B.BPF_MAP_TYPE_XSKMAP, redirectOrLookup],
  [B.BPF_MAP_TYPE_ARRAY_OF_MAPS, [F.BPF_FUNC_map_lookup_elem]],
  [B.BPF_MAP_TYPE_HASH_OF_MAPS, [F.BPF_FUNC_map_lookup_elem]],
  [B.BPF_MAP_TYPE_SOCKMAP, sockmap],
  [B.BPF_MAP_TYPE_SOCKHASH, sockhash],
  [B.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, [F.BPF_FUNC_sk_select_reuseport]],
  [B.BPF_MAP_TYPE_QUEUE, queue],
  [B.BPF_MAP_TYPE_STACK, queue],
  [B.BPF_MAP_TYPE_SK_STORAGE, [F.BPF_FUNC_sk_storage_get, F.BPF_FUNC_sk_storage_delete, F.BPF_FUNC_kptr_xchg]],
  [B.BPF_MAP_TYPE_TASK_STORAGE, [F.BPF_FUNC_task_storage_get, F.BPF_FUNC_task_storage_delete, F.BPF_FUNC_kptr_xchg]],
  [B.BPF_MAP_TYPE_CGRP_STORAGE, [F.BPF_FUNC_cgrp_storage_get, F.BPF_FUNC_cgrp_storage_delete, F.BPF_FUNC_kptr_xchg]],
  [B.BPF_MAP_TYPE_BLOOM_FILTER, [F.BPF_FUNC_map_peek_elem, F.BPF_FUNC_map_push_elem]],
]);

const cgroupArray = [B.BPF_MAP_TYPE_CGROUP_ARRAY];
const anySockmap = [B.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, B.BPF_MAP_TYPE_SOCKMAP, B.BPF_MAP_TYPE_SOCKHASH];
const queues = [B.BPF_MAP_TYPE_QUEUE, B.BPF_MAP_TYPE_STACK];

/** Helpers that take only some kinds of maps. */
const mapsOfHelper = new Map<number, readonly number[]>([
  [F.BPF_FUNC_tail_call, [B.BPF_MAP_TYPE_PROG_ARRAY]],
  ...perfEvent.map((id): [number, number[]] => [id, [B.BPF_MAP_TYPE_PERF_EVENT_ARRAY]]),
  ...ringbuf.map((id): [number, number[]] => [id, [B.BPF_MAP_TYPE_RINGBUF]]),
  [F.BPF_FUNC_user_ringbuf_drain, [B.BPF_MAP_TYPE_USER_RINGBUF]],
  [F.BPF_FUNC_get_stackid, [B.BPF_MAP_TYPE_STACK_TRACE]],
  [F.BPF_FUNC_current_task_under_cgroup, cgroupArray],
  [F.BPF_FUNC_skb_under_cgroup, cgroupArray],
  [
    F.BPF_FUNC_redirect_map,
    [B.BPF_MAP_TYPE_DEVMAP, B.BPF_MAP_TYPE_DEVMAP_HASH, B.BPF_MAP_TYPE_CPUMAP, B.BPF_MAP_TYPE_XSKMAP],
  ],
  [F.BPF_FUNC_sk_redirect_map, [B.BPF_MAP_TYPE_SOCKMAP]],
  [F.BPF_FUNC_msg_redirect_map, [B.BPF_MAP_TYPE_SOCKMAP]],
  [F.BPF_FUNC_sock_map_update, [B.BPF_MAP_TYPE_SOCKMAP]],
  [F.BPF_FUNC_sk_redirect_hash, [B.BPF_MAP_TYPE_SOCKHASH]],
  [F.BPF_FUNC_msg_redirect_hash, [B.BPF_MAP_TYPE_SOCKHASH]],
  [F.BPF_FUNC_sock_hash_update, [B.BPF_MAP_TYPE_SOCKHASH]],
  [F.BPF_FUNC_get_local_storage, [B.BPF_MAP_TYPE_CGROUP_STORAGE, B.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE]],
  [F.BPF_FUNC_sk_select_reuseport, anySockmap],
  [F.BPF_FUNC_map_pop_elem, queues],
  [F.BPF_FUNC_map_peek_elem, [...queues, B.BPF_MAP_TYPE_BLOOM_FILTER]],
  [F.BPF_FUNC_map_push_elem, [...queues, B.BPF_MAP_TYPE_BLOOM_FILTER]],
  [
    F.BPF_FUNC_map_lookup_percpu_elem,
    [B.BPF_MAP_TYPE_PERCPU_ARRAY, B.BPF_MAP_TYPE_PERCPU_HASH, B.BPF_MAP_TYPE_LRU_PERCPU_HASH],
  ],
  [F.BPF_FUNC_sk_storage_get, [B.BPF_MAP_TYPE_SK_STORAGE]],
  [F.BPF_FUNC_sk_storage_delete, [B.BPF_MAP_TYPE_SK_STORAGE]],
  [F.BPF_FUNC_task_storage_get, [B.BPF_MAP_TYPE_TASK_STORAGE]],
  [F.BPF_FUNC_task_storage_delete, [B.BPF_MAP_TYPE_TASK_STORAGE]],
  [F.BPF_FUNC_cgrp_storage_get, [B.BPF_MAP_TYPE_CGRP_STORAGE]],
  [F.BPF_FUNC_cgrp_storage_delete, [B.BPF_MAP_TYPE_CGRP_STORAGE]],
]);

/** `bpf_map_lookup_elem#1` @models kernel/bpf/disasm.c func_id_name() */
export const funcText = (id: number): string => `${helperName(id) ?? 'unknown'}#${id}`;

/** @models kernel/bpf/verifier.c check_map_func_compatibility() */
export function checkMapFuncCompatibility(env: VerifierEnv, map: MapView | undefined, id: number): void {
  if (map === undefined) return;
  const { mapType } = map;
  const good = helpersOfMap.get(mapType)?.includes(id) !== false && mapsOfHelper.get(id)?.includes(mapType) !== false;
  if (!good) throw env.refuse(EINVAL, `cannot pass map_type ${mapType} into func ${funcText(id)}`);
}
