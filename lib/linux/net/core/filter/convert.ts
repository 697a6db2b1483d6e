// net/core/filter.c: what stands for an access to struct __sk_buff: instructions on the real struct sk_buff (and the
// structures it points to). The verifier asks for each access it allowed; narrow loads it masks itself, which is why it is
// told the size of the field behind. Byte for byte what the kernel shows in dumps of translated programs.
import * as C from '../../../../uapi/linux/bpf_common.js';
import { BPF_DW } from '../../../../uapi/linux/bpf_insn.js';
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import { BPF_WRITE } from '../../../kernel/bpf/type_flags.js';
import type { AccessType } from '../../../kernel/bpf/type_flags.js';
import type { BpfInsn } from '../../../kernel/bpf/verifier_ops.js';
import * as B from '../../../../vm/build.js';
import * as L from '../skbuff/layout.js';
import * as S from './sk_buff_context.js';

export interface Converted {
  insns: BpfInsn[];
  targetSize: number;
}

/** The register that only the kernel uses. */
const AX = 11;
/** Queue mappings from here on stand for none and are not stored. */
const NO_QUEUE_MAPPING = 0xffff;
/** Ids below belong to CPUs. */
const MIN_NAPI_ID = 257;

const sizeBits: Readonly<Record<number, number>> = { 1: C.BPF_B, 2: C.BPF_H, 4: C.BPF_W, 8: BPF_DW };

/** Fields that are one field of struct sk_buff: its offset and size. */
const plainFields = new Map<number, readonly [number, number]>([
  [S.LEN, [L.SKB_LEN, 4]],
  [S.PROTOCOL, [L.SKB_PROTOCOL, 2]],
  [S.VLAN_PROTO, [L.SKB_VLAN_PROTO, 2]],
  [S.VLAN_TCI, [L.SKB_VLAN_TCI, 2]],
  [S.PRIORITY, [L.SKB_PRIORITY, 4]],
  [S.INGRESS_IFINDEX, [L.SKB_SKB_IIF, 4]],
  [S.HASH, [L.SKB_HASH, 4]],
  [S.MARK, [L.SKB_MARK, 4]],
  [S.TC_INDEX, [L.SKB_TC_INDEX, 2]],
  [S.TC_CLASSID, [L.SKB_CB + L.QDISC_CB_TC_CLASSID, 2]],
  [S.WIRE_LEN, [L.SKB_CB + L.QDISC_CB_PKT_LEN, 4]],
]);

/** Pointers; the verifier gives the size. */
const pointers = new Map<number, number>([
  [S.DATA, L.SKB_DATA],
  [S.DATA_META, L.SKB_CB + L.DATA_END_DATA_META],
  [S.DATA_END, L.SKB_CB + L.DATA_END_DATA_END],
  [S.SK, L.SKB_SK],
]);

/** Fields of struct skb_shared_info: offset and size. */
const sharedFields = new Map<number, readonly [number, number]>([
  [S.GSO_SEGS, [L.SHINFO_GSO_SEGS, 2]],
  [S.GSO_SIZE, [L.SHINFO_GSO_SIZE, 2]],
  [S.HWTSTAMP, [L.SHINFO_HWTSTAMPS, 8]],
]);

/** The store `si` (of a register or a constant) at `off`, of another size. @models include/linux/filter.h BPF_EMIT_STORE() */
const emitStore = (size: number, si: BpfInsn, off: number): BpfInsn =>
  B.raw((si.code & 0x07) | size | C.BPF_MEM, si.dst, si.src, off, si.imm);

const isStoreOfConstant = (si: BpfInsn): boolean => (si.code & 0x07) === C.BPF_ST;

/** @models net/core/filter.c bpf_convert_shinfo_access() */
function convertShinfoAccess(si: BpfInsn, off: number, size: number): BpfInsn[] {
  return [
    B.ldxMem(C.BPF_W, AX, si.src, L.SKB_END),
    B.ldxMem(BPF_DW, si.dst, si.src, L.SKB_HEAD),
    B.alu64Reg(C.BPF_ADD, si.dst, AX),
    B.ldxMem(sizeBits[size]!, si.dst, si.dst, off),
  ];
}

function writeQueueMapping(si: BpfInsn): BpfInsn[] {
  const store = emitStore(C.BPF_H, si, L.SKB_QUEUE_MAPPING);
  if (isStoreOfConstant(si)) return si.imm >= NO_QUEUE_MAPPING ? [B.jmpA(0)] : [store];
  return [B.jmpImm(C.BPF_JGE, si.src, NO_QUEUE_MAPPING, 1), store];
}

/**
 * A program that does not know of tstamp_type reads 0 for a delivery time at ingress.
 *
 * @models net/core/filter.c bpf_convert_tstamp_read()
 */
function convertTstampRead(prog: BpfProg, si: BpfInsn): BpfInsn[] {
  const load = B.ldxMem(BPF_DW, si.dst, si.src, L.SKB_TSTAMP);
  if (prog.tstampTypeAccess) return [load];
  return [
    B.ldxMem(C.BPF_B, AX, si.src, L.SKB_BF_MONO_TC_OFFSET),
    B.jmp32Imm(C.BPF_JSET, AX, L.TC_AT_INGRESS_MASK, 1),
    B.jmpA(4),
    B.jmp32Imm(C.BPF_JSET, AX, L.SKB_TSTAMP_TYPE_MASK, 1),
    B.jmpA(2),
    B.mov64Imm(si.dst, 0),
    B.jmpA(1),
    load,
  ];
}

/**
 * A program that does not know of tstamp_type writes a receive time at ingress.
 *
 * @models net/core/filter.c bpf_convert_tstamp_write()
 */
function convertTstampWrite(prog: BpfProg, si: BpfInsn): BpfInsn[] {
  const store = emitStore(BPF_DW, si, L.SKB_TSTAMP);
  if (prog.tstampTypeAccess) return [store];
  return [
    B.ldxMem(C.BPF_B, AX, si.dst, L.SKB_BF_MONO_TC_OFFSET),
    B.jmp32Imm(C.BPF_JSET, AX, L.TC_AT_INGRESS_MASK, 1),
    B.jmpA(2),
    B.alu32Imm(C.BPF_AND, AX, ~L.SKB_TSTAMP_TYPE_MASK),
    B.stxMem(C.BPF_B, si.dst, AX, L.SKB_BF_MONO_TC_OFFSET),
    store,
  ];
}

function convertCb(type: AccessType, si: BpfInsn, prog: BpfProg): Converted {
  prog.cbAccess = true;
  const off = si.off - S.CB + L.SKB_CB + L.QDISC_CB_DATA;
  const size = si.code & 0x18;
  return {
    insns: [type === BPF_WRITE ? emitStore(size, si, off) : B.ldxMem(size, si.dst, si.src, off)],
    targetSize: 0,
  };
}

/** A byte of flags, masked. */
const bits = (si: BpfInsn, off: number, mask: number): Converted => ({
  insns: [B.ldxMem(C.BPF_B, si.dst, si.src, off), B.alu32Imm(C.BPF_AND, si.dst, mask)],
  targetSize: 1,
});

/** `guard` stands between the load of the device and the load from it. */
const convertIfindex = (si: BpfInsn, guard: readonly BpfInsn[]): Converted => ({
  insns: [
    B.ldxMem(BPF_DW, si.dst, si.src, L.SKB_DEV),
    ...guard,
    B.ldxMem(C.BPF_W, si.dst, si.dst, L.NET_DEVICE_IFINDEX),
  ],
  targetSize: 4,
});

function convertVlanPresent(si: BpfInsn): Converted {
  return {
    insns: [
      B.ldxMem(C.BPF_W, si.dst, si.src, L.SKB_VLAN_ALL),
      B.jmpImm(C.BPF_JEQ, si.dst, 0, 1),
      B.mov32Imm(si.dst, 1),
    ],
    targetSize: 4,
  };
}

function convertNapiId(si: BpfInsn): Converted {
  return {
    insns: [
      B.ldxMem(C.BPF_W, si.dst, si.src, L.SKB_NAPI_ID),
      B.jmpImm(C.BPF_JGE, si.dst, MIN_NAPI_ID, 1),
      B.mov64Imm(si.dst, 0),
    ],
    targetSize: 4,
  };
}

function convertQueueMapping(type: AccessType, si: BpfInsn): Converted {
  const insns = type === BPF_WRITE ? writeQueueMapping(si) : [B.ldxMem(C.BPF_H, si.dst, si.src, L.SKB_QUEUE_MAPPING)];
  return { insns, targetSize: 2 };
}

/** Fields of the packet's socket: from family to local_port; offset in struct sock, and size. */
const socketFields = new Map<number, readonly [number, number]>([
  [S.FAMILY, [16, 2]],
  [S.FAMILY + 4, [0, 4]],
  [S.FAMILY + 8, [4, 4]],
  ...[0, 4, 8, 12].map((word) => [S.FAMILY + 12 + word, [56 + word, 4]] as const),
  ...[0, 4, 8, 12].map((word) => [S.FAMILY + 28 + word, [72 + word, 4]] as const),
  [S.LOCAL_PORT - 4, [12, 2]],
  [S.LOCAL_PORT, [14, 2]],
]);

/** The remote port is in the upper half, as it always was in the byte order of the network. */
function convertSocketField(si: BpfInsn, [at, size]: readonly [number, number]): Converted {
  const load = [B.ldxMem(BPF_DW, si.dst, si.src, L.SKB_SK), B.ldxMem(sizeBits[size]!, si.dst, si.dst, at)];
  const isRemotePort = si.off === S.LOCAL_PORT - 4;
  return { insns: isRemotePort ? [...load, B.alu32Imm(C.BPF_LSH, si.dst, 16)] : load, targetSize: size };
}

function convertOfSocket(si: BpfInsn): Converted {
  const field = socketFields.get(si.off);
  if (field === undefined) throw new RangeError(`no field of the context at ${si.off}`);
  return convertSocketField(si, field);
}

/** The fields that take more than one instruction, or bits. */
function convertSpecial(type: AccessType, si: BpfInsn, prog: BpfProg): Converted {
  switch (si.off) {
    case S.PKT_TYPE:
      return bits(si, L.SKB_PKT_TYPE_OFFSET, L.PKT_TYPE_MAX);
    case S.TSTAMP_TYPE:
      return bits(si, L.SKB_BF_MONO_TC_OFFSET, L.SKB_TSTAMP_TYPE_MASK);
    case S.IFINDEX:
      return convertIfindex(si, [B.jmpImm(C.BPF_JEQ, si.dst, 0, 1)]);
    case S.QUEUE_MAPPING:
      return convertQueueMapping(type, si);
    case S.VLAN_PRESENT:
      return convertVlanPresent(si);
    case S.NAPI_ID:
      return convertNapiId(si);
    case S.TSTAMP:
      return {
        insns: type === BPF_WRITE ? convertTstampWrite(prog, si) : convertTstampRead(prog, si),
        targetSize: 8,
      };
    default:
      return convertOfSocket(si);
  }
}

/**
 * The instructions for the access `si`, whose offset is that of a whole field (of any part of it for cb).
 *
 * @models net/core/filter.c bpf_convert_ctx_access()
 */
export function bpfConvertCtxAccess(type: AccessType, si: BpfInsn, prog: BpfProg): Converted {
  const { off } = si;
  if (off >= S.CB && off < S.CB + 20) return convertCb(type, si, prog);
  const plain = plainFields.get(off);
  if (plain !== undefined) {
    const [at, size] = plain;
    const op = sizeBits[size]!;
    return {
      insns: [type === BPF_WRITE ? emitStore(op, si, at) : B.ldxMem(op, si.dst, si.src, at)],
      targetSize: size,
    };
  }
  const pointer = pointers.get(off);
  if (pointer !== undefined) return { insns: [B.ldxMem(BPF_DW, si.dst, si.src, pointer)], targetSize: 0 };
  const shared = sharedFields.get(off);
  if (shared !== undefined) return { insns: convertShinfoAccess(si, shared[0], shared[1]), targetSize: shared[1] };
  return convertSpecial(type, si, prog);
}

/**
 * A packet that a classifier or an action sees always has a device.
 *
 * @models net/core/filter.c tc_cls_act_convert_ctx_access()
 */
export const tcClsActConvertCtxAccess = (type: AccessType, si: BpfInsn, prog: BpfProg): Converted =>
  si.off === S.IFINDEX ? convertIfindex(si, []) : bpfConvertCtxAccess(type, si, prog);

/** struct sk_skb_cb: where a register is kept for a moment. */
const TEMP_REG = L.SKB_CB + 40;

/** Without a register of its own for the result, another one is borrowed. @models net/core/filter.c bpf_convert_data_end_access() */
function convertDataEnd({ dst, src }: BpfInsn): BpfInsn[] {
  const reg = src !== dst ? dst : src === 9 ? 8 : 9;
  const sum = [
    B.ldxMem(BPF_DW, reg, src, L.SKB_DATA),
    B.ldxMem(C.BPF_W, AX, src, L.SKB_LEN),
    B.alu64Reg(C.BPF_ADD, reg, AX),
    B.ldxMem(C.BPF_W, AX, src, L.SKB_DATA_LEN),
    B.alu64Reg(C.BPF_SUB, reg, AX),
  ];
  if (src !== dst) return sum;
  const restore = [B.mov64Reg(AX, src), B.mov64Reg(dst, reg), B.ldxMem(BPF_DW, reg, AX, TEMP_REG)];
  return [B.stxMem(BPF_DW, src, reg, TEMP_REG), ...sum, ...restore];
}

/**
 * For parsers of streams, which have no queueing discipline: cb begins earlier, and where the packet ends is added up.
 *
 * @models net/core/filter.c sk_skb_convert_ctx_access()
 */
export function skSkbConvertCtxAccess(type: AccessType, si: BpfInsn, prog: BpfProg): Converted {
  if (si.off === S.DATA_END) return { insns: convertDataEnd(si), targetSize: 0 };
  if (si.off < S.CB || si.off >= S.CB + 20) return bpfConvertCtxAccess(type, si, prog);
  const size = si.code & 0x18;
  const off = si.off - S.CB + L.SKB_CB;
  return {
    insns: [type === BPF_WRITE ? emitStore(size, si, off) : B.ldxMem(size, si.dst, si.src, off)],
    targetSize: 0,
  };
}

/** struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index. */
const XDP_RXQ = 32;
const xdpPointers: readonly number[] = [0, 8, 16];

/** @models net/core/filter.c xdp_convert_ctx_access() */
export function xdpConvertCtxAccess(_type: AccessType, si: BpfInsn): Converted {
  const pointer = xdpPointers[si.off / 4];
  if (pointer !== undefined) return { insns: [B.ldxMem(BPF_DW, si.dst, si.src, pointer)], targetSize: 0 };
  const queue = B.ldxMem(BPF_DW, si.dst, si.src, XDP_RXQ);
  const insns =
    si.off === 16
      ? [queue, B.ldxMem(C.BPF_W, si.dst, si.dst, 8)]
      : [queue, B.ldxMem(BPF_DW, si.dst, si.dst, 0), B.ldxMem(C.BPF_W, si.dst, si.dst, L.NET_DEVICE_IFINDEX)];
  return { insns, targetSize: 4 };
}
