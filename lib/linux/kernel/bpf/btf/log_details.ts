// kernel/bpf/btf.c log_details() of each kind: what a type's line in the log says behind its name.
import * as K from '../../../../uapi/linux/btf.js';
import type { BtfTypeInfo } from './type_info.js';

function encodingName(encoding: number): string {
  if (encoding === 0) return '(none)';
  if (encoding === K.BTF_INT_SIGNED) return 'SIGNED';
  if (encoding === K.BTF_INT_CHAR) return 'CHAR';
  return encoding === K.BTF_INT_BOOL ? 'BOOL' : 'UNKN';
}

function int(types: BtfTypeInfo, id: number): string {
  const word = types.extra(id, 0);
  const bits = `bits_offset=${K.btfIntOffset(word)} nr_bits=${K.btfIntBits(word)}`;
  return `size=${types.sizeOf(id)} ${bits} encoding=${encodingName(K.btfIntEncoding(word))}`;
}

/** Id and name of each parameter; a last one of type 0 is "and more". */
function funcProto(types: BtfTypeInfo, id: number): string {
  const count = types.vlenOf(id);
  const args: string[] = [];
  for (let i = 0; i < count; i++) {
    const type = types.extra(id, 2 * i + 1);
    const isVararg = type === 0 && i === count - 1;
    args.push(isVararg ? 'vararg' : `${type} ${types.shownName(types.extra(id, 2 * i))}`);
  }
  return `return=${types.typeOf(id)} args=(${count === 0 ? 'void' : args.join(', ')})`;
}

const sizeAndVlen = (types: BtfTypeInfo, id: number): string => `size=${types.sizeOf(id)} vlen=${types.vlenOf(id)}`;
const reference = (types: BtfTypeInfo, id: number): string => `type_id=${types.typeOf(id)}`;

const details: Readonly<Record<number, (types: BtfTypeInfo, id: number) => string>> = {
  [K.BTF_KIND_INT]: int,
  [K.BTF_KIND_PTR]: reference,
  [K.BTF_KIND_ARRAY]: (types, id) =>
    `type_id=${types.extra(id, 0)} index_type_id=${types.extra(id, 1)} nr_elems=${types.extra(id, 2)}`,
  [K.BTF_KIND_STRUCT]: sizeAndVlen,
  [K.BTF_KIND_UNION]: sizeAndVlen,
  [K.BTF_KIND_ENUM]: sizeAndVlen,
  [K.BTF_KIND_FWD]: (types, id) => (types.kflagOf(id) ? 'union' : 'struct'),
  [K.BTF_KIND_TYPEDEF]: reference,
  [K.BTF_KIND_VOLATILE]: reference,
  [K.BTF_KIND_CONST]: reference,
  [K.BTF_KIND_RESTRICT]: reference,
  [K.BTF_KIND_FUNC]: reference,
  [K.BTF_KIND_FUNC_PROTO]: funcProto,
  [K.BTF_KIND_VAR]: (types, id) => `type_id=${types.typeOf(id)} linkage=${types.extra(id, 0)}`,
  [K.BTF_KIND_DATASEC]: sizeAndVlen,
  [K.BTF_KIND_FLOAT]: (types, id) => `size=${types.sizeOf(id)}`,
  [K.BTF_KIND_DECL_TAG]: (types, id) => `type=${types.typeOf(id)} component_idx=${types.extra(id, 0) | 0}`,
  [K.BTF_KIND_TYPE_TAG]: reference,
  [K.BTF_KIND_ENUM64]: sizeAndVlen,
};

/** What the log says of a type behind its name. @models kernel/bpf/btf.c log_details() of struct btf_kind_operations */
export function logDetails(types: BtfTypeInfo, id: number): string {
  return details[types.kindOf(id)]?.(types, id) ?? '';
}
