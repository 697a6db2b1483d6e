// The objects of recordings that are no sockets of their own: bpf programs and maps, packet sockets, an open file of
// another kind. FORMAT of the fields: spec/vectors/README.md and the recordings themselves.
import { openSync } from 'node:fs';
import { Bytes, fromHex, fromLatin1 } from '../../../lib/codec/bytes.js';
import type { Json } from '../../agree/input.js';
import { asHex, asNumber, asString, objectsOf } from '../../agree/input.js';
import * as calls from './calls.js';

type FdOf = (name: unknown) => number;

const BPF_MAP_CREATE = 0;
const BPF_PROG_LOAD = 5;
const BPF_OBJ_NAME_LEN = 16;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SIOCGIFINDEX = 0x8933;

const optionalNumber = (spec: Json, key: string): number => (spec[key] === undefined ? 0 : asNumber(spec[key], key));

function putName(attr: Bytes, offset: number, spec: Json): void {
  const name = fromLatin1(spec['name'] === undefined ? '' : asString(spec['name'], 'name'));
  attr.u8.set(name.subarray(0, BPF_OBJ_NAME_LEN), offset);
}

/** union bpf_attr of BPF_PROG_LOAD, as far as recordings use it. */
function loadProgram(spec: Json, fdOf: FdOf): number {
  const instructions = new Bytes(fromHex(asHex(spec['insns_hex'], 'insns_hex')));
  for (const fixup of objectsOf(spec['fixups'] ?? [], 'fixups'))
    instructions.view.setUint32(asNumber(fixup['offset'], 'offset'), fdOf(fixup['object']), true);
  const license = fromLatin1(`${asString(spec['license'], 'license')}\0`);
  const attr = Bytes.zeroed(144);
  attr.view.setUint32(0, asNumber(spec['prog_type'], 'prog_type'), true);
  attr.view.setUint32(4, instructions.length / 8, true);
  attr.view.setUint32(44, optionalNumber(spec, 'prog_flags'), true);
  putName(attr, 48, spec);
  attr.view.setUint32(68, optionalNumber(spec, 'expected_attach_type'), true);
  return calls.bpf(BPF_PROG_LOAD, attr, [
    [8, instructions.u8],
    [16, license],
  ]);
}

/** union bpf_attr of BPF_MAP_CREATE. */
function createMap(spec: Json, fdOf: FdOf): number {
  const attr = Bytes.zeroed(72);
  ['map_type', 'key_size', 'value_size', 'max_entries', 'map_flags'].forEach((key, i) => {
    attr.view.setUint32(4 * i, optionalNumber(spec, key), true);
  });
  if (spec['inner'] !== undefined) attr.view.setUint32(20, fdOf(spec['inner']), true);
  putName(attr, 28, spec);
  return calls.bpf(BPF_MAP_CREATE, attr, []);
}

function openPacketSocket(spec: Json): number {
  const protocol = asNumber(spec['protocol'], 'protocol');
  const fd = calls.socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) return fd;
  const request = Bytes.zeroed(40);
  request.u8.set(fromLatin1(asString(spec['dev'], 'dev')));
  const found = calls.ioctl(fd, SIOCGIFINDEX, request.u8);
  const address = Bytes.zeroed(20);
  address.view.setUint16(0, AF_PACKET, true);
  address.view.setUint16(2, protocol);
  address.view.setInt32(4, request.view.getInt32(16, true), true);
  const bound = found < 0 ? found : calls.bind(fd, address.u8);
  if (bound >= 0) return fd;
  calls.close(fd);
  return bound;
}

/** The fd of a new object; throws Error when the kernel refuses or the kind is not known. */
export function makeObject(spec: Json, fdOf: FdOf): number {
  const op = asString(spec['op'], 'objects.op');
  const makers: Readonly<Record<string, () => number>> = {
    prog_load: () => loadProgram(spec, fdOf),
    map_create: () => createMap(spec, fdOf),
    packet_socket: () => openPacketSocket(spec),
    null_device: () => openSync('/dev/null', 'r+'),
  };
  const make = makers[op];
  if (make === undefined) throw new Error(`object ${String(spec['fd'])}: no way to make a '${op}'`);
  const fd = make();
  if (fd < 0) throw new Error(`object ${String(spec['fd'])}: ${op} gives errno ${-fd}`);
  return fd;
}
