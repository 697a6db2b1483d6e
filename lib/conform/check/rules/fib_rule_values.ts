// net/core/fib_rules.c fib_nl2rule(), ipv4/fib_rules.c and ipv6/fib6_rules.c: values of the attributes of a rule that contradict
// each other or the header, whatever rules there are. In the kernel's order.
import * as F from '../../../uapi/linux/fib_rules.js';
import type { Attribute } from '../../../codec/attrs.js';
import { NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import { AF_INET } from '../../../uapi/linux/socket.js';
import type { Attributes } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import * as tc from './tc.js';

const { FRA, fib_rule_hdr } = F;
const { offsetof } = fib_rule_hdr;
const NO_UID = 0xffffffff;
const PORT_END = 0xffff;
const FLOWLABEL_BITS = 0xfffff;

const byte = (judge: Judge, name: keyof typeof offsetof): number =>
  judge.view.getUint8(judge.start + NLMSG_HDRLEN + offsetof[name]);

/** A refusal that names its attribute by place, or only in its text. */
function refuse(run: Attributes, { type }: Attribute, msg: string, text: string, pointed: boolean): void {
  const bad = pointed ? run.off(type) : undefined;
  run.judge.refuse({ code: C.badValue, errno: 'EINVAL', msg, at: run.place(type), text, bad });
}

function checkJump(run: Attributes): void {
  const { judge } = run;
  const jumps = byte(judge, 'action') === F.FR_ACT_GOTO;
  const target = run.u32(FRA.GOTO.type);
  if (!run.has(FRA.GOTO.type)) {
    if (jumps) {
      const at = tc.field(judge, offsetof.action, 1, 'action');
      const msg = 'Missing goto target for action goto';
      judge.deny(C.missingAttribute, 'EINVAL', msg, at, 'the action is a jump, and there is no FRA_GOTO', run);
    }
    return;
  }
  if (!jumps) {
    const msg = 'Unexpected goto';
    judge.deny(C.exclusiveAttributes, 'EINVAL', msg, run.place(FRA.GOTO.type), 'the action is no jump');
    return;
  }
  const priority = run.u32(FRA.PRIORITY.type);
  if (priority === undefined) judge.may('EINVAL: Backward goto not supported');
  else if (target !== undefined && target <= priority)
    refuse(run, FRA.GOTO, 'Backward goto not supported', `rule ${priority} jumps back to ${target}`, false);
}

function checkMaster(run: Attributes): void {
  if (!run.ok(FRA.L3MDEV.type)) return;
  const { judge } = run;
  judge.may('EINVAL: l3mdev support is not enabled in kernel');
  if (run.u8(FRA.L3MDEV.type) !== 1) refuse(run, FRA.L3MDEV, 'Invalid l3mdev attribute', 'the only value is 1', false);
}

/** After the jump, as the kernel has it. */
function checkMasterAlone(run: Attributes): void {
  const { judge } = run;
  const table = run.u32(FRA.TABLE.type) ?? byte(judge, 'table');
  if (run.u8(FRA.L3MDEV.type) !== 1 || table === 0) return;
  const msg = 'l3mdev and table are mutually exclusive';
  judge.deny(C.exclusiveAttributes, 'EINVAL', msg, run.place(FRA.L3MDEV.type), `table ${table} is named as well`);
}

function checkUsers(run: Attributes): void {
  const { judge } = run;
  if (!run.ok(FRA.UID_RANGE.type)) return;
  judge.may('EPERM: No permission to set uid');
  const at = run.start(FRA.UID_RANGE.type);
  const [start, end] = [judge.view.getUint32(at, true), judge.view.getUint32(at + 4, true)];
  if (start === NO_UID || end === NO_UID || start > end)
    refuse(run, FRA.UID_RANGE, 'Invalid uid range', `from ${start} to ${end} is no range`, false);
}

/** Ports and their mask. */
function checkPorts(run: Attributes, which: 'sport' | 'dport'): void {
  const { judge } = run;
  const [range, mask] = which === 'sport' ? [FRA.SPORT_RANGE, FRA.SPORT_MASK] : [FRA.DPORT_RANGE, FRA.DPORT_MASK];
  let [start, end] = [0, 0];
  if (run.ok(range.type)) {
    const at = run.start(range.type);
    [start, end] = [judge.view.getUint16(at, true), judge.view.getUint16(at + 2, true)];
    if (start === 0 || end === PORT_END || start > end)
      refuse(run, range, `Invalid ${which} range`, `from ${start} to ${end} is no range of ports`, false);
  }
  const bits = run.u16(mask.type);
  if (bits === undefined || (run.has(range.type) && !run.ok(range.type))) return;
  if (start === 0) refuse(run, mask, 'Cannot specify port mask without port value', 'a mask of nothing', true);
  else if (start !== end)
    refuse(run, mask, 'Cannot specify port mask for port range', `a mask of ${start} to ${end}`, true);
  else if (start & ~bits) refuse(run, mask, 'Invalid port mask', `port ${start} has bits outside the mask`, true);
}

/** The traffic class, in the header or as an attribute. */
export function checkDscp(run: Attributes): void {
  const { judge } = run;
  const dscp = run.u8(FRA.DSCP.type);
  const mask = run.u8(FRA.DSCP_MASK.type);
  if (dscp !== undefined && byte(judge, 'tos') !== 0) {
    const msg = 'Cannot specify both TOS and DSCP';
    judge.deny(C.exclusiveAttributes, 'EINVAL', msg, run.place(FRA.DSCP.type), 'the header has a tos');
  }
  if (mask === undefined) return;
  if (dscp === undefined)
    refuse(run, FRA.DSCP_MASK, 'Cannot specify DSCP mask without DSCP value', 'a mask of nothing', true);
  else if (dscp & ~mask) refuse(run, FRA.DSCP_MASK, 'Invalid DSCP mask', `${dscp} has bits outside the mask`, true);
}

/** Flow labels are of IPv6. */
export function checkFlowLabel(run: Attributes): void {
  const { judge } = run;
  const [label, mask] = [run.ok(FRA.FLOWLABEL.type), run.ok(FRA.FLOWLABEL_MASK.type)];
  if (!label && !mask) return;
  if (byte(judge, 'family') === AF_INET) {
    const msg = 'Flow label cannot be specified for IPv4 FIB rules';
    const { type } = label ? FRA.FLOWLABEL : FRA.FLOWLABEL_MASK;
    judge.deny(C.unsupported, 'EINVAL', msg, run.place(type), 'IPv4 has no flow labels');
    return;
  }
  if (label && mask) checkLabelMask(run);
  else judge.may('EINVAL: a flow label takes a mask');
}

function checkLabelMask(run: Attributes): void {
  const { judge } = run;
  const [label, mask] = [FRA.FLOWLABEL, FRA.FLOWLABEL_MASK].map(({ type }) => judge.view.getUint32(run.start(type)));
  if (mask! & ~FLOWLABEL_BITS)
    refuse(run, FRA.FLOWLABEL_MASK, 'Invalid flow label mask', 'a flow label has 20 bits', true);
  else if (label! & ~mask!)
    refuse(run, FRA.FLOWLABEL, 'Flow label and mask do not match', 'the label has bits outside its mask', false);
}

/** fib_nl2rule() behind the prefixes. */
export function checkValues(run: Attributes): void {
  checkMaster(run);
  checkJump(run);
  checkMasterAlone(run);
  checkUsers(run);
  checkPorts(run, 'sport');
  checkPorts(run, 'dport');
}
