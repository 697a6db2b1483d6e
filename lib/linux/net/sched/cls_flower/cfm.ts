// net/sched/cls_flower.c fl_set_key_cfm(), fl_dump_key_cfm(): connectivity fault management (802.1ag): level of the maintenance
// domain, the upper bits of a byte, and operation.
import type { Extack } from '../../../../codec/extack.js';
import { type Nla, NLA_F_NESTED } from '../../../../codec/nla.js';
import { NL_VALIDATE_STRICT, parseNested } from '../../../../codec/parse.js';
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import type { MessageWriter } from '../../netlink/message.js';
import { type FlowMatch, refuseKey, setKeyVal } from './match.js';

const OPT = P.TCA_FLOWER_KEY_CFM_OPT;
const MDL_SHIFT = 5;
const MDL_MASK = 0xe0;

/** @models net/sched/cls_flower.c fl_set_key_cfm() */
export function setCfm(match: FlowMatch, nest: Nla | undefined, extack: Extack): void {
  if (nest === undefined) return;
  if ((nest.rawType & NLA_F_NESTED) === 0) refuseKey(extack, EINVAL, 'NLA_F_NESTED is missing', nest);
  const tb = parseNested(OPT, nest, NL_VALIDATE_STRICT, extack);
  setKeyVal(match, 'cfmOpcode', tb.$nla[OPT.OPCODE.type], undefined);
  if (tb.MD_LEVEL === undefined) return;
  match.key.set('cfmMdlVer', tb.MD_LEVEL << MDL_SHIFT);
  match.mask.set('cfmMdlVer', MDL_MASK);
}

/** @models net/sched/cls_flower.c fl_dump_key_cfm() */
export function dumpCfm(skb: MessageWriter, { key, mask }: FlowMatch): void {
  if (!mask.has('cfmMdlVer') && !mask.has('cfmOpcode')) return;
  const nest = skb.nest(P.TCA_FLOWER.KEY_CFM.type | NLA_F_NESTED);
  if (mask.has('cfmMdlVer')) skb.putRaw(OPT.MD_LEVEL.type, Uint8Array.of(key.get('cfmMdlVer') >> MDL_SHIFT));
  if (mask.has('cfmOpcode')) skb.putRaw(OPT.OPCODE.type, key.bytes('cfmOpcode'));
  skb.nestEnd(nest);
}
