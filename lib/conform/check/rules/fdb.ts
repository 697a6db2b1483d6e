// net/core/rtnetlink.c, neighbour messages of PF_BRIDGE: what the bytes of entries of forwarding tables decide, and of the
// dumps of groups and anycast addresses, which look at nothing but their header.
import { attrs, type AttrSet } from '../../../codec/attrs.js';
import {
  NL_VALIDATE_DEPRECATED_STRICT,
  NL_VALIDATE_LIBERAL,
  NL_VALIDATE_STRICT,
  NL_VALIDATE_UNSPEC,
} from '../../../codec/parse.js';
import { ETH_ALEN } from '../../../uapi/linux/if_ether.js';
import * as N from '../../../uapi/linux/neighbour.js';
import { NLM_F_BULK, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { ifinfomsg, RTM_DELNEIGH } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes } from '../attributes.js';
import { walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { iflaOf } from './link_attributes.js';
import { ATTRS, checkGetHeader, flagsOf, indexField, indexOf, ndaOf, stateOf, zeroFlags, zeroHeader } from './ndmsg.js';
import { strictHeader, strictZero } from './strict.js';
import * as tc from './tc.js';

const { NDA, ndmsg } = N;
const VLAN_VID_MASK = 0x0fff;
const NTF_MASTER = 0x04;
/** Attributes by type alone: these requests have no policy. */
const unjudged = attrs('NDA', {}, NDA.$max);

const parse = (judge: Judge, mode: number, strictOnly = false, set: AttrSet<object> = unjudged): Attributes =>
  walk(judge, set, judge.start + ATTRS, judge.end, '', {
    mode: strictOnly ? NL_VALIDATE_LIBERAL : mode,
    strictMode: mode,
    extack: true,
    positions: set === unjudged,
    ...(strictOnly ? { strictOnly } : {}),
  });

/** fdb_vid_parse() */
function checkVlan(run: Attributes): void {
  const { judge } = run;
  const { type } = NDA.VLAN;
  if (!run.has(type)) return;
  const length = run.len(type);
  if (length !== 2) {
    judge.deny(
      C.shortInteger,
      'EINVAL',
      'invalid vlan attribute size',
      run.place(type),
      `a VLAN id takes 2 bytes, not ${length}`,
    );
    return;
  }
  const vid = run.u16(type)!;
  if (vid === 0 || vid >= VLAN_VID_MASK)
    judge.deny(C.badValue, 'EINVAL', 'invalid vlan id', run.place(type), `there is no VLAN ${vid}`);
}

function checkAddress(run: Attributes): void {
  const { judge } = run;
  const { type } = NDA.LLADDR;
  const msg = 'invalid address';
  if (!run.has(type)) judge.deny(C.missingAttribute, 'EINVAL', msg, run.whole, 'NDA_LLADDR is missing', run);
  else if (run.len(type) !== ETH_ALEN)
    judge.deny(
      C.badAddressLength,
      'EINVAL',
      msg,
      run.place(type),
      `an address has ${ETH_ALEN} bytes, not ${run.len(type)}`,
    );
}

function mayNotChange(judge: Judge, what: string): void {
  judge.may(`EINVAL: FDB ${what} only supported for Ethernet devices`);
}

/** NTF_SELF is all that devices without a bridge know. */
function needSelf(judge: Judge): void {
  if ((flagsOf(judge) & N.NTF_SELF) === 0) judge.may('EOPNOTSUPP: the device is no port of a bridge');
}

/** Header and device of a change. */
function parseChange(judge: Judge, mode: number, set: AttrSet<object> = unjudged): Attributes | undefined {
  if (!tc.hasHeader(judge, ndmsg.size, 'ndmsg')) return undefined;
  const run = parse(judge, mode, false, set);
  if (indexOf(judge) === 0) judge.deny(C.badField, 'EINVAL', 'invalid ifindex', indexField(judge), 'ndm_ifindex is 0');
  judge.may('ENODEV: unknown ifindex');
  return run;
}

export function addForwarding(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_fdb_add()';
  const run = parseChange(judge, NL_VALIDATE_LIBERAL);
  if (run === undefined) return;
  checkAddress(run);
  mayNotChange(judge, 'add');
  checkVlan(run);
  needSelf(judge);
  const state = stateOf(judge);
  if ((flagsOf(judge) & N.NTF_SELF) !== 0 && state !== 0 && (state & N.NUD_PERMANENT) === 0)
    judge.may('EINVAL: the device keeps permanent entries alone');
  if (run.has(NDA.FLAGS_EXT.type) || run.has(NDA.VLAN.type))
    judge.may('EINVAL: the device knows no VLANs and no such flags');
  judge.may('EEXIST: there is such an entry');
  judge.may('EINVAL: the device refuses the entry');
}

/** Since 6.18 the device judges the attributes, of which no device here has anything. */
const parseBulk = (judge: Judge, byDevice: boolean): Attributes | undefined =>
  byDevice
    ? parseChange(judge, NL_VALIDATE_STRICT & ~NL_VALIDATE_UNSPEC)
    : parseChange(judge, NL_VALIDATE_STRICT, N.NDA_BULK_6_1);

export function deleteForwarding(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_fdb_del()';
  const bulk = judge.wants(NLM_F_BULK) && judge.has('bulk-del') && judge.type === RTM_DELNEIGH;
  const byDevice = judge.has('fdb-bulk-by-device');
  const run = bulk ? parseBulk(judge, byDevice) : parseChange(judge, NL_VALIDATE_LIBERAL);
  if (run === undefined) return;
  if (!bulk) checkAddress(run);
  if (!bulk || !byDevice) checkVlan(run);
  mayNotChange(judge, 'delete');
  needSelf(judge);
  judge.may('EOPNOTSUPP: the device deletes no entries in bulk');
  if ((stateOf(judge) & N.NUD_PERMANENT) === 0) judge.may('EINVAL: the device keeps permanent entries alone');
  judge.may('ENOENT: there is no such entry');
}

/** A strict dump selects by index alone. valid_fdb_dump_strict() */
function dumpStrictly(judge: Judge): void {
  if (!strictHeader(judge, ndmsg.size, 'ndmsg', 'Invalid header for fdb dump request')) return;
  strictZero(judge, [...zeroHeader, zeroFlags], 'Invalid values in header for fdb dump request');
  const run = parse(judge, NL_VALIDATE_DEPRECATED_STRICT, true);
  for (let type = 1; type <= NDA.$max; type++) {
    if (!run.has(type)) continue;
    const name = type === NDA.IFINDEX.type ? 'IFINDEX' : type === NDA.MASTER.type ? 'MASTER' : undefined;
    if (name !== undefined && run.len(type) === 4) continue;
    const msg =
      name === undefined
        ? 'Unsupported attribute in fdb dump request'
        : `Invalid ${name} attribute in fdb dump request`;
    const text =
      name === undefined ? 'this attribute selects nothing here' : `an index takes 4 bytes, not ${run.len(type)}`;
    judge.strictly({ code: C.unsupportedStrictly, errno: 'EINVAL', msg, at: run.place(type), text });
  }
  judge.may('ENODEV: there is no such bridge');
}

/** Old programs send an ifinfomsg, or a ndmsg alone or with one number. valid_fdb_dump_legacy() */
function dumpLiberally(judge: Judge): void {
  const length = judge.end - judge.start - NLMSG_HDRLEN;
  if (length === ndmsg.size || length === ndmsg.size + 8) return;
  if (length < ifinfomsg.size) {
    const at = { offset: judge.start + NLMSG_HDRLEN, length, path: 'ifinfomsg' };
    const text = `struct ndmsg takes ${ndmsg.size} bytes and struct ifinfomsg ${ifinfomsg.size}, ${length} are there`;
    judge.liberally({ code: C.shortHeader, errno: 'EINVAL', msg: 'Invalid header length', at, text });
    return;
  }
  const sink = judge.sink;
  if (judge.strictSocket) judge.sink = undefined;
  walk(judge, iflaOf(judge), judge.start + NLMSG_HDRLEN + ifinfomsg.size, judge.end, '', {
    mode: NL_VALIDATE_LIBERAL,
    strictMode: NL_VALIDATE_LIBERAL,
    extack: true,
    liberalOnly: true,
    errno: 'EINVAL',
    open: true,
  });
  judge.sink = sink;
}

export function dumpForwarding(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_fdb_dump()';
  dumpStrictly(judge);
  dumpLiberally(judge);
}

/** A look-up is judged strictly, whoever asks. valid_fdb_get_strict() */
export function getForwarding(judge: Judge): void {
  judge.symbol = 'net/core/rtnetlink.c rtnl_fdb_get()';
  if (!tc.hasHeader(judge, ndmsg.size, 'ndmsg', 'Invalid header for fdb get request')) return;
  checkGetHeader(judge, 'fdb', NTF_MASTER | N.NTF_SELF, 'NTF_MASTER and NTF_SELF select');
  const mode = NL_VALIDATE_DEPRECATED_STRICT;
  const run = walk(judge, ndaOf(judge), judge.start + ATTRS, judge.end, '', { mode, strictMode: mode, extack: true });
  checkGetAttributes(run);
  checkGetPlace(run);
}

function checkGetAttributes(run: Attributes): void {
  const { judge } = run;
  const { LLADDR, MASTER, VNI, VLAN } = NDA;
  for (let type = 1; type <= NDA.$max; type++) {
    if (!run.has(type) || type === MASTER.type || type === VNI.type) continue;
    if (type === VLAN.type) {
      if (run.ok(type)) checkVlan(run);
    } else if (type !== LLADDR.type) {
      const msg = 'Unsupported attribute in fdb get request';
      judge.deny(C.unsupportedStrictly, 'EINVAL', msg, run.place(type), 'this attribute selects nothing here');
    } else if (run.ok(type) && run.len(type) !== ETH_ALEN) {
      const text = `an address has ${ETH_ALEN} bytes, not ${run.len(type)}`;
      judge.deny(C.badAddressLength, 'EINVAL', 'Invalid address in fdb get request', run.place(type), text);
    }
  }
  if (!run.has(LLADDR.type)) {
    const msg = 'Missing lookup address for fdb get request';
    judge.deny(C.missingAttribute, 'EINVAL', msg, run.whole, 'NDA_LLADDR is missing', run);
  }
}

/** Where to look: in a bridge, or in a device. */
function checkGetPlace(run: Attributes): void {
  const { judge } = run;
  const port = indexOf(judge);
  const bridge = run.u32(NDA.MASTER.type) ?? 0;
  if (port !== 0) judge.may('ENODEV: Unknown device ifindex');
  if (port !== 0 && bridge !== 0) {
    const msg = 'Master and device are mutually exclusive';
    judge.deny(C.exclusiveAttributes, 'EINVAL', msg, run.place(NDA.MASTER.type), 'both a bridge and a device');
  }
  judge.may('EINVAL: Invalid master ifindex');
  judge.may('EINVAL: Device is not a bridge port');
  if (port === 0 && bridge === 0)
    judge.deny(
      C.badField,
      'ENODEV',
      'No device specified',
      indexField(judge),
      'neither a bridge nor a device is named',
    );
  judge.may('EOPNOTSUPP: Fdb get operation not supported by device');
  judge.may('ENOENT: there is no such entry');
}
