// net/core/filter.c skb_do_redirect(): a packet goes where the program that returned TC_ACT_REDIRECT has noted, and is gone
// from where it was.
import { EINVAL, ENETDOWN, ERANGE } from '../../../../uapi/asm-generic/errno.js';
import { devGetByIndex } from '../dev/table.js';
import { devForwardSkbNomtu } from '../dev/forward.js';
import { traceDrop } from '../dev/trace.js';
import { devQueueXmit } from '../dev/xmit.js';
import type { NetDevice } from '../net_device.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { BPF_F_INGRESS, BPF_F_NEIGH, BPF_F_NEXTHOP, BPF_F_PEER } from './redirect.js';
import { bpfRedirectNeigh } from './redirect_neigh.js';

function drop(skb: SkBuff, error: number): number {
  traceDrop(skb, 'TC_REDIRECT');
  skb.pool.free(skb);
  return -error;
}

/** Out by `dev`. @models net/core/filter.c __bpf_tx_skb() */
export function bpfTxSkb(dev: NetDevice, skb: SkBuff): number {
  const { softnet } = dev.net.machine;
  if (softnet.recursionReached) return drop(skb, ENETDOWN);
  skb.dev = dev;
  skb.setRedirected(skb.atIngress);
  skb.clearTimestamp();
  softnet.recursion++;
  const result = devQueueXmit(skb);
  softnet.recursion--;
  return result;
}

/** In by `dev`, or out by it; the packet has its link header. @models net/core/filter.c __bpf_redirect_common() */
export function bpfRedirect(skb: SkBuff, dev: NetDevice, flags: number): number {
  if (skb.macHeader >= skb.networkHeader || skb.len === 0) return drop(skb, ERANGE);
  const offset = skb.data - skb.head - skb.macHeader;
  if (offset > 0) skb.push(offset);
  return (flags & BPF_F_INGRESS) === 0 ? bpfTxSkb(dev, skb) : devForwardSkbNomtu(dev, skb);
}

/**
 * True when the packet starts again at its new device; else it is gone.
 *
 * @models net/core/filter.c skb_do_redirect()
 */
export function skbDoRedirect(skb: SkBuff): boolean {
  const { machine } = skb.dev!.net;
  const { redirect } = machine.softnet;
  const { flags } = redirect;
  const dev = devGetByIndex(skb.dev!.net, redirect.target);
  redirect.target = redirect.flags = 0;
  // The peer of a device is only reached from another namespace, and there is one.
  if (dev === undefined || (flags & BPF_F_PEER) !== 0) drop(skb, EINVAL);
  else if ((flags & BPF_F_NEIGH) !== 0)
    bpfRedirectNeigh(skb, dev, (flags & BPF_F_NEXTHOP) === 0 ? undefined : redirect.nextHop);
  else bpfRedirect(skb, dev, flags);
  return false;
}
