// What the kernel sends: answers, dumps, acknowledgements and notifications, judged one message at a time. What they say is
// not judged, but how: header, flags, the attributes, their order and which of them are there.
import { NLA_F_NESTED, NLA_HDRLEN, NLA_TYPE_MASK, nlaAlign } from '../../codec/nla.js';
import * as N from '../../uapi/linux/netlink.js';
import { RTM_BASE } from '../../uapi/linux/rtnetlink.js';
import { C, type Code } from './codes.js';
import type { Judge, Place } from './judge.js';
import { intSize } from './policy.js';
import { answersAsGet, type ReplyShape, shapeOf } from './reply_shapes.js';

const ERROR_SIZE = N.NLMSG_HDRLEN + 4;
const ECHO_SIZE = ERROR_SIZE + N.NLMSG_HDRLEN;
const { MSG, OFFS, COOKIE, POLICY, MISS_TYPE, MISS_NEST } = N.NLMSGERR_ATTR;
/** The order in which the parts of an extended acknowledgement stand. */
const tlvOrder = [MSG, COOKIE, OFFS, POLICY, MISS_TYPE, MISS_NEST].map(({ type }) => type);
const KIND_GET = 2;
const KIND_SET = 3;

function note(judge: Judge, code: Code, at: Place, text: string): void {
  judge.note({ code, severity: 'reply', at, text });
}

const whole = (judge: Judge): Place => ({ offset: judge.start, length: judge.end - judge.start, path: '' });
const field = (judge: Judge, offset: number, length: number, path: string): Place => ({
  offset: judge.start + offset,
  length,
  path,
});
const flagsField = (judge: Judge): Place => field(judge, 6, 2, 'nlmsg_flags');

/** The parts behind an error, in their order. */
function checkTlvs(judge: Judge, from: number, code: Code): void {
  let last = -1;
  let off = from;
  let count = 0;
  while (judge.end - off >= NLA_HDRLEN) {
    const size = judge.view.getUint16(off, true);
    if (size < NLA_HDRLEN || size > judge.end - off) break;
    const type = judge.view.getUint16(off + 2, true) & NLA_TYPE_MASK;
    const rank = tlvOrder.indexOf(type);
    const at = { offset: off, length: size, path: N.NLMSGERR_ATTR.$byType[type]?.name ?? `NLMSGERR_ATTR[${type}]` };
    if (rank < last) note(judge, C.replyOrder, at, 'the parts of an acknowledgement stand in another order');
    if (type === MSG.type && judge.u8[off + size - 1] !== 0) note(judge, C.replyValue, at, 'the text has no NUL');
    last = rank;
    count++;
    off += nlaAlign(size);
  }
  if (off < judge.end)
    note(judge, code, { offset: off, length: judge.end - off, path: '' }, 'bytes that are no attribute');
  else if (count === 0) note(judge, code, flagsField(judge), 'NLM_F_ACK_TLVS is set, and nothing follows');
}

/** NLMSG_ERROR: an errno below or at 0, the request or its header, and what more there is to say. */
function checkError(judge: Judge): void {
  judge.symbol = 'net/netlink/af_netlink.c netlink_ack()';
  const length = judge.end - judge.start;
  if (length < ECHO_SIZE) {
    note(judge, C.errorMalformed, whole(judge), `NLMSG_ERROR has at least ${ECHO_SIZE} bytes, not ${length}`);
    return;
  }
  const error = judge.view.getInt32(judge.start + N.NLMSG_HDRLEN, true);
  if (error > 0)
    note(judge, C.errorMalformed, field(judge, N.NLMSG_HDRLEN, 4, 'error'), `the errno ${error} is to be negative`);
  if (!judge.has('ext-ack')) return;
  checkErrorFlags(judge, error);
  const capped = judge.wants(N.NLM_F_CAPPED) || error === 0;
  const echoed = capped ? N.NLMSG_HDRLEN : judge.view.getUint32(judge.start + ERROR_SIZE, true);
  const from = judge.start + ERROR_SIZE + N.nlmsgAlign(echoed);
  if (echoed < N.NLMSG_HDRLEN || echoed > length || from > judge.end) {
    note(judge, C.errorMalformed, whole(judge), `the request of ${echoed} bytes is not whole`);
    return;
  }
  if (judge.wants(N.NLM_F_ACK_TLVS)) checkTlvs(judge, from, C.errorMalformed);
  else if (from < judge.end)
    note(
      judge,
      C.errorMalformed,
      flagsField(judge),
      `${judge.end - from} bytes behind the request, and NLM_F_ACK_TLVS is not set`,
    );
}

function checkErrorFlags(judge: Judge, error: number): void {
  const known = N.NLM_F_CAPPED | N.NLM_F_ACK_TLVS;
  if ((judge.flags & ~known) !== 0)
    note(
      judge,
      C.replyFlags,
      flagsField(judge),
      `NLMSG_ERROR has NLM_F_CAPPED and NLM_F_ACK_TLVS alone, not 0x${judge.flags.toString(16)}`,
    );
  if (error === 0 && !judge.wants(N.NLM_F_CAPPED))
    note(
      judge,
      C.replyFlags,
      flagsField(judge),
      'an acknowledgement repeats the header alone, and says so by NLM_F_CAPPED',
    );
}

/** NLMSG_DONE: the end of a dump, with an errno. */
function checkDone(judge: Judge): void {
  judge.symbol = 'net/netlink/af_netlink.c netlink_dump_done()';
  const length = judge.end - judge.start;
  if (length < ERROR_SIZE) {
    note(judge, C.doneMalformed, whole(judge), `NLMSG_DONE has at least ${ERROR_SIZE} bytes, not ${length}`);
    return;
  }
  const error = judge.view.getInt32(judge.start + N.NLMSG_HDRLEN, true);
  if (error > 0)
    note(judge, C.doneMalformed, field(judge, N.NLMSG_HDRLEN, 4, 'error'), `the errno ${error} is to be negative`);
  if (!judge.wants(N.NLM_F_MULTI)) note(judge, C.replyFlags, flagsField(judge), 'NLMSG_DONE carries NLM_F_MULTI');
  if (judge.wants(N.NLM_F_ACK_TLVS)) checkTlvs(judge, judge.start + ERROR_SIZE, C.doneMalformed);
  else if (length > ERROR_SIZE)
    note(judge, C.doneMalformed, whole(judge), 'bytes behind the errno, and NLM_F_ACK_TLVS is not set');
}

/** What is said of one attribute by the set it is of. */
function checkAttribute(judge: Judge, shape: ReplyShape, off: number, size: number, type: number): void {
  const attribute = shape.set.$byType[type];
  if (attribute === undefined) return;
  const { kind, name } = attribute;
  const length = size - NLA_HDRLEN;
  const at = { offset: off, length: size, path: name };
  if (shape.inputOnly.has(type))
    note(judge, C.replyInputOnly, at, 'the kernel takes this attribute, and never sends it');
  const int = intSize(kind.type);
  if (int !== 0 && length !== int) note(judge, C.replyValue, at, `an integer of ${int} bytes has ${length}`);
  if ((kind.type === 'string' || kind.type === 'nul_string') && judge.u8[off + size - 1] !== 0)
    note(judge, C.replyValue, at, 'the kernel ends strings with a NUL');
}

/** Whether attributes fill a nest without a rest. */
function isFilled(view: DataView, from: number, to: number): boolean {
  let off = from;
  while (to - off >= NLA_HDRLEN) {
    const size = view.getUint16(off, true);
    if (size < NLA_HDRLEN || size > to - off) return false;
    off += nlaAlign(size);
  }
  return off >= to;
}

/** An attribute in its place, or not. Returns the greatest rank so far. */
function checkRank(judge: Judge, shape: ReplyShape, off: number, type: number, last: number): number {
  const rank = shape.rank[type] ?? 0;
  if (rank === 0 || rank >= last) return Math.max(rank, last);
  const at = { offset: off, length: judge.view.getUint16(off, true), path: nameOf(shape, type) };
  note(judge, C.replyOrder, at, 'the kernel puts this attribute before others that stand before it here');
  return last;
}

const nameOf = ({ set }: ReplyShape, type: number): string => set.$byType[type]?.name ?? `${set.$name}[${type}]`;

function checkAttributes(judge: Judge, shape: ReplyShape): void {
  const { view } = judge;
  const from = judge.start + N.NLMSG_HDRLEN + nlaAlign(shape.header);
  let off = from;
  let last = 0;
  while (judge.end - off >= NLA_HDRLEN) {
    const size = view.getUint16(off, true);
    if (size < NLA_HDRLEN || size > judge.end - off) break;
    const raw = view.getUint16(off + 2, true);
    const type = raw & NLA_TYPE_MASK;
    last = checkRank(judge, shape, off, type, last);
    checkAttribute(judge, shape, off, size, type);
    if ((raw & NLA_F_NESTED) !== 0 && !isFilled(view, off + NLA_HDRLEN, off + size)) {
      const at = { offset: off, length: size, path: nameOf(shape, type) };
      note(judge, C.replyTruncated, at, 'the attributes inside do not fill the nest');
    }
    off += nlaAlign(size);
  }
  if (off < judge.end)
    note(judge, C.replyTruncated, { offset: off, length: judge.end - off, path: '' }, 'bytes that are no attribute');
  else checkRequired(judge, shape, from);
}

/** Whether there is an attribute of a type between `off` and the end of the message, all of whose attributes are whole. */
function isThere(judge: Judge, off: number, type: number): boolean {
  const { view, end } = judge;
  for (; end - off >= NLA_HDRLEN; off += nlaAlign(view.getUint16(off, true)))
    if ((view.getUint16(off + 2, true) & NLA_TYPE_MASK) === type) return true;
  return false;
}

function checkRequired(judge: Judge, shape: ReplyShape, from: number): void {
  let off = from;
  const { view, end } = judge;
  for (const type of shape.required) {
    // In the kernel's order the next one that is required is always further on.
    let at = off;
    while (end - at >= NLA_HDRLEN && (view.getUint16(at + 2, true) & NLA_TYPE_MASK) !== type)
      at += nlaAlign(view.getUint16(at, true));
    if (end - at >= NLA_HDRLEN) off = at;
    else if (!isThere(judge, from, type))
      note(judge, C.replyMissing, whole(judge), `${nameOf(shape, type)} is missing, which the kernel always sends`);
  }
}

/** A message of rtnetlink. */
function checkRoute(judge: Judge): void {
  const { type, start, end } = judge;
  const kind = (type - RTM_BASE) & 3;
  if ((kind === KIND_GET && !answersAsGet.has(type)) || kind === KIND_SET) {
    note(judge, C.replyType, field(judge, 4, 2, 'nlmsg_type'), `the kernel sends no ${judge.name}`);
    return;
  }
  if (end - start === N.NLMSG_HDRLEN) {
    note(judge, C.replyTruncated, whole(judge), 'the header of the family is missing');
    return;
  }
  const shape = shapeOf(judge.version, type, judge.u8[start + N.NLMSG_HDRLEN]!);
  if (shape === undefined) return;
  judge.symbol = shape.symbol;
  if (end - start < N.NLMSG_HDRLEN + shape.header) {
    const text = `struct ${shape.headerName} takes ${shape.header} bytes, ${end - start - N.NLMSG_HDRLEN} are there`;
    note(judge, C.replyTruncated, whole(judge), text);
    return;
  }
  checkAttributes(judge, shape);
}

/** Judges the message that `judge` has turned to, as one of the kernel. */
export function judgeReply(judge: Judge, isRoute: boolean): void {
  if (judge.type === N.NLMSG_ERROR) checkError(judge);
  else if (judge.type === N.NLMSG_DONE) checkDone(judge);
  else if (judge.type >= N.NLMSG_MIN_TYPE && isRoute) checkRoute(judge);
  if (((judge.end - judge.start) & 3) !== 0)
    note(
      judge,
      C.replyAlignment,
      field(judge, 0, 4, 'nlmsg_len'),
      'the kernel sends lengths that are multiples of four',
    );
}
