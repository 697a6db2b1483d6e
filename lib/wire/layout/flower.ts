// Options of flower filters: the keys by what their names say, and the nests of those that are lists: entries of an MPLS label
// stack, options of tunnels, connectivity fault management.
import { flagTable } from '../../codec/names.js';
import { be16, u16, u32, u64 } from '../../codec/scalar.js';
import * as cls from '../../uapi/linux/pkt_cls.js';
import { actions } from './action.js';
import { attributes, level, octets, value } from './level.js';
import type { AttributeSet, ShapeRule, Symbols } from './shape.js';
import { classid, etherType, hexBe16, hexBe32, hexU32, hexU8, ipProto, ipv4, ipv6, mac, shown } from './values.js';

const address4 = octets(ipv4, 'in_addr');
const address6 = octets(ipv6, 'in6_addr');
const linkAddress = octets(mac);

const connectionFlags = flagTable({
  TCA_FLOWER_KEY_CT_FLAGS_NEW: cls.TCA_FLOWER_KEY_CT_FLAGS_NEW,
  TCA_FLOWER_KEY_CT_FLAGS_ESTABLISHED: cls.TCA_FLOWER_KEY_CT_FLAGS_ESTABLISHED,
  TCA_FLOWER_KEY_CT_FLAGS_RELATED: cls.TCA_FLOWER_KEY_CT_FLAGS_RELATED,
  TCA_FLOWER_KEY_CT_FLAGS_TRACKED: cls.TCA_FLOWER_KEY_CT_FLAGS_TRACKED,
  TCA_FLOWER_KEY_CT_FLAGS_INVALID: cls.TCA_FLOWER_KEY_CT_FLAGS_INVALID,
  TCA_FLOWER_KEY_CT_FLAGS_REPLY: cls.TCA_FLOWER_KEY_CT_FLAGS_REPLY,
});

/** Functions of net/sched/cls_flower.c that parse and fill a nest. */
const by = (reads: string, writes: string): Symbols => ({
  reads: `net/sched/cls_flower.c ${reads}()`,
  writes: `net/sched/cls_flower.c ${writes}()`,
});

const labelEntry = level(cls.TCA_FLOWER_KEY_MPLS_OPT_LSE, by('fl_set_key_mpls_lse', 'fl_dump_key_mpls_opt_lse'));
const labelStack = level(cls.TCA_FLOWER_KEY_MPLS_OPTS, by('fl_set_key_mpls_opts', 'fl_dump_key_mpls_opts'), {
  LSE: attributes(labelEntry),
});

const cfm = level(cls.TCA_FLOWER_KEY_CFM_OPT, by('fl_set_key_cfm', 'fl_dump_key_cfm'));

const hexU64 = shown(u64, (word) => `0x${word.toString(16)}`);

const geneve = level(cls.TCA_FLOWER_KEY_ENC_OPT_GENEVE, by('fl_set_geneve_opt', 'fl_dump_key_geneve_opt'), {
  CLASS: value(hexBe16),
  TYPE: value(hexU8),
});
const vxlan = level(cls.TCA_FLOWER_KEY_ENC_OPT_VXLAN, by('fl_set_vxlan_opt', 'fl_dump_key_vxlan_opt'), {
  GBP: value(hexU32),
});
const erspan = level(cls.TCA_FLOWER_KEY_ENC_OPT_ERSPAN, by('fl_set_erspan_opt', 'fl_dump_key_erspan_opt'), {
  INDEX: value(hexBe32),
});
const gtp = level(cls.TCA_FLOWER_KEY_ENC_OPT_GTP, by('fl_set_gtp_opt', 'fl_dump_key_gtp_opt'), {
  PDU_TYPE: value(hexU8),
});
const pfcp = level(cls.TCA_FLOWER_KEY_ENC_OPT_PFCP, by('fl_set_pfcp_opt', 'fl_dump_key_pfcp_opt'), {
  SEID: value(hexU64),
});

const tunnelOptions = level(cls.TCA_FLOWER_KEY_ENC_OPTS, by('fl_set_enc_opt', 'fl_dump_key_options'), {
  GENEVE: attributes(geneve),
  VXLAN: attributes(vxlan),
  ERSPAN: attributes(erspan),
  GTP: attributes(gtp),
  PFCP: attributes(pfcp),
});

/** What keys of a flower filter hold, by what their names say. */
const keys: readonly (readonly [RegExp, ShapeRule])[] = [
  [/ETH_(DST|SRC)|ARP_[ST]HA/, linkAddress],
  [/IPV4_|ARP_[ST]IP/, address4],
  [/IPV6_/, address6],
  [/ETH_TYPE$|PPP_PROTO$/, value(etherType)],
  [/KEY_IP_PROTO$/, value(ipProto)],
  [/KEY_(ENC_)?FLAGS(_MASK)?$/, value(hexBe32)],
  [/KEY_TCP_FLAGS/, value(hexBe16)],
  [/KEY_PORT_/, value(be16)],
  [/KEY_CT_STATE/, value(shown(u16, connectionFlags))],
  [/KEY_CT_MARK/, value(hexU32)],
];

const byPattern = (set: AttributeSet): Record<string, ShapeRule> =>
  Object.fromEntries(
    set.$byType.flatMap((a) => {
      const rule = a && keys.find(([pattern]) => pattern.test(a.key));
      return a && rule ? [[a.key, rule[1]]] : [];
    }),
  );

export const flower = level(
  cls.TCA_FLOWER,
  { reads: 'net/sched/cls_flower.c fl_set_key()', writes: 'net/sched/cls_flower.c fl_dump_key()' },
  {
    ...byPattern(cls.TCA_FLOWER),
    CLASSID: value(classid),
    ACT: attributes(actions),
    FLAGS: value(shown(u32, cls.tcaClsFlags)),
    KEY_ENC_OPTS: attributes(tunnelOptions),
    KEY_ENC_OPTS_MASK: attributes(tunnelOptions),
    KEY_MPLS_OPTS: attributes(labelStack),
    KEY_CFM: attributes(cfm),
  },
);
