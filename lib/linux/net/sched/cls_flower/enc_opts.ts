// net/sched/cls_flower.c fl_set_enc_opt(): options of a tunnel, as the bytes that travel with a packet. Values and mask are lists
// that are gone through together, one option of the mask for one of the values; where the mask ends, all bits count.
// Each kind has its own struct: Geneve's may come in any number, the others once.
import type { Extack } from '../../../../codec/extack.js';
import { attrsIn, type Nla, NLA_F_NESTED } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, NL_VALIDATE_STRICT, parseNested } from '../../../../codec/parse.js';
import { EINVAL, ERANGE } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { errno } from '../../../errno.js';
import { AT, ENC_OPTS_MAX, type FlowKey } from '../../core/flow_dissector/flow_key.js';
import { type Attributes, type FlowMatch, refuseKey } from './match.js';

const F = P.TCA_FLOWER;
const KIND = P.TCA_FLOWER_KEY_ENC_OPTS;

/** One option of a key: where it begins, and its attributes; undefined when the mask has none. */
interface Option {
  readonly key: FlowKey;
  readonly at: number;
  readonly nla: Nla | undefined;
  /** Bytes of the values, when this is the mask; else 0. */
  readonly values: number;
  readonly extack: Extack;
}

interface Kind {
  readonly name: string;
  /** Number of its bit: IP_TUNNEL_*_OPT_BIT. */
  readonly bit: number;
  /** Writes the option; how many bytes it takes. */
  readonly set: (option: Option) => number;
}

/** Later kinds say whose text it is. */
const moduleOf = (name: string): string => (name === 'gtp' || name === 'pfcp' ? 'cls_flower: ' : '');

/** The attributes, of the right kind for a mask. */
function attributesOf(nla: Nla, type: number, name: string, mode: number, extack: Extack): void {
  if (nla.type !== type) refuseKey(extack, EINVAL, `${moduleOf(name)}Non-${name} option type for mask`);
  if (mode === NL_VALIDATE_STRICT && (nla.rawType & NLA_F_NESTED) === 0)
    refuseKey(extack, EINVAL, 'NLA_F_NESTED is missing', nla);
}

const GENEVE_HLEN = 4;
const GENEVE_LENGTH = 3;

function geneveData({ key, at, extack }: Option, data: Nla): void {
  const text = 'Tunnel key geneve option data is';
  if (data.len < 4) refuseKey(extack, ERANGE, `${text} less than 4 bytes long`);
  if (data.len % 4 !== 0) refuseKey(extack, ERANGE, `${text} not a multiple of 4 bytes long`);
  if (at - AT.encOpts + GENEVE_HLEN + data.len > ENC_OPTS_MAX)
    refuseKey(extack, ERANGE, 'Tunnel options exceeds max size');
  key.u8[at + GENEVE_LENGTH] = data.len / 4;
  key.u8.set(data.bytes(), at + GENEVE_HLEN);
}

/** @models net/sched/cls_flower.c fl_set_geneve_opt() */
function setGeneve(option: Option): number {
  const { key, at, nla, values, extack } = option;
  const length = Math.max(values - GENEVE_HLEN, 0);
  if (at - AT.encOpts > ENC_OPTS_MAX - GENEVE_HLEN) throw errno(ERANGE);
  key.u8.fill(0xff, at, at + values);
  key.u8[at + GENEVE_LENGTH] = length / 4;
  if (nla === undefined) return GENEVE_HLEN + length;
  attributesOf(nla, KIND.GENEVE.type, 'geneve', NL_VALIDATE_LIBERAL, extack);
  const tb = parseNested(P.TCA_FLOWER_KEY_ENC_OPT_GENEVE, nla, NL_VALIDATE_LIBERAL, extack);
  const data = tb.$nla[P.TCA_FLOWER_KEY_ENC_OPT_GENEVE.DATA.type];
  if (values === 0 && (tb.CLASS === undefined || tb.TYPE === undefined || data === undefined))
    refuseKey(extack, EINVAL, 'Missing tunnel key geneve option class, type or data');
  if (data !== undefined) geneveData(option, data);
  if (tb.CLASS !== undefined) key.view.setUint16(at, tb.CLASS);
  if (tb.TYPE !== undefined) key.u8[at + 2] = tb.TYPE;
  return GENEVE_HLEN + (data === undefined ? length : data.len);
}

const VXLAN_SIZE = 4;
/** VXLAN_GBP_MASK: do not learn, policy applied, the policy. */
const VXLAN_GBP_MASK = 0x48_ffff;

/** @models net/sched/cls_flower.c fl_set_vxlan_opt() */
function setVxlan({ key, at, nla, values, extack }: Option): number {
  key.u8.fill(0xff, at, at + VXLAN_SIZE);
  if (nla === undefined) return VXLAN_SIZE;
  attributesOf(nla, KIND.VXLAN.type, 'vxlan', NL_VALIDATE_STRICT, extack);
  const { GBP } = parseNested(P.TCA_FLOWER_KEY_ENC_OPT_VXLAN, nla, NL_VALIDATE_STRICT, extack);
  if (values === 0 && GBP === undefined) refuseKey(extack, EINVAL, 'Missing tunnel key vxlan option gbp');
  if (GBP !== undefined) key.view.setUint32(at, GBP & VXLAN_GBP_MASK, true);
  return VXLAN_SIZE;
}

/** struct erspan_metadata: the version as an int, then an index or, at the end of struct erspan_md2, two bytes of bits. */
const ERSPAN_SIZE = 12;
const ERSPAN_INDEX = 4;
const ERSPAN_UPPER = 10;
const ERSPAN_LOWER = 11;

function setErspan2(key: FlowKey, at: number, dir: number, hwid: number): void {
  key.u8[at + ERSPAN_UPPER] = (key.u8[at + ERSPAN_UPPER]! & ~3) | ((hwid >> 4) & 3);
  key.u8[at + ERSPAN_LOWER] = (key.u8[at + ERSPAN_LOWER]! & ~0xf8) | ((dir & 1) << 3) | ((hwid & 0xf) << 4);
}

/** A mask that is not given looks at the version alone. @models net/sched/cls_flower.c fl_set_erspan_opt() */
function setErspan({ key, at, nla, values, extack }: Option): number {
  key.view.setUint32(at, 1, true);
  if (nla === undefined) return ERSPAN_SIZE;
  attributesOf(nla, KIND.ERSPAN.type, 'erspan', NL_VALIDATE_STRICT, extack);
  const tb = parseNested(P.TCA_FLOWER_KEY_ENC_OPT_ERSPAN, nla, NL_VALIDATE_STRICT, extack);
  const missing = 'Missing tunnel key erspan option';
  if (values === 0 && tb.VER === undefined) refuseKey(extack, EINVAL, `${missing} ver`);
  const version = tb.VER ?? 1;
  key.view.setUint32(at, version, true);
  if (version === 1) {
    if (values === 0 && tb.INDEX === undefined) refuseKey(extack, EINVAL, `${missing} index`);
    key.view.setUint32(at + ERSPAN_INDEX, tb.INDEX ?? 0xffff_ffff);
  } else if (version === 2) {
    if (values === 0 && (tb.DIR === undefined || tb.HWID === undefined))
      refuseKey(extack, EINVAL, `${missing} dir or hwid`);
    setErspan2(key, at, tb.DIR ?? 1, tb.HWID ?? 0xff);
  } else refuseKey(extack, EINVAL, 'Tunnel key erspan option ver is incorrect');
  return ERSPAN_SIZE;
}

const GTP_SIZE = 2;

/** @models net/sched/cls_flower.c fl_set_gtp_opt() */
function setGtp({ key, at, nla, values, extack }: Option): number {
  key.u8.fill(0xff, at, at + values);
  if (nla === undefined) return GTP_SIZE;
  attributesOf(nla, KIND.GTP.type, 'gtp', NL_VALIDATE_STRICT, extack);
  const tb = parseNested(P.TCA_FLOWER_KEY_ENC_OPT_GTP, nla, NL_VALIDATE_STRICT, extack);
  if (values === 0 && (tb.PDU_TYPE === undefined || tb.QFI === undefined))
    refuseKey(extack, EINVAL, 'cls_flower: Missing tunnel key gtp option pdu type or qfi');
  if (tb.PDU_TYPE !== undefined) key.u8[at] = tb.PDU_TYPE;
  if (tb.QFI !== undefined) key.u8[at + 1] = tb.QFI;
  return GTP_SIZE;
}

const PFCP_SIZE = 9;

/** @models net/sched/cls_flower.c fl_set_pfcp_opt() */
function setPfcp({ key, at, nla, values, extack }: Option): number {
  key.u8.fill(0xff, at, at + PFCP_SIZE);
  if (nla === undefined) return PFCP_SIZE;
  attributesOf(nla, KIND.PFCP.type, 'pfcp', NL_VALIDATE_STRICT, extack);
  const tb = parseNested(P.TCA_FLOWER_KEY_ENC_OPT_PFCP, nla, NL_VALIDATE_STRICT, extack);
  if (values === 0 && tb.TYPE === undefined)
    refuseKey(extack, EINVAL, 'cls_flower: Missing tunnel key pfcp option type');
  if (tb.TYPE !== undefined) key.u8[at] = tb.TYPE;
  const seid = tb.$nla[P.TCA_FLOWER_KEY_ENC_OPT_PFCP.SEID.type];
  if (seid !== undefined) key.u8.set(seid.bytes(), at + 1);
  return PFCP_SIZE;
}

export const GENEVE_BIT = 11;
export const VXLAN_BIT = 12;
export const ERSPAN_BIT = 14;
export const GTP_BIT = 15;
export const PFCP_BIT = 17;

const kinds: ReadonlyMap<number, Kind> = new Map([
  [KIND.GENEVE.type, { name: 'geneve', bit: GENEVE_BIT, set: setGeneve }],
  [KIND.VXLAN.type, { name: 'vxlan', bit: VXLAN_BIT, set: setVxlan }],
  [KIND.ERSPAN.type, { name: 'erspan', bit: ERSPAN_BIT, set: setErspan }],
  [KIND.GTP.type, { name: 'gtp', bit: GTP_BIT, set: setGtp }],
  [KIND.PFCP.type, { name: 'pfcp', bit: PFCP_BIT, set: setPfcp }],
]);

const UNKNOWN = 'Unknown tunnel option type';

/** Writes an option behind those that are there; all its bytes. */
function append(kind: Kind, key: FlowKey, nla: Nla | undefined, values: number, extack: Extack): number {
  key.u8[AT.encOptsType] = kind.bit;
  const size = kind.set({ key, at: AT.encOpts + key.u8[AT.encOptsLen]!, nla, values, extack });
  key.u8[AT.encOptsLen]! += size;
  return size;
}

function setOption({ key, mask }: FlowMatch, nla: Nla, bits: Nla | undefined, extack: Extack): void {
  const kind = kinds.get(nla.type);
  if (kind === undefined) return refuseKey(extack, EINVAL, UNKNOWN);
  const before = key.u8[AT.encOptsType]!;
  if (before !== 0 && (before !== kind.bit || kind.bit !== GENEVE_BIT))
    refuseKey(extack, EINVAL, `${moduleOf(kind.name)}Duplicate type for ${kind.name} options`);
  const size = append(kind, key, nla, 0, extack);
  append(kind, mask, bits, size, extack);
  if (key.u8[AT.encOptsLen] !== mask.u8[AT.encOptsLen])
    refuseKey(extack, EINVAL, `${moduleOf(kind.name)}Key and mask miss aligned`);
}

/** `max`: the last kind that the kernel knows. @models net/sched/cls_flower.c fl_set_enc_opt() */
export function setEncOpts(match: FlowMatch, nla: Attributes, extack: Extack, max: number): void {
  const values = nla[F.KEY_ENC_OPTS.type]!;
  const given = nla[F.KEY_ENC_OPTS_MASK.type];
  parseNested(KIND, values, NL_VALIDATE_LIBERAL, extack);
  if (given !== undefined) parseNested(KIND, given, NL_VALIDATE_LIBERAL, extack);
  const masks = given === undefined ? [] : attrsIn(given);
  if (given !== undefined && masks.length === 0) refuseKey(extack, EINVAL, 'Invalid nested attribute for masks');
  attrsIn(values).forEach((option, i) => {
    if (option.type > max) refuseKey(extack, EINVAL, UNKNOWN);
    setOption(match, option, masks[i], extack);
  });
}
