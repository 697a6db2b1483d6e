// net/ipv4/devinet.c and net/ipv6/addrconf.c: what the bytes of RTM_NEWADDR, RTM_DELADDR and RTM_GETADDR decide.
import * as A from '../../../uapi/linux/if_addr.js';
import { NLM_F_EXCL, NLM_F_REPLACE, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import type { Attributes } from '../attributes.js';
import { liberally, orStrictly, strictlyOnly, walk } from '../attributes.js';
import { C, type Code } from '../codes.js';
import type { Judge, Place } from '../judge.js';
import type { MustBeZero } from './strict.js';
import { allowOnly, strictHeader, strictZero } from './strict.js';
import * as tc from './tc.js';

const { ifaddrmsg } = A;
const { offsetof } = ifaddrmsg;
const ATTRS = NLMSG_HDRLEN + ifaddrmsg.size;
const netns = A.IFA.TARGET_NETNSID.type;
const getAttributes = new Set([A.IFA6.ADDRESS.type, A.IFA6.LOCAL.type, netns]);

const zeroHeader: readonly MustBeZero[] = [
  { offset: offsetof.ifa_prefixlen, size: 1, name: 'ifa_prefixlen' },
  { offset: offsetof.ifa_flags, size: 1, name: 'ifa_flags' },
  { offset: offsetof.ifa_scope, size: 1, name: 'ifa_scope' },
];

const byte = (judge: Judge, offset: number): number => judge.view.getUint8(judge.start + NLMSG_HDRLEN + offset);
const indexOf = (judge: Judge): number => judge.view.getInt32(judge.start + NLMSG_HDRLEN + offsetof.ifa_index, true);
const indexField = (judge: Judge): Place => tc.field(judge, offsetof.ifa_index, 4, 'ifa_index');
const prefixField = (judge: Judge): Place => tc.field(judge, offsetof.ifa_prefixlen, 1, 'ifa_prefixlen');

/** Texts of refused changes, which older kernels have not. */
const texts = (judge: Judge, msg: string): string | undefined => (judge.has('address-texts') ? msg : undefined);

function deny(
  judge: Judge,
  code: Code,
  errno: string,
  msg: string,
  at: Place,
  text: string,
  within?: Attributes,
): void {
  judge.deny(code, errno, texts(judge, msg), at, text, within);
}

function may(judge: Judge, errno: string, msg: string): void {
  judge.may(`${errno}: ${msg}`);
}

function needIndex(judge: Judge, msg: string): void {
  if (indexOf(judge) > 0) may(judge, 'ENODEV', msg);
  else deny(judge, C.noSuchIndex, 'ENODEV', msg, indexField(judge), `no device has the index ${indexOf(judge)}`);
}

/** How long an address is valid and preferred. */
function checkLifetime(run: Attributes, type: number, msg: string): void {
  const { judge } = run;
  if (!run.ok(type)) return;
  tc.noteLongStruct(run, type, A.ifa_cacheinfo.size);
  const start = run.start(type);
  const preferred = judge.view.getUint32(start + A.ifa_cacheinfo.offsetof.ifa_prefered, true);
  const valid = judge.view.getUint32(start + A.ifa_cacheinfo.offsetof.ifa_valid, true);
  if (valid !== 0 && preferred <= valid) return;
  const text =
    valid === 0
      ? 'an address is valid for more than 0 seconds'
      : 'an address is not preferred for longer than it is valid';
  deny(judge, C.badValue, 'EINVAL', msg, run.place(type), text);
}

function checkPrefix(judge: Judge, most: 32 | 128, msg: string): void {
  const length = byte(judge, offsetof.ifa_prefixlen);
  if (length <= most) return;
  deny(judge, C.badField, 'EINVAL', msg, prefixField(judge), `a prefix has at most ${most} bits, not ${length}`);
}

const flagsOf = (run: Attributes): number => run.u32(A.IFA.FLAGS.type) ?? byte(run.judge, offsetof.ifa_flags);

export function newAddr4(judge: Judge): void {
  judge.symbol = 'net/ipv4/devinet.c inet_rtm_newaddr()';
  if (!tc.hasHeader(judge, ifaddrmsg.size, 'ifaddrmsg')) return;
  const run = walk(judge, A.IFA, judge.start + ATTRS, judge.end, '', liberally);
  const { LOCAL, CACHEINFO } = A.IFA;
  checkPrefix(judge, 32, 'ipv4: Invalid prefix length');
  if (!run.has(LOCAL.type))
    deny(
      judge,
      C.missingAttribute,
      'EINVAL',
      'ipv4: Local address is not supplied',
      run.whole,
      'IFA_LOCAL is missing',
      run,
    );
  checkLifetime(run, CACHEINFO.type, 'ipv4: address lifetime invalid');
  if (run.u32(LOCAL.type) === 0) {
    judge.note({
      code: C.badValue,
      severity: 'ignored',
      at: run.place(LOCAL.type),
      text: 'the address 0.0.0.0 is not taken: nothing is done',
    });
    return;
  }
  needIndex(judge, 'ipv4: Device not found');
  mayNotAdd4(run);
}

function mayNotAdd4(run: Attributes): void {
  const { judge } = run;
  judge.may('ENOBUFS: the device has no IPv4');
  may(judge, 'EINVAL', 'ipv4: Multicast auto join failed');
  may(judge, 'EINVAL', 'ipv4: Invalid scope value');
  if (judge.wants(NLM_F_EXCL) || !judge.wants(NLM_F_REPLACE)) may(judge, 'EEXIST', 'ipv4: Address already assigned');
}

export function delAddr4(judge: Judge): void {
  judge.symbol = 'net/ipv4/devinet.c inet_rtm_deladdr()';
  if (!tc.hasHeader(judge, ifaddrmsg.size, 'ifaddrmsg')) return;
  walk(judge, A.IFA, judge.start + ATTRS, judge.end, '', liberally);
  needIndex(judge, 'ipv4: Device not found');
  may(judge, 'EADDRNOTAVAIL', 'ipv4: Address not found');
}

/** One of the dumps; `what` is `ipv4` or `ipv6`. */
function dump(judge: Judge, set: typeof A.IFA | typeof A.IFA6, what: string): void {
  if (!strictHeader(judge, ifaddrmsg.size, 'ifaddrmsg', `${what}: Invalid header for address dump request`)) return;
  strictZero(judge, zeroHeader, `${what}: Invalid values in header for address dump request`);
  const run = walk(judge, set, judge.start + ATTRS, judge.end, '', strictlyOnly);
  const first = firstOf(run);
  if (first === netns) judge.may(`EINVAL: ${what}: Invalid target network namespace id`);
  allowOnly(run, new Set([netns]), `${what}: Unsupported attribute in dump request`);
  if (indexOf(judge) !== 0) judge.may('ENODEV: there is no such device');
}

/** The lowest type there is. */
function firstOf(run: Attributes): number {
  for (let type = 1; type <= run.set.$max; type++) if (run.has(type)) return type;
  return 0;
}

export function dumpAddr4(judge: Judge): void {
  judge.symbol = 'net/ipv4/devinet.c inet_dump_ifaddr()';
  dump(judge, A.IFA, 'ipv4');
}

export function dumpAddr6(judge: Judge): void {
  judge.symbol = 'net/ipv6/addrconf.c inet6_dump_addr()';
  dump(judge, A.IFA6, 'ipv6');
}

/** Of no family: every family is asked, until one refuses. */
export function dumpAddrs(judge: Judge): void {
  const sink = judge.sink;
  dumpAddr4(judge);
  judge.sink = undefined;
  dumpAddr6(judge);
  judge.sink = sink;
}

/** The address in question: IFA_LOCAL, else IFA_ADDRESS. */
function extract(run: Attributes): number | undefined {
  const { LOCAL, ADDRESS } = A.IFA6;
  if (run.has(LOCAL.type)) return LOCAL.type;
  if (run.has(ADDRESS.type)) return ADDRESS.type;
  const text = 'neither IFA_LOCAL nor IFA_ADDRESS is given';
  run.judge.refuse({ code: C.missingAttribute, errno: 'EINVAL', at: run.whole, text, within: run });
  return undefined;
}

/** What a new address is not; a change of one that is there is looked at otherwise. */
function checkNew6(run: Attributes, type: number): void {
  const { judge } = run;
  const length = byte(judge, offsetof.ifa_prefixlen);
  const replaces = judge.wants(NLM_F_REPLACE) && !judge.wants(NLM_F_EXCL);
  const refuse = (code: Code, errno: string, msg: string, at: Place, text: string): void => {
    if (replaces) may(judge, errno, msg);
    else deny(judge, code, errno, msg, at, text);
  };
  const flags = flagsOf(run);
  if (length > 128)
    refuse(
      C.badField,
      'EINVAL',
      'ipv6: Invalid prefix length',
      prefixField(judge),
      `a prefix has at most 128 bits, not ${length}`,
    );
  if ((flags & A.IFA_F_MANAGETEMPADDR) !== 0 && length !== 64) {
    const msg = 'ipv6: address with "mngtmpaddr" flag must have a prefix length of 64';
    refuse(C.badField, 'EINVAL', msg, prefixField(judge), 'temporary addresses are made of 64 bits');
    judge.may('EINVAL: temporary addresses are made of 64 bits');
  }
  may(judge, 'EACCES', 'ipv6: IPv6 is disabled on this device');
  checkUnicast6(run, type, flags, refuse);
}

type Refuse = (code: Code, errno: string, msg: string, at: Place, text: string) => void;

function checkUnicast6(run: Attributes, type: number, flags: number, refuse: Refuse): void {
  const { judge } = run;
  if (!run.ok(type)) return;
  const multicast = judge.u8[run.start(type)] === 0xff;
  const at = run.place(type);
  const joins = (flags & A.IFA_F_MCAUTOJOIN) !== 0;
  if (joins && !multicast)
    refuse(
      C.badValue,
      'EINVAL',
      'ipv6: Multicast auto join failed',
      at,
      'IFA_F_MCAUTOJOIN is for the addresses of groups',
    );
  if (multicast && !joins) {
    const msg = 'ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag';
    refuse(C.badValue, 'EADDRNOTAVAIL', msg, at, 'the address of a group needs IFA_F_MCAUTOJOIN');
  }
  may(judge, 'EADDRNOTAVAIL', 'ipv6: Invalid address');
  may(judge, 'EADDRNOTAVAIL', 'ipv6: Cannot assign loopback address on this device');
  judge.may('EINVAL: a group is not joined');
}

export function newAddr6(judge: Judge): void {
  judge.symbol = 'net/ipv6/addrconf.c inet6_rtm_newaddr()';
  if (!tc.hasHeader(judge, ifaddrmsg.size, 'ifaddrmsg')) return;
  const run = walk(judge, A.IFA6, judge.start + ATTRS, judge.end, '', liberally);
  const type = extract(run);
  checkLifetime(run, A.IFA6.CACHEINFO.type, 'ipv6: address lifetime invalid');
  needIndex(judge, 'ipv6: Unable to find the interface');
  judge.may('EINVAL: the device is too small for IPv6');
  judge.may('ENOBUFS: the device has no IPv6');
  if (judge.wants(NLM_F_EXCL) || !judge.wants(NLM_F_REPLACE)) may(judge, 'EEXIST', 'ipv6: address already assigned');
  if (type !== undefined) checkNew6(run, type);
}

export function delAddr6(judge: Judge): void {
  judge.symbol = 'net/ipv6/addrconf.c inet6_rtm_deladdr()';
  if (!tc.hasHeader(judge, ifaddrmsg.size, 'ifaddrmsg')) return;
  const run = walk(judge, A.IFA6, judge.start + ATTRS, judge.end, '', liberally);
  extract(run);
  checkPrefix(judge, 128, 'ipv6: Invalid prefix length');
  needIndex(judge, 'ipv6: Unable to find the interface');
  may(judge, 'ENXIO', 'ipv6: IPv6 is disabled on this device');
  may(judge, 'EADDRNOTAVAIL', 'ipv6: address not found');
}

export function getAddr6(judge: Judge): void {
  judge.symbol = 'net/ipv6/addrconf.c inet6_rtm_getaddr()';
  if (!tc.hasHeader(judge, ifaddrmsg.size, 'ifaddrmsg', 'ipv6: Invalid header for get address request')) return;
  strictZero(judge, zeroHeader, 'ipv6: Invalid values in header for get address request');
  const run = walk(judge, A.IFA6, judge.start + ATTRS, judge.end, '', orStrictly);
  allowOnly(run, getAttributes, 'ipv6: Unsupported attribute in get address request');
  if (run.has(netns)) judge.may('EINVAL: no namespace has this id');
  extract(run);
  judge.may('EADDRNOTAVAIL: no device has this address');
}
