// net/sched/sch_api.c tc_modify_qdisc(), tc_get_qdisc(), tc_ctl_tclass() and their dumps: what the bytes of RTM_*QDISC and
// RTM_*TCLASS decide. Whether a request makes a qdisc or changes one depends on what is there, unless CREATE and EXCL leave
// no other way.
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../../uapi/linux/netlink.js';
import { TC_H_CLSACT, TC_H_INGRESS, TC_H_MAJ, TC_H_MIN, TC_H_ROOT } from '../../../uapi/linux/pkt_sched.js';
import { RTM_DELQDISC, RTM_DELTCLASS, RTM_GETTCLASS, RTM_NEWTCLASS, TCA } from '../../../uapi/linux/rtnetlink.js';
import type { Attributes } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { rejectsEstimator } from './estimator.js';
import { changeable, checkClassOptions, checkQdiscOptions, type Course } from './qdisc_options.js';
import { checkSizeTable } from './size_table.js';
import * as tc from './tc.js';

const { KIND, OPTIONS, RATE, STAB, INGRESS_BLOCK, EGRESS_BLOCK, CHAIN } = TCA;

const isIngress = (parent: number): boolean => parent === TC_H_INGRESS || parent === TC_H_CLSACT;

/** Where the qdisc is to hang. */
function findParent(judge: Judge, parent: number): void {
  if (parent === 0 || parent === TC_H_ROOT || isIngress(parent)) return;
  judge.may('ENOENT: Failed to find specified qdisc');
  judge.may('EOPNOTSUPP: Cannot add children to ingress/clsact qdisc');
  judge.may('ENOENT: Specified class not found');
  mayHaveNoClasses(judge);
}

/** @see qdisc_leaf() */
function mayHaveNoClasses(judge: Judge): void {
  judge.may('EINVAL: the parent has no classes');
  judge.may('EOPNOTSUPP: Parent qdisc is not classful');
}

function mayMismatch(judge: Judge): void {
  judge.may('EINVAL: Invalid qdisc name: must match existing qdisc');
  judge.may('EINVAL: Invalid qdisc name');
}

/** What a handle of its own brings. */
function checkHandle(judge: Judge, handle: number): void {
  if (!judge.wants(NLM_F_REPLACE)) judge.may('EEXIST: NLM_F_REPLACE needed to override');
  if (TC_H_MIN(handle) !== 0)
    judge.deny(
      C.badField,
      'EINVAL',
      'Invalid minor handle',
      tc.tcmField(judge, 'tcm_handle'),
      'the handle of a qdisc ends with 0000',
    );
  judge.may('EINVAL: Cannot move an existing qdisc to a different parent');
  if (judge.wants(NLM_F_EXCL)) judge.may('EEXIST: Exclusivity flag on, cannot override');
  judge.may('EINVAL: Cannot regraft ingress or clsact Qdiscs');
  judge.may('ELOOP: Qdisc parent/child loop detected');
  judge.may('EINVAL: Ingress cannot graft directly');
}

/** Without a parent the handle names what to change. */
function changeByHandle(tca: Attributes, handle: number): void {
  const { judge } = tca;
  if (handle === 0) {
    const text = 'neither a parent nor a handle is named';
    judge.deny(C.badField, 'EINVAL', 'Handle cannot be zero', tc.tcmField(judge, 'tcm_handle'), text);
  }
  judge.may('ENOENT: Specified qdisc not found');
  if (judge.wants(NLM_F_EXCL)) {
    const text = 'without a parent a qdisc is changed, which NLM_F_EXCL forbids';
    judge.deny(
      C.flagRefused,
      'EEXIST',
      'Exclusivity flag on, cannot modify',
      tc.headerField(judge, 'nlmsg_flags'),
      text,
    );
  }
}

/** Which way a request goes. */
function courseOf(judge: Judge, parent: number): Course {
  if (parent === 0) return 'change';
  if (judge.wants(NLM_F_CREATE | NLM_F_EXCL)) return 'create';
  return 'either';
}

function checkBlocks(tca: Attributes, course: Course): void {
  const { judge } = tca;
  for (const [type, side] of [
    [INGRESS_BLOCK.type, 'Ingress'],
    [EGRESS_BLOCK.type, 'Egress'],
  ] as const) {
    if (!tca.has(type)) continue;
    if (tca.u32(type) === 0) {
      const msg = `${side} block index cannot be 0`;
      if (course === 'create')
        judge.deny(C.badValue, 'EINVAL', msg, tca.place(type), 'a shared block has an index from 1 on');
      else judge.may(`EINVAL: ${msg}`);
    }
    judge.may(`EOPNOTSUPP: ${side} block sharing is not supported`);
    judge.may('EBUSY: block dev insert failed');
  }
  if (tca.has(OPTIONS.type) && (tca.has(INGRESS_BLOCK.type) || tca.has(EGRESS_BLOCK.type)) && course !== 'create')
    judge.may('EOPNOTSUPP: Change of blocks is not supported');
}

function checkEstimator(tca: Attributes, course: Course): void {
  const { judge } = tca;
  if (!tca.has(RATE.type)) return;
  judge.may('EOPNOTSUPP: Cannot attach rate estimator to a multi-queue root qdisc');
  if (!rejectsEstimator(tca, RATE.type)) return;
  const msg = 'Failed to generate new estimator';
  if (course === 'create')
    judge.deny(C.estimator, 'EINVAL', msg, tca.place(RATE.type), 'there is no such rate estimator');
  else if (course === 'either') judge.may(`EINVAL: ${msg}`);
  else noteEstimator(tca);
}

function noteEstimator(tca: Attributes): void {
  const at = tca.place(RATE.type);
  tca.judge.note({
    code: C.estimator,
    severity: 'ignored',
    at,
    text: 'there is no such rate estimator: it is left out',
  });
}

/** Everything behind the decision what to do. */
function makeOrChange(tca: Attributes, course: Course): void {
  const { judge } = tca;
  if (course !== 'create') mayMismatch(judge);
  if (course === 'either') {
    if (!judge.wants(NLM_F_CREATE)) judge.may('ENOENT: Qdisc not found. To create specify NLM_F_CREATE flag');
    if (judge.wants(NLM_F_EXCL)) judge.may('EEXIST: Exclusivity flag on, cannot modify');
  } else if (course === 'create') judge.may('EEXIST: Exclusivity flag on, cannot modify');
  const kind = tca.string(KIND.type);
  checkKind(tca, kind, course);
  checkBlocks(tca, course);
  const early = course === 'create';
  if (early) checkSizeTable(tca, STAB.type);
  else if (course === 'either')
    judge.perhaps(() => {
      checkSizeTable(tca, STAB.type);
    });
  if ((kind === undefined || !changeable(kind)) && course !== 'create' && tca.has(OPTIONS.type))
    judge.may('EINVAL: Change operation not supported by specified qdisc');
  checkQdiscOptions(tca, kind, course);
  if (!early) checkSizeTable(tca, STAB.type);
  checkEstimator(tca, course);
  mayNotGraft(judge);
}

function mayNotGraft(judge: Judge): void {
  judge.may('EBUSY: Current ingress or clsact Qdisc has ongoing filter requests');
  judge.may('EOPNOTSUPP: the parent takes no children');
  judge.may('ENOENT: Specified class not found');
  judge.may('EINVAL: Cannot assign noqueue to a class');
  judge.may('EINVAL: STAB not supported on a non root');
  judge.may('ENOSPC: Maximum number of qdisc handles was exceeded');
  judge.may('ENOMEM: there is no memory for the qdisc');
}

function checkKind(tca: Attributes, kind: string | undefined, course: Course): void {
  const { judge } = tca;
  const msg = 'Specified qdisc kind is unknown';
  if (course === 'create' && !tca.has(KIND.type))
    judge.deny(C.missingAttribute, 'ENOENT', msg, tca.whole, 'TCA_KIND is missing', tca);
  else if (course === 'create' && tca.ok(KIND.type) && tc.isLongString(tca, KIND.type))
    judge.deny(C.longName, 'ENOENT', msg, tca.place(KIND.type), 'the name of a kind has at most 15 characters');
  else if (course !== 'change') judge.may(`ENOENT: ${msg}`);
  const parent = tc.parentOf(judge);
  if (course === 'change' || !isIngress(parent) || kind === 'ingress' || kind === 'clsact') return;
  const reserved = 'Specified parent ID is reserved for ingress and clsact Qdiscs';
  if (course === 'create' && kind !== undefined)
    judge.deny(
      C.badField,
      'EINVAL',
      reserved,
      tc.tcmField(judge, 'tcm_parent'),
      `this parent takes ingress and clsact, not ${kind}`,
    );
  else judge.may(`EINVAL: ${reserved}`);
}

export function newQdisc(judge: Judge): void {
  judge.symbol = 'net/sched/sch_api.c tc_modify_qdisc()';
  const tca = tc.parseTc(judge);
  if (tca === undefined) return;
  tc.noteFlags(judge, NLM_F_APPEND, 'NLM_F_APPEND');
  tc.noteUnread(tca, CHAIN.type, 'qdiscs have no chains');
  tc.needDevice(judge);
  const parent = tc.parentOf(judge);
  const handle = tc.handleOf(judge);
  findParent(judge, parent);
  if (parent === 0) changeByHandle(tca, handle);
  else if (handle !== 0) checkHandle(judge, handle);
  makeOrChange(tca, courseOf(judge, parent));
}

export function getQdisc(judge: Judge): void {
  judge.symbol = 'net/sched/sch_api.c tc_get_qdisc()';
  const tca = tc.parseTc(judge);
  if (tca === undefined) return;
  tc.noteUnread(tca, OPTIONS.type, 'no options are looked at here');
  tc.needDevice(judge);
  if (tc.parentOf(judge) === 0) judge.may('ENOENT: Failed to find qdisc with specified handle');
  else {
    judge.may('ENOENT: Failed to find qdisc with specified classid');
    judge.may('ENOENT: Specified class not found');
    mayHaveNoClasses(judge);
    judge.may('ENOENT: Cannot find specified qdisc on specified device');
    judge.may('EINVAL: Invalid handle');
  }
  mayMismatch(judge);
  if (judge.type !== RTM_DELQDISC) return;
  if (tc.parentOf(judge) === 0)
    judge.deny(
      C.badField,
      'EINVAL',
      'Classid cannot be zero',
      tc.tcmField(judge, 'tcm_parent'),
      'a qdisc is deleted from its parent, which is 0',
    );
  judge.may('ENOENT: Cannot delete qdisc with handle of zero');
  judge.may('EOPNOTSUPP: the parent takes no children');
  judge.may('EBUSY: Current ingress or clsact Qdisc has ongoing filter requests');
}

export function dumpQdisc(judge: Judge): void {
  judge.symbol = 'net/sched/sch_api.c tc_dump_qdisc()';
  tc.parseTc(judge);
}

/** Handle and parent name the same qdisc. */
function checkMajors(judge: Judge): void {
  const byHandle = TC_H_MAJ(tc.handleOf(judge));
  const parent = tc.parentOf(judge);
  const byParent = parent === TC_H_ROOT ? 0 : TC_H_MAJ(parent);
  if (byHandle !== 0 && byParent !== 0 && byHandle !== byParent)
    judge.deny(
      C.badField,
      'EINVAL',
      undefined,
      tc.tcmField(judge, 'tcm_parent'),
      'handle and parent are of different qdiscs',
    );
}

function changeClass(tca: Attributes): void {
  const { judge } = tca;
  const sharing = tca.has(INGRESS_BLOCK.type) ? INGRESS_BLOCK.type : EGRESS_BLOCK.type;
  if (tca.has(sharing))
    judge.deny(
      C.unsupported,
      'EOPNOTSUPP',
      'Shared blocks are not supported for classes',
      tca.place(sharing),
      'a class has no shared block',
    );
  judge.may('EINVAL: Cannot create traffic class with classid TC_H_ROOT');
  judge.may('EOPNOTSUPP: the qdisc makes no classes');
  checkClassOptions(tca);
}

export function ctlTclass(judge: Judge): void {
  judge.symbol = 'net/sched/sch_api.c tc_ctl_tclass()';
  const tca = tc.parseTc(judge);
  if (tca === undefined) return;
  tc.needDevice(judge);
  checkMajors(judge);
  judge.may('ENOENT: there is no such qdisc, or no such class');
  judge.may('EINVAL: the qdisc has no classes');
  if (judge.type === RTM_NEWTCLASS) {
    if (judge.wants(NLM_F_EXCL)) judge.may('EEXIST: the class exists');
    changeClass(tca);
  } else if (judge.type === RTM_DELTCLASS) {
    judge.may('EOPNOTSUPP: the qdisc deletes no classes');
    judge.may('EBUSY: HTB class in use');
  } else if (judge.type === RTM_GETTCLASS) judge.may('EINVAL: the message does not fit');
}

/** The attributes of a dump of classes are not looked at. */
export function dumpTclass(judge: Judge): void {
  judge.symbol = 'net/sched/sch_api.c tc_dump_tclass()';
  if (!tc.hasTcmsg(judge)) tc.noteShortDump(judge);
}
