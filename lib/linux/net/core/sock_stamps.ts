// net/core/sock.c, the options that ask for the time of packets: SO_TIMESTAMP and its three like it, which share three flags,
// and SO_TIMESTAMPING; and what a receiver is told then (net/socket.c). Times of when packets were sent are not modelled.
import { Bytes, ints } from '../../../codec/bytes.js';
import * as E from '../../../uapi/asm-generic/errno.js';
import * as S from '../../../uapi/linux/socket.js';
import { ModelGap } from '../../errno.js';
import type { ControlWriter } from './scm.js';

/** SOF_TIMESTAMPING_*: those that ask for times of sending, of reception by software, for such times to be told. */
const TX_SOFTWARE = 0x102;
const RX_SOFTWARE = 0x8;
const SOFTWARE = 0x10;
const OPT_ID = 0x80;
const OPT_STATS = 0x1000;
const OPT_TSONLY = 0x800;
const BIND_PHC = 0x8000;
const OPT_ID_TCP = 0x10000;
const MASK = 0x7ffff;
/** struct scm_timestamping: three times, of which the first is that of the software. */
const TIMES = 6;

export interface Moment {
  readonly sec: number;
  readonly nsec: number;
}

/** Which of the four options means what. */
const kinds: ReadonlyMap<number, { readonly isNew: boolean; readonly inNs: boolean }> = new Map([
  [S.SO_TIMESTAMP_OLD, { isNew: false, inNs: false }],
  [S.SO_TIMESTAMPNS_OLD, { isNew: false, inNs: true }],
  [S.SO_TIMESTAMP_NEW, { isNew: true, inNs: false }],
  [S.SO_TIMESTAMPNS_NEW, { isNew: true, inNs: true }],
]);

export class SockStamps {
  /** SOCK_RCVTSTAMP, SOCK_RCVTSTAMPNS and SOCK_TSTAMP_NEW. */
  #on = false;
  #inNs = false;
  #isNew = false;
  /** sk_tsflags */
  #flags = 0;
  #phc = 0;

  /** Whether a receiver is told a time, one way or the other. */
  get wanted(): boolean {
    return this.#on || this.#flags !== 0;
  }

  /** @models net/core/sock.c __sock_set_timestamps() */
  #setTimestamps(on: boolean, isNew: boolean, inNs: boolean): void {
    this.#on = on;
    this.#inNs = on && inNs;
    if (on) this.#isNew = isNew;
  }

  /** @models net/core/sock.c sock_set_timestamping() */
  #setTimestamping(optname: number, flags: number, phc: number): number {
    if ((flags & ~MASK) !== 0 || ((flags & OPT_ID_TCP) !== 0 && (flags & OPT_ID) === 0)) return -E.EINVAL;
    if ((flags & OPT_STATS) !== 0 && (flags & OPT_TSONLY) === 0) return -E.EINVAL;
    if ((flags & (BIND_PHC | TX_SOFTWARE)) !== 0) throw new ModelGap('SO_TIMESTAMPING of packets that are sent');
    this.#flags = flags;
    this.#phc = phc;
    this.#isNew = optname === S.SO_TIMESTAMPING_NEW;
    return 0;
  }

  /** setsockopt(2): 0 or a negative errno; undefined for an option that is not of these. A gap throws. */
  set(optname: number, optval: Uint8Array): number | undefined {
    const kind = kinds.get(optname);
    const isTimestamping = optname === S.SO_TIMESTAMPING_OLD || optname === S.SO_TIMESTAMPING_NEW;
    if (kind === undefined && !isTimestamping) return undefined;
    if (optval.length < 4) return -E.EINVAL;
    const { view } = new Bytes(optval);
    const value = view.getInt32(0, true);
    if (kind === undefined)
      return this.#setTimestamping(optname, value, optval.length === 8 ? view.getInt32(4, true) : 0);
    this.#setTimestamps(value !== 0, kind.isNew, kind.inNs);
    return 0;
  }

  /** What getsockopt(2) tells of it; undefined for an option that is not of these. */
  get(optname: number): Uint8Array | undefined {
    const kind = kinds.get(optname);
    if (kind !== undefined) {
      const isUnit = kind.inNs ? this.#inNs : kind.isNew || !this.#inNs;
      const told = this.#on && this.#isNew === kind.isNew && isUnit;
      return ints(told ? 1 : 0);
    }
    if (optname !== S.SO_TIMESTAMPING_OLD && optname !== S.SO_TIMESTAMPING_NEW) return undefined;
    const tells = optname === S.SO_TIMESTAMPING_OLD || this.#isNew;
    return ints(tells ? this.#flags : 0, tells ? this.#phc : 0);
  }

  /** The control messages that tell when a packet came. @models net/socket.c __sock_recv_timestamp() */
  put(control: ControlWriter, { sec, nsec }: Moment): void {
    const type = (older: number, newer: number): number => (this.#isNew ? newer : older);
    if (this.#on && this.#inNs)
      control.put(S.SOL_SOCKET, type(S.SO_TIMESTAMPNS_OLD, S.SO_TIMESTAMPNS_NEW), pair(sec, nsec));
    else if (this.#on)
      control.put(S.SOL_SOCKET, type(S.SO_TIMESTAMP_OLD, S.SO_TIMESTAMP_NEW), pair(sec, Math.floor(nsec / 1000)));
    if ((this.#flags & (SOFTWARE | RX_SOFTWARE)) !== (SOFTWARE | RX_SOFTWARE)) return;
    const times = new BigInt64Array(TIMES);
    times[0] = BigInt(sec);
    times[1] = BigInt(nsec);
    control.put(S.SOL_SOCKET, type(S.SO_TIMESTAMPING_OLD, S.SO_TIMESTAMPING_NEW), new Uint8Array(times.buffer));
  }
}

/** struct timeval or struct timespec. @differs the kernel has them as types */
export const pair = (sec: number, part: number): Uint8Array =>
  new Uint8Array(BigInt64Array.of(BigInt(sec), BigInt(part)).buffer);
