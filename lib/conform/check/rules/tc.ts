// net/sched/: how every traffic control request begins (header, attributes, device), and what several kinds of requests
// have in common.
import type { AttrSet } from '../../../codec/attrs.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { TCA, TCA_4_1, TCM_IFINDEX_MAGIC_BLOCK, tcmsg } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes, Reading } from '../attributes.js';
import { liberally, silently, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge, Place } from '../judge.js';

const { offsetof } = tcmsg;
const ATTRS = NLMSG_HDRLEN + tcmsg.size;
const IFNAMSIZ = 16;

/** A field of the family header, for a finding. */
export const field = (judge: Judge, offset: number, length: number, path: string): Place => ({
  offset: judge.start + NLMSG_HDRLEN + offset,
  length,
  path,
});

/** The whole message. */
export const all = (judge: Judge): Place => ({ offset: judge.start, length: judge.end - judge.start, path: '' });

/** nlmsg_type, or the flags. */
export const headerField = (judge: Judge, which: 'nlmsg_type' | 'nlmsg_flags'): Place => ({
  offset: judge.start + (which === 'nlmsg_type' ? 4 : 6),
  length: 2,
  path: which,
});

/** Whether a message has a family header of `size` bytes; told of when it has not. */
export function hasHeader(judge: Judge, size: number, name: string, msg = 'Invalid header length'): boolean {
  const length = judge.end - judge.start - NLMSG_HDRLEN;
  if (length >= size) return true;
  const at = { offset: judge.start + NLMSG_HDRLEN, length, path: name };
  judge.refuse({
    code: C.shortHeader,
    errno: 'EINVAL',
    msg,
    at,
    text: `struct ${name} takes ${size} bytes, ${length} are there`,
    fix: `send a whole struct ${name}`,
  });
  return false;
}

/** Bytes that the header does not use. */
export function notePadding(judge: Judge, offset: number, length: number, path: string): void {
  if (judge.sink === undefined) return;
  const from = judge.start + NLMSG_HDRLEN + offset;
  for (let i = from; i < from + length; i++) {
    if (judge.u8[i] === 0) continue;
    const at = { offset: from, length, path };
    judge.note({
      code: C.headerPadding,
      severity: 'ignored',
      at,
      text: 'padding of the header is not zero',
      fix: 'clear it',
    });
    return;
  }
}

const word = (judge: Judge, offset: number): number => judge.view.getUint32(judge.start + NLMSG_HDRLEN + offset, true);
export const ifindexOf = (judge: Judge): number => word(judge, offsetof.tcm_ifindex);
export const handleOf = (judge: Judge): number => word(judge, offsetof.tcm_handle);
export const parentOf = (judge: Judge): number => word(judge, offsetof.tcm_parent);
export const prioOf = (judge: Judge): number => word(judge, offsetof.tcm_info) >>> 16;
export const protocolOf = (judge: Judge): number => word(judge, offsetof.tcm_info) & 0xffff;
export const tcmField = (judge: Judge, name: keyof typeof offsetof): Place => field(judge, offsetof[name], 4, name);

/** Whether there is a whole tcmsg; dumps of filters, classes and chains end empty when there is not. */
export const hasTcmsg = (judge: Judge): boolean => judge.end - judge.start >= ATTRS;

/** A dump whose header is too short to name a place: it ends empty. */
export function noteShortDump(judge: Judge): void {
  const length = judge.end - judge.start - NLMSG_HDRLEN;
  judge.note({
    code: C.shortHeader,
    severity: 'ignored',
    at: { offset: judge.start + NLMSG_HDRLEN, length, path: 'tcmsg' },
    text: `struct tcmsg takes ${tcmsg.size} bytes, ${length} are there: the dump is empty`,
    fix: 'send a whole struct tcmsg',
  });
}

/** The attributes behind a tcmsg; undefined without one. */
export function parseTc(judge: Judge, policy: AttrSet<object> = TCA): Attributes | undefined {
  if (!hasHeader(judge, tcmsg.size, 'tcmsg')) return undefined;
  notePadding(judge, offsetof.tcm__pad1, 3, 'tcm__pad1');
  const set = judge.has('tca-policy') ? policy : TCA_4_1;
  return walk(judge, set, judge.start + ATTRS, judge.end, '', liberally);
}

/** The device of tcm_ifindex: numbers below 1 name none. */
export function needDevice(judge: Judge): void {
  const ifindex = ifindexOf(judge) | 0;
  if (ifindex > 0) judge.may('ENODEV: there is no device of this index');
  else
    judge.deny(
      C.noSuchIndex,
      'ENODEV',
      undefined,
      tcmField(judge, 'tcm_ifindex'),
      `no device has the index ${ifindex}`,
    );
}

export const isBlock = (judge: Judge): boolean =>
  ifindexOf(judge) === TCM_IFINDEX_MAGIC_BLOCK && judge.has('tc-chains');

/** Options parsed in a nest, with or without the kernel's extack. */
export function options(tca: Attributes, type: number, set: AttrSet<object>, reading: Reading = silently): Attributes {
  return tca.nested(type, set, reading);
}

/** Whether a name has no room, NUL included: bytes behind its first NUL count. @see nla_strscpy() */
export const isLongName = (run: Attributes, type: number): boolean => {
  const length = run.len(type);
  return length > IFNAMSIZ || (length === IFNAMSIZ && run.judge.u8[run.start(type) + length - 1] !== 0);
};

/** Whether a name that is only compared is longer than any that is known. @see nla_strcmp() */
export const isLongString = (run: Attributes, type: number): boolean => {
  const length = run.len(type);
  if (length < IFNAMSIZ) return false;
  const { u8 } = run.judge;
  const start = run.start(type);
  for (let i = 0; i < IFNAMSIZ; i++) if (u8[start + i] === 0) return false;
  return true;
};

/** A whole struct is given, and more, which nobody reads. */
export function noteLongStruct(run: Attributes, type: number, size: number): void {
  const { judge } = run;
  if (judge.sink === undefined || run.len(type) <= size) return;
  judge.note({
    code: C.longStruct,
    severity: 'ignored',
    at: run.place(type),
    text: `${run.len(type)} bytes are given, the first ${size} are read`,
    fix: `send ${size} bytes`,
  });
}

/** An attribute that has no effect beside the others. */
export function noteUnread(run: Attributes, type: number, why: string): void {
  if (!run.has(type) || run.judge.sink === undefined) return;
  run.judge.note({ code: C.unread, severity: 'ignored', at: run.place(type), text: why, fix: 'leave it out' });
}

/** Flags of the netlink header that change nothing for this type. */
export function noteFlags(judge: Judge, bits: number, names: string): void {
  if ((judge.flags & bits) === 0 || judge.sink === undefined) return;
  judge.note({
    code: C.uselessFlag,
    severity: 'ignored',
    at: headerField(judge, 'nlmsg_flags'),
    text: `${names} changes nothing for ${judge.name}`,
    fix: 'leave the flag out',
  });
}
