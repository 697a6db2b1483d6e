// net/sched/cls_flower.c fl_set_key_ct(): what connection tracking says of a packet. Nothing tracks connections here, so packets
// have none of these keys; filters may ask for them, as in a kernel whose packets no act_ct has seen.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { EINVAL, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { refuse } from '../../../errno.js';
import { AT } from '../../core/flow_dissector/flow_key.js';
import { type Attributes, type FlowMatch, refuseKey, setKeyVal } from './match.js';

const F = P.TCA_FLOWER;

/** What is wrong with a state that has several bits; undefined when nothing is. */
function contradiction(state: number): string | undefined {
  const has = (bit: number): boolean => (state & bit) !== 0;
  if (state !== 0 && !has(P.TCA_FLOWER_KEY_CT_FLAGS_TRACKED)) return 'no trk, so no other flag can be set';
  if (has(P.TCA_FLOWER_KEY_CT_FLAGS_NEW) && has(P.TCA_FLOWER_KEY_CT_FLAGS_ESTABLISHED))
    return 'new and est are mutually exclusive';
  if (
    has(P.TCA_FLOWER_KEY_CT_FLAGS_INVALID) &&
    has(~(P.TCA_FLOWER_KEY_CT_FLAGS_TRACKED | P.TCA_FLOWER_KEY_CT_FLAGS_INVALID))
  )
    return 'when inv is set, only trk may be set';
  if (has(P.TCA_FLOWER_KEY_CT_FLAGS_NEW) && has(P.TCA_FLOWER_KEY_CT_FLAGS_REPLY))
    return 'new and rpl are mutually exclusive';
  return undefined;
}

/** @models net/sched/cls_flower.c fl_validate_ct_state() */
function validateState({ key, mask }: FlowMatch, nla: Nla | undefined, extack: Extack): void {
  const state = key.view.getUint16(AT.ctState, true) & mask.view.getUint16(AT.ctState, true);
  const wrong = contradiction(state);
  if (wrong !== undefined) refuseKey(extack, EINVAL, wrong, nla);
}

/** `hasZones`: CONFIG_NF_CONNTRACK_ZONES. @models net/sched/cls_flower.c fl_set_key_ct() */
export function setCt(match: FlowMatch, nla: Attributes, extack: Extack, hasZones: boolean): void {
  const state = nla[F.KEY_CT_STATE.type];
  const bits = nla[F.KEY_CT_STATE_MASK.type];
  setKeyVal(match, 'ctState', state, bits);
  if (state !== undefined) validateState(match, bits, extack);
  if (nla[F.KEY_CT_ZONE.type] !== undefined && !hasZones) refuse(extack, EOPNOTSUPP, "Conntrack zones isn't enabled");
  setKeyVal(match, 'ctZone', nla[F.KEY_CT_ZONE.type], nla[F.KEY_CT_ZONE_MASK.type]);
  setKeyVal(match, 'ctMark', nla[F.KEY_CT_MARK.type], nla[F.KEY_CT_MARK_MASK.type]);
  setKeyVal(match, 'ctLabels', nla[F.KEY_CT_LABELS.type], nla[F.KEY_CT_LABELS_MASK.type]);
}
