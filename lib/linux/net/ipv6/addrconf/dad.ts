// net/ipv6/addrconf.c, duplicate address detection: a machine sends no probes, but a new address waits for as long as they
// would take before it may be used, and for ever while the device has no carrier.
import * as A from '../../../../uapi/linux/if_addr.js';
import { IFF_LOOPBACK, IFF_NOARP } from '../../../../uapi/linux/if.js';
import { DEVCONF_DAD_TRANSMITS, DEVCONF_RTR_SOLICIT_DELAY } from '../../../../uapi/linux/ipv6.js';
import { RTM_NEWADDR } from '../../../../uapi/linux/rtnetlink.js';
import { NSEC_PER_MSEC, NSEC_PER_SEC } from '../../../clock.js';
import { addrconfJoinSolict } from '../mcast.js';
import { addrconfDelDadWork, ipv6IfaNotify } from './ifaddr.js';
import type { Inet6Dev, Inet6Ifaddr } from './inet6_dev.js';
import { IF_READY } from './inet6_dev.js';

/** @models net/ipv6/addrconf.c addrconf_mod_dad_work() */
function modDadWork(ifp: Inet6Ifaddr, delay: number): void {
  addrconfDelDadWork(ifp);
  ifp.dadWork = ifp.idev.dev.net.machine.work.schedule(delay, 'addrconf_dad_work', () => {
    ifp.dadWork = undefined;
    dadWork(ifp);
  });
}

/** The address may be used from now on. @models net/ipv6/addrconf.c addrconf_dad_completed() */
function dadCompleted(ifp: Inet6Ifaddr): void {
  ifp.flags &= ~(A.IFA_F_TENTATIVE | A.IFA_F_OPTIMISTIC | A.IFA_F_DADFAILED);
  addrconfDelDadWork(ifp);
  ipv6IfaNotify(RTM_NEWADDR, ifp);
}

/** Probes begin after a random delay. @models net/ipv6/addrconf.c addrconf_dad_kick() */
function dadKick(ifp: Inet6Ifaddr): void {
  const { conf, dev } = ifp.idev;
  const { entropy } = dev.net.machine;
  ifp.dadProbes = conf[DEVCONF_DAD_TRANSMITS]!;
  const range = Math.max(1, conf[DEVCONF_RTR_SOLICIT_DELAY]!);
  modDadWork(ifp, (ifp.flags & A.IFA_F_OPTIMISTIC ? 0 : entropy.u32() % range) * NSEC_PER_MSEC);
}

/** @models net/ipv6/addrconf.c addrconf_dad_begin() */
function dadBegin(ifp: Inet6Ifaddr): void {
  const { idev } = ifp;
  addrconfJoinSolict(idev, ifp.addr);
  const needless =
    idev.dev.flags & (IFF_NOARP | IFF_LOOPBACK) || (ifp.flags & A.IFA_F_TENTATIVE) === 0 || ifp.flags & A.IFA_F_NODAD;
  if (needless) dadCompleted(ifp);
  else if (idev.flags & IF_READY) dadKick(ifp);
}

/** @models net/ipv6/addrconf.c addrconf_dad_work() */
function dadWork(ifp: Inet6Ifaddr): void {
  if (ifp.state === 'predad') {
    ifp.state = 'dad';
    dadBegin(ifp);
  } else if (ifp.state === 'dad' && ifp.idev.flags & IF_READY) {
    if (ifp.dadProbes === 0) {
      ifp.state = 'postdad';
      dadCompleted(ifp);
      return;
    }
    ifp.dadProbes--;
    modDadWork(ifp, NSEC_PER_SEC);
  }
}

/** @models net/ipv6/addrconf.c addrconf_dad_start() */
export function addrconfDadStart(ifp: Inet6Ifaddr): void {
  if (ifp.state === 'dead') return;
  ifp.state = 'predad';
  modDadWork(ifp, 0);
}

/**
 * The device is ready: addresses that waited for it go on; with `restart` all begin again.
 *
 * @models net/ipv6/addrconf.c addrconf_dad_run()
 */
export function addrconfDadRun(idev: Inet6Dev, restart: boolean): void {
  for (const ifp of idev.addrList) {
    if (!restart && ((ifp.flags & A.IFA_F_TENTATIVE) === 0 || ifp.state !== 'dad')) continue;
    if (restart) ifp.state = 'predad';
    dadKick(ifp);
  }
}
