// net/sched/cls_api.c, the part chains: a numbered list of tcf_protos in a block. A chain exists as long as somebody
// holds it: its filters, its explicit creation, a request, or actions that jump to it. Users are told of a chain
// (RTM_NEWCHAIN, RTM_DELCHAIN) by its first and last holder that is no action.
import { NLM_F_CREATE, NLM_F_EXCL, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import {
  RTM_DELCHAIN,
  RTM_NEWCHAIN,
  RTNLGRP_TC,
  TCA,
  TCM_IFINDEX_MAGIC_BLOCK,
  tcmsg,
} from '../../../../uapi/linux/rtnetlink.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import { MessageWriter } from '../../netlink/message.js';
import type { TcfBlock } from './block.js';
import { PrioIndex } from './prio_index.js';
import type { TcfProto, TcfProtoOps } from './proto.js';

/** Holder that stands for the explicit creation of a chain. */
const creation: Holder = { label: 'explicit creation' };

/** The kind that all filters of a chain are of, and what that kind keeps to judge them by. */
export interface ChainTemplate {
  readonly ops: TcfProtoOps;
  readonly priv: unknown;
}

export class TcfChain extends KObject {
  readonly block: TcfBlock;
  readonly index: number;
  /** Made by RTM_NEWCHAIN; a reference of its own keeps it. */
  explicitlyCreated = false;
  /** Holders that are actions. */
  actionRefs = 0;
  /** What its filters must be like. */
  template: ChainTemplate | undefined;
  /** By priority. */
  readonly protos = new PrioIndex<TcfProto>();
  /** Bumped whenever a tcf_proto comes or goes. */
  version = 0;

  #ordered: readonly TcfProto[] = [];
  #orderedAt = -1;

  /** A chain at the end of the block's list; `creator` holds it. */
  constructor(block: TcfBlock, index: number, creator: Holder) {
    super(block.net.machine, creator);
    this.block = block;
    this.index = index;
    block.chains.set(index, this);
    block.version++;
  }

  get label(): string {
    return `chain ${this.index} of ${this.block.label}`;
  }

  /** Its tcf_protos by priority. */
  ordered(): readonly TcfProto[] {
    if (this.#orderedAt === this.version) return this.#ordered;
    const ordered: TcfProto[] = [];
    for (let tp = this.protos.from(0); tp !== undefined; tp = this.protos.from(tp.prio + 1)) ordered.push(tp);
    this.#ordered = ordered;
    this.#orderedAt = this.version;
    return this.#ordered;
  }

  get heldByActionsOnly(): boolean {
    return this.refcount === this.actionRefs;
  }

  /** @models net/sched/cls_api.c tcf_chain_detach() */
  protected destroy(): void {
    this.block.chains.delete(this.index);
    this.block.version++;
  }
}

/** What a chain message says beside the chain. */
export interface ChainEvent {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
  readonly warn?: string | undefined;
}

/**
 * Appends one RTM_*CHAIN message.
 *
 * @models net/sched/cls_api.c tc_chain_fill_node()
 */
export function fillChain(skb: MessageWriter, chain: TcfChain, event: ChainEvent): void {
  const start = skb.begin(event.type, event.flags, event.seq, event.portid, tcmsg.size);
  const { block, template } = chain;
  const { q } = block;
  const { view } = skb.buffer;
  const tcm = start + NLMSG_HDRLEN;
  view.setUint32(tcm + tcmsg.offsetof.tcm_ifindex, q?.dev.ifindex ?? TCM_IFINDEX_MAGIC_BLOCK, true);
  view.setUint32(tcm + tcmsg.offsetof.tcm_parent, q?.handle ?? block.index, true);
  skb.putU32(TCA.CHAIN.type, chain.index);
  if (template !== undefined) {
    skb.put(TCA.KIND, template.ops.kind);
    template.ops.template!.dump(block.net, template.priv, skb);
  }
  if (event.warn !== undefined) skb.put(TCA.EXT_WARN_MSG, event.warn);
  skb.end(start);
}

/** Tells the group; no request is named. @models net/sched/cls_api.c tc_chain_notify() */
export function chainNotify(chain: TcfChain, type: number, flags: number, warn?: string): void {
  const { net } = chain.block;
  if (!net.machine.has('tc-chains') || !net.rtnl.hasListeners(RTNLGRP_TC)) return;
  const skb = new MessageWriter();
  fillChain(skb, chain, { type, flags, seq: 0, portid: 0, warn });
  net.rtnl.notify(skb.take(), { group: RTNLGRP_TC, portid: 0, echo: false });
}

/**
 * The chain, held by `holder`; made and announced when it is not there and `create` says so.
 *
 * @models net/sched/cls_api.c tcf_chain_get()
 */
export function chainGet(block: TcfBlock, index: number, create: boolean, holder: Holder): TcfChain | undefined {
  let chain = block.chains.get(index);
  if (chain !== undefined) chain.hold(holder);
  else if (create) chain = new TcfChain(block, index, holder);
  else return undefined;
  if (chain.refcount - chain.actionRefs === 1) chainNotify(chain, RTM_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
  return chain;
}

/**
 * Drops the reference of `holder`; the last one that is no action's tells that the chain is gone.
 *
 * @models net/sched/cls_api.c __tcf_chain_put()
 */
export function chainPut(chain: TcfChain, holder: Holder): void {
  if (chain.refcount - 1 === chain.actionRefs) chainNotify(chain, RTM_DELCHAIN, 0);
  chain.release(holder);
}

/**
 * The chain an action jumps to, held by the action; made when it is not there, of which nobody is told.
 *
 * @models net/sched/cls_api.c tcf_chain_get_by_act()
 */
export function chainGetByAct(block: TcfBlock, index: number, action: Holder): TcfChain {
  const chain = block.chains.get(index)?.hold(action) ?? new TcfChain(block, index, action);
  chain.actionRefs++;
  return chain;
}

/** @models net/sched/cls_api.c tcf_chain_put_by_act() */
export function chainPutByAct(chain: TcfChain, action: Holder): void {
  chain.actionRefs--;
  chain.release(action);
}

/** Marks a chain as made by a user. @differs a part of tc_ctl_chain() */
export function chainCreateExplicitly(chain: TcfChain): void {
  chain.hold(creation);
  chain.explicitlyCreated = true;
}

/** Takes explicit creation back, if there was one. @models net/sched/cls_api.c tcf_chain_put_explicitly_created() */
export function chainPutExplicitlyCreated(chain: TcfChain): void {
  if (!chain.explicitlyCreated) return;
  chain.explicitlyCreated = false;
  chainPut(chain, creation);
}

/** Hangs a new tcf_proto into the chain. @models net/sched/cls_api.c tcf_chain_tp_insert() */
export function chainInsert(chain: TcfChain, tp: TcfProto): void {
  chain.protos.set(tp.prio, tp.hold(chain));
  chain.version++;
}

/** Takes a tcf_proto out of the chain. @models net/sched/cls_api.c tcf_chain_tp_remove() */
export function chainRemove(chain: TcfChain, tp: TcfProto): void {
  chain.protos.delete(tp.prio);
  chain.version++;
  tp.release(chain);
}

/** Removes every filter. @models net/sched/cls_api.c tcf_chain_flush() */
export function chainFlush(chain: TcfChain): void {
  const protos = chain.protos.drain();
  chain.version++;
  for (const tp of protos) tp.release(chain);
}
