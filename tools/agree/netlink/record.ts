// A netlink recording as the replayer uses it: version 2 as it stands, version 1 (kernel 6.1) brought into its form.
import * as input from '../input.js';
import type { Json } from '../input.js';
import { volatileParts } from './volatile.js';

/** A datagram as hex, or the errno a receive gave instead. */
export type Reply = string | { readonly errno: number };

/** What a step gave, in the recording or in the model; absent parts are absent in both. */
export interface Result {
  readonly send_ret?: number;
  readonly ret?: number | string;
  readonly errno?: number;
  readonly recv?: readonly Reply[];
  readonly notify?: readonly Reply[];
  readonly recv_flags?: readonly unknown[];
  readonly recv_addr?: readonly unknown[];
  readonly out?: Json;
}

export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly as: string | undefined;
  readonly noData: boolean;
}

export interface Step {
  readonly label: string | undefined;
  /** Bytes to send, or the system call to make. */
  readonly action: { readonly send: string; readonly sock: string; readonly bufsize: number } | { readonly call: Call };
  readonly waitMs: number;
  readonly expected: Result;
}

export interface SocketSpec {
  readonly pid: number;
  readonly groups: readonly number[];
  readonly opts: readonly number[];
  readonly rcvbuf: number | undefined;
  readonly uid: number;
  readonly protocol: number;
}

export interface Fixup {
  readonly step: number;
  readonly offset: number;
  readonly object: string;
}

export interface Mask {
  readonly step: number;
  readonly which: string;
  readonly index: number | string | undefined;
  /** What varies there, for people. */
  readonly kind?: string;
  /** Ranges of bytes; undefined = the whole value. */
  readonly ranges: readonly (readonly number[])[] | undefined;
}

export interface NetlinkRecord {
  readonly name: string;
  readonly config: string;
  /** Whether devices have IPv6; undefined = as the configuration says. */
  readonly ipv6: boolean | undefined;
  readonly setup: readonly string[];
  readonly settleMs: number;
  readonly socket: SocketSpec | undefined;
  readonly monitor: SocketSpec | undefined;
  readonly objects: readonly Json[];
  readonly fixups: readonly Fixup[];
  readonly steps: readonly Step[];
  readonly mask: readonly Mask[];
  /** Why the record cannot be replayed as it stands. */
  readonly obstacle: string | undefined;
}

const optional = <T>(value: unknown, path: string, as: (value: unknown, path: string) => T): T | undefined =>
  value === undefined || value === null ? undefined : as(value, path);

function socketOf(value: unknown, path: string): SocketSpec | undefined {
  const spec = optional(value, path, input.asObject);
  if (spec === undefined) return undefined;
  return {
    pid: input.asNumber(spec['pid'], `${path}.pid`),
    groups: input.numbersOf(spec['groups'] ?? [], `${path}.groups`),
    opts: input.numbersOf(spec['opts'] ?? [], `${path}.opts`),
    rcvbuf: optional(spec['rcvbuf'], `${path}.rcvbuf`, input.asNumber),
    uid: optional(spec['uid'], `${path}.uid`, input.asNumber) ?? 0,
    protocol: optional(spec['protocol'], `${path}.protocol`, input.asNumber) ?? 0,
  };
}

function fixupOf(value: Json, i: number): Fixup {
  return {
    step: input.asNumber(value['step'], `fixups[${i}].step`),
    offset: input.asNumber(value['offset'], `fixups[${i}].offset`),
    object: input.asString(value['object'], `fixups[${i}].object`),
  };
}

function maskOf(value: Json, i: number): Mask {
  const index = value['index'];
  const ranges = optional(value['ranges'], `mask[${i}].ranges`, input.asArray);
  return {
    step: input.asNumber(value['step'], `mask[${i}].step`),
    which: input.asString(value['which'], `mask[${i}].which`),
    index: typeof index === 'number' || typeof index === 'string' ? index : undefined,
    ranges: ranges?.map((range, k) => input.numbersOf(range, `mask[${i}].ranges[${k}]`)),
  };
}

function callOf(value: Json, path: string): Call {
  return {
    name: input.asString(value['name'], `${path}.name`),
    args: input.asArray(value['args'], `${path}.args`),
    as: optional(value['as'], `${path}.as`, input.asString),
    noData: Boolean(value['no_data']),
  };
}

function stepOf(value: Json, i: number): Step {
  const path = `steps[${i}]`;
  const call = optional(value['syscall'], `${path}.syscall`, input.asObject);
  for (const key of ['recv', 'recv_flags', 'recv_addr', 'notify'])
    if (value[key] !== undefined) input.asArray(value[key], `${path}.${key}`);
  return {
    label: optional(value['label'], `${path}.label`, input.asString),
    action:
      call !== undefined
        ? { call: callOf(call, `${path}.syscall`) }
        : {
            send: input.asHex(value['send'], `${path}.send`),
            sock: optional(value['sock'], `${path}.sock`, input.asString) ?? 'nl',
            bufsize: optional(value['bufsize'], `${path}.bufsize`, input.asNumber) ?? 65536,
          },
    waitMs: optional(value['wait_ms'], `${path}.wait_ms`, input.asNumber) ?? 0,
    expected: value,
  };
}

function obstacleOf(record: Json, steps: readonly unknown[]): string | undefined {
  if (record['replayable'] === false)
    return `not replayable: ${optional(record['reason'], 'reason', input.asString) ?? 'no reason is given'}`;
  if (record['timing'] === true) return "the reply depends on the kernel's own timing";
  return steps.length === 0 ? 'no steps were recorded' : undefined;
}

/** A record of version 2. */
function version2(record: Json): NetlinkRecord {
  const steps = input.objectsOf(record['steps'], 'steps');
  return {
    name: input.asString(record['name'], 'name'),
    config: input.asString(record['config'], 'config'),
    ipv6: record['ipv6'] === true,
    setup: input.stringsOf(record['setup'], 'setup'),
    settleMs: optional(record['settle_ms'], 'settle_ms', input.asNumber) ?? 0,
    socket: socketOf(record['socket'], 'socket'),
    monitor: socketOf(record['monitor'], 'monitor'),
    objects: input.objectsOf(record['objects'] ?? [], 'objects'),
    fixups: input.objectsOf(record['fixups'] ?? [], 'fixups').map(fixupOf),
    mask: input.objectsOf(record['mask'] ?? [], 'mask').map(maskOf),
    obstacle: obstacleOf(record, steps),
    steps: steps.map(stepOf),
  };
}

/** Cases of version 1 whose recorder waited between steps without saying so. */
const hiddenDelays = new Set([
  ...['link_get_up_carrier', 'link_get_lo', 'link_set_up_rtm_setlink', 'link_set_both_up', 'link_set_down'],
  ...['link_del_with_clsact_filter', 'link_del_up_with_htb', 'link_del_byname', 'link_del_echo'],
  ...['q_del_root_htb_up', 'q_get_root_noqueue', 'act_filter_bind_new', 'act_filter_replace_action'],
]);

/** A case of version 1 whose automatic handle depends on the cases before: all namespaces of a kernel share one row. */
const laterHandles = new Set(['q_htb_add_h0_autohandle']);

/** Cases of version 1 of which only the last step was recorded. */
const hiddenSteps = new Set(['f_dump_many_batches']);

function version1Obstacle(record: Json, name: string, steps: readonly Json[]): string | undefined {
  if (steps.length === 0) return 'no steps were recorded';
  const notes = record['notes'];
  const holdsProgram = typeof notes === 'object' && notes !== null && 'prog' in notes;
  if (name.startsWith('bpf_fd_') || name === 'act_bpf_name_256' || holdsProgram)
    return 'the numbers of the fds it sends were not recorded';
  if (name === 'bpf_refcount_timeline') return 'the programs it loads were not recorded';
  if (laterHandles.has(name)) return 'a case before it had taken the first automatic handle';
  if (hiddenSteps.has(name)) return 'the requests before its dump were not recorded';
  return hiddenDelays.has(name) ? 'the recorder waited between steps without saying so' : undefined;
}

/** A record of version 1: one kernel, no masks, the same monitor for all, the steps' bytes under other names. */
function version1(record: Json): NetlinkRecord {
  const name = input.asString(record['name'], 'name');
  const steps = input
    .objectsOf(record['steps'], 'steps')
    .map(({ sent, label, text: _, notify_text: __, ...rest }, i) =>
      stepOf({ ...rest, send: sent, label: label ?? undefined }, i),
    );
  const monitor = record['monitor'] ? { pid: 777, groups: [1, 4], opts: [] } : undefined;
  return {
    name,
    config: 'rec-6.1-uml',
    ipv6: undefined,
    setup: input.stringsOf(record['setup'], 'setup'),
    settleMs: 0,
    socket: socketOf(record['socket'], 'socket'),
    monitor: socketOf(monitor, 'monitor'),
    objects: [],
    fixups: [],
    mask: steps.flatMap((step, i) => volatileParts(step.expected, i)),
    obstacle: version1Obstacle(record, name, input.objectsOf(record['steps'], 'steps')),
    steps,
  };
}

export function netlinkRecord(record: Json): NetlinkRecord {
  return record['config'] === undefined ? version1(record) : version2(record);
}
