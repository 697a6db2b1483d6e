// The instruction table: every opcode of extended BPF, once, with what it does, how its operands lie and the kernel that
// brought it. Assembler, disassembler, interpreter, JIT and verifier look here. Where one opcode stands for several
// operations (`off` of a division or a move, `imm` of an atomic, `src` of a call), the rules are the functions below.
import * as C from '../uapi/linux/bpf_common.js';
import * as I from '../uapi/linux/bpf_insn.js';

/** The fields of an opcode (BPF_CLASS() and so on of uapi/linux/bpf_common.h). */
export const bpfClass = (code: number): number => code & 0x07;
export const bpfOp = (code: number): number => code & 0xf0;
export const bpfSrc = (code: number): number => code & 0x08;
export const bpfSize = (code: number): number => code & 0x18;
export const bpfMode = (code: number): number => code & 0xe0;

/** How the operands of an instruction lie. */
export type Form =
  /** dst, imm */
  | 'alu-imm'
  /** dst, src; `off` 1 makes a division signed, 8, 16 or 32 make a move extend the sign */
  | 'alu-reg'
  /** dst */
  | 'neg'
  /** dst, imm 16, 32 or 64 */
  | 'end'
  /** dst, and the imm of this and of the next slot; `src` says what the number is */
  | 'ld-imm64'
  /** imm */
  | 'ld-abs'
  /** src, imm */
  | 'ld-ind'
  /** dst, src, off */
  | 'ldx'
  /** dst, off, imm */
  | 'st'
  /** dst, off, src */
  | 'stx'
  /** dst, off, src; `imm` is the operation */
  | 'atomic'
  /** off */
  | 'ja'
  /** imm */
  | 'ja32'
  /** dst, src, off */
  | 'jmp-reg'
  /** dst, imm, off */
  | 'jmp-imm'
  /** off; `src` is the condition */
  | 'jcond'
  /** imm; `src` says what is called */
  | 'call'
  | 'exit'
  /** R1 to R3; kernel only */
  | 'tail-call'
  /** nothing; kernel only */
  | 'nospec';

export interface Opcode {
  readonly code: number;
  /** Name of the operation: `add`, `jeq`, `ldx`…; with `size` and `wide` it is unique. */
  readonly name: string;
  readonly form: Form;
  /** 64-bit registers (ALU64, JMP) or 32-bit ones (ALU, JMP32). */
  readonly wide: boolean;
  /** Bytes of the access of loads, stores and atomics; otherwise 0. */
  readonly size: number;
  /** Whether what is loaded is sign-extended. */
  readonly signed: boolean;
  /** First kernel that takes it. */
  readonly since: string;
  /** Whether a user may submit it (bpf_opcode_in_insntable()); the others come from the verifier. */
  readonly user: boolean;
}

const FIRST = '3.18';
const table: (Opcode | undefined)[] = new Array<Opcode | undefined>(256).fill(undefined);

function add(code: number, name: string, form: Form, more: Partial<Opcode> = {}): void {
  table[code] = { code, name, form, wide: true, size: 0, signed: false, since: FIRST, user: true, ...more };
}

const aluNames: readonly (readonly [number, string])[] = [
  [C.BPF_ADD, 'add'],
  [C.BPF_SUB, 'sub'],
  [C.BPF_MUL, 'mul'],
  [C.BPF_DIV, 'div'],
  [C.BPF_OR, 'or'],
  [C.BPF_AND, 'and'],
  [C.BPF_LSH, 'lsh'],
  [C.BPF_RSH, 'rsh'],
  [C.BPF_MOD, 'mod'],
  [C.BPF_XOR, 'xor'],
  [I.BPF_MOV, 'mov'],
  [I.BPF_ARSH, 'arsh'],
];

const jumpNames: readonly (readonly [number, string, string])[] = [
  [C.BPF_JEQ, 'jeq', FIRST],
  [C.BPF_JGT, 'jgt', FIRST],
  [C.BPF_JGE, 'jge', FIRST],
  [C.BPF_JSET, 'jset', FIRST],
  [I.BPF_JNE, 'jne', FIRST],
  [I.BPF_JSGT, 'jsgt', FIRST],
  [I.BPF_JSGE, 'jsge', FIRST],
  [I.BPF_JLT, 'jlt', '4.14'],
  [I.BPF_JLE, 'jle', '4.14'],
  [I.BPF_JSLT, 'jslt', '4.14'],
  [I.BPF_JSLE, 'jsle', '4.14'],
];

const sizes: readonly (readonly [number, number])[] = [
  [C.BPF_B, 1],
  [C.BPF_H, 2],
  [C.BPF_W, 4],
  [I.BPF_DW, 8],
];

function addAlu(cls: number, wide: boolean): void {
  for (const [op, name] of aluNames) {
    add(cls | op | C.BPF_K, name, 'alu-imm', { wide });
    add(cls | op | C.BPF_X, name, 'alu-reg', { wide });
  }
  add(cls | C.BPF_NEG, 'neg', 'neg', { wide });
}

function addJumps(cls: number, wide: boolean, least: string): void {
  for (const [op, name, since] of jumpNames) {
    const more = { wide, since: wide ? since : least };
    add(cls | op | C.BPF_K, name, 'jmp-imm', more);
    add(cls | op | C.BPF_X, name, 'jmp-reg', more);
  }
}

function addMemory(bits: number, size: number): void {
  add(C.BPF_LDX | C.BPF_MEM | bits, 'ldx', 'ldx', { size });
  add(C.BPF_ST | C.BPF_MEM | bits, 'st', 'st', { size });
  add(C.BPF_STX | C.BPF_MEM | bits, 'stx', 'stx', { size });
  add(C.BPF_LDX | I.BPF_PROBE_MEM | bits, 'probe', 'ldx', { size, user: false });
  const narrow = size < 4;
  add(C.BPF_STX | I.BPF_ATOMIC | bits, 'atomic', 'atomic', { size, since: narrow ? '6.15' : FIRST });
  if (size === 8) return;
  add(C.BPF_LDX | I.BPF_MEMSX | bits, 'ldx', 'ldx', { size, signed: true, since: '6.6' });
  add(C.BPF_LDX | I.BPF_PROBE_MEMSX | bits, 'probe', 'ldx', { size, signed: true, user: false });
  add(C.BPF_LD | C.BPF_ABS | bits, 'ldabs', 'ld-abs', { size });
  add(C.BPF_LD | C.BPF_IND | bits, 'ldind', 'ld-ind', { size });
}

addAlu(C.BPF_ALU, false);
addAlu(I.BPF_ALU64, true);
add(C.BPF_ALU | I.BPF_END | I.BPF_TO_LE, 'le', 'end', { wide: false });
add(C.BPF_ALU | I.BPF_END | I.BPF_TO_BE, 'be', 'end', { wide: false });
add(I.BPF_ALU64 | I.BPF_END, 'bswap', 'end', { since: '6.6' });
for (const [bits, size] of sizes) addMemory(bits, size);
add(C.BPF_LD | C.BPF_IMM | I.BPF_DW, 'ldimm64', 'ld-imm64');
addJumps(C.BPF_JMP, true, FIRST);
addJumps(I.BPF_JMP32, false, '5.1');
add(C.BPF_JMP | C.BPF_JA, 'ja', 'ja');
add(I.BPF_JMP32 | C.BPF_JA, 'ja', 'ja32', { wide: false, since: '6.6' });
add(C.BPF_JMP | I.BPF_JCOND, 'jcond', 'jcond', { since: '6.9' });
add(C.BPF_JMP | I.BPF_CALL, 'call', 'call');
add(C.BPF_JMP | I.BPF_EXIT, 'exit', 'exit');
add(C.BPF_JMP | I.BPF_TAIL_CALL, 'tailcall', 'tail-call', { user: false });
add(C.BPF_ST | I.BPF_NOSPEC, 'nospec', 'nospec', { user: false });

/** By opcode byte; undefined where there is no such instruction. */
export const opcodes: readonly (Opcode | undefined)[] = table;

/**
 * Whether a user's program may hold this opcode at all.
 *
 * @models kernel/bpf/core.c bpf_opcode_in_insntable()
 */
export function bpfOpcodeInInsntable(code: number): boolean {
  return opcodes[code]?.user === true;
}

/** Whether this is the first half of a 16-byte instruction. */
export const isLdImm64 = (code: number): boolean => code === (C.BPF_LD | C.BPF_IMM | I.BPF_DW);

/** Whether `off` makes a division or a remainder signed (since 6.6). */
export const isSignedDivision = (code: number, off: number): boolean =>
  off === 1 && (bpfOp(code) === C.BPF_DIV || bpfOp(code) === C.BPF_MOD);

/** Bits from which a move extends the sign (since 6.6), or 0 for a plain move. */
export const movsxBits = (code: number, off: number): number =>
  bpfOp(code) === I.BPF_MOV && (off === 8 || off === 16 || off === 32) ? off : 0;

/** What BPF_ATOMIC does, by `imm`. */
export interface AtomicOp {
  readonly imm: number;
  readonly name: string;
  /** Whether the old value goes to `src` (R0 for cmpxchg). */
  readonly fetch: boolean;
  readonly since: string;
}

const arithmetic: readonly (readonly [number, string])[] = [
  [C.BPF_ADD, 'add'],
  [C.BPF_OR, 'or'],
  [C.BPF_AND, 'and'],
  [C.BPF_XOR, 'xor'],
];

export const atomicOps: ReadonlyMap<number, AtomicOp> = new Map(
  [
    ...arithmetic.map(([imm, name]) => ({ imm, name, fetch: false, since: imm === C.BPF_ADD ? FIRST : '5.12' })),
    ...arithmetic.map(([imm, name]) => ({ imm: imm | I.BPF_FETCH, name, fetch: true, since: '5.12' })),
    { imm: I.BPF_XCHG, name: 'xchg', fetch: true, since: '5.12' },
    { imm: I.BPF_CMPXCHG, name: 'cmpxchg', fetch: true, since: '5.12' },
    { imm: I.BPF_LOAD_ACQ, name: 'load_acquire', fetch: false, since: '6.15' },
    { imm: I.BPF_STORE_REL, name: 'store_release', fetch: false, since: '6.15' },
  ].map((op) => [op.imm, op]),
);

/** Signs of the operations, as text of instructions shows them; by the operation's bits >> 4. */
export const aluSigns: readonly (string | undefined)[] = [
  ...['+=', '-=', '*=', '/=', '|=', '&=', '<<=', '>>=', 'neg', '%=', '^=', '=', 's>>=', 'endian'],
  undefined,
  undefined,
];
export const jumpSigns: readonly (string | undefined)[] = [
  ...['jmp', '==', '>', '>=', '&', '!=', 's>', 's>=', 'call', 'exit', '<', '<=', 's<', 's<='],
  undefined,
  undefined,
];
/** Names of access sizes, by the size's bits >> 3. */
export const sizeNames: readonly string[] = ['u32', 'u16', 'u8', 'u64'];
export const signedSizeNames: readonly (string | undefined)[] = ['s32', 's16', 's8', undefined];
