// Applies the input policy of an attribute set to a run of attributes, as lib/nlattr.c does: the walk, the checks by
// kind, the texts, and what each strictness adds. Values come back typed, the attributes themselves in `$nla`.
import { foundClass, type Attribute, type AttrSet, type AttrValues } from './attrs.js';
import type { Bytes } from './bytes.js';
import type { Extack } from './extack.js';
import { Nla, NLA_F_NESTED, NLA_HDRLEN, NLA_TYPE_MASK, nlaAlign } from './nla.js';

/** enum netlink_validation of include/net/netlink.h. */
export const NL_VALIDATE_LIBERAL = 0;
export const NL_VALIDATE_TRAILING = 1;
export const NL_VALIDATE_MAXTYPE = 2;
export const NL_VALIDATE_UNSPEC = 4;
export const NL_VALIDATE_STRICT_ATTRS = 8;
export const NL_VALIDATE_NESTED = 16;
export const NL_VALIDATE_DEPRECATED_STRICT = NL_VALIDATE_TRAILING | NL_VALIDATE_MAXTYPE;
export const NL_VALIDATE_STRICT =
  NL_VALIDATE_DEPRECATED_STRICT | NL_VALIDATE_UNSPEC | NL_VALIDATE_STRICT_ATTRS | NL_VALIDATE_NESTED;

/** Why a policy refuses: the name of the errno, for the caller to raise. */
export type PolicyErrno = 'EINVAL' | 'ERANGE';

/** Raised by parse(); extack already says what and where. One object an errno: no stack, nothing to allocate. */
export class PolicyError extends Error {
  readonly errno: PolicyErrno;

  constructor(errno: PolicyErrno) {
    super(`attribute failed policy validation: ${errno}`);
    this.errno = errno;
  }
}

const einval = new PolicyError('EINVAL');
const erange = new PolicyError('ERANGE');

export type Parsed<D> = AttrValues<D> & {
  /** The last attribute of each type, by type number. */
  readonly $nla: readonly (Nla | undefined)[];
};

/** Least payload of each integer kind, bytes. */
const intSizes: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8, s32: 4 };

function refuse(extack: Extack | undefined, error: PolicyError, msg: string, nla: Nla, attribute?: Attribute): never {
  extack?.setBad(msg, nla.off, attribute?.kind);
  throw error;
}

/** Whether the policy says more than a least length (anything but NLA_UNSPEC). */
function isTyped({ kind }: Attribute): boolean {
  return kind.type !== 'unspec' && kind.type !== 'unchecked';
}

function checkNestedFlag(attribute: Attribute, nla: Nla, extack: Extack | undefined): void {
  const isNest = attribute.kind.type === 'nested';
  const hasFlag = (nla.rawType & NLA_F_NESTED) !== 0;
  if (isNest && !hasFlag) refuse(extack, einval, 'NLA_F_NESTED is missing', nla, attribute);
  if (!isNest && isTyped(attribute) && hasFlag) refuse(extack, einval, 'NLA_F_NESTED not expected', nla, attribute);
}

function checkBitfield(nla: Nla, mask: number): PolicyError | undefined {
  if (nla.len !== 8) return erange;
  const value = nla.u32();
  const selector = nla.msg.view.getUint32(nla.start + 4, true);
  if ((selector & ~mask) !== 0 || (value & ~mask) !== 0 || (value & ~selector) !== 0) return einval;
  return undefined;
}

function checkString(nla: Nla, max: number): PolicyError | undefined {
  if (nla.len < 1) return erange;
  if (max === 0) return undefined;
  const length = nla.msg.u8[nla.end - 1] === 0 ? nla.len - 1 : nla.len;
  return length > max ? erange : undefined;
}

function checkNulString(nla: Nla, max: number): PolicyError | undefined {
  const scan = max === 0 ? nla.len : Math.min(nla.len, max + 1);
  const { u8 } = nla.msg;
  for (let i = 0; i < scan; i++) if (u8[nla.start + i] === 0) return checkString(nla, max);
  return einval;
}

/** The check of one kind: undefined when the payload passes. */
function judge(attribute: Attribute, nla: Nla): PolicyError | undefined {
  const kind = attribute.kind;
  switch (kind.type) {
    case 'unchecked':
      return undefined;
    case 'reject':
      return einval;
    case 'flag':
      return nla.len > 0 ? erange : undefined;
    case 'bitfield32':
      return checkBitfield(nla, kind.mask ?? 0);
    case 'nul_string':
      return checkNulString(nla, kind.len);
    case 'string':
      return checkString(nla, kind.len);
    case 'binary':
      return kind.len !== 0 && nla.len > kind.len ? erange : undefined;
    case 'nested':
      return nla.len !== 0 && nla.len < NLA_HDRLEN ? erange : undefined;
    case 'unspec':
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64':
    case 's32':
      return nla.len < kind.len ? erange : undefined;
  }
}

function validate(attribute: Attribute, nla: Nla, mode: number, extack: Extack | undefined): void {
  if (mode !== NL_VALIDATE_LIBERAL) {
    const size = intSizes[attribute.kind.type];
    if (size !== undefined && nla.len !== size && mode & NL_VALIDATE_STRICT_ATTRS)
      refuse(extack, einval, 'invalid attribute length', nla, attribute);
    if (mode & NL_VALIDATE_NESTED) checkNestedFlag(attribute, nla, extack);
    if (mode & NL_VALIDATE_UNSPEC && !isTyped(attribute)) refuse(extack, einval, 'Unsupported attribute', nla);
  }
  const error = judge(attribute, nla);
  if (error !== undefined) refuse(extack, error, 'Attribute failed policy validation', nla, attribute);
  checkValue(attribute, nla, extack);
}

/** What NLA_POLICY_EXACT_LEN() adds. */
function checkLength({ kind }: Attribute, nla: Nla): boolean {
  const { min = 0, max = Infinity } = kind;
  return nla.len >= min && nla.len <= max;
}

/** What NLA_POLICY_MIN(), NLA_POLICY_MAX() and NLA_POLICY_MASK() add. */
function checkValue(attribute: Attribute, nla: Nla, extack: Extack | undefined): void {
  const { kind } = attribute;
  if (kind.type === 'binary') {
    if (!checkLength(attribute, nla)) refuse(extack, erange, 'binary attribute size out of range', nla, attribute);
    return;
  }
  const { min, max, mask } = kind;
  if (min !== undefined && (kind.read(nla) as number) < min)
    refuse(extack, erange, 'integer out of range', nla, attribute);
  if (max !== undefined && (kind.read(nla) as number) > max)
    refuse(extack, erange, 'integer out of range', nla, attribute);
  if (mask !== undefined && kind.type !== 'bitfield32' && ((kind.read(nla) as number) & ~mask) !== 0)
    refuse(extack, einval, 'reserved bit set', nla);
}

/**
 * Parses the attributes in `msg` from `start` up to `end`. Later duplicates win; types outside the set are skipped.
 * Throws PolicyError, extack filled, at the first attribute the policy refuses.
 */
export function parse<D>(
  set: AttrSet<D>,
  msg: Bytes,
  start: number,
  end: number,
  mode: number,
  extack: Extack | undefined,
): Parsed<D> {
  const found = new (set.$Found ?? foundClass(set))(set.$max);
  const { $nla } = found;
  let off = start;
  while (end - off >= NLA_HDRLEN) {
    const length = msg.view.getUint16(off, true);
    if (length < NLA_HDRLEN || length > end - off) break;
    const type = msg.view.getUint16(off + 2, true) & NLA_TYPE_MASK;
    const nla = new Nla(msg, off, length - NLA_HDRLEN);
    off += nlaAlign(length);
    if (type === 0 || type > set.$max) {
      if (mode & NL_VALIDATE_MAXTYPE) refuse(extack, einval, 'Unknown attribute type', nla);
      continue;
    }
    const attribute = set.$byType[type];
    const judged = type >= set.$strictFrom ? NL_VALIDATE_STRICT : mode;
    if (attribute === undefined || attribute.direction === 'dump') {
      if (judged & NL_VALIDATE_UNSPEC) refuse(extack, einval, 'Unsupported attribute', nla);
    } else {
      validate(attribute, nla, judged, extack);
    }
    $nla[type] = nla;
  }
  if (off < end) {
    if (extack !== undefined) extack.msg = 'bytes leftover after parsing attributes';
    if (mode & NL_VALIDATE_TRAILING) throw einval;
  }
  return found as unknown as Parsed<D>;
}

/** Parses the attributes inside `nest`. */
export function parseNested<D>(set: AttrSet<D>, nest: Nla, mode: number, extack: Extack | undefined): Parsed<D> {
  return parse(set, nest.msg, nest.start, nest.end, mode, extack);
}
