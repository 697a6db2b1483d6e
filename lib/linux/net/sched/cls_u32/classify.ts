// net/sched/cls_u32.c u32_classify(): a packet on its way through tables and filters. Keys are words at offsets from the
// network header; a filter with a link goes on in another table, at another offset when it says so, and back from there
// to the filter behind it. A word that does not lie in the packet ends it all.
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { traceMatch } from '../../core/dev/trace.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { ClassifyResult } from '../cls_api/classify.js';
import { tcfExtsExec } from '../cls_api/exts.js';
import type { TcfProto } from '../cls_api/proto.js';
import type { U32Knode } from './knode.js';
import type { U32Selector } from './selector.js';
import { rootOf, type U32Hnode } from './tables.js';

/** Links that a packet follows, one behind the other (TC_U32_MAXDEPTH). */
const MAX_DEPTH = 8;

/** Where a packet comes back to; packets are judged one inside the other, each with a level of its own. */
interface Stack {
  readonly nodes: (U32Knode | undefined)[];
  readonly offs: Int32Array;
}
const newStack = (): Stack => ({ nodes: new Array<U32Knode | undefined>(MAX_DEPTH), offs: new Int32Array(MAX_DEPTH) });

/** Whether `length` bytes at `off` from the start of the packet can be read. @models include/linux/skbuff.h skb_header_pointer() */
const readable = (skb: SkBuff, off: number, length: number): boolean =>
  off + skb.headroom >= 0 && skb.len - off >= length;

/** A word of the packet in the byte order of the network, as s32. */
function wordAt(skb: SkBuff, off: number): number {
  const { u8 } = skb.memory;
  const at = skb.data + off;
  return (u8[at]! << 24) | (u8[at + 1]! << 16) | (u8[at + 2]! << 8) | u8[at + 3]!;
}

const MATCHES = 0;
const DIFFERS = 1;
const BEYOND = 2;

/** Compares the keys of a filter. `off2`: what a link has added for keys behind the next header. */
function compare(skb: SkBuff, node: U32Knode, off: number, off2: number): number {
  const { match } = node;
  const { sel, counters } = match;
  for (let i = 0; i < sel.nkeys; i++) {
    const at = off + sel.offs[i]! + (off2 & sel.offmasks[i]!);
    if (!readable(skb, at, 4)) return BEYOND;
    if (((wordAt(skb, at) ^ sel.vals[i]!) & sel.masks[i]!) !== 0) return DIFFERS;
    counters.keys[i]!++;
  }
  return MATCHES;
}

/** Whether a filter looks at the packet at all: its mark, and where it is used. */
function considers({ match }: U32Knode, skb: SkBuff, marks: boolean): boolean {
  const { counters, flags, mark } = match;
  counters.seen++;
  if ((flags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) return false;
  if (!marks) return true;
  if ((skb.mark & mark.mask) >>> 0 !== mark.val) return false;
  counters.marked++;
  return true;
}

/** The verdict of a filter whose keys all match; negative to go on. */
function decide(tp: TcfProto, node: U32Knode, skb: SkBuff, res: ClassifyResult): number {
  if ((node.match.sel.flags & P.TC_U32_TERMINAL) === 0) return P.TC_ACT_UNSPEC;
  res.cl = node.res.cl;
  res.classid = node.res.classid;
  if (node.ifindex !== 0 && node.ifindex !== skb.skbIif) return P.TC_ACT_UNSPEC;
  node.match.counters.hits++;
  traceMatch(skb, tp, node.handle);
  return tcfExtsExec(skb, node.exts, res);
}

/** The bucket of a linked table that the packet falls into; negative when the word to hash lies beyond the packet. */
function bucketOf(skb: SkBuff, table: U32Hnode, sel: U32Selector, off: number): number {
  if (table.divisor === 0) return 0;
  if (!readable(skb, off + sel.hoff, 4)) return -1;
  return table.divisor & ((wordAt(skb, off + sel.hoff) & sel.hmask) >>> sel.fshift);
}

/** What a link adds to the offsets of the keys behind it; negative when that is to be read beyond the packet. */
function offsetBehind(skb: SkBuff, sel: U32Selector, off: number): number {
  let off2 = sel.off + 3;
  if ((sel.flags & P.TC_U32_VAROFFSET) !== 0) {
    const at = off + sel.offoff;
    if (!readable(skb, at, 2)) return -1;
    const { u8 } = skb.memory;
    const word = (u8[skb.data + at]! << 8) | u8[skb.data + at + 1]!;
    off2 += (sel.offmask & word) >> sel.offshift;
  }
  return off2 & ~3;
}

/** One packet among the tables: where it is, and what it comes back to. */
class Walk {
  readonly #stack = newStack();
  #depth = 0;
  #off = 0;
  #off2 = 0;
  node: U32Knode | undefined;

  start(table: U32Hnode, off: number): void {
    this.#depth = 0;
    this.#off = off;
    this.#off2 = 0;
    this.node = table.bucket(0);
  }

  compare(skb: SkBuff): number {
    return compare(skb, this.node!, this.#off, this.#off2);
  }

  /** Follows the link of the filter. False: the packet is too short, or has followed too many. */
  follow(skb: SkBuff, table: U32Hnode): boolean {
    const node = this.node!;
    const { sel } = node.match;
    if (this.#depth >= MAX_DEPTH) return false;
    this.#stack.nodes[this.#depth] = node;
    this.#stack.offs[this.#depth++] = this.#off;
    const bucket = bucketOf(skb, table, sel, this.#off);
    if (bucket < 0) return false;
    this.node = table.bucket(bucket);
    return (sel.flags & (P.TC_U32_VAROFFSET | P.TC_U32_OFFSET | P.TC_U32_EAT)) === 0 || this.#move(skb, sel);
  }

  #move(skb: SkBuff, sel: U32Selector): boolean {
    if ((sel.flags & (P.TC_U32_OFFSET | P.TC_U32_VAROFFSET)) !== 0) {
      this.#off2 = offsetBehind(skb, sel, this.#off);
      if (this.#off2 < 0) return false;
    }
    if ((sel.flags & P.TC_U32_EAT) !== 0) {
      this.#off += this.#off2;
      this.#off2 = 0;
    }
    if (this.#off >= skb.len) this.node = undefined;
    return true;
  }

  /** Back to the filter whose table has been walked; false when there is none. */
  back(): boolean {
    if (this.#depth === 0) return false;
    this.node = this.#stack.nodes[--this.#depth];
    this.#off = this.#stack.offs[this.#depth]!;
    return true;
  }

  next(): void {
    this.node = this.node!.next;
  }
}

const walks: Walk[] = [];
let walking = 0;

function classifyBy(tp: TcfProto, walk: Walk, skb: SkBuff, res: ClassifyResult): number {
  const marks = tp.chain.block.net.machine.config.u32Mark;
  for (;;) {
    const { node } = walk;
    if (node !== undefined) {
      const compared = considers(node, skb, marks) ? walk.compare(skb) : DIFFERS;
      if (compared === BEYOND) return P.TC_ACT_UNSPEC;
      if (compared === DIFFERS) {
        walk.next();
        continue;
      }
      if (node.down !== undefined) {
        if (!walk.follow(skb, node.down)) return P.TC_ACT_UNSPEC;
        continue;
      }
    } else if (!walk.back()) return P.TC_ACT_UNSPEC;
    const verdict = decide(tp, walk.node!, skb, res);
    if (verdict >= 0) return verdict;
    walk.next();
  }
}

/** @models net/sched/cls_u32.c u32_classify() */
export function classify(tp: TcfProto, skb: SkBuff, res: ClassifyResult): number {
  const walk = (walks[walking] ??= new Walk());
  walking++;
  try {
    walk.start(rootOf(tp).table, skb.networkOffset);
    return classifyBy(tp, walk, skb, res);
  } finally {
    walking--;
  }
}
