// include/uapi/linux/neighbour.h: neighbour messages, their attributes and states; the policy is nda_policy of
// net/core/neighbour.c.
import { attrs } from '../../codec/attrs.js';
import { atLeast, binary, intMask, intMin, nested, nlaU16, nlaU32, nlaU8 } from '../../codec/kind.js';
import { flagTable } from '../../codec/names.js';
import { s32, u16, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const ndmsg = struct('ndmsg', {
  ndm_family: u8,
  ndm_pad1: u8,
  ndm_pad2: u16,
  ndm_ifindex: s32,
  ndm_state: u16,
  ndm_flags: u8,
  ndm_type: u8,
});

export const nda_cacheinfo = struct('nda_cacheinfo', {
  ndm_confirmed: u32,
  ndm_used: u32,
  ndm_updated: u32,
  ndm_refcnt: u32,
});

/** NTF_EXT_MANAGED and NTF_EXT_EXT_VALIDATED; Linux 6.1 has the first. */
const NTF_EXT_MASK = 0x05;
const NTF_EXT_MASK_6_1 = 0x01;

const ordinary = {
  DST: [1, binary(32)],
  LLADDR: [2, binary(32)],
  CACHEINFO: [3, atLeast(nda_cacheinfo)],
  PROBES: [4, nlaU32],
  VLAN: [5, nlaU16],
  PORT: [6, nlaU16],
  VNI: [7, nlaU32],
  IFINDEX: [8, nlaU32],
  MASTER: [9, nlaU32],
  PROTOCOL: [12, nlaU8],
  NH_ID: [13, nlaU32],
  FDB_EXT_ATTRS: [14, nested],
} as const;
const NDA_MAX = 17;
const options = { strictFrom: 13 };

export const NDA = attrs('NDA', { ...ordinary, FLAGS_EXT: [15, intMask(u32, NTF_EXT_MASK)] }, NDA_MAX, options);

/** The same in Linux 6.1. */
export const NDA_6_1 = attrs('NDA', { ...ordinary, FLAGS_EXT: [15, intMask(u32, NTF_EXT_MASK_6_1)] }, NDA_MAX, options);

/** What deleting in bulk may ask for in Linux 6.1; `fdb_del_bulk_policy` of net/core/rtnetlink.c. */
export const NDA_BULK_6_1 = attrs('NDA', {
  VLAN: [5, nlaU16],
  IFINDEX: [8, intMin(s32, 1)],
  NDM_STATE_MASK: [16, nlaU16],
  NDM_FLAGS_MASK: [17, nlaU8],
});

export const NTF_USE = 0x01;
export const NTF_SELF = 0x02;
export const NTF_MASTER = 0x04;
export const NTF_PROXY = 0x08;
export const NTF_EXT_LEARNED = 0x10;
export const NTF_ROUTER = 0x80;

export const NUD_INCOMPLETE = 0x01;
export const NUD_REACHABLE = 0x02;
export const NUD_STALE = 0x04;
export const NUD_DELAY = 0x08;
export const NUD_PROBE = 0x10;
export const NUD_FAILED = 0x20;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
export const NUD_NONE = 0x00;
/** States in which the link address is known (include/net/neighbour.h). */
export const NUD_VALID = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;

/** `NUD_REACHABLE` for 2; 0 is NUD_NONE. */
const states = flagTable({
  NUD_INCOMPLETE, NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE, NUD_FAILED, NUD_NOARP, NUD_PERMANENT,
}); // prettier-ignore
export const nudState = (value: number): string => (value === NUD_NONE ? 'NUD_NONE' : states(value));

export const ntfFlags = flagTable({
  NTF_USE, NTF_SELF: 0x02, NTF_MASTER: 0x04, NTF_PROXY, NTF_EXT_LEARNED, NTF_OFFLOADED: 0x20, NTF_STICKY: 0x40, NTF_ROUTER,
}); // prettier-ignore
