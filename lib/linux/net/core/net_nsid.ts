// net/core/net_namespace.c, the part ids: numbers that a namespace gives to others (RTM_*NSID), by which link messages
// name them. A machine has one namespace, so all it can give a number to is itself.
import { NL_VALIDATE_DEPRECATED_STRICT, NL_VALIDATE_LIBERAL, parse } from '../../../codec/parse.js';
import type { Nla } from '../../../codec/nla.js';
import { EBADF, EEXIST, EINVAL, ENOENT, ESRCH } from '../../../uapi/asm-generic/errno.js';
import { NETNSA, NETNSA_NSID_NOT_ASSIGNED } from '../../../uapi/linux/net_namespace.js';
import { NLM_F_ECHO, NLM_F_MULTI, NLMSG_HDRLEN, nlmsgAlign } from '../../../uapi/linux/netlink.js';
import { rtgenmsg, RTM_GETNSID, RTM_NEWNSID, RTNLGRP_NSID } from '../../../uapi/linux/rtnetlink.js';
import { AF_UNSPEC } from '../../../uapi/linux/socket.js';
import { errno, ModelGap, refuse } from '../../errno.js';
import type { MessageWriter } from '../netlink/message.js';
import type { Net } from './net_namespace.js';
import type { DumpEntry, RtnlRequest } from './rtnetlink.js';

const ATTRS = NLMSG_HDRLEN + nlmsgAlign(rtgenmsg.size);

function parseNsid({ msg, extack }: RtnlRequest, mode: number) {
  return parse(NETNSA, msg, ATTRS, msg.length, mode, extack);
}
type Parsed = ReturnType<typeof parseNsid>;

/** Refuses because of one attribute. */
function refuseBad({ extack }: RtnlRequest, number: number, text: string, nla: Nla): never {
  extack.setBad(text, nla.off);
  throw errno(number);
}

/** The first attribute whose type is not among `known`. */
const unknownIn = ({ $nla }: Parsed, known: readonly number[]): Nla | undefined =>
  $nla.find((nla, type) => nla !== undefined && !known.includes(type));

/**
 * Appends one RTM_NEWNSID; `current` is the id that the asking namespace has for the same one.
 *
 * @models net/core/net_namespace.c rtnl_net_fill()
 */
function fill(skb: MessageWriter, request: RtnlRequest, flags: number, nsid: number, current?: number): void {
  const start = skb.begin(RTM_NEWNSID, flags, request.seq, request.portid, rtgenmsg.size);
  skb.put(NETNSA.NSID, nsid);
  if (current !== undefined) skb.putU32(NETNSA.CURRENT_NSID.type, current);
  skb.end(start);
}

/** The errno that stands in the way of a namespace being found, 0 = it is this one. */
function peerError({ task, net }: RtnlRequest, tb: Parsed): number {
  // Of processes only the caller's own is known.
  if (tb.PID !== undefined) return tb.PID === task.tgid || tb.PID === task.pid ? 0 : ESRCH;
  if (tb.FD === undefined) return tb.NSID! >= 0 && tb.NSID === net.nsid ? 0 : ENOENT;
  const file = task.fget(tb.FD | 0);
  if (file?.kind === 'netns') return 0;
  if (file?.kind === 'foreign') throw new ModelGap('NETNSA_FD: a file that may be a network namespace');
  return file === undefined ? EBADF : EINVAL;
}

/** Refuses what does not name this namespace; returns what names it. */
function checkPeer(request: RtnlRequest, tb: Parsed, by: readonly ('PID' | 'FD' | 'NSID')[]): Nla {
  const key = by.find((one) => tb[one] !== undefined);
  if (key === undefined) refuse(request.extack, EINVAL, 'Peer netns reference is missing');
  const nla = tb.$nla[NETNSA[key].type]!;
  const error = peerError(request, tb);
  if (error !== 0) refuseBad(request, error, 'Peer netns reference is invalid', nla);
  return nla;
}

/** RTM_NEWNSID. @models net/core/net_namespace.c rtnl_net_newid() */
function newid(request: RtnlRequest): void {
  const { net, machine, portid } = request;
  const tb = parseNsid(request, NL_VALIDATE_LIBERAL);
  if (tb.NSID === undefined) refuse(request.extack, EINVAL, 'nsid is missing');
  const peer = checkPeer(request, tb, ['PID', 'FD']);
  if (net.nsid !== NETNSA_NSID_NOT_ASSIGNED) refuseBad(request, EEXIST, 'Peer netns already has a nsid assigned', peer);
  net.nsid = Math.max(tb.NSID, 0);
  const skb = machine.scratch.reset(Infinity);
  fill(skb, request, 0, net.nsid);
  net.rtnl.notify(skb.take(), { group: RTNLGRP_NSID, portid, echo: (request.flags & NLM_F_ECHO) !== 0 });
}

/** Whether a namespace is asked to answer for another, which has to be this one. */
function checkTarget(request: RtnlRequest, tb: Parsed, text: string): boolean {
  if (tb.TARGET_NSID === undefined) return false;
  if (tb.TARGET_NSID < 0 || tb.TARGET_NSID !== request.net.nsid)
    refuseBad(request, EINVAL, text, tb.$nla[NETNSA.TARGET_NSID.type]!);
  return true;
}

/** RTM_GETNSID of one namespace. @models net/core/net_namespace.c rtnl_net_getid() */
function getid(request: RtnlRequest): void {
  const { net, machine, strict, portid } = request;
  const tb = parseNsid(request, strict ? NL_VALIDATE_DEPRECATED_STRICT : NL_VALIDATE_LIBERAL);
  const { NSID, PID, FD, TARGET_NSID } = NETNSA;
  const known = [NSID, PID, FD, TARGET_NSID].map(({ type }) => type);
  if (strict && unknownIn(tb, known) !== undefined)
    refuse(request.extack, EINVAL, 'Unsupported attribute in peer netns getid request');
  checkPeer(request, tb, ['PID', 'FD', 'NSID']);
  const current = checkTarget(request, tb, 'Target netns reference is invalid') ? net.nsid : undefined;
  const skb = machine.scratch.reset(Infinity);
  fill(skb, request, 0, net.nsid, current);
  net.rtnl.unicast(skb.take(), portid);
}

/** RTM_GETNSID, dump. @models net/core/net_namespace.c rtnl_net_dumpid() */
function* dumpid(request: RtnlRequest): Iterable<DumpEntry> {
  const { net } = request;
  let current: number | undefined;
  if (request.strict) {
    const tb = parseNsid(request, NL_VALIDATE_DEPRECATED_STRICT);
    const other = unknownIn(tb, [NETNSA.TARGET_NSID.type]);
    if (other !== undefined) refuseBad(request, EINVAL, 'Unsupported attribute in dump request', other);
    if (checkTarget(request, tb, 'Invalid target network namespace id')) current = net.nsid;
  }
  if (net.nsid === NETNSA_NSID_NOT_ASSIGNED) return;
  yield (skb) => {
    fill(skb, request, NLM_F_MULTI, net.nsid, current);
  };
}

/** @models net/core/net_namespace.c net_ns_init() */
export function nsidInit(net: Net): void {
  net.rtnl.register(AF_UNSPEC, RTM_NEWNSID, { doit: newid });
  net.rtnl.register(AF_UNSPEC, RTM_GETNSID, { doit: getid, dumpit: dumpid, joinDone: true });
}
