// net/core/fib_rules.c: what the attributes of a rule must say whether or not this model knows rules that have them. Refusals
// only, in the kernel's order; what passes here is a gap where it selects packets.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import type { Parsed } from '../../../codec/parse.js';
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import * as F from '../../../uapi/linux/fib_rules.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import { refuse } from '../../errno.js';

const { FRA } = F;
const NO_UID = 0xffffffff;
const PORT_END = 0xffff;
const IPV6_FLOWLABEL_MASK = 0xfffff;

type Header = ReturnType<typeof F.fib_rule_hdr.get>;
/** Attributes by type: those of an older kernel are fewer. */
type Attributes = Pick<Parsed<unknown>, '$nla'>;

/** Refuses with the place of the attribute. */
function refuseAt(extack: Extack, nla: Nla, msg: string): never {
  extack.badAttr = nla.off;
  refuse(extack, EINVAL, msg);
}

/** @models net/core/fib_rules.c fib_nl2rule() FRA_GOTO */
function checkJump({ $nla }: Attributes, { action }: Header, priority: number, extack: Extack): void {
  const target = $nla[FRA.GOTO.type];
  if (target === undefined) {
    if (action === F.FR_ACT_GOTO) refuse(extack, EINVAL, 'Missing goto target for action goto');
    return;
  }
  if (action !== F.FR_ACT_GOTO) refuse(extack, EINVAL, 'Unexpected goto');
  if (target.u32() <= priority) refuse(extack, EINVAL, 'Backward goto not supported');
}

/** @models net/core/fib_rules.c nla_get_kuid_range() */
function checkUsers({ $nla }: Attributes, extack: Extack): void {
  const nla = $nla[FRA.UID_RANGE.type];
  if (nla === undefined) return;
  const { start, end } = F.fib_rule_uid_range.get(nla.msg, nla.start);
  if (start === NO_UID || end === NO_UID || start > end) refuse(extack, EINVAL, 'Invalid uid range');
}

/** @models net/core/fib_rules.c fib_nl2rule_port_mask() */
function checkPorts({ $nla }: Attributes, which: 'sport' | 'dport', extack: Extack): void {
  const [range, mask] = which === 'sport' ? [FRA.SPORT_RANGE, FRA.SPORT_MASK] : [FRA.DPORT_RANGE, FRA.DPORT_MASK];
  const nla = $nla[range.type];
  const { start, end } = nla === undefined ? { start: 0, end: 0 } : F.fib_rule_port_range.get(nla.msg, nla.start);
  if (nla !== undefined && (start === 0 || end === PORT_END || start > end))
    refuse(extack, EINVAL, `Invalid ${which} range`);
  const bits = $nla[mask.type];
  if (bits === undefined) return;
  if (start === 0) refuseAt(extack, bits, 'Cannot specify port mask without port value');
  if (start !== end) refuseAt(extack, bits, 'Cannot specify port mask for port range');
  if (start & ~bits.u16()) refuseAt(extack, bits, 'Invalid port mask');
}

/**
 * What is refused before the family is asked.
 *
 * @models net/core/fib_rules.c fib_nl2rule()
 */
export function checkRuleValues(tb: Attributes, header: Header, priority: number, extack: Extack): void {
  const master = tb.$nla[FRA.L3MDEV.type];
  if (master !== undefined && master.u8() !== 1) refuse(extack, EINVAL, 'Invalid l3mdev attribute');
  checkJump(tb, header, priority, extack);
  const table = tb.$nla[FRA.TABLE.type]?.u32() ?? header.table;
  if (master !== undefined && table !== 0) refuse(extack, EINVAL, 'l3mdev and table are mutually exclusive');
  checkUsers(tb, extack);
  checkPorts(tb, 'sport', extack);
  checkPorts(tb, 'dport', extack);
}

/** The traffic class of a new rule. @models net/core/fib_rules.c fib_nl2rule_dscp() */
export function checkRuleDscp({ $nla }: Attributes, { tos }: Header, extack: Extack): void {
  const [dscp, mask] = [$nla[FRA.DSCP.type], $nla[FRA.DSCP_MASK.type]];
  if (dscp !== undefined && tos !== 0) refuse(extack, EINVAL, 'Cannot specify both TOS and DSCP');
  if (mask === undefined) return;
  if (dscp === undefined) refuseAt(extack, mask, 'Cannot specify DSCP mask without DSCP value');
  if (dscp.u8() & ~mask.u8()) refuseAt(extack, mask, 'Invalid DSCP mask');
}

/**
 * The flow label of a new rule.
 *
 * @models net/ipv6/fib6_rules.c fib6_nl2rule_flowlabel()
 * @differs for both families: IPv4 refuses every label
 */
export function checkRuleLabel({ $nla }: Attributes, { family }: Header, extack: Extack): void {
  const [label, mask] = [$nla[FRA.FLOWLABEL.type], $nla[FRA.FLOWLABEL_MASK.type]];
  if (label === undefined && mask === undefined) return;
  if (family === AF_INET) refuse(extack, EINVAL, 'Flow label cannot be specified for IPv4 FIB rules');
  if (label === undefined || mask === undefined) return;
  const bits = mask.msg.view.getUint32(mask.start);
  if (bits & ~IPV6_FLOWLABEL_MASK) refuseAt(extack, mask, 'Invalid flow label mask');
  if (label.msg.view.getUint32(label.start) & ~bits) refuse(extack, EINVAL, 'Flow label and mask do not match');
}
