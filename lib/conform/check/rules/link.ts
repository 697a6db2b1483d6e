// net/core/rtnetlink.c: what the bytes of link messages decide: RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK, RTM_GETLINK,
// RTM_NEWLINKPROP, RTM_DELLINKPROP.
import { nlaAlign } from '../../../codec/nla.js';
import { IFLA, IFLA_INFO } from '../../../uapi/linux/if_link.js';
import { ALTIFNAMSIZ } from '../../../uapi/linux/if.js';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { ifinfomsg, rtgenmsg } from '../../../uapi/linux/rtnetlink.js';
import { attrs } from '../../../codec/attrs.js';
import { NL_VALIDATE_STRICT, NL_VALIDATE_TRAILING } from '../../../codec/parse.js';
import { string } from '../../../codec/kind.js';
import type { Attributes } from '../attributes.js';
import { alwaysStrictly, liberally, orStrictly, strictlyOnly, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import {
  checkAfSpec,
  checkNetnsId,
  checkNewName,
  checkQueues,
  checkUniqueNetns,
  iflaOf,
  mayLackNetns,
  mayRefuseChange,
} from './link_attributes.js';
import { checkLinkInfo } from './link_info.js';
import type { MustBeZero } from './strict.js';
import { allowOnly, strictEnd, strictHeader, strictZero } from './strict.js';
import * as tc from './tc.js';

const ATTRS = NLMSG_HDRLEN + ifinfomsg.size;
const { offsetof } = ifinfomsg;
const { TARGET_NETNSID, NET_NS_PID, NET_NS_FD, IFNAME, ALT_IFNAME, GROUP, LINK_NETNSID, PROP_LIST } = IFLA;

const zeroHeader: readonly MustBeZero[] = [
  { offset: offsetof.__ifi_pad, size: 1, name: '__ifi_pad' },
  { offset: offsetof.ifi_type, size: 2, name: 'ifi_type' },
  { offset: offsetof.ifi_flags, size: 4, name: 'ifi_flags' },
  { offset: offsetof.ifi_change, size: 4, name: 'ifi_change' },
];
const index: MustBeZero = { offset: offsetof.ifi_index, size: 4, name: 'ifi_index' };
const getAttributes = new Set([IFNAME, ALT_IFNAME, IFLA.EXT_MASK, TARGET_NETNSID].map(({ type }) => type));
const dumpAttributes = new Set([IFLA.EXT_MASK, IFLA.MASTER, IFLA.LINKINFO, TARGET_NETNSID].map(({ type }) => type));

const indexOf = (judge: Judge): number => judge.view.getInt32(judge.start + NLMSG_HDRLEN + offsetof.ifi_index, true);

const parseLink = (judge: Judge, reading = liberally): Attributes =>
  walk(judge, iflaOf(judge), judge.start + ATTRS, judge.end, '', reading);

const hasHeader = (judge: Judge, msg?: string): boolean => tc.hasHeader(judge, ifinfomsg.size, 'ifinfomsg', msg);

/** Whether the request names a device other than by group. */
const namesDevice = (judge: Judge, run: Attributes): boolean =>
  indexOf(judge) > 0 || run.has(IFNAME.type) || run.has(ALT_IFNAME.type);

function needsName(judge: Judge, run: Attributes): void {
  if (namesDevice(judge, run)) return;
  const at = tc.field(judge, offsetof.ifi_index, 4, 'ifi_index');
  judge.refuse({
    code: C.missingAttribute,
    errno: 'EINVAL',
    at,
    text: 'neither an index nor a name is given',
    within: run,
  });
}

/** Requests that take a namespace by id only. */
function checkNetnsById(run: Attributes): void {
  const given = run.has(NET_NS_PID.type) ? NET_NS_PID.type : NET_NS_FD.type;
  if (run.has(given)) {
    const msg = 'specified netns attribute not supported';
    run.judge.deny(
      C.unsupported,
      'EOPNOTSUPP',
      msg,
      run.place(given),
      'a namespace is named by IFLA_TARGET_NETNSID here',
    );
  }
}

/** The namespace a link goes to; before 6.18 it is looked up last. */
function mayGoTo(run: Attributes): void {
  if (run.judge.has('early-netns')) checkNetnsId(run);
  else if (run.has(TARGET_NETNSID.type)) run.judge.may('EINVAL: no namespace has this id');
  mayLackNetns(run);
}

export function getLink(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_getlink()';
  if (!hasHeader(judge, 'Invalid header for get link')) return;
  strictZero(judge, zeroHeader, 'Invalid values in header for get link request');
  const run = parseLink(judge, orStrictly);
  allowOnly(run, getAttributes, 'Unsupported attribute in get link request');
  checkNetnsById(run);
  checkNetnsId(run);
  needsName(judge, run);
  judge.may('ENODEV: there is no such device');
}

/** Whether the liberal parser gets past everything: a fault makes it show all. */
export function dumpLinks(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_dump_ifinfo()';
  if (!strictHeader(judge, ifinfomsg.size, 'ifinfomsg', 'Invalid header for link dump')) {
    const from = Math.min(judge.start + NLMSG_HDRLEN + nlaAlign(rtgenmsg.size), judge.end);
    walk(judge, iflaOf(judge), from, judge.end, '', { ...strictlyOnly, strictMode: 0, open: true });
    return;
  }
  strictZero(judge, zeroHeader, 'Invalid values in header for link dump request');
  strictZero(judge, [index], 'Filter by device index not supported for link dumps');
  const run = parseLink(judge, strictlyOnly);
  allowOnly(run, dumpAttributes, 'Unsupported attribute in link dump request');
  if (run.has(TARGET_NETNSID.type)) judge.may('EINVAL: Invalid target network namespace id');
}

/** A link that is sure to be made, if the request is not refused. */
function creates(judge: Judge, run: Attributes): boolean {
  return judge.wants(NLM_F_CREATE) && (judge.wants(NLM_F_EXCL) || !namesDevice(judge, run));
}

function checkCreate(run: Attributes, info: Attributes | undefined): void {
  const { judge } = run;
  const { MAP, PROTINFO, LINKINFO } = IFLA;
  const given = info ?? run;
  const odd = run.has(MAP.type) ? MAP.type : PROTINFO.type;
  if (run.has(odd))
    judge.deny(C.unsupported, 'EOPNOTSUPP', undefined, run.place(odd), 'a new link takes no such attribute');
  if (!run.has(LINKINFO.type) || info?.has(IFLA_INFO.KIND.type) === false) {
    const text = 'a new link needs IFLA_LINKINFO with IFLA_INFO_KIND';
    judge.deny(C.missingAttribute, 'EOPNOTSUPP', 'Unknown device type', given.whole, text, given);
  }
  judge.may('EOPNOTSUPP: Unknown device type');
  checkQueues(run);
}

/** Links that are there are changed. */
function mayChange(run: Attributes): void {
  const { judge } = run;
  if (judge.wants(NLM_F_EXCL)) judge.may('EEXIST: the link exists');
  if (judge.wants(NLM_F_REPLACE)) judge.may('EOPNOTSUPP: a link is not replaced');
  judge.may('EOPNOTSUPP: the link cannot be changed in this way');
  if (!judge.wants(NLM_F_CREATE)) judge.may('ENODEV: there is no such device');
}

function denyNegativeIndex(judge: Judge): void {
  if (indexOf(judge) >= 0 || !judge.has('negative-ifindex')) return;
  const at = tc.field(judge, offsetof.ifi_index, 4, 'ifi_index');
  judge.deny(C.noSuchIndex, 'EINVAL', "ifindex can't be negative", at, `no device has the index ${indexOf(judge)}`);
}

export function newLink(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_newlink()';
  if (!hasHeader(judge)) return;
  tc.notePadding(judge, offsetof.__ifi_pad, 1, '__ifi_pad');
  tc.noteFlags(judge, NLM_F_APPEND, 'NLM_F_APPEND');
  const run = parseLink(judge);
  checkUniqueNetns(run);
  const late = judge.has('late-index-check');
  if (!late) denyNegativeIndex(judge);
  const sure = creates(judge, run);
  const info = checkLinkInfo(run, sure);
  mayGoTo(run);
  if (run.has(LINK_NETNSID.type)) judge.may('EINVAL: Unknown network namespace id');
  if (late) denyNegativeIndex(judge);
  changeOrCreate(run, sure, info);
}

function changeOrCreate(run: Attributes, sure: boolean, info: Attributes | undefined): void {
  const { judge } = run;
  const named = namesDevice(judge, run);
  if (!named && !judge.wants(NLM_F_CREATE)) {
    if (run.has(GROUP.type)) {
      mayRefuseChange(run);
      return;
    }
    const at = tc.field(judge, offsetof.ifi_index, 4, 'ifi_index');
    judge.refuse({
      code: C.missingAttribute,
      errno: 'ENODEV',
      at,
      text: 'neither an index, a name nor a group is given',
      within: run,
    });
  }
  if (named) mayChange(run);
  if (sure) checkCreate(run, info);
  else if (judge.wants(NLM_F_CREATE)) {
    judge.may('EOPNOTSUPP: Unknown device type');
    judge.may('EINVAL: Invalid number of transmit queues');
    judge.may('EINVAL: Invalid number of receive queues');
  }
  mayRefuseChange(run);
  checkAfSpec(run);
  if (indexOf(judge) > 0) checkNewName(run);
}

export function setLink(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_setlink()';
  if (!hasHeader(judge)) return;
  tc.notePadding(judge, offsetof.__ifi_pad, 1, '__ifi_pad');
  tc.noteFlags(
    judge,
    NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE | NLM_F_APPEND,
    'NLM_F_CREATE, EXCL, REPLACE or APPEND',
  );
  const run = parseLink(judge);
  checkUniqueNetns(run);
  mayGoTo(run);
  needsName(judge, run);
  judge.may('ENODEV: there is no such device');
  mayRefuseChange(run);
  checkAfSpec(run);
  if (indexOf(judge) > 0) checkNewName(run);
}

export function delLink(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_dellink()';
  if (!hasHeader(judge)) return;
  tc.notePadding(judge, offsetof.__ifi_pad, 1, '__ifi_pad');
  const run = parseLink(judge);
  checkNetnsById(run);
  checkNetnsId(run);
  if (namesDevice(judge, run)) {
    judge.may('ENODEV: there is no such device');
    judge.may('EOPNOTSUPP: the link cannot be deleted');
  } else if (run.has(GROUP.type)) deleteGroup(run);
  else needsName(judge, run);
}

function deleteGroup(run: Attributes): void {
  const { judge } = run;
  if (run.u32(GROUP.type) === 0)
    judge.deny(C.badValue, 'EPERM', undefined, run.place(GROUP.type), 'the group 0 of all devices is not deleted');
  judge.may('EOPNOTSUPP: a link of the group cannot be deleted');
  judge.may('ENODEV: the group is empty');
}

/** What RTM_*LINKPROP looks at of a list of properties. */
const properties = attrs('IFLA', { ALT_IFNAME: [ALT_IFNAME.type, string(ALTIFNAMSIZ - 1)] });

export function linkProp(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_linkprop()';
  if (!judge.has('linkprop')) {
    judge.deny(
      C.unknownType,
      'EOPNOTSUPP',
      undefined,
      tc.headerField(judge, 'nlmsg_type'),
      'this kernel has no such message',
    );
    return;
  }
  if (!hasHeader(judge)) return;
  const run = parseLink(judge, alwaysStrictly);
  checkNetnsById(run);
  needsName(judge, run);
  judge.may('ENODEV: there is no such device');
  if (!run.ok(PROP_LIST.type)) return;
  judge.may('EEXIST: the name is taken');
  judge.may('ENOENT: the device has no such name');
  judge.may('EINVAL: effective property list too long');
  judge.may('EINVAL: the name cannot be taken away');
  // Each name is judged strictly, the list they stand in is only walked.
  const mode = NL_VALIDATE_STRICT & ~NL_VALIDATE_TRAILING;
  run.nested(PROP_LIST.type, properties, { mode, strictMode: mode, extack: true, open: true, list: true });
}

const dump6: readonly MustBeZero[] = [zeroHeader[0]!, zeroHeader[1]!, index, zeroHeader[2]!, zeroHeader[3]!];

/** RTM_GETLINK of AF_INET6 as a dump. */
export function dumpLinks6(judge: Judge): void {
  judge.symbol = 'net/ipv6/addrconf.c inet6_dump_ifinfo()';
  if (!strictHeader(judge, ifinfomsg.size, 'ifinfomsg', 'ipv6: Invalid header for link dump request')) return;
  strictEnd(judge, ifinfomsg.size, 'ipv6: Invalid data after header');
  strictZero(judge, dump6, 'ipv6: Invalid values in header for dump request');
}

/** RTM_SETLINK and RTM_DELLINK of bridge ports. */
export function bridgePort(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_bridge_setlink()';
  if (judge.end - judge.start < ATTRS) {
    const at = {
      offset: judge.start + NLMSG_HDRLEN,
      length: judge.end - judge.start - NLMSG_HDRLEN,
      path: 'ifinfomsg',
    };
    judge.deny(C.shortHeader, 'EINVAL', undefined, at, `struct ifinfomsg takes ${ifinfomsg.size} bytes`);
    return;
  }
  judge.may('ENODEV: unknown ifindex');
  judge.may('EINVAL: the flags of the port are too short');
  judge.may('EOPNOTSUPP: the device is no port of a bridge');
}

const zeroHeaderAndIndex: readonly MustBeZero[] = [...zeroHeader, index];
const maskAlone = new Set([IFLA.EXT_MASK.type]);

/** RTM_GETLINK of bridge ports as a dump. */
export function dumpBridgePorts(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_bridge_getlink()';
  if (!strictHeader(judge, ifinfomsg.size, 'ifinfomsg', 'Invalid header for bridge link dump')) return;
  strictZero(judge, zeroHeaderAndIndex, 'Invalid values in header for bridge link dump request');
  const run = walk(judge, iflaOf(judge), judge.start + ATTRS, judge.end, '', strictlyOnly);
  allowOnly(run, maskAlone, 'Unsupported attribute in bridge link dump request');
}
