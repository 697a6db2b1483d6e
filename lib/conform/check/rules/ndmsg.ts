// struct ndmsg, the family header of neighbours and of entries of forwarding tables: its fields, and what a strict dump wants 0.
import { NDA, NDA_6_1, ndmsg } from '../../../uapi/linux/neighbour.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { C } from '../codes.js';
import type { Judge, Place } from '../judge.js';
import type { MustBeZero } from './strict.js';
import { field } from './tc.js';

const { offsetof } = ndmsg;

/** The policy of a kernel. */
export const ndaOf = (judge: Judge) => (judge.has('neigh-ext-validated') ? NDA : NDA_6_1);

/** Where the attributes begin in the message. */
export const ATTRS = NLMSG_HDRLEN + ndmsg.size;

const byte = (judge: Judge, offset: number): number => judge.view.getUint8(judge.start + NLMSG_HDRLEN + offset);

export const familyOf = (judge: Judge): number => byte(judge, offsetof.ndm_family);
export const flagsOf = (judge: Judge): number => byte(judge, offsetof.ndm_flags);
export const stateOf = (judge: Judge): number =>
  judge.view.getUint16(judge.start + NLMSG_HDRLEN + offsetof.ndm_state, true);
export const indexOf = (judge: Judge): number =>
  judge.view.getInt32(judge.start + NLMSG_HDRLEN + offsetof.ndm_ifindex, true);
export const indexField = (judge: Judge): Place => field(judge, offsetof.ndm_ifindex, 4, 'ndm_ifindex');
const flagsField = (judge: Judge): Place => field(judge, offsetof.ndm_flags, 1, 'ndm_flags');

/** What selects nothing in any dump. */
export const zeroHeader: readonly MustBeZero[] = [
  { offset: offsetof.ndm_pad1, size: 1, name: 'ndm_pad1' },
  { offset: offsetof.ndm_pad2, size: 2, name: 'ndm_pad2' },
  { offset: offsetof.ndm_state, size: 2, name: 'ndm_state' },
  { offset: offsetof.ndm_type, size: 1, name: 'ndm_type' },
];
export const zeroIndex: MustBeZero = { offset: offsetof.ndm_ifindex, size: 4, name: 'ndm_ifindex' };
export const zeroFlags: MustBeZero = { offset: offsetof.ndm_flags, size: 1, name: 'ndm_flags' };

/**
 * The header of a request for one entry of a table is judged strictly, whoever asks. `allowed` are the flags that select
 * anything.
 */
export function checkGetHeader(judge: Judge, table: 'fdb' | 'neighbor', allowed: number, names: string): void {
  for (const { offset, size, name } of zeroHeader) {
    if (byte(judge, offset) === 0 && (size === 1 || byte(judge, offset + 1) === 0)) continue;
    const msg = `Invalid values in header for ${table} get request`;
    judge.deny(C.badField, 'EINVAL', msg, field(judge, offset, size, name), `${name} selects nothing here`);
  }
  if ((flagsOf(judge) & ~allowed) === 0) return;
  const msg = `Invalid flags in header for ${table} get request`;
  judge.deny(C.badField, 'EINVAL', msg, flagsField(judge), `only ${names} anything here`);
}
