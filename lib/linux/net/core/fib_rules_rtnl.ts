// net/core/fib_rules.c, the requests: RTM_NEWRULE, RTM_DELRULE, and the dump of RTM_GETRULE.
import type { Extack } from '../../../codec/extack.js';
import type { Nla } from '../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parse, PolicyError } from '../../../codec/parse.js';
import { EAFNOSUPPORT, EEXIST, EINVAL, ENOENT, EPERM } from '../../../uapi/asm-generic/errno.js';
import * as F from '../../../uapi/linux/fib_rules.js';
import { NLM_F_ECHO, NLM_F_EXCL, NLM_F_MULTI, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { RT_TABLE_COMPAT } from '../../../uapi/linux/route.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6, AF_UNSPEC } from '../../../uapi/linux/socket.js';
import { errno, ModelGap, refuse } from '../../errno.js';
import { fib4CheckTos, fib4RuleConfigure } from '../ipv4/fib_rules.js';
import { fib6CheckTos, fib6RuleConfigure } from '../ipv6/fib6_rules.js';
import { MessageWriter } from '../netlink/message.js';
import { devGetByName } from './dev/table.js';
import { checkRuleDscp, checkRuleLabel, checkRuleValues } from './fib_rules_values.js';
import type { FibRule, FibRules } from './fib_rules.js';
import { NONE, rulesOf, rulesThere } from './fib_rules.js';
import type { Net } from './net_namespace.js';
import type { DumpEntry, RtnlRequest } from './rtnetlink.js';

const ATTRS = NLMSG_HDRLEN + F.fib_rule_hdr.size;
const groups: Readonly<Record<number, number>> = { [AF_INET]: T.RTNLGRP_IPV4_RULE, [AF_INET6]: T.RTNLGRP_IPV6_RULE };
const addressBytes = (family: number): number => (family === AF_INET ? 4 : 16);

type Header = ReturnType<typeof F.fib_rule_hdr.get>;
type Table = ReturnType<typeof parseAttrs>;

const parseAttrs = ({ net, msg, extack }: RtnlRequest) =>
  parse(
    net.machine.has('rule-later-attributes') ? F.FRA : F.FRA_6_1,
    msg,
    ATTRS,
    msg.length,
    NL_VALIDATE_LIBERAL,
    extack,
  );

/** What a rule may have and this model has not. */
const gaps = [
  F.FRA.GOTO,
  F.FRA.FLOW,
  F.FRA.TUN_ID,
  F.FRA.L3MDEV,
  F.FRA.UID_RANGE,
  F.FRA.IP_PROTO,
  F.FRA.SPORT_RANGE,
  F.FRA.DPORT_RANGE,
  F.FRA.DSCP,
  F.FRA.FLOWLABEL,
  F.FRA.FLOWLABEL_MASK,
  F.FRA.SPORT_MASK,
  F.FRA.DPORT_MASK,
  F.FRA.DSCP_MASK,
];

/** The number a rule gets that asks for none: one less than the second rule's. */
function defaultPriority({ rules }: FibRules): number {
  const second = rules[1]?.priority ?? 0;
  return second === 0 ? 0 : second - 1;
}

/** One of the two prefixes; undefined for a length of 0. */
function prefix(nla: Nla | undefined, length: number, size: number, what: string, extack: Extack) {
  if (length === 0) return undefined;
  if (nla?.len !== size || length > size * 8) refuse(extack, EINVAL, `Invalid ${what} address`);
  return nla.bytes().slice();
}

interface Asked {
  readonly ops: FibRules;
  readonly rule: FibRule;
  /** Whether the request names the number. */
  readonly numbered: boolean;
}

/** Like nla_parse(), with the text for all its refusals. */
function parsed(request: RtnlRequest): Table {
  try {
    return parseAttrs(request);
  } catch (refusal) {
    if (refusal instanceof PolicyError) request.extack.msg = 'Error parsing msg';
    throw refusal;
  }
}

/** What the family refuses of a rule that is a gap here: checked before it is known to be one. */
function checkNewRule({ extack }: RtnlRequest, { family }: FibRules, header: Header, tb: Table): void {
  const isGap = gaps.some(({ type }) => tb.$nla[type] !== undefined);
  if (!isGap) return;
  (family === AF_INET ? fib4CheckTos : fib6CheckTos)(header.tos, extack);
  checkRuleDscp(tb, header, extack);
  checkRuleLabel(tb, header, extack);
}

/** @models net/core/fib_rules.c fib_nl2rule() */
function toRule(request: RtnlRequest): Asked {
  const { net, msg, extack } = request;
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid msg length');
  const header = F.fib_rule_hdr.get(msg, NLMSG_HDRLEN);
  const ops = rulesOf(net, header.family);
  if (ops === undefined) refuse(extack, EAFNOSUPPORT, 'Rule family not supported');
  const tb = parsed(request);
  const size = addressBytes(header.family);
  const src = prefix(tb.SRC, header.src_len, size, 'source', extack);
  const dst = prefix(tb.DST, header.dst_len, size, 'dst', extack);
  if (groups[header.family] === undefined) throw new ModelGap('rules of multicast routing');
  checkRuleValues(tb, header, tb.PRIORITY ?? defaultPriority(ops), extack);
  if (request.type === T.RTM_NEWRULE) checkNewRule(request, ops, header, tb);
  const gap = gaps.find(({ type }) => tb.$nla[type] !== undefined);
  if (gap !== undefined || header.action === F.FR_ACT_GOTO) throw new ModelGap('rules that jump, or look at more');
  return { ops, rule: { ...fieldsOf(ops, header, tb), src, dst }, numbered: tb.PRIORITY !== undefined };
}

function fieldsOf(ops: FibRules, header: Header, tb: Table): Omit<FibRule, 'src' | 'dst'> {
  const mark = tb.FWMARK ?? 0;
  return {
    family: header.family,
    priority: tb.PRIORITY ?? defaultPriority(ops),
    table: tb.TABLE ?? header.table,
    action: header.action,
    flags: header.flags,
    protocol: tb.PROTOCOL ?? 0,
    tos: header.tos,
    srcLen: header.src_len,
    dstLen: header.dst_len,
    iif: tb.IIFNAME ?? '',
    oif: tb.OIFNAME ?? '',
    mark,
    markMask: tb.FWMASK ?? (mark === 0 ? 0 : NONE),
    suppressPrefixlen: tb.SUPPRESS_PREFIXLEN ?? NONE,
    suppressIfgroup: tb.SUPPRESS_IFGROUP ?? NONE,
  };
}

const equal = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a?.length === b?.length && (a?.every((byte, i) => byte === b?.[i]) ?? true);

/**
 * Whether what `asked` says of addresses and traffic class fits.
 *
 * @models net/ipv4/fib_rules.c fib4_rule_compare()
 * @differs one function for both families
 */
function sameSelector(one: FibRule, asked: FibRule): boolean {
  if (asked.src !== undefined && (one.srcLen !== asked.srcLen || !equal(one.src, asked.src))) return false;
  if (asked.dst !== undefined && (one.dstLen !== asked.dstLen || !equal(one.dst, asked.dst))) return false;
  return asked.tos === 0 || one.tos === asked.tos;
}

const compared = [
  ...(['action', 'table', 'priority', 'iif', 'oif', 'mark', 'markMask', 'protocol'] as const),
  ...(['suppressPrefixlen', 'suppressIfgroup'] as const),
];

/** @models net/core/fib_rules.c rule_exists() */
const exists = ({ rules }: FibRules, asked: FibRule): boolean =>
  rules.some((one) => compared.every((field) => one[field] === asked[field]) && sameSelector(one, asked));

/** The first rule with all that the request says. @models net/core/fib_rules.c rule_find() */
function find({ ops: { rules }, rule: asked, numbered }: Asked): FibRule | undefined {
  const said = compared.filter((field) => {
    if (field === 'priority') return numbered;
    return asked[field] !== (field.startsWith('suppress') ? NONE : typeof asked[field] === 'string' ? '' : 0);
  });
  return rules.find((one) => said.every((field) => one[field] === asked[field]) && sameSelector(one, asked));
}

function notify(request: RtnlRequest, rule: FibRule, type: number): void {
  const { net, portid, seq, flags } = request;
  const group = groups[rule.family]!;
  const echo = (flags & NLM_F_ECHO) !== 0;
  if (!echo && !net.rtnl.hasListeners(group)) return;
  const skb = new MessageWriter();
  fill(skb, net, rule, { type, flags: 0, seq, portid });
  net.rtnl.notify(skb.take(), { group, portid, echo });
}

/** @models net/core/fib_rules.c fib_nl_newrule() */
function newRule(request: RtnlRequest): void {
  const { net, flags, extack } = request;
  const asked = toRule(request);
  const { rules } = asked.ops;
  if (flags & NLM_F_EXCL && exists(asked.ops, asked.rule)) throw errno(EEXIST);
  const configure = asked.ops.family === AF_INET ? fib4RuleConfigure : fib6RuleConfigure;
  const rule = { ...asked.rule, table: configure(net, asked.rule, extack) };
  const after = rules.findIndex(({ priority }) => priority > rule.priority);
  rules.splice(after < 0 ? rules.length : after, 0, rule);
  asked.ops.custom = true;
  notify(request, rule, T.RTM_NEWRULE);
}

/** @models net/core/fib_rules.c fib_nl_delrule() */
function delRule(request: RtnlRequest): void {
  const asked = toRule(request);
  const rule = find(asked);
  if (rule === undefined) throw errno(ENOENT);
  if (rule.flags & F.FIB_RULE_PERMANENT) throw errno(EPERM);
  const { rules } = asked.ops;
  rules.splice(rules.indexOf(rule), 1);
  asked.ops.custom = true;
  notify(request, rule, T.RTM_DELRULE);
}

interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portid: number;
}

function detached(net: Net, { iif, oif }: FibRule): number {
  const gone = (name: string): boolean => name !== '' && devGetByName(net, name) === undefined;
  return (gone(iif) ? F.FIB_RULE_IIF_DETACHED : 0) | (gone(oif) ? F.FIB_RULE_OIF_DETACHED : 0);
}

/** @models net/core/fib_rules.c fib_nl_fill_rule() */
function fill(skb: MessageWriter, net: Net, rule: FibRule, { type, flags, seq, portid }: Message): void {
  const start = skb.begin(type, flags, seq, portid, F.fib_rule_hdr.size);
  F.fib_rule_hdr.set(skb.buffer, start + NLMSG_HDRLEN, {
    family: rule.family,
    ...{ dst_len: rule.dstLen, src_len: rule.srcLen, tos: rule.tos, res1: 0, res2: 0 },
    table: rule.table < 256 ? rule.table : RT_TABLE_COMPAT,
    action: rule.action,
    flags: (rule.flags | detached(net, rule)) >>> 0,
  });
  skb.put(F.FRA.TABLE, rule.table);
  skb.put(F.FRA.SUPPRESS_PREFIXLEN, rule.suppressPrefixlen);
  skb.put(F.FRA.PROTOCOL, rule.protocol);
  if (rule.iif !== '') skb.put(F.FRA.IIFNAME, rule.iif);
  if (rule.oif !== '') skb.put(F.FRA.OIFNAME, rule.oif);
  if (rule.priority !== 0) skb.put(F.FRA.PRIORITY, rule.priority);
  if (rule.mark !== 0) skb.put(F.FRA.FWMARK, rule.mark);
  if (rule.mark !== 0 || rule.markMask !== 0) skb.put(F.FRA.FWMASK, rule.markMask);
  if (rule.suppressIfgroup !== NONE) skb.put(F.FRA.SUPPRESS_IFGROUP, rule.suppressIfgroup);
  if (rule.dst !== undefined) skb.putRaw(F.FRA.DST.type, rule.dst);
  if (rule.src !== undefined) skb.putRaw(F.FRA.SRC.type, rule.src);
  skb.end(start);
}

/** @models net/core/fib_rules.c fib_valid_dumprule_req() */
function checkStrict({ msg, extack }: RtnlRequest): void {
  if (msg.length < ATTRS) refuse(extack, EINVAL, 'Invalid header for fib rule dump request');
  const { dst_len, src_len, tos, table, res1, res2, action, flags } = F.fib_rule_hdr.get(msg, NLMSG_HDRLEN);
  if ([dst_len, src_len, tos, table, res1, res2, action, flags].some((value) => value !== 0))
    refuse(extack, EINVAL, 'Invalid values in header for fib rule dump request');
  if (msg.length > ATTRS) refuse(extack, EINVAL, 'Invalid data after header in fib rule dump request');
}

/** @models net/core/fib_rules.c fib_nl_dumprule() */
function* dumpRules(request: RtnlRequest): Iterable<DumpEntry> {
  const { net, seq, portid } = request;
  if (request.strict) checkStrict(request);
  const family = request.msg.u8[NLMSG_HDRLEN]!;
  const there = rulesThere(net).filter((ops) => family === AF_UNSPEC || ops.family === family);
  if (there.length === 0) throw errno(EAFNOSUPPORT);
  for (const rule of there.flatMap(({ rules }) => rules))
    yield (skb) => {
      fill(skb, net, rule, { type: T.RTM_NEWRULE, flags: NLM_F_MULTI, seq, portid });
    };
}

/** @models net/core/fib_rules.c fib_rules_init() */
export function fibRulesInit(net: Net): void {
  net.rtnl.register(AF_UNSPEC, T.RTM_NEWRULE, { doit: newRule });
  net.rtnl.register(AF_UNSPEC, T.RTM_DELRULE, { doit: delRule });
  net.rtnl.register(AF_UNSPEC, T.RTM_GETRULE, { dumpit: dumpRules, joinDone: true });
}
