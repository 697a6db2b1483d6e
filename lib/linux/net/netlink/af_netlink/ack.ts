// NLMSG_ERROR: the acknowledgement of a request, and the TLVs that explain a refusal.
import type { AttributeKind, PolicyType } from '../../../../codec/kind.js';
import type { Extack } from '../../../../codec/extack.js';
import type { Bytes } from '../../../../codec/bytes.js';
import { NLA_F_NESTED } from '../../../../codec/nla.js';
import * as N from '../../../../uapi/linux/netlink.js';
import { NLMSGERR_ATTR, NL_POLICY_TYPE_ATTR } from '../../../../uapi/linux/netlink.js';
import type { MessageWriter } from '../message.js';
import { deliver, kernelCreds, truesizeOf } from './queue.js';
import type { NetlinkSock } from './sock.js';

const policyNumbers: Readonly<Partial<Record<PolicyType, number>>> = {
  flag: N.NL_ATTR_TYPE_FLAG,
  u8: N.NL_ATTR_TYPE_U8,
  u16: N.NL_ATTR_TYPE_U16,
  u32: N.NL_ATTR_TYPE_U32,
  u64: N.NL_ATTR_TYPE_U64,
  s32: N.NL_ATTR_TYPE_S32,
  binary: N.NL_ATTR_TYPE_BINARY,
  string: N.NL_ATTR_TYPE_STRING,
  nul_string: N.NL_ATTR_TYPE_NUL_STRING,
  nested: N.NL_ATTR_TYPE_NESTED,
  bitfield32: N.NL_ATTR_TYPE_BITFIELD32,
};

/** A 64-bit bound of an integer policy, as two words; `padded` aligns them. */
function putBound(skb: MessageWriter, padded: boolean, type: number, low: number, high: number): void {
  if (padded && skb.length % 8 === 0) skb.reserveAttr(NL_POLICY_TYPE_ATTR.PAD.type, 0);
  const at = skb.reserveAttr(type, 8);
  skb.buffer.view.setUint32(at, low, true);
  skb.buffer.view.setUint32(at + 4, high, true);
}

function putIntRange(skb: MessageWriter, padded: boolean, policy: AttributeKind): void {
  const { len: bytes, mask, min = 0 } = policy;
  if (mask !== undefined) {
    putBound(skb, padded, NL_POLICY_TYPE_ATTR.MASK.type, mask, 0);
    return;
  }
  const max = policy.max ?? 2 ** (8 * Math.min(bytes, 4)) - 1;
  putBound(skb, padded, NL_POLICY_TYPE_ATTR.MIN_VALUE_U.type, min, 0);
  putBound(skb, padded, NL_POLICY_TYPE_ATTR.MAX_VALUE_U.type, max, bytes === 8 ? 0xffffffff : 0);
}

function putSignedRange(skb: MessageWriter, padded: boolean, min = -0x80000000): void {
  putBound(skb, padded, NL_POLICY_TYPE_ATTR.MIN_VALUE_S.type, min, min < 0 ? -1 : 0);
  putBound(skb, padded, NL_POLICY_TYPE_ATTR.MAX_VALUE_S.type, 0x7fffffff, 0);
}

/** What goes before the type number, for each kind of policy. */
function putPolicyLimits(skb: MessageWriter, padded: boolean, policy: AttributeKind): void {
  switch (policy.type) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64':
      putIntRange(skb, padded, policy);
      break;
    case 's32':
      putSignedRange(skb, padded, policy.min);
      break;
    case 'string':
    case 'nul_string':
    case 'binary':
      if (policy.len !== 0) skb.putU32(NL_POLICY_TYPE_ATTR.MAX_LENGTH.type, policy.len);
      break;
    case 'bitfield32':
      skb.putU32(NL_POLICY_TYPE_ATTR.BITFIELD32_MASK.type, policy.mask ?? 0);
      break;
    default:
      break;
  }
}

/** net/netlink/policy.c netlink_policy_dump_write_attr(): types without a check are not described. */
function putPolicy(skb: MessageWriter, padded: boolean, policy: AttributeKind): void {
  const number = policyNumbers[policy.type];
  if (number === undefined || policy.untold === true) return;
  const nest = skb.nest(NLMSGERR_ATTR.POLICY.type | NLA_F_NESTED);
  putPolicyLimits(skb, padded, policy);
  skb.putU32(NL_POLICY_TYPE_ATTR.TYPE.type, number);
  skb.nestEnd(nest);
}

/**
 * Appends what the extack says; `failed` adds what only a refusal carries. `padded`: the machine aligns 64-bit values.
 * @models net/netlink/af_netlink.c netlink_ack_tlv_fill()
 */
export function putTlvs(skb: MessageWriter, extack: Extack, failed: boolean, padded: boolean): void {
  if (extack.msg !== undefined) skb.put(NLMSGERR_ATTR.MSG, extack.msg);
  if (extack.cookie !== undefined) skb.put(NLMSGERR_ATTR.COOKIE, extack.cookie);
  if (!failed) return;
  if (extack.badAttr !== undefined) skb.putU32(NLMSGERR_ATTR.OFFS.type, extack.badAttr);
  if (extack.policy !== undefined) putPolicy(skb, padded, extack.policy);
  if (extack.missType !== undefined) skb.putU32(NLMSGERR_ATTR.MISS_TYPE.type, extack.missType);
  if (extack.missNest !== undefined) skb.putU32(NLMSGERR_ATTR.MISS_NEST.type, extack.missNest);
}

/**
 * Queues the NLMSG_ERROR for `msg` (which starts at its nlmsghdr); `error` is positive, 0 acknowledges.
 * @models net/netlink/af_netlink.c netlink_ack()
 */
export function sendAck(sock: NetlinkSock, msg: Bytes, error: number, extack: Extack): void {
  const { machine } = sock.net;
  const knowsExtAck = machine.has('netlink-ext-ack');
  const capped = error === 0 || sock.capAck;
  const echoed = capped ? N.NLMSG_HDRLEN : msg.length;
  const flags = capped && knowsExtAck ? N.NLM_F_CAPPED : 0;
  const skb = machine.scratch.reset(Infinity);
  const start = skb.begin(N.NLMSG_ERROR, flags, msg.view.getUint32(8, true), sock.portid, 4);
  skb.buffer.view.setInt32(start + N.NLMSG_HDRLEN, -error, true);
  skb.appendRange(msg.u8, 0, echoed);
  if (machine.has('netlink-ack-aligned')) skb.reserve(N.nlmsgAlign(echoed) - echoed);
  if (sock.extAck && knowsExtAck && !extack.isEmpty) {
    const before = skb.length;
    putTlvs(skb, extack, error !== 0, machine.config.padAttributes);
    if (skb.length > before) skb.buffer.view.setUint16(start + 6, flags | N.NLM_F_ACK_TLVS, true);
  }
  skb.end(start);
  deliver(sock, {
    data: skb.take(sock.net.replies),
    portid: 0,
    group: 0,
    creds: kernelCreds,
    truesize: truesizeOf(skb.length),
  });
}
