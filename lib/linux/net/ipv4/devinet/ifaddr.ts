// net/ipv4/devinet.c, the address list of a device: what becomes a secondary, what goes with its primary, who is told.
// First the message goes out, then the FIB changes: listeners see the address before its routes.
import type { Extack } from '../../../../codec/extack.js';
import { EEXIST, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as A from '../../../../uapi/linux/if_addr.js';
import { IPV4_DEVCONF_PROMOTE_SECONDARIES } from '../../../../uapi/linux/ip.js';
import { RTM_DELADDR, RTM_NEWADDR } from '../../../../uapi/linux/rtnetlink.js';
import type { Work } from '../../../clock.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import { refuse } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import { netGeneric } from '../../core/net_namespace.js';
import type { Net } from '../../core/net_namespace.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { fibAddIfaddr, fibInetaddrEvent } from '../fib_frontend.js';
import type { InDevice, InIfaddr } from './in_device.js';
import { devconf } from './in_device.js';
import { rtmsgIfa } from './notify.js';

/** Flags that mean something for IPv6 alone. */
const IPV6ONLY_FLAGS =
  A.IFA_F_NODAD |
  A.IFA_F_OPTIMISTIC |
  A.IFA_F_DADFAILED |
  A.IFA_F_HOMEADDRESS |
  A.IFA_F_TENTATIVE |
  A.IFA_F_MANAGETEMPADDR |
  A.IFA_F_STABLE_PRIVACY;
const FOREVER = 0xffffffff;

interface Inet {
  /** Bumped at every change of an address list (dev_addr_genid). */
  generation: number;
  /** check_lifetime(), when some address will end. */
  check: Work | undefined;
}

export const inetState = netGeneric((): Inet => ({ generation: 0, check: undefined }));

/** Whether `address` is in the subnet of `ifa`. @models include/linux/inetdevice.h inet_ifa_match() */
export const inetIfaMatch = (address: number, ifa: InIfaddr): boolean => ((address ^ ifa.address) & ifa.mask) === 0;

const isSecondary = ({ flags }: InIfaddr): boolean => (flags & A.IFA_F_SECONDARY) !== 0;

/** Hundredths of a second since boot. @differs jiffies in another unit */
export const stampNow = ({ clock }: Machine): number => Math.floor((clock.now() * 100) / NSEC_PER_SEC);

/** @models net/ipv4/devinet.c inet_ifa_byprefix() */
export function inetIfaByprefix(inDev: InDevice, prefix: number, mask: number): InIfaddr | undefined {
  return inDev.ifaList.find((ifa) => !isSecondary(ifa) && ifa.mask === mask && inetIfaMatch(prefix, ifa));
}

/** The address with the same local address and subnet. @models net/ipv4/devinet.c find_matching_ifa() */
export function findMatchingIfa(ifa: InIfaddr): InIfaddr | undefined {
  return ifa.inDev.ifaList.find(
    (other) => other.mask === ifa.mask && inetIfaMatch(other.address, ifa) && other.local === ifa.local,
  );
}

/** Refuses what cannot stand beside the addresses there are; where in the list a new primary goes. */
function judge(ifa: InIfaddr, extack: Extack | undefined): number {
  const { ifaList } = ifa.inDev;
  let lastPrimary = 0;
  ifa.flags &= ~(A.IFA_F_SECONDARY | IPV6ONLY_FLAGS);
  ifaList.forEach((other, i) => {
    if (!isSecondary(other) && ifa.scope <= other.scope) lastPrimary = i + 1;
    if (other.mask !== ifa.mask || !inetIfaMatch(other.address, ifa)) return;
    if (other.local === ifa.local) refuse(extack, EEXIST, 'ipv4: Address already assigned');
    if (other.scope !== ifa.scope) refuse(extack, EINVAL, 'ipv4: Invalid scope value');
    ifa.flags |= A.IFA_F_SECONDARY;
  });
  return isSecondary(ifa) ? ifaList.length : lastPrimary;
}

/**
 * Adds the address. One without a local address is dropped without a word.
 *
 * @models net/ipv4/devinet.c __inet_insert_ifa()
 */
export function inetInsertIfa(ifa: InIfaddr, request?: RtnlRequest, extack?: Extack): void {
  if (ifa.local === 0) return;
  const { ifaList, dev } = ifa.inDev;
  ifaList.splice(judge(ifa, extack), 0, ifa);
  inetState(dev.net).generation++;
  scheduleCheck(dev.net);
  rtmsgIfa(RTM_NEWADDR, ifa, request);
  fibInetaddrEvent(ifa, 'UP');
}

/** Takes secondaries of the subnet of `primary` away, or finds the one that takes its place. */
function leaveSubnet(primary: InIfaddr, request: RtnlRequest | undefined): InIfaddr | undefined {
  const { inDev } = primary;
  const others = inDev.ifaList.filter(
    (ifa) => isSecondary(ifa) && ifa.mask === primary.mask && inetIfaMatch(primary.address, ifa),
  );
  if (devconf(inDev, IPV4_DEVCONF_PROMOTE_SECONDARIES) !== 0) return others[0];
  for (const ifa of others) {
    inDev.ifaList.splice(inDev.ifaList.indexOf(ifa), 1);
    rtmsgIfa(RTM_DELADDR, ifa, request);
    fibInetaddrEvent(ifa, 'DOWN');
  }
  return undefined;
}

/** Makes `ifa` the primary of the subnet that lost `old`. */
function promote(ifa: InIfaddr, old: InIfaddr, request: RtnlRequest | undefined): void {
  const { ifaList } = ifa.inDev;
  ifaList.splice(ifaList.indexOf(ifa), 1);
  const after = ifaList.findLastIndex((other) => !isSecondary(other) && old.scope <= other.scope);
  ifaList.splice(after + 1, 0, ifa);
  ifa.flags &= ~A.IFA_F_SECONDARY;
  rtmsgIfa(RTM_NEWADDR, ifa, request);
  fibInetaddrEvent(ifa, 'UP');
  for (const other of ifaList.slice(ifaList.indexOf(ifa) + 1))
    if (other.mask === old.mask && inetIfaMatch(old.address, other)) fibAddIfaddr(other);
}

/** @models net/ipv4/devinet.c __inet_del_ifa() */
export function inetDelIfa(ifa: InIfaddr, request?: RtnlRequest): void {
  const { inDev } = ifa;
  inetState(inDev.dev.net).generation++;
  const successor = isSecondary(ifa) || inDev.dead ? undefined : leaveSubnet(ifa, request);
  inDev.ifaList.splice(inDev.ifaList.indexOf(ifa), 1);
  rtmsgIfa(RTM_DELADDR, ifa, request);
  fibInetaddrEvent(ifa, 'DOWN');
  if (successor !== undefined) promote(successor, ifa, request);
}

/** @models net/ipv4/devinet.c set_ifa_lifetime() */
export function setIfaLifetime(ifa: InIfaddr, validLft: number, preferredLft: number): void {
  ifa.flags &= ~(A.IFA_F_PERMANENT | A.IFA_F_DEPRECATED);
  if (validLft === FOREVER) ifa.flags |= A.IFA_F_PERMANENT;
  else ifa.validLft = validLft;
  if (preferredLft !== FOREVER) {
    if (preferredLft === 0) ifa.flags |= A.IFA_F_DEPRECATED;
    ifa.preferredLft = preferredLft;
  }
  ifa.tstamp = stampNow(ifa.inDev.dev.net.machine);
  ifa.cstamp ??= ifa.tstamp;
}

function addressesOf(net: Net): InIfaddr[] {
  return net.devices.flatMap((dev) => dev.inDevice?.ifaList ?? []);
}

const isPermanent = ({ flags }: InIfaddr): boolean => (flags & A.IFA_F_PERMANENT) !== 0;

/** When the state of `ifa` changes next, in seconds of its age; Infinity for never. */
function nextAge(ifa: InIfaddr): number {
  if (isPermanent(ifa)) return Infinity;
  const preferred = ifa.flags & A.IFA_F_DEPRECATED || ifa.preferredLft === FOREVER ? Infinity : ifa.preferredLft;
  return Math.min(preferred, ifa.validLft === FOREVER ? Infinity : ifa.validLft);
}

/** Sets the timer for the address whose state changes first. @differs the kernel looks at least every two minutes */
export function scheduleCheck(net: Net): void {
  const state = inetState(net);
  state.check?.cancel();
  state.check = undefined;
  const ends = addressesOf(net).map((ifa) => ifa.tstamp * (NSEC_PER_SEC / 100) + nextAge(ifa) * NSEC_PER_SEC);
  const first = Math.min(...ends);
  if (first === Infinity) return;
  const { work, clock } = net.machine;
  state.check = work.schedule(Math.max(0, first - clock.now()), 'check_lifetime', () => {
    state.check = undefined;
    checkLifetime(net);
  });
}

/** @models net/ipv4/devinet.c check_lifetime() */
function checkLifetime(net: Net): void {
  const now = stampNow(net.machine);
  for (const ifa of addressesOf(net)) {
    if (isPermanent(ifa) || !ifa.inDev.ifaList.includes(ifa)) continue;
    const age = Math.floor((now - ifa.tstamp) / 100);
    if (ifa.validLft !== FOREVER && age >= ifa.validLft) {
      inetDelIfa(ifa);
    } else if (ifa.preferredLft !== FOREVER && age >= ifa.preferredLft && (ifa.flags & A.IFA_F_DEPRECATED) === 0) {
      ifa.flags |= A.IFA_F_DEPRECATED;
      rtmsgIfa(RTM_NEWADDR, ifa);
    }
  }
  scheduleCheck(net);
}
