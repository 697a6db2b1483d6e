// kernel/bpf/syscall.c and inode.c: OBJ_PIN and OBJ_GET. The object is resolved first, then the path, which the task's own
// paths know (inode.ts).
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_attr_obj } from '../../../../uapi/linux/bpf_attr.js';
import { errno } from '../../../errno.js';
import { LinkFile, MapFile, ProgFile } from '../file.js';
import type { Pinned } from '../inode.js';
import { BpfLink } from '../link.js';
import { BpfMap } from '../map.js';
import type { BpfCall } from './attr.js';
import { fileMode } from './id.js';

const at = bpf_attr_obj.offsetof;
const PATH_MAX = 4096;
const AT_FDCWD = -100;
const ACCESS = B.BPF_F_RDONLY | B.BPF_F_WRONLY;

/** @models fs/namei.c getname() @differs stands where paths are taken */
function pathname(call: BpfCall): string {
  const path = call.text(call.u64(at.pathname), PATH_MAX);
  if (path.length === PATH_MAX) throw errno(E.ENAMETOOLONG);
  if (path === '') throw errno(E.ENOENT);
  return path;
}

/** Where relative paths start: path_fd counts only with its flag. */
function directory(call: BpfCall, known: number): number {
  const flags = call.u32(at.file_flags);
  const byFd = call.machine.has('bpf-token') ? B.BPF_F_PATH_FD : 0;
  if ((flags & ~(known | byFd)) !== 0) throw errno(E.EINVAL);
  const fd = call.machine.has('bpf-token') ? call.s32(at.path_fd) : 0;
  if ((flags & byFd) !== 0) return fd;
  if (fd !== 0) throw errno(E.EINVAL);
  return AT_FDCWD;
}

/** The object behind any fd of this kind; EINVAL also for an fd that is not open. @models kernel/bpf/inode.c bpf_fd_probe_obj() */
function probe(call: BpfCall): Pinned {
  const file: unknown = call.task.fget(call.s32(at.bpf_fd));
  if (file instanceof MapFile) return file.map;
  if (file instanceof ProgFile) return file.prog;
  if (file instanceof LinkFile) return file.link;
  throw errno(E.EINVAL);
}

const pinsOf = (call: BpfCall) => call.task.pins ?? call.machine.pins;

/** BPF_OBJ_PIN. @models kernel/bpf/inode.c bpf_obj_pin_user() */
export function objPin(call: BpfCall): number {
  const dirfd = directory(call, 0);
  const object = probe(call);
  return pinsOf(call).pin(dirfd, pathname(call), object);
}

/** BPF_OBJ_GET. @models kernel/bpf/inode.c bpf_obj_get_user() */
export function objGet(call: BpfCall): MapFile | ProgFile | LinkFile {
  if (call.u32(at.bpf_fd) !== 0) throw errno(E.EINVAL);
  const dirfd = directory(call, ACCESS);
  const mode = fileMode(call.u32(at.file_flags));
  const object = pinsOf(call).get(dirfd, pathname(call));
  if (typeof object === 'number') throw errno(-object);
  if (object instanceof BpfMap) return new MapFile(object, mode, call.task);
  if (!(object instanceof BpfLink)) return new ProgFile(object, call.task);
  if ((call.u32(at.file_flags) & ACCESS) !== 0) throw errno(E.EINVAL);
  return new LinkFile(object, call.task, 'bpf-link');
}
