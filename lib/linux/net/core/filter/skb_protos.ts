// net/core/filter.c: the helpers for packets and sockets, as the verifier sees them. Facts only; func_proto.ts adds what
// runs and which kind of program has which. Argument kinds are those of 6.18.
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import type { BpfFuncProto } from '../../../kernel/bpf/func_proto.js';
import { GPL, integer, PACKET, RDONLY_MEM, RDONLY_MEM_OR_NULL, returning } from '../../../kernel/bpf/proto_table.js';
import * as T from '../../../kernel/bpf/type_flags.js';

const CTX = T.ARG_PTR_TO_CTX;
const ANY = T.ARG_ANYTHING;
const OUT = T.ARG_PTR_TO_UNINIT_MEM;
const SIZE = T.ARG_CONST_SIZE;
const SIZE0 = T.ARG_CONST_SIZE_OR_ZERO;
const MAP = T.ARG_CONST_MAP_PTR;
const SOCK = T.ARG_PTR_TO_BTF_ID_SOCK_COMMON;
const FIXED = T.ARG_PTR_TO_FIXED_SIZE_MEM;
const RDONLY_FIXED = FIXED | T.MEM_RDONLY;

/** Of socket filters and all others that get packets. */
export const socketProtos: ReadonlyMap<number, BpfFuncProto> = new Map([
  [F.BPF_FUNC_skb_load_bytes, integer([CTX, ANY, OUT, SIZE])],
  [F.BPF_FUNC_skb_load_bytes_relative, integer([CTX, ANY, OUT, SIZE, ANY])],
  [F.BPF_FUNC_get_socket_cookie, integer([CTX])],
  [F.BPF_FUNC_get_socket_uid, integer([CTX])],
  [F.BPF_FUNC_get_netns_cookie, integer([T.ARG_PTR_TO_CTX_OR_NULL])],
  [F.BPF_FUNC_perf_event_output, integer([CTX, MAP, ANY, RDONLY_MEM, SIZE0], GPL)],
]);

const lookup = (retType: number): BpfFuncProto => returning(retType, [CTX, RDONLY_MEM, SIZE0, ANY, ANY], PACKET);
const GPL_PACKET = { gplOnly: true, pktAccess: true };
const syncookie = integer([SOCK, RDONLY_MEM, SIZE, RDONLY_MEM, SIZE], GPL_PACKET);
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP_HEADER = 20;

/** Of classifiers and actions: the packet and its bytes. */
const packetProtos: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_skb_store_bytes, integer([CTX, ANY, RDONLY_MEM, SIZE, ANY])],
  [F.BPF_FUNC_skb_pull_data, integer([CTX, ANY])],
  [F.BPF_FUNC_csum_diff, integer([RDONLY_MEM_OR_NULL, SIZE0, RDONLY_MEM_OR_NULL, SIZE0, ANY], PACKET)],
  [F.BPF_FUNC_csum_update, integer([CTX, ANY])],
  [F.BPF_FUNC_csum_level, integer([CTX, ANY])],
  [F.BPF_FUNC_l3_csum_replace, integer([CTX, ANY, ANY, ANY, ANY])],
  [F.BPF_FUNC_l4_csum_replace, integer([CTX, ANY, ANY, ANY, ANY])],
  [F.BPF_FUNC_clone_redirect, integer([CTX, ANY, ANY])],
  [F.BPF_FUNC_get_cgroup_classid, integer([CTX])],
  [F.BPF_FUNC_skb_vlan_push, integer([CTX, ANY, ANY])],
  [F.BPF_FUNC_skb_vlan_pop, integer([CTX])],
  [F.BPF_FUNC_skb_change_proto, integer([CTX, ANY, ANY])],
  [F.BPF_FUNC_skb_change_type, integer([CTX, ANY])],
  [F.BPF_FUNC_skb_adjust_room, integer([CTX, ANY, ANY, ANY])],
  [F.BPF_FUNC_skb_change_tail, integer([CTX, ANY, ANY])],
  [F.BPF_FUNC_skb_change_head, integer([CTX, ANY, ANY])],
  [F.BPF_FUNC_skb_get_tunnel_key, integer([CTX, OUT, SIZE, ANY])],
  [F.BPF_FUNC_skb_set_tunnel_key, integer([CTX, RDONLY_MEM, SIZE, ANY])],
  [F.BPF_FUNC_skb_get_tunnel_opt, integer([CTX, OUT, SIZE])],
  [F.BPF_FUNC_skb_set_tunnel_opt, integer([CTX, RDONLY_MEM, SIZE])],
  [F.BPF_FUNC_redirect, integer([ANY, ANY])],
  [F.BPF_FUNC_redirect_neigh, integer([ANY, RDONLY_MEM_OR_NULL, SIZE0, ANY])],
  [F.BPF_FUNC_redirect_peer, integer([ANY, ANY])],
  [F.BPF_FUNC_get_route_realm, integer([CTX])],
  [F.BPF_FUNC_get_hash_recalc, integer([CTX])],
  [F.BPF_FUNC_set_hash_invalid, integer([CTX])],
  [F.BPF_FUNC_set_hash, integer([CTX, ANY])],
  [F.BPF_FUNC_get_smp_processor_id, integer([], { allowFastcall: true })],
  [F.BPF_FUNC_skb_under_cgroup, integer([CTX, MAP, ANY])],
  [F.BPF_FUNC_fib_lookup, integer([CTX, T.ARG_PTR_TO_MEM | T.MEM_WRITE, SIZE, ANY], GPL)],
  [
    F.BPF_FUNC_check_mtu,
    integer([CTX, ANY, FIXED | T.MEM_WRITE | T.MEM_ALIGNED, ANY, ANY], { ...GPL, argSizes: { 3: 4 } }),
  ],
  [F.BPF_FUNC_skb_get_xfrm_state, integer([CTX, ANY, OUT, SIZE, ANY])],
  [F.BPF_FUNC_skb_cgroup_classid, integer([CTX])],
  [F.BPF_FUNC_skb_cgroup_id, integer([CTX])],
  [F.BPF_FUNC_skb_ancestor_cgroup_id, integer([CTX, ANY])],
  [F.BPF_FUNC_skb_ecn_set_ce, integer([CTX])],
  [F.BPF_FUNC_skb_set_tstamp, integer([CTX, ANY, ANY])],
];

const storage = { argBtf: { 2: 'sock_common' } };

/** Of classifiers and actions: sockets. */
const lookupProtos: readonly (readonly [number, BpfFuncProto])[] = [
  [F.BPF_FUNC_sk_fullsock, returning(T.RET_PTR_TO_SOCKET_OR_NULL, [T.ARG_PTR_TO_SOCK_COMMON])],
  [
    F.BPF_FUNC_sk_storage_get,
    returning(T.RET_PTR_TO_MAP_VALUE_OR_NULL, [MAP, SOCK, T.ARG_PTR_TO_MAP_VALUE_OR_NULL, ANY], storage),
  ],
  [F.BPF_FUNC_sk_storage_delete, integer([MAP, SOCK], storage)],
  [F.BPF_FUNC_sk_lookup_tcp, lookup(T.RET_PTR_TO_SOCKET_OR_NULL)],
  [F.BPF_FUNC_sk_lookup_udp, lookup(T.RET_PTR_TO_SOCKET_OR_NULL)],
  [F.BPF_FUNC_skc_lookup_tcp, lookup(T.RET_PTR_TO_SOCK_COMMON_OR_NULL)],
  [F.BPF_FUNC_sk_release, integer([SOCK | T.OBJ_RELEASE])],
  [F.BPF_FUNC_tcp_sock, returning(T.RET_PTR_TO_TCP_SOCK_OR_NULL, [T.ARG_PTR_TO_SOCK_COMMON])],
  [F.BPF_FUNC_get_listener_sock, returning(T.RET_PTR_TO_SOCKET_OR_NULL, [T.ARG_PTR_TO_SOCK_COMMON])],
  [F.BPF_FUNC_tcp_check_syncookie, syncookie],
  [F.BPF_FUNC_tcp_gen_syncookie, syncookie],
  [F.BPF_FUNC_sk_assign, integer([CTX, SOCK, ANY])],
  [
    F.BPF_FUNC_tcp_raw_gen_syncookie_ipv4,
    integer([RDONLY_FIXED, RDONLY_MEM, SIZE0], { ...GPL_PACKET, argSizes: { 1: IPV4_HEADER } }),
  ],
  [
    F.BPF_FUNC_tcp_raw_gen_syncookie_ipv6,
    integer([RDONLY_FIXED, RDONLY_MEM, SIZE0], { ...GPL_PACKET, argSizes: { 1: IPV6_HEADER } }),
  ],
  [
    F.BPF_FUNC_tcp_raw_check_syncookie_ipv4,
    integer([RDONLY_FIXED, RDONLY_FIXED], { ...GPL_PACKET, argSizes: { 1: IPV4_HEADER, 2: TCP_HEADER } }),
  ],
  [
    F.BPF_FUNC_tcp_raw_check_syncookie_ipv6,
    integer([RDONLY_FIXED, RDONLY_FIXED], { ...GPL_PACKET, argSizes: { 1: IPV6_HEADER, 2: TCP_HEADER } }),
  ],
];

export const tcProtos: ReadonlyMap<number, BpfFuncProto> = new Map([...packetProtos, ...lookupProtos]);

const cast = (arg: number, name: string): BpfFuncProto =>
  returning(T.RET_PTR_TO_BTF_ID_OR_NULL, [arg], { retBtf: name });

/** Casts of sockets, for loaders with CAP_PERFMON. */
export const castProtos: ReadonlyMap<number, BpfFuncProto> = new Map([
  [F.BPF_FUNC_skc_to_tcp6_sock, cast(SOCK, 'tcp6_sock')],
  [F.BPF_FUNC_skc_to_tcp_sock, cast(SOCK, 'tcp_sock')],
  [F.BPF_FUNC_skc_to_tcp_timewait_sock, cast(SOCK, 'tcp_timewait_sock')],
  [F.BPF_FUNC_skc_to_tcp_request_sock, cast(SOCK, 'tcp_request_sock')],
  [F.BPF_FUNC_skc_to_udp6_sock, cast(SOCK, 'udp6_sock')],
  [F.BPF_FUNC_skc_to_unix_sock, cast(SOCK, 'unix_sock')],
  [F.BPF_FUNC_skc_to_mptcp_sock, cast(T.ARG_PTR_TO_SOCK_COMMON, 'mptcp_sock')],
]);

export const ktimeGetCoarseNsProto: BpfFuncProto = integer([]);
