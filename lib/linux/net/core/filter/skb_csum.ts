// net/core/filter.c: helpers that keep checksums right: in headers of the packet, over pieces of memory, and the sum that
// came with the packet.
import { EACCES, EFAULT, EINVAL, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { setR0, setR0Unsigned } from '../../../../vm/helper_call.js';
import * as S from '../skbuff/checksum.js';
import { CHECKSUM_COMPLETE, CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, type SkBuff } from '../skbuff/sk_buff.js';
import { hasOther, type HelperEntry, type HelperMaker, R1, R2, R3, R4, R5, skbHelper } from './call.js';
import { bpfTryMakeWritable } from './skb_bytes.js';

const BPF_F_HDR_FIELD_MASK = 0xf;
const BPF_F_PSEUDO_HDR = 1 << 4;
const BPF_F_MARK_MANGLED_0 = 1 << 5;
const BPF_F_MARK_ENFORCE = 1 << 6;
const BPF_F_IPV6 = 1 << 7;
const L4_FLAGS = BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR | BPF_F_HDR_FIELD_MASK | BPF_F_IPV6;

/** Address of the checksum at the offset in R2, ready to be changed, or 0. */
function checksumAt(skb: SkBuff, regs: Int32Array): number {
  const offset = regs[R2]! >>> 0;
  if (offset > 0xffff || (offset & 1) !== 0) return 0;
  return bpfTryMakeWritable(skb, offset + 2) === 0 ? skb.data + offset : 0;
}

/** @models net/core/filter.c bpf_l3_csum_replace() */
function l3CsumReplace(skb: SkBuff, regs: Int32Array): number {
  if (hasOther(regs, R5, BPF_F_HDR_FIELD_MASK)) return -EINVAL;
  const at = checksumAt(skb, regs);
  if (at === 0) return -EFAULT;
  const { view } = skb.memory;
  const folded = view.getUint16(at, true);
  const [from, to] = [regs[R3]! >>> 0, regs[R4]! >>> 0];
  switch (regs[R5]! & BPF_F_HDR_FIELD_MASK) {
    case 0:
      if (from !== 0 || regs[R3 + 1] !== 0) return -EINVAL;
      view.setUint16(at, S.csumReplaceByDiff(folded, to), true);
      return 0;
    case 2:
      view.setUint16(at, S.csumReplace2(folded, from & 0xffff, to & 0xffff), true);
      return 0;
    case 4:
      view.setUint16(at, S.csumReplace4(folded, from, to), true);
      return 0;
    default:
      return -EINVAL;
  }
}

/**
 * Changes the checksum at `at` for a field that went from `from` to `to`; a sum over the whole packet follows when the field
 * is in the pseudo header only.
 *
 * @models net/core/utils.c inet_proto_csum_replace4()
 */
function inetProtoCsumReplace4(skb: SkBuff, at: number, from: number, to: number, pseudo: boolean): void {
  const { view } = skb.memory;
  const folded = view.getUint16(at, true);
  if (skb.ipSummed !== CHECKSUM_PARTIAL) {
    view.setUint16(at, S.csumReplace4(folded, from, to), true);
    if (skb.ipSummed === CHECKSUM_COMPLETE && pseudo) skb.csum = ~S.csumAdd(S.csumSub(~skb.csum >>> 0, from), to) >>> 0;
  } else if (pseudo) {
    view.setUint16(at, ~S.csumFold(S.csumAdd(S.csumSub(folded, from), to)) & 0xffff, true);
  }
}

/** @models net/core/utils.c inet_proto_csum_replace_by_diff() */
function inetProtoCsumReplaceByDiff(skb: SkBuff, at: number, diff: number, pseudo: boolean, ipv6: boolean): void {
  const { view } = skb.memory;
  const folded = view.getUint16(at, true);
  if (skb.ipSummed !== CHECKSUM_PARTIAL) {
    view.setUint16(at, S.csumReplaceByDiff(folded, diff), true);
    if (skb.ipSummed === CHECKSUM_COMPLETE && pseudo && !ipv6) skb.csum = ~S.csumSub(diff, skb.csum) >>> 0;
  } else if (pseudo) {
    view.setUint16(at, ~S.csumFold(S.csumAdd(diff, folded)) & 0xffff, true);
  }
}

/** False: there is no such size of a field, or a difference has a `from`. */
function replaceField(skb: SkBuff, at: number, regs: Int32Array): boolean {
  const flags = regs[R5]!;
  const pseudo = (flags & BPF_F_PSEUDO_HDR) !== 0;
  const [from, to] = [regs[R3]! >>> 0, regs[R4]! >>> 0];
  switch (flags & BPF_F_HDR_FIELD_MASK) {
    case 0:
      if (from !== 0 || regs[R3 + 1] !== 0) return false;
      inetProtoCsumReplaceByDiff(skb, at, to, pseudo, (flags & BPF_F_IPV6) !== 0);
      return true;
    case 2:
      inetProtoCsumReplace4(skb, at, from & 0xffff, to & 0xffff, pseudo);
      return true;
    case 4:
      inetProtoCsumReplace4(skb, at, from, to, pseudo);
      return true;
    default:
      return false;
  }
}

/** @models net/core/filter.c bpf_l4_csum_replace() */
function l4CsumReplace(skb: SkBuff, regs: Int32Array): number {
  if (hasOther(regs, R5, L4_FLAGS)) return -EINVAL;
  const at = checksumAt(skb, regs);
  if (at === 0) return -EFAULT;
  const flags = regs[R5]!;
  const { view } = skb.memory;
  const mangledZero = (flags & BPF_F_MARK_MANGLED_0) !== 0;
  if (mangledZero && (flags & BPF_F_MARK_ENFORCE) === 0 && view.getUint16(at, true) === 0) return 0;
  if (!replaceField(skb, at, regs)) return -EINVAL;
  if (mangledZero && view.getUint16(at, true) === 0) view.setUint16(at, S.CSUM_MANGLED_0, true);
  return 0;
}

/** csum_from32to16(): 16 bits, not inverted. */
const from32to16 = (sum: number): number => ~S.csumFold(sum) & 0xffff;

/**
 * The sum of what is new less the sum of what was, on top of a seed.
 *
 * @models net/core/filter.c bpf_csum_diff()
 */
const csumDiff: HelperMaker = ({ memory }) => {
  const sum = (regs: Int32Array, r: number, seed: number): number =>
    S.csumPartial(memory, regs[r]! >>> 0, regs[r + 2]!, seed);
  return (regs) => {
    const [fromSize, toSize] = [regs[R2]!, regs[R4]!];
    const seed = regs[R5]! >>> 0;
    let result = seed;
    if (fromSize !== 0 && toSize !== 0) result = S.csumSub(sum(regs, R3, seed), sum(regs, R1, 0));
    else if (toSize !== 0) result = sum(regs, R3, seed);
    else if (fromSize !== 0) result = ~sum(regs, R1, ~seed >>> 0) >>> 0;
    setR0Unsigned(regs, from32to16(result));
  };
};

/** The new sum, unsigned, where there is one: not an int. @models net/core/filter.c bpf_csum_update() */
const csumUpdate: HelperMaker = ({ softnet }) => {
  const { skbs } = softnet;
  return (regs) => {
    const skb = skbs.at(regs[R1]!);
    if (skb.ipSummed !== CHECKSUM_COMPLETE) {
      setR0(regs, -ENOTSUPP);
      return;
    }
    skb.csum = S.csumAdd(skb.csum, regs[R2]! >>> 0);
    setR0Unsigned(regs, skb.csum);
  };
};

const BPF_CSUM_LEVEL_QUERY = 0;
const BPF_CSUM_LEVEL_INC = 1;
const BPF_CSUM_LEVEL_DEC = 2;
const BPF_CSUM_LEVEL_RESET = 3;

/** @models net/core/filter.c bpf_csum_level() */
function csumLevel(skb: SkBuff, regs: Int32Array): number {
  if (regs[R2 + 1] !== 0) return -EINVAL;
  switch (regs[R2]) {
    case BPF_CSUM_LEVEL_INC:
      S.skbIncrChecksumUnnecessary(skb);
      return 0;
    case BPF_CSUM_LEVEL_DEC:
      S.skbDecrChecksumUnnecessary(skb);
      return 0;
    case BPF_CSUM_LEVEL_RESET:
      S.skbResetChecksumUnnecessary(skb);
      return 0;
    case BPF_CSUM_LEVEL_QUERY:
      return skb.ipSummed === CHECKSUM_UNNECESSARY ? skb.csumLevel : -EACCES;
    default:
      return -EINVAL;
  }
}

export const skbCsumHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_l3_csum_replace, skbHelper(l3CsumReplace)],
  [F.BPF_FUNC_l4_csum_replace, skbHelper(l4CsumReplace)],
  [F.BPF_FUNC_csum_diff, csumDiff],
  [F.BPF_FUNC_csum_update, csumUpdate],
  [F.BPF_FUNC_csum_level, skbHelper(csumLevel)],
];
