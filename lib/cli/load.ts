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
  /** What the kernel refused; nothing was loaded then. */
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
}

/** Loads the object and prints the report by `out`; exit code 0 when all of it was accepted, 1 when it was not. */
export function loadCommand(file: string, options: LoadCommandOptions, out: (text: string) => void = print): number {
  try {
    const report = loadFile(file, options);
    out(options.json === true ? JSON.stringify(report, null, 2) : show(report).join('\n'));
    return report.refused === undefined ? 0 : 1;
  } catch (error) {
    if (!(error instanceof LoaderError)) throw error;
    say(error.message);
    return 1;
  }
}

function loadFile(file: string, options: LoadCommandOptions): Report {
  const opened = openObjectFile(file, options);
  const configuration = configurationOf(options);
  const machine = new Machine({
    entropy: new Entropy(1),
    onGap: (what) => {
      say(`not modelled: ${what}`);
    },
    ...configuration,
  });
  const hasObjects = machine.has('bpf-objects');
  try {
    const loaded = load(
      opened.linked,
      { bpf: (cmd, fields) => machine.bpf(cmd, fields), close: (fd) => machine.init.close(fd) },
      {
        cpus: configuration.config.cpus,
        btf: hasObjects,
        names: hasObjects,
        bindRodata: hasObjects,
        logLevel: Number(options.log ?? 0),
      },
    );
    return report(opened, configuration.version, machine, loaded);
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    const { errno, log } = error;
    const what = error.message.replace(/: the kernel answers errno \d+$/, '');
    return { ...report(opened, configuration.version, machine), refused: { what, errno, name: errnoName(errno), log } };
  }
}

function report({ object, linked }: OpenedObject, kernel: string, machine: Machine, loaded?: LoadedObject): Report {
  return {
    schema: SCHEMA,
    file: object.name,
    kernel,
    license: object.license,
    maps: object.maps.map(mapReport),
    programs: linked.programs.map(({ name, section, prog_type, insns }, i) => ({
      name,
      section,
      type: progTypeName(prog_type),
      insns: insns.length / 8,
      ...(loaded === undefined ? {} : identity(machine, loaded.programs[i]!)),
    })),
    notes: [...object.notes, ...(loaded?.warnings ?? [])],
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
    ...programs.flatMap((program) => showProgram(program, refused)),
    ...notes.map((note) => `note     ${note}`),
    ...(refused === undefined ? [] : [`refused  ${refused.what}: ${refused.name}`, ...logLines(refused.log)]),
  ];
}

function showMap({ name, type, key_size, value_size, max_entries, map_flags }: MapReport): string {
  const flags = map_flags === 0 ? '' : `, flags 0x${map_flags.toString(16)}`;
  return `map      ${name}: ${type}, key ${key_size}, value ${value_size}, ${max_entries} entries${flags}`;
}

function showProgram(
  { name, section, type, insns, id, tag, log = '' }: ProgramReport,
  refused: Refusal | undefined,
): string[] {
  const seen = id === undefined ? '' : `, id ${id}, tag ${tag!}`;
  const verdict = refused === undefined ? 'accepted' : refused.what === `program '${name}'` ? 'REFUSED' : 'not loaded';
  return [`program  ${name}: section ${section}, ${type}, ${insns} instructions${seen}: ${verdict}`, ...logLines(log)];
}

const logLines = (log: string): string[] => (log === '' ? [] : [log.trimEnd()]);
