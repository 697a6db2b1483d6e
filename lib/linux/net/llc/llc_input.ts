// net/llc/llc_input.c llc_rcv(): where frames end that give a length in place of a protocol.
import { ETH_P_802_2 } from '../../../uapi/linux/if_ether.js';
import { devAddPack } from '../core/dev/tap.js';
import type { Net } from '../core/net_namespace.js';

/** @models net/llc/llc_core.c llc_init() */
export function llcInit(net: Net): void {
  if (!net.machine.config.llc) return;
  devAddPack(net, {
    type: ETH_P_802_2,
    dev: undefined,
    receive: (skb) => {
      skb.pool.free(skb);
    },
  });
}
