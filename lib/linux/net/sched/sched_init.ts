// Where net/sched meets the rest of the kernel: registers the kinds of qdiscs, classifiers and actions that the
// configuration has (register_qdisc(), register_tcf_proto_ops(), tcf_register_action()) and the handlers of every RTM_*
// of traffic control. Adding a kind is one
// file and one line here.
import * as R from '../../../uapi/linux/rtnetlink.js';
import type { Machine } from '../../machine.js';
import type { BehaviourName } from '../../version.js';
import { registerNetdeviceNotifier } from '../core/dev/notifier.js';
import type { Net } from '../core/net_namespace.js';
import { type TcActionOps, tcfRegisterAction } from './act_api/action.js';
import { tcCtlAction } from './act_api/ctl_action.js';
import { tcDumpAction } from './act_api/dump_action.js';
import { actBpfOps } from './act_bpf.js';
import { actGactOps } from './act_gact.js';
import { actMirredOps, mirredDeviceEvent } from './act_mirred.js';
import { actPoliceOps } from './act_police.js';
import { clsBpfOps } from './cls_bpf.js';
import { ctlChain } from './cls_api/ctl_chain.js';
import { ctlTfilter } from './cls_api/ctl_tfilter.js';
import { dumpChain, dumpTfilter } from './cls_api/dump.js';
import { delTfilter, getTfilter, newTfilter } from './cls_api/filter.js';
import { type TcfProtoOps, tcfProtoBase } from './cls_api/proto.js';
import { clsFlowerOps } from './cls_flower/ops.js';
import { clsMatchallOps } from './cls_matchall.js';
import { clsU32Ops } from './cls_u32/ops.js';
import { dumpQdisc, getQdisc } from './sch_api/get.js';
import { modifyQdisc } from './sch_api/modify.js';
import { ctlTclass, dumpTclass } from './sch_api/tclass.js';
import { drrQdiscOps } from './sch_drr.js';
import { bfifoQdiscOps, pfifoHeadDropQdiscOps, pfifoQdiscOps } from './sch_fifo.js';
import { noqueueQdiscOps, pktSched, type QdiscOps } from './sch_generic.js';
import { fqCodelQdiscOps } from './sch_fq_codel.js';
import { htbQdiscOps } from './sch_htb/qdisc.js';
import { clsactQdiscOps, ingressQdiscOps } from './sch_ingress.js';
import { mqQdiscOps } from './sch_mq.js';
import { pfifoFastOps } from './sch_pfifo_fast.js';
import { prioQdiscOps } from './sch_prio.js';
import { redQdiscOps } from './sch_red.js';
import { sfqQdiscOps } from './sch_sfq.js';
import { tbfQdiscOps } from './sch_tbf.js';

const qdiscKinds = (machine: Machine): readonly QdiscOps[] => [
  pfifoFastOps,
  pfifoQdiscOps,
  bfifoQdiscOps,
  pfifoHeadDropQdiscOps,
  mqQdiscOps,
  noqueueQdiscOps,
  ingressQdiscOps,
  clsactQdiscOps,
  htbQdiscOps(machine),
  tbfQdiscOps,
  prioQdiscOps,
  fqCodelQdiscOps,
  drrQdiscOps,
  redQdiscOps,
  sfqQdiscOps,
];

const filterKinds: readonly TcfProtoOps[] = [clsBpfOps, clsU32Ops, clsMatchallOps, clsFlowerOps];

const actionKinds: readonly TcActionOps[] = [actPoliceOps, actGactOps, actMirredOps, actBpfOps];

/** Kinds that were not always there. */
const firstSeen: Readonly<Record<string, BehaviourName>> = {
  clsact: 'clsact',
  noqueue: 'noqueue-visible',
  flower: 'tc-later-classifiers',
  matchall: 'tc-later-classifiers',
};

/** Kinds the kernel of this namespace lacks, whatever its configuration says. */
function missing(net: Net, kind: string): boolean {
  const since = firstSeen[kind];
  return since !== undefined && !net.machine.has(since);
}

function registerKinds(net: Net): void {
  const { qdiscs, classifiers } = net.machine.config;
  const { kinds } = pktSched(net);
  for (const ops of qdiscKinds(net.machine))
    if ((qdiscs?.includes(ops.id) ?? true) && !missing(net, ops.id)) kinds.set(ops.id, ops);
  const filters = tcfProtoBase(net);
  for (const ops of filterKinds)
    if ((classifiers?.includes(ops.kind) ?? true) && !missing(net, ops.kind)) filters.set(ops.kind, ops);
}

/** Traffic control comes up. @models net/sched/sch_api.c pktsched_init() */
export function schedInit(net: Net): void {
  registerKinds(net);
  const { rtnl } = net;
  rtnl.register(0, R.RTM_NEWQDISC, { doit: modifyQdisc });
  rtnl.register(0, R.RTM_DELQDISC, { doit: getQdisc });
  rtnl.register(0, R.RTM_GETQDISC, { doit: getQdisc, dumpit: dumpQdisc });
  rtnl.register(0, R.RTM_NEWTCLASS, { doit: ctlTclass });
  rtnl.register(0, R.RTM_DELTCLASS, { doit: ctlTclass });
  rtnl.register(0, R.RTM_GETTCLASS, { doit: ctlTclass, dumpit: dumpTclass });
  registerFilters(net);
  registerActions(net);
}

function registerActions(net: Net): void {
  const { actions } = net.machine.config;
  for (const ops of actionKinds) if (actions?.includes(ops.kind) ?? true) tcfRegisterAction(net, ops);
  registerNetdeviceNotifier(net, mirredDeviceEvent);
  net.rtnl.register(0, R.RTM_NEWACTION, { doit: tcCtlAction });
  net.rtnl.register(0, R.RTM_DELACTION, { doit: tcCtlAction });
  net.rtnl.register(0, R.RTM_GETACTION, { doit: tcCtlAction, dumpit: tcDumpAction });
}

function registerFilters({ rtnl, machine }: Net): void {
  const chains = machine.has('tc-chains');
  rtnl.register(0, R.RTM_NEWTFILTER, { doit: chains ? newTfilter : ctlTfilter });
  rtnl.register(0, R.RTM_DELTFILTER, { doit: chains ? delTfilter : ctlTfilter });
  rtnl.register(0, R.RTM_GETTFILTER, { doit: chains ? getTfilter : ctlTfilter, dumpit: dumpTfilter });
  if (!chains) return;
  rtnl.register(0, R.RTM_NEWCHAIN, { doit: ctlChain });
  rtnl.register(0, R.RTM_DELCHAIN, { doit: ctlChain });
  rtnl.register(0, R.RTM_GETCHAIN, { doit: ctlChain, dumpit: dumpChain });
}
