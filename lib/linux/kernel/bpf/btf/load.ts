// kernel/bpf/btf.c btf_parse(): BTF_LOAD. Bytes of a user become types that everything else may rely on: header, strings,
// each type by itself, then all of them together. What is wrong is said in the log, as the kernel says it.
import type { Holder } from '../../../events.js';
import type { Machine } from '../../../machine.js';
import * as K from '../../../../uapi/linux/btf.js';
import { Btf } from './btf.js';
import { BtfCheckEnv, type BtfLog } from './check_env.js';
import { parseFields } from './fields.js';
import { parseHeader, parseStrings } from './header.js';
import { checkAllMetas } from './meta.js';
import * as R from './record.js';
import { checkAllTypes, checkTypeTags } from './resolve.js';
import { EFAULT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { errno } from '../../../errno.js';
import { type BtfTypeInfo, memberOf } from './type_info.js';

/** Longest BTF, bytes. */
export const BTF_MAX_SIZE = 16 * 1024 * 1024;

/** Structs with such members are objects that programs may make. */
const objectFields = ['bpf_spin_lock', 'bpf_list_head', 'bpf_list_node', 'bpf_rb_root', 'bpf_rb_node', 'bpf_refcount'];
const kptrTags: ReadonlySet<string> = new Set(['kptr', 'kptr_untrusted', 'percpu_kptr']);
const OBJECT_FIELDS =
  R.BPF_SPIN_LOCK |
  R.BPF_RES_SPIN_LOCK |
  R.BPF_LIST_HEAD |
  R.BPF_LIST_NODE |
  R.BPF_RB_ROOT |
  R.BPF_RB_NODE |
  R.BPF_REFCOUNT |
  R.BPF_KPTR;

/** Pointers to structs that are kept in objects. @models kernel/bpf/btf.c btf_find_kptr() */
function isKptr(types: BtfTypeInfo, id: number): boolean {
  const pointer = types.kindOf(id) === K.BTF_KIND_VOLATILE ? types.typeOf(id) : id;
  const tag = types.typeOf(pointer);
  if (types.kindOf(pointer) !== K.BTF_KIND_PTR || types.kindOf(tag) !== K.BTF_KIND_TYPE_TAG) return false;
  if (!kptrTags.has(types.nameOf(tag)) || types.kindOf(types.typeOf(tag)) === K.BTF_KIND_TYPE_TAG) return false;
  return types.kindOf(types.skipModifiers(types.typeOf(tag))) === K.BTF_KIND_STRUCT;
}

/** Structs with fields of the kernel must be good as objects, too. @models kernel/bpf/btf.c btf_parse_struct_metas() */
function checkObjects(types: BtfTypeInfo): void {
  const special = new Set(objectFields.map((name) => types.find(name, K.BTF_KIND_STRUCT)).filter((id) => id !== 0));
  for (let id = 1; id < types.nrTypes; id++) {
    if (isKptr(types, id)) special.add(id);
  }
  if (special.size === 0) return;
  for (let id = 1; id < types.nrTypes; id++) {
    if (types.kindOf(id) !== K.BTF_KIND_STRUCT) continue;
    for (let i = 0; i < types.vlenOf(id); i++) {
      if (!special.has(memberOf(types, id, i).type)) continue;
      if (parseFields(types, id, OBJECT_FIELDS, types.sizeOf(id)) === undefined) throw errno(EFAULT);
      break;
    }
  }
}

/** Checks everything. Refuses by throwing; the log says why. @models kernel/bpf/btf.c btf_parse() */
export function parseBtf(data: Uint8Array, log: BtfLog): BtfTypeInfo {
  const env = new BtfCheckEnv(data, log);
  const header = parseHeader(env);
  parseStrings(env, header);
  if (header.typeOff % 4 !== 0) env.fail(EINVAL, 'Unaligned type_off');
  if (header.typeLen === 0) env.fail(EINVAL, 'No type found');
  checkAllMetas(env, header);
  checkAllTypes(env);
  checkTypeTags(env);
  checkObjects(env.types);
  return env.types;
}

/** A BTF object with an id, from bytes of a user; `creator` holds it. @models kernel/bpf/btf.c btf_new_fd() */
export function btfLoad(machine: Machine, data: Uint8Array, log: BtfLog, creator: Holder): Btf {
  const btf = new Btf(machine, parseBtf(data, log), creator);
  machine.bpfIds.btfs.add(btf);
  return btf;
}
