// A recording of bpf(2) calls: objects, then steps, each one call with its memory and what came of it.
import * as input from '../input.js';
import type { Json } from '../input.js';
import type { Call, Mask } from '../netlink/record.js';

/** A place in the attributes or in a buffer that holds an fd, an id or a pid of the recorded process. */
export interface Fixup {
  readonly offset: number;
  readonly object: string;
}

/** A buffer of the caller; its address stands in the attributes, or in another buffer. */
export interface Buffer {
  readonly inAttr: boolean;
  /** Number of the buffer that holds the address, when it is not in the attributes. */
  readonly inBuffer: number;
  readonly offset: number;
  readonly hex: string;
  readonly size: number;
  readonly fds: readonly Fixup[];
}

/** What a step gave. */
export interface Outcome {
  readonly ret?: number | string;
  readonly errno?: number;
  readonly out?: Json;
}

export interface BpfStep {
  readonly cmd: number;
  readonly size: number;
  readonly attrHex: string;
  readonly buffers: readonly Buffer[];
  readonly fds: readonly Fixup[];
  readonly ids: readonly Fixup[];
  readonly pids: readonly number[];
  readonly returnsFd: boolean;
  readonly as: string;
  readonly expected: Outcome;
  /** The attributes after the call. */
  readonly attrOutHex: string;
  /** By number of the buffer: what it held after the call, where that changed. */
  readonly changed: ReadonlyMap<number, string>;
}

export interface SyscallRecord {
  readonly name: string;
  readonly config: string;
  /** Names of the capabilities it has given up. */
  readonly dropped: readonly string[];
  readonly objects: readonly Json[];
  readonly steps: readonly (BpfStep | { readonly call: Call; readonly expected: Outcome })[];
  readonly mask: readonly Mask[];
  readonly obstacle: string | undefined;
}

const numberOr = (value: unknown, path: string, otherwise: number): number =>
  value === undefined ? otherwise : input.asNumber(value, path);

function fixups(value: unknown, path: string, offset: string): Fixup[] {
  return input.objectsOf(value ?? [], path).map((fixup) => ({
    offset: input.asNumber(fixup[offset], `${path}.${offset}`),
    object: input.asString(fixup['object'], `${path}.object`),
  }));
}

function bufferOf(value: Json, path: string): Buffer {
  const inAttr = value['attr_offset'] !== undefined;
  return {
    inAttr,
    inBuffer: numberOr(value['mem_index'], `${path}.mem_index`, 0),
    offset: input.asNumber(inAttr ? value['attr_offset'] : value['mem_offset'], `${path} offset`),
    hex: value['hex'] === undefined ? '' : input.asHex(value['hex'], `${path}.hex`),
    size: numberOr(value['size'], `${path}.size`, 0),
    fds: fixups(value['fd_fixups'], `${path}.fd_fixups`, 'offset'),
  };
}

function changedOf(value: unknown, path: string): Map<number, string> {
  const list = Array.isArray(value) ? input.objectsOf(value, path) : [];
  return new Map(
    list.map((one) => [input.asNumber(one['mem'], `${path}.mem`), input.asHex(one['hex'], `${path}.hex`)]),
  );
}

function callOf(value: Json, path: string): Call {
  const name = input.asString(value['name'], `${path}.name`);
  return { name, args: input.asArray(value['args'], `${path}.args`), as: undefined, noData: false };
}

function stepOf(value: Json, i: number): SyscallRecord['steps'][number] {
  const path = `steps[${i}]`;
  if (value['syscall'] !== undefined)
    return { call: callOf(input.asObject(value['syscall'], `${path}.syscall`), path), expected: value };
  const attrHex = input.asHex(value['attr_hex'], `${path}.attr_hex`);
  const out = value['attr_out_hex'];
  const { ret, errno } = value as Outcome;
  return {
    cmd: input.asNumber(value['cmd'], `${path}.cmd`),
    size: input.asNumber(value['size'], `${path}.size`),
    attrHex,
    buffers: input.objectsOf(value['mem'] ?? [], `${path}.mem`).map((m, k) => bufferOf(m, `${path}.mem[${k}]`)),
    fds: fixups(value['fd_fixups'], `${path}.fd_fixups`, 'attr_offset'),
    ids: fixups(value['id_fixups'], `${path}.id_fixups`, 'attr_offset'),
    pids: input
      .objectsOf(value['pid_fixups'] ?? [], `${path}.pid_fixups`)
      .map((fixup) => input.asNumber(fixup['attr_offset'], `${path}.pid_fixups`)),
    returnsFd: value['returns'] === 'fd',
    as: value['as'] === undefined ? `fd of step ${i}` : input.asString(value['as'], `${path}.as`),
    expected: { ...(ret === undefined ? {} : { ret }), ...(errno === undefined ? {} : { errno }) },
    attrOutHex: out === undefined ? attrHex : input.asHex(out, `${path}.attr_out_hex`),
    changed: changedOf(value['out'], `${path}.out`),
  };
}

function maskOf(value: Json, i: number): Mask {
  const index = value['index'];
  return {
    step: input.asNumber(value['step'], `mask[${i}].step`),
    which: input.asString(value['which'], `mask[${i}].which`),
    index: typeof index === 'number' || typeof index === 'string' ? index : undefined,
    ...(value['kind'] === undefined ? {} : { kind: input.asString(value['kind'], `mask[${i}].kind`) }),
    ranges:
      value['ranges'] === undefined
        ? undefined
        : input.asArray(value['ranges'], `mask[${i}].ranges`).map((range) => input.numbersOf(range, 'range')),
  };
}

function obstacleOf(record: Json): string | undefined {
  if (record['replayable'] === false)
    return `not replayable: ${input.asString(record['reason'] ?? 'no reason is given', 'reason')}`;
  return record['timing'] === true ? "the answer depends on the kernel's own timing" : undefined;
}

/** `all`, or `no CAP_A,CAP_B`. */
function droppedOf(caps: string): string[] {
  return caps === 'all' ? [] : caps.replace(/^no /, '').split(',');
}

export function syscallRecord(record: Json): SyscallRecord {
  return {
    name: input.asString(record['name'], 'name'),
    config: input.asString(record['config'], 'config'),
    dropped: droppedOf(input.asString(record['caps'], 'caps')),
    objects: input.objectsOf(record['objects'] ?? [], 'objects'),
    steps: input.objectsOf(record['steps'], 'steps').map(stepOf),
    mask: input.objectsOf(record['mask'] ?? [], 'mask').map(maskOf),
    obstacle: obstacleOf(record),
  };
}
