// Operations of the interpreter that no opcode byte names: where one opcode stands for several, decoding picks one of
// these. Everything else runs under its own opcode. The interpreter's switch repeats the numbers as literals, since only
// then an engine makes a jump table of it.

export const LSH64_LONG = 0x100;
export const RSH64_LONG = 0x101;
export const ARSH64_LONG = 0x102;
export const NOP = 0x103;
/** Signed divisions, by `K` and `X`. */
export const SDIV64_K = 0x104;
export const SDIV64_X = 0x105;
export const SDIV32_K = 0x106;
export const SDIV32_X = 0x107;
export const SMOD64_K = 0x108;
export const SMOD64_X = 0x109;
export const SMOD32_K = 0x10a;
export const SMOD32_X = 0x10b;
export const MOVSX64 = 0x10c;
export const MOVSX32 = 0x10d;
/** `K` = bits that stay. */
export const ZERO_EXTEND = 0x10e;
export const SWAP_BYTES = 0x10f;
/** `K` = imm of the instruction; by the size of the access. */
export const ATOMIC = 0x110;
/** `K` = cell of the first instruction. */
export const CALL_SUBPROGRAM = 0x111;
/** `K` = index into the helpers of the program. */
export const CALL_HELPER = 0x112;
/** Loads of the packet: `K` = imm, `off` = size. */
export const LOAD_ABS = 0x113;
export const LOAD_IND = 0x114;
export const MAY_GOTO = 0x115;
/** A taken backward jump: counts, then goes on at the cell in `off`. */
export const BACK_EDGE = 0x116;
/** Ends execute() before the instruction. */
export const TRAP = 0x117;
/** An instruction that must not be reached. */
export const INVALID = 0x118;
/** A load that gives 0 where there is no memory; `K` = its size, and whether it extends the sign. */
export const PROBE = 0x119;

/**
 * A move and what follows on its destination, in one: by the operation that follows. `K` is that operation's; the last cell
 * keeps the move's own first cell, for single steps.
 */
export const AFTER_MOVE: ReadonlyMap<number, number> = new Map([
  [0x07, 0x200],
  [0x67, 0x201],
  [0x77, 0x202],
  [0xc7, 0x203],
  [LSH64_LONG, 0x204],
  [RSH64_LONG, 0x205],
  [ARSH64_LONG, 0x206],
]);
export const FUSED = 0x200;
export const OPERATION = 0x3ff;
