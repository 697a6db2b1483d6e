// net/core/neighbour.c: what the bytes of RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH decide.
import { attrs } from '../../../codec/attrs.js';
import { NL_VALIDATE_DEPRECATED_STRICT } from '../../../codec/parse.js';
import { unchecked } from '../../../codec/kind.js';
import * as N from '../../../uapi/linux/neighbour.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { AF_INET, AF_INET6 } from '../../../uapi/linux/socket.js';
import type { Attributes } from '../attributes.js';
import { liberally, silently, strictlyOnly, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import {
  ATTRS,
  checkGetHeader,
  familyOf,
  flagsOf,
  indexField,
  indexOf,
  ndaOf,
  zeroFlags,
  zeroHeader,
  zeroIndex,
} from './ndmsg.js';
import { allowOnly, strictFlags, strictHeader, strictZero } from './strict.js';
import * as tc from './tc.js';

const { NDA, ndmsg } = N;
const { offsetof } = ndmsg;

const isProxy = (judge: Judge): boolean => (flagsOf(judge) & N.NTF_PROXY) !== 0;

const keyLength = (family: number): number => (family === AF_INET ? 4 : family === AF_INET6 ? 16 : 0);

function needAddress(run: Attributes): void {
  if (!run.has(NDA.DST.type))
    run.judge.deny(C.missingAttribute, 'EINVAL', 'Network address not specified', run.whole, 'NDA_DST is missing', run);
}

/** The key has the length of its family. */
function checkKey(run: Attributes): void {
  const { judge } = run;
  const family = familyOf(judge);
  const length = keyLength(family);
  if (length === 0) {
    judge.deny(
      C.unsupported,
      'EAFNOSUPPORT',
      undefined,
      tc.field(judge, offsetof.ndm_family, 1, 'ndm_family'),
      `family ${family} has no neighbours`,
    );
    return;
  }
  const given = run.len(NDA.DST.type);
  if (run.ok(NDA.DST.type) && given < length)
    judge.deny(
      C.badAddressLength,
      'EINVAL',
      'Invalid network address',
      run.place(NDA.DST.type),
      `an address has ${length} bytes, not ${given}`,
    );
}

export function newNeigh(judge: Judge): void {
  judge.symbol = 'net/core/neighbour.c neigh_add()';
  if (!tc.hasHeader(judge, ndmsg.size, 'ndmsg')) return;
  tc.notePadding(judge, offsetof.ndm_pad1, 3, 'ndm_pad1');
  const run = walk(judge, ndaOf(judge), judge.start + ATTRS, judge.end, '', liberally);
  needAddress(run);
  if (indexOf(judge) !== 0) {
    judge.may('ENODEV: there is no such device');
    judge.may('EINVAL: Invalid link address');
  }
  checkKey(run);
  if (indexOf(judge) === 0 && !isProxy(judge))
    judge.deny(C.badField, 'EINVAL', 'Device not specified', indexField(judge), 'ndm_ifindex is 0');
  if (run.has(NDA.FLAGS_EXT.type))
    judge.may(`EINVAL: Invalid NTF_* flag ${isProxy(judge) ? 'combination' : 'for permanent entry'}`);
  mayNotAdd(judge);
}

function mayNotAdd(judge: Judge): void {
  if (isProxy(judge)) return;
  if (!judge.wants(NLM_F_CREATE)) judge.may('ENOENT: there is no such neighbour');
  if (judge.wants(NLM_F_EXCL)) judge.may('EEXIST: there is such a neighbour');
  judge.may('EINVAL: No link layer address given');
  judge.may('EINVAL: the neighbour cannot be in this state');
  judge.may('EINVAL: the device takes no neighbours of this family');
  judge.may('ENOBUFS: there is no room for another neighbour');
}

/** What a deletion looks for, and looks at no further. */
const destination = attrs('NDA', { DST: [NDA.DST.type, unchecked] }, NDA.$max);

export function delNeigh(judge: Judge): void {
  judge.symbol = 'net/core/neighbour.c neigh_delete()';
  if (judge.end - judge.start < ATTRS) {
    const length = judge.end - judge.start - NLMSG_HDRLEN;
    const at = { offset: judge.start + NLMSG_HDRLEN, length, path: 'ndmsg' };
    judge.deny(C.shortHeader, 'EINVAL', undefined, at, `struct ndmsg takes ${ndmsg.size} bytes, ${length} are there`);
    return;
  }
  const run = walk(judge, destination, judge.start + ATTRS, judge.end, '', { ...silently, open: true, first: true });
  needAddress(run);
  if (indexOf(judge) !== 0) judge.may('ENODEV: there is no such device');
  checkKey(run);
  if (indexOf(judge) === 0 && !isProxy(judge))
    judge.deny(C.badField, 'EINVAL', undefined, indexField(judge), 'ndm_ifindex is 0');
  judge.may('ENOENT: there is no such neighbour');
}

function needDevice(judge: Judge): void {
  if (isProxy(judge) || indexOf(judge) !== 0) return;
  judge.deny(C.badField, 'EINVAL', 'No device specified', indexField(judge), 'ndm_ifindex is 0');
}

function checkGetAttributes(run: Attributes, length: number): void {
  const { judge } = run;
  for (let type = 1; type <= NDA.$max; type++) {
    if (!run.has(type)) continue;
    if (type !== NDA.DST.type)
      judge.deny(
        C.unsupportedStrictly,
        'EINVAL',
        'Unsupported attribute in neighbor get request',
        run.place(type),
        'this attribute selects nothing here',
      );
    else if (length !== 0 && run.ok(type) && run.len(type) !== length)
      judge.deny(
        C.badAddressLength,
        'EINVAL',
        'Invalid network address in neighbor get request',
        run.place(type),
        `an address has ${length} bytes, not ${run.len(type)}`,
      );
  }
}

export function getNeigh(judge: Judge): void {
  judge.symbol = 'net/core/neighbour.c neigh_get()';
  if (!tc.hasHeader(judge, ndmsg.size, 'ndmsg', 'Invalid header for neighbor get request')) return;
  checkGetHeader(judge, 'neighbor', N.NTF_PROXY, 'NTF_PROXY selects');
  const early = judge.has('neigh-get-early');
  if (early) needDevice(judge);
  const mode = NL_VALIDATE_DEPRECATED_STRICT;
  const run = walk(judge, ndaOf(judge), judge.start + ATTRS, judge.end, '', { mode, strictMode: mode, extack: true });
  const length = keyLength(familyOf(judge));
  if (length === 0) {
    const msg = 'Unsupported family in header for neighbor get request';
    judge.deny(
      C.unsupported,
      'EAFNOSUPPORT',
      msg,
      tc.field(judge, offsetof.ndm_family, 1, 'ndm_family'),
      `family ${familyOf(judge)} has no neighbours`,
    );
  }
  if (early && !run.has(NDA.DST.type))
    judge.refuse({
      code: C.missingAttribute,
      errno: 'EINVAL',
      missType: NDA.DST.type,
      at: run.whole,
      text: 'NDA_DST is missing',
      within: run,
    });
  checkGetAttributes(run, length);
  judge.may('ENODEV: Unknown device ifindex');
  if (!early) {
    needAddress(run);
    needDevice(judge);
  }
  judge.may(`ENOENT: ${isProxy(judge) ? 'Proxy neighbour' : 'Neighbour'} entry not found`);
}

const dumpAttributes: ReadonlySet<number> = new Set([NDA.IFINDEX.type, NDA.MASTER.type]);

export function dumpNeigh(judge: Judge): void {
  judge.symbol = 'net/core/neighbour.c neigh_dump_info()';
  if (!strictHeader(judge, ndmsg.size, 'ndmsg', 'Invalid header for neighbor dump request')) return;
  strictZero(judge, [...zeroHeader, zeroIndex], 'Invalid values in header for neighbor dump request');
  strictFlags(judge, zeroFlags, N.NTF_PROXY, 'Invalid flags in header for neighbor dump request');
  const run = walk(judge, ndaOf(judge), judge.start + ATTRS, judge.end, '', strictlyOnly);
  allowOnly(run, dumpAttributes, 'Unsupported attribute in neighbor dump request');
}
