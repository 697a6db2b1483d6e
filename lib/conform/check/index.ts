// check: what is wrong with netlink datagrams, and what the kernel would say of it.
import { NETLINK_ROUTE } from '../../uapi/linux/netlink.js';
import type { Datagram, Direction } from '../datagram.js';
import type { CheckOptions } from './check.js';
import { checkDatagram } from './check.js';
import { Conversation } from './conversation.js';
import type { Judgement } from './finding.js';

export type { CheckOptions } from './check.js';
export { codeTexts, type CodeText } from './code_texts.js';
export type { Code } from './codes.js';
export { C as codeNumbers } from './codes.js';
export type { Finding, Judgement, MessageJudgement, Refusal, Severity, Verdict } from './finding.js';
export type { KernelVersion } from './versions.js';
export { kernelVersions } from './versions.js';

/** What bytes alone do not say. */
export interface CheckBytesOptions extends CheckOptions {
  /** NETLINK_ROUTE by default. */
  readonly protocol?: number;
  /** Who sent them; told from each header by default. */
  readonly direction?: Direction;
}

/** Judges one datagram by itself; a datagram says its protocol and its direction, bytes have those of the options. */
export function check(input: Datagram | Uint8Array, options: CheckBytesOptions = {}): Judgement {
  if (!(input instanceof Uint8Array)) return checkDatagram(input, options);
  const { protocol = NETLINK_ROUTE, direction = 'unknown' } = options;
  return checkDatagram({ bytes: input, protocol, direction, origin: { file: '-', offset: 0 } }, options);
}

/** Sockets whose conversations are remembered; the one that was silent for longest is forgotten first. */
const MOST_SOCKETS = 1024;

/** Judges datagrams in the order in which they were sent: each is also held against what its socket said and heard before. */
export class Checker {
  readonly #options: CheckOptions;
  readonly #conversations = new Map<string, Conversation>();

  constructor(options: CheckOptions = {}) {
    this.#options = options;
  }

  check(datagram: Datagram): Judgement {
    return checkDatagram(datagram, this.#options, this.#conversationOf(datagram));
  }

  /** A datagram that cannot be judged, since not all of its bytes are there. */
  overlook(datagram: Datagram): void {
    this.#conversationOf(datagram)?.overlook();
  }

  /** Undefined when the format does not say which socket a datagram went through. */
  #conversationOf({ socket, origin }: Datagram): Conversation | undefined {
    if (socket === undefined) return undefined;
    const name = `${origin.file}\0${socket}`;
    const conversation = this.#conversations.get(name) ?? new Conversation();
    this.#conversations.delete(name);
    this.#conversations.set(name, conversation);
    if (this.#conversations.size > MOST_SOCKETS) {
      const [oldest] = this.#conversations.keys();
      this.#conversations.delete(oldest!);
    }
    return conversation;
  }

  /** What waits for an answer at the end, in words. */
  open(): string[] {
    return [...this.#conversations.values()]
      .flatMap((conversation) => conversation.open())
      .map(({ name, dump }) => (dump ? `the dump of ${name} has no NLMSG_DONE` : `${name} is not acknowledged`));
  }
}
