// kernel/bpf/verifier.c check_btf_info_early() and check_btf_info(): the type information that comes with a program: which
// function each subprogram is (func_info) and which line of source an instruction belongs to (line_info). The verifier calls
// the first before it knows the subprograms, the second when it does. Records are kept in the kernel's own size.
import { E2BIG, EFAULT, EINVAL, ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import * as K from '../../../../uapi/linux/btf.js';
import { BPF_INSN_SIZE } from '../../../../uapi/linux/bpf_insn.js';
import { errno, ModelGap } from '../../../errno.js';
import type { Task } from '../../task.js';
import type { BpfProg, ProgLoadAttr } from '../prog.js';
import { btfGet } from '../syscall/fd.js';
import type { Btf } from './btf.js';
import type { BtfTypeInfo } from './type_info.js';

/** struct bpf_func_info: first instruction, type. */
export const FUNC_INFO_SIZE = 8;
/** struct bpf_line_info: instruction, file name, line, number and column. */
export const LINE_INFO_SIZE = 16;
const CORE_RELO_SIZE = 16;
const MAX_RECORD = 252;
const INT_MAX = 0x7fffffff;

export interface InfoLog {
  write(text: string): void;
}

/** What the request is checked against. */
export interface InfoRequest {
  readonly attr: ProgLoadAttr;
  readonly task: Task;
  readonly log: InfoLog;
}

/** What the verifier knows of a subprogram when it asks. */
export interface SubprogShape {
  readonly start: number;
  readonly hasLdAbs: boolean;
  readonly hasTailCall: boolean;
}

function refuse(log: InfoLog, text: string): never {
  log.write(text);
  throw errno(EINVAL);
}

/** Records read at once: reading another process costs the same for one as for many. */
const CHUNK = 1024;

/** Records of a user, each made as long as the kernel's: they may be shorter, or longer with zeros behind. */
class Records {
  readonly #request: InfoRequest;
  readonly #address: number;
  readonly #given: number;
  readonly #size: number;
  readonly #count: number;
  #chunk: Uint8Array | undefined;
  #chunkFrom = -CHUNK;

  constructor(request: InfoRequest, address: number, given: number, size: number, count: number) {
    this.#request = request;
    this.#address = address;
    this.#given = given;
    this.#size = size;
    this.#count = count;
  }

  #bytes(index: number): Uint8Array | undefined {
    const { memory } = this.#request.task;
    const given = this.#given;
    if (index >= this.#chunkFrom + CHUNK) {
      this.#chunkFrom = index;
      this.#chunk = memory.read(this.#address + index * given, Math.min(CHUNK, this.#count - index) * given);
    }
    if (this.#chunk === undefined) return memory.read(this.#address + index * given, given);
    const at = (index - this.#chunkFrom) * given;
    return this.#chunk.subarray(at, at + given);
  }

  /** @models kernel/bpf/syscall.c bpf_check_uarg_tail_zero() */
  at(index: number, what: 'func info' | 'line_info'): Uint8Array {
    const bytes = this.#bytes(index);
    if (bytes === undefined) throw errno(EFAULT);
    if (bytes.subarray(this.#size).some((byte) => byte !== 0)) {
      this.#request.log.write(`nonzero tailing record in ${what}`);
      this.#request.attr.putRecordSize?.(
        what === 'line_info' ? 'line_info_rec_size' : 'func_info_rec_size',
        this.#size,
      );
      throw errno(E2BIG);
    }
    const kept = new Uint8Array(this.#size);
    kept.set(bytes.subarray(0, this.#size));
    return kept;
  }
}

const words = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Takes the program's type information and looks at its functions. The program holds it from then on.
 *
 * @models kernel/bpf/verifier.c check_btf_info_early()
 * @differs there is no type information of the kernel that a program could name (EACCES)
 */
export function checkBtfInfoEarly(prog: BpfProg, request: InfoRequest): void {
  const { attr, task } = request;
  if (attr.funcInfoCnt === 0 && attr.lineInfoCnt === 0) return;
  const btf = btfGet(task, attr.progBtfFd);
  prog.btf = {
    btf: btf.hold(prog),
    funcInfo: new Uint8Array(0),
    funcInfoRecSize: FUNC_INFO_SIZE,
    lineInfo: new Uint8Array(0),
    lineInfoRecSize: LINE_INFO_SIZE,
  };
  if (attr.funcInfoCnt !== 0) prog.btf = { ...prog.btf, funcInfo: functionsOf(btf, request) };
}

/** @models kernel/bpf/verifier.c check_btf_func_early() */
function functionsOf({ types }: Btf, request: InfoRequest): Uint8Array {
  const { attr, log } = request;
  const { funcInfoRecSize: given, funcInfoCnt: count } = attr;
  if (given < FUNC_INFO_SIZE || given > MAX_RECORD || given % 4 !== 0)
    refuse(log, `invalid func info rec size ${given}\n`);
  if (count * FUNC_INFO_SIZE > INT_MAX) throw errno(ENOMEM);
  const functions = new Records(request, attr.funcInfo, given, FUNC_INFO_SIZE, count);
  const records: Uint8Array[] = [];
  let before = 0;
  for (let i = 0; i < count; i++) {
    const bytes = functions.at(i, 'func info');
    before = checkFunction(types, log, words(bytes), i === 0 ? undefined : before);
    records.push(bytes);
  }
  return joined(records, FUNC_INFO_SIZE);
}

function checkFunction(types: BtfTypeInfo, log: InfoLog, func: DataView, before: number | undefined): number {
  const offset = func.getUint32(0, true);
  const id = func.getUint32(4, true);
  if (before === undefined && offset !== 0) refuse(log, `nonzero insn_off ${offset} for the first func info record`);
  if (before !== undefined && offset <= before)
    refuse(log, `same or smaller insn offset (${offset}) than previous func info record (${before})`);
  if (types.kindOf(id) !== K.BTF_KIND_FUNC) refuse(log, `invalid type id ${id | 0} in func info`);
  return offset;
}

function joined(records: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(records.length * size);
  for (const [i, one] of records.entries()) bytes.set(one, i * size);
  return bytes;
}

/**
 * Whether functions and lines fit the subprograms.
 *
 * @models kernel/bpf/verifier.c check_btf_info()
 */
export function checkBtfInfo(prog: BpfProg, subprogs: readonly SubprogShape[], request: InfoRequest): void {
  const { attr, log } = request;
  if (attr.funcInfoCnt === 0) checkAbnormalReturn(subprogs, log);
  if (prog.btf === undefined) return;
  if (attr.funcInfoCnt !== 0) checkFunctions(prog.btf.btf.types, prog.btf.funcInfo, subprogs, log);
  if (attr.lineInfoCnt !== 0) prog.btf = { ...prog.btf, lineInfo: linesOf(prog, prog.btf.btf, subprogs, request) };
  checkCoreRelos(attr);
}

/** @models kernel/bpf/verifier.c check_abnormal_return() */
function checkAbnormalReturn(subprogs: readonly SubprogShape[], log: InfoLog): void {
  for (const { hasLdAbs, hasTailCall } of subprogs.slice(1)) {
    if (hasLdAbs) refuse(log, 'LD_ABS is not allowed in subprogs without BTF\n');
    if (hasTailCall) refuse(log, 'tail_call is not allowed in subprogs without BTF\n');
  }
}

/** An int of up to eight bytes, or an enum. */
function isScalar(types: BtfTypeInfo, id: number): boolean {
  const kind = types.kindOf(id);
  if (kind === K.BTF_KIND_INT) return types.sizeOf(id) <= 8;
  return kind === K.BTF_KIND_ENUM || kind === K.BTF_KIND_ENUM64;
}

/** @models kernel/bpf/verifier.c check_btf_func() */
function checkFunctions(
  types: BtfTypeInfo,
  funcInfo: Uint8Array,
  subprogs: readonly SubprogShape[],
  log: InfoLog,
): void {
  if (funcInfo.length / FUNC_INFO_SIZE !== subprogs.length)
    refuse(log, "number of funcs in func_info doesn't match number of subprogs\n");
  const view = words(funcInfo);
  for (const [i, { start, hasLdAbs, hasTailCall }] of subprogs.entries()) {
    if (view.getUint32(i * FUNC_INFO_SIZE, true) !== start)
      refuse(log, "func_info BTF section doesn't match subprog layout in BPF program\n");
    const proto = types.typeOf(view.getUint32(i * FUNC_INFO_SIZE + 4, true));
    if (i === 0 || isScalar(types, types.skipModifiers(types.typeOf(proto)))) continue;
    if (hasLdAbs) refuse(log, "LD_ABS is only allowed in functions that return 'int'.\n");
    if (hasTailCall) refuse(log, "tail_call is only allowed in functions that return 'int'.\n");
  }
}

/** @models kernel/bpf/verifier.c check_btf_line() */
function linesOf(prog: BpfProg, { types }: Btf, subprogs: readonly SubprogShape[], request: InfoRequest): Uint8Array {
  const { attr, log } = request;
  const { lineInfoRecSize: given, lineInfoCnt: count } = attr;
  if (count > Math.floor(INT_MAX / LINE_INFO_SIZE)) throw errno(EINVAL);
  if (given < LINE_INFO_SIZE || given > MAX_RECORD || given % 4 !== 0) throw errno(EINVAL);
  const lines = new Records(request, attr.lineInfo, given, LINE_INFO_SIZE, count);
  const records: Uint8Array[] = [];
  const walk = new LineWalk(prog, types, subprogs, log);
  for (let i = 0; i < count; i++) {
    const bytes = lines.at(i, 'line_info');
    walk.check(words(bytes), i);
    records.push(bytes);
  }
  walk.end();
  return joined(records, LINE_INFO_SIZE);
}

/** Lines come in the order of instructions, and every subprogram begins with one. */
class LineWalk {
  readonly #insns: Uint8Array;
  readonly #types: BtfTypeInfo;
  readonly #subprogs: readonly SubprogShape[];
  readonly #log: InfoLog;
  #before = 0;
  /** Subprograms whose first line was seen. */
  #seen = 0;

  constructor(prog: BpfProg, types: BtfTypeInfo, subprogs: readonly SubprogShape[], log: InfoLog) {
    this.#insns = prog.insns;
    this.#types = types;
    this.#subprogs = subprogs;
    this.#log = log;
  }

  check(line: DataView, index: number): void {
    const insn = line.getUint32(0, true);
    const length = this.#insns.length / BPF_INSN_SIZE;
    if ((index > 0 && insn <= this.#before) || insn >= length) {
      const place = `(prev_offset:${this.#before} prog->len:${length})`;
      refuse(this.#log, `Invalid line_info[${index}].insn_off:${insn} ${place}\n`);
    }
    if (this.#insns[insn * BPF_INSN_SIZE] === 0)
      refuse(this.#log, `Invalid insn code at line_info[${index}].insn_off\n`);
    const isString = (at: number): boolean => line.getUint32(at, true) < this.#types.strLen;
    if (!isString(8) || !isString(4)) refuse(this.#log, `Invalid line_info[${index}].line_off or .file_name_off\n`);
    this.#checkSubprog(insn);
    this.#before = insn;
  }

  #checkSubprog(insn: number): void {
    const next = this.#subprogs[this.#seen];
    if (next === undefined) return;
    if (insn === next.start) this.#seen++;
    else if (next.start < insn) refuse(this.#log, `missing bpf_line_info for func#${this.#seen}\n`);
  }

  end(): void {
    const missing = this.#subprogs.length - this.#seen;
    if (missing !== 0)
      refuse(this.#log, `missing bpf_line_info for ${missing} funcs starting from func#${this.#seen}\n`);
  }
}

/** @differs the kernel's own types are not known, so nothing can be relocated against them */
function checkCoreRelos({ coreReloCnt: count, coreReloRecSize: given }: ProgLoadAttr): void {
  if (count === 0) return;
  if (count > Math.floor(INT_MAX / CORE_RELO_SIZE)) throw errno(EINVAL);
  if (given < CORE_RELO_SIZE || given > MAX_RECORD || given % 4 !== 0) throw errno(EINVAL);
  throw new ModelGap('CO-RE relocations done by the kernel');
}

/** Functions of a program by subprogram, from records that were found good. */
export class ProgFunctions {
  readonly #types: BtfTypeInfo;
  readonly #view: DataView;

  constructor(btf: Btf, funcInfo: Uint8Array) {
    this.#types = btf.types;
    this.#view = words(funcInfo);
  }

  /** Id of the function's type. */
  typeOf(subprog: number): number {
    return this.#view.getUint32(subprog * FUNC_INFO_SIZE + 4, true);
  }

  /** Id of the prototype. */
  protoOf(subprog: number): number {
    return this.#types.typeOf(this.typeOf(subprog));
  }

  nameOf(subprog: number): string {
    return this.#types.nameOf(this.typeOf(subprog));
  }

  /** BTF_FUNC_STATIC, BTF_FUNC_GLOBAL or BTF_FUNC_EXTERN. */
  linkageOf(subprog: number): number {
    return this.#types.vlenOf(this.typeOf(subprog));
  }
}

/** Lines of source by instruction, as logs show them: a line is shown once until another one comes. */
export class SourceLines {
  readonly #types: BtfTypeInfo;
  readonly #view: DataView;
  #last = -1;

  constructor(btf: Btf, lineInfo: Uint8Array) {
    this.#types = btf.types;
    this.#view = words(lineInfo);
  }

  get #count(): number {
    return this.#view.byteLength / LINE_INFO_SIZE;
  }

  #word(index: number, word: number): number {
    return this.#view.getUint32(index * LINE_INFO_SIZE + 4 * word, true);
  }

  /** The record that covers an instruction, or -1. @models kernel/bpf/log.c find_linfo() */
  find(insn: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = low + ((high - low + 1) >> 1);
      if (this.#word(middle, 0) <= insn) low = middle;
      else high = middle - 1;
    }
    return high < 0 ? -1 : low;
  }

  /** Text for the line of an instruction, when it is another one than that shown last. @models kernel/bpf/log.c verbose_linfo() */
  show(insn: number, prefix: string): string {
    const found = this.find(insn);
    if (found < 0 || found === this.#last || this.#sameLine(found, this.#last)) return '';
    this.#last = found;
    const source = this.#types.string(this.#word(found, 2)).replace(/^[ \t\n\v\f\r\xa0]+/, '');
    const file = this.#types.string(this.#word(found, 1)).replace(/^.*\//s, '');
    return `${prefix}${source} @ ${file}:${this.#word(found, 3) >>> 10}\n`;
  }

  #sameLine(a: number, b: number): boolean {
    if (b < 0) return false;
    return this.#word(a, 1) === this.#word(b, 1) && this.#word(a, 3) >>> 10 === this.#word(b, 3) >>> 10;
  }
}
