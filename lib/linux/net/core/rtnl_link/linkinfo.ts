// net/core/rtnetlink.c, IFLA_LINKINFO of a request: the kind, what the kind is told, and the other end of a pair.
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parse, parseNested } from '../../../../codec/parse.js';
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { IFLA_INFO } from '../../../../uapi/linux/if_link.js';
import { ifinfomsg } from '../../../../uapi/linux/rtnetlink.js';
import { errno } from '../../../errno.js';
import type { RtnlRequest } from '../rtnetlink.js';
import { linkOpsOf } from './kinds.js';
import type { IflaTable, NewlinkParams, RtnlLinkOps } from './ops.js';
import { checkTargetNet, ensureUniqueNetns, iflaOf } from './request.js';

export interface LinkInfo {
  /** Undefined when the request names no kind, or one this kernel does not have. */
  readonly ops: RtnlLinkOps | undefined;
  /** IFLA_INFO_DATA of the request. */
  readonly hasData: boolean;
  readonly hasSlaveData: boolean;
  readonly data: NewlinkParams['data'];
  readonly peer: NewlinkParams['peer'];
}

/** @models net/core/rtnetlink.c rtnl_nla_parse_ifinfomsg() */
function parsePeer(nla: Nla, { extack, machine }: RtnlRequest): NonNullable<NewlinkParams['peer']> {
  const ifm = ifinfomsg.get(nla.msg, nla.start);
  if (ifm.ifi_index < 0 && machine.has('rtnl-negative-ifindex')) {
    extack.setBad("ifindex can't be negative", nla.off);
    throw errno(EINVAL);
  }
  const tb = parse(iflaOf(machine), nla.msg, nla.start + ifinfomsg.size, nla.end, NL_VALIDATE_LIBERAL, extack);
  return { ifm, tb };
}

/** @models net/core/rtnetlink.c rtnl_add_peer_net() */
function peerOf(request: RtnlRequest, ops: RtnlLinkOps, data: NewlinkParams['data']): NewlinkParams['peer'] {
  const nla = ops.peerType === undefined ? undefined : data?.[ops.peerType];
  if (nla === undefined) return undefined;
  const peer = parsePeer(nla, request);
  ops.validate?.(peer.tb, undefined, request.extack);
  ensureUniqueNetns(peer.tb, request.extack);
  checkTargetNet(request, peer.tb);
  return peer;
}

/**
 * Reads IFLA_LINKINFO and lets the kind judge the request.
 *
 * @models net/core/rtnetlink.c rtnl_newlink()
 */
export function parseLinkInfo(request: RtnlRequest, tb: IflaTable): LinkInfo {
  const { net, extack } = request;
  const info =
    tb.LINKINFO === undefined ? undefined : parseNested(IFLA_INFO, tb.LINKINFO, NL_VALIDATE_LIBERAL, undefined);
  const ops = info?.KIND === undefined ? undefined : linkOpsOf(net, info.KIND);
  const nest = info?.DATA;
  const given = { ops, hasData: nest !== undefined, hasSlaveData: info?.SLAVE_DATA !== undefined };
  if (ops === undefined) return { ...given, data: undefined, peer: undefined };
  const judged = ops.infoData !== undefined && nest !== undefined;
  const data = judged ? parseNested(ops.infoData, nest, NL_VALIDATE_LIBERAL, extack).$nla : undefined;
  ops.validate?.(tb, data, extack);
  return { ...given, data, peer: peerOf(request, ops, data) };
}
