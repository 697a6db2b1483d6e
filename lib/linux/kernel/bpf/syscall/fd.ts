// The objects behind fds of the caller, resolved in its own table at the moment of the call. What is returned is not held:
// the open file holds it, and a call runs to its end before anything can close the file.
import { EBADF, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { errno } from '../../../errno.js';
import type { Task } from '../../task.js';
import { BtfFile, LinkFile, MapFile, ProgFile } from '../file.js';
import type { Btf } from '../btf/btf.js';
import type { BpfLink } from '../link.js';
import type { BpfMap } from '../map.js';
import type { BpfProg } from '../prog.js';

/** EBADF for an fd that is not open, EINVAL for one of something else. */
function fileOf<F>(task: Task, fd: number, kind: abstract new (...args: never[]) => F): F {
  const file: unknown = task.fget(fd | 0);
  if (file instanceof kind) return file;
  throw errno(file === undefined ? EBADF : EINVAL);
}

/** @models kernel/bpf/syscall.c __bpf_map_get() */
export const mapFile = (task: Task, fd: number): MapFile => fileOf(task, fd, MapFile);

/** @models kernel/bpf/syscall.c bpf_map_get() */
export const mapGet = (task: Task, fd: number): BpfMap => mapFile(task, fd).map;

/** @models kernel/bpf/syscall.c bpf_prog_get() */
export const progGet = (task: Task, fd: number): BpfProg => fileOf(task, fd, ProgFile).prog;

/** EINVAL, too, for a program of another type. @models kernel/bpf/syscall.c bpf_prog_get_type() */
export function progGetType(task: Task, fd: number, type: number): BpfProg {
  const prog = progGet(task, fd);
  if (prog.type !== type) throw errno(EINVAL);
  return prog;
}

/** @models kernel/bpf/syscall.c bpf_link_get_from_fd() */
export const linkGet = (task: Task, fd: number): BpfLink => fileOf(task, fd, LinkFile).link;

/** @models kernel/bpf/btf.c btf_get_by_fd() */
export const btfGet = (task: Task, fd: number): Btf => fileOf(task, fd, BtfFile).btf;

/**
 * No file is a token: nothing here gives one out. EBADF for an fd that is not open, EINVAL for any other.
 *
 * @models kernel/bpf/token.c bpf_token_get_from_fd()
 */
export function tokenGet(task: Task, fd: number): never {
  throw errno(task.fget(fd) === undefined ? EBADF : EINVAL);
}
