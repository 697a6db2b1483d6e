// net/sched/cls_api.c, the part blocks: what a qdisc hangs its chains in. A block belongs to one qdisc, or is shared by
// several under an index; a shared one is addressed by the index alone. Qdiscs and requests hold it; with the last
// reference its chains are flushed.
import type { Extack } from '../../../../codec/extack.js';
import { devGetByIndex } from '../../core/dev/table.js';
import { EBUSY, EINVAL, ENODEV, ENOENT, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { TC_H_MAJ, TC_H_MIN } from '../../../../uapi/linux/pkt_sched.js';
import { TCM_IFINDEX_MAGIC_BLOCK } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import { type Net, netGeneric } from '../../core/net_namespace.js';
import { qdiscLookup } from '../sch_api/lookup.js';
import type { TcRequest } from '../sch_api/request.js';
import { type ClassRef, type Qdisc, qdiscHold, qdiscPut } from '../sch_generic.js';
import { ClassifyResult } from './classify.js';
import { chainFlush, chainPut, chainPutExplicitlyCreated, type TcfChain } from './chain.js';

/** Shared blocks by index. */
const sharedBlocks = netGeneric((): Map<number, TcfBlock> => new Map());

export class TcfBlock extends KObject {
  readonly net: Net;
  /** 0 = not shared. */
  readonly index: number;
  /** The qdisc of a block that is not shared. */
  readonly q: Qdisc | undefined;
  /** Parent of the latest filter request, which dumps show. */
  classid = 0;
  /** Indexes of the devices that a shared block is bound to. */
  readonly ports = new Set<number>();
  /** In order of creation. */
  readonly chains = new Map<number, TcfChain>();
  /** What the last packet was found to be. */
  readonly result = new ClassifyResult();
  /** Bumped whenever a chain comes or goes. */
  version = 0;

  constructor(net: Net, index: number, q: Qdisc, creator: Holder) {
    super(net.machine, creator);
    this.net = net;
    this.index = index;
    this.q = index === 0 ? q : undefined;
    if (index !== 0) sharedBlocks(net).set(index, this);
  }

  get label(): string {
    return this.q === undefined ? `shared block ${this.index}` : `block of ${this.q.label}`;
  }

  /** Whether packets are judged at all: filters of other chains are reached from those of the first. */
  get hasFilters(): boolean {
    const first = this.chains.get(0);
    return first !== undefined && first.ordered().length > 0;
  }

  get shared(): boolean {
    return this.index !== 0;
  }

  /** @models net/sched/cls_api.c tcf_block_flush_all_chains() */
  protected destroy(): void {
    if (this.shared) sharedBlocks(this.net).delete(this.index);
    for (const chain of [...this.chains.values()]) {
      if (chain.heldByActionsOnly) continue;
      chain.hold(this);
      chainPutExplicitlyCreated(chain);
      chainFlush(chain);
      chainPut(chain, this);
    }
  }
}

/**
 * The block for one side of a qdisc, which holds it: a new one, or that which is shared under `index`. A device is bound
 * to a shared block once.
 *
 * @models net/sched/cls_api.c tcf_block_get_ext()
 */
export function tcfBlockGet(q: Qdisc, index: number, extack?: Extack): TcfBlock {
  const { net, ifindex } = q.dev;
  if (index === 0) return new TcfBlock(net, index, q, q);
  const shared = sharedBlocks(net).get(index);
  if (shared?.ports.has(ifindex) && net.machine.has('tc-block-ports')) refuse(extack, EBUSY, 'block dev insert failed');
  const block = shared?.hold(q) ?? new TcfBlock(net, index, q, q);
  block.ports.add(ifindex);
  return block;
}

/** The qdisc lets go of its block. @models net/sched/cls_api.c tcf_block_put_ext() */
export function tcfBlockPut(block: TcfBlock, q: Qdisc): void {
  block.ports.delete(q.dev.ifindex);
  block.release(q);
}

/** @models net/sched/cls_api.c tcf_block_lookup() */
export function tcfBlockLookup(net: Net, index: number): TcfBlock | undefined {
  return sharedBlocks(net).get(index);
}

/** Where a filter request works: the block, and how it got there. Held until putPlace(). */
export interface Place {
  readonly block: TcfBlock;
  /** Undefined when the request named a shared block. */
  readonly q: Qdisc | undefined;
  /** Class id of the request, the root's handle when it gave none. */
  readonly parent: number;
  readonly cl: ClassRef;
}

/** The qdisc of a request; undefined in block mode. @models net/sched/cls_api.c __tcf_qdisc_find() */
function findQdisc(t: TcRequest): Qdisc | undefined {
  if (t.ifindex >>> 0 === TCM_IFINDEX_MAGIC_BLOCK && t.request.machine.has('tc-chains')) return undefined;
  const { extack } = t.request;
  const dev = devGetByIndex(t.net, t.ifindex);
  if (dev === undefined) throw errno(ENODEV);
  const q = t.parent === 0 ? dev.qdisc : qdiscLookup(dev, TC_H_MAJ(t.parent));
  if (q === undefined) refuse(extack, EINVAL, "Parent Qdisc doesn't exists");
  if (q.ops.classOps === undefined) refuse(extack, EINVAL, 'Qdisc not classful');
  if (q.ops.classOps.tcfBlock === undefined) refuse(extack, EOPNOTSUPP, "Class doesn't support blocks");
  return q;
}

function findClass(t: TcRequest, q: Qdisc, parent: number): ClassRef {
  if (TC_H_MIN(parent) === 0) return 0;
  const cl = q.ops.classOps!.find(q, parent);
  if (cl === 0) refuse(t.request.extack, ENOENT, "Specified class doesn't exist");
  return cl;
}

function findShared(t: TcRequest): TcfBlock {
  return tcfBlockLookup(t.net, t.parent) ?? refuse(t.request.extack, EINVAL, 'Block of given index was not found');
}

function findBlock(t: TcRequest, q: Qdisc, cl: ClassRef): TcfBlock {
  const block = q.ops.classOps!.tcfBlock!(q, cl, t.request.extack);
  if (block === undefined) throw errno(EINVAL);
  if (block.shared)
    refuse(
      t.request.extack,
      EOPNOTSUPP,
      'This filter block is shared. Please use the block index to manipulate the filters',
    );
  return block;
}

/**
 * Finds the block a filter or chain request is about; the request holds it and the qdisc. `checkKind` runs once the
 * qdisc is known, where the kernel looks at the kind.
 *
 * @models net/sched/cls_api.c tcf_block_find()
 */
export function findPlace(t: TcRequest, checkKind?: (t: TcRequest) => void): Place {
  const q = findQdisc(t);
  checkKind?.(t);
  if (q === undefined) return { block: findShared(t).hold(t), q: undefined, parent: t.parent, cl: 0 };
  const parent = t.parent === 0 ? q.handle : t.parent;
  const cl = findClass(t, q, parent);
  const block = findBlock(t, q, cl);
  qdiscHold(q, t);
  return { block: block.hold(t), q, parent, cl };
}

/** @models net/sched/cls_api.c tcf_block_release() */
export function putPlace(t: TcRequest, place: Place): void {
  place.block.release(t);
  if (place.q !== undefined) qdiscPut(place.q, t);
}
