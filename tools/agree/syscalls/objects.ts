// Programs and maps that recordings need before their first step, as attributes of bpf(2).
import { fromHex } from '../../../lib/codec/bytes.js';
import type { LocalMemory } from '../../../lib/linux/kernel/user_memory.js';
import { bpf_attr_map_create, bpf_attr_prog_load } from '../../../lib/uapi/linux/bpf_attr.js';
import type { Json } from '../input.js';
import { asHex, asNumber, asString, objectsOf } from '../input.js';

type FdOf = (name: unknown) => number;

const numberOr0 = (spec: Json, key: string): number =>
  spec[key] === undefined ? 0 : asNumber(spec[key], `objects.${key}`);

const text = (value: string): Uint8Array => Uint8Array.from(`${value}\0`, (letter) => letter.charCodeAt(0));

/** The `map_create` of an object; `inner` names another. */
export function mapCreateAttr(spec: Json, _memory: LocalMemory, fdOf: FdOf): Uint8Array {
  return bpf_attr_map_create.bytes({
    map_type: numberOr0(spec, 'map_type'),
    key_size: numberOr0(spec, 'key_size'),
    value_size: numberOr0(spec, 'value_size'),
    max_entries: numberOr0(spec, 'max_entries'),
    map_flags: numberOr0(spec, 'map_flags'),
    inner_map_fd: spec['inner'] === undefined ? 0 : fdOf(spec['inner']),
    map_name: text(spec['name'] === undefined ? '' : asString(spec['name'], 'objects.name')),
  });
}

/** The `prog_load` of an object: fds of others are put into its instructions. */
export function progLoadAttr(spec: Json, memory: LocalMemory, fdOf: FdOf): Uint8Array {
  const insns = fromHex(asHex(spec['insns_hex'], 'objects.insns_hex'));
  const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength);
  for (const { offset, object } of objectsOf(spec['fixups'] ?? [], 'objects.fixups'))
    view.setUint32(asNumber(offset, 'objects.fixups.offset'), fdOf(object), true);
  return bpf_attr_prog_load.bytes({
    prog_type: numberOr0(spec, 'prog_type'),
    insn_cnt: insns.length / 8,
    insns: BigInt(memory.map(insns)),
    license: BigInt(memory.map(text(asString(spec['license'], 'objects.license')))),
    prog_flags: numberOr0(spec, 'prog_flags'),
    prog_name: text(spec['name'] === undefined ? '' : asString(spec['name'], 'objects.name')),
    expected_attach_type: numberOr0(spec, 'expected_attach_type'),
  });
}
