// net/core/filter.c: helpers that read and set what stands beside a packet: hash, time stamp, class, socket, cgroup, ECN. No
// packet of the model belongs to a socket of a user, so that sockets and cgroups answer as they do for packets of nobody.
import { EINVAL, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import * as F from '../../../../uapi/linux/bpf_func_id.js';
import { setR0, setR0Unsigned } from '../../../../vm/helper_call.js';
import { skbEventOutput } from '../../../kernel/bpf/map_helpers.js';
import { csumAdd, csumSub } from '../skbuff/checksum.js';
import * as L from '../skbuff/layout.js';
import { CHECKSUM_COMPLETE, type SkBuff } from '../skbuff/sk_buff.js';
import { vlanGetProtocol } from '../skbuff/vlan.js';
import { constant, type HelperEntry, type HelperMaker, R1, R2, R3, skbHelper } from './call.js';

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
/** overflowuid: whom packets without a socket belong to. */
const NOBODY = 65534;
/** Of sk_uid in struct sock. */
const SK_UID = 528;

/** @models net/core/filter.c bpf_get_hash_recalc() */
const getHashRecalc: HelperMaker = ({ softnet }) => {
  const { skbs, flowHash } = softnet;
  return (regs) => {
    setR0Unsigned(regs, flowHash.of(skbs.at(regs[R1]!)));
  };
};

/** @models net/core/filter.c bpf_set_hash_invalid() */
function setHashInvalid(skb: SkBuff): number {
  skb.clearHash();
  return 0;
}

/** @models net/core/filter.c bpf_set_hash() */
function setHash(skb: SkBuff, regs: Int32Array): number {
  skb.setHash(regs[R2]!, true, true);
  return 0;
}

const SKB_CLOCK_REALTIME = 0;
const SKB_CLOCK_MONOTONIC = 1;
const SKB_CLOCK_TAI = 2;

function setTime(skb: SkBuff, low: number, high: number, type: number): number {
  skb.set32(L.SKB_TSTAMP, low);
  skb.set32(L.SKB_TSTAMP + 4, high);
  skb.tstampType = type;
  return 0;
}

/** @models net/core/filter.c bpf_skb_set_tstamp() */
function setTstamp(skb: SkBuff, regs: Int32Array): number {
  if (skb.protocol !== ETH_P_IP && skb.protocol !== ETH_P_IPV6) return -EOPNOTSUPP;
  const [low, high, type] = [regs[R2]!, regs[R2 + 1]!, regs[R3]!];
  const none = low === 0 && high === 0;
  switch (type) {
    case SKB_CLOCK_REALTIME:
      return setTime(skb, low, high, type);
    case SKB_CLOCK_MONOTONIC:
    case SKB_CLOCK_TAI:
      return none ? -EINVAL : setTime(skb, low, high, type);
    default:
      return -EINVAL;
  }
}

/** @models include/net/inet_ecn.h IP_ECN_set_ce() */
function ipEcnSetCe(skb: SkBuff, header: number): number {
  const { u8, view } = skb.memory;
  const ecn = (u8[header + 1]! + 1) & 3;
  if ((ecn & 2) === 0) return ecn === 0 ? 1 : 0;
  const sum = view.getUint16(header + 10) + 0xfffb + ecn;
  view.setUint16(header + 10, (sum & 0xffff) + (sum >>> 16));
  u8[header + 1]! |= 3;
  return 1;
}

/** @models include/net/inet_ecn.h IP6_ECN_set_ce() */
function ip6EcnSetCe(skb: SkBuff, header: number): number {
  const { view } = skb.memory;
  const from = view.getUint32(header, true);
  if ((view.getUint16(header) & 0x30) === 0) return 0;
  view.setUint32(header, view.getUint32(header) | (3 << 20));
  if (skb.ipSummed === CHECKSUM_COMPLETE) skb.csum = csumAdd(csumSub(skb.csum, from), view.getUint32(header, true));
  return 1;
}

/** @models net/core/filter.c bpf_skb_ecn_set_ce() */
function ecnSetCe(skb: SkBuff): number {
  const header = skb.head + skb.networkHeader;
  const protocol = vlanGetProtocol(skb);
  const length = protocol === ETH_P_IP ? 20 : protocol === ETH_P_IPV6 ? 40 : 0;
  if (length === 0 || skb.len < length || skb.shared || header + length > skb.head + skb.tail) return 0;
  return length === 20 ? ipEcnSetCe(skb, header) : ip6EcnSetCe(skb, header);
}

/** @models net/core/filter.c bpf_get_socket_cookie() */
const getSocketCookie: HelperMaker =
  ({ softnet }) =>
  (regs) => {
    const cookie = softnet.socketCookie(softnet.skbs.at(regs[R1]!).sk);
    setR0(regs, cookie);
  };

/** @models net/core/filter.c bpf_get_socket_uid() */
const getSocketUid: HelperMaker =
  ({ memory, softnet }) =>
  (regs) => {
    const { sk } = softnet.skbs.at(regs[R1]!);
    setR0Unsigned(regs, sk === 0 ? NOBODY : memory.view.getUint32(sk + SK_UID, true));
  };

/** @models net/core/filter.c bpf_get_netns_cookie() */
const getNetnsCookie = constant(1);

export const skbMetaHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_get_hash_recalc, getHashRecalc],
  [F.BPF_FUNC_set_hash_invalid, skbHelper(setHashInvalid)],
  [F.BPF_FUNC_set_hash, skbHelper(setHash)],
  [F.BPF_FUNC_skb_set_tstamp, skbHelper(setTstamp)],
  [F.BPF_FUNC_skb_ecn_set_ce, skbHelper(ecnSetCe)],
  [F.BPF_FUNC_get_route_realm, constant(0)],
  [F.BPF_FUNC_skb_cgroup_classid, constant(0)],
  [F.BPF_FUNC_skb_get_xfrm_state, xfrmState()],
];

/** No packet has been through IPsec. */
function xfrmState(): HelperMaker {
  return ({ memory }) =>
    (regs) => {
      const to = regs[R3]! >>> 0;
      memory.u8.fill(0, to, to + regs[8]!);
      setR0(regs, -EINVAL);
    };
}

/** @models net/core/filter.c bpf_skb_event_output() */
const eventOutput: HelperMaker =
  ({ bpfMaps, memory, softnet }) =>
  (regs) => {
    setR0(regs, skbEventOutput(bpfMaps.at(memory, regs[R2]! >>> 0), regs, softnet.skbs.at(regs[R1]!)));
  };

/** For socket filters, too. */
export const skbSocketHelpers: readonly HelperEntry[] = [
  [F.BPF_FUNC_get_socket_cookie, getSocketCookie],
  [F.BPF_FUNC_get_socket_uid, getSocketUid],
  [F.BPF_FUNC_get_netns_cookie, getNetnsCookie],
  [F.BPF_FUNC_perf_event_output, eventOutput],
];
