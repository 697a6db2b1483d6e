// A run of attributes that does not end where its last attribute ends: the kernel reads no further. Why that is so is told
// once, and what only follows from it is not told of: attributes that are none, a rest that belongs to the nest before it.
import { NLA_HDRLEN, nlaAlign } from '../../codec/nla.js';
import { NL_VALIDATE_TRAILING } from '../../codec/parse.js';
import type { Attributes, Reading } from './attributes.js';
import { C, type Code } from './codes.js';
import type { Finding } from './finding.js';

const LEFTOVER = 'bytes leftover after parsing attributes';

/** What is wrong, and where it is seen. */
interface Broken {
  readonly code: Code;
  readonly offset: number;
  readonly text: string;
  readonly fix: string;
}

/** Whether attributes lie without gaps between `off` and `to`. */
function fits(view: DataView, off: number, to: number): boolean {
  if (to - off < NLA_HDRLEN) return false;
  while (to - off >= NLA_HDRLEN) {
    const length = view.getUint16(off, true);
    if (length < NLA_HDRLEN || off + length > to) return false;
    off = Math.min(off + nlaAlign(length), to);
  }
  return to - off < 4;
}

/** Where the attributes go on that the sender did not pad, 0 = the run is broken otherwise. */
function unpaddedAt({ judge, from, to }: Attributes): number {
  const { view } = judge;
  for (let off = from; to - off >= NLA_HDRLEN;) {
    const length = view.getUint16(off, true);
    if (length < NLA_HDRLEN || length > to - off) return 0;
    if (length !== nlaAlign(length) && fits(view, off + length, to)) return off + length;
    off += nlaAlign(length);
  }
  return 0;
}

/** Whether a length is right once its bytes are exchanged: the sender writes in network order. */
function isSwapped(view: DataView, off: number, to: number): boolean {
  const length = view.getUint16(off, false);
  return length >= NLA_HDRLEN && off + length <= to;
}

const tooFew = (offset: number, rest: number): Broken => ({
  code: C.leftoverBytes,
  offset,
  text: `${rest} bytes behind the last attribute are too few for another`,
  fix: 'let the enclosing length end where the last attribute ends',
});

function brokenAt(run: Attributes, offset: number): Broken {
  const { judge, to } = run;
  const rest = to - offset;
  const unpadded = unpaddedAt(run);
  if (unpadded !== 0)
    return {
      code: C.missingPadding,
      offset: unpadded,
      text: 'the attribute before is not padded: the kernel looks for the next at a multiple of four bytes',
      fix: 'fill each payload up to a multiple of four bytes; nla_len does not count the padding',
    };
  if (rest < NLA_HDRLEN) return tooFew(offset, rest);
  const length = judge.view.getUint16(offset, true);
  if (isSwapped(judge.view, offset, to))
    return {
      code: C.swappedHeader,
      offset,
      text: `nla_len is ${length}: its bytes are exchanged`,
      fix: 'write nla_len and nla_type in the byte order of the machine',
    };
  const short = length < NLA_HDRLEN;
  return {
    code: short ? C.attributeLengthShort : C.attributeBeyondEnd,
    offset,
    text: short
      ? `nla_len ${length} is less than its own header`
      : `nla_len ${length} reaches beyond the ${rest} bytes that are left`,
    fix: 'count the header of 4 bytes and the payload in nla_len, no padding',
  };
}

/** Takes back what was told of bytes from `offset` on, as it is not what it looks like. What the kernel says of it stays. */
function takeBack(sink: Finding[], found: number, offset: number): Finding | undefined {
  const later = sink.slice(found).filter((finding) => finding.offset + finding.length > offset);
  const kept = sink.slice(found).filter((finding) => finding.offset + finding.length <= offset);
  sink.splice(found, sink.length - found, ...kept);
  return later.find(({ refusal }) => refusal !== undefined);
}

/** The run that the nest is of is broken just behind it, where the last attribute of the nest would go on. */
function causeOutside({ judge, outer, to }: Attributes, offset: number): number {
  if (outer === undefined || judge.sink === undefined || outer.cause < 0) return -1;
  const finding = judge.sink[outer.cause]!;
  const end = offset + (outer.to - offset >= NLA_HDRLEN ? judge.view.getUint16(offset, true) : 0);
  return finding.offset === nlaAlign(to - outer.from) + outer.from && end > to && end <= outer.to ? outer.cause : -1;
}

/** Tells of what ends the walk at `off`; findings from number `found` on are of this run. */
export function noteBroken(run: Attributes, off: number, found: number, reading: Reading): void {
  const { judge, to, path } = run;
  if (reading.extack) judge.msg = LEFTOVER;
  const { sink } = judge;
  const { code, offset, text, fix } = brokenAt(run, off);
  const at = { offset, length: to - offset, path };
  const follows = sink !== undefined && code === C.missingPadding ? takeBack(sink, found, offset) : undefined;
  const outside = causeOutside(run, off);
  if (code === C.missingPadding) run.cause = -1;
  run.blame();
  if (reading.mode & NL_VALIDATE_TRAILING) judge.refuse({ code, errno: 'EINVAL', msg: LEFTOVER, at, text, fix });
  else if (reading.strictMode & NL_VALIDATE_TRAILING)
    judge.strictly({ code, errno: 'EINVAL', msg: LEFTOVER, at, text, fix });
  else judge.note({ code, severity: 'ignored', at, text: `${text}; the kernel reads no further`, fix });
  if (sink === undefined) return;
  if (follows !== undefined) sink.push({ ...sink.pop()!, severity: follows.severity, refusal: follows.refusal! });
  if (outside >= 0) {
    sink[outside] = sink.pop()!;
    run.cause = outside;
  }
}
