// net/bpf/test_run.c: struct __sk_buff as the caller of BPF_PROG_TEST_RUN gives and gets it: what of it goes into the packet
// before the run, and what comes out afterwards.
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { errno } from '../../errno.js';
import * as S from '../core/filter/sk_buff_context.js';
import { GSO_LEGACY_MAX_SIZE, GSO_MAX_SEGS } from '../core/net_device.js';
import * as L from '../core/skbuff/layout.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';

/** What a caller may set: from, to. */
const settable: readonly (readonly [from: number, to: number])[] = [
  [S.MARK, S.MARK + 4],
  [S.PRIORITY, S.IFINDEX + 4],
  [S.CB, S.CB + 20],
  [S.TSTAMP, S.GSO_SEGS + 4],
  [S.GSO_SIZE, S.GSO_SIZE + 4],
  [S.HWTSTAMP, S.SIZE],
];

function othersAreZero(ctx: Uint8Array): boolean {
  let from = 0;
  for (const [start, end] of [...settable, [S.SIZE, S.SIZE] as const]) {
    for (let at = from; at < start; at++) if (ctx[at] !== 0) return false;
    from = end;
  }
  return true;
}

const CB_DATA = L.SKB_CB + L.QDISC_CB_DATA;
const PKT_LEN = L.SKB_CB + L.QDISC_CB_PKT_LEN;

/** Bytes of a field between the context and memory. */
function wireLen(skb: SkBuff, given: number): number {
  if (given === 0) return skb.len;
  if (given < skb.len || given > GSO_LEGACY_MAX_SIZE) throw errno(EINVAL);
  return given;
}

/** @models net/bpf/test_run.c convert___skb_to_skb() */
export function convertContextToSkb(skb: SkBuff, ctx: Uint8Array | undefined): void {
  if (ctx === undefined) return;
  if (!othersAreZero(ctx)) throw errno(EINVAL);
  const view = new DataView(ctx.buffer, ctx.byteOffset);
  const { u8, view: memory } = skb.memory;
  skb.mark = view.getUint32(S.MARK, true);
  skb.priority = view.getUint32(S.PRIORITY, true);
  skb.skbIif = view.getUint32(S.INGRESS_IFINDEX, true);
  u8.set(ctx.subarray(S.TSTAMP, S.TSTAMP + 8), skb.address + L.SKB_TSTAMP);
  u8.set(ctx.subarray(S.CB, S.CB + 20), skb.address + CB_DATA);
  skb.set32(PKT_LEN, wireLen(skb, view.getUint32(S.WIRE_LEN, true)));
  const segments = view.getUint32(S.GSO_SEGS, true);
  if (segments > GSO_MAX_SEGS) throw errno(EINVAL);
  skb.gsoSegs = segments;
  skb.gsoSize = view.getUint32(S.GSO_SIZE, true);
  memory.setBigUint64(skb.shinfo + L.SHINFO_HWTSTAMPS, view.getBigUint64(S.HWTSTAMP, true), true);
}

/** @models net/bpf/test_run.c convert_skb_to___skb() */
export function convertSkbToContext(skb: SkBuff, ctx: Uint8Array | undefined): void {
  if (ctx === undefined) return;
  const view = new DataView(ctx.buffer, ctx.byteOffset);
  const { u8, view: memory } = skb.memory;
  view.setUint32(S.MARK, skb.mark, true);
  view.setUint32(S.PRIORITY, skb.priority, true);
  view.setUint32(S.INGRESS_IFINDEX, skb.skbIif, true);
  view.setUint32(S.IFINDEX, skb.dev!.ifindex, true);
  ctx.set(u8.subarray(skb.address + L.SKB_TSTAMP, skb.address + L.SKB_TSTAMP + 8), S.TSTAMP);
  ctx.set(u8.subarray(skb.address + CB_DATA, skb.address + CB_DATA + 20), S.CB);
  view.setUint32(S.WIRE_LEN, skb.get32(PKT_LEN), true);
  view.setUint32(S.GSO_SEGS, skb.gsoSegs, true);
  view.setBigUint64(S.HWTSTAMP, memory.getBigUint64(skb.shinfo + L.SHINFO_HWTSTAMPS, true), true);
}
