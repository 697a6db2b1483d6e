// net/core/sock.c, options of SOL_SOCKET that a socket keeps and tells, or refuses, and that change nothing else here.
// Both functions of sock.ts ask here for what they do not know themselves.
import { Bytes, fromLatin1, ints, latin1 } from '../../../codec/bytes.js';
import * as E from '../../../uapi/asm-generic/errno.js';
import { CAP_NET_ADMIN, CAP_NET_RAW } from '../../../uapi/linux/capability.js';
import { IFNAMSIZ } from '../../../uapi/linux/if.js';
import * as S from '../../../uapi/linux/socket.js';
import type { Task } from '../../kernel/task.js';
import type { BehaviourName } from '../../version.js';
import { devGetByIndex, devGetByName } from './dev/table.js';
import type { Sock } from './sock.js';

/** The value as setsockopt(2) was given it: its first int, and all of it. */
interface Given {
  readonly task: Task;
  readonly value: number;
  readonly optval: Uint8Array;
}

interface Option {
  /** What getsockopt(2) tells, or a negative errno; without it ENOPROTOOPT. `optlen` is what the caller has room for. */
  readonly get?: (sock: Sock, optlen: number) => Uint8Array | number;
  /** 0 or a negative errno; without it ENOPROTOOPT. */
  readonly set?: (sock: Sock, given: Given) => number;
  readonly since?: BehaviourName;
}

const AF_NETLINK = 16;
const CLOCK_MONOTONIC = 1;
/** SOF_TXTIME_FLAGS_MASK */
const TXTIME_FLAGS = 3;
/** SOCK_BUF_LOCK_MASK */
const BUF_LOCKS = 3;
const U16_MAX = 0xffff;

const keptOf = (sock: Sock, optname: number, initial = 0): number => sock.opts.stored.get(optname) ?? initial;

/** An int that is only told again; `taken` says what becomes of it, or a negative errno. */
function kept(optname: number, taken: (value: number, task: Task) => number = (value) => value, initial = 0): Option {
  return {
    get: (sock) => ints(keptOf(sock, optname, initial)),
    set: (sock, { value, task }) => {
      const result = taken(value, task);
      if (result >= 0) sock.opts.stored.set(optname, result);
      return Math.min(result, 0);
    },
  };
}

const flag = (optname: number): Option => kept(optname, (value) => (value === 0 ? 0 : 1));
const refused = (error: number): Option => ({ get: () => -error, set: () => -error });
/** Credentials are for sockets that carry them: those of netlink, here. */
const ofScm = (optname: number): Option => {
  const { get, set } = flag(optname);
  const has = (sock: Sock): boolean => sock.family === AF_NETLINK;
  return {
    get: (sock, optlen) => (has(sock) ? get!(sock, optlen) : -E.EOPNOTSUPP),
    set: (sock, given) => (has(sock) ? set!(sock, given) : -E.EOPNOTSUPP),
  };
};

/** struct linger; without l_onoff the time stays what it was. */
const linger: Option = {
  get: ({ opts: { linger: on, lingerTime } }) => ints(on ? 1 : 0, lingerTime),
  set: ({ opts }, { value, optval }) => {
    if (optval.length < 8) return -E.EINVAL;
    opts.linger = value !== 0;
    if (opts.linger) opts.lingerTime = new Bytes(optval).view.getInt32(4, true);
    return 0;
  },
};

/** An unsigned long, or an int of which -1 stands for the greatest. */
const pacing: Option = {
  get: ({ opts: { maxPacingRate } }, optlen) => {
    const long = new Uint8Array(BigUint64Array.of(maxPacingRate).buffer);
    if (optlen === 8 || optlen > 8) return long;
    return ints(Number(maxPacingRate > 0xffffffffn ? 0xffffffffn : maxPacingRate) | 0);
  },
  set: ({ opts }, { value, optval }) => {
    if (optval.length >= 8) opts.maxPacingRate = new Bytes(optval).view.getBigUint64(0, true);
    else opts.maxPacingRate = value === -1 ? 0xffffffffffffffffn : BigInt(value >>> 0);
    return 0;
  },
};

/** struct sock_txtime: which clock, and flags. */
const txtime: Option = {
  get: (sock) => ints(keptOf(sock, S.SO_TXTIME), sock.opts.txtimeFlags),
  set: ({ opts }, { value, task, optval }) => {
    if (optval.length !== 8) return -E.EINVAL;
    const flags = new Bytes(optval).view.getUint32(4, true);
    if ((flags & ~TXTIME_FLAGS) !== 0) return -E.EINVAL;
    if (value !== CLOCK_MONOTONIC && !task.capable(CAP_NET_ADMIN)) return -E.EPERM;
    opts.stored.set(S.SO_TXTIME, value);
    opts.txtimeFlags = flags;
    return 0;
  },
};

/** @models net/core/sock.c sock_bindtoindex_locked() */
function bindToIndex({ opts }: Sock, task: Task, ifindex: number): number {
  if (opts.boundDevice !== 0 && !task.capable(CAP_NET_RAW)) return -E.EPERM;
  if (ifindex < 0) return -E.EINVAL;
  opts.boundDevice = ifindex;
  return 0;
}

/** @models net/core/sock.c sock_setbindtodevice() */
export function bindToDevice(sock: Sock, task: Task, optval: Uint8Array): number {
  const nul = optval.subarray(0, IFNAMSIZ - 1).indexOf(0);
  const name = latin1(optval, 0, nul < 0 ? Math.min(optval.length, IFNAMSIZ - 1) : nul);
  if (name === '') return bindToIndex(sock, task, 0);
  const dev = devGetByName(sock.net, name);
  return dev === undefined ? -E.ENODEV : bindToIndex(sock, task, dev.ifindex);
}

/** The name with its NUL; empty when it is bound to none. @models net/core/sock.c sock_getbindtodevice() */
function boundDevice({ net, opts }: Sock, optlen: number): Uint8Array | number {
  if (opts.boundDevice === 0) return new Uint8Array(0);
  if (optlen < IFNAMSIZ) return -E.EINVAL;
  const dev = devGetByIndex(net, opts.boundDevice);
  return dev === undefined ? -E.ENODEV : fromLatin1(`${dev.name}\0`);
}

const reusePort: Option = {
  get: flag(S.SO_REUSEPORT).get!,
  set: (sock, given) =>
    given.value !== 0 && sock.net.machine.has('so-last-options')
      ? -E.EOPNOTSUPP
      : flag(S.SO_REUSEPORT).set!(sock, given),
};

/** The address of the other end: netlink has one, if only the kernel's. */
function peerName(sock: Sock, optlen: number): Uint8Array | number {
  const name = sock.getname(true);
  if (typeof name === 'number') return -E.ENOTCONN;
  return name.length < optlen ? -E.EINVAL : name;
}

/** A number of the machine's own, of eight bytes. */
const cookie = (value: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);

type Options = readonly (readonly [optname: number, option: Option])[];

/** Of every kernel. */
const ever: Options = [
  [S.SO_OOBINLINE, flag(S.SO_OOBINLINE)],
  [S.SO_NO_CHECK, flag(S.SO_NO_CHECK)],
  [S.SO_LINGER, linger],
  [S.SO_BSDCOMPAT, kept(S.SO_BSDCOMPAT, () => 0)],
  [S.SO_REUSEPORT, reusePort],
  [S.SO_PEERCRED, { get: () => ints(0, -1, -1) }],
  [S.SO_BINDTODEVICE, { get: boundDevice }],
  [S.SO_PEERNAME, { get: peerName }],
  [S.SO_PASSSEC, ofScm(S.SO_PASSSEC)],
  [S.SO_RXQ_OVFL, flag(S.SO_RXQ_OVFL)],
  [S.SO_WIFI_STATUS, flag(S.SO_WIFI_STATUS)],
  [S.SO_PEEK_OFF, refused(E.EOPNOTSUPP)],
  [S.SO_NOFCS, flag(S.SO_NOFCS)],
  [S.SO_SELECT_ERR_QUEUE, flag(S.SO_SELECT_ERR_QUEUE)],
  [S.SO_BUSY_POLL, kept(S.SO_BUSY_POLL, (value) => (value < 0 ? -E.EINVAL : value))],
  [S.SO_MAX_PACING_RATE, pacing],
  [
    S.SO_INCOMING_CPU,
    {
      get: (sock) => ints(keptOf(sock, S.SO_INCOMING_CPU, -1)),
      set: ({ opts }, { value }) => (opts.stored.set(S.SO_INCOMING_CPU, value), 0),
    },
  ],
];

/** Those after SO_ATTACH_BPF. */
const later: Options = [
  [S.SO_ATTACH_REUSEPORT_CBPF, { set: () => -E.EINVAL }],
  [S.SO_ATTACH_REUSEPORT_EBPF, { set: () => -E.EINVAL }],
  [S.SO_CNX_ADVICE, { set: () => 0 }],
  [S.SO_INCOMING_NAPI_ID, { get: () => ints(0) }],
  [S.SO_COOKIE, { get: (sock, optlen) => (optlen < 8 ? -E.EINVAL : cookie(sock.opts.cookie(sock.net))) }],
  [S.SO_PEERGROUPS, { get: () => -E.ENODATA }],
  [S.SO_ZEROCOPY, { get: () => ints(0), set: () => -E.EOPNOTSUPP }],
  [S.SO_TXTIME, txtime],
  [
    S.SO_BINDTOIFINDEX,
    {
      get: ({ opts }) => ints(opts.boundDevice),
      set: (sock, { task, value }) => bindToIndex(sock, task, value),
    },
  ],
  [S.SO_DETACH_REUSEPORT_BPF, { set: () => -E.EINVAL }],
  [
    S.SO_PREFER_BUSY_POLL,
    kept(S.SO_PREFER_BUSY_POLL, (value, task) => (value === 0 ? 0 : task.capable(CAP_NET_ADMIN) ? 1 : -E.EPERM)),
  ],
  [S.SO_BUSY_POLL_BUDGET, { set: kept(S.SO_BUSY_POLL_BUDGET, budget).set! }],
  [S.SO_NETNS_COOKIE, { get: (_sock, optlen) => (optlen !== 8 ? -E.EINVAL : cookie(1)) }],
  [S.SO_BUF_LOCK, kept(S.SO_BUF_LOCK, (value) => ((value & ~BUF_LOCKS) === 0 ? value : -E.EINVAL))],
  [
    S.SO_RESERVE_MEM,
    {
      get: () => ints(0),
      set: (_sock, { value }) => (value < 0 ? -E.EINVAL : -E.EOPNOTSUPP),
    },
  ],
  [S.SO_TXREHASH, refused(E.EOPNOTSUPP)],
  [S.SO_RCVMARK, flag(S.SO_RCVMARK)],
];

/** Those after 6.1. */
const last: Options = [
  [S.SO_PASSPIDFD, ofScm(S.SO_PASSPIDFD)],
  [S.SO_PEERPIDFD, { get: () => -E.ENODATA }],
  [S.SO_DEVMEM_DONTNEED, { set: () => -E.EBADF }],
  [S.SO_RCVPRIORITY, flag(S.SO_RCVPRIORITY)],
  [S.SO_PASSRIGHTS, refused(E.EOPNOTSUPP)],
];

const since = (what: BehaviourName, options: Options): Options =>
  options.map(([optname, option]) => [optname, { ...option, since: what }]);

const table: ReadonlyMap<number, Option> = new Map([
  ...ever,
  ...since('so-later-options', later),
  ...since('so-last-options', last),
]);

function budget(value: number, task: Task): number {
  if (value > 0 && !task.capable(CAP_NET_ADMIN)) return -E.EPERM;
  return value < 0 || value > U16_MAX ? -E.EINVAL : value;
}

function optionOf({ net }: Sock, optname: number): Option | undefined {
  const option = table.get(optname);
  return option?.since === undefined || net.machine.has(option.since) ? option : undefined;
}

/** setsockopt(2) of an option that is only kept: 0 or a negative errno. @differs a part of sk_setsockopt() */
export const setKept = (sock: Sock, task: Task, optname: number, value: number, optval: Uint8Array): number =>
  optionOf(sock, optname)?.set?.(sock, { task, value, optval }) ?? -E.ENOPROTOOPT;

/** What getsockopt(2) tells of such an option, not yet cut, or a negative errno. @differs a part of sk_getsockopt() */
export const getKept = (sock: Sock, optname: number, optlen: number): Uint8Array | number =>
  optionOf(sock, optname)?.get?.(sock, optlen) ?? -E.ENOPROTOOPT;
