// kernel/bpf/syscall.c: objects by number. Numbers are handed out by lib/linux/kernel/bpf/ids.ts.
import { EINVAL, ENOENT, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_attr_id } from '../../../../uapi/linux/bpf_attr.js';
import { CAP_SYS_ADMIN } from '../../../../uapi/linux/capability.js';
import { errno } from '../../../errno.js';
import { bpfGetBtfVmlinux } from '../btf/vmlinux.js';
import { BtfFile, FMODE_READ, FMODE_WRITE, LinkFile, MapFile, ProgFile } from '../file.js';
import type { IdTable } from '../ids.js';
import type { BpfCall } from './attr.js';
import { tokenGet } from './fd.js';

const at = bpf_attr_id.offsetof;
const INT_MAX = 0x7fffffff;

function needSysAdmin(call: BpfCall): void {
  if (!call.task.capable(CAP_SYS_ADMIN)) throw errno(EPERM);
}

/** The object that the call names by number, or ENOENT. */
function byId<T extends { id: number }>(call: BpfCall, table: IdTable<T>): T {
  const object = table.get(call.u32(at.start_id));
  if (object === undefined) throw errno(ENOENT);
  return object;
}

/** BPF_*_GET_NEXT_ID. @models kernel/bpf/syscall.c bpf_obj_get_next_id() */
export function getNextId<T extends { id: number }>(call: BpfCall, table: IdTable<T>): number {
  const start = call.u32(at.start_id);
  if (start >= INT_MAX) throw errno(EINVAL);
  needSysAdmin(call);
  const next = table.next(start + 1);
  if (next === undefined) throw errno(ENOENT);
  call.putU32(at.next_id, next);
  return 0;
}

/** What the flags of MAP_CREATE, OBJ_GET and MAP_GET_FD_BY_ID let an open file do. @models kernel/bpf/syscall.c bpf_get_file_flag() */
export function fileMode(flags: number): number {
  const access = flags & (B.BPF_F_RDONLY | B.BPF_F_WRONLY);
  if (access === (B.BPF_F_RDONLY | B.BPF_F_WRONLY)) throw errno(EINVAL);
  if (access === 0) return FMODE_READ | FMODE_WRITE;
  return access === B.BPF_F_RDONLY ? FMODE_READ : FMODE_WRITE;
}

/** BPF_PROG_GET_FD_BY_ID. @models kernel/bpf/syscall.c bpf_prog_get_fd_by_id() */
export function progGetFdById(call: BpfCall): ProgFile {
  needSysAdmin(call);
  return new ProgFile(byId(call, call.machine.bpfIds.progs), call.task);
}

/** BPF_MAP_GET_FD_BY_ID. @models kernel/bpf/syscall.c bpf_map_get_fd_by_id() */
export function mapGetFdById(call: BpfCall): MapFile {
  const flags = call.u32(at.open_flags);
  if ((flags & ~(B.BPF_F_RDONLY | B.BPF_F_WRONLY)) !== 0) throw errno(EINVAL);
  needSysAdmin(call);
  const mode = fileMode(flags);
  return new MapFile(byId(call, call.machine.bpfIds.maps), mode, call.task);
}

/** BPF_LINK_GET_FD_BY_ID. @models kernel/bpf/syscall.c bpf_link_get_fd_by_id() */
export function linkGetFdById(call: BpfCall): LinkFile {
  needSysAdmin(call);
  return new LinkFile(byId(call, call.machine.bpfIds.links), call.task, 'bpf-link');
}

/** BPF_BTF_GET_NEXT_ID: the kernel's own is the first. @models kernel/bpf/syscall.c bpf_obj_get_next_id() */
export function btfGetNextId(call: BpfCall): number {
  bpfGetBtfVmlinux(call.machine);
  return getNextId(call, call.machine.bpfIds.btfs);
}

/** BPF_BTF_GET_FD_BY_ID. @models kernel/bpf/syscall.c bpf_btf_get_fd_by_id() */
export function btfGetFdById(call: BpfCall): BtfFile {
  const flags = call.u32(at.open_flags);
  if ((flags & ~B.BPF_F_TOKEN_FD) !== 0) throw errno(EINVAL);
  if (flags !== 0) tokenGet(call.task, call.s32(at.fd_by_id_token_fd));
  needSysAdmin(call);
  bpfGetBtfVmlinux(call.machine);
  return new BtfFile(byId(call, call.machine.bpfIds.btfs), call.task);
}
