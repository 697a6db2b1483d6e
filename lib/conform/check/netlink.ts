// net/netlink/af_netlink.c netlink_rcv_skb() and net/core/rtnetlink.c rtnetlink_rcv_msg(): what is decided of a message
// before its handler sees it, and which handler that is.
import * as N from '../../uapi/linux/netlink.js';
import { RTM_BASE, rtmType } from '../../uapi/linux/rtnetlink.js';
import { C } from './codes.js';
import type { Judge } from './judge.js';
import { handlersOf, isUnread } from './registry.js';
import { headerField, all } from './rules/tc.js';

const RTM_MAX = 123;
const RTM_MAX_4_1 = 91;
const KIND_DEL = 1;
const KIND_GET = 2;
const KNOWN_FLAGS = 0x0fff;

function noteUnhandled(judge: Judge): void {
  judge.symbol = 'net/netlink/af_netlink.c netlink_rcv_skb()';
  if (judge.type < N.NLMSG_MIN_TYPE)
    judge.note({
      code: C.controlType,
      severity: 'ignored',
      at: headerField(judge, 'nlmsg_type'),
      text: `${judge.name} is for the kernel to send: as a request it does nothing`,
      fix: 'send a type from 16 on',
    });
  else
    judge.note({
      code: C.notARequest,
      severity: 'ignored',
      at: headerField(judge, 'nlmsg_flags'),
      text: 'without NLM_F_REQUEST the message is not handled',
      fix: 'set NLM_F_REQUEST',
    });
}

function noteFlags(judge: Judge, dump: boolean): void {
  const at = headerField(judge, 'nlmsg_flags');
  const useless = judge.flags & (N.NLM_F_MULTI | N.NLM_F_DUMP_INTR | N.NLM_F_DUMP_FILTERED);
  if (useless !== 0)
    judge.note({
      code: C.uselessFlag,
      severity: 'ignored',
      at,
      text: 'NLM_F_MULTI and NLM_F_DUMP_INTR are for the kernel to set',
      fix: 'leave the flag out',
    });
  if ((judge.flags & ~KNOWN_FLAGS) !== 0)
    judge.note({
      code: C.unknownFlag,
      severity: 'ignored',
      at,
      text: `nlmsg_flags has bits that mean nothing: 0x${(judge.flags & ~KNOWN_FLAGS).toString(16)}`,
      fix: 'leave them out',
    });
  if (dump && judge.wants(N.NLM_F_ACK))
    judge.note({
      code: C.ackOfDump,
      severity: 'ignored',
      at,
      text: 'a dump is not acknowledged: NLMSG_DONE ends it',
      fix: 'leave NLM_F_ACK out',
    });
}

/** A type that this kernel has no room for. */
function denyType(judge: Judge): void {
  const max = judge.has('ext-ack') ? RTM_MAX : RTM_MAX_4_1;
  judge.deny(
    C.unknownType,
    'EOPNOTSUPP',
    undefined,
    headerField(judge, 'nlmsg_type'),
    `there are no types above ${max}`,
  );
}

function notePayload(judge: Judge): void {
  judge.note({
    code: C.noPayload,
    severity: 'ignored',
    at: all(judge),
    text: 'a message without payload does nothing',
    fix: 'send the header of its family',
  });
}

/** Deletes of many at once, which few types know. */
function checkBulk(judge: Judge): void {
  if (!judge.wants(N.NLM_F_BULK) || !judge.has('bulk-del')) return;
  judge.deny(
    C.bulkDelete,
    'EOPNOTSUPP',
    'Bulk delete is not supported',
    headerField(judge, 'nlmsg_flags'),
    'NLM_F_BULK is not known for this type',
  );
}

/** A type that this address family does not know. */
function denyFamily(judge: Judge, type: number): void {
  const family = judge.u8[judge.start + N.NLMSG_HDRLEN]!;
  if (rtmType(type) === String(type)) {
    const at = headerField(judge, 'nlmsg_type');
    judge.deny(C.unknownType, 'EOPNOTSUPP', undefined, at, `there is no type ${type}`);
    return;
  }
  if (!isUnread(type, family)) {
    judge.may('EOPNOTSUPP: nothing is known of this type');
    return;
  }
  const at = { offset: judge.start + N.NLMSG_HDRLEN, length: 1, path: 'family' };
  judge.deny(
    C.unsupported,
    'EOPNOTSUPP',
    undefined,
    at,
    `address family ${family} does not know ${judge.name} in this form`,
  );
}

function route(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnetlink_rcv_msg()';
  const { type } = judge;
  if (type > (judge.has('ext-ack') ? RTM_MAX : RTM_MAX_4_1)) {
    denyType(judge);
    return;
  }
  if (judge.end - judge.start <= N.NLMSG_HDRLEN) {
    notePayload(judge);
    return;
  }
  const kind = (type - RTM_BASE) & 3;
  const dump = kind === KIND_GET && (judge.flags & N.NLM_F_DUMP) !== 0;
  if (judge.sink !== undefined) noteFlags(judge, dump);
  if (kind !== KIND_GET) judge.may('EPERM: CAP_NET_ADMIN is needed');
  const handlers = handlersOf(judge, type, judge.u8[judge.start + N.NLMSG_HDRLEN]!, dump);
  if (handlers === undefined) {
    denyFamily(judge, type);
    return;
  }
  if (kind === KIND_DEL && handlers.bulk !== true) checkBulk(judge);
  if (dump) judge.may('EBUSY: another dump of the socket is running');
  (dump ? handlers.dump : handlers.doit)!(judge);
}

/** Judges the message that `judge` has turned to, as a request. */
export function judgeRequest(judge: Judge, isRoute: boolean): void {
  if (judge.type < N.NLMSG_MIN_TYPE || !judge.wants(N.NLM_F_REQUEST)) {
    if (judge.sink !== undefined) noteUnhandled(judge);
  } else if (isRoute) route(judge);
}
