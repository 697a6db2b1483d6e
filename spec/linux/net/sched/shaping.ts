// Options of the qdiscs that shape, as attribute bytes; answers about them, decoded.
import type { Bytes } from '../../../../lib/codec/bytes.js';
import { Bytes as ByteString } from '../../../../lib/codec/bytes.js';
import { nlaAlign } from '../../../../lib/codec/nla.js';
import type { StructValue } from '../../../../lib/codec/struct.js';
import * as P from '../../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { attr, nest } from './bed.js';

/** A tc_ratespec of `rate` bytes a second that names Ethernet as its link layer. */
export const rateOf = (rate: number, more: Partial<StructValue<typeof P.tc_ratespec.members>> = {}): Uint8Array =>
  P.tc_ratespec.bytes({ linklayer: P.TC_LINKLAYER_ETHERNET, rate, ...more });

/** A u64. */
export const u64 = (value: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(value).buffer);

/** TCA_OPTIONS of an htb qdisc. */
export function htb(glob: Partial<StructValue<typeof P.tc_htb_glob.members>> = {}, ...more: Uint8Array[]): Uint8Array {
  const init = P.tc_htb_glob.bytes({ version: P.TC_HTB_PROTOVER, rate2quantum: 10, ...glob });
  return nest(R.TCA.OPTIONS.type, attr(P.TCA_HTB.INIT.type, init), ...more);
}

/** TCA_OPTIONS of an htb class of 125,000 bytes a second unless `opt` says otherwise. */
export function htbClass(
  opt: Partial<StructValue<typeof P.tc_htb_opt.members>> = {},
  ...more: Uint8Array[]
): Uint8Array {
  const parms = P.tc_htb_opt.bytes({
    rate: rateOf(125000),
    ceil: rateOf(125000),
    buffer: 15000,
    cbuffer: 16000,
    ...opt,
  });
  return nest(R.TCA.OPTIONS.type, attr(P.TCA_HTB.PARMS.type, parms), ...more);
}

/** TCA_OPTIONS of a tbf. */
export function tbf(opt: Partial<StructValue<typeof P.tc_tbf_qopt.members>> = {}, ...more: Uint8Array[]): Uint8Array {
  const parms = P.tc_tbf_qopt.bytes({ rate: rateOf(125000), limit: 3000, buffer: 1000000, ...opt });
  return nest(R.TCA.OPTIONS.type, attr(P.TCA_TBF.PARMS.type, parms), ...more);
}

/** The attributes in a run of bytes, by type. */
export function attributes(bytes: Bytes, start = 0): Map<number, Bytes> {
  const found = new Map<number, Bytes>();
  for (let at = start; at + 4 <= bytes.length;) {
    const length = bytes.view.getUint16(at, true);
    found.set(bytes.view.getUint16(at + 2, true) & 0x3fff, bytes.slice(at + 4, at + length));
    at += nlaAlign(length);
  }
  return found;
}

/** Header and attributes of a traffic control message. */
export function openTc(message: Bytes) {
  const tcm = R.tcmsg.get(message, 16);
  return { tcm, tca: attributes(new ByteString(message.u8.slice(16 + R.tcmsg.size))) };
}

/** The nest of attributes in TCA_OPTIONS of a message. */
export const optionsIn = (message: Bytes): Map<number, Bytes> =>
  attributes(openTc(message).tca.get(R.TCA.OPTIONS.type)!);
