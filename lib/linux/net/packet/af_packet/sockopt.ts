// Options of packet sockets: level SOL_PACKET, and those of SOL_SOCKET that go beyond what every family shares.
import { Bytes, ints } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/if_packet.js';
import * as S from '../../../../uapi/linux/socket.js';
import { errnoOf, ModelGap } from '../../../errno.js';
import type { Task } from '../../../kernel/task.js';
import { sockFilterGetsockopt, sockFilterSetsockopt } from '../../core/sock_filter.js';
import { sockGetsockopt, sockSetsockopt } from '../../core/sock.js';
import type { SockOptValue } from '../../socket.js';
import { fanoutAdd, fanoutValue } from './fanout.js';
import { setMembership } from './mclist.js';
import { setRing } from './set_ring.js';
import type { PacketSock } from './sock.js';

type Set = (sock: PacketSock, value: number) => number;

/** Options that a ring freezes. */
const whileNoRing =
  (set: (sock: PacketSock, value: number) => void): Set =>
  (sock, value) => {
    if (sock.ring !== undefined) return -E.EBUSY;
    set(sock, value);
    return 0;
  };

const always =
  (set: (sock: PacketSock, value: number) => void): Set =>
  (sock, value) => {
    set(sock, value);
    return 0;
  };

/** Options that are an int. */
const setters: ReadonlyMap<number, Set> = new Map<number, Set>([
  [P.PACKET_COPY_THRESH, always((sock, value) => (sock.copyThresh = value))],
  [P.PACKET_AUXDATA, always((sock, value) => (sock.auxdata = value !== 0))],
  [P.PACKET_ORIGDEV, always((sock, value) => (sock.origdev = value !== 0))],
  [P.PACKET_TIMESTAMP, always((sock, value) => (sock.timestamp = value))],
  [P.PACKET_QDISC_BYPASS, always((sock, value) => (sock.qdiscBypass = value !== 0))],
  [P.PACKET_LOSS, whileNoRing((sock, value) => (sock.loss = value !== 0))],
  [
    P.PACKET_VERSION,
    (sock, value) =>
      value < P.TPACKET_V1 || value > P.TPACKET_V3
        ? -E.EINVAL
        : whileNoRing((s, version) => (s.version = version))(sock, value),
  ],
  [
    P.PACKET_RESERVE,
    (sock, value) => (value < 0 ? -E.EINVAL : whileNoRing((s, reserve) => (s.reserve = reserve))(sock, value)),
  ],
  [
    P.PACKET_IGNORE_OUTGOING,
    (sock, value) => {
      if (value < 0 || value > 1) return -E.EINVAL;
      sock.hook.ignoreOutgoing = value === 1;
      return 0;
    },
  ],
  [
    P.PACKET_TX_HAS_OFF,
    always((sock, value) => {
      if (sock.ring === undefined) sock.txHasOff = value !== 0;
    }),
  ],
]);

/** Of these a longer value will do. */
const mayBeLonger: ReadonlySet<number> = new Set([P.PACKET_AUXDATA, P.PACKET_ORIGDEV]);

const gaps: ReadonlyMap<number, string> = new Map([
  [P.PACKET_TX_RING, 'PACKET_TX_RING'],
  [P.PACKET_VNET_HDR, 'PACKET_VNET_HDR'],
  [P.PACKET_VNET_HDR_SZ, 'PACKET_VNET_HDR_SZ'],
]);

/** @models net/packet/af_packet.c packet_setsockopt() */
function packetSetsockopt(sock: PacketSock, optname: number, optval: Uint8Array): number {
  if (optname === P.PACKET_ADD_MEMBERSHIP || optname === P.PACKET_DROP_MEMBERSHIP)
    return setMembership(sock, optname === P.PACKET_ADD_MEMBERSHIP, optval);
  if (optname === P.PACKET_RX_RING) return setRing(sock, optval);
  if (optname === P.PACKET_FANOUT) return fanoutAdd(sock, optval);
  // Kinds that are given a program are gaps; no other takes data.
  if (optname === P.PACKET_FANOUT_DATA) return -E.EINVAL;
  const gap = gaps.get(optname);
  if (gap !== undefined) throw new ModelGap(gap);
  const set = setters.get(optname);
  if (set === undefined) return -E.ENOPROTOOPT;
  if (optval.length < 4 || (optval.length > 4 && !mayBeLonger.has(optname))) return -E.EINVAL;
  return set(sock, new Bytes(optval).view.getInt32(0, true));
}

/** @models net/core/sock.c sk_setsockopt() @differs the options that packet sockets heed */
function socketSetsockopt(sock: PacketSock, task: Task, optname: number, optval: Uint8Array): number {
  if (optname === S.SO_PASSCRED) return optval.length < 4 ? -E.EINVAL : -E.EOPNOTSUPP;
  return sockFilterSetsockopt(sock, task, optname, optval) ?? sockSetsockopt(sock, task, optname, optval);
}

/** setsockopt(2): 0 or a negative errno. @differs the choice of the level that sock_setsockopt() makes */
export function setsockopt(sock: PacketSock, task: Task, level: number, optname: number, optval: Uint8Array): number {
  try {
    if (level === S.SOL_SOCKET) return socketSetsockopt(sock, task, optname, optval);
    return level === P.SOL_PACKET ? packetSetsockopt(sock, optname, optval) : -E.ENOPROTOOPT;
  } catch (thrown) {
    if (thrown instanceof ModelGap) sock.net.machine.gap(thrown.what);
    return -errnoOf(thrown);
  }
}

/** Reads the counters, which start anew. */
function takeStatistics(sock: PacketSock): Uint8Array {
  const counts = { tp_packets: sock.packets + sock.drops, tp_drops: sock.drops };
  const freezes = sock.ring?.takeFreezes() ?? 0;
  sock.packets = sock.drops = 0;
  if (sock.version !== P.TPACKET_V3) return P.tpacket_stats.bytes(counts);
  return P.tpacket_stats_v3.bytes({ ...counts, tp_freeze_q_cnt: freezes });
}

const HEADER_LENGTHS = [32, 32, 48];

const getters: ReadonlyMap<number, (sock: PacketSock) => number> = new Map<number, (sock: PacketSock) => number>([
  [P.PACKET_COPY_THRESH, (sock) => sock.copyThresh],
  [P.PACKET_AUXDATA, (sock) => Number(sock.auxdata)],
  [P.PACKET_ORIGDEV, (sock) => Number(sock.origdev)],
  [P.PACKET_VERSION, (sock) => sock.version],
  [P.PACKET_RESERVE, (sock) => sock.reserve],
  [P.PACKET_LOSS, (sock) => Number(sock.loss)],
  [P.PACKET_VNET_HDR, () => 0],
  [P.PACKET_VNET_HDR_SZ, () => 0],
  [P.PACKET_TIMESTAMP, (sock) => sock.timestamp],
  [P.PACKET_FANOUT, fanoutValue],
  [P.PACKET_IGNORE_OUTGOING, (sock) => Number(sock.hook.ignoreOutgoing)],
  [P.PACKET_TX_HAS_OFF, (sock) => Number(sock.txHasOff)],
  [P.PACKET_QDISC_BYPASS, (sock) => Number(sock.qdiscBypass)],
]);

/** Asked by a value that the caller gives: the version. */
function headerLength(given: Uint8Array | undefined): Uint8Array | number {
  if (given === undefined || given.length < 4) return -E.EINVAL;
  const length = HEADER_LENGTHS[new Bytes(given).view.getInt32(0, true)];
  return length === undefined ? -E.EINVAL : ints(length);
}

/** @models net/packet/af_packet.c packet_getsockopt() */
function packetGetsockopt(sock: PacketSock, optname: number, given: Uint8Array | undefined): Uint8Array | number {
  if (optname === P.PACKET_STATISTICS) return takeStatistics(sock);
  if (optname === P.PACKET_HDRLEN) return headerLength(given);
  if (optname === P.PACKET_ROLLOVER_STATS) return -E.EINVAL;
  const get = getters.get(optname);
  return get === undefined ? -E.ENOPROTOOPT : ints(get(sock));
}

/** @models net/core/sock.c sk_getsockopt() @differs the options that packet sockets heed */
function socketGetsockopt(sock: PacketSock, optname: number, optlen: number): SockOptValue | number {
  if (optname === S.SO_PASSCRED) return -E.EOPNOTSUPP;
  return sockFilterGetsockopt(sock, optname, optlen) ?? sockGetsockopt(sock, optname, optlen);
}

/**
 * getsockopt(2): the value, or a negative errno; `given` is what stands where it is to go, at most `optlen` bytes.
 *
 * @differs the choice of the level that sock_getsockopt() makes
 */
export function getsockopt(
  sock: PacketSock,
  level: number,
  optname: number,
  optlen: number,
  given: Uint8Array | undefined,
): SockOptValue | number {
  if (level === S.SOL_SOCKET) return socketGetsockopt(sock, optname, optlen);
  if (level !== P.SOL_PACKET) return -E.ENOPROTOOPT;
  if (optlen < 0) return -E.EINVAL;
  const got = packetGetsockopt(sock, optname, given);
  if (typeof got === 'number') return got;
  const value = got.subarray(0, optlen);
  return { value, length: value.length };
}
