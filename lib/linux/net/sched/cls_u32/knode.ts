// net/sched/cls_u32.c, the part nodes: one filter with its keys. It lies in a bucket of a table, which holds it; when it
// leaves, the work queue holds it for a grace period. It holds the table it links to.
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { TCA_U32 } from '../../../../uapi/linux/pkt_cls.js';
import { devGetByIndex } from '../../core/dev/table.js';
import type { MessageWriter } from '../../netlink/message.js';
import type { TcfResult } from '../cls_api/bind.js';
import * as exts from '../cls_api/exts.js';
import { TcfFilter, type TcfProto } from '../cls_api/proto.js';
import type { U32Counters, U32Selector } from './selector.js';
import type { U32Hnode } from './tables.js';

const extsAttributes: exts.ExtsAttributes = { action: TCA_U32.ACT.type, police: TCA_U32.POLICE.type };

/** Which packets, by their firewall mark. */
export interface U32Mark {
  readonly val: number;
  readonly mask: number;
}

/** What stays as it is when a filter is changed. */
export interface U32Match {
  readonly handle: number;
  readonly sel: U32Selector;
  readonly counters: U32Counters;
  readonly mark: U32Mark;
  /** TCA_CLS_FLAGS_* */
  readonly flags: number;
}

/** struct tc_u_knode */
export class U32Knode extends TcfFilter {
  readonly up: U32Hnode;
  readonly match: U32Match;
  res: TcfResult = { classid: 0, cl: 0 };
  /** Its actions; undefined = none were given. */
  exts: exts.TcfExts | undefined;
  /** Device that packets must have come in by; 0 = any. */
  ifindex = 0;
  prev: U32Knode | undefined;
  next: U32Knode | undefined;
  #down: U32Hnode | undefined;

  constructor(up: U32Hnode, tp: TcfProto, match: U32Match) {
    super(tp.chain.block.net.machine, up);
    this.up = up;
    this.match = match;
  }

  get handle(): number {
    return this.match.handle;
  }

  get label(): string {
    return `u32 filter 0x${this.handle.toString(16)}`;
  }

  /** The table where matching goes on. */
  get down(): U32Hnode | undefined {
    return this.#down;
  }

  link(down: U32Hnode | undefined): void {
    const old = this.#down;
    this.#down = down?.hold(this);
    old?.release(this);
  }

  /** @models net/sched/cls_u32.c u32_destroy_key() */
  protected destroy(): void {
    exts.tcfExtsDestroy(this.exts);
    this.#down?.release(this);
  }
}

/** Counters: struct tc_u32_pcnt and one word a key. */
function dumpPcnt(skb: MessageWriter, padded: boolean, { seen, hits, keys }: U32Counters): void {
  if (padded && skb.length % 8 === 0) skb.reserveAttr(TCA_U32.PAD.type, 0);
  const at = skb.reserveAttr(TCA_U32.PCNT.type, P.tc_u32_pcnt.size + keys.length * 8);
  const { view } = skb.buffer;
  const values = [seen, hits, ...keys];
  for (const [i, value] of values.entries()) view.setBigUint64(at + i * 8, BigInt(value), true);
}

function dumpMark(skb: MessageWriter, { val, mask }: U32Mark, { marked }: U32Counters): void {
  if (val !== 0 || mask !== 0) skb.put(TCA_U32.MARK, { val, mask, success: marked >>> 0 });
}

/** @models net/sched/cls_u32.c u32_dump() */
export function dumpKnode(tp: TcfProto, node: U32Knode, skb: MessageWriter): void {
  const { net } = tp.chain.block;
  const { config } = net.machine;
  const { sel, counters, flags, mark, handle } = node.match;
  const nest = skb.nest(TCA.OPTIONS.type);
  skb.putRaw(TCA_U32.SEL.type, sel.bytes);
  skb.putU32(TCA_U32.HASH.type, handle - P.TC_U32_NODE(handle));
  if (node.res.classid !== 0) skb.putU32(TCA_U32.CLASSID.type, node.res.classid);
  if (node.down !== undefined) skb.putU32(TCA_U32.LINK.type, node.down.handle);
  if (flags !== 0) skb.putU32(TCA_U32.FLAGS.type, flags);
  if (config.u32Mark) dumpMark(skb, mark, counters);
  exts.tcfExtsDump(skb, node.exts, extsAttributes);
  const indev = node.ifindex === 0 ? undefined : devGetByIndex(net, node.ifindex);
  if (indev !== undefined) skb.put(TCA_U32.INDEV, indev.name);
  if (config.u32Perf) dumpPcnt(skb, config.padAttributes, counters);
  skb.nestEnd(nest);
  exts.tcfExtsDumpStats(skb, node.exts);
}
