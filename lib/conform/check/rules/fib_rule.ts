// net/core/fib_rules.c, net/ipv4/fib_rules.c, net/ipv6/fib6_rules.c: what the bytes of RTM_NEWRULE, RTM_DELRULE and
// RTM_GETRULE decide.
import * as F from '../../../uapi/linux/fib_rules.js';
import { NLM_F_EXCL, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { RTM_NEWRULE } from '../../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../../uapi/linux/socket.js';
import type { Attributes } from '../attributes.js';
import { liberally, walk } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { checkDscp, checkFlowLabel, checkValues } from './fib_rule_values.js';
import type { MustBeZero } from './strict.js';
import { strictEnd, strictHeader, strictZero } from './strict.js';
import * as tc from './tc.js';

const { FRA, fib_rule_hdr } = F;
const { offsetof } = fib_rule_hdr;
const ATTRS = NLMSG_HDRLEN + fib_rule_hdr.size;
const INET_DSCP_MASK = 0xfc;
const IPTOS_TOS_MASK = 0x1e;
/** Multicast routing has rules of its own, where it is there. */
const FAMILIES: ReadonlySet<number> = new Set([AF_INET, AF_INET6, 128, 129]);

const byte = (judge: Judge, name: keyof typeof offsetof): number =>
  judge.view.getUint8(judge.start + NLMSG_HDRLEN + offsetof[name]);

function checkFamily(judge: Judge, msg: string | undefined): boolean {
  const family = byte(judge, 'family');
  if (FAMILIES.has(family)) {
    if (family !== AF_INET)
      judge.may(msg === undefined ? 'EAFNOSUPPORT: the family has no rules' : `EAFNOSUPPORT: ${msg}`);
    return true;
  }
  judge.deny(
    C.unsupported,
    'EAFNOSUPPORT',
    msg,
    tc.field(judge, offsetof.family, 1, 'family'),
    `family ${family} has no rules`,
  );
  return false;
}

/** One of the two prefixes. */
function checkPrefix(run: Attributes, which: 'src' | 'dst', msg: string): void {
  const { judge } = run;
  const length = byte(judge, `${which}_len`);
  if (length === 0) return;
  const { type } = which === 'src' ? FRA.SRC : FRA.DST;
  const size = byte(judge, 'family') === AF_INET || byte(judge, 'family') === 128 ? 4 : 16;
  const at = tc.field(judge, offsetof[`${which}_len`], 1, `${which}_len`);
  if (!run.has(type))
    judge.deny(C.missingAttribute, 'EINVAL', msg, at, `${which}_len is ${length}, and there is no address`, run);
  else if (run.len(type) !== size)
    judge.deny(
      C.badAddressLength,
      'EINVAL',
      msg,
      run.place(type),
      `an address has ${size} bytes, not ${run.len(type)}`,
    );
  else if (length > size * 8)
    judge.deny(C.badField, 'EINVAL', msg, at, `a prefix has at most ${size * 8} bits, not ${length}`);
}

/** fib4_rule_configure(), fib6_rule_configure() */
function configure(run: Attributes): void {
  const { judge } = run;
  const family = byte(judge, 'family');
  const tos = byte(judge, 'tos');
  const at = tc.field(judge, offsetof.tos, 1, 'tos');
  if (family !== AF_INET && family !== AF_INET6) return;
  if (tos & ~INET_DSCP_MASK)
    judge.deny(
      C.badField,
      'EINVAL',
      'Invalid dsfield (tos): ECN bits must be 0',
      at,
      'the lowest two bits are for congestion',
    );
  if (family === AF_INET && tos & ~IPTOS_TOS_MASK)
    judge.deny(C.badField, 'EINVAL', 'Invalid tos', at, `there is no type of service 0x${tos.toString(16)}`);
  checkDscp(run);
  checkFlowLabel(run);
  const table = run.u32(FRA.TABLE.type) ?? byte(judge, 'table');
  const master = run.u8(FRA.L3MDEV.type) === 1;
  if (family === AF_INET6 && table === 0 && !master && byte(judge, 'action') === F.FR_ACT_TO_TBL)
    judge.deny(C.badField, 'EINVAL', 'Invalid table', tc.field(judge, offsetof.table, 1, 'table'), 'no table is named');
}

function parseRule(judge: Judge): Attributes | undefined {
  if (!tc.hasHeader(judge, fib_rule_hdr.size, 'fib_rule_hdr', 'Invalid msg length')) return undefined;
  if (!checkFamily(judge, 'Rule family not supported')) return undefined;
  const set = judge.has('later-rule-attributes') ? FRA : F.FRA_6_1;
  const run = walk(judge, set, judge.start + ATTRS, judge.end, '', { ...liberally, msg: 'Error parsing msg' });
  checkPrefix(run, 'src', 'Invalid source address');
  checkPrefix(run, 'dst', 'Invalid dst address');
  checkValues(run);
  return run;
}

export function changeRule(judge: Judge): void {
  judge.symbol =
    judge.type === RTM_NEWRULE ? 'net/core/fib_rules.c fib_nl_newrule()' : 'net/core/fib_rules.c fib_nl_delrule()';
  const run = parseRule(judge);
  if (run === undefined) return;
  if (judge.type === RTM_NEWRULE) {
    if (judge.wants(NLM_F_EXCL)) judge.may('EEXIST: there is such a rule');
    configure(run);
    judge.may('ENOBUFS: there is no room for another table');
    return;
  }
  judge.may('ENOENT: there is no such rule');
  judge.may('EPERM: the rule stays');
}

const zeroHeader: readonly MustBeZero[] = [
  ...(['dst_len', 'src_len', 'tos', 'table', 'res1', 'res2', 'action'] as const).map((name): MustBeZero => ({
    offset: offsetof[name],
    size: 1,
    name,
  })),
  { offset: offsetof.flags, size: 4, name: 'flags' },
];

export function dumpRules(judge: Judge): void {
  judge.symbol = 'net/core/fib_rules.c fib_nl_dumprule()';
  if (strictHeader(judge, fib_rule_hdr.size, 'fib_rule_hdr', 'Invalid header for fib rule dump request')) {
    strictZero(judge, zeroHeader, 'Invalid values in header for fib rule dump request');
    strictEnd(judge, fib_rule_hdr.size, 'Invalid data after header in fib rule dump request');
  }
  if (judge.u8[judge.start + NLMSG_HDRLEN] !== 0) checkFamily(judge, undefined);
}
