// net/sched/cls_u32.c u32_change(): makes a table or a filter, or changes a filter. A change keeps the keys, the mark,
// the flags, and what it does not name of link and input device; class and actions come from the request alone.
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import type { Nla } from '../../../../codec/nla.js';
import { EINVAL, ENOMEM, ENOSPC } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { TCA_U32 } from '../../../../uapi/linux/pkt_cls.js';
import { TCA } from '../../../../uapi/linux/rtnetlink.js';
import { errno, Errno, refuse } from '../../../errno.js';
import { bindFilter, unbindFilter } from '../cls_api/bind.js';
import { tcfExtsValidate } from '../cls_api/exts.js';
import { changeIndev, flagsValid } from '../cls_api/flags.js';
import type { FilterChange } from '../cls_api/proto.js';
import { tcfQueueWork } from '../cls_api/work.js';
import { U32Knode, type U32Mark, type U32Match } from './knode.js';
import { U32Counters, U32Selector } from './selector.js';
import { rootOf, U32Hnode } from './tables.js';

const OFFLOADED = P.TCA_CLS_FLAGS_IN_HW | P.TCA_CLS_FLAGS_NOT_IN_HW;
const MAX_BUCKETS = 0x100;

export type U32Filter = U32Hnode | U32Knode;
type Change = FilterChange<U32Filter>;

const parseOptions = ({ t }: Change, options: Nla) =>
  parseNested(TCA_U32, options, NL_VALIDATE_LIBERAL, t.request.extack);
type Options = ReturnType<typeof parseOptions>;

function refused({ t }: Change, text: string): never {
  refuse(t.request.extack, EINVAL, `cls_u32: ${text}`);
}

/** The device, or a refusal that is always EINVAL. */
function inputDevice({ t }: Change, indev: Nla): number {
  try {
    return changeIndev(t.net, indev, t.request.extack);
  } catch (refusal) {
    throw refusal instanceof Errno ? errno(EINVAL) : refusal;
  }
}

function linkedTable(change: Change, handle: number): U32Hnode | undefined {
  if (P.TC_U32_KEY(handle) !== 0) refused(change, 'u32 Link handle must be a hash table');
  if (handle === 0) return undefined;
  const table = rootOf(change.tp).common.lookup(handle);
  if (table === undefined) refused(change, 'Link hash table not found');
  if (table.isRoot) refused(change, 'Not linking to root node');
  return table;
}

/** Sets on a filter in no list yet what a request may change. @models net/sched/cls_u32.c u32_set_parms() */
function setParms(change: Change, tb: Options, node: U32Knode): void {
  const { t, tp } = change;
  const action = tb.$nla[TCA_U32.ACT.type];
  const police = tb.$nla[TCA_U32.POLICE.type];
  node.exts = tcfExtsValidate(t, tp, { action, police, filterFlags: node.match.flags });
  const indev = tb.$nla[TCA_U32.INDEV.type];
  const ifindex = indev === undefined ? node.ifindex : inputDevice(change, indev);
  if (tb.LINK !== undefined) node.link(linkedTable(change, tb.LINK));
  node.ifindex = ifindex;
}

/** A filter that is complete and bound, and in no bucket yet; `link` and `ifindex` are those it starts from. */
function makeKnode(change: Change, tb: Options, up: U32Hnode, match: U32Match, from?: U32Knode): U32Knode {
  const node = new U32Knode(up, change.tp, match);
  if (from !== undefined) {
    node.link(from.down);
    node.ifindex = from.ifindex;
  }
  try {
    setParms(change, tb, node);
  } catch (refusal) {
    node.release(up);
    throw refusal;
  }
  if (tb.CLASSID !== undefined) {
    node.res = { classid: tb.CLASSID, cl: 0 };
    bindFilter(change.tp, node.res, change.base);
  }
  return node;
}

/** Returns the old filter: the notification of a change shows what was there before. */
function changeKnode(change: Change, tb: Options, flags: number, old: U32Filter): U32Knode {
  if (old instanceof U32Hnode) refused(change, 'Key node id cannot be zero');
  const { tp } = change;
  if (((old.match.flags ^ flags) & ~OFFLOADED) !== 0) refused(change, 'Key node flags do not match passed flags');
  const { up } = old;
  const node = makeKnode(change, tb, up, old.match, old);
  up.replace(old, node);
  rootOf(tp).common.changed(up.prio);
  unbindFilter(tp, old.res);
  tcfQueueWork(tp.chain.block.net, old, up);
  return old;
}

function tableHandle({ tp, handle }: Change): number {
  const { common } = rootOf(tp);
  if (handle === 0) return common.newHandle() ?? refuse(undefined, ENOMEM, '');
  if (!common.takeId(handle)) throw errno(ENOSPC);
  return handle;
}

function addTable(change: Change, buckets: number, flags: number): U32Hnode {
  const { tp, handle } = change;
  if (buckets === 0 || (buckets & (buckets - 1)) !== 0) refused(change, 'Divisor is not a power of 2');
  if (buckets > MAX_BUCKETS) refused(change, 'Exceeded maximum 256 hash buckets');
  if (P.TC_U32_KEY(handle) !== 0) refused(change, 'Divisor can only be used on a hash table');
  const { common } = rootOf(tp);
  const taken = tableHandle(change);
  try {
    if ((flags & P.TCA_CLS_FLAGS_SKIP_SW) !== 0) throw errno(EINVAL);
    const table = new U32Hnode(tp, taken, buckets - 1, false, common);
    common.link(table);
    return table;
  } catch (refusal) {
    common.freeId(taken);
    throw refusal;
  }
}

/** The table a new filter goes to, and the handle (with its bucket) the request named it by. */
function destination(change: Change, tb: Options): { up: U32Hnode; htid: number } {
  const { common, table: root } = rootOf(change.tp);
  let up: U32Hnode | undefined = root;
  let htid = tb.HASH ?? root.handle;
  if (P.TC_U32_HTID(htid) === P.TC_U32_ROOT) htid = root.handle;
  else up = common.lookup(P.TC_U32_HTID(htid));
  if (up === undefined) refused(change, 'Specified hash table not found');
  if (up.divisor < P.TC_U32_HASH(htid)) refused(change, 'Specified hash table buckets exceed configured value');
  return { up, htid };
}

/** A handle for a new filter, taken already. */
function nodeHandle(change: Change, up: U32Hnode, htid: number): number {
  const { handle, t } = change;
  if (P.TC_U32_HTID(handle) !== 0 && P.TC_U32_HTID(handle ^ htid) !== 0)
    refused(change, 'Handle specified hash table address mismatch');
  if (P.TC_U32_NODE(handle) === 0)
    return up.nodeIds.alloc(htid) ?? refuse(t.request.extack, ENOSPC, 'cls_u32: Hash table node ID pool exhausted');
  const wanted = (htid | P.TC_U32_NODE(handle)) >>> 0;
  if (!up.nodeIds.take(wanted)) throw errno(ENOSPC);
  return wanted;
}

/** The selector and its keys; what follows them is cut. */
function selector(change: Change, tb: Options): U32Selector {
  if (tb.SEL === undefined) refused(change, 'Selector not specified');
  const size = P.tc_u32_sel.size + tb.SEL[P.tc_u32_sel.offsetof.nkeys]! * P.tc_u32_key.size;
  if (tb.SEL.length < size) throw errno(EINVAL);
  return new U32Selector(tb.SEL.slice(0, size));
}

function markOf({ t }: Change, tb: Options): U32Mark {
  return (t.request.machine.config.u32Mark ? tb.MARK : undefined) ?? { val: 0, mask: 0 };
}

function addKnode(change: Change, tb: Options, flags: number): U32Knode {
  const { up, htid } = destination(change, tb);
  const handle = nodeHandle(change, up, htid);
  let node: U32Knode | undefined;
  try {
    const sel = selector(change, tb);
    const counters = new U32Counters(sel.nkeys);
    const match = { handle, sel, counters, mark: markOf(change, tb), flags: flags | P.TCA_CLS_FLAGS_NOT_IN_HW };
    node = makeKnode(change, tb, up, match);
  } finally {
    if (node === undefined) up.nodeIds.free(handle);
  }
  const { common } = rootOf(change.tp);
  up.insert(node);
  common.knodes++;
  common.changed(up.prio);
  return node;
}

/**
 * Without options nothing is made but the tcf_proto.
 *
 * @models net/sched/cls_u32.c u32_change()
 */
export function change(request: Change): U32Filter | undefined {
  const { t, handle, old } = request;
  const options = t.tca[TCA.OPTIONS.type];
  if (options === undefined) {
    if (handle !== 0) refused(request, 'Filter handle requires options');
    return undefined;
  }
  const tb = parseOptions(request, options);
  const flags = tb.FLAGS ?? 0;
  if (!flagsValid(flags)) refused(request, 'Invalid filter flags');
  if (old !== undefined) return changeKnode(request, tb, flags, old);
  if (tb.DIVISOR !== undefined) return addTable(request, tb.DIVISOR, flags);
  return addKnode(request, tb, flags);
}
