// net/sched/cls_u32.c: the u32 classifier, filters that compare 32-bit words of a packet and lie in hash tables. This
// file deletes, walks and dumps; tables.ts keeps the tables, change.ts makes what is in them.
import { EBUSY, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import type { Extack } from '../../../../codec/extack.js';
import { refuse } from '../../../errno.js';
import type { MessageWriter } from '../../netlink/message.js';
import { unbindFilter } from '../cls_api/bind.js';
import type { TcfProto, TcfProtoOps } from '../cls_api/proto.js';
import { tcfQueueWork } from '../cls_api/work.js';
import { change, type U32Filter } from './change.js';
import { classify } from './classify.js';
import { dumpKnode, U32Knode } from './knode.js';
import { init, rootOf, U32Hnode } from './tables.js';

/** A table or, by a handle with a key, a filter. @models net/sched/cls_u32.c u32_get() */
function get(tp: TcfProto, handle: number): U32Filter | undefined {
  const { common, table: root } = rootOf(tp);
  const htid = P.TC_U32_HTID(handle);
  const table = htid === P.TC_U32_ROOT ? root : common.lookup(htid);
  return P.TC_U32_KEY(handle) === 0 ? table : table?.lookup(handle);
}

/** Takes a filter out. @models net/sched/cls_u32.c u32_delete_key() */
function deleteKnode(tp: TcfProto, node: U32Knode): void {
  const { common } = rootOf(tp);
  const { up } = node;
  up.remove(node);
  common.knodes--;
  common.changed(up.prio);
  unbindFilter(tp, node.res);
  tcfQueueWork(tp.chain.block.net, node, up);
}

/** @models net/sched/cls_u32.c u32_clear_hnode() */
function clearTable(tp: TcfProto, table: U32Hnode): void {
  for (let node = table.firstFrom(0); node !== undefined; node = table.firstFrom(0)) deleteKnode(tp, node);
}

/** @models net/sched/cls_u32.c u32_destroy_hnode() */
function destroyTable(tp: TcfProto, table: U32Hnode): void {
  const { common } = rootOf(tp);
  clearTable(tp, table);
  common.freeId(table.handle);
  common.unlink(table);
}

/** The root table goes; with the last tcf_proto all others. @models net/sched/cls_u32.c u32_destroy() */
function destroy(tp: TcfProto): void {
  const { common, table: root } = rootOf(tp);
  destroyTable(tp, root);
  root.release(tp);
  common.removeProto(tp);
  common.release(tp);
  if (!common.freed) return;
  for (const table of common.tables) {
    clearTable(tp, table);
    common.unlink(table);
    table.release(common);
  }
}

function deleteTable(tp: TcfProto, table: U32Hnode, extack: Extack): void {
  if (table.isRoot) refuse(extack, EINVAL, 'cls_u32: Not allowed to delete root node');
  if (table.refcount > 1) refuse(extack, EBUSY, 'cls_u32: Can not delete in-use filter');
  destroyTable(tp, table);
  table.release(rootOf(tp).common);
}

/** @models net/sched/cls_u32.c u32_delete() */
function deleteFilter(tp: TcfProto, filter: U32Filter, extack: Extack): boolean {
  const { common } = rootOf(tp);
  if (filter instanceof U32Knode) deleteKnode(tp, filter);
  else deleteTable(tp, filter, extack);
  return common.refcount === 1 && common.knodes === 0;
}

/** Every table of the priority, each followed by its filters. @models net/sched/cls_u32.c u32_walk() */
function next(tp: TcfProto, filter: U32Filter | undefined): U32Filter | undefined {
  const { common } = rootOf(tp);
  if (filter === undefined) return common.nextOfPrio(tp.prio, undefined);
  if (filter instanceof U32Hnode) return filter.firstFrom(0) ?? common.nextOfPrio(tp.prio, filter);
  const { up } = filter;
  return filter.next ?? up.firstFrom(P.TC_U32_HASH(filter.handle) + 1) ?? common.nextOfPrio(tp.prio, up);
}

/** @models net/sched/cls_u32.c u32_dump() */
function dump(tp: TcfProto, filter: U32Filter, skb: MessageWriter): void {
  if (filter instanceof U32Knode) {
    dumpKnode(tp, filter, skb);
    return;
  }
  const nest = skb.nest(TCA.OPTIONS.type);
  skb.putU32(P.TCA_U32.DIVISOR.type, filter.divisor + 1);
  skb.nestEnd(nest);
}

export const clsU32Ops: TcfProtoOps = {
  kind: 'u32',
  classify,
  init,
  destroy,
  get,
  change,
  delete: deleteFilter,
  next,
  dump,
};
