// What the name of a section says about the programs in it: their type, where they attach, and flags. The table is that of
// libbpf 1.1, in its order: the first match wins. A name ending in `+` also stands for anything below it (`kprobe/f`).
// `tc/ingress` and `tcx/…` are what later ones added.
import * as bpf from '../uapi/linux/bpf.js';

export interface SectionMeaning {
  readonly prog_type: number;
  readonly expected_attach_type: number;
  readonly prog_flags: number;
  /** Programs of this kind attach to a function of the kernel, by its BTF id, which only a running kernel knows. */
  readonly needsTarget: boolean;
}

type Row = readonly [names: string, prog_type: number, expected_attach_type?: number, prog_flags?: number];

const sleepable = bpf.BPF_F_SLEEPABLE;
const frags = bpf.BPF_F_XDP_HAS_FRAGS;

const rows: readonly Row[] = [
  ['socket', bpf.BPF_PROG_TYPE_SOCKET_FILTER],
  ['sk_reuseport/migrate', bpf.BPF_PROG_TYPE_SK_REUSEPORT, bpf.BPF_SK_REUSEPORT_SELECT_OR_MIGRATE],
  ['sk_reuseport', bpf.BPF_PROG_TYPE_SK_REUSEPORT, bpf.BPF_SK_REUSEPORT_SELECT],
  ['kprobe+ uprobe+ kretprobe+ uretprobe+ ksyscall+ kretsyscall+ usdt+', bpf.BPF_PROG_TYPE_KPROBE],
  ['uprobe.s+ uretprobe.s+', bpf.BPF_PROG_TYPE_KPROBE, 0, sleepable],
  ['kprobe.multi+ kretprobe.multi+', bpf.BPF_PROG_TYPE_KPROBE, bpf.BPF_TRACE_KPROBE_MULTI],
  ['tcx/ingress', bpf.BPF_PROG_TYPE_SCHED_CLS, bpf.BPF_TCX_INGRESS],
  ['tcx/egress', bpf.BPF_PROG_TYPE_SCHED_CLS, bpf.BPF_TCX_EGRESS],
  ['tc tc/ingress tc/egress classifier', bpf.BPF_PROG_TYPE_SCHED_CLS],
  ['action', bpf.BPF_PROG_TYPE_SCHED_ACT],
  ['tracepoint+ tp+', bpf.BPF_PROG_TYPE_TRACEPOINT],
  ['raw_tracepoint+ raw_tp+', bpf.BPF_PROG_TYPE_RAW_TRACEPOINT],
  ['raw_tracepoint.w+ raw_tp.w+', bpf.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE],
  ['tp_btf+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_TRACE_RAW_TP],
  ['fentry+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_TRACE_FENTRY],
  ['fmod_ret+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_MODIFY_RETURN],
  ['fexit+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_TRACE_FEXIT],
  ['fentry.s+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_TRACE_FENTRY, sleepable],
  ['fmod_ret.s+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_MODIFY_RETURN, sleepable],
  ['fexit.s+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_TRACE_FEXIT, sleepable],
  ['freplace+', bpf.BPF_PROG_TYPE_EXT],
  ['lsm+', bpf.BPF_PROG_TYPE_LSM, bpf.BPF_LSM_MAC],
  ['lsm.s+', bpf.BPF_PROG_TYPE_LSM, bpf.BPF_LSM_MAC, sleepable],
  ['lsm_cgroup+', bpf.BPF_PROG_TYPE_LSM, bpf.BPF_LSM_CGROUP],
  ['iter+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_TRACE_ITER],
  ['iter.s+', bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_TRACE_ITER, sleepable],
  ['syscall', bpf.BPF_PROG_TYPE_SYSCALL, 0, sleepable],
  ['xdp.frags/devmap', bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP_DEVMAP, frags],
  ['xdp/devmap', bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP_DEVMAP],
  ['xdp.frags/cpumap', bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP_CPUMAP, frags],
  ['xdp/cpumap', bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP_CPUMAP],
  ['xdp.frags', bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP, frags],
  ['xdp', bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP],
  ['perf_event', bpf.BPF_PROG_TYPE_PERF_EVENT],
  ['lwt_in', bpf.BPF_PROG_TYPE_LWT_IN],
  ['lwt_out', bpf.BPF_PROG_TYPE_LWT_OUT],
  ['lwt_xmit', bpf.BPF_PROG_TYPE_LWT_XMIT],
  ['lwt_seg6local', bpf.BPF_PROG_TYPE_LWT_SEG6LOCAL],
  ['sockops', bpf.BPF_PROG_TYPE_SOCK_OPS, bpf.BPF_CGROUP_SOCK_OPS],
  ['sk_skb/stream_parser', bpf.BPF_PROG_TYPE_SK_SKB, bpf.BPF_SK_SKB_STREAM_PARSER],
  ['sk_skb/stream_verdict', bpf.BPF_PROG_TYPE_SK_SKB, bpf.BPF_SK_SKB_STREAM_VERDICT],
  ['sk_skb', bpf.BPF_PROG_TYPE_SK_SKB],
  ['sk_msg', bpf.BPF_PROG_TYPE_SK_MSG, bpf.BPF_SK_MSG_VERDICT],
  ['lirc_mode2', bpf.BPF_PROG_TYPE_LIRC_MODE2, bpf.BPF_LIRC_MODE2],
  ['flow_dissector', bpf.BPF_PROG_TYPE_FLOW_DISSECTOR, bpf.BPF_FLOW_DISSECTOR],
  ['cgroup_skb/ingress', bpf.BPF_PROG_TYPE_CGROUP_SKB, bpf.BPF_CGROUP_INET_INGRESS],
  ['cgroup_skb/egress', bpf.BPF_PROG_TYPE_CGROUP_SKB, bpf.BPF_CGROUP_INET_EGRESS],
  ['cgroup/skb', bpf.BPF_PROG_TYPE_CGROUP_SKB],
  ['cgroup/sock_create cgroup/sock', bpf.BPF_PROG_TYPE_CGROUP_SOCK, bpf.BPF_CGROUP_INET_SOCK_CREATE],
  ['cgroup/sock_release', bpf.BPF_PROG_TYPE_CGROUP_SOCK, bpf.BPF_CGROUP_INET_SOCK_RELEASE],
  ['cgroup/post_bind4', bpf.BPF_PROG_TYPE_CGROUP_SOCK, bpf.BPF_CGROUP_INET4_POST_BIND],
  ['cgroup/post_bind6', bpf.BPF_PROG_TYPE_CGROUP_SOCK, bpf.BPF_CGROUP_INET6_POST_BIND],
  ['cgroup/bind4', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET4_BIND],
  ['cgroup/bind6', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET6_BIND],
  ['cgroup/connect4', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET4_CONNECT],
  ['cgroup/connect6', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET6_CONNECT],
  ['cgroup/sendmsg4', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_UDP4_SENDMSG],
  ['cgroup/sendmsg6', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_UDP6_SENDMSG],
  ['cgroup/recvmsg4', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_UDP4_RECVMSG],
  ['cgroup/recvmsg6', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_UDP6_RECVMSG],
  ['cgroup/getpeername4', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET4_GETPEERNAME],
  ['cgroup/getpeername6', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET6_GETPEERNAME],
  ['cgroup/getsockname4', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET4_GETSOCKNAME],
  ['cgroup/getsockname6', bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_CGROUP_INET6_GETSOCKNAME],
  ['cgroup/sysctl', bpf.BPF_PROG_TYPE_CGROUP_SYSCTL, bpf.BPF_CGROUP_SYSCTL],
  ['cgroup/getsockopt', bpf.BPF_PROG_TYPE_CGROUP_SOCKOPT, bpf.BPF_CGROUP_GETSOCKOPT],
  ['cgroup/setsockopt', bpf.BPF_PROG_TYPE_CGROUP_SOCKOPT, bpf.BPF_CGROUP_SETSOCKOPT],
  ['cgroup/dev', bpf.BPF_PROG_TYPE_CGROUP_DEVICE, bpf.BPF_CGROUP_DEVICE],
  ['struct_ops+', bpf.BPF_PROG_TYPE_STRUCT_OPS],
  ['sk_lookup', bpf.BPF_PROG_TYPE_SK_LOOKUP, bpf.BPF_SK_LOOKUP],
];

const targeted = new Set<number>([bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_PROG_TYPE_EXT, bpf.BPF_PROG_TYPE_LSM]);

const table: ReadonlyMap<string, SectionMeaning> = new Map(
  rows.flatMap(([names, prog_type, expected_attach_type = 0, prog_flags = 0]) =>
    names
      .split(' ')
      .map((name) => [name, { prog_type, expected_attach_type, prog_flags, needsTarget: targeted.has(prog_type) }]),
  ),
);

const unknown: SectionMeaning = { prog_type: 0, expected_attach_type: 0, prog_flags: 0, needsTarget: false };

/** What `name` says; prog_type 0 when it says nothing. */
export function meaningOf(name: string): SectionMeaning {
  const exact = table.get(name) ?? table.get(`${name}+`);
  if (exact !== undefined) return exact;
  const slash = name.indexOf('/');
  return (slash < 0 ? undefined : table.get(`${name.slice(0, slash)}+`)) ?? unknown;
}

/** iproute2's `<map id>/<index>`: a program for that slot of the program array with that id. */
export function tailCallSlot(name: string): { id: number; index: number } | undefined {
  const match = /^(0x[0-9a-f]{1,8}|\d{1,10})\/(0x[0-9a-f]{1,8}|\d{1,10})$/i.exec(name);
  if (match === null) return undefined;
  const [id, index] = [number(match[1]!), number(match[2]!)];
  return id <= 0xffffffff && index <= 0xffffffff ? { id, index } : undefined;
}

/** As scanf's %i: a leading 0 makes it octal. */
function number(text: string): number {
  return Number.parseInt(text, /^0[0-7]+$/.test(text) ? 8 : undefined);
}
