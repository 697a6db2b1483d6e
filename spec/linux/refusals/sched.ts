// Requests of traffic control that succeed, at least one for every handler, every queueing discipline, every classifier
// and every action.
import { u16 } from '../../../lib/codec/scalar.js';
import * as P from '../../../lib/uapi/linux/pkt_cls.js';
import * as Q from '../../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../../lib/uapi/linux/rtnetlink.js';
import { TCA_ACT_BPF, tc_act_bpf } from '../../../lib/uapi/linux/tc_act/tc_bpf.js';
import { PGACT_DETERM, tc_gact, tc_gact_p, TCA_GACT } from '../../../lib/uapi/linux/tc_act/tc_gact.js';
import { TCA_EGRESS_REDIR, TCA_MIRRED, tc_mirred } from '../../../lib/uapi/linux/tc_act/tc_mirred.js';
import type { Attribute, Message } from '../../../tools/oracle/fuzz/message.js';
import { rateOf, u64 } from '../net/sched/shaping.js';
import {
  a,
  ACK,
  ADD,
  type Case,
  DUMP,
  encoded,
  kind,
  message,
  options,
  REPLACE,
  tc,
  type Fields,
  V1,
} from './build.js';

const { TCA } = R;
const [ROOT, CLSACT, INGRESS] = [Q.TC_H_ROOT, Q.TC_H_CLSACT, 0xfffffff2];
const HANDLE = 0x10000;

// Queueing disciplines and classes

const estimator = a(TCA.RATE, Q.tc_estimator.bytes({ interval: 1, ewma_log: 3 }));
const stab = a(TCA.STAB, [a(Q.TCA_STAB.BASE, Q.tc_sizespec.bytes({ linklayer: 1, overhead: 4, tsize: 0 }))]);

const qdisc = (name: string, parent: number, ...more: Attribute[]): Message =>
  tc(R.RTM_NEWQDISC, ADD, { parent, handle: parent === CLSACT ? 0xffff0000 : HANDLE }, kind(name), ...more);

const htbOptions = options(
  a(Q.TCA_HTB.INIT, Q.tc_htb_glob.bytes({ version: Q.TC_HTB_PROTOVER, rate2quantum: 10, defcls: 1 })),
  a(Q.TCA_HTB.DIRECT_QLEN, 10),
);
const tbfOptions = options(
  a(Q.TCA_TBF.PARMS, Q.tc_tbf_qopt.bytes({ rate: rateOf(125000), limit: 3000, buffer: 1000000 })),
);
const fifo = a(TCA.OPTIONS, Q.tc_fifo_qopt.bytes({ limit: 20 }));
const prio = a(TCA.OPTIONS, Q.tc_prio_qopt.bytes({ bands: 3 }));
const fqCodel = options(a(Q.TCA_FQ_CODEL.LIMIT, 100), a(Q.TCA_FQ_CODEL.FLOWS, 16), a(Q.TCA_FQ_CODEL.QUANTUM, 300));

const redOptions = options(
  a(Q.TCA_RED.PARMS, Q.tc_red_qopt.bytes({ limit: 100000, qth_min: 10000, qth_max: 30000, Wlog: 3, Plog: 10 })),
  a(Q.TCA_RED.STAB, new Uint8Array(Q.RED_STAB_SIZE)),
  a(Q.TCA_RED.EARLY_DROP_BLOCK, 8),
  a(Q.TCA_RED.MARK_BLOCK, 7),
);

/** At the root of v0, or where it belongs. */
const disciplines: readonly Message[] = [
  qdisc('htb', ROOT, htbOptions, estimator, stab),
  qdisc('tbf', ROOT, tbfOptions, estimator),
  qdisc('prio', ROOT, prio, estimator),
  qdisc('fq_codel', ROOT, fqCodel),
  qdisc('pfifo', ROOT, fifo, estimator, stab),
  qdisc('bfifo', ROOT, fifo),
  qdisc('pfifo_head_drop', ROOT, fifo),
  qdisc('pfifo_fast', ROOT),
  qdisc('mq', ROOT),
  tc(R.RTM_NEWQDISC, ADD, { parent: ROOT }, kind('noqueue')),
  qdisc('clsact', CLSACT, a(TCA.INGRESS_BLOCK, 7), a(TCA.EGRESS_BLOCK, 8)),
  qdisc('ingress', CLSACT, a(TCA.INGRESS_BLOCK, 7)),
  qdisc('drr', ROOT, estimator),
  qdisc('red', ROOT, redOptions, estimator),
  qdisc('sfq', ROOT, a(TCA.OPTIONS, Q.tc_sfq_qopt.bytes({ limit: 100, perturb_period: 10 })), estimator),
];
const [newHtb, newTbf, newPrio] = disciplines as [Message, Message, Message];
const htb = (flags: number, opt: Attribute, fields: Fields = {}): Message =>
  tc(R.RTM_NEWTCLASS, flags, { handle: HANDLE + 1, parent: HANDLE, ...fields }, kind('htb'), opt, estimator);
const htbClassOptions = (buffer: number): Attribute => {
  const parms = Q.tc_htb_opt.bytes({ rate: rateOf(125000), ceil: rateOf(125000), buffer, cbuffer: buffer });
  return options(a(Q.TCA_HTB.PARMS, parms), a(Q.TCA_HTB.RATE64, u64(125000n)));
};
const newClass = htb(ADD, htbClassOptions(15000));
const leaf = tc(R.RTM_NEWQDISC, ADD, { parent: HANDLE + 1, handle: 0x20000 }, kind('pfifo'), fifo);

const newDrr = qdisc('drr', ROOT);
const drr = (flags: number, quantum: number): Message =>
  tc(
    R.RTM_NEWTCLASS,
    flags,
    { handle: HANDLE + 1, parent: HANDLE },
    kind('drr'),
    options(a(Q.TCA_DRR.QUANTUM, quantum)),
    estimator,
  );

export const qdiscs: readonly Case[] = [
  ...disciplines.map((request, i) => ({ name: `a queueing discipline (${i})`, before: [], request })),
  {
    name: 'a change of tbf',
    before: [newTbf],
    request: tc(R.RTM_NEWQDISC, ACK, { parent: ROOT, handle: HANDLE }, kind('tbf'), tbfOptions, estimator),
  },
  {
    name: 'a change of red',
    before: [qdisc('red', ROOT, redOptions)],
    request: tc(R.RTM_NEWQDISC, ACK, { parent: ROOT, handle: HANDLE }, kind('red'), redOptions, estimator),
  },
  {
    name: 'prio in the place of htb with classes',
    before: [newHtb, newClass, leaf],
    request: tc(R.RTM_NEWQDISC, REPLACE, { parent: ROOT, handle: 0x30000 }, kind('prio'), prio),
  },
  { name: 'a child of a class', before: [newHtb, newClass], request: leaf },
  {
    name: 'a child in the place of another',
    before: [newPrio, tc(R.RTM_NEWQDISC, ADD, { parent: HANDLE + 1, handle: 0x20000 }, kind('tbf'), tbfOptions)],
    request: tc(R.RTM_NEWQDISC, REPLACE, { parent: HANDLE + 1, handle: 0x30000 }, kind('pfifo'), fifo),
  },
  {
    name: 'the end of a discipline',
    before: [newHtb, newClass, leaf],
    request: tc(R.RTM_DELQDISC, ACK, { parent: ROOT, handle: HANDLE }, kind('htb')),
  },
  { name: 'one discipline', before: [newHtb], request: tc(R.RTM_GETQDISC, ACK, { handle: HANDLE, parent: ROOT }) },
  { name: 'all disciplines', before: [newHtb], request: tc(R.RTM_GETQDISC, DUMP, {}, a(TCA.DUMP_INVISIBLE, [])) },
];

export const classes: readonly Case[] = [
  { name: 'a class', before: [newHtb], request: newClass },
  {
    name: 'a class below a class with a child',
    before: [newHtb, newClass, leaf],
    request: htb(ADD, htbClassOptions(20000), { parent: HANDLE + 1, handle: HANDLE + 2 }),
  },
  { name: 'a change of a class', before: [newHtb, newClass], request: htb(ACK, htbClassOptions(9000)) },
  {
    name: 'the end of a class',
    before: [newHtb, newClass, leaf],
    request: tc(R.RTM_DELTCLASS, ACK, { handle: HANDLE + 1 }),
  },
  { name: 'one class', before: [newHtb, newClass], request: tc(R.RTM_GETTCLASS, ACK, { handle: HANDLE + 1 }) },
  { name: 'a class of drr', before: [newDrr], request: drr(ADD, 2000) },
  { name: 'a change of a class of drr', before: [newDrr, drr(ADD, 2000)], request: drr(ACK, 3000) },
  {
    name: 'the end of a class of drr',
    before: [newDrr, drr(ADD, 2000), leaf],
    request: tc(R.RTM_DELTCLASS, ACK, { handle: HANDLE + 1 }),
  },
  { name: 'all classes', before: [newHtb, newClass], request: tc(R.RTM_GETTCLASS, DUMP, {}) },
];

// Actions

const program = Uint8Array.of(6, 0, 0, 0, 255, 255, 255, 255);
const action = (name: string, ...inside: Attribute[]): readonly Attribute[] => [
  a(P.TCA_ACT.KIND, name),
  a(P.TCA_ACT.OPTIONS, inside),
  a(P.TCA_ACT.COOKIE, Uint8Array.of(1, 2, 3, 4)),
];
const police = P.tc_police.bytes({ rate: rateOf(1000, { cell_log: 3 }), burst: 77, action: P.TC_ACT_SHOT });
const policeOptions = [a(P.TCA_POLICE.TBF, police), a(P.TCA_POLICE.RATE, new Uint8Array(1024))];
const redirect = tc_mirred.bytes({ action: P.TC_ACT_PIPE, eaction: TCA_EGRESS_REDIR, ifindex: V1 });
const chance = tc_gact_p.bytes({ ptype: PGACT_DETERM, pval: 3, paction: P.TC_ACT_SHOT });

const kinds: readonly (readonly Attribute[])[] = [
  action('gact', a(TCA_GACT.PARMS, tc_gact.bytes({ action: P.TC_ACT_SHOT })), a(TCA_GACT.PROB, chance)),
  action('mirred', a(TCA_MIRRED.PARMS, redirect)),
  action('police', ...policeOptions),
  action(
    'bpf',
    a(TCA_ACT_BPF.PARMS, tc_act_bpf.bytes({ action: P.TC_ACT_PIPE })),
    a(TCA_ACT_BPF.OPS_LEN, encoded(u16, 1)),
    a(TCA_ACT_BPF.OPS, program),
  ),
];
/** A list of actions as the attribute `type`. */
const table = (type: { readonly type: number }, actions: readonly (readonly Attribute[])[]): Attribute =>
  a(
    type,
    actions.map((inside, i) => a(i + 1, inside)),
  );
const act = (type: number, flags: number, ...actions: (readonly Attribute[])[]): Message =>
  message(type, flags, R.tcamsg.bytes({}), [table(R.TCA_ROOT.TAB, actions)]);
const named = (name: string): readonly Attribute[] => [a(P.TCA_ACT.KIND, name), a(P.TCA_ACT.INDEX, 1)];
const newActions = act(R.RTM_NEWACTION, ADD, ...kinds);

export const actions: readonly Case[] = [
  { name: 'an action of every kind', before: [], request: newActions },
  {
    name: 'an action in the place of another',
    before: [act(R.RTM_NEWACTION, ADD, action('gact', a(TCA_GACT.PARMS, tc_gact.bytes({ index: 1 }))))],
    request: act(R.RTM_NEWACTION, REPLACE, action('gact', a(TCA_GACT.PARMS, tc_gact.bytes({ index: 1, action: 2 })))),
  },
  { name: 'one action', before: [newActions], request: act(R.RTM_GETACTION, ACK, named('gact')) },
  { name: 'the end of an action', before: [newActions], request: act(R.RTM_DELACTION, ACK, named('mirred')) },
  {
    name: 'the end of two actions',
    partly: 'a refused RTM_DELACTION keeps the references it has taken, as Linux 6.18 does',
    before: [newActions],
    request: act(R.RTM_DELACTION, ACK, named('gact'), named('bpf')),
  },
  {
    name: 'the end of all actions of a kind',
    before: [newActions],
    request: act(R.RTM_DELACTION, 0x105, [a(P.TCA_ACT.KIND, 'gact')]),
  },
  {
    name: 'all actions of a kind',
    before: [newActions],
    request: act(R.RTM_GETACTION, DUMP, [a(P.TCA_ACT.KIND, 'police')]),
  },
];

// Filters and chains

const clsact = qdisc('clsact', CLSACT);
const shared = qdisc('clsact', CLSACT, a(TCA.INGRESS_BLOCK, 7));
const PREF_1 = 0x0001_0300;
const FLOW = 0xffff_0001;

const bpf = options(
  a(P.TCA_BPF.OPS_LEN, encoded(u16, 1)),
  a(P.TCA_BPF.OPS, program),
  a(P.TCA_BPF.CLASSID, FLOW),
  table(P.TCA_BPF.ACT, kinds),
);
const key = P.tc_u32_key.bytes({ mask: 0xff, val: 1, off: 12 });
const sel = Uint8Array.of(...P.tc_u32_sel.bytes({ nkeys: 1 }), ...key);
const u32Node = options(
  a(P.TCA_U32.SEL, sel),
  a(P.TCA_U32.CLASSID, FLOW),
  a(P.TCA_U32.LINK, 0x100000),
  table(P.TCA_U32.ACT, [kinds[0]!]),
);
const matchall = options(a(P.TCA_MATCHALL.CLASSID, FLOW), table(P.TCA_MATCHALL.ACT, [kinds[1]!, kinds[0]!]));
const match = [a(P.TCA_FLOWER.KEY_ETH_TYPE, Uint8Array.of(8, 0)), a(P.TCA_FLOWER.KEY_IP_PROTO, Uint8Array.of(6))];
const flower = options(a(P.TCA_FLOWER.CLASSID, FLOW), table(P.TCA_FLOWER.ACT, [kinds[2]!]), ...match);

const at = { parent: INGRESS, info: PREF_1 };
const filter = (name: string, opt: Attribute, fields: Fields = at, flags = ADD): Message =>
  tc(R.RTM_NEWTFILTER, flags, fields, kind(name), opt);
const u32Table = filter('u32', options(a(P.TCA_U32.DIVISOR, 4)), { ...at, handle: 0x100000 });
const plain = filter('bpf', options(a(P.TCA_BPF.OPS_LEN, encoded(u16, 1)), a(P.TCA_BPF.OPS, program)));

const newChain = tc(R.RTM_NEWCHAIN, ADD, { parent: INGRESS }, a(TCA.CHAIN, 5));
const template = tc(R.RTM_NEWCHAIN, ADD, { parent: INGRESS }, a(TCA.CHAIN, 6), kind('flower'), options(...match));
const inChain = (request: Message, chain: number): Message => ({
  ...request,
  attributes: [...request.attributes, a(TCA.CHAIN, chain)],
});
const jump = action('gact', a(TCA_GACT.PARMS, tc_gact.bytes({ action: P.TC_ACT_GOTO_CHAIN | 5 })));

export const filters: readonly Case[] = [
  { name: 'a bpf filter with actions', before: [clsact], request: filter('bpf', bpf) },
  {
    name: 'a bpf filter with a policer',
    before: [clsact],
    request: filter(
      'bpf',
      options(a(P.TCA_BPF.OPS_LEN, encoded(u16, 1)), a(P.TCA_BPF.OPS, program), a(P.TCA_BPF.POLICE, policeOptions)),
    ),
  },
  { name: 'a bpf filter in the place of another', before: [clsact, plain], request: filter('bpf', bpf, { ...at, handle: 1 }, REPLACE) },
  { name: 'a bpf filter in a chain', before: [clsact, newChain], request: inChain(filter('bpf', bpf), 5) },
  { name: 'a bpf filter in a chain that is not there', before: [clsact], request: inChain(filter('bpf', bpf), 9) },
  { name: 'a bpf filter of automatic priority', before: [clsact], request: filter('bpf', bpf, { parent: INGRESS, info: 0x300 }) },
  {
    name: 'a bpf filter of a shared block',
    before: [shared],
    request: filter('bpf', bpf, { ifindex: -1, parent: 7, info: PREF_1 }),
  },
  {
    name: 'a bpf filter of a class',
    before: [newHtb, newClass],
    request: filter('bpf', options(a(P.TCA_BPF.OPS_LEN, encoded(u16, 1)), a(P.TCA_BPF.OPS, program), a(P.TCA_BPF.CLASSID, HANDLE + 1)), { parent: HANDLE, info: PREF_1 }),
  },
  {
    name: 'a matchall filter that jumps',
    before: [clsact],
    request: filter('matchall', options(table(P.TCA_MATCHALL.ACT, [jump]))),
  },
  { name: 'a table of u32', before: [clsact], request: u32Table },
  { name: 'a u32 filter with a link', before: [clsact, u32Table], request: filter('u32', u32Node, { ...at, handle: 0x80000800 }) },
  { name: 'a matchall filter', before: [clsact], request: filter('matchall', matchall) },
  { name: 'a flower filter', before: [clsact], request: filter('flower', flower) },
  { name: 'a flower filter under a template', before: [clsact, template], request: inChain(filter('flower', flower), 6) },
  { name: 'one filter', before: [clsact, plain], request: tc(R.RTM_GETTFILTER, ACK, { ...at, handle: 1 }, kind('bpf')) },
  { name: 'the end of a filter', before: [clsact, plain], request: tc(R.RTM_DELTFILTER, ACK, { ...at, handle: 1 }, kind('bpf')) },
  { name: 'the end of a priority', before: [clsact, plain], request: tc(R.RTM_DELTFILTER, ACK, at) },
  { name: 'the end of all filters', before: [clsact, plain], request: tc(R.RTM_DELTFILTER, ACK, { parent: INGRESS }) },
  { name: 'all filters', before: [clsact, filter('bpf', bpf)], request: tc(R.RTM_GETTFILTER, DUMP, { parent: INGRESS }) },
  { name: 'a chain', before: [clsact], request: newChain },
  { name: 'a chain with a template', before: [clsact], request: template },
  { name: 'one chain', before: [clsact, newChain], request: tc(R.RTM_GETCHAIN, ACK, { parent: INGRESS }, a(TCA.CHAIN, 5)) },
  {
    name: 'the end of a chain with filters',
    before: [clsact, template, inChain(filter('flower', flower), 6)],
    request: tc(R.RTM_DELCHAIN, ACK, { parent: INGRESS }, a(TCA.CHAIN, 6)),
  },
  { name: 'all chains', before: [clsact, newChain], request: tc(R.RTM_GETCHAIN, DUMP, { parent: INGRESS }) },
]; // prettier-ignore

/** Everything that traffic control shows of v0. */
export const inventory: readonly Message[] = [
  tc(R.RTM_GETQDISC, DUMP, {}, a(TCA.DUMP_INVISIBLE, [])),
  tc(R.RTM_GETTCLASS, DUMP, {}),
  ...[INGRESS, 0xfffffff3, HANDLE, HANDLE + 1].flatMap((parent) => [
    tc(R.RTM_GETTFILTER, DUMP, { parent }),
    tc(R.RTM_GETCHAIN, DUMP, { parent }),
  ]),
  tc(R.RTM_GETTFILTER, DUMP, { ifindex: -1, parent: 7 }),
  ...['gact', 'mirred', 'police', 'bpf'].map((name) => act(R.RTM_GETACTION, DUMP, [a(P.TCA_ACT.KIND, name)])),
];
