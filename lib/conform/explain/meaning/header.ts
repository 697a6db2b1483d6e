// Meanings of the netlink header, of acknowledgements and of their attributes.
import { errnoName } from '../../../uapi/asm-generic/errno.js';
import * as nl from '../../../uapi/linux/netlink.js';
import * as rt from '../../../uapi/linux/rtnetlink.js';
import { errnoText } from './errno.js';
import { verbOf } from './message.js';
import type { Meanings, Told } from './meaning.js';

const GET = 2;
const kind = (type: number): number => (type < nl.NLMSG_MIN_TYPE ? -1 : type & 3);
const isNew = (type: number): boolean => kind(type) === 0 || kind(type) === 3;

/** Sentences of flags, in the order of their bits. */
function flagSentences({ type, flags, isRequest }: Told): string[] {
  const has = (flag: number): boolean => (flags & flag) === flag;
  const common = [
    [nl.NLM_F_REQUEST, 'a request'],
    [nl.NLM_F_MULTI, 'one of several messages, of which NLMSG_DONE is the last'],
    [nl.NLM_F_ACK, 'answer with an acknowledgement'],
    [nl.NLM_F_ECHO, 'send the notification to the requester, too'],
    [nl.NLM_F_DUMP_INTR, 'objects changed during the dump: it may be inconsistent'],
    [nl.NLM_F_DUMP_FILTERED, 'the dump was filtered as asked'],
  ] as const;
  const said = common.filter(([flag]) => has(flag)).map(([, text]) => text);
  if (isRequest || type < nl.NLMSG_MIN_TYPE) return [...said, ...ofType(type, has)];
  return flags >> 8 === 0 ? said : [...said, 'the others are those of the request'];
}

function ofType(type: number, has: (flag: number) => boolean): string[] {
  const pick = (table: readonly (readonly [number, string])[]): string[] =>
    table.filter(([flag]) => has(flag)).map(([, text]) => text);
  if (type < nl.NLMSG_MIN_TYPE)
    return pick([
      [nl.NLM_F_CAPPED, 'the request is echoed without its payload'],
      [nl.NLM_F_ACK_TLVS, 'attributes with details follow'],
    ]);
  if (kind(type) === GET) return has(nl.NLM_F_DUMP) ? ['list all objects'] : [];
  if (isNew(type))
    return pick([
      [nl.NLM_F_REPLACE, 'change the object that is there'],
      [nl.NLM_F_EXCL, 'fail if it is there'],
      [nl.NLM_F_CREATE, 'create it if it is not there'],
      [nl.NLM_F_APPEND, 'put it at the end'],
    ]);
  return pick([[nl.NLM_F_BULK, 'delete all that match']]);
}

/** Types that make nothing new without NLM_F_CREATE. */
const needsCreate = new Set([
  rt.RTM_NEWLINK,
  rt.RTM_NEWNEIGH,
  rt.RTM_NEWQDISC,
  rt.RTM_NEWTCLASS,
  rt.RTM_NEWTFILTER,
  rt.RTM_NEWCHAIN,
]);

function flagsMeaning(told: Told): string | undefined {
  const said = flagSentences(told);
  if (told.isRequest && needsCreate.has(told.type) && (told.flags & (nl.NLM_F_CREATE | nl.NLM_F_REPLACE)) === 0)
    said.push('change only: the object must be there');
  return said.length === 0 ? undefined : said.join('; ');
}

/** 0 is success; others are a negative errno. */
function errorMeaning({ number }: Told): string | undefined {
  if (Number.isNaN(number)) return undefined;
  if (number === 0) return 'success';
  return number < 0 ? `refused with ${errnoName(-number)}: ${errnoText(-number)}` : 'not an errno: those are negative';
}

const POLICY_TYPES = 'the type of value that the attribute must have';

export const headerMeanings: Meanings = {
  nlmsg_len: 'length of the message with this header',
  nlmsg_type: ({ type, isRequest }) => verbOf(type, isRequest),
  nlmsg_flags: flagsMeaning,
  nlmsg_seq: ({ isRequest, number }) =>
    isRequest
      ? 'chosen by the sender; answers carry the same number'
      : number === 0
        ? 'no request caused this message'
        : 'number of the request that this message belongs to',
  nlmsg_pid: ({ isRequest, number }) =>
    isRequest
      ? number === 0
        ? 'the kernel does not read it in requests'
        : 'port of the sender; the kernel does not read it'
      : number === 0
        ? 'no socket asked for this'
        : 'port of the socket whose request this belongs to',
  error: errorMeaning,
  NLMSGERR_ATTR_MSG: 'words of the kernel for people',
  NLMSGERR_ATTR_COOKIE: 'bytes that the subsystem hands back to the requester',
  NLMSGERR_ATTR_POLICY: 'what the attribute must be like',
  NL_POLICY_TYPE_ATTR_TYPE: POLICY_TYPES,
  NL_POLICY_TYPE_ATTR_MIN_VALUE_S: 'least value',
  NL_POLICY_TYPE_ATTR_MAX_VALUE_S: 'greatest value',
  NL_POLICY_TYPE_ATTR_MIN_VALUE_U: 'least value',
  NL_POLICY_TYPE_ATTR_MAX_VALUE_U: 'greatest value',
  NL_POLICY_TYPE_ATTR_MIN_LENGTH: 'least length in bytes',
  NL_POLICY_TYPE_ATTR_MAX_LENGTH: 'greatest length in bytes',
  NL_POLICY_TYPE_ATTR_BITFIELD32_MASK: 'bits that may be set',
  NL_POLICY_TYPE_ATTR_MASK: 'bits that may be set',
};
