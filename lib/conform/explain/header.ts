// Types and flags of netlink headers by name. Flags above 0xff mean something else in each kind of request.
import { flagTable } from '../../codec/names.js';
import * as nl from '../../uapi/linux/netlink.js';
import { typeName } from '../../wire/layout/family.js';

const common = {
  NLM_F_REQUEST: nl.NLM_F_REQUEST,
  NLM_F_MULTI: nl.NLM_F_MULTI,
  NLM_F_ACK: nl.NLM_F_ACK,
  NLM_F_ECHO: nl.NLM_F_ECHO,
  NLM_F_DUMP_INTR: nl.NLM_F_DUMP_INTR,
  NLM_F_DUMP_FILTERED: nl.NLM_F_DUMP_FILTERED,
};

const control = flagTable({ ...common, NLM_F_CAPPED: nl.NLM_F_CAPPED, NLM_F_ACK_TLVS: nl.NLM_F_ACK_TLVS });
const ofNew = flagTable({
  ...common,
  NLM_F_REPLACE: nl.NLM_F_REPLACE,
  NLM_F_EXCL: nl.NLM_F_EXCL,
  NLM_F_CREATE: nl.NLM_F_CREATE,
  NLM_F_APPEND: nl.NLM_F_APPEND,
});
const ofDelete = flagTable({ ...common, NLM_F_NONREC: nl.NLM_F_NONREC, NLM_F_BULK: nl.NLM_F_BULK });
const ofGet = flagTable({
  ...common,
  NLM_F_DUMP: nl.NLM_F_DUMP,
  NLM_F_ROOT: nl.NLM_F_ROOT,
  NLM_F_MATCH: nl.NLM_F_MATCH,
  NLM_F_ATOMIC: nl.NLM_F_ATOMIC,
});

const byKind = [ofNew, ofDelete, ofGet, ofNew];

export function flagsText(type: number, flags: number, protocol: number): string {
  if (type < nl.NLMSG_MIN_TYPE) return control(flags);
  return protocol === nl.NETLINK_ROUTE ? byKind[type & 3]!(flags) : ofGet(flags);
}

/** `RTM_NEWTFILTER`, `NLMSG_ERROR`, or the number of a type that is not known. */
export function typeText(type: number, protocol: number): string {
  const name = typeName(type, protocol);
  return /^\d/.test(name) ? `type ${name}` : name;
}
