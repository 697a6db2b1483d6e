// kernel/bpf/syscall.c: programs at places. What is modelled is the hooks of devices (tcx.ts). Every other place (cgroups,
// sockets, tracepoints) is one that this caller cannot name: its fds are no cgroup and no socket map.
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import {
  bpf_attr_attach,
  bpf_attr_link_create,
  bpf_attr_link_update,
  bpf_attr_query,
} from '../../../../uapi/linux/bpf_attr.js';
import { errno, ModelGap } from '../../../errno.js';
import type { LinkFile } from '../file.js';
import type { BpfProg } from '../prog.js';
import { tcxLinkAttach, tcxProgAttach, tcxProgDetach, tcxProgQuery } from '../tcx.js';
import { netAdminCapable } from '../token.js';
import type { BpfCall } from './attr.js';
import { linkGet, progGet, progGetType } from './fd.js';
import { isCgroupType, progTypeOfAttachType } from './prog_type.js';

const attachAt = bpf_attr_attach.offsetof;
const queryAt = bpf_attr_query.offsetof;
const createAt = bpf_attr_link_create.offsetof;
const updateAt = bpf_attr_link_update.offsetof;

const FLAGS_BASE = B.BPF_F_ALLOW_OVERRIDE | B.BPF_F_ALLOW_MULTI | B.BPF_F_REPLACE | B.BPF_F_PREORDER;
const FLAGS_MPROG = B.BPF_F_REPLACE | B.BPF_F_BEFORE | B.BPF_F_AFTER | B.BPF_F_ID | B.BPF_F_LINK;
const BPF_F_QUERY_EFFECTIVE = 1 << 0;

const isTcx = (attachType: number): boolean => attachType === B.BPF_TCX_INGRESS || attachType === B.BPF_TCX_EGRESS;
const isNetkit = (attachType: number): boolean =>
  attachType === B.BPF_NETKIT_PRIMARY || attachType === B.BPF_NETKIT_PEER;

/** Types whose attach type must be the one they were loaded for. */
const strictTypes: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_CGROUP_SOCK,
  B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  B.BPF_PROG_TYPE_CGROUP_SOCKOPT,
  B.BPF_PROG_TYPE_SK_LOOKUP,
]);

/** Whether a program fits a place. @models kernel/bpf/syscall.c bpf_prog_attach_check_attach_type() */
function checkAttachType({ task }: BpfCall, prog: BpfProg, attachType: number): void {
  let fits = progTypeOfAttachType(attachType) === prog.type;
  if (strictTypes.has(prog.type)) fits = prog.expectedAttachType === attachType;
  else if (prog.type === B.BPF_PROG_TYPE_CGROUP_SKB && !netAdminCapable(task)) throw errno(E.EPERM);
  else if (prog.type === B.BPF_PROG_TYPE_NETFILTER) fits = attachType === B.BPF_NETFILTER;
  else if (prog.type === B.BPF_PROG_TYPE_PERF_EVENT || prog.type === B.BPF_PROG_TYPE_TRACEPOINT)
    fits = attachType === B.BPF_PERF_EVENT;
  else if (prog.type === B.BPF_PROG_TYPE_KPROBE)
    fits = attachType === B.BPF_PERF_EVENT || attachType === B.BPF_TRACE_KPROBE_MULTI;
  else if (prog.type === B.BPF_PROG_TYPE_EXT) fits = true;
  if (!fits) throw errno(E.EINVAL);
}

/** What a place without a model answers when the fd that names it is none. */
function otherPlace(type: number): never {
  if (isCgroupType(type)) throw errno(E.EBADF);
  throw new ModelGap(`attaching bpf programs of type ${type}`);
}

/** Types that are attached to a network namespace. */
const ofNetns: ReadonlySet<number> = new Set([B.BPF_PROG_TYPE_FLOW_DISSECTOR, B.BPF_PROG_TYPE_SK_LOOKUP]);

/** Nothing is attached to a namespace: attaching there is a gap. @models kernel/bpf/net_namespace.c netns_bpf_prog_query() */
function netnsQuery(call: BpfCall): number {
  if (call.u32(queryAt.query_flags) !== 0) throw errno(E.EINVAL);
  const file = call.task.fget(call.s32(queryAt.target_fd));
  if (file === undefined) throw errno(E.EBADF);
  if (file.kind !== 'netns') throw errno(E.EINVAL);
  call.putU32(queryAt.attach_flags, 0);
  call.putU32(queryAt.count, 0);
  return 0;
}

function checkAttachFlags(call: BpfCall, type: number): void {
  const flags = call.u32(attachAt.attach_flags);
  const mprog = type === B.BPF_PROG_TYPE_SCHED_CLS;
  const known = mprog ? FLAGS_MPROG : isCgroupType(type) ? FLAGS_BASE | FLAGS_MPROG : FLAGS_BASE;
  if ((flags & ~known) !== 0) throw errno(E.EINVAL);
  const places = call.u32(attachAt.relative_fd) !== 0 || call.u64(attachAt.expected_revision) !== 0;
  if (!mprog && !isCgroupType(type) && places) throw errno(E.EINVAL);
}

/** BPF_PROG_ATTACH. @models kernel/bpf/syscall.c bpf_prog_attach() */
export function progAttach(call: BpfCall): number {
  const attachType = call.u32(attachAt.attach_type);
  const type = attachProgType(call, attachType);
  if (type === 0) throw errno(E.EINVAL);
  checkAttachFlags(call, type);
  const prog = progGetType(call.task, call.u32(attachAt.attach_bpf_fd), type);
  checkAttachType(call, prog, attachType);
  if (isTcx(attachType)) return tcxProgAttach(call, prog);
  if (isNetkit(attachType)) throw new ModelGap('netkit devices');
  return otherPlace(type);
}

/** Places of devices came after 6.1. */
function attachProgType({ machine }: BpfCall, attachType: number): number {
  return attachType >= B.BPF_NETFILTER && !machine.has('bpf-tcx') ? 0 : progTypeOfAttachType(attachType);
}

function detachTcx(call: BpfCall, type: number): number {
  if ((call.u32(attachAt.attach_flags) & ~FLAGS_MPROG) !== 0) throw errno(E.EINVAL);
  const fd = call.u32(attachAt.attach_bpf_fd);
  const prog = fd === 0 ? undefined : progGetType(call.task, fd, type);
  if (isNetkit(call.u32(attachAt.attach_type))) throw new ModelGap('netkit devices');
  return tcxProgDetach(call, prog);
}

/** BPF_PROG_DETACH. @models kernel/bpf/syscall.c bpf_prog_detach() */
export function progDetach(call: BpfCall): number {
  const type = attachProgType(call, call.u32(attachAt.attach_type));
  if (type === B.BPF_PROG_TYPE_SCHED_CLS) return detachTcx(call, type);
  const flags = call.u32(attachAt.attach_flags);
  const near = call.u32(attachAt.relative_fd);
  const other = flags !== 0 || near !== 0 || call.u64(attachAt.expected_revision) !== 0;
  if (type === 0 || (isCgroupType(type) ? near !== 0 : other)) throw errno(E.EINVAL);
  return otherPlace(type);
}

/** BPF_PROG_QUERY. The capability is asked for before the attributes are looked at. @models kernel/bpf/syscall.c bpf_prog_query() */
export function progQuery(call: BpfCall, end: number): number {
  if (!netAdminCapable(call.task)) throw errno(E.EPERM);
  call.checkTail(end);
  if ((call.u32(queryAt.query_flags) & ~BPF_F_QUERY_EFFECTIVE) !== 0) throw errno(E.EINVAL);
  const attachType = call.u32(queryAt.attach_type);
  const type = attachProgType(call, attachType);
  if (isTcx(attachType) && type !== 0) return tcxProgQuery(call);
  if (type === 0 || isNetkit(attachType)) throw errno(E.EINVAL);
  return ofNetns.has(type) ? netnsQuery(call) : otherPlace(type);
}

/** BPF_LINK_CREATE. @models kernel/bpf/syscall.c link_create() */
export function linkCreate(call: BpfCall): LinkFile {
  const attachType = call.u32(createAt.attach_type);
  if (attachType === B.BPF_STRUCT_OPS) throw new ModelGap('struct_ops of bpf()');
  const prog = progGet(call.task, call.u32(createAt.prog_fd));
  checkAttachType(call, prog, attachType);
  if (isTcx(attachType) && attachProgType(call, attachType) !== 0) return tcxLinkAttach(call, prog);
  if (prog.type === B.BPF_PROG_TYPE_SCHED_CLS) throw errno(E.EINVAL);
  return otherPlace(prog.type);
}

/** BPF_LINK_UPDATE. @models kernel/bpf/syscall.c link_update() */
export function linkUpdate(call: BpfCall): number {
  const flags = call.u32(updateAt.flags);
  if ((flags & ~B.BPF_F_REPLACE) !== 0) throw errno(E.EINVAL);
  const link = linkGet(call.task, call.u32(updateAt.link_fd));
  const prog = progGet(call.task, call.u32(updateAt.new_prog_fd));
  const oldFd = call.u32(updateAt.old_prog_fd);
  if (flags === 0 && oldFd !== 0) throw errno(E.EINVAL);
  return link.update(prog, flags === 0 ? undefined : progGet(call.task, oldFd));
}

/** BPF_LINK_DETACH. @models kernel/bpf/syscall.c link_detach() */
export function linkDetach(call: BpfCall): number {
  return linkGet(call.task, call.u32(updateAt.link_fd)).detach();
}
