// net/core/filter.c: what stands for an access to struct bpf_sock or struct bpf_tcp_sock: a load from the real structure, as
// BTF and translated programs of 6.18 on x86-64 show it. The verifier has checked the access (verifier/sock_access.ts).
import * as C from '../../../../uapi/linux/bpf_common.js';
import { BPF_DW, BPF_JNE } from '../../../../uapi/linux/bpf_insn.js';
import * as B from '../../../../vm/build.js';
import * as T from '../../../kernel/bpf/type_flags.js';
import type { BpfInsn, BpfVerifierOps } from '../../../kernel/bpf/verifier_ops.js';

type Convert = NonNullable<BpfVerifierOps['convertCtxAccess']>;
/** Offset in the real structure, and size of the field there. */
type Field = readonly [at: number, size: number];

const sizeBits: Readonly<Record<number, number>> = { 1: C.BPF_B, 2: C.BPF_H, 4: C.BPF_W, 8: BPF_DW };

/** struct bpf_sock: bound_dev_if, family, type, protocol, mark, priority, addresses, ports, state. */
const sockFields = new Map<number, Field>([
  [0, [20, 4]],
  [4, [16, 2]],
  [8, [534, 2]],
  [12, [532, 2]],
  [16, [524, 4]],
  [20, [520, 4]],
  [24, [4, 4]],
  [28, [72, 4]],
  [32, [76, 4]],
  [36, [80, 4]],
  [40, [84, 4]],
  [44, [14, 2]],
  [48, [12, 2]],
  [52, [0, 4]],
  [56, [56, 4]],
  [60, [60, 4]],
  [64, [64, 4]],
  [68, [68, 4]],
  [72, [18, 1]],
]);
const RX_QUEUE_MAPPING = 76;
const SKC_RX_QUEUE_MAPPING = 122;
const NO_QUEUE_MAPPING = 0xffff;

/** struct bpf_tcp_sock, from snd_cwnd to icsk_retransmits. */
const tcpSockFields = new Map<number, Field>([
  [0, [1444, 4]],
  [4, [1680, 4]],
  [8, [1500, 4]],
  [12, [1492, 4]],
  [16, [1664, 4]],
  [20, [1668, 4]],
  [24, [1672, 4]],
  [28, [1440, 4]],
  [32, [1640, 1]],
  [36, [1780, 4]],
  [40, [1784, 4]],
  [44, [1684, 4]],
  [48, [1480, 4]],
  [52, [2200, 4]],
  [56, [1760, 4]],
  [60, [1764, 4]],
  [64, [1536, 4]],
  [68, [1540, 4]],
  [72, [1452, 4]],
  [76, [1456, 4]],
  [80, [1752, 8]],
  [88, [1824, 8]],
  [96, [1864, 4]],
  [100, [1692, 4]],
  [104, [1696, 4]],
  [108, [1249, 1]],
]);

function load(fields: ReadonlyMap<number, Field>, si: BpfInsn): ReturnType<Convert> {
  const field = fields.get(si.off);
  if (field === undefined) throw new RangeError(`no field of a socket at ${si.off}`);
  const [at, size] = field;
  return { insns: [B.ldxMem(sizeBits[size]!, si.dst, si.src, at)], targetSize: size };
}

/** @models net/core/filter.c bpf_sock_convert_ctx_access() */
const bpfSockConvertCtxAccess: Convert = (_type, si) => {
  if (si.off !== RX_QUEUE_MAPPING) return load(sockFields, si);
  const insns = [
    B.ldxMem(C.BPF_H, si.dst, si.src, SKC_RX_QUEUE_MAPPING),
    B.jmpImm(BPF_JNE, si.dst, NO_QUEUE_MAPPING, 1),
    B.mov64Imm(si.dst, -1),
  ];
  return { insns, targetSize: 2 };
};

/** @models net/core/filter.c bpf_tcp_sock_convert_ctx_access() */
const bpfTcpSockConvertCtxAccess: Convert = (_type, si) => load(tcpSockFields, si);

/**
 * What converts accesses through a pointer of this type; undefined for pointers to no socket.
 *
 * @models kernel/bpf/verifier.c convert_ctx_accesses() @differs the part about sockets, beside their functions
 */
export function sockConverterOf(pointer: number): Convert | undefined {
  if (pointer === T.PTR_TO_SOCKET || pointer === T.PTR_TO_SOCK_COMMON) return bpfSockConvertCtxAccess;
  return pointer === T.PTR_TO_TCP_SOCK ? bpfTcpSockConvertCtxAccess : undefined;
}
