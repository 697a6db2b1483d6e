// net/sched/cls_api.c tc_new_tfilter(), tc_del_tfilter(), tc_get_tfilter(), tc_ctl_chain() and their dumps: what the bytes of
// RTM_*TFILTER and RTM_*CHAIN decide.
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../../uapi/linux/netlink.js';
import { TC_ACT_EXT_VAL_MASK } from '../../../uapi/linux/pkt_cls.js';
import { TC_H_MIN } from '../../../uapi/linux/pkt_sched.js';
import { RTM_NEWCHAIN, TCA, TCA_FILTER_DUMP, TCA_FILTER_DUMP_6_1, tcmsg } from '../../../uapi/linux/rtnetlink.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import type { Attributes } from '../attributes.js';
import { liberally, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { checkAnyClassifier, checkClassifier } from './classifiers.js';
import * as tc from './tc.js';

const { KIND, CHAIN, OPTIONS } = TCA;

function checkKindLength(tca: Attributes, msg: string): void {
  if (tca.ok(KIND.type) && tc.isLongName(tca, KIND.type))
    tca.judge.deny(C.longName, 'EINVAL', msg, tca.place(KIND.type), 'the name of a kind has at most 15 characters');
}

/** The way to the block of filters. tcf_block_find() */
function findBlock(tca: Attributes, named: boolean): void {
  const { judge } = tca;
  const block = tc.isBlock(judge);
  if (!block) {
    tc.needDevice(judge);
    judge.may("EINVAL: Parent Qdisc doesn't exists");
    judge.may('EINVAL: Qdisc not classful');
    judge.may("EOPNOTSUPP: Class doesn't support blocks");
  }
  if (named) checkKindLength(tca, 'Specified TC filter name too long');
  if (block) {
    judge.may('EINVAL: Block of given index was not found');
    return;
  }
  if (TC_H_MIN(tc.parentOf(judge)) !== 0) judge.may("ENOENT: Specified class doesn't exist");
  judge.may('EINVAL: there is no block at this place');
  judge.may('EOPNOTSUPP: This filter block is shared. Please use the block index to manipulate the filters');
}

function checkChainIndex(tca: Attributes): void {
  if ((tca.u32(CHAIN.type) ?? 0) > TC_ACT_EXT_VAL_MASK) {
    const text = `chains have indexes up to ${TC_ACT_EXT_VAL_MASK}`;
    tca.judge.deny(C.badValue, 'EINVAL', 'Specified chain index exceeds upper limit', tca.place(CHAIN.type), text);
  }
}

function denyPrioZero(judge: Judge): void {
  const at = tc.tcmField(judge, 'tcm_info');
  judge.deny(
    C.badField,
    'ENOENT',
    'Invalid filter command with priority of zero',
    at,
    'the priority, the upper half of tcm_info, is 0',
  );
}

/** Protocol and kind as an existing priority has them. */
function mayMismatch(judge: Judge): void {
  if (tc.protocolOf(judge) !== 0) {
    judge.may('EINVAL: Protocol mismatch for filter with specified priority');
    judge.may('EINVAL: Filter with specified priority/protocol not found');
  }
  judge.may('EINVAL: Specified filter kind does not match existing one');
}

/** A priority that may be new. */
function findOrCreate(tca: Attributes): void {
  const { judge } = tca;
  const prio = tc.prioOf(judge);
  const create = judge.wants(NLM_F_CREATE);
  if (prio === 0) {
    judge.may('ENOSPC: Lowest ID from auto-alloc range already in use');
    judge.may('EINVAL: Filter with specified priority/protocol not found');
  } else mayMismatch(judge);
  const lacking = !tca.has(KIND.type) || tc.protocolOf(judge) === 0;
  const msg = 'Filter kind and protocol must be specified';
  if (lacking && prio === 0 && !tca.has(KIND.type))
    judge.deny(C.missingAttribute, 'EINVAL', msg, tca.whole, 'TCA_KIND is missing', tca);
  else if (lacking && prio === 0)
    judge.deny(
      C.badField,
      'EINVAL',
      msg,
      tc.tcmField(judge, 'tcm_info'),
      'the protocol, the lower half of tcm_info, is 0',
    );
  else if (lacking) judge.may(`EINVAL: ${msg}`);
  if (!create) judge.may('ENOENT: Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter');
  judge.may('ENOENT: TC classifier not found');
  if (tc.handleOf(judge) !== 0 && judge.wants(NLM_F_EXCL)) judge.may('EEXIST: Filter already exists');
  judge.may('EINVAL: Chain template is set to a different filter kind');
}

export function newTfilter(judge: Judge): void {
  judge.symbol = 'net/sched/cls_api.c tc_new_tfilter()';
  const tca = tc.parseTc(judge);
  if (tca === undefined) return;
  tc.noteFlags(judge, NLM_F_REPLACE | NLM_F_APPEND, 'NLM_F_REPLACE or NLM_F_APPEND');
  if (tc.prioOf(judge) === 0 && !judge.wants(NLM_F_CREATE)) denyPrioZero(judge);
  findBlock(tca, true);
  checkChainIndex(tca);
  findOrCreate(tca);
  if (tca.ok(KIND.type)) checkClassifier(tca, tca.string(KIND.type)!);
  else checkAnyClassifier(tca);
}

function checkFlush(tca: Attributes): void {
  const { judge } = tca;
  if (tc.prioOf(judge) !== 0) return;
  if (!judge.has('filter-flush')) {
    denyPrioZero(judge);
    return;
  }
  const named = tca.has(KIND.type);
  if (tc.protocolOf(judge) === 0 && tc.handleOf(judge) === 0 && !named) return;
  const text = 'priority 0 deletes all filters of a chain: no protocol, handle or kind goes with it';
  const at = named ? tca.place(KIND.type) : tc.tcmField(judge, tc.handleOf(judge) === 0 ? 'tcm_info' : 'tcm_handle');
  judge.deny(C.badField, 'ENOENT', 'Cannot flush filters with protocol, handle or kind set', at, text);
}

function noteOptions(tca: Attributes): void {
  tc.noteUnread(tca, OPTIONS.type, 'no options are looked at here');
}

export function delTfilter(judge: Judge): void {
  judge.symbol = 'net/sched/cls_api.c tc_del_tfilter()';
  const tca = tc.parseTc(judge);
  if (tca === undefined) return;
  noteOptions(tca);
  checkFlush(tca);
  findBlock(tca, true);
  checkChainIndex(tca);
  if (tc.prioOf(judge) === 0) return;
  judge.may('ENOENT: Cannot find specified filter chain');
  judge.may('ENOENT: Filter with specified priority/protocol not found');
  mayMismatch(judge);
  if (tc.handleOf(judge) === 0) return;
  judge.may('ENOENT: Specified filter handle not found');
  judge.may('EINVAL: cls_u32: Not allowed to delete root node');
  judge.may('EBUSY: cls_u32: Can not delete in-use filter');
}

export function getTfilter(judge: Judge): void {
  judge.symbol = 'net/sched/cls_api.c tc_get_tfilter()';
  const tca = tc.parseTc(judge);
  if (tca === undefined) return;
  noteOptions(tca);
  if (tc.prioOf(judge) === 0) denyPrioZero(judge);
  findBlock(tca, true);
  checkChainIndex(tca);
  judge.may('EINVAL: Cannot find specified filter chain');
  judge.may('ENOENT: Filter with specified priority/protocol not found');
  mayMismatch(judge);
  judge.may('ENOENT: Specified filter handle not found');
}

export function dumpTfilter(judge: Judge): void {
  judge.symbol = 'net/sched/cls_api.c tc_dump_tfilter()';
  if (!tc.hasTcmsg(judge)) {
    tc.noteShortDump(judge);
    return;
  }
  const set = judge.has('dump-chain-policy') ? TCA_FILTER_DUMP : TCA_FILTER_DUMP_6_1;
  if (judge.has('tca-policy')) walk(judge, set, judge.start + NLMSG_HDRLEN + tcmsg.size, judge.end, '', liberally);
  judge.may('EMSGSIZE: a filter does not fit into one message');
}

export function dumpChain(judge: Judge): void {
  judge.symbol = 'net/sched/cls_api.c tc_dump_chain()';
  if (tc.hasTcmsg(judge)) tc.parseTc(judge);
  else tc.noteShortDump(judge);
}

/** A template for the filters of a chain. */
function checkTemplate(tca: Attributes): void {
  const { judge } = tca;
  if (!tca.has(KIND.type)) return;
  checkKindLength(tca, 'Specified TC chain template name too long');
  judge.may('ENOENT: TC classifier not found');
  const kind = tca.string(KIND.type);
  const msg = 'Chain templates are not supported with specified classifier';
  if (kind === 'bpf' || kind === 'u32' || kind === 'matchall')
    judge.deny(C.unsupported, 'EOPNOTSUPP', msg, tca.place(KIND.type), `no template can be made of ${kind} filters`);
  else {
    judge.may(`EOPNOTSUPP: ${msg}`);
    judge.may('EINVAL: the template is refused');
  }
}

export function ctlChain(judge: Judge): void {
  judge.symbol = 'net/sched/cls_api.c tc_ctl_chain()';
  const tca = tc.parseTc(judge);
  if (tca === undefined) return;
  findBlock(tca, false);
  checkChainIndex(tca);
  if (judge.type !== RTM_NEWCHAIN) {
    judge.may('EINVAL: Cannot find specified filter chain');
    return;
  }
  judge.may('EEXIST: Filter chain already exists');
  if (!judge.wants(NLM_F_CREATE)) judge.may('ENOENT: Need both RTM_NEWCHAIN and NLM_F_CREATE to create a new chain');
  checkTemplate(tca);
}
