// Which handlers read a message type: that of its address family, else that of PF_UNSPEC (rtnl_register()).
import * as T from '../../uapi/linux/rtnetlink.js';
import type { Judge } from './judge.js';
import type { Behaviour } from './versions.js';
import { AF_INET, AF_INET6 } from '../../uapi/linux/socket.js';
import { ctlAction, dumpAction } from './rules/action_requests.js';
import * as A from './rules/addr.js';
import * as B from './rules/fdb.js';
import * as U from './rules/fib_rule.js';
import * as L from './rules/link.js';
import * as N from './rules/neigh.js';
import * as I from './rules/nsid.js';
import * as Q from './rules/qdisc.js';
import * as R from './rules/route.js';
import * as F from './rules/tfilter.js';

/** How the kernel reads a message: a rule walks through its checks. */
export interface Handlers {
  readonly doit?: (judge: Judge) => void;
  readonly dump?: (judge: Judge) => void;
  /** Kernels without it have no such handlers. */
  readonly needs?: Behaviour;
  /** NLM_F_BULK is known. */
  readonly bulk?: true;
}

const PF_UNSPEC = 0;
const AF_BRIDGE = 7;

const table = new Map<number, Handlers>();

function register(family: number, type: number, handlers: Handlers): void {
  table.set((family << 16) | type, handlers);
}

register(PF_UNSPEC, T.RTM_NEWQDISC, { doit: Q.newQdisc });
register(PF_UNSPEC, T.RTM_DELQDISC, { doit: Q.getQdisc });
register(PF_UNSPEC, T.RTM_GETQDISC, { doit: Q.getQdisc, dump: Q.dumpQdisc });
register(PF_UNSPEC, T.RTM_NEWTCLASS, { doit: Q.ctlTclass });
register(PF_UNSPEC, T.RTM_DELTCLASS, { doit: Q.ctlTclass });
register(PF_UNSPEC, T.RTM_GETTCLASS, { doit: Q.ctlTclass, dump: Q.dumpTclass });
register(PF_UNSPEC, T.RTM_NEWTFILTER, { doit: F.newTfilter });
register(PF_UNSPEC, T.RTM_DELTFILTER, { doit: F.delTfilter });
register(PF_UNSPEC, T.RTM_GETTFILTER, { doit: F.getTfilter, dump: F.dumpTfilter });
register(PF_UNSPEC, T.RTM_NEWCHAIN, { doit: F.ctlChain });
register(PF_UNSPEC, T.RTM_DELCHAIN, { doit: F.ctlChain });
register(PF_UNSPEC, T.RTM_GETCHAIN, { doit: F.ctlChain, dump: F.dumpChain });
register(PF_UNSPEC, T.RTM_NEWACTION, { doit: ctlAction });
register(PF_UNSPEC, T.RTM_DELACTION, { doit: ctlAction });
register(PF_UNSPEC, T.RTM_GETACTION, { doit: ctlAction, dump: dumpAction });

register(PF_UNSPEC, T.RTM_NEWLINK, { doit: L.newLink });
register(PF_UNSPEC, T.RTM_SETLINK, { doit: L.setLink });
register(PF_UNSPEC, T.RTM_DELLINK, { doit: L.delLink });
register(PF_UNSPEC, T.RTM_GETLINK, { doit: L.getLink, dump: L.dumpLinks });
register(PF_UNSPEC, T.RTM_NEWLINKPROP, { doit: L.linkProp });
register(PF_UNSPEC, T.RTM_DELLINKPROP, { doit: L.linkProp });
register(AF_INET6, T.RTM_GETLINK, { dump: L.dumpLinks6 });
register(AF_BRIDGE, T.RTM_GETLINK, { dump: L.dumpBridgePorts });
register(AF_BRIDGE, T.RTM_SETLINK, { doit: L.bridgePort });
register(AF_BRIDGE, T.RTM_DELLINK, { doit: L.bridgePort });

register(AF_INET, T.RTM_NEWADDR, { doit: A.newAddr4 });
register(AF_INET, T.RTM_DELADDR, { doit: A.delAddr4 });
register(AF_INET, T.RTM_GETADDR, { dump: A.dumpAddr4 });
register(AF_INET6, T.RTM_NEWADDR, { doit: A.newAddr6 });
register(AF_INET6, T.RTM_DELADDR, { doit: A.delAddr6 });
register(AF_INET6, T.RTM_GETADDR, { doit: A.getAddr6, dump: A.dumpAddr6 });
register(PF_UNSPEC, T.RTM_GETADDR, { dump: A.dumpAddrs });
register(AF_INET, T.RTM_GETMULTICAST, { dump: A.dumpAddr4, needs: 'multicast4' });
register(AF_INET6, T.RTM_GETMULTICAST, { dump: A.dumpAddr6 });
register(AF_INET6, T.RTM_GETANYCAST, { dump: A.dumpAddr6 });

register(AF_INET, T.RTM_NEWROUTE, { doit: R.newRoute4 });
register(AF_INET, T.RTM_DELROUTE, { doit: R.delRoute4 });
register(AF_INET, T.RTM_GETROUTE, { doit: R.getRoute4, dump: R.dumpRoute4 });
register(AF_INET6, T.RTM_NEWROUTE, { doit: R.route6 });
register(AF_INET6, T.RTM_DELROUTE, { doit: R.route6 });
register(AF_INET6, T.RTM_GETROUTE, { doit: R.getRoute6, dump: R.dumpRoute6 });
register(PF_UNSPEC, T.RTM_GETROUTE, { dump: R.dumpRoute4 });

register(PF_UNSPEC, T.RTM_NEWNEIGH, { doit: N.newNeigh });
register(PF_UNSPEC, T.RTM_DELNEIGH, { doit: N.delNeigh });
register(PF_UNSPEC, T.RTM_GETNEIGH, { doit: N.getNeigh, dump: N.dumpNeigh });
register(AF_BRIDGE, T.RTM_NEWNEIGH, { doit: B.addForwarding });
register(AF_BRIDGE, T.RTM_DELNEIGH, { doit: B.deleteForwarding, bulk: true });
register(AF_BRIDGE, T.RTM_GETNEIGH, { doit: B.getForwarding, dump: B.dumpForwarding });

register(PF_UNSPEC, T.RTM_NEWRULE, { doit: U.changeRule });
register(PF_UNSPEC, T.RTM_DELRULE, { doit: U.changeRule });
register(PF_UNSPEC, T.RTM_GETRULE, { dump: U.dumpRules });

register(PF_UNSPEC, T.RTM_NEWNSID, { doit: I.newNsid });
register(PF_UNSPEC, T.RTM_GETNSID, { doit: I.getNsid, dump: I.dumpNsid });

/** Families that may have handlers which are not known here: bridges, MPLS, CAN, Phonet, MCTP, multicast routing. */
const otherFamilies: ReadonlySet<number> = new Set([AF_INET6, AF_BRIDGE, 28, 29, 35, 45, 128, 129]);

/** Whether it is sure that nobody reads a message of a type that is known for other families. */
export function isUnread(type: number, family: number): boolean {
  if (otherFamilies.has(family)) return false;
  return table.has((PF_UNSPEC << 16) | type) || table.has((AF_INET << 16) | type);
}

/** Who reads a message of `type`, as dump or not; undefined = nobody that is known here. */
export function handlersOf(judge: Judge, type: number, family: number, dump: boolean): Handlers | undefined {
  const what = dump ? 'dump' : 'doit';
  const there = table.get((family << 16) | type);
  const own = there?.needs === undefined || judge.has(there.needs) ? there : undefined;
  const found = own?.[what] === undefined ? table.get((PF_UNSPEC << 16) | type) : own;
  return found?.[what] === undefined ? undefined : found;
}
