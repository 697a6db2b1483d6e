// `tcbox load`: loads an object into a fresh kernel in this process, as tc and libbpf would, and prints what it has of it:
// maps, programs with tag and verdict, and for a program that is refused the verifier's log.
import { toHex } from '../codec/bytes.js';
import { Entropy } from '../linux/entropy.js';
import { Machine } from '../linux/machine.js';
import { load, LoadError } from '../loader/load.js';
import type { LoadedObject } from '../loader/load.js';
import { LoaderError } from '../loader/loader_error.js';
import type { MapDefinition } from '../loader/map.js';
import { BPF_OBJ_GET_INFO_BY_FD } from '../uapi/linux/bpf.js';
import { bpf_prog_info } from '../uapi/linux/bpf_attr.js';
import * as errnos from '../uapi/asm-generic/errno.js';
import { configurationOf } from './configuration.js';
import { mapTypeName, openObjectFile, progTypeName } from './object_file.js';
import type { ObjectOptions, OpenedObject } from './object_file.js';
import type { RunOptions } from './options.js';
import { say } from './say.js';
import { UsageError } from './usage_error.js';

export interface LoadCommandOptions extends ObjectOptions, RunOptions {
  json?: boolean;
  /** log_level of PROG_LOAD, as the number's text. */
  log?: string;
}

/** Version of the JSON output. */
const SCHEMA = 1;

interface Report {
  readonly schema: number;
  readonly file: string;
  readonly kernel: string;
  readonly license: string;
  readonly maps: readonly MapReport[];
  readonly programs: readonly ProgramReport[];
  readonly notes: readonly string[];
  /** What else the kernel refused, a map for instance; nothing was loaded then. */
  readonly refused?: Refusal;
}

interface Refusal {
  readonly what: string;
  readonly errno: number;
  readonly name: string;
  readonly log: string;
}

interface MapReport {
  readonly name: string;
  readonly type: string;
  readonly key_size: number;
  readonly value_size: number;
  readonly max_entries: number;
  readonly map_flags: number;
}

interface ProgramReport {
  readonly name: string;
  readonly section: string;
  readonly type: string;
  readonly insns: number;
  readonly id?: number;
  readonly tag?: string;
  readonly log?: string;
  readonly refused?: Refusal;
}

/** Loads the object and prints the report by `out`; exit code 0 when all of it was accepted, 1 when it was not. */
export function loadCommand(file: string, options: LoadCommandOptions, out: (text: string) => void = print): number {
  try {
    const report = loadFile(file, options);
    out(options.json === true ? JSON.stringify(report, null, 2) : show(report).join('\n'));
    return isAccepted(report) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof LoaderError)) throw error;
    say(error.message);
    return 1;
  }
}

function logLevel(text = '0'): number {
  if (/^([0-9]|1[0-5])$/.test(text)) return Number(text);
  throw new UsageError(`--log '${text}' is no level from 0 to 15`);
}

const isAccepted = ({ refused, programs }: Report): boolean =>
  refused === undefined && programs.every((program) => program.refused === undefined);

function loadFile(file: string, options: LoadCommandOptions): Report {
  const opened = openObjectFile(file, options, true);
  const { config, version } = configurationOf(options);
  const onGap = (what: string): void => {
    say(`not modelled: ${what}`);
  };
  const machine = new Machine({ entropy: new Entropy(1), onGap, config, version });
  const verdicts = new Map<number, Partial<ProgramReport>>();
  try {
    const loaded = loadInto(machine, opened, config.cpus, logLevel(options.log), verdicts);
    for (const program of loaded.programs) verdicts.set(program.index, identity(machine, program));
    return report(opened, version, verdicts, { notes: loaded.warnings });
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    return report(opened, version, verdicts, { refused: refusalOf(error) });
  }
}

/** Loads what the kernel takes; refused programs get their verdict. */
function loadInto(
  machine: Machine,
  { linked }: OpenedObject,
  cpus: number,
  level: number,
  verdicts: Map<number, Partial<ProgramReport>>,
): LoadedObject {
  const hasObjects = machine.has('bpf-objects');
  return load(
    linked,
    { bpf: (cmd, fields) => machine.bpf(cmd, fields), close: (fd) => machine.init.close(fd) },
    {
      cpus,
      btf: hasObjects,
      names: hasObjects,
      bindRodata: hasObjects,
      globalData: hasObjects,
      logLevel: level,
      onRefused: ({ index }, error) => verdicts.set(index, { refused: refusalOf(error) }),
    },
  );
}

function refusalOf({ message, errno, log }: LoadError): Refusal {
  return { what: message.replace(/: the kernel answers errno \d+$/, ''), errno, name: errnoName(errno), log };
}

function report(
  { object, linked }: OpenedObject,
  kernel: string,
  verdicts: ReadonlyMap<number, Partial<ProgramReport>>,
  { refused, notes = [] }: { refused?: Refusal; notes?: readonly string[] },
): Report {
  return {
    schema: SCHEMA,
    file: object.name,
    kernel,
    license: object.license,
    maps: object.maps.map(mapReport),
    programs: linked.programs.map(({ name, section, prog_type, insns, index }) => ({
      name,
      section,
      type: progTypeName(prog_type),
      insns: insns.length / 8,
      ...verdicts.get(index),
    })),
    notes: [...object.notes, ...notes],
    ...(refused === undefined ? {} : { refused }),
  };
}

function mapReport({ name, type, key_size, value_size, max_entries, map_flags }: MapDefinition): MapReport {
  return { name, type: mapTypeName(type), key_size, value_size, max_entries, map_flags };
}

/** What the kernel says of a program; an old one says nothing. */
function identity(machine: Machine, { fd, log }: LoadedObject['programs'][number]): Partial<ProgramReport> {
  const info = new Uint8Array(bpf_prog_info.size);
  const failed = machine.bpf(BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: fd, info_len: info.length, info });
  const { id, tag } = bpf_prog_info.offsetof;
  const known =
    failed < 0 ? {} : { id: new DataView(info.buffer).getUint32(id, true), tag: toHex(info.subarray(tag, tag + 8)) };
  return { ...known, ...(log === '' ? {} : { log }) };
}

function errnoName(value: number): string {
  return Object.entries(errnos).find(([, number]) => number === value)?.[0] ?? String(value);
}

const print = (text: string): void => {
  console.log(text);
};

function show({ file, kernel, license, maps, programs, notes, refused }: Report): string[] {
  return [
    `${file}: license ${license === '' ? 'none' : license}, kernel ${kernel}`,
    ...maps.map(showMap),
    ...programs.flatMap((program) => showProgram(program, refused === undefined)),
    ...notes.map((note) => `note     ${note}`),
    ...(refused === undefined ? [] : [`refused  ${refused.what}: ${refused.name}`, ...logLines(refused.log)]),
  ];
}

function showMap({ name, type, key_size, value_size, max_entries, map_flags }: MapReport): string {
  const flags = map_flags === 0 ? '' : `, flags 0x${map_flags.toString(16)}`;
  return `map      ${name}: ${type}, key ${key_size}, value ${value_size}, ${max_entries} entries${flags}`;
}

function showProgram(
  { name, section, type, insns, id, tag, log = '', refused }: ProgramReport,
  tried: boolean,
): string[] {
  const what = `program  ${name}: section ${section}, ${type}, ${insns} instructions`;
  if (refused !== undefined) return [`${what}: refused, ${refused.name}`, ...logLines(refused.log)];
  const seen = id === undefined ? '' : `, id ${id}, tag ${tag!}`;
  return [`${what}${seen}: ${tried ? 'accepted' : 'not loaded'}`, ...logLines(log)];
}

const logLines = (log: string): string[] => (log === '' ? [] : [log.trimEnd()]);
