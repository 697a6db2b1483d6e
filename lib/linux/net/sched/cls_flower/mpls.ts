// net/sched/cls_flower.c fl_set_key_mpls(), fl_dump_key_mpls(): entries of a label stack, each as it lies in the packet: label,
// traffic class, bottom of stack, time to live. The first entry may be given by attributes of its own, any by a list.
import type { Extack } from '../../../../codec/extack.js';
import { attrsIn, type Nla, NLA_F_NESTED, NLA_HDRLEN } from '../../../../codec/nla.js';
import { NL_VALIDATE_STRICT, parseNested } from '../../../../codec/parse.js';
import { EBADMSG, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { AT, type FlowKey, MPLS_MAX } from '../../core/flow_dissector/flow_key.js';
import type { MessageWriter } from '../../netlink/message.js';
import { type Attributes, type FlowMatch, refuseKey } from './match.js';

const F = P.TCA_FLOWER;
const LSE = P.TCA_FLOWER_KEY_MPLS_OPT_LSE;

/** Parts of an entry: where its bits begin, and which it may have. */
const parts = {
  TTL: { shift: 0, max: 0xff, text: '' },
  BOS: { shift: 8, max: 1, text: 'Bottom Of Stack (BOS) must be 0 or 1' },
  TC: { shift: 9, max: 7, text: 'Traffic Class (TC) must be between 0 and 7' },
  LABEL: { shift: 12, max: 0xfffff, text: 'Label must be between 0 and 1048575' },
} as const;
type Part = keyof typeof parts;
/** The order in which requests are looked at, and that of attributes of their own in a dump. */
const asked: readonly Part[] = ['TTL', 'BOS', 'TC', 'LABEL'];
const dumped: readonly Part[] = ['TTL', 'TC', 'LABEL', 'BOS'];

const read = (key: FlowKey, index: number, { shift, max }: (typeof parts)[Part]): number =>
  (key.view.getUint32(AT.mpls + 4 * index) >>> shift) & max;

function write(key: FlowKey, index: number, { shift, max }: (typeof parts)[Part], value: number): void {
  const at = AT.mpls + 4 * index;
  key.view.setUint32(at, (key.view.getUint32(at) & ~(max << shift)) | (value << shift));
}

function use({ key, mask }: FlowMatch, index: number): void {
  key.u8[AT.mplsUsed]! |= 1 << index;
  mask.u8[AT.mplsUsed]! |= 1 << index;
}

function take(match: FlowMatch, index: number, part: Part, nla: Nla | undefined, extack: Extack): void {
  if (nla === undefined) return;
  const { max, text } = parts[part];
  const value = part === 'LABEL' ? nla.u32() : nla.u8();
  if (value > max) refuseKey(extack, EINVAL, text, nla);
  write(match.key, index, parts[part], value);
  write(match.mask, index, parts[part], max);
  use(match, index);
}

/** @models net/sched/cls_flower.c fl_set_key_mpls_lse() */
function setEntry(match: FlowMatch, nest: Nla, extack: Extack): void {
  if ((nest.rawType & NLA_F_NESTED) === 0) refuseKey(extack, EINVAL, 'NLA_F_NESTED is missing', nest);
  const tb = parseNested(LSE, nest, NL_VALIDATE_STRICT, extack);
  const depth = tb.DEPTH;
  if (depth === undefined) return refuseKey(extack, EINVAL, 'Missing MPLS option "depth"');
  if (depth < 1 || depth > MPLS_MAX) refuseKey(extack, EINVAL, 'Invalid MPLS depth', tb.$nla[LSE.DEPTH.type]);
  use(match, depth - 1);
  for (const part of asked) take(match, depth - 1, part, tb.$nla[LSE[part].type], extack);
}

/** @models net/sched/cls_flower.c fl_set_key_mpls_opts() */
function setEntries(match: FlowMatch, list: Nla, extack: Extack): void {
  if ((list.rawType & NLA_F_NESTED) === 0) refuseKey(extack, EINVAL, 'NLA_F_NESTED is missing', list);
  let end = list.start;
  for (const nest of attrsIn(list)) {
    if (nest.type !== P.TCA_FLOWER_KEY_MPLS_OPTS_LSE) refuseKey(extack, EINVAL, 'Invalid MPLS option type', nest);
    setEntry(match, nest, extack);
    end = nest.off + ((NLA_HDRLEN + nest.len + 3) & ~3);
  }
  if (end !== list.end) refuseKey(extack, EINVAL, 'Bytes leftover after parsing MPLS options');
}

const BOTH_WAYS =
  'MPLS label, Traffic Class, Bottom Of Stack and Time To Live must be encapsulated in the MPLS options attribute';

/** @models net/sched/cls_flower.c fl_set_key_mpls() */
export function setMpls(match: FlowMatch, nla: Attributes, extack: Extack): void {
  const list = nla[F.KEY_MPLS_OPTS.type];
  const own = asked.map((part) => [part, nla[F[`KEY_MPLS_${part}`].type]] as const);
  if (list === undefined) {
    for (const [part, value] of own) take(match, 0, part, value, extack);
    return;
  }
  if (own.some(([, value]) => value !== undefined)) refuseKey(extack, EBADMSG, BOTH_WAYS, list);
  setEntries(match, list, extack);
}

/** Those parts of an entry that the mask looks at. */
function putParts(skb: MessageWriter, match: FlowMatch, index: number, order: readonly Part[], first: boolean): void {
  for (const part of order) {
    if (read(match.mask, index, parts[part]) === 0) continue;
    const value = read(match.key, index, parts[part]);
    const { type } = first ? F[`KEY_MPLS_${part}`] : LSE[part];
    if (part === 'LABEL') skb.putU32(type, value);
    else skb.putRaw(type, Uint8Array.of(value));
  }
}

/** The old attributes where they can say it. @models net/sched/cls_flower.c fl_dump_key_mpls() */
export function dumpMpls(skb: MessageWriter, match: FlowMatch): void {
  const used = match.mask.u8[AT.mplsUsed]!;
  if (used === 0) return;
  if (used === 1 && match.mask.view.getUint32(AT.mpls) !== 0) {
    putParts(skb, match, 0, dumped, true);
    return;
  }
  const list = skb.nest(F.KEY_MPLS_OPTS.type | NLA_F_NESTED);
  for (let index = 0; index < MPLS_MAX; index++) {
    if ((used & (1 << index)) === 0) continue;
    const nest = skb.nest(P.TCA_FLOWER_KEY_MPLS_OPTS_LSE | NLA_F_NESTED);
    skb.putRaw(LSE.DEPTH.type, Uint8Array.of(index + 1));
    putParts(skb, match, index, asked, false);
    skb.nestEnd(nest);
  }
  skb.nestEnd(list);
}
