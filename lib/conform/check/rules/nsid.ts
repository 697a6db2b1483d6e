// net/core/net_namespace.c: what the bytes of RTM_NEWNSID and RTM_GETNSID decide.
import { NLMSG_HDRLEN, nlmsgAlign } from '../../../uapi/linux/netlink.js';
import { NETNSA } from '../../../uapi/linux/net_namespace.js';
import { rtgenmsg } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes, Reading } from '../attributes.js';
import { liberally, orStrictly, strictlyOnly, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { allowOnly } from './strict.js';
import * as tc from './tc.js';

const ATTRS = NLMSG_HDRLEN + nlmsgAlign(rtgenmsg.size);
const { NSID, PID, FD, TARGET_NSID } = NETNSA;
const known: ReadonlySet<number> = new Set([NSID, PID, FD, TARGET_NSID].map(({ type }) => type));

const parse = (judge: Judge, reading: Reading): Attributes =>
  walk(judge, NETNSA, Math.min(judge.start + ATTRS, judge.end), judge.end, '', reading);

/** Another namespace is named in one way or another. */
function needPeer(run: Attributes, types: readonly number[]): void {
  const { judge } = run;
  if (!types.some((type) => run.has(type))) {
    const msg = 'Peer netns reference is missing';
    judge.deny(C.missingAttribute, 'EINVAL', msg, run.whole, 'no attribute names the other namespace', run);
  }
  for (const errno of ['ESRCH', 'EBADF', 'EINVAL', 'ENOENT']) judge.may(`${errno}: Peer netns reference is invalid`);
}

export function newNsid(judge: Judge): void {
  judge.symbol = 'net/core/net_namespace.c rtnl_net_newid()';
  if (!tc.hasHeader(judge, rtgenmsg.size, 'rtgenmsg')) return;
  const run = parse(judge, liberally);
  if (!run.has(NSID.type))
    judge.deny(C.missingAttribute, 'EINVAL', 'nsid is missing', run.whole, 'NETNSA_NSID is missing', run);
  needPeer(run, [PID.type, FD.type]);
  judge.may('EEXIST: Peer netns already has a nsid assigned');
  judge.may('EEXIST: The specified nsid is already used');
  judge.may('ENOSPC: The specified nsid is already used');
}

export function getNsid(judge: Judge): void {
  judge.symbol = 'net/core/net_namespace.c rtnl_net_getid()';
  if (!tc.hasHeader(judge, rtgenmsg.size, 'rtgenmsg')) return;
  const run = parse(judge, orStrictly);
  allowOnly(run, known, 'Unsupported attribute in peer netns getid request');
  needPeer(run, [PID.type, FD.type, NSID.type]);
  if (run.has(TARGET_NSID.type)) judge.may('EINVAL: Target netns reference is invalid');
}

export function dumpNsid(judge: Judge): void {
  judge.symbol = 'net/core/net_namespace.c rtnl_net_dumpid()';
  const run = parse(judge, strictlyOnly);
  for (let type = 1; type <= NETNSA.$max; type++)
    if (run.has(type) && type !== TARGET_NSID.type)
      judge.strictly({
        code: C.unsupportedStrictly,
        errno: 'EINVAL',
        msg: 'Unsupported attribute in dump request',
        at: run.place(type),
        text: 'this attribute selects nothing here',
        bad: run.off(type),
      });
  if (run.has(TARGET_NSID.type)) judge.may('EINVAL: Invalid target network namespace id');
}
