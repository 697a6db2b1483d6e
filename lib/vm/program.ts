// A program made ready for the interpreter: four 32-bit cells an instruction. The first holds the operation (ten bits, see
// op.ts) and, times two, the numbers of the destination (from bit 10) and source register (from bit 15); then `K`, the
// number or index of the operation; then the offset of an access or the cell a jump goes to; then the high half of a
// 64-bit number. Behind the instructions lie the landings of backward jumps, which count the rounds of loops, and what stands
// for instructions that need several operations.
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from '../uapi/linux/bpf.js';
import * as C from '../uapi/linux/bpf_common.js';
import * as I from '../uapi/linux/bpf_insn.js';
import { ProgramFault } from './fault.js';
import type { Helper } from './helper_call.js';
import type { Insns } from './insn.js';
import type { Opcode } from './isa.js';
import { bpfClass, bpfOp, isSignedDivision, movsxBits, opcodes } from './isa.js';
import * as Op from './op.js';
import { SIGNED } from './probe.js';

export const CELLS = 4;

/**
 * A load from the packet by a program that holds LD_ABS or LD_IND itself: R0 = `size` bytes at `offset` of what R6 points
 * to, in the host's order, zero-extended. False: there is no such byte, and the program ends with R0 = 0.
 */
export type PacketLoad = (regs: Int32Array, offset: number, size: number) => boolean;

export interface CompileOptions {
  /** What runs for a helper's id; undefined where there is nothing: a call of it is a fault. */
  readonly helpers?: (id: number) => Helper | undefined;
  /** What runs for a kernel function: `imm` and `off` of its call. */
  readonly kfuncs?: (imm: number, off: number) => Helper | undefined;
  /** The program in slot `index` of the prog array whose address is `map`. */
  readonly tailCall?: (map: number, index: number) => Program | undefined;
  readonly load?: PacketLoad;
  /** Kernels before 4.16: dividing by a register that is 0 ends the program with R0 = 0. */
  readonly zeroDivisorEnds?: boolean;
}

/** Where the addresses of a program's functions come from; see Vm. */
export interface FunctionTable {
  /** The low half of the address of the function at `cell`; the high half is FUNCTION_HIGH. */
  add(program: Program, cell: number): number;
  remove(program: Program): void;
}

/** High half of the address of a function: nothing else a program has looks like it. */
export const FUNCTION_HIGH = -1;

export class Program {
  /** As compiled. */
  readonly insns: Insns;
  readonly code: Int32Array;
  #shadow: Int32Array | undefined;
  readonly helpers: Helper[] = [];
  readonly tailCall: NonNullable<CompileOptions['tailCall']>;
  readonly load: PacketLoad;
  readonly #functions: FunctionTable;

  constructor(insns: Insns, functions: FunctionTable, options: CompileOptions) {
    this.insns = insns;
    this.#functions = functions;
    this.tailCall = options.tailCall ?? ((): undefined => undefined);
    this.load = options.load ?? ((): boolean => false);
    this.code = new Decoder(this, functions, options).decode();
  }

  /** Like `code`, but instructions and landings trap; made for single steps. */
  get shadow(): Int32Array {
    if (this.#shadow === undefined) {
      this.#shadow = this.code.slice();
      const last = this.insns.length * CELLS;
      for (let p = 0; p < this.code.length; p += CELLS)
        if (p <= last || this.code[p] === Op.BACK_EDGE) this.#shadow[p] = Op.TRAP;
    }
    return this.#shadow;
  }

  /** The first cell of the instruction at `p`, by itself. */
  alone(p: number): number {
    const first = this.code[p]!;
    return (first & Op.OPERATION) < Op.FUSED ? first : this.code[p + 3]!;
  }

  /** The cell of the instruction that a cell is or, behind a backward jump, leads to. */
  landed(p: number): number {
    return p > this.insns.length * CELLS ? this.code[p + 2]! : p;
  }

  /** Gives its function addresses back. */
  close(): void {
    this.#functions.remove(this);
  }
}

const R = 2;
const MOVE = I.BPF_ALU64 | I.BPF_MOV | C.BPF_X;
const DESTINATION = 31 << 10;

class Decoder {
  readonly #program: Program;
  readonly #insns: Insns;
  readonly #functions: FunctionTable;
  readonly #options: CompileOptions;
  /** Cells of the instructions, and a last one that must not be reached. */
  readonly #cells: Int32Array;
  readonly #landings: number[] = [];
  readonly #helperIndex = new Map<string, number>();

  constructor(program: Program, functions: FunctionTable, options: CompileOptions) {
    this.#program = program;
    this.#insns = program.insns;
    this.#functions = functions;
    this.#options = options;
    this.#cells = new Int32Array((this.#insns.length + 1) * CELLS);
  }

  decode(): Int32Array {
    const { length } = this.#insns;
    for (let i = 0; i < length; i++) this.#decodeOne(i);
    this.#cells[length * CELLS] = Op.INVALID;
    this.#fuse();
    if (this.#landings.length === 0) return this.#cells;
    const all = new Int32Array(this.#cells.length + this.#landings.length);
    all.set(this.#cells);
    all.set(this.#landings, this.#cells.length);
    return all;
  }

  /** Moves run together with what follows, which stays in its place for those that jump to it. */
  #fuse(): void {
    const cells = this.#cells;
    for (let p = 0; p < cells.length - CELLS; p += CELLS) {
      const [first, next] = [cells[p]!, cells[p + CELLS]!];
      const both = Op.AFTER_MOVE.get(next & Op.OPERATION);
      const isMove = (first & Op.OPERATION) === MOVE && ((first ^ next) & DESTINATION) === 0;
      if (both === undefined || !isMove) continue;
      cells[p] = (first & ~Op.OPERATION) | both;
      cells[p + 1] = cells[p + CELLS + 1]!;
      cells[p + 3] = first;
    }
  }

  #push(i: number, op: number, k = this.#insns.imm(i), off = this.#insns.off(i), high = 0): void {
    const registers = ((this.#insns.dst(i) * R) << 10) | ((this.#insns.src(i) * R) << 15);
    const p = i * CELLS;
    this.#cells[p] = op | registers;
    this.#cells[p + 1] = k;
    this.#cells[p + 2] = off;
    this.#cells[p + 3] = high;
  }

  #decodeOne(i: number): void {
    const opcode = opcodes[this.#insns.code(i)];
    if (opcode === undefined) {
      this.#push(i, Op.INVALID);
      return;
    }
    switch (opcode.form) {
      case 'alu-imm':
        this.#aluImm(i, opcode);
        break;
      case 'alu-reg':
        this.#aluReg(i, opcode);
        break;
      case 'end':
        this.#end(i, opcode);
        break;
      case 'ld-imm64':
        this.#ldImm64(i);
        break;
      case 'ld-abs':
        this.#push(i, Op.LOAD_ABS, this.#insns.imm(i), opcode.size);
        break;
      case 'ld-ind':
        this.#push(i, Op.LOAD_IND, this.#insns.imm(i), opcode.size);
        break;
      case 'ldx':
        this.#load(i, opcode);
        break;
      case 'atomic':
        this.#atomic(i, opcode);
        break;
      case 'ja':
        this.#jump(i, opcode.code, this.#insns.off(i));
        break;
      case 'ja32':
        this.#jump(i, C.BPF_JMP | C.BPF_JA, this.#insns.imm(i));
        break;
      case 'jcond':
        this.#jump(i, Op.MAY_GOTO, this.#insns.off(i));
        break;
      case 'jmp-imm':
      case 'jmp-reg':
        this.#jump(i, opcode.code, this.#insns.off(i));
        break;
      case 'call':
        this.#call(i);
        break;
      case 'nospec':
        this.#push(i, Op.NOP);
        break;
      default:
        this.#push(i, opcode.code);
    }
  }

  #aluImm(i: number, { code, wide }: Opcode): void {
    const imm = this.#insns.imm(i);
    const off = this.#insns.off(i);
    const op = bpfOp(code);
    if (isSignedDivision(code, off)) this.#push(i, signedDivision(op, wide, false), imm);
    else if (op === C.BPF_MOD && imm === 0) this.#push(i, wide ? Op.NOP : Op.ZERO_EXTEND, 32);
    else if (wide && (op === C.BPF_LSH || op === C.BPF_RSH || op === I.BPF_ARSH)) this.#shift(i, op, imm & 63);
    else this.#push(i, code, imm);
  }

  #shift(i: number, op: number, bits: number): void {
    const long = op === C.BPF_LSH ? Op.LSH64_LONG : op === C.BPF_RSH ? Op.RSH64_LONG : Op.ARSH64_LONG;
    if (bits === 0) this.#push(i, Op.NOP);
    else this.#push(i, bits < 32 ? this.#insns.code(i) : long, bits);
  }

  #aluReg(i: number, opcode: Opcode): void {
    const { code, wide } = opcode;
    const off = this.#insns.off(i);
    if (this.#options.zeroDivisorEnds === true && (bpfOp(code) === C.BPF_DIV || bpfOp(code) === C.BPF_MOD)) {
      this.#endingDivision(i, opcode);
      return;
    }
    const bits = movsxBits(code, off);
    if (isSignedDivision(code, off)) this.#push(i, signedDivision(bpfOp(code), wide, true));
    else if (bits !== 0) this.#push(i, wide ? Op.MOVSX64 : Op.MOVSX32, 32 - bits);
    else this.#push(i, code);
  }

  /** The host's order is little endian. */
  #end(i: number, { code, name }: Opcode): void {
    const bits = this.#insns.imm(i);
    if (bits !== 16 && bits !== 32 && bits !== 64) throw new ProgramFault(i, `byte order of ${bits} bits`);
    if (bpfClass(code) === C.BPF_ALU && name === 'le') this.#push(i, bits === 64 ? Op.NOP : Op.ZERO_EXTEND, bits);
    else this.#push(i, Op.SWAP_BYTES, bits);
  }

  #ldImm64(i: number): void {
    if (i + 1 >= this.#insns.length) throw new ProgramFault(i, 'half of a 64-bit load');
    if (this.#insns.src(i) !== BPF_PSEUDO_FUNC) {
      this.#push(i, this.#insns.code(i), this.#insns.imm(i), 0, this.#insns.imm(i + 1));
      return;
    }
    const address = this.#functions.add(this.#program, this.#target(i, this.#insns.imm(i)));
    this.#push(i, this.#insns.code(i), address, 0, FUNCTION_HIGH);
  }

  #load(i: number, { code, name, size, signed }: Opcode): void {
    if (name === 'probe') this.#push(i, Op.PROBE, size | (signed ? SIGNED : 0));
    else this.#push(i, code);
  }

  #atomic(i: number, { size }: Opcode): void {
    const imm = this.#insns.imm(i);
    const order = size === 1 ? C.BPF_B : size === 2 ? C.BPF_H : size === 4 ? C.BPF_W : I.BPF_DW;
    if (imm === I.BPF_LOAD_ACQ) this.#push(i, C.BPF_LDX | C.BPF_MEM | order);
    else if (imm === I.BPF_STORE_REL) this.#push(i, C.BPF_STX | C.BPF_MEM | order);
    else if (size < 4) this.#push(i, Op.INVALID);
    else this.#push(i, Op.ATOMIC, imm, this.#insns.off(i), size);
  }

  /** The cell of the instruction `distance` behind the next one. */
  #target(i: number, distance: number): number {
    const target = i + 1 + distance;
    if (target < 0 || target >= this.#insns.length) throw new ProgramFault(i, `jump to instruction ${target}`);
    return target * CELLS;
  }

  #jump(i: number, op: number, distance: number): void {
    const target = this.#target(i, distance);
    this.#push(i, op, this.#insns.imm(i), distance < 0 ? this.#landing(target) : target);
  }

  /** In place of the division a jump to: if X == 0 goto end; the division; goto the next; end: w0 = 0; exit. */
  #endingDivision(i: number, { code, wide }: Opcode): void {
    const start = (this.#insns.length + 1) * CELLS + this.#landings.length;
    const end = start + 3 * CELLS;
    const [dst, src] = [(this.#insns.dst(i) * R) << 10, this.#insns.src(i) * R];
    const isZero = (wide ? C.BPF_JMP : I.BPF_JMP32) | C.BPF_JEQ | C.BPF_K;
    const goTo = C.BPF_JMP | C.BPF_JA;
    this.#push(i, goTo, 0, start);
    this.#landings.push(isZero | (src << 10), 0, end, 0, code | dst | (src << 15), 0, 0, 0);
    this.#landings.push(goTo, 0, (i + 1) * CELLS, 0);
    this.#landings.push(C.BPF_ALU | I.BPF_MOV | C.BPF_K, 0, 0, 0, C.BPF_JMP | I.BPF_EXIT, 0, 0, 0);
  }

  #landing(target: number): number {
    const cell = (this.#insns.length + 1) * CELLS + this.#landings.length;
    this.#landings.push(Op.BACK_EDGE, 0, target, 0);
    return cell;
  }

  /** Rewritten calls of subprograms have the distance in `off` and the subprogram's number in `imm`. */
  #call(i: number): void {
    const [src, off, imm] = [this.#insns.src(i), this.#insns.off(i), this.#insns.imm(i)];
    if (src === BPF_PSEUDO_CALL) this.#push(i, Op.CALL_SUBPROGRAM, this.#target(i, off === 0 ? imm : off));
    else this.#push(i, Op.CALL_HELPER, this.#helper(i, src === 0, off, imm));
  }

  #helper(i: number, isHelper: boolean, off: number, imm: number): number {
    const key = isHelper ? `${imm}` : `${imm}/${off}`;
    const known = this.#helperIndex.get(key);
    if (known !== undefined) return known;
    const { helpers, kfuncs } = this.#options;
    const found = isHelper ? helpers?.(imm) : kfuncs?.(imm, off);
    const index = this.#program.helpers.push(found ?? missing(i, isHelper, imm)) - 1;
    this.#helperIndex.set(key, index);
    return index;
  }
}

function missing(i: number, isHelper: boolean, imm: number): Helper {
  return () => {
    throw new ProgramFault(i, `there is no ${isHelper ? 'helper' : 'kernel function'} ${imm}`);
  };
}

function signedDivision(op: number, wide: boolean, isReg: boolean): number {
  const first = op === C.BPF_DIV ? Op.SDIV64_K : Op.SMOD64_K;
  return first + (wide ? 0 : 2) + (isReg ? 1 : 0);
}
