// `tcbox prog dump`: the instructions of an object's programs as they would be loaded, in the words of the kernel. Lines of
// the source stand before their instructions where the object was compiled with -g.
import { type Btf, maxText } from '../loader/btf.js';
import { LoaderError } from '../loader/loader_error.js';
import type { LinkedObject, LinkedProgram } from '../loader/relocate.js';
import { BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from '../uapi/linux/bpf.js';
import { printBpfInsn } from '../vm/disasm.js';
import type { DisasmOptions } from '../vm/disasm.js';
import { Insns } from '../vm/insn.js';
import { isLdImm64 } from '../vm/isa.js';
import { openObjectFile, progTypeName } from './object_file.js';
import type { ObjectOptions } from './object_file.js';
import { say } from './say.js';

export interface DumpOptions extends ObjectOptions {
  json?: boolean;
}

/** Version of the JSON output. */
const SCHEMA = 1;

interface Line {
  readonly insn: number;
  readonly text: string;
  /** Source line that begins here. */
  readonly source?: string;
  /** Function that begins here. */
  readonly function?: string;
}

/** Prints the programs of the object by `out`; the exit code. */
export function dumpCommand(file: string, options: DumpOptions, out: (text: string) => void = print): number {
  try {
    const { object, linked } = openObjectFile(file, options, false);
    const dumps = linked.programs.map((program) => ({ program, lines: linesOf(program, linked, object.btf) }));
    out(options.json === true ? json(file, dumps) : dumps.map(show).join('\n\n'));
    return 0;
  } catch (error) {
    if (!(error instanceof LoaderError)) throw error;
    say(error.message);
    return 1;
  }
}

const print = (text: string): void => {
  console.log(text);
};

interface Dump {
  readonly program: LinkedProgram;
  readonly lines: readonly Line[];
}

function json(file: string, dumps: readonly Dump[]): string {
  const programs = dumps.map(({ program: { name, section, prog_type }, lines }) => ({
    name,
    section,
    type: progTypeName(prog_type),
    insns: lines,
  }));
  return JSON.stringify({ schema: SCHEMA, file, programs }, null, 2);
}

function show({ program: { name, section, prog_type, insns, functions }, lines }: Dump): string {
  const title = `${name}: section ${section}, ${progTypeName(prog_type)}, ${insns.length / 8} instructions`;
  const body = lines.flatMap(({ insn, text, source, function: begins }) => [
    ...(begins === undefined || functions.length < 2 ? [] : [`${begins}:`]),
    ...(source === undefined ? [] : [`; ${source}`]),
    `${String(insn).padStart(4)}: ${text}`,
  ]);
  return [title, ...body].join('\n');
}

function linesOf(program: LinkedProgram, linked: LinkedObject, btf: Btf | undefined): Line[] {
  const insns = new Insns(program.insns);
  const options = wordsFor(program, linked);
  const sources = sourcesOf(program, btf);
  const functions = new Map(program.functions.map(({ insn, name }) => [insn, name]));
  const lines: Line[] = [];
  for (let i = 0; i < insns.length; i++) {
    const [source, begins] = [sources.get(i), functions.get(i)];
    const wide = isLdImm64(insns.code(i)) && i + 1 < insns.length;
    const cut = isLdImm64(insns.code(i)) && !wide;
    lines.push({
      insn: i,
      text: cut ? '(18) the second half is missing' : printBpfInsn(insns, i, options),
      ...(source === undefined ? {} : { source }),
      ...(begins === undefined ? {} : { function: begins }),
    });
    if (wide) i++;
  }
  return lines;
}

const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);

/** Names for maps and functions, as bpftool shows them. */
function wordsFor(program: LinkedProgram, { maps }: LinkedObject): DisasmOptions {
  const references = new Map(
    program.mapReferences.map(({ insn, map, offset }) => [insn, { name: maps[map]!.name, offset }]),
  );
  const functions = new Map(program.functions.map(({ insn, name }) => [insn, name]));
  return {
    call: (insns, i) => {
      const name = functions.get(i + insns.imm(i) + 1);
      return name === undefined ? undefined : `${signed(insns.imm(i))}#${name}`;
    },
    imm: (insns, i) => {
      const { name, offset } = references.get(i) ?? {};
      if (insns.src(i) === BPF_PSEUDO_MAP_FD && name !== undefined) return `map[${name}]`;
      if (insns.src(i) === BPF_PSEUDO_MAP_VALUE && name !== undefined) return `map[${name}][0]+${offset ?? 0}`;
      if (insns.src(i) === BPF_PSEUDO_FUNC) return `subprog[${signed(insns.imm(i))}]`;
      return `0x${((BigInt(insns.imm(i + 1) >>> 0) << 32n) | BigInt(insns.imm(i) >>> 0)).toString(16)}`;
    },
  };
}

/** The source line of each instruction that begins another one than before. */
function sourcesOf({ line_info: info }: LinkedProgram, btf: Btf | undefined): Map<number, string> {
  const sources = new Map<number, string>();
  if (info === undefined || btf === undefined) return sources;
  const view = new DataView(info.bytes.buffer, info.bytes.byteOffset, info.bytes.length);
  let before = '';
  for (let i = 0; i < info.count; i++) {
    const text = btf.string(view.getUint32(i * info.rec_size + 8, true), 0, maxText).trim();
    if (text !== '' && text !== before) sources.set(view.getUint32(i * info.rec_size, true), text);
    before = text;
  }
  return sources;
}
