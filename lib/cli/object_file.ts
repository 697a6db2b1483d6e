// BPF objects on the command line: reads the file, opens it, and picks the programs of a section as tc does.
import { readFileSync } from 'node:fs';
import { Btf } from '../loader/btf.js';
import { openObject } from '../loader/object.js';
import type { BpfObject } from '../loader/object.js';
import { programsFor, relocate } from '../loader/relocate.js';
import type { LinkedObject, RelocateOptions } from '../loader/relocate.js';
import * as B from '../uapi/linux/bpf.js';
import { UsageError } from './usage_error.js';

export interface ObjectOptions {
  /** Section of the program; default: all programs. */
  section?: string;
  /** File with the types of the kernel. */
  btf?: string;
}

/** An object and what of it is to be loaded. */
export interface OpenedObject {
  readonly object: BpfObject;
  readonly linked: LinkedObject;
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

/** Types of a kernel: BTF as in /sys/kernel/btf, or section .BTF of an ELF file. */
function readTypes(file: string): Btf {
  const u8 = read(file);
  if (u8[0] === 0x9f || u8[0] === 0xeb) return new Btf(u8, { file, base: 0 });
  const { btf } = openObject(u8, file);
  if (btf === undefined) throw new UsageError(`${file} has no section .BTF`);
  return btf;
}

function choose(object: BpfObject, section: string | undefined): RelocateOptions {
  if (section === undefined) return {};
  const programs = programsFor(object, section);
  if (programs !== undefined) return { programs };
  const names = [...new Set(object.programs.map((program) => program.section.name))];
  throw new UsageError(`${object.name} has no program in section '${section}', only in ${names.join(', ') || 'none'}`);
}

/** Opens and links an object. Programs whose section says no type are classifiers, as tc loads them. */
export function openObjectFile(file: string, options: ObjectOptions): OpenedObject {
  const object = openObject(read(file), file, { relaxedMaps: true });
  const kernelBtf = options.btf === undefined ? {} : { kernelBtf: readTypes(options.btf) };
  const linked = relocate(object, { ...choose(object, options.section), ...kernelBtf });
  const typed = linked.programs.map((program) =>
    program.prog_type === B.BPF_PROG_TYPE_UNSPEC ? { ...program, prog_type: B.BPF_PROG_TYPE_SCHED_CLS } : program,
  );
  return { object, linked: { ...linked, programs: typed } };
}

/** `sched_cls` for BPF_PROG_TYPE_SCHED_CLS, as bpftool writes it. */
export const progTypeName = namesOf('BPF_PROG_TYPE_');

/** `hash` for BPF_MAP_TYPE_HASH. */
export const mapTypeName = namesOf('BPF_MAP_TYPE_');

function namesOf(prefix: string): (value: number) => string {
  const names = new Map<unknown, string>();
  for (const [name, value] of Object.entries(B))
    if (name.startsWith(prefix)) names.set(value, name.slice(prefix.length).toLowerCase());
  return (value) => names.get(value) ?? String(value);
}
