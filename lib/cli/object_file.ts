// BPF objects on the command line: reads the file, opens it, and picks programs by section and name.
import { readFileSync } from 'node:fs';
import { Btf } from '../loader/btf.js';
import { openObject } from '../loader/object.js';
import type { BpfObject } from '../loader/object.js';
import { relocate, withHeld } from '../loader/relocate.js';
import type { LinkedObject } from '../loader/relocate.js';
import * as B from '../uapi/linux/bpf.js';
import { UsageError } from './usage_error.js';

export interface ObjectOptions {
  /** Section of the programs; default: all of them. */
  section?: string;
  /** Name of the one program. */
  program?: string;
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

/** Indexes of the programs that the options name; undefined for all. */
function choose(object: BpfObject, { section, program }: ObjectOptions, forTc: boolean): number[] | undefined {
  if (section === undefined && program === undefined) return undefined;
  const named = [...object.programs.entries()].filter(
    ([, each]) => (section ?? each.sectionName) === each.sectionName && (program ?? each.name) === each.name,
  );
  if (named.length === 0) throw new UsageError(`${object.name} has no such program: ${known(object)}`);
  return forTc ? withHeld(object, named[0]![0]) : named.map(([i]) => i);
}

const known = ({ programs }: BpfObject): string =>
  `it has ${programs.map(({ name, sectionName }) => `${name} in section '${sectionName}'`).join(', ') || 'none'}`;

/**
 * Opens and links an object. Programs whose section says no type are classifiers, as tc loads them. `forTc`: what tc would
 * load for the options, one program and those that its arrays of programs hold; else all programs that they name.
 */
export function openObjectFile(file: string, options: ObjectOptions, forTc: boolean): OpenedObject {
  const object = openObject(read(file), file, { relaxedMaps: true });
  const kernelBtf = options.btf === undefined ? {} : { kernelBtf: readTypes(options.btf) };
  const programs = choose(object, options, forTc);
  const linked = relocate(object, { ...(programs === undefined ? {} : { programs }), ...kernelBtf });
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
