// include/uapi/linux/bpf.h: what an instruction of extended BPF has beyond bpf_common.h. What stands in the second half
// is the kernel's own (include/linux/filter.h): no user may submit it, the verifier writes it.

/** struct bpf_insn: code u8, dst_reg and src_reg 4 bits each, off s16, imm s32. */
export const BPF_INSN_SIZE = 8;

/** Instruction classes. */
export const BPF_JMP32 = 0x06;
export const BPF_ALU64 = 0x07;

/** Sizes and modes of loads and stores. */
export const BPF_DW = 0x18;
export const BPF_MEMSX = 0x80;
export const BPF_ATOMIC = 0xc0;
export const BPF_XADD = 0xc0;

/** Operations of ALU and ALU64. */
export const BPF_MOV = 0xb0;
export const BPF_ARSH = 0xc0;
export const BPF_END = 0xd0;

/** Source bit of BPF_END. */
export const BPF_TO_LE = 0x00;
export const BPF_TO_BE = 0x08;

/** Operations of JMP and JMP32. */
export const BPF_JNE = 0x50;
export const BPF_JSGT = 0x60;
export const BPF_JSGE = 0x70;
export const BPF_CALL = 0x80;
export const BPF_EXIT = 0x90;
export const BPF_JLT = 0xa0;
export const BPF_JLE = 0xb0;
export const BPF_JSLT = 0xc0;
export const BPF_JSLE = 0xd0;
export const BPF_JCOND = 0xe0;

/** `imm` of BPF_ATOMIC; a plain operation is one of ALU. */
export const BPF_FETCH = 0x01;
export const BPF_XCHG = 0xe0 | BPF_FETCH;
export const BPF_CMPXCHG = 0xf0 | BPF_FETCH;
export const BPF_LOAD_ACQ = 0x100;
export const BPF_STORE_REL = 0x110;

/** `src_reg` of BPF_JCOND (enum bpf_cond_pseudo_jmp). */
export const BPF_MAY_GOTO = 0;

/** `off` of a 64-bit register move (enum bpf_addr_space_cast). */
export const BPF_ADDR_SPACE_CAST = 1;

export const BPF_REG_0 = 0;
export const BPF_REG_1 = 1;
export const BPF_REG_2 = 2;
export const BPF_REG_3 = 3;
export const BPF_REG_4 = 4;
export const BPF_REG_5 = 5;
export const BPF_REG_6 = 6;
export const BPF_REG_7 = 7;
export const BPF_REG_8 = 8;
export const BPF_REG_9 = 9;
export const BPF_REG_10 = 10;
export const MAX_BPF_REG = 11;

/** The frame pointer. */
export const BPF_REG_FP = BPF_REG_10;
/** A register that only rewritten instructions use. */
export const BPF_REG_AX = MAX_BPF_REG;

/** JMP operation: R1 context, R2 prog array, R3 index. */
export const BPF_TAIL_CALL = 0xf0;
/** `off` of a 64-bit register move: the address of this CPU's copy. */
export const BPF_ADDR_PERCPU = -1;
/** Mode of ST: a barrier against speculation. */
export const BPF_NOSPEC = 0xc0;
/** Modes of LDX whose faults give zero. */
export const BPF_PROBE_MEM = 0x20;
export const BPF_PROBE_MEMSX = 0x40;

/** Bytes of a program's stack. */
export const MAX_BPF_STACK = 512;
/** Functions that may be active at a time. */
export const MAX_CALL_FRAMES = 8;
/** Tail calls of one run. */
export const MAX_TAIL_CALL_CNT = 33;
/** Rounds of a loop that only `may_goto` ends. */
export const BPF_MAX_LOOPS = 8 * 1024 * 1024;
