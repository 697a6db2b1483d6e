// bpf_fib_lookup() as the real kernel answered it: routes, what refuses, neighbours, lengths, tables, source addresses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bpfFibLookup } from '../../../../../lib/linux/net/core/filter/fib.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import { devGetByIndex } from '../../../../../lib/linux/net/core/dev/table.js';
import { IFLA } from '../../../../../lib/uapi/linux/if_link.js';
import { IPV4_DEVCONF_FORWARDING } from '../../../../../lib/uapi/linux/ip.js';
import { ndmsg, NUD_FAILED, NUD_PERMANENT, NUD_REACHABLE, NUD_STALE } from '../../../../../lib/uapi/linux/neighbour.js';
import * as R from '../../../../../lib/uapi/linux/route.js';
import { RTM_NEWNEIGH, RTM_NEWROUTE } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../../../lib/uapi/linux/socket.js';
import { Addresses, type Attr, bodyOf, ip, u32 } from '../../ipv4/addresses.js';
import { CREATE, newVeth } from '../links.js';

interface Lookup {
  readonly name: string;
  readonly dst: string;
  readonly src: string;
  readonly ifindex: number;
  readonly flags: number;
  readonly total: number;
  readonly tos: number;
  readonly tbid: number;
  readonly len: number;
  readonly ret: number;
  readonly params: string;
}

const file = join(import.meta.dirname, '../../../../../../spec/vectors/bpf/fib_lookup.6.18.json');
const { lookups } = JSON.parse(readFileSync(file, 'utf8')) as { lookups: Lookup[] };

const VA = 3;
const VC = 5;

/** The network of the recording. */
function network(): Machine {
  const machine = new Machine();
  const addresses = new Addresses(machine);
  const { links } = addresses;
  links.add(newVeth('v2', 'v3'));
  const ask = (type: number, body: Uint8Array): void => {
    expect(links.client.errnoOf(type, CREATE, body)).equal(0);
  };
  for (const [index, address] of [
    [VA, 0xaa],
    [VC, 0xcc],
  ] as const)
    // prettier-ignore
    links.change({ ifi_index: index }, (w) => {
      w.put(IFLA.ADDRESS, Uint8Array.of(2, 0, 0, 0, 0, address));
    });
  links.change({ ifi_index: VC }, (w) => {
    w.put(IFLA.MTU, 1200);
  });
  for (const index of [VA, 2, VC, 4]) links.up(index);
  machine.advance(1_000_000_000);
  addresses.add('10.0.0.1', { ifa_index: VA });
  addresses.add('10.9.0.1', { ifa_index: VC });
  const route = (net: string, type: number, table: number, ...more: readonly Attr[]): void => {
    const header = R.rtmsg.bytes({
      rtm_family: AF_INET,
      rtm_dst_len: 16,
      rtm_table: table,
      rtm_protocol: 3,
      rtm_scope: more.some(([attr]) => attr === 4) ? 253 : 0,
      rtm_type: type,
    });
    ask(RTM_NEWROUTE, bodyOf(header, [1, ip(net)], ...more));
  };
  const via = (gateway: string): Attr => [5, ip(gateway)];
  route('10.1.0.0', R.RTN_UNICAST, 254, via('10.0.0.2'));
  route('10.2.0.0', R.RTN_UNREACHABLE, 254);
  route('10.3.0.0', R.RTN_BLACKHOLE, 254);
  route('10.4.0.0', R.RTN_PROHIBIT, 254);
  route('10.5.0.0', R.RTN_THROW, 254);
  route('10.6.0.0', R.RTN_UNICAST, 254, via('10.0.0.3'));
  route('10.7.0.0', R.RTN_UNICAST, 254, via('10.9.0.2'), [6, u32(77)]);
  route('10.8.0.0', R.RTN_UNICAST, 254, [4, u32(VA)], [7, ip('10.0.0.1')]);
  route('10.10.0.0', R.RTN_UNICAST, 100, via('10.0.0.2'));
  const neighbour = (index: number, dst: string, address: number[], state: number): void => {
    const header = ndmsg.bytes({ ndm_family: AF_INET, ndm_ifindex: index, ndm_state: state });
    ask(RTM_NEWNEIGH, bodyOf(header, [1, ip(dst)], [2, [2, 0, 0, 0, ...address]]));
  };
  neighbour(VA, '10.0.0.2', [0, 2], NUD_PERMANENT);
  neighbour(VA, '10.8.1.1', [8, 1], NUD_REACHABLE);
  neighbour(VC, '10.9.0.2', [9, 2], NUD_STALE);
  neighbour(VA, '10.0.0.9', [0, 9], NUD_FAILED);
  devGetByIndex(machine.net, VA)!.inDevice!.conf[IPV4_DEVCONF_FORWARDING - 1] = 1;
  return machine;
}

function params({ dst, src, ifindex, total, tos, tbid }: Lookup): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set([AF_INET, 17]);
  view.setUint16(6, total, true);
  view.setUint32(8, ifindex, true);
  view.setUint32(12, tos, true);
  bytes.set(ip(src), 16);
  bytes.set(ip(dst), 32);
  view.setUint32(48, tbid, true);
  return bytes;
}

describe('net/core/filter/fib', () => {
  const machine = network();
  const { memory, softnet } = machine;

  for (const lookup of lookups)
    it(`${lookup.name}: ${lookup.dst}, flags ${lookup.flags}`, () => {
      const at = memory.alloc(64);
      memory.u8.set(params(lookup), at);
      const skb = softnet.skbs.alloc(2048)!;
      skb.put(lookup.len);
      skb.dev = devGetByIndex(machine.net, 1)!;
      const ret = bpfFibLookup(skb, at, 64, lookup.flags);
      const after = Buffer.from(memory.u8.subarray(at, at + 64)).toString('hex');
      expect({ ret, params: after }).deep.equal({ ret: lookup.ret, params: lookup.params });
      softnet.skbs.free(skb);
      memory.free(at);
    });
});
