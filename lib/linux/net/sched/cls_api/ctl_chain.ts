// net/sched/cls_api.c tc_ctl_chain(): RTM_NEWCHAIN, RTM_DELCHAIN and RTM_GETCHAIN of one chain.
import { EEXIST, EINVAL, ENOENT, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../../../uapi/linux/netlink.js';
import { RTM_DELCHAIN, RTM_NEWCHAIN, TCA } from '../../../../uapi/linux/rtnetlink.js';
import { refuse } from '../../../errno.js';
import { nlaFits } from '../../../lib/nlattr.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';
import { MessageWriter } from '../../netlink/message.js';
import { parseTc, type TcRequest } from '../sch_api/request.js';
import { findPlace, type Place, putPlace, type TcfBlock } from './block.js';
import * as chains from './chain.js';
import { chainIndexOf, flushChain } from './filter.js';
import { warningOf } from './notify.js';
import { tcfProtoLookupOps } from './proto.js';

/** Room for the name of a kind, its NUL included. */
const IFNAMSIZ = 16;

/** A template is asked for by a kind. @models net/sched/cls_api.c tc_chain_tmplt_add() */
function addTemplate(t: TcRequest, chain: chains.TcfChain): void {
  const { extack } = t.request;
  const kind = t.tca[TCA.KIND.type];
  if (kind === undefined) return;
  if (!nlaFits(kind, IFNAMSIZ)) refuse(extack, EINVAL, 'Specified TC chain template name too long');
  const ops = tcfProtoLookupOps(t.net, kind, extack);
  if (ops.template === undefined)
    refuse(extack, EOPNOTSUPP, 'Chain templates are not supported with specified classifier');
  chain.template = { ops, priv: ops.template.create(t) };
}

/** A chain that only actions know of becomes a real one; any other that exists is in the way. */
function makeChain(t: TcRequest, block: TcfBlock, index: number): chains.TcfChain {
  const { extack } = t.request;
  const chain = block.chains.get(index);
  if (chain !== undefined && !chain.heldByActionsOnly) refuse(extack, EEXIST, 'Filter chain already exists');
  if (chain === undefined && !t.wants(NLM_F_CREATE))
    refuse(extack, ENOENT, 'Need both RTM_NEWCHAIN and NLM_F_CREATE to create a new chain');
  return chain?.hold(t) ?? new chains.TcfChain(block, index, t);
}

function newChain(t: TcRequest, block: TcfBlock, index: number): void {
  const chain = makeChain(t, block, index);
  chains.chainCreateExplicitly(chain);
  try {
    addTemplate(t, chain);
    chains.chainNotify(chain, RTM_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, warningOf(t.request));
  } catch (refusal) {
    chains.chainPutExplicitlyCreated(chain);
    throw refusal;
  } finally {
    chains.chainPut(chain, t);
  }
}

function answer(request: RtnlRequest, chain: chains.TcfChain): void {
  const { type, flags, seq, portid } = request;
  const skb = new MessageWriter();
  chains.fillChain(skb, chain, { type, flags, seq, portid, warn: warningOf(request) });
  request.net.rtnl.unicast(skb.take(), portid);
}

function onExisting(t: TcRequest, place: Place, index: number): void {
  const chain = place.block.chains.get(index);
  if (chain === undefined || chain.heldByActionsOnly)
    refuse(t.request.extack, EINVAL, 'Cannot find specified filter chain');
  chain.hold(t);
  if (t.request.type === RTM_DELCHAIN) {
    flushChain(t, place, chain);
    chains.chainPutExplicitlyCreated(chain);
  } else {
    answer(t.request, chain);
  }
  chains.chainPut(chain, t);
}

/** RTM_NEWCHAIN, RTM_DELCHAIN, RTM_GETCHAIN. @models net/sched/cls_api.c tc_ctl_chain() */
export function ctlChain(request: RtnlRequest): void {
  const t = parseTc(request);
  const place = findPlace(t);
  try {
    const index = chainIndexOf(t);
    if (request.type === RTM_NEWCHAIN) newChain(t, place.block, index);
    else onExisting(t, place, index);
  } finally {
    putPlace(t, place);
  }
}
