// The requests of a conversation, so that an acknowledgement that echoes no more than a header is explained with what was asked.
import type { Datagram } from '../datagram.js';
import { NLMSG_ERROR, NLMSG_MIN_TYPE, NLM_F_REQUEST } from '../../uapi/linux/netlink.js';
import { viewMessages } from '../../wire/netlink.js';

/** Requests that are remembered. */
const REMEMBERED = 1024;

export class Requests {
  /** By socket and sequence number. */
  readonly #messages = new Map<string, Uint8Array>();

  /** Remembers the requests of a datagram; for one of the kernel, the request that its first message answers. */
  follow(datagram: Datagram): Uint8Array | undefined {
    const { messages } = viewMessages(datagram.bytes);
    for (const { header, offset } of messages) {
      if (header.nlmsg_type < NLMSG_MIN_TYPE || (header.nlmsg_flags & NLM_F_REQUEST) === 0) continue;
      this.#remember(keyOf(datagram, header.nlmsg_seq), datagram.bytes.subarray(offset, offset + header.nlmsg_len));
    }
    const answer = messages.find(({ header }) => header.nlmsg_type === NLMSG_ERROR);
    return answer && this.#messages.get(keyOf(datagram, answer.header.nlmsg_seq));
  }

  #remember(key: string, message: Uint8Array): void {
    this.#messages.delete(key);
    this.#messages.set(key, message.slice());
    if (this.#messages.size <= REMEMBERED) return;
    const oldest = this.#messages.keys().next();
    if (oldest.done !== true) this.#messages.delete(oldest.value);
  }
}

const keyOf = ({ socket = '' }: Datagram, sequence: number): string => `${sequence} ${socket}`;
