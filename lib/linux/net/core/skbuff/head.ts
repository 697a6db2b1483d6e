// net/core/skbuff.c: the buffer behind a packet: making it larger, making it the packet's own. Whoever calls one of these
// must take every address into the packet anew.
import { ENOMEM } from '../../../../uapi/asm-generic/errno.js';
import * as L from './layout.js';
import { CHECKSUM_PARTIAL, type SkBuff } from './sk_buff.js';

const NET_SKB_PAD = 64;
const UNSET = 0xffff;
const INNER_HEADERS = [L.SKB_INNER_TRANSPORT_HEADER, L.SKB_INNER_NETWORK_HEADER, L.SKB_INNER_MAC_HEADER];

/**
 * The packet moved by `off` bytes from the start of its buffer: header offsets follow.
 *
 * @models net/core/skbuff.c skb_headers_offset_update()
 */
function headersOffsetUpdate(skb: SkBuff, off: number): void {
  if (off === 0) return;
  if (skb.ipSummed === CHECKSUM_PARTIAL) skb.set16(L.SKB_CSUM_START, skb.get16(L.SKB_CSUM_START) + off);
  skb.set16(L.SKB_TRANSPORT_HEADER, skb.transportHeader + off);
  skb.networkHeader += off;
  if (skb.macHeader !== UNSET) skb.macHeader += off;
  for (const header of INNER_HEADERS) skb.set16(header, skb.get16(header) + off);
}

/**
 * A buffer of its own for the packet, with so much more headroom and tailroom. 0 or a negative errno.
 *
 * @models net/core/skbuff.c pskb_expand_head()
 */
export function pskbExpandHead(skb: SkBuff, nhead: number, ntail: number): number {
  const { head, end, tail, data, shinfo, pool } = skb;
  if (!pool.newHead(skb, end + nhead + ntail)) return -ENOMEM;
  const { u8 } = skb.memory;
  u8.copyWithin(skb.head + nhead, head, head + tail);
  u8.copyWithin(skb.shinfo, shinfo, shinfo + L.SHINFO_DATAREF);
  pool.releaseHead(head, shinfo);
  skb.data = skb.head + (data - head) + nhead;
  skb.tail = tail + nhead;
  headersOffsetUpdate(skb, nhead);
  skb.cloned = false;
  return 0;
}

/**
 * Headroom of at least `headroom` bytes in a buffer that only this packet writes to.
 *
 * @models include/linux/skbuff.h skb_cow()
 */
export function skbCow(skb: SkBuff, headroom: number): number {
  const delta = Math.max(0, headroom - skb.headroom);
  if (delta === 0 && !skb.shared) return 0;
  return pskbExpandHead(skb, (delta + NET_SKB_PAD - 1) & -NET_SKB_PAD, 0);
}

/**
 * The first `writeLen` bytes can be written to. The packet must have them: else -ENOMEM.
 *
 * @models net/core/skbuff.c skb_ensure_writable()
 */
export function skbEnsureWritable(skb: SkBuff, writeLen: number): number {
  if (writeLen > skb.len) return -ENOMEM;
  return skb.shared ? pskbExpandHead(skb, 0, 0) : 0;
}

/** @models include/linux/skbuff.h skb_unclone() */
export const skbUnclone = (skb: SkBuff): number => (skb.shared ? pskbExpandHead(skb, 0, 0) : 0);
