// A recording of programs that ran: classic ones on a socket, extended ones in test runs. What the real kernel gave counts;
// the result the suite's own table wants counts where there is nothing real.
import * as input from '../input.js';
import type { Json } from '../input.js';

/** What receiving gave, by size of what was sent: a length, or nothing came. */
export type Received = number | 'dropped';

export interface ClassicTest {
  readonly size: number;
  /** R0 by the table. */
  readonly result: number;
  /** undefined: sent nothing, so nothing was learnt. */
  readonly received: Received | undefined;
}

export interface ClassicRecord {
  readonly kind: 'classic';
  readonly name: string;
  readonly insns: Uint8Array;
  readonly data: Uint8Array;
  readonly attachErrno: number;
  readonly tests: readonly ClassicTest[];
}

export interface TestRun {
  readonly size: number;
  readonly errno: number;
  readonly retval: number;
}

/** A load as one type of program, and runs. */
export interface Load {
  readonly type: 'socket_filter' | 'sched_cls';
  readonly errno: number;
  readonly runs: readonly TestRun[];
}

/** Programs with R1 = context. */
export interface ExtendedRecord {
  readonly kind: 'extended';
  readonly name: string;
  readonly insns: Uint8Array;
  /** By the table: bytes of context, and R0. */
  readonly tests: readonly { readonly size: number; readonly result: number }[];
  readonly loads: readonly Load[];
}

/** Programs with R1 = memory of R2 bytes and a result of 64 bits. */
export interface ConformanceRecord {
  readonly kind: 'conformance';
  readonly name: string;
  readonly insns: Uint8Array;
  readonly memory: Uint8Array;
  /** Of the real load, behind instructions that keep the result. */
  readonly errno: number;
  /** `0x…`, of the real run, or of the file where there was none. */
  readonly result: string;
}

export type ExecutionRecord = ClassicRecord | ExtendedRecord | ConformanceRecord;

const bytes = (value: unknown, path: string): Uint8Array =>
  Uint8Array.from(Buffer.from(input.asHex(value, path), 'hex'));

const nameOf = (record: Json): string =>
  [record['id'], record['name']].filter((part) => typeof part === 'string').join(' ');

function received(value: unknown, path: string): Received | undefined {
  if (value === undefined || value === null) return undefined;
  return value === 'dropped' ? value : input.asNumber(value, path);
}

function classicRecord(record: Json): ClassicRecord {
  const real = input.asObject(record['real'], 'real');
  const lengths = real['unix_recv_len'] === undefined ? [] : input.asArray(real['unix_recv_len'], 'real.unix_recv_len');
  const attachErrno = input.asNumber(real['attach_errno'], 'real.attach_errno');
  const tests = attachErrno === 0 ? input.objectsOf(record['tests'], 'tests') : [];
  return {
    kind: 'classic',
    name: nameOf(record),
    insns: bytes(record['insns_hex'], 'insns_hex'),
    data: bytes(record['data'], 'data'),
    attachErrno,
    tests: tests.map((test, i) => ({
      size: input.asNumber(test['data_size'], `tests[${i}].data_size`),
      result: input.asNumber(test['result'], `tests[${i}].result`),
      received: received(lengths[i], `real.unix_recv_len[${i}]`),
    })),
  };
}

function loadOf(record: Json, type: Load['type']): Load[] {
  const path = `real_${type}`;
  if (record[path] === undefined) return [];
  const real = input.asObject(record[path], path);
  return [
    {
      type,
      errno: input.asNumber(real['errno'], `${path}.errno`),
      runs: input.objectsOf(real['runs'] ?? [], `${path}.runs`).map((run, i) => ({
        size: input.asNumber(run['in_len'], `${path}.runs[${i}].in_len`),
        errno: input.asNumber(run['errno'], `${path}.runs[${i}].errno`),
        retval: input.asNumber(run['retval'], `${path}.runs[${i}].retval`),
      })),
    },
  ];
}

const extendedRecord = (record: Json): ExtendedRecord => ({
  kind: 'extended',
  name: nameOf(record),
  insns: bytes(record['insns_hex'], 'insns_hex'),
  tests: input.objectsOf(record['tests'], 'tests').map((test, i) => ({
    size: input.asNumber(test['data_size'], `tests[${i}].data_size`),
    result: input.asNumber(test['result'], `tests[${i}].result`),
  })),
  loads: [...loadOf(record, 'socket_filter'), ...loadOf(record, 'sched_cls')],
});

function conformanceRecord(record: Json): ConformanceRecord {
  const real = input.asObject(record['real_sched_cls'], 'real_sched_cls');
  const result = real['r0'] ?? record['expected_r0'];
  return {
    kind: 'conformance',
    name: nameOf(record),
    insns: bytes(record['insns_hex'], 'insns_hex'),
    memory: bytes(record['mem'], 'mem'),
    errno: input.asNumber(real['errno'], 'real_sched_cls.errno'),
    result: input.asString(result, 'real_sched_cls.r0'),
  };
}

/** Reads one record; throws ShapeError. */
export function executionRecord(record: Json): ExecutionRecord {
  const kind = input.asString(record['kind'], 'kind');
  if (kind === 'cbpf') return classicRecord(record);
  if (kind !== 'ebpf') throw new input.ShapeError(`kind must be cbpf or ebpf, is ${kind}`);
  return record['mem'] === undefined ? extendedRecord(record) : conformanceRecord(record);
}
