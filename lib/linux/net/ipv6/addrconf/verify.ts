// net/ipv6/addrconf.c, the end of addresses with a lifetime: first they are no longer preferred, then they go.
import * as A from '../../../../uapi/linux/if_addr.js';
import type { Work } from '../../../clock.js';
import { NSEC_PER_SEC } from '../../../clock.js';
import type { Net } from '../../core/net_namespace.js';
import { netGeneric } from '../../core/net_namespace.js';
import { stampNow } from '../../ipv4/devinet/ifaddr.js';
import { FOREVER, ipv6DelAddr, ipv6IfaNotify } from './ifaddr.js';
import type { Inet6Ifaddr } from './inet6_dev.js';

const verifyWork = netGeneric((): { work: Work | undefined } => ({ work: undefined }));

const addressesOf = (net: Net): Inet6Ifaddr[] => net.devices.flatMap((dev) => dev.inet6?.addrList ?? []);

/** When the state of `ifp` changes next, in seconds of its age; Infinity for never. */
function nextAge(ifp: Inet6Ifaddr): number {
  const preferred = ifp.flags & A.IFA_F_DEPRECATED || ifp.preferredLft === FOREVER ? Infinity : ifp.preferredLft;
  return Math.min(preferred, ifp.validLft === FOREVER ? Infinity : ifp.validLft);
}

function verify(net: Net): void {
  const now = stampNow(net.machine);
  for (const ifp of addressesOf(net)) {
    const age = Math.floor((now - ifp.tstamp) / 100);
    if (ifp.validLft !== FOREVER && age >= ifp.validLft) {
      ipv6DelAddr(ifp);
    } else if (ifp.preferredLft !== FOREVER && age >= ifp.preferredLft && (ifp.flags & A.IFA_F_DEPRECATED) === 0) {
      ifp.flags |= A.IFA_F_DEPRECATED;
      ipv6IfaNotify(0, ifp);
    }
  }
}

/**
 * Sets the timer for the address whose state changes first.
 *
 * @models net/ipv6/addrconf.c addrconf_verify_rtnl()
 * @differs the kernel looks at least every two minutes
 */
export function addrconfVerify(net: Net): void {
  const state = verifyWork(net);
  state.work?.cancel();
  state.work = undefined;
  const ends = addressesOf(net).map((ifp) => ifp.tstamp * (NSEC_PER_SEC / 100) + nextAge(ifp) * NSEC_PER_SEC);
  const first = Math.min(...ends);
  if (first === Infinity) return;
  const { work, clock } = net.machine;
  state.work = work.schedule(Math.max(0, first - clock.now()), 'addrconf_verify', () => {
    state.work = undefined;
    verify(net);
    addrconfVerify(net);
  });
}
