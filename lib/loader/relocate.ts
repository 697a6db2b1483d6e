// Turns an opened object into what a kernel is asked to load: maps to create, and programs with everything they call
// behind them. Only file descriptors are missing, which exist once the maps do: each place that wants one is listed. Plain
// data comes out, and no system call is made.
import type { Btf } from './btf.js';
import { CoreRelocator } from './core/relocate.js';
import { Linker } from './linker.js';
import type { LinkedCode } from './linker.js';
import type { MapDefinition } from './map.js';
import type { BpfFunction, BpfObject } from './object.js';
import { meaningOf } from './section_names.js';

export interface RelocateOptions {
  /** Which programs to prepare, by index in object.programs. Default: all but those in sections named `?…`. */
  readonly programs?: readonly number[];
  /** The types of the kernel, for relocations against them (CO-RE). */
  readonly kernelBtf?: Btf;
  /** Type of programs, BPF_PROG_TYPE_*, whatever their sections say, as tc sets it. */
  readonly prog_type?: number;
}

export interface LinkedProgram extends LinkedCode {
  readonly name: string;
  readonly section: string;
  /** Index in object.programs. */
  readonly index: number;
  /** BPF_PROG_TYPE_*; 0 when the section's name says nothing. */
  readonly prog_type: number;
  readonly expected_attach_type: number;
  readonly prog_flags: number;
  /** It attaches to a function of the kernel by id, which the caller has to fill in. */
  readonly needsTarget: boolean;
}

export interface LinkedObject {
  readonly license: string;
  readonly kern_version: number;
  /** For BTF_LOAD. */
  readonly btf: Uint8Array | undefined;
  readonly maps: readonly MapDefinition[];
  readonly programs: readonly LinkedProgram[];
}

/** Links the programs of an object; throws a LoaderError when one refers to something that is not there. */
export function relocate(object: BpfObject, options: RelocateOptions = {}): LinkedObject {
  const chosen = options.programs ?? [...object.programs.keys()].filter((i) => !object.programs[i]!.unasked);
  const core = object.btf === undefined ? undefined : new CoreRelocator(object.btf, options.kernelBtf);
  const linker = new Linker(object, core);
  return {
    license: object.license,
    kern_version: object.version,
    btf: object.btf?.u8,
    maps: object.maps,
    programs: chosen.map((index) => {
      const program = object.programs[index];
      if (program === undefined) throw new RangeError(`program ${index} is none of the ${object.programs.length}`);
      return link(linker, program, index, options.prog_type);
    }),
  };
}

/** Programs for one section as tc chooses them: its first one, and those that arrays of programs hold. None: undefined. */
export function programsFor(object: BpfObject, section: string): number[] | undefined {
  const wanted = object.programs.findIndex(({ sectionName }) => sectionName === section);
  return wanted < 0 ? undefined : withHeld(object, wanted);
}

/** A program by index, and those that arrays of programs hold. */
export function withHeld(object: BpfObject, wanted: number): number[] {
  const held = object.maps.flatMap(({ slots }) => slots.flatMap((slot) => ('program' in slot ? [slot.program] : [])));
  return [...new Set([wanted, ...held])].sort((a, b) => a - b);
}

function link(linker: Linker, program: BpfFunction, index: number, type: number | undefined): LinkedProgram {
  const meaning = meaningOf(program.sectionName);
  const prog_type = type ?? meaning.prog_type;
  const same = prog_type === meaning.prog_type;
  return {
    ...linker.link(program),
    name: program.name,
    section: program.sectionName,
    index,
    prog_type,
    expected_attach_type: same ? meaning.expected_attach_type : 0,
    prog_flags: same ? meaning.prog_flags : 0,
    needsTarget: same && meaning.needsTarget,
  };
}
