// include/uapi/linux/pkt_cls.h: verdicts, action attributes, classifier flags and the options of the classifiers.
import { attrs } from '../../codec/attrs.js';
import {
  atLeast,
  binary,
  bitfield32,
  int,
  bigEndian,
  intMask,
  intMax,
  nested,
  nlaU16,
  nlaU32,
  nlaU64,
  nlaU8,
  nulString,
  opaque,
  output,
  string,
  unchecked,
} from '../../codec/kind.js';
import { flagTable, nameTable } from '../../codec/names.js';
import { be16, be32, bytes, handle, s16, s32, u16, u32, u64, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';
import { BPF_MAXINSNS } from './bpf_common.js';
import { sock_filter } from './filter.js';
import { TC_RTAB_SIZE, tc_ratespec } from './pkt_sched.js';
import { IFNAMSIZ } from './if.js';
import { ETH_ALEN } from './if_ether.js';

export const TCA_ACT_MAX_PRIO = 32;

export const TCA_ACT_FLAGS_NO_PERCPU_STATS = 1;
export const TCA_ACT_FLAGS_SKIP_HW = 2;
export const TCA_ACT_FLAGS_SKIP_SW = 4;
export const TCA_ACT_HW_STATS_ANY = 3;

/** One action of a TCA_ACT_TAB or TCA_BPF_ACT; input policy of net/sched/act_api.c tcf_action_policy. */
export const TCA_ACT = attrs('TCA_ACT', {
  KIND: [1, string()],
  OPTIONS: [2, nested],
  INDEX: [3, nlaU32],
  STATS: [4, unchecked, 'dump'],
  PAD: [5, unchecked, 'dump'],
  COOKIE: [6, binary(16)],
  FLAGS: [7, bitfield32(TCA_ACT_FLAGS_NO_PERCPU_STATS | TCA_ACT_FLAGS_SKIP_HW | TCA_ACT_FLAGS_SKIP_SW)],
  HW_STATS: [8, bitfield32(TCA_ACT_HW_STATS_ANY)],
  USED_HW_STATS: [9, unchecked, 'dump'],
  IN_HW_COUNT: [10, output(u32), 'dump'],
});

/** TCA_ACT_TAB: actions by position, one more than there may be; nobody judges their types. */
export const TCA_ACT_TAB = attrs('TCA_ACT_TAB', {}, TCA_ACT_MAX_PRIO + 1);

export const tcf_t = struct('tcf_t', { install: u64, lastuse: u64, expires: u64, firstuse: u64 });

export const TC_ACT_UNSPEC = -1;
export const TC_ACT_OK = 0;
export const TC_ACT_RECLASSIFY = 1;
export const TC_ACT_SHOT = 2;
export const TC_ACT_PIPE = 3;
export const TC_ACT_STOLEN = 4;
export const TC_ACT_QUEUED = 5;
export const TC_ACT_REPEAT = 6;
export const TC_ACT_REDIRECT = 7;
export const TC_ACT_TRAP = 8;
export const tcAct = nameTable({
  TC_ACT_UNSPEC, TC_ACT_OK, TC_ACT_RECLASSIFY, TC_ACT_SHOT, TC_ACT_PIPE, TC_ACT_STOLEN, TC_ACT_QUEUED, TC_ACT_REPEAT,
  TC_ACT_REDIRECT, TC_ACT_TRAP,
}); // prettier-ignore

export const TC_ACT_VALUE_MAX = TC_ACT_TRAP;

/** Bits of an extended verdict that hold its value: the greatest chain index. */
export const TC_ACT_EXT_VAL_MASK = 0x0fffffff;
export const TC_ACT_JUMP = 1 << 28;
export const TC_ACT_GOTO_CHAIN = 2 << 28;
export const TC_ACT_EXT_OPCODE_MAX = TC_ACT_GOTO_CHAIN;

/** The opcode of an extended verdict, a signed word; 0 = a plain verdict. */
export const TC_ACT_EXT_OPCODE = (combined: number): number => combined & ~TC_ACT_EXT_VAL_MASK;
export const TC_ACT_EXT_CMP = (code: number, opcode: number): boolean => TC_ACT_EXT_OPCODE(code) === opcode;

/** The members every action begins its parameters with (the macro tc_gen). */
export const tc_gen = { index: u32, capab: u32, action: s32, refcnt: s32, bindcnt: s32 };

export const tc_police = struct('tc_police', {
  index: u32,
  action: s32,
  limit: u32,
  burst: u32,
  mtu: u32,
  rate: bytes(tc_ratespec.size),
  peakrate: bytes(tc_ratespec.size),
  refcnt: s32,
  bindcnt: s32,
  capab: u32,
});

/** Options of a policer; input policy of net/sched/act_police.c police_policy. */
export const TCA_POLICE = attrs('TCA_POLICE', {
  TBF: [1, unchecked],
  RATE: [2, opaque(TC_RTAB_SIZE)],
  PEAKRATE: [3, opaque(TC_RTAB_SIZE)],
  AVRATE: [4, nlaU32],
  RESULT: [5, nlaU32],
  TM: [6, output(tcf_t), 'dump'],
  PAD: [7, unchecked, 'dump'],
  RATE64: [8, nlaU64],
  PEAKRATE64: [9, nlaU64],
  PKTRATE64: [10, nlaU64],
  PKTBURST64: [11, nlaU64],
});

export const TCA_CLS_FLAGS_SKIP_HW = 1;
export const TCA_CLS_FLAGS_SKIP_SW = 2;
export const TCA_CLS_FLAGS_IN_HW = 4;
export const TCA_CLS_FLAGS_NOT_IN_HW = 8;
export const TCA_CLS_FLAGS_VERBOSE = 16;

export const TCA_BPF_FLAG_ACT_DIRECT = 1;

/** Longest name of a program, without its NUL (CLS_BPF_NAME_LEN). */
export const CLS_BPF_NAME_LEN = 256;

/** Options of a bpf filter; input policy of net/sched/cls_bpf.c bpf_policy. */
export const TCA_BPF = attrs('TCA_BPF', {
  ACT: [1, unchecked],
  POLICE: [2, unchecked],
  CLASSID: [3, int(handle)],
  OPS_LEN: [4, nlaU16],
  OPS: [5, binary(BPF_MAXINSNS * sock_filter.size)],
  FD: [6, nlaU32],
  NAME: [7, nulString(CLS_BPF_NAME_LEN)],
  FLAGS: [8, nlaU32],
  FLAGS_GEN: [9, nlaU32],
  TAG: [10, output(bytes(8)), 'dump'],
  ID: [11, output(u32), 'dump'],
});

/** The same in kernels that know no flags: they skip every attribute after NAME. */
export const TCA_BPF_4_1: typeof TCA_BPF = { ...TCA_BPF, $max: TCA_BPF.NAME.type };

/** Parts of the handle of a u32 filter: table, bucket, node; the last two together are the key. */
export const TC_U32_HTID = (h: number): number => (h & 0xfff00000) >>> 0;
export const TC_U32_HASH = (h: number): number => (h >>> 12) & 0xff;
export const TC_U32_NODE = (h: number): number => h & 0xfff;
export const TC_U32_KEY = (h: number): number => h & 0xfffff;
/** As a table: the root table of the tcf_proto, whatever its handle. */
export const TC_U32_ROOT = 0xfff00000;

/** Flags of a selector: a match decides; where keys behind its link start. */
export const TC_U32_TERMINAL = 1;
export const TC_U32_OFFSET = 2;
export const TC_U32_VAROFFSET = 4;
export const TC_U32_EAT = 8;

/** What a u32 filter compares: keys, and where a link to another table continues. `nkeys` tc_u32_key follow. */
export const tc_u32_sel = struct('tc_u32_sel', {
  flags: u8,
  offshift: u8,
  nkeys: u8,
  offmask: be16,
  off: u16,
  offoff: s16,
  hoff: s16,
  hmask: be32,
});

export const tc_u32_key = struct('tc_u32_key', { mask: be32, val: be32, off: s32, offmask: s32 });

export const tc_u32_mark = struct('tc_u32_mark', { val: u32, mask: u32, success: u32 });

/** Counters of a u32 filter; one u64 a key follows. */
export const tc_u32_pcnt = struct('tc_u32_pcnt', { rcnt: u64, rhit: u64 });

/** Options of a u32 filter or table; input policy of net/sched/cls_u32.c u32_policy. */
export const TCA_U32 = attrs('TCA_U32', {
  CLASSID: [1, int(handle)],
  HASH: [2, nlaU32],
  LINK: [3, nlaU32],
  DIVISOR: [4, nlaU32],
  SEL: [5, opaque(tc_u32_sel.size)],
  POLICE: [6, unchecked],
  ACT: [7, unchecked],
  INDEV: [8, string(IFNAMSIZ)],
  PCNT: [9, unchecked, 'dump'],
  MARK: [10, atLeast(tc_u32_mark)],
  FLAGS: [11, nlaU32],
  PAD: [12, unchecked, 'dump'],
});

export const tc_matchall_pcnt = struct('tc_matchall_pcnt', { rhit: u64 });

/** Options of a matchall filter; input policy of net/sched/cls_matchall.c mall_policy. */
export const TCA_MATCHALL = attrs('TCA_MATCHALL', {
  CLASSID: [1, int(handle)],
  ACT: [2, unchecked],
  FLAGS: [3, nlaU32],
  PCNT: [4, output(tc_matchall_pcnt), 'dump'],
  PAD: [5, unchecked, 'dump'],
});

/** Bits of TCA_FLOWER_KEY_FLAGS that users may give, and of TCA_FLOWER_KEY_ENC_FLAGS; of TCA_FLOWER_KEY_CT_STATE. */
const FRAGMENT_FLAGS = 0x3;
const TUNNEL_FLAGS = 0x3c;
const CT_STATES = 0x3f;

export const TCA_FLOWER_KEY_FLAGS_IS_FRAGMENT = 1;
export const TCA_FLOWER_KEY_FLAGS_FRAG_IS_FIRST = 2;
export const TCA_FLOWER_KEY_FLAGS_TUNNEL_CSUM = 4;
export const TCA_FLOWER_KEY_FLAGS_TUNNEL_DONT_FRAGMENT = 8;
export const TCA_FLOWER_KEY_FLAGS_TUNNEL_OAM = 16;
export const TCA_FLOWER_KEY_FLAGS_TUNNEL_CRIT_OPT = 32;

/** Options of a flower filter; input policy of net/sched/cls_flower.c fl_policy. */
export const TCA_FLOWER = attrs(
  'TCA_FLOWER',
  {
    CLASSID: [1, int(handle)],
    INDEV: [2, string(IFNAMSIZ)],
    ACT: [3, unchecked],
    KEY_ETH_DST: [4, opaque(ETH_ALEN)],
    KEY_ETH_DST_MASK: [5, opaque(ETH_ALEN)],
    KEY_ETH_SRC: [6, opaque(ETH_ALEN)],
    KEY_ETH_SRC_MASK: [7, opaque(ETH_ALEN)],
    KEY_ETH_TYPE: [8, int(be16)],
    KEY_IP_PROTO: [9, nlaU8],
    KEY_IPV4_SRC: [10, int(be32)],
    KEY_IPV4_SRC_MASK: [11, int(be32)],
    KEY_IPV4_DST: [12, int(be32)],
    KEY_IPV4_DST_MASK: [13, int(be32)],
    KEY_IPV6_SRC: [14, opaque(16)],
    KEY_IPV6_SRC_MASK: [15, opaque(16)],
    KEY_IPV6_DST: [16, opaque(16)],
    KEY_IPV6_DST_MASK: [17, opaque(16)],
    KEY_TCP_SRC: [18, int(be16)],
    KEY_TCP_DST: [19, int(be16)],
    KEY_UDP_SRC: [20, int(be16)],
    KEY_UDP_DST: [21, int(be16)],
    FLAGS: [22, nlaU32],
    KEY_VLAN_ID: [23, nlaU16],
    KEY_VLAN_PRIO: [24, nlaU8],
    KEY_VLAN_ETH_TYPE: [25, int(be16)],
    KEY_ENC_KEY_ID: [26, int(be32)],
    KEY_ENC_IPV4_SRC: [27, int(be32)],
    KEY_ENC_IPV4_SRC_MASK: [28, int(be32)],
    KEY_ENC_IPV4_DST: [29, int(be32)],
    KEY_ENC_IPV4_DST_MASK: [30, int(be32)],
    KEY_ENC_IPV6_SRC: [31, opaque(16)],
    KEY_ENC_IPV6_SRC_MASK: [32, opaque(16)],
    KEY_ENC_IPV6_DST: [33, opaque(16)],
    KEY_ENC_IPV6_DST_MASK: [34, opaque(16)],
    KEY_TCP_SRC_MASK: [35, int(be16)],
    KEY_TCP_DST_MASK: [36, int(be16)],
    KEY_UDP_SRC_MASK: [37, int(be16)],
    KEY_UDP_DST_MASK: [38, int(be16)],
    KEY_SCTP_SRC_MASK: [39, int(be16)],
    KEY_SCTP_DST_MASK: [40, int(be16)],
    KEY_SCTP_SRC: [41, int(be16)],
    KEY_SCTP_DST: [42, int(be16)],
    KEY_ENC_UDP_SRC_PORT: [43, int(be16)],
    KEY_ENC_UDP_SRC_PORT_MASK: [44, int(be16)],
    KEY_ENC_UDP_DST_PORT: [45, int(be16)],
    KEY_ENC_UDP_DST_PORT_MASK: [46, int(be16)],
    KEY_FLAGS: [47, bigEndian(intMask(be32, FRAGMENT_FLAGS))],
    KEY_FLAGS_MASK: [48, bigEndian(intMask(be32, FRAGMENT_FLAGS))],
    KEY_ICMPV4_CODE: [49, nlaU8],
    KEY_ICMPV4_CODE_MASK: [50, nlaU8],
    KEY_ICMPV4_TYPE: [51, nlaU8],
    KEY_ICMPV4_TYPE_MASK: [52, nlaU8],
    KEY_ICMPV6_CODE: [53, nlaU8],
    KEY_ICMPV6_CODE_MASK: [54, nlaU8],
    KEY_ICMPV6_TYPE: [55, nlaU8],
    KEY_ICMPV6_TYPE_MASK: [56, nlaU8],
    KEY_ARP_SIP: [57, int(be32)],
    KEY_ARP_SIP_MASK: [58, int(be32)],
    KEY_ARP_TIP: [59, int(be32)],
    KEY_ARP_TIP_MASK: [60, int(be32)],
    KEY_ARP_OP: [61, nlaU8],
    KEY_ARP_OP_MASK: [62, nlaU8],
    KEY_ARP_SHA: [63, opaque(ETH_ALEN)],
    KEY_ARP_SHA_MASK: [64, opaque(ETH_ALEN)],
    KEY_ARP_THA: [65, opaque(ETH_ALEN)],
    KEY_ARP_THA_MASK: [66, opaque(ETH_ALEN)],
    KEY_MPLS_TTL: [67, nlaU8],
    KEY_MPLS_BOS: [68, nlaU8],
    KEY_MPLS_TC: [69, nlaU8],
    KEY_MPLS_LABEL: [70, nlaU32],
    KEY_TCP_FLAGS: [71, int(be16)],
    KEY_TCP_FLAGS_MASK: [72, int(be16)],
    KEY_IP_TOS: [73, nlaU8],
    KEY_IP_TOS_MASK: [74, nlaU8],
    KEY_IP_TTL: [75, nlaU8],
    KEY_IP_TTL_MASK: [76, nlaU8],
    KEY_CVLAN_ID: [77, nlaU16],
    KEY_CVLAN_PRIO: [78, nlaU8],
    KEY_CVLAN_ETH_TYPE: [79, int(be16)],
    KEY_ENC_IP_TOS: [80, nlaU8],
    KEY_ENC_IP_TOS_MASK: [81, nlaU8],
    KEY_ENC_IP_TTL: [82, nlaU8],
    KEY_ENC_IP_TTL_MASK: [83, nlaU8],
    KEY_ENC_OPTS: [84, nested],
    KEY_ENC_OPTS_MASK: [85, nested],
    IN_HW_COUNT: [86, output(u32), 'dump'],
    KEY_PORT_SRC_MIN: [87, unchecked],
    KEY_PORT_SRC_MAX: [88, unchecked],
    KEY_PORT_DST_MIN: [89, unchecked],
    KEY_PORT_DST_MAX: [90, unchecked],
    KEY_CT_STATE: [91, intMask(u16, CT_STATES)],
    KEY_CT_STATE_MASK: [92, intMask(u16, CT_STATES)],
    KEY_CT_ZONE: [93, nlaU16],
    KEY_CT_ZONE_MASK: [94, nlaU16],
    KEY_CT_MARK: [95, nlaU32],
    KEY_CT_MARK_MASK: [96, nlaU32],
    KEY_CT_LABELS: [97, binary(16)],
    KEY_CT_LABELS_MASK: [98, binary(16)],
    KEY_MPLS_OPTS: [99, nested],
    KEY_HASH: [100, nlaU32],
    KEY_HASH_MASK: [101, nlaU32],
    KEY_NUM_OF_VLANS: [102, nlaU8],
    KEY_PPPOE_SID: [103, int(be16)],
    KEY_PPP_PROTO: [104, int(be16)],
    KEY_L2TPV3_SID: [105, int(be32)],
    L2_MISS: [106, intMax(u8, 1)],
    KEY_CFM: [107, nested],
    KEY_SPI: [108, int(be32)],
    KEY_SPI_MASK: [109, int(be32)],
    KEY_ENC_FLAGS: [110, bigEndian(intMask(be32, TUNNEL_FLAGS))],
    KEY_ENC_FLAGS_MASK: [111, bigEndian(intMask(be32, TUNNEL_FLAGS))],
  },
  undefined,
  { strictFrom: 106 },
);

/** The same as judged by kernels before the later keys, which they skip. */
export const TCA_FLOWER_6_1: typeof TCA_FLOWER = {
  ...TCA_FLOWER,
  $max: TCA_FLOWER.KEY_L2TPV3_SID.type,
  $byType: TCA_FLOWER.$byType.map((attribute) =>
    attribute?.type === TCA_FLOWER.KEY_FLAGS.type || attribute?.type === TCA_FLOWER.KEY_FLAGS_MASK.type
      ? { ...attribute, kind: { ...attribute.kind, mask: 0xffffffff } }
      : attribute,
  ),
};

/** One TCA_FLOWER_KEY_MPLS_OPTS_LSE; input policy of net/sched/cls_flower.c mpls_stack_entry_policy. */
export const TCA_FLOWER_KEY_MPLS_OPT_LSE = attrs('TCA_FLOWER_KEY_MPLS_OPT_LSE', {
  DEPTH: [1, nlaU8],
  TTL: [2, nlaU8],
  BOS: [3, nlaU8],
  TC: [4, nlaU8],
  LABEL: [5, nlaU32],
});
/** What TCA_FLOWER_KEY_MPLS_OPTS is a list of; no policy, net/sched/cls_flower.c fl_set_key_mpls_opts() takes nothing else. */
export const TCA_FLOWER_KEY_MPLS_OPTS = attrs('TCA_FLOWER_KEY_MPLS_OPTS', { LSE: [1, nested] });
export const TCA_FLOWER_KEY_MPLS_OPTS_LSE = TCA_FLOWER_KEY_MPLS_OPTS.LSE.type;

/** TCA_FLOWER_KEY_CFM; input policy of net/sched/cls_flower.c cfm_opt_policy. */
export const TCA_FLOWER_KEY_CFM_OPT = attrs('TCA_FLOWER_KEY_CFM', {
  MD_LEVEL: [1, intMax(u8, 7)],
  OPCODE: [2, nlaU8],
});

/** TCA_FLOWER_KEY_ENC_OPTS and its mask: a list; input policy of net/sched/cls_flower.c enc_opts_policy. */
export const TCA_FLOWER_KEY_ENC_OPTS = attrs(
  'TCA_FLOWER_KEY_ENC_OPTS',
  { GENEVE: [1, nested], VXLAN: [2, nested], ERSPAN: [3, nested], GTP: [4, nested], PFCP: [5, nested] },
  undefined,
  { strictFrom: 2 },
);
export const TCA_FLOWER_KEY_ENC_OPT_GENEVE = attrs('TCA_FLOWER_KEY_ENC_OPT_GENEVE', {
  CLASS: [1, int(be16)],
  TYPE: [2, nlaU8],
  DATA: [3, binary(127)],
});
export const TCA_FLOWER_KEY_ENC_OPT_VXLAN = attrs('TCA_FLOWER_KEY_ENC_OPT_VXLAN', { GBP: [1, nlaU32] });
export const TCA_FLOWER_KEY_ENC_OPT_ERSPAN = attrs('TCA_FLOWER_KEY_ENC_OPT_ERSPAN', {
  VER: [1, nlaU8],
  INDEX: [2, int(be32)],
  DIR: [3, nlaU8],
  HWID: [4, nlaU8],
});
export const TCA_FLOWER_KEY_ENC_OPT_GTP = attrs('TCA_FLOWER_KEY_ENC_OPT_GTP', {
  PDU_TYPE: [1, nlaU8],
  QFI: [2, nlaU8],
});
export const TCA_FLOWER_KEY_ENC_OPT_PFCP = attrs('TCA_FLOWER_KEY_ENC_OPT_PFCP', {
  TYPE: [1, nlaU8],
  SEID: [2, nlaU64],
});

/** TCA_FLOWER_KEY_CT_FLAGS_*: bits of TCA_FLOWER_KEY_CT_STATE. */
export const TCA_FLOWER_KEY_CT_FLAGS_NEW = 1 << 0;
export const TCA_FLOWER_KEY_CT_FLAGS_ESTABLISHED = 1 << 1;
export const TCA_FLOWER_KEY_CT_FLAGS_RELATED = 1 << 2;
export const TCA_FLOWER_KEY_CT_FLAGS_TRACKED = 1 << 3;
export const TCA_FLOWER_KEY_CT_FLAGS_INVALID = 1 << 4;
export const TCA_FLOWER_KEY_CT_FLAGS_REPLY = 1 << 5;

export const tcaClsFlags = flagTable({
  TCA_CLS_FLAGS_SKIP_HW, TCA_CLS_FLAGS_SKIP_SW, TCA_CLS_FLAGS_IN_HW, TCA_CLS_FLAGS_NOT_IN_HW, TCA_CLS_FLAGS_VERBOSE,
}); // prettier-ignore

export const tcaBpfFlags = flagTable({ TCA_BPF_FLAG_ACT_DIRECT });

export const tcU32Flags = flagTable({ TC_U32_TERMINAL, TC_U32_OFFSET, TC_U32_VAROFFSET, TC_U32_EAT });

/** Options of a fw filter; input policy of net/sched/cls_fw.c fw_policy. */
export const TCA_FW = attrs('TCA_FW', {
  CLASSID: [1, int(handle)],
  POLICE: [2, unchecked],
  INDEV: [3, string(IFNAMSIZ)],
  ACT: [4, unchecked],
  MASK: [5, nlaU32],
});

/** Options of a basic filter; input policy of net/sched/cls_basic.c basic_policy. */
export const TCA_BASIC = attrs('TCA_BASIC', {
  CLASSID: [1, int(handle)],
  EMATCHES: [2, nested],
  ACT: [3, unchecked],
  POLICE: [4, unchecked],
  PCNT: [5, unchecked, 'dump'],
  PAD: [6, unchecked, 'dump'],
});

/** Options of a cgroup filter; input policy of net/sched/cls_cgroup.c cgroup_policy. */
export const TCA_CGROUP = attrs('TCA_CGROUP', { ACT: [1, unchecked], POLICE: [2, unchecked], EMATCHES: [3, nested] });
