// Which of the datagrams that the kernel sends are answers and which are notifications: formats that say only who sent one
// leave it to be told from the requests before. An answer has the sequence number of a request that waits for one; what a
// request changed is announced under its number, too, but with the type of a change.
import { NLM_F_MULTI, NLMSG_HDRLEN, NLMSG_MIN_TYPE } from '../../uapi/linux/netlink.js';
import type { Direction } from '../datagram.js';

/** Requests that are remembered. */
const REMEMBERED = 1024;

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
const u32 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;

/** Types of rtnetlink come in fours: new, delete, get, set. */
const isGet = (type: number): boolean => type % 4 === 2;

export class Conversation {
  /** Type by sequence number. */
  readonly #requests = new Map<number, number>();

  request(bytes: Uint8Array): void {
    if (bytes.length < NLMSG_HDRLEN) return;
    const sequence = u32(bytes, 8);
    this.#requests.delete(sequence);
    this.#requests.set(sequence, u16(bytes, 4));
    if (this.#requests.size <= REMEMBERED) return;
    for (const oldest of this.#requests.keys()) {
      this.#requests.delete(oldest);
      break;
    }
  }

  /** What a datagram of the kernel is. */
  kernel(bytes: Uint8Array): Direction {
    if (bytes.length < NLMSG_HDRLEN) return 'reply';
    const [type, flags, sequence] = [u16(bytes, 4), u16(bytes, 6), u32(bytes, 8)];
    if (type < NLMSG_MIN_TYPE || (flags & NLM_F_MULTI) !== 0) return 'reply';
    const request = this.#requests.get(sequence);
    return request !== undefined && isGet(request) ? 'reply' : 'notification';
  }
}
