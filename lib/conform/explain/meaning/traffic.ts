// Meanings of traffic control: struct tcmsg, TCA_*, classifiers, actions, queueing disciplines, statistics.
import * as rt from '../../../uapi/linux/rtnetlink.js';
import * as sch from '../../../uapi/linux/pkt_sched.js';
import { TC_ACT_EXT_VAL_MASK, TC_ACT_GOTO_CHAIN, TC_ACT_JUMP } from '../../../uapi/linux/pkt_cls.js';
import type { Meanings, Told } from './meaning.js';

const isFilter = ({ type }: Told): boolean => (type & ~3) === rt.RTM_NEWTFILTER || (type & ~3) === rt.RTM_NEWCHAIN;
const isChain = ({ type }: Told): boolean => (type & ~3) === rt.RTM_NEWCHAIN;
const isQdisc = ({ type }: Told): boolean => (type & ~3) === rt.RTM_NEWQDISC;
const isNew = ({ type }: Told): boolean => (type & 3) === 0;

function interfaceMeaning({ number, isRequest }: Told): string {
  if (number >>> 0 === rt.TCM_IFINDEX_MAGIC_BLOCK) return 'a shared block, of which tcm_parent is the index';
  return number === 0 && isRequest ? 'no interface' : 'index of the interface';
}

function handleMeaning(told: Told): string | undefined {
  const { number, isRequest } = told;
  if (isChain(told)) return undefined;
  if (isFilter(told)) return number === 0 ? filterHandle0(told) : 'number of the filter, in the form of its kind';
  if (number === 0 && isRequest && isNew(told)) return 'the kernel chooses a handle';
  return isQdisc(told) ? 'the queueing discipline (major number)' : 'the class (major:minor)';
}

function filterHandle0(told: Told): string {
  if (!told.isRequest) return 'the head of a kind and priority, not a filter of it';
  return isNew(told) ? 'the kernel chooses a handle' : 'no filter in particular';
}

function parentMeaning({ number, isRequest }: Told): string {
  if (number === sch.TC_H_ROOT) return 'the root of the interface, where packets leave';
  if (number === sch.TC_H_CLSACT) return 'the place of clsact and ingress';
  if (number === 0xffff0000) return 'clsact or ingress';
  if (number === 0xfffffff2) return 'ingress of clsact: packets that come in';
  if (number === 0xfffffff3) return 'egress of clsact: packets that leave';
  if (number === 0) return isRequest ? 'no place given' : 'no parent';
  return 'the class or queueing discipline it hangs at';
}

function infoMeaning(told: Told): string | undefined {
  const { number, isRequest } = told;
  if (isChain(told)) return undefined;
  if (!isFilter(told)) return isRequest ? 'not read in requests' : 'number of references';
  const priority = number >>> 16;
  if (priority === 0 && isRequest) return isNew(told) ? 'the kernel chooses the priority' : 'any priority';
  return 'lower priorities are asked first; the protocol is the EtherType of packets that are looked at';
}

const returned: Readonly<Record<string, string>> = {
  '#0x0': 'no match: the next filter is asked',
  '#0xffffffff': 'match, with the class of TCA_BPF_CLASSID',
};

/** What the result of a classic program in a filter means. */
function classicResult({ value }: Told): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('ret #')) return undefined;
  const number = value.slice(4);
  const id = Number(number.slice(1));
  return returned[number] ?? `match, with class ${(id >>> 16).toString(16)}:${(id & 0xffff).toString(16)}`;
}

const verdicts: Readonly<Record<number, string>> = {
  [-1]: 'what is configured behind it decides',
  0: 'the packet goes on; no further filter is asked',
  1: 'classification starts again',
  2: 'the packet is dropped',
  3: 'the next action is asked',
  4: 'the packet is taken and forgotten',
  5: 'the packet is taken and queued elsewhere',
  6: 'the actions start again',
  7: 'the packet goes to another device',
  8: 'the packet goes to the processor instead of the hardware path',
};

function verdictMeaning({ number }: Told): string | undefined {
  if ((number & ~TC_ACT_EXT_VAL_MASK) === TC_ACT_GOTO_CHAIN) return 'classification goes on in that chain';
  if ((number & ~TC_ACT_EXT_VAL_MASK) === TC_ACT_JUMP) return 'so many actions are jumped over';
  return verdicts[number];
}

function actionResult({ value }: Told): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('ret #')) return undefined;
  return verdicts[Number(value.slice(5)) | 0];
}

/** Words of an IPv4 header without options, and the one behind it. */
const words: Readonly<Record<number, string>> = {
  0: 'from the network header: of IPv4, version, type of service and length',
  8: 'from the network header: of IPv4, time to live, protocol and checksum',
  12: 'from the network header: of IPv4, the source address',
  16: 'from the network header: of IPv4, the destination address',
  20: 'from the network header: behind IPv4 without options, the ports',
};

const actionIndex = ({ number }: Told): string =>
  number === 0 ? 'the kernel chooses a number' : 'number of the action';

const kindMeaning = (told: Told): string => {
  const kind = typeof told.value === 'string' ? told.value : '';
  const what = isFilter(told) ? 'classifier' : 'queueing discipline';
  return kind === '' ? `no ${what} named` : `the ${what} that TCA_OPTIONS is for`;
};

export const trafficMeanings: Meanings = {
  tcm_family: ({ number }) => (number === 0 ? undefined : 'not read'),
  tcm_ifindex: interfaceMeaning,
  tcm_handle: handleMeaning,
  tcm_parent: parentMeaning,
  tcm_info: infoMeaning,
  TCA_KIND: kindMeaning,
  TCA_OPTIONS: 'what the kind is configured with',
  TCA_STATS: 'counters, in the form of old',
  TCA_STATS2: 'counters',
  TCA_XSTATS: 'counters that only this kind has',
  TCA_RATE: 'measures the rate',
  TCA_CHAIN: ({ number }) => (number === 0 ? 'the chain that packets start in' : 'a chain that goto_chain leads to'),
  TCA_FCNT: 'how many were deleted',
  TCA_STAB: 'packets are counted with the sizes of this table',
  TCA_DUMP_INVISIBLE: 'list default queueing disciplines, too',
  TCA_HW_OFFLOAD: ({ number }) => (number === 0 ? 'done in software' : 'done by the device'),
  TCA_INGRESS_BLOCK: 'ingress shares the filters of this block',
  TCA_EGRESS_BLOCK: 'egress shares the filters of this block',
  TCA_DUMP_FLAGS: 'how much to list of each filter',
  TCA_EXT_WARN_MSG: 'a warning of the kernel about the request',
  TCA_BPF_ACT: 'actions for packets that match',
  TCA_BPF_CLASSID: 'the class of packets that match',
  TCA_BPF_OPS_LEN: 'number of instructions in TCA_BPF_OPS',
  TCA_BPF_OPS: 'a program of classic BPF',
  TCA_BPF_FD: 'file descriptor of a loaded eBPF program (type SCHED_CLS), in the sending process',
  TCA_BPF_NAME: 'a name for listings; no meaning to the kernel',
  TCA_BPF_FLAGS: ({ number }) =>
    (number & 1) !== 0 ? 'direct action: what the program returns is the verdict' : 'the program returns a class',
  TCA_BPF_FLAGS_GEN: 'what hardware does and may do',
  TCA_BPF_TAG: 'hash of the instructions',
  TCA_BPF_ID: 'number of the loaded program',
  'TCA_BPF_OPS ret': classicResult,
  TCA_ACT_BPF_OPS_LEN: 'number of instructions in TCA_ACT_BPF_OPS',
  TCA_ACT_BPF_OPS: 'a program of classic BPF',
  TCA_ACT_BPF_FD: 'file descriptor of a loaded eBPF program (type SCHED_ACT), in the sending process',
  TCA_ACT_BPF_NAME: 'a name for listings; no meaning to the kernel',
  TCA_ACT_BPF_TAG: 'hash of the instructions',
  TCA_ACT_BPF_ID: 'number of the loaded program',
  'TCA_ACT_BPF_OPS ret': actionResult,
  TCA_U32_CLASSID: 'the class of packets that match',
  TCA_U32_HASH: 'the table and bucket the filter goes into',
  TCA_U32_LINK: 'the table where matching goes on',
  TCA_U32_DIVISOR: 'makes a table with so many buckets',
  TCA_U32_SEL: 'which words of the packet are compared with what',
  TCA_U32_ACT: 'actions for packets that match',
  TCA_U32_INDEV: 'only packets that came in by this interface',
  TCA_U32_PCNT: 'how often it was asked and matched, and each key',
  TCA_U32_MARK: 'only packets with this mark',
  TCA_U32_FLAGS: 'what hardware does and may do',
  'tc_u32_sel flags': ({ number }) => ((number & 1) !== 0 ? 'a match ends the search' : undefined),
  'tc_u32_sel nkeys': 'number of keys that follow',
  'tc_u32_key mask': 'bits that are compared',
  'tc_u32_key val': 'what they must be',
  'tc_u32_key off': ({ number }) => words[number] ?? 'where the word is, from the network header',
  TCA_MATCHALL_CLASSID: 'the class of all packets',
  TCA_MATCHALL_ACT: 'actions for all packets',
  TCA_MATCHALL_FLAGS: 'what hardware does and may do',
  TCA_FLOWER_CLASSID: 'the class of packets that match',
  TCA_FLOWER_ACT: 'actions for packets that match',
  TCA_FLOWER_FLAGS: 'what hardware does and may do',
  TCA_FLOWER_INDEV: 'only packets that came in by this interface',
  TCA_ACT_KIND: 'the action that TCA_ACT_OPTIONS is for',
  TCA_ACT_OPTIONS: 'what the action is configured with',
  TCA_ACT_INDEX: 'number of the action within its kind',
  TCA_ACT_STATS: 'counters',
  TCA_ACT_COOKIE: 'bytes that are handed back in listings',
  TCA_ACT_FLAGS: 'how the action counts, and where it runs',
  TCA_ACT_IN_HW_COUNT: 'devices that do it in hardware',
  TCA_ROOT_TAB: 'the actions',
  TCA_ROOT_FLAGS: 'how to list',
  TCA_ROOT_COUNT: 'actions in this message',
  TCA_ROOT_TIME_DELTA: 'only actions used within so many milliseconds',
  'tc_gact action': verdictMeaning,
  'tc_gact_p paction': verdictMeaning,
  'tc_mirred action': verdictMeaning,
  'tc_act_bpf action': verdictMeaning,
  'tc_police action': verdictMeaning,
  'tc_skbedit action': verdictMeaning,
  'tc_vlan action': verdictMeaning,
  'tc_csum action': verdictMeaning,
  TCA_POLICE_RESULT: verdictMeaning,
  'tc_mirred ifindex': 'the interface packets go to',
  'tc_mirred index': actionIndex,
  'tc_gact index': actionIndex,
  'tc_act_bpf index': actionIndex,
  'tc_police index': actionIndex,
  'tc_skbedit index': actionIndex,
  'tc_vlan index': actionIndex,
  'tc_csum index': actionIndex,
  refcnt: ({ isRequest }) => (isRequest ? 'not read in requests' : 'who holds the action'),
  bindcnt: ({ isRequest }) => (isRequest ? 'not read in requests' : 'filters that hold it'),
  TCA_HTB_PARMS: 'rate and ceiling of the class',
  TCA_HTB_INIT: 'settings of the whole tree',
  TCA_HTB_RTAB: 'times by packet size at the rate; read only where tc_ratespec names no link layer',
  TCA_HTB_CTAB: 'times by packet size at the ceiling; read only where tc_ratespec names no link layer',
  TCA_HTB_RATE64: 'the rate, where 32 bits do not suffice',
  TCA_HTB_CEIL64: 'the ceiling, where 32 bits do not suffice',
  TCA_HTB_DIRECT_QLEN: 'packets of no class that may wait',
  'tc_htb_glob version': ({ number }) => (number === sch.TC_HTB_PROTOVER ? undefined : 'must be 3'),
  buffer: 'burst, as the time it takes at the rate',
  defcls: ({ number }) =>
    number === 0 ? 'packets of no class are not shaped' : 'minor number of the class for all other packets',
  cbuffer: 'burst at the ceiling, as the time it takes',
  quantum: 'bytes a class sends in its turn',
  TCA_TBF_PARMS: 'rate, burst and limit',
  TCA_FQ_CODEL_TARGET: 'delay that is acceptable',
  TCA_FQ_CODEL_INTERVAL: 'how long it may be above that',
  TCA_FQ_CODEL_LIMIT: 'packets that may wait',
  TCA_FQ_CODEL_FLOWS: 'number of queues',
  TCA_FQ_CODEL_ECN: 'mark instead of drop',
  TCA_FQ_CODEL_QUANTUM: 'bytes a flow sends in its turn',
  bands: 'number of bands',
  priomap: 'band of each priority, 0 to 15',
  TCA_STATS_BASIC: 'bytes and packets',
  TCA_STATS_QUEUE: 'the queue: waiting, dropped, put back',
  TCA_STATS_RATE_EST: 'rate measured, a second',
  TCA_STATS_BASIC_HW: 'the part done by hardware',
  TCA_STATS_PKT64: 'packets, in 64 bits',
  TCA_STATS_APP: 'counters that only this kind has',
};
