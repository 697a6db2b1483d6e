// kernel/bpf/verifier.c check_ptr_to_map_access(): programs may read struct bpf_map through a pointer to a map. Only numbers:
// what the pointers in it lead to is not modelled.
import { EACCES, EINVAL, ENOTSUPP, EPERM } from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { ModelGap } from '../../../errno.js';
import * as T from '../type_flags.js';
import type { VerifierEnv } from './env.js';
import type { Access } from './memory.js';
import type { RegState } from './reg_state.js';

function mapStructName(type: number): string | undefined {
  switch (type) {
    case B.BPF_MAP_TYPE_HASH:
    case B.BPF_MAP_TYPE_LRU_HASH:
    case B.BPF_MAP_TYPE_PERCPU_HASH:
    case B.BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case B.BPF_MAP_TYPE_HASH_OF_MAPS:
      return 'bpf_htab';
    case B.BPF_MAP_TYPE_ARRAY:
    case B.BPF_MAP_TYPE_PERCPU_ARRAY:
    case B.BPF_MAP_TYPE_PROG_ARRAY:
    case B.BPF_MAP_TYPE_PERF_EVENT_ARRAY:
    case B.BPF_MAP_TYPE_ARRAY_OF_MAPS:
      return 'bpf_array';
    case B.BPF_MAP_TYPE_QUEUE:
    case B.BPF_MAP_TYPE_STACK:
      return 'bpf_queue_stack';
    case B.BPF_MAP_TYPE_RINGBUF:
      return 'bpf_ringbuf_map';
    case B.BPF_MAP_TYPE_LPM_TRIE:
      return 'lpm_trie';
    default:
      return undefined;
  }
}

/** Members of struct bpf_map of 6.18, by offset: name, first and last byte, whether a pointer. */
const members: readonly (readonly [name: string, start: number, end: number, isPointer?: boolean])[] = [
  ['sha', 0, 32],
  ['excl', 32, 36],
  ['ops', 40, 48, true],
  ['inner_map_meta', 48, 56, true],
  ['security', 56, 64, true],
  ['map_type', 64, 68],
  ['key_size', 68, 72],
  ['value_size', 72, 76],
  ['max_entries', 76, 80],
  ['map_extra', 80, 88],
  ['map_flags', 88, 92],
  ['id', 92, 96],
  ['record', 96, 104, true],
  ['numa_node', 104, 108],
  ['btf_key_type_id', 108, 112],
  ['btf_value_type_id', 112, 116],
  ['btf_vmlinux_value_type_id', 116, 120],
  ['btf', 120, 128, true],
  ['objcg', 128, 136, true],
  ['name', 136, 152],
];

/** @models kernel/bpf/btf.c btf_struct_walk() */
function checkMember(env: VerifierEnv, off: number, size: number): void {
  const where = `struct bpf_map with off ${off} size ${size}`;
  const found = members.find(([, , end]) => off < end);
  if (found === undefined) throw new ModelGap('bpf: verifier: kinds of maps by their own members');
  const [name, start, end, isPointer] = found;
  if (off < start) throw env.refuse(EINVAL, `struct bpf_map doesn't have field at offset ${off}`);
  if (isPointer === true) {
    if (size !== 8 || off !== start)
      throw env.refuse(EACCES, `cannot access ptr member ${name} with moff ${start} in ${where}`);
    throw new ModelGap('bpf: verifier: pointers in struct bpf_map');
  }
  if (off + size > end) throw env.refuse(EACCES, `access beyond the end of member ${name} (mend:${end}) in ${where}`);
}

/** @models kernel/bpf/verifier.c check_ptr_to_map_access() */
export function accessMapPtr(env: VerifierEnv, reg: RegState, a: Access): void {
  const name = mapStructName(reg.map!.mapType);
  if (name === undefined) throw env.refuse(ENOTSUPP, `map_ptr access not supported for map type ${reg.map!.mapType}`);
  if (!env.allowPtrLeaks)
    throw env.refuse(EPERM, `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`);
  if (a.off < 0) throw env.refuse(EACCES, `R${a.regno} is ${name} invalid negative access: off=${a.off}`);
  if (a.t !== T.BPF_READ) throw env.refuse(EACCES, `only read from ${name} is supported`);
  checkMember(env, a.off, a.size);
  if (a.value >= 0) env.regs[a.value]!.markUnknown(env.precise);
}
