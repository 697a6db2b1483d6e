// Correct requests of every kind, for what is wrong with others to be made of them. Each is granted by a machine in which the
// requests before it were granted.
import { u16 } from '../../../lib/codec/scalar.js';
import { FR_ACT_TO_TBL, FRA, fib_rule_hdr } from '../../../lib/uapi/linux/fib_rules.js';
import * as A from '../../../lib/uapi/linux/if_addr.js';
import { IFLA, IFLA_INFO } from '../../../lib/uapi/linux/if_link.js';
import { NDA, ndmsg, NUD_PERMANENT } from '../../../lib/uapi/linux/neighbour.js';
import * as P from '../../../lib/uapi/linux/pkt_cls.js';
import * as Q from '../../../lib/uapi/linux/pkt_sched.js';
import * as O from '../../../lib/uapi/linux/route.js';
import * as R from '../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../../lib/uapi/linux/socket.js';
import { tc_gact, TCA_GACT } from '../../../lib/uapi/linux/tc_act/tc_gact.js';
import { TCA_EGRESS_REDIR, TCA_MIRRED, tc_mirred } from '../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { VETH_INFO } from '../../../lib/uapi/linux/veth.js';
import type { Attribute, Message } from '../../../tools/oracle/fuzz/message.js';
import { a, ACK, ADD, DUMP, encoded, kind, message, options, tc, V0, V1 } from '../../linux/refusals/build.js';
import { rateOf } from '../../linux/net/sched/shaping.js';

const AF_BRIDGE = 7;
const { TCA, TCA_ROOT } = R;
const { TCA_ACT } = P;
const ROOT = Q.TC_H_ROOT;
const INGRESS = 0xfffffff2;
export const NESTED = 0x8000;
export const NET_BYTEORDER = 0x4000;

export interface Original {
  /** Requests that go before. */
  readonly before: readonly Message[];
  readonly request: Message;
}

const original = (request: Message, ...before: Message[]): Original => ({ request, before });

const PREF_1 = 0x0001_0300;
const HANDLE = 0x10000;
const clsact = tc(R.RTM_NEWQDISC, ADD, { parent: Q.TC_H_CLSACT, handle: 0xffff0000 }, kind('clsact'));
export const glob = Q.tc_htb_glob.bytes({ version: Q.TC_HTB_PROTOVER, rate2quantum: 10 });
const stab = a(TCA.STAB, [
  a(Q.TCA_STAB.BASE, Q.tc_sizespec.bytes({ linklayer: 1, tsize: 2 })),
  a(Q.TCA_STAB.DATA, Uint8Array.of(1, 0, 2, 0)),
]);
const htb = tc(
  R.RTM_NEWQDISC,
  ADD,
  { parent: ROOT, handle: HANDLE },
  kind('htb'),
  options(a(Q.TCA_HTB.INIT, glob)),
  stab,
);
const htbParms = Q.tc_htb_opt.bytes({ rate: rateOf(125000), ceil: rateOf(125000), buffer: 15000, cbuffer: 15000 });
const htbClass = tc(
  R.RTM_NEWTCLASS,
  ADD,
  { parent: HANDLE, handle: HANDLE + 1 },
  kind('htb'),
  options(a(Q.TCA_HTB.PARMS, htbParms)),
  a(TCA.RATE, Uint8Array.of(1, 3)),
);
const tbfParms = Q.tc_tbf_qopt.bytes({ rate: rateOf(125000), limit: 3000, buffer: 1000000 });
const tbf = tc(
  R.RTM_NEWQDISC,
  ADD,
  { parent: ROOT, handle: HANDLE },
  kind('tbf'),
  options(a(Q.TCA_TBF.PARMS, tbfParms)),
);
const tbfChange = tc(R.RTM_NEWQDISC, ACK, { handle: HANDLE }, kind('tbf'), options(a(Q.TCA_TBF.PARMS, tbfParms)));
const prio = tc(
  R.RTM_NEWQDISC,
  ADD,
  { parent: ROOT, handle: HANDLE },
  kind('prio'),
  a(TCA.OPTIONS, Q.tc_prio_qopt.bytes({ bands: 3 })),
);
const fqCodel = tc(
  R.RTM_NEWQDISC,
  ADD,
  { parent: ROOT, handle: HANDLE },
  kind('fq_codel'),
  options(a(Q.TCA_FQ_CODEL.FLOWS, 16)),
);
export const redParms = { limit: 60000, qth_min: 5000, qth_max: 20000, Wlog: 3, Plog: 2, Scell_log: 5 };
const red = tc(
  R.RTM_NEWQDISC,
  ADD,
  { parent: ROOT, handle: HANDLE },
  kind('red'),
  options(a(Q.TCA_RED.PARMS, Q.tc_red_qopt.bytes(redParms)), a(Q.TCA_RED.STAB, new Uint8Array(Q.RED_STAB_SIZE))),
);
export const sfqOptions = { quantum: 1514, perturb_period: 10 };
const sfq = tc(
  R.RTM_NEWQDISC,
  ADD,
  { parent: ROOT, handle: HANDLE },
  kind('sfq'),
  a(TCA.OPTIONS, Q.tc_sfq_qopt.bytes(sfqOptions)),
);
const drr = tc(R.RTM_NEWQDISC, ADD, { parent: ROOT, handle: HANDLE }, kind('drr'));
const drrClass = tc(
  R.RTM_NEWTCLASS,
  ADD,
  { parent: HANDLE, handle: HANDLE + 1 },
  kind('drr'),
  options(a(Q.TCA_DRR.QUANTUM, 1500)),
);
const delQdisc = tc(R.RTM_DELQDISC, ACK, { parent: Q.TC_H_CLSACT }, kind('clsact'));
const qdiscDump = tc(R.RTM_GETQDISC, DUMP, {}, a(TCA.DUMP_INVISIBLE, new Uint8Array()));

/** ldh [12]; jeq #0x800, 0, 1; ret #-1; ret #0 */
export const program = Uint8Array.of(
  ...[0x28, 0, 0, 0, 12, 0, 0, 0],
  ...[0x15, 0, 0, 1, 0, 8, 0, 0],
  ...[0x06, 0, 0, 0, 255, 255, 255, 255],
  ...[0x06, 0, 0, 0, 0, 0, 0, 0],
);
const filter = (name: string, ...inside: Attribute[]): Message =>
  tc(R.RTM_NEWTFILTER, ADD, { parent: INGRESS, info: PREF_1 }, kind(name), a(TCA.CHAIN, 0), options(...inside));
const bpf = filter(
  'bpf',
  a(P.TCA_BPF.OPS_LEN, encoded(u16, 4)),
  a(P.TCA_BPF.OPS, program),
  a(P.TCA_BPF.CLASSID, 0x10001),
);
export const selector = Uint8Array.of(
  ...P.tc_u32_sel.bytes({ nkeys: 1, flags: 1 }),
  ...P.tc_u32_key.bytes({ mask: 0xff, val: 1, off: 12 }),
);
const u32Filter = filter('u32', a(P.TCA_U32.CLASSID, 0x10001), a(P.TCA_U32.SEL, selector));
const u32Table = tc(
  R.RTM_NEWTFILTER,
  ADD,
  { parent: INGRESS, info: PREF_1, handle: 0x100000 },
  kind('u32'),
  options(a(P.TCA_U32.DIVISOR, 4)),
);
const flower = filter(
  'flower',
  a(P.TCA_FLOWER.KEY_ETH_TYPE, Uint8Array.of(8, 0)),
  a(P.TCA_FLOWER.KEY_FLAGS, Uint8Array.of(0, 0, 0, 1)),
  a(P.TCA_FLOWER.KEY_FLAGS_MASK, Uint8Array.of(0, 0, 0, 1)),
);
const matchall = filter('matchall', a(P.TCA_MATCHALL.FLAGS, 0));
const getFilter = tc(R.RTM_GETTFILTER, ACK, { parent: INGRESS, info: PREF_1, handle: 1 }, kind('bpf'));
const newChain = tc(R.RTM_NEWCHAIN, ADD, { parent: INGRESS }, a(TCA.CHAIN, 5));

export const gactParms = tc_gact.bytes({ action: P.TC_ACT_PIPE });
export const gact = [a(TCA_ACT.KIND, 'gact'), a(TCA_ACT.OPTIONS.type | NESTED, [a(TCA_GACT.PARMS, gactParms)])];
const mirredParms = tc_mirred.bytes({ action: P.TC_ACT_PIPE, eaction: TCA_EGRESS_REDIR, ifindex: V1 });
const mirred = [a(TCA_ACT.KIND, 'mirred'), a(TCA_ACT.OPTIONS.type | NESTED, [a(TCA_MIRRED.PARMS, mirredParms)])];
const table = Uint8Array.from({ length: Q.TC_RTAB_SIZE }, (_, i) => (i % 4 === 0 ? 1 : 0));
const policeTbf = P.tc_police.bytes({ action: P.TC_ACT_PIPE, burst: 1000, rate: rateOf(125000, { cell_log: 3 }) });
const mirredBlock = [
  a(TCA_ACT.KIND, 'mirred'),
  a(TCA_ACT.OPTIONS.type | NESTED, [
    a(TCA_MIRRED.PARMS, tc_mirred.bytes({ action: P.TC_ACT_PIPE, eaction: TCA_EGRESS_REDIR })),
    a(TCA_MIRRED.BLOCKID, 7),
  ]),
];
const police = [
  a(TCA_ACT.KIND, 'police'),
  a(TCA_ACT.OPTIONS.type | NESTED, [a(P.TCA_POLICE.TBF, policeTbf), a(P.TCA_POLICE.RATE, table)]),
];
export const bits = (value: number, selected: number): Uint8Array =>
  new Uint8Array(Uint32Array.of(value, selected).buffer);
export const actions = (type: number, flags: number, ...list: (readonly Attribute[])[]): Message =>
  message(type, flags, R.tcamsg.bytes({}), [
    a(
      TCA_ROOT.TAB,
      list.map((inside, i) => a(i + 1, inside)),
    ),
  ]);
const flagged = [...gact, a(TCA_ACT.FLAGS, bits(1, 1)), a(TCA_ACT.COOKIE, Uint8Array.of(1, 2, 3, 4))];
const newGact = actions(R.RTM_NEWACTION, ADD, flagged);
const newMirred = actions(R.RTM_NEWACTION, ADD, mirred);
const newPolice = actions(R.RTM_NEWACTION, ADD, police);
const delGact = actions(R.RTM_DELACTION, ACK, [a(TCA_ACT.KIND, 'gact'), a(TCA_ACT.INDEX, 1)]);

const link = (type: number, flags: number, index: number, ...attributes: Attribute[]): Message =>
  message(type, flags, R.ifinfomsg.bytes({ ifi_index: index }), attributes);
export const mac = (last: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, last);
const peer: Attribute = {
  type: VETH_INFO.PEER.type,
  value: { head: R.ifinfomsg.bytes({}), attributes: [a(IFLA.IFNAME, 'two')] },
};
const veth = link(
  ...([R.RTM_NEWLINK, ADD, 0] as const),
  ...[
    a(IFLA.IFNAME, 'one'),
    a(IFLA.ADDRESS, mac(9)),
    a(IFLA.MTU, 1400),
    a(IFLA.NUM_TX_QUEUES, 2),
    a(IFLA.NUM_RX_QUEUES, 2),
  ],
  a(IFLA.PARENT_DEV_NAME, 'parent'),
  a(IFLA.LINKINFO, [a(IFLA_INFO.KIND, 'veth'), a(IFLA_INFO.DATA, [peer])]),
);
const getLink = link(R.RTM_GETLINK, ACK, V0, a(IFLA.EXT_MASK, 1));
const linkDump = link(R.RTM_GETLINK, DUMP, 0, a(IFLA.EXT_MASK, 1));
const portDump = message(R.RTM_GETLINK, DUMP, R.ifinfomsg.bytes({ ifi_family: AF_BRIDGE }), [a(IFLA.EXT_MASK, 2)]);
const setLink = link(R.RTM_SETLINK, ACK, V0, a(IFLA.MTU, 1400));
const delLink = link(R.RTM_DELLINK, ACK, V0);
const linkProp = link(
  R.RTM_NEWLINKPROP,
  0x605,
  V0,
  a(IFLA.MTU, 1500),
  a(IFLA.PROP_LIST.type | NESTED, [a(IFLA.ALT_IFNAME, 'other')]),
);

const lifetime = A.ifa_cacheinfo.bytes({ ifa_prefered: 100, ifa_valid: 200 });
const addr4 = message(
  R.RTM_NEWADDR,
  ADD,
  A.ifaddrmsg.bytes({ ifa_family: AF_INET, ifa_prefixlen: 24, ifa_index: V0 }),
  [a(A.IFA.LOCAL, Uint8Array.of(10, 0, 0, 1)), a(A.IFA.CACHEINFO, lifetime)],
);
const addr6 = message(
  R.RTM_NEWADDR,
  ADD,
  A.ifaddrmsg.bytes({ ifa_family: AF_INET6, ifa_prefixlen: 64, ifa_index: V0 }),
  [a(A.IFA6.LOCAL, Uint8Array.of(0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 1))],
);
const addrDump = message(R.RTM_GETADDR, DUMP, A.ifaddrmsg.bytes({ ifa_family: AF_INET }));
const route = message(
  R.RTM_NEWROUTE,
  ADD,
  O.rtmsg.bytes({
    rtm_family: AF_INET,
    rtm_dst_len: 24,
    rtm_table: 254,
    rtm_scope: O.RT_SCOPE_LINK,
    rtm_type: O.RTN_UNICAST,
  }),
  [a(O.RTA.DST, Uint8Array.of(10, 9, 8, 0)), a(O.RTA.OIF, V0)],
);
const routeDump = message(R.RTM_GETROUTE, DUMP, O.rtmsg.bytes({ rtm_family: AF_INET }));
const rule = message(
  R.RTM_NEWRULE,
  ADD,
  fib_rule_hdr.bytes({ family: AF_INET, src_len: 24, table: 254, action: FR_ACT_TO_TBL }),
  [a(FRA.SRC, Uint8Array.of(10, 9, 8, 0)), a(FRA.PRIORITY, 100)],
);
const neigh = message(
  R.RTM_NEWNEIGH,
  ADD,
  ndmsg.bytes({ ndm_family: AF_INET, ndm_ifindex: V0, ndm_state: NUD_PERMANENT }),
  [a(NDA.DST, Uint8Array.of(10, 0, 0, 2)), a(NDA.LLADDR, mac(7))],
);
const getNeigh = message(R.RTM_GETNEIGH, ACK, ndmsg.bytes({ ndm_family: AF_INET, ndm_ifindex: V0 }), [
  a(NDA.DST, Uint8Array.of(10, 0, 0, 2)),
]);

const delNeigh = message(R.RTM_DELNEIGH, ACK, ndmsg.bytes({ ndm_family: AF_INET, ndm_ifindex: V0 }), [
  a(NDA.DST, Uint8Array.of(10, 0, 0, 2)),
]);

export const originals = {
  clsact: original(clsact),
  htb: original(htb),
  htbClass: original(htbClass, htb),
  tbf: original(tbf),
  tbfChange: original(tbfChange, tbf),
  prio: original(prio),
  fqCodel: original(fqCodel),
  red: original(red),
  sfq: original(sfq),
  drr: original(drr),
  drrClass: original(drrClass, drr),
  delQdisc: original(delQdisc, clsact),
  qdiscDump: original(qdiscDump),
  bpf: original(bpf, clsact),
  u32: original(u32Filter, clsact),
  u32Table: original(u32Table, clsact),
  flower: original(flower, clsact),
  matchall: original(matchall, clsact),
  getFilter: original(getFilter, clsact, bpf),
  chain: original(newChain, clsact),
  gact: original(newGact),
  mirred: original(newMirred),
  mirredBlock: original(actions(R.RTM_NEWACTION, ADD, mirredBlock)),
  police: original(newPolice),
  delGact: original(delGact, newGact),
  veth: original(veth),
  getLink: original(getLink),
  linkDump: original(linkDump),
  portDump: original(portDump),
  setLink: original(setLink),
  delLink: original(delLink),
  linkProp: original(linkProp),
  addr4: original(addr4),
  addr6: original(addr6),
  addrDump: original(addrDump),
  route: original(route),
  routeDump: original(routeDump),
  rule: original(rule),
  neigh: original(neigh),
  getNeigh: original(getNeigh, neigh),
  delNeigh: original(delNeigh, neigh),
} as const satisfies Record<string, Original>;
