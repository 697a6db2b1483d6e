// lib/nlattr.c __nla_validate_parse(): a run of attributes as the kernel walks it, and everything that is wrong with how
// they lie and with each of them. What a rule asks for afterwards is read in place; an attribute that its policy refuses
// is there but has no value, so that one mistake is told of once.
import type { Attribute, AttrSet } from '../../codec/attrs.js';
import { NLA_F_NESTED, NLA_HDRLEN, NLA_TYPE_MASK, nlaAlign } from '../../codec/nla.js';
import {
  NL_VALIDATE_DEPRECATED_STRICT,
  NL_VALIDATE_LIBERAL,
  NL_VALIDATE_MAXTYPE,
  NL_VALIDATE_NESTED,
  NL_VALIDATE_STRICT,
  NL_VALIDATE_STRICT_ATTRS,
  NL_VALIDATE_UNSPEC,
} from '../../codec/parse.js';
import { noteBroken } from './broken_run.js';
import { C } from './codes.js';
import type { Deviation, Judge, Place } from './judge.js';
import { fault, faultErrno, faultMeaning, faultText, intSize } from './policy.js';

const NLA_F_NET_BYTEORDER = 0x4000;

/** How a run is read. */
export interface Reading {
  /** NL_VALIDATE_* without and with NETLINK_GET_STRICT_CHK. */
  readonly mode: number;
  readonly strictMode: number;
  /** The kernel passes its extended acknowledgement: refusals carry text and place. */
  readonly extack: boolean;
  /** Types are positions in a list: none of them is unknown. */
  readonly positions?: boolean;
  /** The types mean something that is not declared here: none of them is called unknown. */
  readonly open?: boolean;
  /** A list, whose members may be of the same type. */
  readonly list?: boolean;
  /** The kernel looks for the first attribute of a type, and not at all of them in turn. */
  readonly first?: boolean;
  /** Without strict checking nothing is refused: the attributes are not looked at, or faults are passed over. */
  readonly strictOnly?: boolean;
  /** With strict checking the attributes are read otherwise. */
  readonly liberalOnly?: boolean;
  /** The errno that takes the place of the parser's own. */
  readonly errno?: string;
  /** The text that takes the place of the parser's own. */
  readonly msg?: string;
}

export const liberally: Reading = { mode: NL_VALIDATE_LIBERAL, strictMode: NL_VALIDATE_LIBERAL, extack: true };
export const silently: Reading = { ...liberally, extack: false };
export const byPosition: Reading = { ...liberally, positions: true };
export const openly: Reading = { ...liberally, open: true };

/** Read strictly or not at all. */
export const strictlyOnly: Reading = { ...liberally, strictMode: NL_VALIDATE_DEPRECATED_STRICT, strictOnly: true };
/** As older requests are, held to the types there are under strict checking. */
export const orStrictly: Reading = { ...liberally, strictMode: NL_VALIDATE_DEPRECATED_STRICT };
export const alwaysStrictly: Reading = { mode: NL_VALIDATE_STRICT, strictMode: NL_VALIDATE_STRICT, extack: true };

/** A typed array of this size would lie outside the heap, which costs more than the walk. */
function zeros(length: number): number[] {
  const all: number[] = [];
  for (let i = 0; i < length; i++) all.push(0);
  return all;
}

export class Attributes {
  readonly judge: Judge;
  readonly set: AttrSet<object>;
  /** Where the run lies in the datagram. */
  readonly from: number;
  readonly to: number;
  /** The nest it is in: `TCA_OPTIONS`; '' = the message. Only findings know it. */
  readonly path: string;
  /** The run that the nest is of. */
  readonly outer: Attributes | undefined;
  /** Index of the finding that may be why something is missing from the run; -1 = none. */
  cause = -1;
  /** Offset of the header of the last attribute of each type; negative when its policy refuses it, 0 = none. */
  readonly #at: number[];

  constructor(judge: Judge, set: AttrSet<object>, from: number, to: number, path: string, outer?: Attributes) {
    this.judge = judge;
    this.set = set;
    this.from = from;
    this.to = to;
    this.path = path;
    this.outer = outer;
    this.#at = zeros(set.$max + 1);
  }

  has(type: number): boolean {
    return this.#at[type] !== 0 && type <= this.set.$max;
  }

  /** Whether there is one that its policy lets pass. */
  ok(type: number): boolean {
    return this.#at[type]! > 0;
  }

  /** Offset of the header in the datagram. */
  off(type: number): number {
    return Math.abs(this.#at[type]!);
  }

  /** Offset of the payload. */
  start(type: number): number {
    return this.off(type) + NLA_HDRLEN;
  }

  /** Bytes of payload; -1 = there is none. */
  len(type: number): number {
    const at = this.off(type);
    return at === 0 ? -1 : this.judge.view.getUint16(at, true) - NLA_HDRLEN;
  }

  /** Offset of the first byte behind the payload. */
  end(type: number): number {
    return this.start(type) + this.len(type);
  }

  u8(type: number): number | undefined {
    return this.ok(type) && this.len(type) >= 1 ? this.judge.view.getUint8(this.start(type)) : undefined;
  }

  u16(type: number): number | undefined {
    return this.ok(type) && this.len(type) >= 2 ? this.judge.view.getUint16(this.start(type), true) : undefined;
  }

  u32(type: number): number | undefined {
    return this.ok(type) && this.len(type) >= 4 ? this.judge.view.getUint32(this.start(type), true) : undefined;
  }

  /** A string up to its first NUL. */
  string(type: number): string | undefined {
    if (!this.ok(type)) return undefined;
    let text = '';
    for (let i = this.start(type); i < this.end(type) && this.judge.u8[i] !== 0; i++)
      text += String.fromCharCode(this.judge.u8[i]!);
    return text;
  }

  /** `TCA_OPTIONS TCA_BPF_FD`. */
  pathOf(type: number): string {
    const name = this.set.$byType[type]?.name ?? `${this.set.$name}[${type}]`;
    return this.path === '' ? name : `${this.path} ${name}`;
  }

  /** The attribute, or the whole run when there is none. */
  place(type: number): Place {
    if (!this.has(type)) return this.whole;
    return { offset: this.off(type), length: this.len(type) + NLA_HDRLEN, path: this.pathOf(type) };
  }

  /** The run; of one in a nest its header, too. */
  get whole(): Place {
    const from = this.path === '' ? this.from : this.from - NLA_HDRLEN;
    return { offset: from, length: Math.max(0, this.to - from), path: this.path };
  }

  /** The attributes inside one of these that its policy lets pass. */
  nested(type: number, set: AttrSet<object>, reading: Reading): Attributes {
    const path = this.judge.sink === undefined ? '' : this.pathOf(type);
    return walk(this.judge, set, this.start(type), this.end(type), path, reading, this);
  }

  /** Takes one in. */
  put(type: number, off: number, good: boolean, { list, first }: Reading): void {
    const before = this.off(type);
    if (before !== 0 && first === true) this.#noteDuplicate(type, off, before, 'first');
    else {
      if (before !== 0 && list !== true) this.#noteDuplicate(type, before, off, 'last');
      this.#at[type] = good ? off : -off;
    }
  }

  /** Of two at these offsets one does not count. */
  #noteDuplicate(type: number, before: number, off: number, which: 'first' | 'last'): void {
    const { judge } = this;
    if (judge.sink === undefined) return;
    this.blame();
    judge.note({
      code: C.duplicate,
      severity: 'ignored',
      at: { offset: before, length: judge.view.getUint16(before, true), path: this.pathOf(type) },
      text: `given twice: only the ${which} one counts, at offset ${off - judge.start} of the message`,
      fix: 'send it once',
    });
  }

  /** The finding that is told of next may be why something is missing. */
  blame(): void {
    if (this.cause < 0 && this.judge.sink !== undefined) this.cause = this.judge.sink.length;
  }
}

function deny(judge: Judge, { strictOnly, liberalOnly }: Reading, deviation: Deviation): void {
  if (strictOnly === true) judge.strictly(deviation);
  else if (liberalOnly === true) judge.liberally(deviation);
  else judge.refuse(deviation);
}

/** Refuses in the modes that have `bit`; tells of something ignored otherwise. */
function refuseIn(judge: Judge, modes: readonly [number, number], bit: number, deviation: Deviation): boolean {
  if (modes[0] & bit) judge.refuse(deviation);
  else if (modes[1] & bit) judge.strictly(deviation);
  else return false;
  return true;
}

/** A type the kernel knows nothing of, or only sends. */
function noteUnread(run: Attributes, off: number, type: number, reading: Reading): void {
  const { judge, set } = run;
  if (judge.sink === undefined && (reading.mode | reading.strictMode) === 0 && type < set.$strictFrom) return;
  const attribute = set.$byType[type];
  const beyond = type === 0 || type > set.$max;
  const modes: [number, number] =
    type >= set.$strictFrom
      ? [reading.strictOnly === true ? reading.mode : NL_VALIDATE_STRICT, NL_VALIDATE_STRICT]
      : [reading.mode, reading.strictMode];
  const at = { offset: off, length: judge.view.getUint16(off, true), path: run.pathOf(type) };
  const dump = attribute?.direction === 'dump';
  const position = reading.positions === true && beyond;
  const code = dump ? C.dumpOnly : position ? C.actionGap : C.unknownAttribute;
  const name = position ? `${set.$name} has no position ${type}` : `no attribute of ${set.$name} has type ${type}`;
  const text = dump ? 'only the kernel sends this attribute' : name;
  const fix = dump ? 'leave it out' : 'leave it out, or correct nla_type';
  const bad = reading.extack ? off : undefined;
  const own = beyond ? 'Unknown attribute type' : 'Unsupported attribute';
  const msg = reading.extack ? (reading.msg ?? own) : undefined;
  if (!dump) run.blame();
  const bit = beyond ? NL_VALIDATE_MAXTYPE : NL_VALIDATE_UNSPEC;
  if (
    refuseIn(judge, beyond ? [reading.mode, reading.strictMode] : modes, bit, {
      code,
      errno: 'EINVAL',
      msg,
      at,
      text,
      fix,
      bad,
    })
  )
    return;
  judge.note({ code, severity: 'ignored', at, text: `${text}: it has no effect`, fix });
}

const isTyped = ({ kind }: Attribute): boolean => kind.type !== 'unspec' && kind.type !== 'unchecked';

/** What newer parsing asks beside the policy. Returns whether it passes without strict checking. */
function judgeStrictly(
  run: Attributes,
  attribute: Attribute,
  off: number,
  modes: readonly [number, number],
  { extack, msg: instead }: Reading,
): boolean {
  const { judge } = run;
  const length = judge.view.getUint16(off, true) - NLA_HDRLEN;
  const raw = judge.view.getUint16(off + 2, true);
  const at = { offset: off, length: length + NLA_HDRLEN, path: run.pathOf(attribute.type) };
  const bad = extack ? off : undefined;
  const refused = (bit: number, code: Deviation['code'], msg: string, text: string): boolean =>
    refuseIn(judge, modes, bit, { code, errno: 'EINVAL', msg: extack ? (instead ?? msg) : undefined, at, text, bad });
  const size = intSize(attribute.kind.type);
  const nest = attribute.kind.type === 'nested';
  const flagged = (raw & NLA_F_NESTED) !== 0;
  let passes = true;
  if (size !== 0 && length !== size)
    passes = !refused(
      NL_VALIDATE_STRICT_ATTRS,
      length < size ? C.shortInteger : C.inexactInteger,
      'invalid attribute length',
      `an integer of ${size} bytes is given as ${length}`,
    );
  if (!passes && length < size) return false;
  if (nest && !flagged)
    passes =
      !refused(NL_VALIDATE_NESTED, C.nestedFlagMissing, 'NLA_F_NESTED is missing', 'a nest is to carry NLA_F_NESTED') &&
      passes;
  if (!nest && flagged && isTyped(attribute))
    passes =
      !refused(NL_VALIDATE_NESTED, C.nestedFlag, 'NLA_F_NESTED not expected', 'NLA_F_NESTED on what is no nest') &&
      passes;
  if (!isTyped(attribute))
    passes =
      !refused(
        NL_VALIDATE_UNSPEC,
        C.unsupportedStrictly,
        'Unsupported attribute',
        'strict parsing takes no attribute without a policy',
      ) && passes;
  return passes;
}

/** Oddities that the kernel takes no notice of. */
function noteOddities(run: Attributes, attribute: Attribute, off: number, length: number, strict: boolean): void {
  const { judge } = run;
  const raw = judge.view.getUint16(off + 2, true);
  const size = intSize(attribute.kind.type);
  const nestedFlag = (raw & NLA_F_NESTED) !== 0 && isTyped(attribute) && attribute.kind.type !== 'nested' && !strict;
  const byteorder = (raw & NLA_F_NET_BYTEORDER) !== 0;
  const long = size !== 0 && length > size && !strict;
  if (!nestedFlag && !byteorder && !long) return;
  const at = { offset: off, length: length + NLA_HDRLEN, path: run.pathOf(attribute.type) };
  if (nestedFlag)
    judge.note({
      code: C.nestedFlag,
      severity: 'ignored',
      at,
      text: 'NLA_F_NESTED on what is no nest',
      fix: 'leave the flag out',
    });
  if (byteorder)
    judge.note({
      code: C.byteorderFlag,
      severity: 'ignored',
      at,
      text: 'NLA_F_NET_BYTEORDER changes nothing here',
      fix: 'leave the flag out',
    });
  if (long)
    judge.note({
      code: C.longInteger,
      severity: 'ignored',
      at,
      text: `an integer of ${size} bytes is given as ${length}: the rest is not read`,
      fix: `send ${size} bytes`,
    });
}

/** One attribute that its set declares. Returns whether it has a value. */
function judgeOne(run: Attributes, attribute: Attribute, off: number, length: number, reading: Reading): boolean {
  const { judge, set } = run;
  const always = attribute.type >= set.$strictFrom;
  const mode = always && reading.strictOnly !== true ? NL_VALIDATE_STRICT : reading.mode;
  const strictMode = always ? NL_VALIDATE_STRICT : reading.strictMode;
  let passes = true;
  if (mode !== NL_VALIDATE_LIBERAL || strictMode !== NL_VALIDATE_LIBERAL)
    passes = judgeStrictly(run, attribute, off, [mode, strictMode], reading);
  if (judge.sink !== undefined)
    noteOddities(run, attribute, off, length, ((mode | strictMode) & NL_VALIDATE_NESTED) !== 0);
  const { kind } = attribute;
  if (!passes && length < intSize(kind.type)) return false;
  const code = fault(kind, judge.u8, judge.view, off + NLA_HDRLEN, length);
  if (code === undefined) return passes;
  deny(judge, reading, {
    code,
    errno: reading.errno ?? faultErrno(code),
    msg: reading.extack ? (reading.msg ?? faultText(code, kind)) : undefined,
    at: { offset: off, length: length + NLA_HDRLEN, path: run.pathOf(attribute.type) },
    text: faultMeaning(code, kind, length),
    bad: reading.extack ? off : undefined,
  });
  return false;
}

/** Padding that is not zero: memory of the sender that leaks. */
function checkPadding(run: Attributes, end: number, next: number, type: number): void {
  const { judge } = run;
  const last = Math.min(next, run.to);
  for (let i = end; i < last; i++) {
    if (judge.u8[i] === 0) continue;
    const at = { offset: end, length: last - end, path: run.pathOf(type) };
    judge.note({
      code: C.dirtyPadding,
      severity: 'ignored',
      at,
      text: 'the padding is not zero',
      fix: 'clear the padding',
    });
    return;
  }
}

/** Walks the attributes between `from` and `to` of the datagram. */
export function walk(
  judge: Judge,
  set: AttrSet<object>,
  from: number,
  to: number,
  path: string,
  reading: Reading,
  outer?: Attributes,
): Attributes {
  const run = new Attributes(judge, set, from, to, path, outer);
  const { view } = judge;
  const found = judge.sink?.length ?? 0;
  let off = from;
  while (to - off >= NLA_HDRLEN) {
    const size = view.getUint16(off, true);
    if (size < NLA_HDRLEN || size > to - off) break;
    const type = view.getUint16(off + 2, true) & NLA_TYPE_MASK;
    const next = off + nlaAlign(size);
    if (next !== off + size && judge.sink !== undefined) checkPadding(run, off + size, next, type);
    take(run, off, size - NLA_HDRLEN, type, reading);
    off = next;
  }
  if (off < to) noteBroken(run, off, found, reading);
  return run;
}

function take(run: Attributes, off: number, length: number, type: number, reading: Reading): void {
  const { set } = run;
  if (type === 0 || type > set.$max) {
    if (reading.open !== true) noteUnread(run, off, type, reading);
    return;
  }
  const attribute = set.$byType[type];
  let good = true;
  if (attribute !== undefined && attribute.direction !== 'dump') good = judgeOne(run, attribute, off, length, reading);
  else if (reading.positions !== true && reading.open !== true) noteUnread(run, off, type, reading);
  run.put(type, off, good, reading);
}
