// include/uapi/linux/fib_rules.h: messages about routing rules.
import { attrs } from '../../codec/attrs.js';
import { nlaU32, nlaU8 } from '../../codec/kind.js';
import { u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const fib_rule_hdr = struct('fib_rule_hdr', {
  family: u8,
  dst_len: u8,
  src_len: u8,
  tos: u8,
  table: u8,
  res1: u8,
  res2: u8,
  action: u8,
  flags: u32,
});

export const FR_ACT_TO_TBL = 1;

/** FRA_*, those of the rules every kernel has. */
export const FRA = attrs('FRA', {
  PRIORITY: [6, nlaU32],
  SUPPRESS_PREFIXLEN: [14, nlaU32],
  TABLE: [15, nlaU32],
  PROTOCOL: [21, nlaU8],
});
