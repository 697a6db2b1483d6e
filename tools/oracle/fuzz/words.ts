// What makes generated values meaningful: names, programs, handles, options of the kinds, and how often each attribute
// is worth giving. Everything here is optional: what is not named is generated from its declaration.
import { Bytes, fromLatin1 } from '../../../lib/codec/bytes.js';
import { NLA_TYPE_MASK } from '../../../lib/codec/nla.js';
import { ifinfomsg } from '../../../lib/uapi/linux/rtnetlink.js';
import type { Vocabulary } from './attributes.js';
import { setNamed, structNamed, textIn, typeOf } from './declared.js';
import type { Attribute } from './message.js';
import { isNest, join, nestOf, nothing, u32Bytes } from './message.js';
import { classicProgram } from './programs.js';
import type { Random } from './random.js';
import type { MemberWords } from './values.js';
import { structBytes } from './values.js';

const majors = [1, 1, 1, 2, 0x10, 0xffff, 0];
const minors = [0, 0, 1, 1, 2, 0x10, 0xfff1, 0xfff2, 0xfff3, 0xffff];
export const handleOf = (r: Random): number => ((r.pick(majors) << 16) | r.pick(minors)) >>> 0;

const u16Bytes = (value: number): Uint8Array => u32Bytes(value).slice(0, 2);
const oneOf =
  (...values: readonly number[]) =>
  (r: Random): Uint8Array =>
    u32Bytes(r.pick(values));
const byteOf =
  (...values: readonly number[]) =>
  (r: Random): Uint8Array =>
    Uint8Array.of(r.pick(values));
const textOf =
  (...values: readonly string[]) =>
  (r: Random): Uint8Array =>
    fromLatin1(r.pick(values));

/** A kind, mostly with its NUL; now and then one that does not exist. */
export function kindWord(kinds: readonly string[]): (r: Random) => Uint8Array {
  const wrong = ['nosuch\0', `${'u'.repeat(15)}\0`, 'u'.repeat(16), '', '\0'];
  return (r) => fromLatin1(r.chance(0.985) ? r.pick(kinds) + (r.chance(0.96) ? '\0' : '') : r.pick(wrong));
}

const linkNames = [
  'v0\0',
  'v1\0',
  'lo\0',
  'i0\0',
  'new0\0',
  'x%d\0',
  'a/b\0',
  '\0',
  '.\0',
  `${'a'.repeat(15)}\0`,
  'v0',
];
const macs = [
  '\x02\0\0\0\0\x09',
  '\x02\0\0\0\0\x09',
  '\x01\0\0\0\0\x01',
  '\0\0\0\0\0\0',
  '\x02\0\0\0',
  '\x02'.repeat(8),
];

function rateOf(r: Random): Uint8Array {
  return structBytes(r, structNamed('tc_ratespec')!, members);
}

const rates = [125000, 125000, 125000, 1250000, 1250000, 1000, 0, 1, 0x7fffffff, 0xffffffff];
const bursts = [0, 1, 1600, 1600, 100000, 0xffffffff];
const limits = [0, 1, 3000, 3000, 1000, 0x7fffffff, 0xffffffff];

/** Values of the structs that options are made of. */
const members: MemberWords = {
  'tc_ratespec.rate': (r) => r.pick(rates),
  'tc_ratespec.cell_log': (r) => r.pick([3, 3, 3, 3, 3, 0, 30, 31, 255]),
  'tc_ratespec.linklayer': (r) => r.pick([1, 1, 1, 1, 0, 2, 3, 16]),
  'tc_fifo_qopt.limit': (r) => r.pick(limits),
  'tc_prio_qopt.bands': (r) => r.pick([2, 3, 3, 16, 17, 1, 0]),
  'tc_prio_qopt.priomap': (r) =>
    Uint8Array.from({ length: 16 }, () => r.pick([0, 1, 1, 1, 2, r.chance(0.05) ? 16 : 0])),
  'tc_tbf_qopt.rate': rateOf,
  'tc_tbf_qopt.peakrate': (r) => (r.chance(0.2) ? rateOf(r) : new Uint8Array(12)),
  'tc_tbf_qopt.limit': (r) => r.pick(limits),
  'tc_tbf_qopt.buffer': (r) => r.pick(bursts),
  'tc_tbf_qopt.mtu': (r) => r.pick([0, 0, 1600, 100]),
  'tc_htb_opt.rate': rateOf,
  'tc_htb_opt.ceil': rateOf,
  'tc_htb_opt.buffer': (r) => r.pick(bursts),
  'tc_htb_opt.cbuffer': (r) => r.pick(bursts),
  'tc_htb_opt.quantum': (r) => r.pick([0, 0, 0, 999, 1000, 200000, 200001, 0xffffffff]),
  'tc_htb_opt.prio': (r) => r.pick([0, 0, 1, 7, 8, 0xffffffff]),
  'tc_htb_glob.version': (r) => r.pick([3, 3, 3, 3, 3, 3, 2, 0, 0x30001]),
  'tc_htb_glob.rate2quantum': (r) => r.pick([10, 10, 10, 0, 1, 0xffffffff]),
  'tc_htb_glob.defcls': (r) => r.pick([0, 1, 0x10, 0x20, 0xffffffff]),
  'tc_htb_glob.debug': (r) => r.pick([0, 0, 1]),
  'tc_mirred.eaction': (r) => r.pick([1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 0, 5, -1]),
  'tc_mirred.ifindex': (r) => r.pick([2, 2, 2, 3, 3, 3, 1, 0, 99, -1]),
  'tc_mirred.action': (r) => r.pick([4, 4, 4, 3, 3, 2, 0, -1, 7, 8, 9, 0x10000001, 0x20000005]),
  'tc_mirred.index': (r) => r.pick([0, 0, 0, 1, 2, 77]),
  'tc_sizespec.cell_log': (r) => r.pick([0, 3, 30, 31]),
  'tc_sizespec.size_log': (r) => r.pick([0, 3, 30, 31]),
  'tc_sizespec.tsize': (r) => r.pick([0, 0, 1, 2, 0xffffffff]),
};

/** Options that are one struct, by kind. */
const structOptions: Readonly<Record<string, string>> = {
  pfifo: 'tc_fifo_qopt',
  bfifo: 'tc_fifo_qopt',
  pfifo_head_drop: 'tc_fifo_qopt',
  prio: 'tc_prio_qopt',
};

function plainOptions(r: Random, run: readonly Attribute[]): Uint8Array | undefined {
  const kind = textIn(run, typeOf('TCA', 'KIND'));
  const struct = structNamed(structOptions[kind] ?? '');
  if (struct !== undefined) return structBytes(r, struct, members);
  return setNamed(`TCA_${kind.toUpperCase()}`) === undefined ? r.pick([nothing, u32Bytes(0), r.bytes(8)]) : undefined;
}

/** A selector with its keys: struct tc_u32_sel and nkeys times struct tc_u32_key. */
function selector(r: Random): Uint8Array {
  const keys = r.pick([0, 1, 1, 1, 1, 1, 2, 3, 128]);
  const sel = Bytes.zeroed(16);
  sel.u8[0] = r.pick([1, 1, 1, 0, 3, 5, 8, 255]);
  sel.u8[1] = r.pick([0, 0, 6]);
  sel.u8[2] = r.chance(0.95) ? keys : keys + 1;
  sel.view.setUint16(4, r.pick([0, 0, 0x0f00]));
  sel.view.setUint16(6, r.pick([0, 0, 4, 20]), true);
  sel.view.setInt16(8, r.pick([0, 0, 2, -14]), true);
  sel.view.setInt16(10, r.pick([0, 0, 12]), true);
  sel.view.setUint32(12, r.pick([0, 0, 0xff, 0xff000000]));
  return join([sel.u8, ...Array.from({ length: keys }, () => selectorKey(r))]);
}

function selectorKey(r: Random): Uint8Array {
  const key = Bytes.zeroed(16);
  key.view.setUint32(0, r.pick([0xffffffff, 0xff, 0]));
  key.view.setUint32(4, r.pick([0x0a000001, 6, 0]));
  key.view.setInt32(8, r.pick([0, 12, 16, -4]), true);
  key.view.setInt32(12, r.pick([0, 0, -1]), true);
  return key.u8;
}

/** The other end of a veth pair: a struct ifinfomsg, then attributes of a link. */
const peer = (r: Random): Uint8Array | undefined =>
  r.chance(0.1)
    ? undefined
    : join([
        ifinfomsg.bytes({ ifi_index: r.pick([0, 0, 0, 7, 3, -1]), ifi_flags: r.pick([0, 0, 1]) }),
        r.chance(0.7) ? join([Uint8Array.of(7, 0, 3, 0), fromLatin1(r.pick(['p0\0\0', 'v0\0\0', 'q1\0\0']))]) : nothing,
      ]);

const tables = [0x80000000, 0x80100000, 0x00100000, 0x00200000, 0x80000800, 0x80001000, 0x00100001, 0, 0xfff00000, 1];

const words: Vocabulary['words'] = {
  TCA_OPTIONS: plainOptions,
  TCA_CHAIN: oneOf(0, 0, 1, 1, 5, 0x0fffffff, 0x10000000),
  TCA_RATE: (r) =>
    r.pick([nothing, Uint8Array.of(0), Uint8Array.of(0, 2), Uint8Array.of(3, 5), Uint8Array.of(0xfd, 9)]),
  TCA_DUMP_FLAGS: (r) => join([u32Bytes(r.pick([1, 0, 2])), u32Bytes(r.pick([1, 0, 2]))]),
  TCA_INGRESS_BLOCK: oneOf(1, 1, 2, 7, 0, 0xffffffff),
  TCA_EGRESS_BLOCK: oneOf(2, 2, 1, 7, 0, 0xffffffff),
  TCA_BPF_OPS: classicProgram,
  TCA_BPF_CLASSID: oneOf(0x10001, 0x10002, 0, 0xffff0000, 0xffffffff),
  TCA_BPF_FD: oneOf(0xffffffff, 999, 998),
  TCA_BPF_NAME: textOf('name\0', 'x', '', `${'a'.repeat(256)}\0`, `${'a'.repeat(257)}\0`, 'ab\0cd'),
  TCA_BPF_FLAGS: oneOf(0, 1, 1, 1, 1, 2, 3, 0x80000000),
  TCA_BPF_FLAGS_GEN: oneOf(0, 1, 8, 16, 1, 2, 3, 4),
  TCA_U32_SEL: selector,
  TCA_U32_CLASSID: oneOf(0x10001, 0x10010, 0x10001, 0, 0x20001, 0xffffffff),
  TCA_U32_DIVISOR: oneOf(1, 2, 4, 256, 256, 256, 1, 3, 0, 257, 512, 0xffffffff),
  TCA_U32_HASH: oneOf(...tables),
  TCA_U32_LINK: oneOf(...tables),
  TCA_U32_INDEV: textOf('v0\0', 'v0', 'nosuch\0', ''),
  TCA_U32_FLAGS: oneOf(0, 1, 2, 3, 4, 8, 16),
  TCA_HTB_RTAB: (r) => new Uint8Array(r.pick([1024, 1024, 1024, 1024, 1024, 1024, 1023, 4, 0])),
  TCA_HTB_CTAB: (r) => new Uint8Array(r.pick([1024, 1024, 1024, 1024, 1024, 1024, 1023, 4, 0])),
  TCA_TBF_RTAB: (r) => new Uint8Array(r.pick([1024, 1024, 1024, 1024, 1024, 1024, 1023, 4, 0])),
  TCA_TBF_PTAB: (r) => new Uint8Array(r.pick([1024, 1024, 1024, 1024, 1024, 1024, 1023, 4, 0])),
  TCA_HTB_DIRECT_QLEN: oneOf(0, 1, 5, 1000, 0xffffffff),
  TCA_ACT_INDEX: oneOf(0, 1, 2, 77, 0xffffffff),
  IFLA_IFNAME: textOf(...linkNames, 'a'.repeat(16) + '\0', 'a b\0'),
  IFLA_ALT_IFNAME: textOf('alt0\0', 'alt1\0', 'v0\0', ''),
  IFLA_ADDRESS: textOf(...macs),
  IFLA_BROADCAST: textOf('\xff\xff\xff\xff\xff\xfe', '\xff\xff'),
  IFLA_MTU: oneOf(1400, 1500, 68, 67, 0, 65535, 65536, 70000, 0xffffffff),
  IFLA_TXQLEN: oneOf(0, 1, 50, 1000, 0x7fffffff, 0x80000000, 0xffffffff),
  IFLA_IFALIAS: textOf('alias\0', 'alias', '', 'a'.repeat(255), 'a'.repeat(256), 'a'.repeat(257)),
  IFLA_OPERSTATE: byteOf(0, 2, 5, 6, 7),
  IFLA_LINKMODE: byteOf(0, 1, 2),
  IFLA_GROUP: oneOf(0, 1, 7),
  IFLA_CARRIER: byteOf(0, 1),
  IFLA_PROTO_DOWN: byteOf(0, 1),
  IFLA_EXT_MASK: oneOf(0, 1, 8, 9),
  IFLA_NUM_TX_QUEUES: oneOf(1, 1, 4, 0, 4096, 4097),
  IFLA_NUM_RX_QUEUES: oneOf(1, 1, 4, 0, 4096, 4097),
  IFLA_MASTER: oneOf(0, 2, 99),
  IFLA_LINK: oneOf(2, 3),
  IFLA_GSO_MAX_SIZE: oneOf(65536, 30000, 0, 193, 192, 524280, 524281),
  IFLA_GSO_MAX_SEGS: oneOf(10, 65535, 65536, 0),
  IFLA_NEW_IFINDEX: oneOf(0, 1, 9, 0xffffffff),
  // Numbers of fds and processes that neither side has.
  IFLA_NET_NS_FD: oneOf(0xffffffff, 900),
  IFLA_NET_NS_PID: oneOf(0x7fffffff, 0xffffffff),
  IFLA_XDP_FD: oneOf(0xffffffff, 900),
  IFLA_XDP_EXPECTED_FD: oneOf(0xffffffff, 900),
  VETH_INFO_PEER: peer,
  IFLA_AF_SPEC: (r) =>
    nestOf([2, 10].filter(() => r.chance(0.5)).map((type) => ({ type, value: r.pick([nothing, r.bytes(8)]) }))),
};

/** How often an attribute comes: first those that hold for every message. */
const usage: Readonly<Record<string, number>> = {
  TCA_BPF_ACT: 0.06,
  TCA_BPF_POLICE: 0.01,
  TCA_BPF_CLASSID: 0.5,
  TCA_BPF_OPS_LEN: 0.95,
  TCA_BPF_OPS: 0.95,
  TCA_BPF_FD: 0.02,
  TCA_BPF_NAME: 0.05,
  TCA_BPF_FLAGS: 0.1,
  TCA_BPF_FLAGS_GEN: 0.08,
  TCA_U32_CLASSID: 0.6,
  TCA_U32_HASH: 0.06,
  TCA_U32_LINK: 0.05,
  TCA_U32_DIVISOR: 0.1,
  TCA_U32_SEL: 0.9,
  TCA_U32_POLICE: 0.02,
  TCA_U32_ACT: 0.15,
  TCA_U32_INDEV: 0.05,
  TCA_U32_MARK: 0.1,
  TCA_U32_FLAGS: 0.05,
  TCA_HTB_PARMS: 0.97,
  TCA_HTB_INIT: 0.97,
  TCA_HTB_RTAB: 0.85,
  TCA_HTB_CTAB: 0.85,
  TCA_HTB_DIRECT_QLEN: 0.2,
  TCA_HTB_RATE64: 0.05,
  TCA_HTB_CEIL64: 0.05,
  TCA_HTB_OFFLOAD: 0.03,
  TCA_TBF_PARMS: 0.95,
  TCA_TBF_RTAB: 0.85,
  TCA_TBF_PTAB: 0.3,
  TCA_TBF: 0.1,
  TCA_ACT_KIND: 0.97,
  TCA_ACT_OPTIONS: 0.95,
  TCA_ACT: 0.05,
  TCA_MIRRED_PARMS: 0.95,
  TCA_MIRRED: 0.02,
  TCA_POLICE: 0.2,
  IFLA: 0.035,
  IFLA_INFO_KIND: 0.95,
  IFLA_INFO_DATA: 0.5,
  IFLA_INFO: 0.03,
  VETH_INFO_PEER: 0.9,
};

const isType = (set: string, key: string): ((a: Attribute) => boolean) => {
  const type = typeOf(set, key);
  return (a) => (a.type & NLA_TYPE_MASK) === type;
};

const isOps = isType('TCA_BPF', 'OPS');
const isOpsLen = isType('TCA_BPF', 'OPS_LEN');

/** The number of instructions is that of the program, mostly. */
function countInstructions(r: Random, run: Attribute[]): Attribute[] {
  const ops = run.find(isOps)?.value;
  if (ops === undefined || isNest(ops) || r.chance(0.05)) return run;
  return run.map((a) => (isOpsLen(a) ? { ...a, value: u16Bytes(ops.length / 8) } : a));
}

/** The words of all messages, with those of one family before them. */
export const vocabulary = (r: Random, more: Partial<Pick<Vocabulary, 'usage' | 'words'>>): Vocabulary => ({
  r,
  usage: { ...usage, ...more.usage },
  words: { ...words, ...more.words },
  members,
  finish: { TCA_BPF: countInstructions },
});
