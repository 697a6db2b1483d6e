// net/core/filter.c, kernel/trace/bpf_trace.c: contexts of kinds of programs that only load, whose fields lie behind pointers:
// what stands for a load, written as a chain. `8@688 2@16` loads eight bytes at 688 of the context, and two at 16 of what they
// point to; `?` skips the rest where the pointer is NULL, `<<16` shifts. Observed in translated programs of 6.18.
import { BPF_PROG_TYPE_PERF_EVENT, BPF_PROG_TYPE_SK_LOOKUP } from '../../../../uapi/linux/bpf.js';
import * as C from '../../../../uapi/linux/bpf_common.js';
import { BPF_DW } from '../../../../uapi/linux/bpf_insn.js';
import * as B from '../../../../vm/build.js';
import { BPF_READ } from '../../../kernel/bpf/type_flags.js';
import type { BpfInsn, BpfVerifierOps } from '../../../kernel/bpf/verifier_ops.js';

type Convert = NonNullable<BpfVerifierOps['convertCtxAccess']>;

const sizeBits: Readonly<Record<number, number>> = { 1: C.BPF_B, 2: C.BPF_H, 4: C.BPF_W, 8: BPF_DW };

/** struct sk_msg_md */
const skMsg = new Map<number, string>([
  [0, '8@640'],
  [8, '8@648'],
  [16, '8@688 2@16'],
  [20, '8@688 4@0'],
  [24, '8@688 4@4'],
  ...[0, 4, 8, 12].map((word) => [28 + word, `8@688 4@${56 + word}`] as const),
  ...[0, 4, 8, 12].map((word) => [44 + word, `8@688 4@${72 + word}`] as const),
  [60, '8@688 2@12 <<16'],
  [64, '8@688 2@14'],
  [68, '4@12'],
  [72, '8@688'],
]);

/** In struct bpf_sk_lookup: two bytes, and two of nothing. */
const REMOTE_PORT = 36;

/** struct bpf_sk_lookup */
const skLookup = new Map<number, string>([
  [0, '8@32'],
  [8, '2@0'],
  [12, '2@2'],
  [16, '4@8'],
  ...[0, 4, 8, 12].map((word) => [20 + word, `8@16 ? 4@${word}`] as const),
  [36, '2@4'],
  [38, '=0'],
  [40, '4@12'],
  ...[0, 4, 8, 12].map((word) => [44 + word, `8@24 ? 4@${word}`] as const),
  [60, '2@6'],
  [64, '4@40'],
]);

/** struct bpf_perf_event_data: registers, then what the sample says. */
const perfEvent = new Map<number, string>([
  ...Array.from({ length: 21 }, (_, i) => [8 * i, `8@0 8@${8 * i}`] as const),
  [168, '8@8 8@8'],
  [176, '8@8 8@184'],
]);

/** struct bpf_sock_addr, what is only read. */
const sockAddr = new Map<number, string>([
  [0, '8@8 2@0'],
  [28, '8@0 2@16'],
  [32, '8@0 2@534'],
  [36, '8@0 2@532'],
  [64, '8@0'],
]);

/** Where an address or the port of struct bpf_sock_addr lies: the pointer, and the offset behind it. */
function addressField(off: number): readonly [pointer: number, at: number] {
  if (off === USER_PORT) return [8, 2];
  if (off < USER_PORT) return [8, off];
  return [24, off < MSG_SRC_IP6 ? 0 : off - MSG_SRC_IP6];
}
const USER_PORT = 24;
const MSG_SRC_IP6 = 44;
/** Where a register is kept for a moment. */
const TEMP_REG = 16;

function instruction(word: string, dst: number, src: number): BpfInsn {
  if (word === '?') return B.jmpImm(C.BPF_JEQ, dst, 0, 1);
  if (word === '=0') return B.mov32Imm(dst, 0);
  if (word === '<<16') return B.alu32Imm(C.BPF_LSH, dst, 16);
  const [size = 0, at = 0] = word.split('@').map(Number);
  return B.ldxMem(sizeBits[size]!, dst, src, at);
}

/** Size of the last load of a chain; what is nothing stands for two bytes. */
const lastSize = (chain: string): number => Number(/(\d)@\d+[^@]*$/.exec(chain)?.[1] ?? 2);

const follow =
  (chains: ReadonlyMap<number, string>): Convert =>
  (_type, { off, dst, src }) => {
    const chain = chains.get(off);
    if (chain === undefined) throw new RangeError(`no field of the context at ${off}`);
    const insns = chain.split(' ').map((word, i) => instruction(word, dst, i === 0 ? src : dst));
    return { insns, targetSize: lastSize(chain) };
  };

/** @models kernel/trace/bpf_trace.c pe_prog_convert_ctx_access() @differs stands with its kin */
export const perfEventConvertCtxAccess = follow(perfEvent);

/** Stores borrow a register. @models net/core/filter.c sock_addr_convert_ctx_access() */
export const sockAddrConvertCtxAccess: Convert = (type, si, prog) => {
  if (sockAddr.has(si.off)) return follow(sockAddr)(type, si, prog);
  const [pointer, at] = addressField(si.off);
  const size = si.off === USER_PORT ? C.BPF_H : si.code & 0x18;
  const targetSize = si.off === USER_PORT ? 2 : size === BPF_DW ? 8 : 4;
  if (type === BPF_READ)
    return { insns: [B.ldxMem(BPF_DW, si.dst, si.src, pointer), B.ldxMem(size, si.dst, si.dst, at)], targetSize };
  const reg = si.dst === 9 || si.src === 9 ? 8 : 9;
  const insns = [
    B.stxMem(BPF_DW, si.dst, reg, TEMP_REG),
    B.ldxMem(BPF_DW, reg, si.dst, pointer),
    B.raw((si.code & 0x07) | size | C.BPF_MEM, reg, si.src, at, si.imm),
    B.ldxMem(BPF_DW, reg, si.dst, TEMP_REG),
  ];
  return { insns, targetSize };
};

/** @models net/core/filter.c sk_msg_convert_ctx_access() */
export const skMsgConvertCtxAccess = follow(skMsg);

/**
 * Bytes of the field of such a context that an access is in.
 *
 * @models net/core/filter.c sk_lookup_is_valid_access()
 */
export function chainedFieldSize(type: number, off: number): number {
  if (type === BPF_PROG_TYPE_PERF_EVENT) return 8;
  return type === BPF_PROG_TYPE_SK_LOOKUP && off >= REMOTE_PORT && off < REMOTE_PORT + 4 ? 2 : 4;
}

/** @models net/core/filter.c sk_lookup_convert_ctx_access() */
export const skLookupConvertCtxAccess = follow(skLookup);
