// include/linux/bpf.h: the kinds of values the verifier tells apart, as registers hold them, helpers want them and helpers
// return them. A kind is a base type in the low eight bits with flags above.

/** enum bpf_type_flag: what is special about a pointer or a size. */
export const PTR_MAYBE_NULL = 0x100;
export const MEM_RDONLY = 0x200;
export const MEM_RINGBUF = 0x400;
export const MEM_USER = 0x800;
export const MEM_PERCPU = 0x1000;
export const OBJ_RELEASE = 0x2000;
export const PTR_UNTRUSTED = 0x4000;
export const MEM_UNINIT = 0x8000;
export const DYNPTR_TYPE_LOCAL = 0x10000;
export const DYNPTR_TYPE_RINGBUF = 0x20000;
export const MEM_FIXED_SIZE = 0x40000;
export const MEM_ALLOC = 0x80000;
export const PTR_TRUSTED = 0x100000;
export const MEM_RCU = 0x200000;
export const NON_OWN_REF = 0x400000;
export const DYNPTR_TYPE_SKB = 0x800000;
export const DYNPTR_TYPE_XDP = 0x1000000;
export const MEM_ALIGNED = 0x2000000;
export const MEM_WRITE = 0x4000000;
export const DYNPTR_TYPE_SKB_META = 0x8000000;

/** enum bpf_reg_type: what a register holds. */
export const NOT_INIT = 0;
export const SCALAR_VALUE = 1;
export const PTR_TO_CTX = 2;
export const CONST_PTR_TO_MAP = 3;
export const PTR_TO_MAP_VALUE = 4;
export const PTR_TO_MAP_KEY = 5;
export const PTR_TO_STACK = 6;
export const PTR_TO_PACKET_META = 7;
export const PTR_TO_PACKET = 8;
export const PTR_TO_PACKET_END = 9;
export const PTR_TO_FLOW_KEYS = 10;
export const PTR_TO_SOCKET = 11;
export const PTR_TO_SOCK_COMMON = 12;
export const PTR_TO_TCP_SOCK = 13;
export const PTR_TO_TP_BUFFER = 14;
export const PTR_TO_XDP_SOCK = 15;
export const PTR_TO_BTF_ID = 16;
export const PTR_TO_MEM = 17;
export const PTR_TO_ARENA = 18;
export const PTR_TO_BUF = 19;
export const PTR_TO_FUNC = 20;
export const CONST_PTR_TO_DYNPTR = 21;
export const PTR_TO_MAP_VALUE_OR_NULL = 0x104;
export const PTR_TO_SOCKET_OR_NULL = 0x10b;
export const PTR_TO_SOCK_COMMON_OR_NULL = 0x10c;
export const PTR_TO_TCP_SOCK_OR_NULL = 0x10d;
export const PTR_TO_BTF_ID_OR_NULL = 0x110;

/** enum bpf_arg_type: what a helper wants in R1 to R5. */
export const ARG_DONTCARE = 0;
export const ARG_CONST_MAP_PTR = 1;
export const ARG_PTR_TO_MAP_KEY = 2;
export const ARG_PTR_TO_MAP_VALUE = 3;
export const ARG_PTR_TO_MEM = 4;
export const ARG_PTR_TO_ARENA = 5;
export const ARG_CONST_SIZE = 6;
export const ARG_CONST_SIZE_OR_ZERO = 7;
export const ARG_PTR_TO_CTX = 8;
export const ARG_ANYTHING = 9;
export const ARG_PTR_TO_SPIN_LOCK = 10;
export const ARG_PTR_TO_SOCK_COMMON = 11;
export const ARG_PTR_TO_SOCKET = 12;
export const ARG_PTR_TO_BTF_ID = 13;
export const ARG_PTR_TO_RINGBUF_MEM = 14;
export const ARG_CONST_ALLOC_SIZE_OR_ZERO = 15;
export const ARG_PTR_TO_BTF_ID_SOCK_COMMON = 16;
export const ARG_PTR_TO_PERCPU_BTF_ID = 17;
export const ARG_PTR_TO_FUNC = 18;
export const ARG_PTR_TO_STACK = 19;
export const ARG_PTR_TO_CONST_STR = 20;
export const ARG_PTR_TO_TIMER = 21;
export const ARG_KPTR_XCHG_DEST = 22;
export const ARG_PTR_TO_DYNPTR = 23;
export const ARG_PTR_TO_MAP_VALUE_OR_NULL = 0x103;
export const ARG_PTR_TO_MEM_OR_NULL = 0x104;
export const ARG_PTR_TO_CTX_OR_NULL = 0x108;
export const ARG_PTR_TO_SOCKET_OR_NULL = 0x10c;
export const ARG_PTR_TO_STACK_OR_NULL = 0x113;
export const ARG_PTR_TO_BTF_ID_OR_NULL = 0x10d;
export const ARG_PTR_TO_UNINIT_MEM = 0x4008004;
export const ARG_PTR_TO_FIXED_SIZE_MEM = 0x40004;

/** enum bpf_return_type: what a helper leaves in R0. */
export const RET_INTEGER = 0;
export const RET_VOID = 1;
export const RET_PTR_TO_MAP_VALUE = 2;
export const RET_PTR_TO_SOCKET = 3;
export const RET_PTR_TO_TCP_SOCK = 4;
export const RET_PTR_TO_SOCK_COMMON = 5;
export const RET_PTR_TO_MEM = 6;
export const RET_PTR_TO_MEM_OR_BTF_ID = 7;
export const RET_PTR_TO_BTF_ID = 8;
export const RET_PTR_TO_MAP_VALUE_OR_NULL = 0x102;
export const RET_PTR_TO_SOCKET_OR_NULL = 0x103;
export const RET_PTR_TO_TCP_SOCK_OR_NULL = 0x104;
export const RET_PTR_TO_SOCK_COMMON_OR_NULL = 0x105;
export const RET_PTR_TO_RINGBUF_MEM_OR_NULL = 0x506;
export const RET_PTR_TO_DYNPTR_MEM_OR_NULL = 0x106;
export const RET_PTR_TO_BTF_ID_OR_NULL = 0x108;
export const RET_PTR_TO_BTF_ID_TRUSTED = 0x100008;

/** enum bpf_access_type */
export const BPF_READ = 1;
export const BPF_WRITE = 2;
export type AccessType = typeof BPF_READ | typeof BPF_WRITE;

export const BPF_BASE_TYPE_BITS = 8;

/** The type without its flags. @models include/linux/bpf_verifier.h base_type() */
export const baseType = (type: number): number => type & 0xff;

/** The flags without the type. @models include/linux/bpf_verifier.h type_flag() */
export const typeFlag = (type: number): number => type & ~0xff;
