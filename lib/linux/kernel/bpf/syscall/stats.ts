// kernel/bpf/syscall.c: BPF_ENABLE_STATS and BPF_PROG_BIND_MAP, and the commands that this kernel's callers only ever see
// refused, because what they want is not there: tracepoints, iterators, tokens, streams of running programs.
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as A from '../../../../uapi/linux/bpf_attr.js';
import { CAP_SYS_ADMIN } from '../../../../uapi/linux/capability.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { errno, ModelGap } from '../../../errno.js';
import { StatsFile } from '../file.js';
import type { BpfCall } from './attr.js';
import { linkGet, mapGet, progGet } from './fd.js';

const BPF_STATS_RUN_TIME = 0;

/** BPF_ENABLE_STATS: runs are counted while the file is open. @models kernel/bpf/syscall.c bpf_enable_stats() */
export function enableStats(call: BpfCall): StatsFile {
  if (!call.task.capable(CAP_SYS_ADMIN)) throw errno(E.EPERM);
  if (call.u32(A.bpf_attr_enable_stats.offsetof.type) !== BPF_STATS_RUN_TIME) throw errno(E.EINVAL);
  const ids = call.machine.bpfIds;
  ids.statsUsers++;
  return new StatsFile(call.machine, call.task, () => {
    ids.statsUsers--;
  });
}

/** BPF_PROG_BIND_MAP: the program holds the map, too. @models kernel/bpf/syscall.c bpf_prog_bind_map() */
export function progBindMap(call: BpfCall): number {
  const at = A.bpf_attr_prog_bind_map.offsetof;
  if (call.u32(at.flags) !== 0) throw errno(E.EINVAL);
  const prog = progGet(call.task, call.u32(at.prog_fd));
  const map = mapGet(call.task, call.u32(at.map_fd));
  if (!prog.usedMaps.includes(map)) prog.usedMaps.push(map.hold(prog));
  return 0;
}

/** BPF_ITER_CREATE: no link is one of an iterator. @models kernel/bpf/syscall.c bpf_iter_create() */
export function iterCreate(call: BpfCall): never {
  const at = A.bpf_attr_iter_create.offsetof;
  if (call.u32(at.flags) === 0) linkGet(call.task, call.u32(at.link_fd));
  throw errno(E.EINVAL);
}

const tracingTypes: ReadonlySet<number> = new Set([
  B.BPF_PROG_TYPE_TRACING,
  B.BPF_PROG_TYPE_EXT,
  B.BPF_PROG_TYPE_LSM,
  B.BPF_PROG_TYPE_RAW_TRACEPOINT,
  B.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
]);

/** BPF_RAW_TRACEPOINT_OPEN. @models kernel/bpf/syscall.c bpf_raw_tracepoint_open() */
export function rawTracepointOpen(call: BpfCall): never {
  const prog = progGet(call.task, call.u32(A.bpf_attr_raw_tracepoint.offsetof.prog_fd));
  if (!tracingTypes.has(prog.type)) throw errno(E.EINVAL);
  throw new ModelGap('tracepoints');
}

/** BPF_TASK_FD_QUERY: no file is one of perf. @models kernel/bpf/syscall.c bpf_task_fd_query() */
export function taskFdQuery(call: BpfCall): number {
  const at = A.bpf_attr_task_fd_query.offsetof;
  if (!call.task.capable(CAP_SYS_ADMIN)) throw errno(E.EPERM);
  if (call.u32(at.flags) !== 0) throw errno(E.EINVAL);
  if (call.u32(at.pid) !== call.task.tgid && call.u32(at.pid) !== call.task.pid) throw errno(E.ENOENT);
  return call.task.fget(call.s32(at.fd)) === undefined ? -E.EBADF : -E.ENOTSUPP;
}

/** BPF_TOKEN_CREATE: no fd is a file system that delegates. @models kernel/bpf/token.c bpf_token_create() */
export function tokenCreate(call: BpfCall): never {
  const at = A.bpf_attr_token_create.offsetof;
  if (call.u32(at.flags) !== 0) throw errno(E.EINVAL);
  throw errno(call.task.fget(call.s32(at.bpffs_fd)) === undefined ? E.EBADF : E.EINVAL);
}

const BPF_STREAM_STDOUT = 1;
const BPF_STREAM_STDERR = 2;

/** BPF_PROG_STREAM_READ_BY_FD: programs that write streams are not modelled, so there is nothing to read. @models kernel/bpf/syscall.c prog_stream_read() */
export function progStreamRead(call: BpfCall): number {
  const at = A.bpf_attr_prog_stream_read.offsetof;
  progGet(call.task, call.u32(at.prog_fd));
  const stream = call.u32(at.stream_id);
  if (stream !== BPF_STREAM_STDOUT && stream !== BPF_STREAM_STDERR) throw errno(E.ENOENT);
  return 0;
}
