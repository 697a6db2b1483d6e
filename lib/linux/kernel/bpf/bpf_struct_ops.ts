// kernel/bpf/bpf_struct_ops.c: BPF_MAP_TYPE_STRUCT_OPS: implementations of an interface of the kernel by programs. The
// interfaces are known by ids in the kernel's own type information, which the model does not carry.
import { EINVAL, ENOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { errno } from '../../errno.js';
import type { Machine } from '../../machine.js';
import type { MapAttr } from './map.js';

/** @models kernel/bpf/bpf_struct_ops.c bpf_struct_ops_map_alloc_check() */
export function structOpsMapAllocCheck(_machine: Machine, attr: MapAttr): void {
  const known = B.BPF_F_LINK | B.BPF_F_VTYPE_BTF_OBJ_FD;
  if (attr.keySize !== 4 || attr.maxEntries !== 1 || (attr.mapFlags & ~known) !== 0) throw errno(EINVAL);
  if (attr.btfVmlinuxValueTypeId === 0) throw errno(EINVAL);
}

/** No type of the kernel's own is an interface here. @models kernel/bpf/bpf_struct_ops.c bpf_struct_ops_map_alloc() */
export function structOpsMapAlloc(): never {
  throw errno(ENOTSUPP);
}
