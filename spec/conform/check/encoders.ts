// Encoders that get one thing wrong: each row of the table spoils one of the correct requests in one place, and names what is
// to be found.
import { codeNumbers as C } from '../../../lib/conform/check/index.js';
import { u16 } from '../../../lib/codec/scalar.js';
import { FRA } from '../../../lib/uapi/linux/fib_rules.js';
import * as A from '../../../lib/uapi/linux/if_addr.js';
import { IFLA, IFLA_INFO } from '../../../lib/uapi/linux/if_link.js';
import { NDA } from '../../../lib/uapi/linux/neighbour.js';
import * as N from '../../../lib/uapi/linux/netlink.js';
import * as P from '../../../lib/uapi/linux/pkt_cls.js';
import * as Q from '../../../lib/uapi/linux/pkt_sched.js';
import * as O from '../../../lib/uapi/linux/route.js';
import * as R from '../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../lib/uapi/linux/socket.js';
import { tc_gact, TCA_GACT } from '../../../lib/uapi/linux/tc_act/tc_gact.js';
import { TCA_MIRRED } from '../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { VETH_INFO } from '../../../lib/uapi/linux/veth.js';
import { type Attribute, encode, isNest, type Message } from '../../../tools/oracle/fuzz/message.js';
import { a, ACK, ADD, DUMP, encoded, kind, options } from '../../linux/refusals/build.js';
import { rateOf } from '../../linux/net/sched/shaping.js';
import {
  actions,
  gact,
  gactParms,
  glob,
  mac,
  program,
  redParms,
  selector,
  sfqOptions,
  bits,
  NESTED,
  NET_BYTEORDER,
  originals,
} from './originals.js';

const { TCA, TCA_ROOT } = R;
const { TCA_ACT } = P;

type Name = keyof typeof originals;
type Path = readonly number[];

/** A request in which the attributes at a path are others. */
function edit(within: Message, [first, ...rest]: Path, change: (one: Attribute) => readonly Attribute[]): Message {
  const inList = (list: readonly Attribute[], type: number, further: Path): readonly Attribute[] =>
    list.flatMap((one) => {
      if ((one.type & 0x3fff) !== type) return [one];
      if (further.length === 0) return change(one);
      if (!isNest(one.value)) throw new Error(`${type} is no nest`);
      const inside = inList(one.value.attributes, further[0]!, further.slice(1));
      return [{ ...one, value: { ...one.value, attributes: inside } }];
    });
  return { ...within, attributes: inList(within.attributes, first!, rest) };
}

type Spoil = (from: Message) => Message | Uint8Array;

const value =
  (path: Path, bytes: Uint8Array | number | string): Spoil =>
  (from) =>
    edit(from, path, (one) => [a(one.type, bytes)]);
const without =
  (path: Path): Spoil =>
  (from) =>
    edit(from, path, () => []);
const withAlso =
  (...more: readonly Attribute[]): Spoil =>
  (from) => ({ ...from, attributes: [...from.attributes, ...more] });
const alsoIn =
  (path: Path, ...more: readonly Attribute[]): Spoil =>
  (from) =>
    edit(from, path, (one) => {
      if (!isNest(one.value)) throw new Error('no nest');
      return [{ ...one, value: { ...one.value, attributes: [...one.value.attributes, ...more] } }];
    });
const typed =
  (path: Path, type: number): Spoil =>
  (from) =>
    edit(from, path, (one) => [{ ...one, type }]);
const flags =
  (set: number): Spoil =>
  (from) => ({ ...from, flags: set });
const head =
  (offset: number, ...bytes: readonly number[]): Spoil =>
  (from) => {
    const changed = from.head.slice();
    changed.set(bytes, offset);
    return { ...from, head: changed };
  };

/** Bytes of the encoded request. */
const raw =
  (change: (bytes: Uint8Array, view: DataView) => Uint8Array | undefined): Spoil =>
  (from) => {
    const bytes = encode(from);
    return change(bytes, new DataView(bytes.buffer, bytes.byteOffset)) ?? bytes;
  };

/** Offset of an attribute of the encoded request by its payload's beginning. */
function find(bytes: Uint8Array, type: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 16; at + 4 <= bytes.length; at += 4) {
    const length = view.getUint16(at, true);
    if ((view.getUint16(at + 2, true) & 0x3fff) === type && length >= 4 && at + length <= bytes.length) return at;
  }
  throw new Error(`no attribute ${type}`);
}

const lengthOf = (type: number, change: (length: number) => number): Spoil =>
  raw((bytes, view) => {
    const at = find(bytes, type);
    view.setUint16(at, change(view.getUint16(at, true)), true);
    return undefined;
  });

const truncated = (by: number): Spoil => raw((bytes) => bytes.subarray(0, bytes.length - by));
const setLength = (length: number): Spoil =>
  raw((_, view) => {
    view.setUint32(0, length, true);
    return undefined;
  });

/** The padding behind the first attribute whose payload is no multiple of four, taken out. */
const unpadded = (type: number): Spoil =>
  raw((bytes, view) => {
    const at = find(bytes, type);
    const end = at + view.getUint16(at, true);
    const next = (end + 3) & ~3;
    const out = Uint8Array.of(...bytes.subarray(0, end), ...bytes.subarray(next));
    new DataView(out.buffer).setUint32(0, out.length, true);
    return out;
  });

const dirty = (type: number): Spoil =>
  raw((bytes, view) => {
    const at = find(bytes, type);
    bytes[at + view.getUint16(at, true)] = 0xee;
    return undefined;
  });

const words32 = (...list: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(list).buffer);

const redBy = (change: Partial<Parameters<typeof Q.tc_red_qopt.bytes>[0]>): Spoil =>
  value([TCA.OPTIONS.type, Q.TCA_RED.PARMS.type], Q.tc_red_qopt.bytes({ ...redParms, ...change }));
const sfqBy = (change: Partial<Parameters<typeof Q.tc_sfq_qopt.bytes>[0]>): Spoil =>
  value([TCA.OPTIONS.type], Q.tc_sfq_qopt.bytes({ ...sfqOptions, ...change }));

/** Two requests, the first of which ends without padding of its own. */
const twoMessages = (padding: number): Spoil =>
  raw((bytes, view) => {
    const at = find(bytes, TCA.KIND.type);
    const end = at + view.getUint16(at, true);
    view.setUint32(0, end, true);
    bytes[end] = padding;
    return Uint8Array.of(...bytes, ...encode(originals.linkDump.request));
  });

export interface Faulty {
  readonly name: string;
  readonly from: Name;
  readonly spoil: Spoil;
  readonly code: string;
}

const rows: readonly (readonly [string, Name, Spoil, string])[] = [
  ['a datagram of 12 bytes', 'getLink', raw((bytes) => bytes.subarray(0, 12)), C.shortDatagram],
  ['nlmsg_len without the header', 'clsact', setLength(8), C.shortMessage],
  ['nlmsg_len too great', 'clsact', setLength(400), C.messageBeyondDatagram],
  ['a truncated tail', 'bpf', truncated(4), C.messageBeyondDatagram],
  ['bytes behind the message', 'clsact', raw((bytes) => Uint8Array.of(...bytes, 0, 0, 0, 0)), C.trailingBytes],
  ['padding of a message with memory in it', 'clsact', twoMessages(0xee), C.messagePadding],
  ['NLM_F_REQUEST forgotten', 'clsact', flags(0x604), C.notARequest],
  ['NLMSG_DONE as a type', 'clsact', (from) => ({ ...from, type: N.NLMSG_DONE }), C.controlType],
  ['a type that is none', 'clsact', (from) => ({ ...from, type: 200 }), C.unknownType],
  [
    'the header alone',
    'getLink',
    raw((bytes, view) => {
      view.setUint32(0, 16, true);
      return bytes.subarray(0, 16);
    }),
    C.noPayload,
  ],
  ['a flag that is none', 'clsact', flags(ADD | 0x8000), C.unknownFlag],
  ['a stale NLM_F_MULTI', 'getLink', flags(ACK | N.NLM_F_MULTI), C.uselessFlag],
  [
    'NLM_F_REPLACE for a filter',
    'bpf',
    flags(N.NLM_F_REQUEST | N.NLM_F_ACK | N.NLM_F_CREATE | N.NLM_F_REPLACE),
    C.uselessFlag,
  ],
  ['NLM_F_BULK', 'delQdisc', flags(ACK | N.NLM_F_BULK), C.bulkDelete],
  ['an acknowledgement of a dump', 'linkDump', flags(DUMP | N.NLM_F_ACK), C.ackOfDump],

  ['nla_len of 0', 'bpf', lengthOf(P.TCA_BPF.OPS.type, () => 0), C.attributeLengthShort],
  ['nla_len without the header', 'chain', lengthOf(TCA.CHAIN.type, () => 3), C.attributeLengthShort],
  ['nla_len beyond its nest', 'bpf', lengthOf(P.TCA_BPF.OPS.type, (length) => length + 16), C.attributeBeyondEnd],
  ['a nest that ends too early', 'u32', lengthOf(TCA.OPTIONS.type, (length) => length - 4), C.attributeBeyondEnd],
  ['a nest beyond the message', 'bpf', lengthOf(TCA.OPTIONS.type, (length) => length + 8), C.attributeBeyondEnd],
  ['a kind as bare text in a nest', 'veth', value([IFLA.LINKINFO.type], 'veth'), C.attributeBeyondEnd],
  [
    'a rest in a nest',
    'gact',
    value([TCA_ROOT.TAB.type, 1, TCA_ACT.OPTIONS.type], Uint8Array.of(24, 0, 2, 0, ...gactParms, 1, 2)),
    C.leftoverBytes,
  ],
  ['padding with memory in it', 'clsact', dirty(TCA.KIND.type), C.dirtyPadding],
  ['padding forgotten', 'flower', unpadded(TCA.KIND.type), C.missingPadding],
  ['padding forgotten in a link', 'veth', unpadded(IFLA.ADDRESS.type), C.missingPadding],
  ['an attribute twice', 'clsact', withAlso(kind('clsact')), C.duplicate],
  ['an attribute that is none', 'clsact', withAlso(a(99, 1)), C.unknownAttribute],
  ['another type than meant', 'bpf', typed([TCA.OPTIONS.type, P.TCA_BPF.OPS.type], 77), C.unknownAttribute],
  ['an attribute of dumps', 'clsact', withAlso(a(TCA.STATS, new Uint8Array(40))), C.dumpOnly],
  ['a name of a classic program', 'bpf', alsoIn([TCA.OPTIONS.type], a(P.TCA_BPF.NAME, 'prog')), C.unread],
  ['options of a deletion', 'delQdisc', withAlso(options()), C.unread],
  ['NLA_F_NESTED on a string', 'clsact', typed([TCA.KIND.type], TCA.KIND.type | NESTED), C.nestedFlag],
  ['NLA_F_NET_BYTEORDER', 'chain', typed([TCA.CHAIN.type], TCA.CHAIN.type | NET_BYTEORDER), C.byteorderFlag],
  [
    'NLA_F_NESTED forgotten where it matters',
    'linkProp',
    typed([IFLA.PROP_LIST.type], IFLA.PROP_LIST.type),
    C.nestedFlagMissing,
  ],
  ['exchanged bytes of nla_len', 'chain', lengthOf(TCA.CHAIN.type, (length) => length << 8), C.swappedHeader],
  ['an attribute that selects nothing', 'linkDump', withAlso(a(IFLA.MTU, 1500)), C.unsupportedStrictly],
  ['an attribute of an address dump', 'addrDump', withAlso(a(A.IFA.LABEL, 'v0')), C.unsupportedStrictly],

  ['a chain of 16 bits', 'chain', value([TCA.CHAIN.type], encoded(u16, 5)), C.shortInteger],
  ['an MTU of 16 bits', 'setLink', value([IFLA.MTU.type], encoded(u16, 1400)), C.shortInteger],
  ['a number of instructions of 32 bits', 'bpf', value([TCA.OPTIONS.type, P.TCA_BPF.OPS_LEN.type], 4), C.longInteger],
  ['a kind of no bytes', 'clsact', value([TCA.KIND.type], new Uint8Array()), C.emptyString],
  ['a name of 16 characters', 'veth', value([IFLA.IFNAME.type], 'abcdefghijklmnop'), C.longString],
  ['a NUL forgotten', 'veth', value([IFLA.PARENT_DEV_NAME.type], Uint8Array.of(112, 99, 105)), C.missingNul],
  [
    'a cookie of 17 bytes',
    'gact',
    value([TCA_ROOT.TAB.type, 1, TCA_ACT.COOKIE.type], new Uint8Array(17)),
    C.longBinary,
  ],
  ['a struct cut short', 'htb', value([TCA.OPTIONS.type, Q.TCA_HTB.INIT.type], glob.subarray(0, 16)), C.shortStruct],
  [
    'the options of prio cut short',
    'prio',
    value([TCA.OPTIONS.type], Q.tc_prio_qopt.bytes({ bands: 3 }).subarray(0, 8)),
    C.shortStruct,
  ],
  [
    'a peer without its header',
    'veth',
    value([IFLA.LINKINFO.type, IFLA_INFO.DATA.type, VETH_INFO.PEER.type], new Uint8Array(8)),
    C.shortStruct,
  ],
  ['a flag with a value', 'qdiscDump', value([TCA.DUMP_INVISIBLE.type], 1), C.flagWithPayload],
  ['a nest of 2 bytes', 'veth', value([IFLA.LINKINFO.type], Uint8Array.of(1, 2)), C.shortNest],
  ['flags of 32 bits', 'gact', value([TCA_ROOT.TAB.type, 1, TCA_ACT.FLAGS.type], 1), C.bitfieldSize],
  [
    'flags that are not selected',
    'gact',
    value([TCA_ROOT.TAB.type, 1, TCA_ACT.FLAGS.type], bits(1, 0)),
    C.bitfieldBits,
  ],
  [
    'block 0',
    'mirredBlock',
    value([TCA_ROOT.TAB.type, 1, TCA_ACT.OPTIONS.type, TCA_MIRRED.BLOCKID.type], 0),
    C.outOfRange,
  ],
  [
    'fragments in host order',
    'flower',
    value([TCA.OPTIONS.type, P.TCA_FLOWER.KEY_FLAGS.type], Uint8Array.of(1, 0, 0, 0)),
    C.reservedBits,
  ],
  ['an address of the factory', 'setLink', withAlso(a(IFLA.PERM_ADDRESS, mac(1))), C.rejected],
  ['an integer of 64 bits where it matters', 'linkProp', value([IFLA.MTU.type], new Uint8Array(8)), C.inexactInteger],
  [
    'a struct and more',
    'gact',
    value([TCA_ROOT.TAB.type, 1, TCA_ACT.OPTIONS.type, TCA_GACT.PARMS.type], Uint8Array.of(...gactParms, 0, 0, 0, 0)),
    C.longStruct,
  ],

  [
    'a header cut short',
    'clsact',
    (from) => ({ ...from, head: from.head.subarray(0, 16), attributes: [] }),
    C.shortHeader,
  ],
  ['ifi_change of all ones', 'linkDump', head(12, 255, 255, 255, 255), C.strictHeader],
  ['a prefix length in a dump', 'addrDump', head(1, 24), C.strictHeader],
  ['a prefix length in a dump of routes', 'routeDump', head(1, 24), C.strictHeader],
  ['memory in the padding of the header', 'clsact', head(2, 0xff, 0xff), C.headerPadding],
  ['no table of actions', 'gact', without([TCA_ROOT.TAB.type]), C.missingAttribute],
  ['no kind of an action', 'gact', without([TCA_ROOT.TAB.type, 1, TCA_ACT.KIND.type]), C.missingAttribute],
  ['no options of mirred', 'mirred', without([TCA_ROOT.TAB.type, 1, TCA_ACT.OPTIONS.type]), C.missingAttribute],
  ['no program', 'bpf', without([TCA.OPTIONS.type, P.TCA_BPF.OPS.type]), C.missingAttribute],
  ['no selector', 'u32', without([TCA.OPTIONS.type, P.TCA_U32.SEL.type]), C.missingAttribute],
  ['no kind of a qdisc', 'clsact', without([TCA.KIND.type]), C.missingAttribute],
  ['no mask of flags', 'flower', without([TCA.OPTIONS.type, P.TCA_FLOWER.KEY_FLAGS_MASK.type]), C.missingAttribute],
  ['no local address', 'addr4', without([A.IFA.LOCAL.type]), C.missingAttribute],
  ['no address of IPv6', 'addr6', without([A.IFA6.LOCAL.type]), C.missingAttribute],
  ['a prefix without its address', 'rule', without([FRA.SRC.type]), C.missingAttribute],
  ['no neighbour', 'getNeigh', without([NDA.DST.type]), C.missingAttribute],
  ['no index and no name', 'delLink', head(4, 0), C.missingAttribute],
  ['both instructions and an fd', 'bpf', alsoIn([TCA.OPTIONS.type], a(P.TCA_BPF.FD, 5)), C.exclusiveAttributes],
  [
    'two ways to name a namespace',
    'setLink',
    withAlso(a(IFLA.NET_NS_PID, 100), a(IFLA.NET_NS_FD, 5)),
    C.exclusiveAttributes,
  ],
  ['priority 0', 'getFilter', head(16, 0, 3, 0, 0), C.badField],
  ['a handle without its shift', 'tbf', head(8, 1, 0, 0, 0), C.badField],
  ['a prefix of 33 bits', 'addr4', head(1, 33), C.badField],
  ['bits behind the prefix', 'route', head(1, 16), C.badField],
  ['congestion bits', 'route', head(3, 1), C.badField],
  ['no device of a neighbour', 'neigh', head(4, 0), C.badField],
  ['an index below 0', 'veth', head(4, 0xfb, 0xff, 0xff, 0xff), C.noSuchIndex],
  ['a kind of 16 characters', 'bpf', value([TCA.KIND.type], 'abcdefghijklmnop'), C.longName],
  ['a chain above the limit', 'chain', value([TCA.CHAIN.type], 0x10000000), C.badValue],
  [
    'a lifetime of 0',
    'addr4',
    value([A.IFA.CACHEINFO.type], A.ifa_cacheinfo.bytes({ ifa_prefered: 0, ifa_valid: 0 })),
    C.badValue,
  ],
  ['no queue', 'veth', value([IFLA.NUM_TX_QUEUES.type], 0), C.badValue],
  ['too many flows', 'fqCodel', value([TCA.OPTIONS.type, Q.TCA_FQ_CODEL.FLOWS.type], 70000), C.badValue],
  ['the address of a group', 'veth', value([IFLA.ADDRESS.type], Uint8Array.of(1, 0, 0, 0, 0, 1)), C.badValue],
  ['device 0', 'clsact', head(4, 0), C.noSuchIndex],
  ['device 0 of an address', 'addr4', head(4, 0), C.noSuchIndex],
  ['a template of bpf', 'chain', withAlso(kind('bpf')), C.unsupported],
  ['a family without rules', 'rule', head(0, 5), C.unsupported],
  ['an address of 5 bytes', 'veth', value([IFLA.ADDRESS.type], mac(9).subarray(0, 5)), C.badAddressLength],
  ['an address of the other family', 'neigh', head(0, AF_INET6), C.badAddressLength],
  ['NLM_F_EXCL for a change', 'tbfChange', flags(ACK | N.NLM_F_EXCL), C.flagRefused],

  [
    'a number of instructions that is wrong',
    'bpf',
    value([TCA.OPTIONS.type, P.TCA_BPF.OPS_LEN.type], encoded(u16, 5)),
    C.countMismatch,
  ],
  [
    'a number of instructions in network order',
    'bpf',
    value([TCA.OPTIONS.type, P.TCA_BPF.OPS_LEN.type], Uint8Array.of(0, 4)),
    C.countMismatch,
  ],
  [
    'a program without a return',
    'bpf',
    value([TCA.OPTIONS.type, P.TCA_BPF.OPS.type], program.slice().fill(0, 24, 25)),
    C.classicProgram,
  ],
  [
    'a jump behind the end',
    'bpf',
    value([TCA.OPTIONS.type, P.TCA_BPF.OPS.type], program.slice().fill(9, 11, 12)),
    C.classicProgram,
  ],
  [
    '33 actions',
    'gact',
    () => actions(R.RTM_NEWACTION, ADD, ...Array.from({ length: 33 }, () => gact)),
    C.tooManyActions,
  ],
  ['actions from 0', 'delGact', typed([TCA_ROOT.TAB.type, 1], 0), C.actionGap],
  [
    'a rate without its table',
    'police',
    without([TCA_ROOT.TAB.type, 1, TCA_ACT.OPTIONS.type, P.TCA_POLICE.RATE.type]),
    C.rateTable,
  ],
  [
    'a size table that is too short',
    'htb',
    value([TCA.STAB.type, Q.TCA_STAB.DATA.type], Uint8Array.of(1, 0)),
    C.sizeTable,
  ],
  [
    'a rate of 0',
    'htbClass',
    value([TCA.OPTIONS.type, Q.TCA_HTB.PARMS.type], Q.tc_htb_opt.bytes({ rate: rateOf(0), ceil: rateOf(125000) })),
    C.zeroRate,
  ],
  [
    'a bucket of 0',
    'tbf',
    value([TCA.OPTIONS.type, Q.TCA_TBF.PARMS.type], Q.tc_tbf_qopt.bytes({ rate: rateOf(125000), limit: 3000 })),
    C.zeroRate,
  ],
  [
    'a verdict that is none',
    'gact',
    value([TCA_ROOT.TAB.type, 1, TCA_ACT.OPTIONS.type, TCA_GACT.PARMS.type], tc_gact.bytes({ action: 100 })),
    C.verdict,
  ],
  ['an estimator that is none', 'htbClass', value([TCA.RATE.type], Uint8Array.of(9, 0)), C.estimator],
  [
    'two keys announced, one sent',
    'u32',
    value([TCA.OPTIONS.type, P.TCA_U32.SEL.type], selector.slice().fill(2, 2, 3)),
    C.selectorKeys,
  ],
  ['three buckets', 'u32Table', value([TCA.OPTIONS.type, P.TCA_U32.DIVISOR.type], 3), C.divisor],
  ['one band', 'prio', value([TCA.OPTIONS.type], Q.tc_prio_qopt.bytes({ bands: 1 })), C.priorities],
  [
    'the version that a dump shows',
    'htb',
    value([TCA.OPTIONS.type, Q.TCA_HTB.INIT.type], Q.tc_htb_glob.bytes({ version: 0x30011, rate2quantum: 10 })),
    C.version,
  ],
  [
    'a table nobody needs',
    'tbf',
    alsoIn([TCA.OPTIONS.type], a(Q.TCA_TBF.RTAB, new Uint8Array(Q.TC_RTAB_SIZE))),
    C.needlessTable,
  ],
  ['red without its table', 'red', without([TCA.OPTIONS.type, Q.TCA_RED.STAB.type]), C.missingAttribute],
  ['thresholds of red exchanged', 'red', redBy({ qth_min: 20000, qth_max: 5000 }), C.badValue],
  ['an average of red that does not fit', 'red', redBy({ Wlog: 30 }), C.badValue],
  ['a cell of red beyond 32 bits', 'red', redBy({ Scell_log: 32 }), C.badValue],
  [
    'a table of red in another unit',
    'red',
    value([TCA.OPTIONS.type, Q.TCA_RED.STAB.type], new Uint8Array(Q.RED_STAB_SIZE).fill(64)),
    C.badValue,
  ],
  [
    'nodrop without ECN',
    'red',
    alsoIn([TCA.OPTIONS.type], a(Q.TCA_RED.FLAGS, bits(Q.TC_RED_NODROP, Q.TC_RED_NODROP))),
    C.badValue,
  ],
  [
    'flags of red in both ways',
    'red',
    (from) => alsoIn([TCA.OPTIONS.type], a(Q.TCA_RED.FLAGS, bits(1, 1)))(redBy({ flags: 1 })(from) as Message),
    C.exclusiveAttributes,
  ],
  ['a probability of 16 bits', 'red', alsoIn([TCA.OPTIONS.type], a(Q.TCA_RED.MAX_P, encoded(u16, 9))), C.shortInteger],
  ['flags of red that are none', 'red', alsoIn([TCA.OPTIONS.type], a(Q.TCA_RED.FLAGS, bits(32, 32))), C.bitfieldBits],
  ['block 0 of red', 'red', alsoIn([TCA.OPTIONS.type], a(Q.TCA_RED.EARLY_DROP_BLOCK, 0)), C.badValue],
  ['a number of flows as the divisor', 'sfq', sfqBy({ divisor: 1000 }), C.badValue],
  ['a negative quantum', 'sfq', sfqBy({ quantum: 0xffffffff }), C.badValue],
  ['a negative period', 'sfq', sfqBy({ perturb_period: -1 }), C.badValue],
  ['a queue of one packet', 'sfq', sfqBy({ limit: 1 }), C.badValue],
  ['sfq cut short', 'sfq', value([TCA.OPTIONS.type], new Uint8Array(8)), C.shortStruct],
  ['a quantum of 0', 'drrClass', value([TCA.OPTIONS.type, Q.TCA_DRR.QUANTUM.type], 0), C.badValue],
  [
    'a quantum of 16 bits',
    'drrClass',
    value([TCA.OPTIONS.type, Q.TCA_DRR.QUANTUM.type], encoded(u16, 1500)),
    C.shortInteger,
  ],
  ['no options of a drr class', 'drrClass', without([TCA.OPTIONS.type]), C.missingAttribute],

  ['a rule that jumps without a target', 'rule', head(7, 2), C.missingAttribute],
  ['a target of a rule that does not jump', 'rule', withAlso(a(FRA.GOTO, 200)), C.exclusiveAttributes],
  ['a jump backwards', 'rule', (from) => withAlso(a(FRA.GOTO, 50))(head(7, 2)(from) as Message), C.badValue],
  ['users from the last to the first', 'rule', withAlso(a(FRA.UID_RANGE, words32(1000, 5))), C.badValue],
  ['ports in network order', 'rule', withAlso(a(FRA.SPORT_RANGE, Uint8Array.of(0, 90, 0, 80))), C.badValue],
  ['a mask without its ports', 'rule', withAlso(a(FRA.DPORT_MASK, encoded(u16, 0xff))), C.badValue],
  ['a flow label of IPv4', 'rule', withAlso(a(FRA.FLOWLABEL, Uint8Array.of(0, 0, 1, 0))), C.unsupported],
  [
    'a DSCP beside a tos',
    'rule',
    (from) => withAlso(a(FRA.DSCP, Uint8Array.of(4)))(head(3, 8)(from) as Message),
    C.exclusiveAttributes,
  ],
  ['a DSCP of 8 bits', 'rule', withAlso(a(FRA.DSCP, Uint8Array.of(0xb8))), C.outOfRange],
  ['a next hop of 16 bits', 'route', withAlso(a(O.RTA.NH_ID, encoded(u16, 1))), C.shortInteger],
  ['a next hop of 64 bits', 'neigh', withAlso(a(NDA.NH_ID, new Uint8Array(8))), C.inexactInteger],
  ['flags of a neighbour that are none', 'neigh', withAlso(a(NDA.FLAGS_EXT, 0x100)), C.reservedBits],
  ['an attribute of a dump of ports', 'portDump', withAlso(a(IFLA.MTU, 1500)), C.unsupportedStrictly],
  ['a device of a dump of ports', 'portDump', head(4, 3), C.strictHeader],
  ['two neighbours in a deletion', 'delNeigh', withAlso(a(NDA.DST, Uint8Array.of(10, 0, 0, 3))), C.duplicate],
  [
    'flags of matchall that are not for users',
    'matchall',
    value([TCA.OPTIONS.type, P.TCA_MATCHALL.FLAGS.type], 4),
    C.reservedBits,
  ],
  [
    'a type of an attribute in network order',
    'chain',
    typed([TCA.CHAIN.type], TCA.CHAIN.type << 8),
    C.unknownAttribute,
  ],
];

export const faulty: readonly Faulty[] = rows.map(([name, from, spoil, code]) => ({ name, from, spoil, code }));

export const bytesOf = (made: Message | Uint8Array): Uint8Array => (made instanceof Uint8Array ? made : encode(made));
