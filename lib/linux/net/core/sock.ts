// net/core/sock.c: the SOL_SOCKET options every family shares.
import { Bytes, ints } from '../../../codec/bytes.js';
import * as E from '../../../uapi/asm-generic/errno.js';
import { CAP_NET_ADMIN } from '../../../uapi/linux/capability.js';
import * as S from '../../../uapi/linux/socket.js';
import type { KernelConfig } from '../../config.js';
import { errnoOf, ModelGap } from '../../errno.js';
import type { Task } from '../../kernel/task.js';
import type { SockOptValue } from '../socket.js';
import { type Net, netGeneric } from './net_namespace.js';
import { bindToDevice, getKept, setKept } from './sock_options.js';
import { SockStamps } from './sock_stamps.js';

/** SOCK_MIN_RCVBUF and SOCK_MIN_SNDBUF on x86-64, bytes. */
const MIN_RCVBUF = 2304;
const MIN_SNDBUF = 4608;
const S32_MAX = 0x7fffffff;

/** What setsockopt() changed and getsockopt() reports. */
export class SockOptions {
  readonly maxBuffer: number;
  /** sk_sndbuf and sk_rcvbuf, bytes (twice what was asked for). */
  sndbuf: number;
  rcvbuf: number;
  /** What setsockopt() can set at most; only a fault on purpose makes it finite. */
  sndbufMax = Infinity;
  rcvbufMax = Infinity;
  /** Milliseconds; Infinity = wait for ever. */
  rcvtimeo = Infinity;
  sndtimeo = Infinity;
  passcred = false;
  /** Plain integers that only get reported back: SO_PRIORITY, SO_MARK, … */
  readonly stored = new Map<number, number>();
  readonly stamps = new SockStamps();
  linger = false;
  lingerTime = 0;
  /** sk_max_pacing_rate, bytes a second. */
  maxPacingRate = 0xffffffffffffffffn;
  txtimeFlags = 0;
  /** sk_bound_dev_if */
  boundDevice = 0;
  #cookie = 0;

  constructor(config: KernelConfig) {
    this.maxBuffer = config.rmemMax;
    this.sndbuf = config.rmemDefault;
    this.rcvbuf = config.rmemDefault;
  }

  /** The number of the socket, given when it is first asked for. @models net/core/sock_diag.c __sock_gen_cookie() */
  cookie(net: Net): number {
    if (this.#cookie === 0) this.#cookie = ++cookies(net).last;
    return this.#cookie;
  }
}

const cookies = netGeneric(() => ({ last: 0 }));

/** What the options functions need of a socket. */
export interface Sock {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  readonly opts: SockOptions;
  readonly rmem: number;
  readonly net: Net;
  /** How many packets found no room (sk_drops). */
  readonly dropped: number;
  err: number;
  getname(peer: boolean): Uint8Array | number;
}

function setBuffer(opts: SockOptions, which: 'sndbuf' | 'rcvbuf', value: number, forced: boolean): void {
  const asked = forced ? Math.max(value | 0, 0) : Math.min(value >>> 0, opts.maxBuffer);
  const doubled = Math.min(asked, S32_MAX >> 1) * 2;
  const size = Math.max(doubled, which === 'sndbuf' ? MIN_SNDBUF : MIN_RCVBUF);
  opts[which] = Math.min(size, which === 'sndbuf' ? opts.sndbufMax : opts.rcvbufMax);
  opts.stored.set(S.SO_BUF_LOCK, (opts.stored.get(S.SO_BUF_LOCK) ?? 0) | (which === 'sndbuf' ? 1 : 2));
}

/** sock_set_timeout(): struct timeval in, milliseconds out; undefined = refused with the errno given. */
function decodeTimeout(optval: Uint8Array): number | { errno: number } {
  if (optval.length < 16) return { errno: -E.EINVAL };
  const { view } = new Bytes(optval);
  const seconds = Number(view.getBigInt64(0, true));
  const microseconds = Number(view.getBigInt64(8, true));
  if (microseconds < 0 || microseconds >= 1_000_000) return { errno: -E.EDOM };
  if (seconds < 0) return 0;
  if (seconds === 0 && microseconds === 0) return Infinity;
  return seconds * 1000 + microseconds / 1000;
}

function encodeTimeout(milliseconds: number): Uint8Array {
  const out = Bytes.zeroed(16);
  if (milliseconds === Infinity) return out.u8;
  out.view.setBigInt64(0, BigInt(Math.floor(milliseconds / 1000)), true);
  out.view.setBigInt64(8, BigInt(Math.round((milliseconds % 1000) * 1000)), true);
  return out.u8;
}

function setTimeoutOption(sock: Sock, which: 'rcvtimeo' | 'sndtimeo', optval: Uint8Array): number {
  const timeout = decodeTimeout(optval);
  if (typeof timeout !== 'number') return timeout.errno;
  sock.opts[which] = timeout;
  return 0;
}

/** Booleans and integers without effect on the model; booleans report 0 or 1. */
const plainBooleans: ReadonlySet<number> = new Set([S.SO_REUSEADDR, S.SO_DONTROUTE, S.SO_BROADCAST, S.SO_KEEPALIVE]);
/** Options that only report. */
const readOnly: ReadonlySet<number> = new Set([
  S.SO_TYPE,
  S.SO_PROTOCOL,
  S.SO_DOMAIN,
  S.SO_ERROR,
  S.SO_ACCEPTCONN,
  S.SO_SNDLOWAT,
]);
const privileged: ReadonlySet<number> = new Set([S.SO_DEBUG, S.SO_SNDBUFFORCE, S.SO_RCVBUFFORCE, S.SO_MARK]);
/** Greatest SO_PRIORITY without CAP_NET_ADMIN. */
const MAX_FREE_PRIORITY = 6;

function setInteger(sock: Sock, task: Task, optname: number, optval: Uint8Array): number {
  const value = new Bytes(optval).view.getInt32(0, true);
  const { opts } = sock;
  if (plainBooleans.has(optname) || optname === S.SO_DEBUG) opts.stored.set(optname, value !== 0 ? 1 : 0);
  else if (optname === S.SO_SNDBUF || optname === S.SO_SNDBUFFORCE)
    setBuffer(opts, 'sndbuf', value, optname === S.SO_SNDBUFFORCE);
  else if (optname === S.SO_RCVBUF || optname === S.SO_RCVBUFFORCE)
    setBuffer(opts, 'rcvbuf', value, optname === S.SO_RCVBUFFORCE);
  else if (optname === S.SO_PASSCRED) opts.passcred = value !== 0;
  else if (optname === S.SO_RCVLOWAT) opts.stored.set(optname, value < 0 ? S32_MAX : Math.max(value, 1));
  else if (optname === S.SO_MARK) opts.stored.set(optname, value);
  else if (optname === S.SO_PRIORITY) {
    if ((value < 0 || value > MAX_FREE_PRIORITY) && !task.capable(CAP_NET_ADMIN)) return -E.EPERM;
    opts.stored.set(optname, value);
  } else return setKept(sock, task, optname, value, optval);
  return 0;
}

/** The options of times: 0 or a negative errno; undefined for any other. */
function setStamps({ net: { machine }, opts }: Sock, optname: number, optval: Uint8Array): number | undefined {
  try {
    return opts.stamps.set(optname, optval);
  } catch (thrown) {
    if (thrown instanceof ModelGap) machine.gap(thrown.what);
    return -errnoOf(thrown);
  }
}

/**
 * setsockopt(SOL_SOCKET): 0 or a negative errno.
 * @models net/core/sock.c sk_setsockopt()
 */
export function sockSetsockopt(sock: Sock, task: Task, optname: number, optval: Uint8Array): number {
  if (optname === S.SO_BINDTODEVICE) return bindToDevice(sock, task, optval);
  if (optval.length < 4) return -E.EINVAL;
  if (readOnly.has(optname)) return -E.ENOPROTOOPT;
  if (privileged.has(optname) && !task.capable(CAP_NET_ADMIN)) return optname === S.SO_DEBUG ? -E.EACCES : -E.EPERM;
  switch (optname) {
    case S.SO_RCVTIMEO_OLD:
    case S.SO_RCVTIMEO_NEW:
      return setTimeoutOption(sock, 'rcvtimeo', optval);
    case S.SO_SNDTIMEO_OLD:
    case S.SO_SNDTIMEO_NEW:
      return setTimeoutOption(sock, 'sndtimeo', optval);
    default:
      return setStamps(sock, optname, optval) ?? setInteger(sock, task, optname, optval);
  }
}

function memInfo(sock: Sock): Uint8Array {
  const words = Uint32Array.of(sock.rmem, sock.opts.rcvbuf, 0, sock.opts.sndbuf, 0, 0, 0, 0, sock.dropped);
  return new Uint8Array(words.buffer);
}

/** The integer an option reports; undefined when it is no integer. */
function integerOption(sock: Sock, optname: number): number | undefined {
  const { opts } = sock;
  switch (optname) {
    case S.SO_TYPE:
      return sock.type;
    case S.SO_PROTOCOL:
      return sock.protocol;
    case S.SO_DOMAIN:
      return sock.family;
    case S.SO_SNDBUF:
      return opts.sndbuf;
    case S.SO_RCVBUF:
      return opts.rcvbuf;
    case S.SO_PASSCRED:
      return opts.passcred ? 1 : 0;
    case S.SO_ACCEPTCONN:
      return 0;
    case S.SO_SNDLOWAT:
      return 1;
    case S.SO_RCVLOWAT:
      return opts.stored.get(optname) ?? 1;
    case S.SO_ERROR:
      return takeError(sock);
    case S.SO_DEBUG:
    case S.SO_PRIORITY:
    case S.SO_MARK:
      return opts.stored.get(optname) ?? 0;
    default:
      return plainBooleans.has(optname) ? (opts.stored.get(optname) ?? 0) : undefined;
  }
}

function takeError(sock: Sock): number {
  const { err } = sock;
  sock.err = 0;
  return err;
}

function valueOf(sock: Sock, optname: number, optlen: number): Uint8Array | number {
  const integer = integerOption(sock, optname);
  if (integer !== undefined) return ints(integer);
  switch (optname) {
    case S.SO_RCVTIMEO_OLD:
    case S.SO_RCVTIMEO_NEW:
      return encodeTimeout(sock.opts.rcvtimeo);
    case S.SO_SNDTIMEO_OLD:
    case S.SO_SNDTIMEO_NEW:
      return encodeTimeout(sock.opts.sndtimeo);
    case S.SO_MEMINFO:
      return memInfo(sock);
    default:
      return sock.opts.stamps.get(optname) ?? getKept(sock, optname, optlen);
  }
}

/**
 * getsockopt(SOL_SOCKET): the value, cut to `optlen`, or a negative errno.
 * @models net/core/sock.c sk_getsockopt()
 */
export function sockGetsockopt(sock: Sock, optname: number, optlen: number): SockOptValue | number {
  if (optlen < 0) return -E.EINVAL;
  const value = valueOf(sock, optname, optlen);
  if (typeof value === 'number') return value;
  const cut = value.subarray(0, optlen);
  return { value: cut, length: cut.length };
}
