// net/core/net-procfs.c and its like: what files of /proc/net hold, those that programs read beside netlink. The host asks
// for one when a client opens it.
import { igmpShow } from '../ipv4/igmp.js';
import { igmp6Show } from '../ipv6/mcast.js';
import type { Net } from './net_namespace.js';

/** @models net/core/net-procfs.c dev_mc_seq_show() */
function devMcShow({ devices }: Net): string {
  const lines = devices
    .toSorted((a, b) => a.ifindex - b.ifindex)
    .flatMap(({ ifindex, name, mc }) =>
      mc.map(({ addr, refcount, globalUse }) => {
        const words = [String(ifindex).padEnd(4), name.padEnd(15), String(refcount).padEnd(5)];
        const address = [...addr].map((byte) => byte.toString(16).padStart(2, '0')).join('');
        return `${words.join(' ')} ${(globalUse ? '1' : '0').padEnd(5)} ${address}\n`;
      }),
    );
  return lines.join('');
}

const files: Readonly<Record<string, (net: Net) => string>> = {
  dev_mcast: devMcShow,
  igmp: igmpShow,
  igmp6: igmp6Show,
};

/** What `/proc/net/NAME` holds; undefined when the file is not modelled. @differs files are tables of their own there */
export function procNet(net: Net, name: string): string | undefined {
  return Object.hasOwn(files, name) ? files[name]!(net) : undefined;
}
