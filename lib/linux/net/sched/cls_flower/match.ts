// net/sched/cls_flower.c: what a packet must be, as a request says it: the values and the bits of them that count. The parts of
// a key that have a form of their own (mpls.ts, enc_opts.ts, cfm.ts, ct.ts) write into it what set_key.ts hands them.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { refuse } from '../../../errno.js';
import type { Field, FlowKey } from '../../core/flow_dissector/flow_key.js';

/** Values and mask. */
export interface FlowMatch {
  readonly key: FlowKey;
  readonly mask: FlowKey;
}

/** The attributes of a request by type. */
export type Attributes = readonly (Nla | undefined)[];

/** A value and its mask, all ones when none is given. @models net/sched/cls_flower.c fl_set_key_val() */
export function setKeyVal({ key, mask }: FlowMatch, field: Field, value: Nla | undefined, bits: Nla | undefined): void {
  if (value === undefined) return;
  key.copy(field, value);
  if (bits === undefined) mask.fill(field, 0xff);
  else mask.copy(field, bits);
}

/** Refuses with a text, and names an attribute. @models include/linux/netlink.h NL_SET_ERR_MSG_ATTR() */
export function refuseKey(extack: Extack, number: number, text: string, nla?: Nla): never {
  if (nla !== undefined) extack.setBad(text, nla.off);
  refuse(extack, number, text);
}
