// net/sched/cls_flower.c struct cls_fl_filter and struct cls_fl_head: a filter, and the filters of one tcf_proto: by handle
// for requests, by mask for packets. Masks are in the order in which their first filter came; the last filter of a mask
// takes it along.
import { Idr } from '../../../lib/idr.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { FlowKey } from '../../core/flow_dissector/flow_key.js';
import type { TcfResult } from '../cls_api/bind.js';
import * as exts from '../cls_api/exts.js';
import { TcfFilter, type TcfProto } from '../cls_api/proto.js';
import { HandleOrder } from './handle_order.js';
import { FlowerMask } from './mask.js';
import type { FlowMatch } from './match.js';

/** What a request says beside the key. */
export interface Parms {
  readonly flags: number;
  readonly res: TcfResult;
  readonly exts: exts.TcfExts | undefined;
}

/** Its tcf_proto holds it, then the work queue. */
export class FlowerFilter extends TcfFilter {
  readonly handle: number;
  /** TCA_CLS_FLAGS_* */
  readonly flags: number;
  readonly exts: exts.TcfExts | undefined;
  readonly match: FlowMatch;
  readonly res: TcfResult;
  /** Where it is, or will be. */
  readonly mask: FlowerMask;
  /** Its values as its mask sees them. */
  readonly masked = new FlowKey();
  /** Of the table of its mask. */
  nextInBucket: FlowerFilter | undefined = undefined;

  constructor(tp: TcfProto, handle: number, parms: Parms, match: FlowMatch, mask: FlowerMask) {
    super(tp.chain.block.net.machine, tp);
    this.handle = handle;
    this.flags = parms.flags | P.TCA_CLS_FLAGS_NOT_IN_HW;
    this.exts = parms.exts;
    this.res = parms.res;
    this.match = match;
    this.mask = mask;
    mask.mask(match.key, this.masked);
  }

  get label(): string {
    return `flower filter 0x${this.handle.toString(16)}`;
  }

  /** @models net/sched/cls_flower.c __fl_destroy_filter() */
  protected destroy(): void {
    exts.tcfExtsDestroy(this.exts);
  }
}

export class FlowerHead {
  readonly handles = new Idr<FlowerFilter>(1);
  readonly order = new HandleOrder();
  readonly masks: FlowerMask[] = [];
  readonly #byIdentity = new Map<string, FlowerMask>();
  /** Of the packet that is looked at. */
  readonly key = new FlowKey();

  /** The mask of its bits, made when there is none; it joins the others with its first filter. */
  maskOf(bits: FlowKey): FlowerMask {
    return this.#byIdentity.get(bits.identity()) ?? new FlowerMask(bits);
  }

  /** `old`: the filter that goes. */
  add(filter: FlowerFilter, old: FlowerFilter | undefined): void {
    const { mask } = filter;
    if (mask.empty) {
      this.masks.push(mask);
      this.#byIdentity.set(mask.identity, mask);
    }
    mask.add(filter, old);
    this.handles.set(filter.handle, filter);
    if (old === undefined) this.order.add(filter.handle);
    else mask.remove(old);
  }

  remove(filter: FlowerFilter): void {
    const { mask } = filter;
    this.handles.remove(filter.handle);
    this.order.remove(filter.handle);
    mask.remove(filter);
    if (!mask.empty) return;
    this.masks.splice(this.masks.indexOf(mask), 1);
    this.#byIdentity.delete(mask.identity);
  }
}
