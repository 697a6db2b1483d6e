// One session of requests as a record without results: sockets, a settled base (a veth pair, mostly up, mostly with
// clsact), then requests of a mode. After each request that may change a link, every link is asked for: the kernel
// handles a waiting change of carrier before it answers, so both sides are at rest when the next request comes. At the
// end everything there is gets dumped.
import { toHex } from '../../../lib/codec/bytes.js';
import { tc_htb_glob, tc_htb_opt, tc_ratespec } from '../../../lib/uapi/linux/pkt_sched.js';
import * as rt from '../../../lib/uapi/linux/rtnetlink.js';
import { viewMessages } from '../../../lib/wire/netlink.js';
import type { Json } from '../../agree/input.js';
import { isHarmful } from './harmful.js';
import { deviate, mutate } from './deviations.js';
import type { FamilyName, Kinds, Scene } from './families.js';
import { families } from './families.js';
import { typeOf } from './declared.js';
import type { Attribute, Message } from './message.js';
import { encode, join, nestOf, nothing } from './message.js';
import { Random } from './random.js';

export const modes = {
  links: { link: 1 },
  filters: { filter: 6, chain: 2, qdisc: 1, class: 0.5 },
  qdiscs: { qdisc: 6, class: 1.5, link: 1, filter: 0.5 },
  classes: { qdisc: 2, class: 5, filter: 2 },
  actions: { action: 5, filter: 2 },
  mixed: { link: 1, qdisc: 2, class: 2, filter: 3, chain: 1, action: 1 },
} as const satisfies Record<string, Partial<Record<FamilyName, number>>>;
export type Mode = keyof typeof modes;

const CREATE_EXCL_ACK = 0x605;
const ACK = 5;

/** Names and addresses of the pair: the first is 3, its peer 2. */
const [DEVICE, PEER] = [3, 2];
const text = (name: string): Uint8Array => new TextEncoder().encode(`${name}\0`);
const mac = (last: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, last);
const attribute = (set: string, key: string, value: Attribute['value']): Attribute => ({
  type: typeOf(set, key),
  value,
});

const simple = (type: number, flags: number, head: Uint8Array, attributes: readonly Attribute[] = []): Message => ({
  type,
  flags,
  head,
  attributes,
  rest: nothing,
});

function veth(): Message {
  const peer = [attribute('IFLA', 'IFNAME', text('v1')), attribute('IFLA', 'ADDRESS', mac(2))];
  const data = attribute('VETH_INFO', 'PEER', { head: rt.ifinfomsg.bytes({}), attributes: peer });
  const info = [attribute('IFLA_INFO', 'KIND', text('veth')), attribute('IFLA_INFO', 'DATA', nestOf([data]))];
  return simple(rt.RTM_NEWLINK, CREATE_EXCL_ACK, rt.ifinfomsg.bytes({}), [
    attribute('IFLA', 'IFNAME', text('v0')),
    attribute('IFLA', 'ADDRESS', mac(1)),
    attribute('IFLA', 'LINKINFO', nestOf(info)),
  ]);
}

const up = (index: number): Message =>
  simple(rt.RTM_SETLINK, ACK, rt.ifinfomsg.bytes({ ifi_index: index, ifi_flags: 1, ifi_change: 1 }));
const ask = (index: number): Message => simple(rt.RTM_GETLINK, ACK, rt.ifinfomsg.bytes({ ifi_index: index }));
const clsact = (): Message =>
  simple(rt.RTM_NEWQDISC, CREATE_EXCL_ACK, rt.tcmsg.bytes({ tcm_ifindex: DEVICE, tcm_parent: 0xfffffff1 }), [
    attribute('TCA', 'KIND', text('clsact')),
  ]);

const TC_H_ROOT = 0xffffffff;
const HTB = 0x10000;

const htb = (): Message =>
  simple(
    rt.RTM_NEWQDISC,
    CREATE_EXCL_ACK,
    rt.tcmsg.bytes({ tcm_ifindex: DEVICE, tcm_handle: HTB, tcm_parent: TC_H_ROOT }),
    [
      attribute('TCA', 'KIND', text('htb')),
      attribute(
        'TCA',
        'OPTIONS',
        nestOf([attribute('TCA_HTB', 'INIT', tc_htb_glob.bytes({ version: 3, rate2quantum: 10, defcls: 0x10 }))]),
      ),
    ],
  );

function htbClass(id: number, parent: number): Message {
  const rate = tc_ratespec.bytes({ cell_log: 3, linklayer: 1, rate: 125000 });
  const options = [
    attribute('TCA_HTB', 'PARMS', tc_htb_opt.bytes({ rate, ceil: rate, buffer: 200000, cbuffer: 200000 })),
    attribute('TCA_HTB', 'CTAB', new Uint8Array(1024)),
    attribute('TCA_HTB', 'RTAB', new Uint8Array(1024)),
  ];
  const head = rt.tcmsg.bytes({ tcm_ifindex: DEVICE, tcm_handle: id, tcm_parent: parent });
  return simple(rt.RTM_NEWTCLASS, CREATE_EXCL_ACK, head, [
    attribute('TCA', 'KIND', text('htb')),
    attribute('TCA', 'OPTIONS', nestOf(options)),
  ]);
}

const linkChanges: readonly number[] = [rt.RTM_NEWLINK, rt.RTM_DELLINK, rt.RTM_SETLINK, rt.RTM_NEWLINKPROP];

/** Whether one of the messages may change a link; mutation can make headers anywhere. */
const changesLink = (bytes: Uint8Array): boolean =>
  viewMessages(bytes).messages.some(({ header }) => linkChanges.includes(header.nlmsg_type));

/** Links that a session may come to have. */
const watched = [PEER, DEVICE, 4, 5, 6, 7];

/** A request, and what has to follow it. */
function steps(bytes: Uint8Array, waitMs: number): Json[] {
  const send = toHex(bytes);
  if (!changesLink(bytes)) return [{ send }];
  return [{ send, wait_ms: waitMs }, ...watched.map((index) => ({ send: toHex(encode(ask(index))) }))];
}

/** How often a session has an htb at the root, and how often clsact. */
const roots: Readonly<Record<Mode, readonly [htb: number, clsact: number]>> = {
  links: [0, 0],
  filters: [0.15, 0.95],
  qdiscs: [0.4, 0.5],
  classes: [0.95, 0.3],
  actions: [0.1, 0.9],
  mixed: [0.5, 0.8],
};

function base(r: Random, mode: Mode, classful: boolean, waitMs: number): Json[] {
  const messages = [veth()];
  if (r.chance(0.85)) messages.push(up(DEVICE));
  if (r.chance(0.8)) messages.push(up(PEER));
  if (classful) messages.push(htb(), htbClass(HTB + 1, HTB), htbClass(HTB + 0x10, HTB + 1));
  if (r.chance(roots[mode][1])) messages.push(clsact());
  return messages.flatMap((message) => steps(encode(message), waitMs));
}

const DUMP = 0x301;
const tcDump = (type: number, parent: number, attributes: readonly Attribute[] = []): Message =>
  simple(type, DUMP, rt.tcmsg.bytes({ tcm_ifindex: DEVICE, tcm_parent: parent }), attributes);

const mirredTable = (): Attribute =>
  attribute('TCA_ROOT', 'TAB', nestOf([{ type: 1, value: nestOf([attribute('TCA_ACT', 'KIND', text('mirred'))]) }]));

/** What there is at the end: everything is asked for once. */
const inventory = (): Message[] => [
  simple(rt.RTM_GETLINK, DUMP, rt.ifinfomsg.bytes({})),
  simple(rt.RTM_GETQDISC, DUMP, rt.tcmsg.bytes({}), [attribute('TCA', 'DUMP_INVISIBLE', nothing)]),
  tcDump(rt.RTM_GETTCLASS, 0),
  ...[0xfffffff2, 0xfffffff3, HTB].flatMap((parent) => [
    tcDump(rt.RTM_GETTFILTER, parent),
    tcDump(rt.RTM_GETCHAIN, parent),
  ]),
  simple(rt.RTM_GETACTION, DUMP, rt.tcamsg.bytes({}), [mirredTable()]),
];

/** Now and then two messages in one datagram. */
function form(r: Random, weights: Partial<Record<FamilyName, number>>, scene: Scene): Uint8Array {
  const message = families[r.weighted(weights as Record<FamilyName, number>)](r, scene);
  const chosen = r.int(100);
  if (chosen < 72) return encode(message);
  if (chosen < 94) return encode(deviate(r, message));
  if (chosen < 98) return mutate(r, encode(message));
  const first = encode(message);
  return join([first, new Uint8Array(-first.length & 3), form(r, weights, scene)]);
}

/** A request that does the kernel no harm. */
function request(r: Random, weights: Partial<Record<FamilyName, number>>, scene: Scene): Uint8Array {
  for (;;) {
    const bytes = form(r, weights, scene);
    if (!isHarmful(bytes)) return bytes;
  }
}

const options = [[11], [11], [11], [11, 12], [], [10], [10, 11]];
const groups = [[], [], [1], [1, 4], [4]];

export interface Plan {
  readonly seed: number;
  readonly number: number;
  readonly mode: Mode;
  /** Requests, not counting the base and the questions for links. */
  readonly length: number;
  readonly kinds: Kinds;
  /** Time for deferred work after a request that may change links. */
  readonly waitMs: number;
}

/** The definition of a session, the same for the same plan. */
export function sequence({ seed, number, mode, length, kinds, waitMs }: Plan): Json {
  const r = new Random(`${seed}/${number}/${mode}`);
  const weights: Partial<Record<FamilyName, number>> = { ...modes[mode] };
  if (kinds.actions.length === 0) delete weights.action;
  const classful = kinds.qdiscs.includes('htb') && r.chance(roots[mode][0]);
  const scene = { kinds, classful };
  const socket = { pid: 4242, groups: r.pick(groups), opts: r.pick(options) };
  return {
    name: `fuzz-${mode}-${seed}-${number}`,
    about: 'found by the fuzzer',
    config: 'rec-6.18',
    ipv6: false,
    setup: [],
    objects: [],
    fixups: [],
    socket,
    monitor: { pid: 777, groups: [1, 4] },
    steps: [
      ...base(r, mode, classful, waitMs),
      ...Array.from({ length }, () => steps(request(r, weights, scene), waitMs)).flat(),
      ...inventory().flatMap((message) => steps(encode(message), waitMs)),
    ],
    mask: [],
    replayable: true,
    timing: false,
  };
}
