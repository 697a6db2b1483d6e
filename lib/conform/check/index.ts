// check: what is wrong with netlink datagrams, and what the kernel would say of it.
import type { Datagram } from '../datagram.js';
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

/** Judges one datagram by itself. */
export function check(datagram: Datagram, options: CheckOptions = {}): Judgement {
  return checkDatagram(datagram, options);
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
