// net/sched/cls_u32.c, the part struct tc_u32_sel: what a filter compares, as packets need it, and how often it did. A change
// of the filter keeps both.
import { Bytes } from '../../../../codec/bytes.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';

/** struct tc_u32_pcnt, and the packets whose mark was right. */
export class U32Counters {
  /** Packets that came to the filter (rcnt), and that it decided (rhit). */
  seen = 0;
  hits = 0;
  marked = 0;
  /** Packets that matched the nth key (kcnts). */
  readonly keys: number[];

  constructor(nkeys: number) {
    this.keys = new Array<number>(nkeys).fill(0);
  }
}

/** A selector, read once. Words are in the byte order of the network, as s32. */
export class U32Selector {
  /** As it was given, for dumps. */
  readonly bytes: Uint8Array;
  /** TC_U32_* */
  readonly flags: number;
  readonly nkeys: number;
  readonly offshift: number;
  readonly offmask: number;
  readonly off: number;
  readonly offoff: number;
  readonly hoff: number;
  readonly hmask: number;
  /** Place of the lowest bit of hmask. */
  readonly fshift: number;
  readonly masks: Int32Array;
  readonly vals: Int32Array;
  readonly offs: Int32Array;
  readonly offmasks: Int32Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const message = Bytes.zeroed(bytes.length);
    message.u8.set(bytes);
    const sel = P.tc_u32_sel.get(message, 0);
    this.flags = sel.flags;
    this.nkeys = sel.nkeys;
    this.offshift = sel.offshift;
    this.offmask = sel.offmask;
    this.off = sel.off;
    this.offoff = sel.offoff;
    this.hoff = sel.hoff;
    this.hmask = sel.hmask | 0;
    this.fshift = sel.hmask === 0 ? 0 : 31 - Math.clz32(sel.hmask & -sel.hmask);
    const keys = Array.from({ length: sel.nkeys }, (_, i) =>
      P.tc_u32_key.get(message, P.tc_u32_sel.size + i * P.tc_u32_key.size),
    );
    this.masks = Int32Array.from(keys, ({ mask }) => mask | 0);
    this.vals = Int32Array.from(keys, ({ val }) => val | 0);
    this.offs = Int32Array.from(keys, ({ off }) => off);
    this.offmasks = Int32Array.from(keys, ({ offmask }) => offmask);
  }
}
