// net/core/filter.c: which bytes of their context (struct __sk_buff) programs of the packet kinds may read and write. The
// verifier asks for each access with a constant offset. An access is aligned to its size and stays in one field.
import * as T from '../../../kernel/bpf/type_flags.js';
import type { BpfProg } from '../../../kernel/bpf/prog.js';
import type { BpfVerifierOps, InsnAccessAux } from '../../../kernel/bpf/verifier_ops.js';
import * as S from './sk_buff_context.js';

type Access = T.AccessType;
type IsValidAccess = BpfVerifierOps['isValidAccess'];

/** Size of most fields. */
const DEFAULT = 4;
const CB_END = S.CB + 20;

const isCb = (off: number): boolean => off >= S.CB && off < CB_END;
/** Whether `off` is in the field of four bytes at `field`. */
const inField = (off: number, field: number): boolean => off >= field && off < field + DEFAULT;
const isPacketPointer = (off: number): boolean =>
  inField(off, S.DATA) || inField(off, S.DATA_END) || inField(off, S.DATA_META);
const isSocketAddress = (off: number): boolean => off >= S.FAMILY && off < S.LOCAL_PORT + 4;

/** A field of four bytes: written whole; read whole or in part, which the verifier turns into a load of the whole. */
function plainField(size: number, type: Access, info: InsnAccessAux): boolean {
  if (type === T.BPF_WRITE) return size === DEFAULT;
  info.ctxFieldSize = DEFAULT;
  return size <= DEFAULT;
}

/** The fields from flow_keys to the end, which have rules of their own; undefined: none of them. */
function wideField(off: number, size: number, type: Access, info: InsnAccessAux): boolean | undefined {
  if (off >= S.FLOW_KEYS && off < S.FLOW_KEYS + 8) return false;
  if (off >= S.TSTAMP && off < S.TSTAMP + 8) return size === 8;
  if (off >= S.SK && off < S.SK + 8) {
    info.regType = T.PTR_TO_SOCK_COMMON_OR_NULL;
    return type === T.BPF_READ && size === 8;
  }
  if (off >= S.HWTSTAMP) return type === T.BPF_READ && size === 8;
  return off >= S.TSTAMP_TYPE ? false : undefined;
}

/**
 * What all kinds of programs over packets have in common.
 *
 * @models net/core/filter.c bpf_skb_is_valid_access()
 */
export function bpfSkbIsValidAccess(off: number, size: number, type: Access, info: InsnAccessAux): boolean {
  if (off < 0 || off >= S.SIZE || off % size !== 0) return false;
  if (isCb(off)) return off + size <= CB_END;
  if (isPacketPointer(off)) return size === DEFAULT && !info.isLdsx;
  if (off >= S.FAMILY + DEFAULT && off < S.LOCAL_PORT - 4) return size === DEFAULT;
  return wideField(off, size, type, info) ?? plainField(size, type, info);
}

const hiddenFromSockets = (off: number): boolean =>
  inField(off, S.TC_CLASSID) ||
  isPacketPointer(off) ||
  isSocketAddress(off) ||
  (off >= S.TSTAMP && off < S.TSTAMP + 8) ||
  inField(off, S.WIRE_LEN) ||
  off >= S.HWTSTAMP;

/**
 * Socket filters see no packet pointers and write nothing but cb.
 *
 * @models net/core/filter.c sk_filter_is_valid_access()
 */
export const skFilterIsValidAccess: IsValidAccess = (off, size, type, _prog, info) => {
  if (hiddenFromSockets(off)) return false;
  if (type === T.BPF_WRITE && !isCb(off)) return false;
  return bpfSkbIsValidAccess(off, size, type, info);
};

const writableForTc = (off: number): boolean =>
  inField(off, S.MARK) ||
  inField(off, S.TC_INDEX) ||
  inField(off, S.PRIORITY) ||
  inField(off, S.TC_CLASSID) ||
  isCb(off) ||
  (off >= S.TSTAMP && off < S.TSTAMP + 8) ||
  inField(off, S.QUEUE_MAPPING);

function packetPointer(off: number): number | undefined {
  if (inField(off, S.DATA)) return T.PTR_TO_PACKET;
  if (inField(off, S.DATA_META)) return T.PTR_TO_PACKET_META;
  return inField(off, S.DATA_END) ? T.PTR_TO_PACKET_END : undefined;
}

function tstampType(size: number, prog: BpfProg): boolean {
  prog.tstampTypeAccess = true;
  return size === 1;
}

/**
 * Classifiers and actions. A program that looks at tstamp_type gets tstamp as it is: that is noted on the program here,
 * before any access is rewritten.
 *
 * @models net/core/filter.c tc_cls_act_is_valid_access()
 */
export const tcClsActIsValidAccess: IsValidAccess = (off, size, type, prog, info) => {
  if (type === T.BPF_WRITE && !writableForTc(off)) return false;
  if (isSocketAddress(off)) return false;
  if (off === S.TSTAMP_TYPE) return tstampType(size, prog);
  info.regType = packetPointer(off) ?? info.regType;
  return bpfSkbIsValidAccess(off, size, type, info);
};
