// Which handlers read a message type: that of its address family, else that of PF_UNSPEC (rtnl_register()).
import * as T from '../../uapi/linux/rtnetlink.js';
import type { Judge } from './judge.js';
import { ctlAction, dumpAction } from './rules/action_requests.js';
import * as Q from './rules/qdisc.js';
import * as F from './rules/tfilter.js';

/** How the kernel reads a message: a rule walks through its checks. */
export interface Handlers {
  readonly doit?: (judge: Judge) => void;
  readonly dump?: (judge: Judge) => void;
  /** NLM_F_BULK is known. */
  readonly bulk?: true;
}

const PF_UNSPEC = 0;

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

/** Who reads a message of `type`, as dump or not; undefined = nobody that is known here. */
export function handlersOf(type: number, family: number, dump: boolean): Handlers | undefined {
  const what = dump ? 'dump' : 'doit';
  const own = table.get((family << 16) | type);
  const found = own?.[what] === undefined ? table.get((PF_UNSPEC << 16) | type) : own;
  return found?.[what] === undefined ? undefined : found;
}
