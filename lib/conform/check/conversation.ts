// What the datagrams of one socket say to each other: sequence and port numbers, acknowledgements that were asked for, dumps
// from their first message to NLMSG_DONE. Only requests that are not answered yet are kept, and not more than a few hundred.
import * as N from '../../uapi/linux/netlink.js';
import * as T from '../../uapi/linux/rtnetlink.js';
import type { Direction } from '../datagram.js';
import { C, type Code } from './codes.js';
import type { Judge } from './judge.js';

const KIND_GET = 2;
/** Requests without an answer that are remembered: a program that never reads would fill any memory. */
const MOST_PENDING = 256;
/** Dumps whose end the kernel sends apart, by the type of their parts. */
const endsApart: ReadonlySet<number> = new Set([
  T.RTM_NEWQDISC,
  T.RTM_NEWTCLASS,
  T.RTM_NEWTFILTER,
  T.RTM_NEWCHAIN,
  T.RTM_NEWACTION,
]);

/** A request that waits for answers. */
interface Pending {
  readonly header: Uint8Array;
  readonly name: string;
  readonly dump: boolean;
  readonly ack: boolean;
  /** Anything comes back when nothing is wrong. */
  readonly waits: boolean;
  /** It carries NLM_F_MULTI, which notifications of traffic control repeat. */
  readonly multi: boolean;
  /** Type its answers have: RTM_NEW*, where that is known. */
  readonly answers: number;
  /** Another request with this number waits as well: nobody can tell which of them is answered. */
  readonly shared: boolean;
  done: boolean;
}

const seqOf = (judge: Judge): number => judge.view.getUint32(judge.start + 8, true);
const portOf = (judge: Judge): number => judge.view.getUint32(judge.start + 12, true);

function note(judge: Judge, code: Code, at: number, length: number, path: string, text: string): void {
  judge.note({ code, severity: 'reply', at: { offset: judge.start + at, length, path }, text });
}

export class Conversation {
  /** By sequence number, oldest first. */
  readonly #pending = new Map<number, Pending>();
  /** Requests were seen: only then an answer can be to none of them. */
  #requests = false;
  /** Requests were forgotten: then nothing can be said of answers to none. */
  #forgot = false;
  /** Port id of the socket, once an answer has shown it. */
  #port = 0;

  /** A datagram passes of which not all is known: nothing more is said of what goes before. */
  overlook(): void {
    this.#forgot = true;
    this.#pending.clear();
  }

  /** Takes in the request that `judge` has turned to. */
  request(judge: Judge): void {
    this.#requests = true;
    const seq = seqOf(judge);
    const port = portOf(judge);
    if (this.#port !== 0 && port !== 0 && port !== this.#port)
      judge.note({
        code: C.otherPort,
        severity: 'ignored',
        at: { offset: judge.start + 12, length: 4, path: 'nlmsg_pid' },
        text: `nlmsg_pid ${port} is not the port ${this.#port} of the socket: the kernel does not look at it`,
        fix: 'send 0 or the port of the socket',
      });
    const other = this.#pending.get(seq);
    if (other?.waits === true && !other.done)
      judge.note({
        code: C.sequenceTwice,
        severity: 'ignored',
        at: { offset: judge.start + 8, length: 4, path: 'nlmsg_seq' },
        text: `the sequence number ${seq} is that of ${other.name}, which is not answered yet`,
        fix: 'count nlmsg_seq up with every request',
      });
    this.#add(judge, seq, other?.done === false);
  }

  #add(judge: Judge, seq: number, shared: boolean): void {
    const { type, flags } = judge;
    const handled = (flags & N.NLM_F_REQUEST) !== 0 && type >= N.NLMSG_MIN_TYPE;
    const get = handled && ((type - T.RTM_BASE) & 3) === KIND_GET;
    const dump = get && (flags & N.NLM_F_DUMP) !== 0;
    const ack = (flags & N.NLM_F_ACK) !== 0;
    if (!handled && !ack) return;
    const header = judge.u8.slice(judge.start, judge.start + N.NLMSG_HDRLEN);
    this.#pending.delete(seq);
    this.#pending.set(seq, {
      header,
      name: judge.name,
      dump,
      ack,
      multi: (flags & N.NLM_F_MULTI) !== 0,
      waits: dump || ack || get,
      answers: type - 2,
      shared,
      done: false,
    });
    if (this.#pending.size <= MOST_PENDING) return;
    this.#forgot = true;
    const [oldest] = this.#pending.keys();
    this.#pending.delete(oldest!);
  }

  /** Takes in the answer that `judge` has turned to. */
  reply(judge: Judge, direction: Direction): void {
    const { type, flags } = judge;
    const answer = type === N.NLMSG_ERROR || type === N.NLMSG_DONE || (flags & N.NLM_F_MULTI) !== 0;
    if (!answer || direction === 'notification') {
      this.#single(judge);
      return;
    }
    this.#checkPort(judge);
    const pending = this.#pending.get(seqOf(judge));
    if (pending === undefined) this.#unasked(judge);
    else if (type === N.NLMSG_ERROR) this.#error(judge, pending);
    else this.#part(judge, pending);
  }

  #unasked(judge: Judge): void {
    if (!this.#requests || this.#forgot) return;
    note(judge, C.replySequence, 8, 4, 'nlmsg_seq', `no request has the sequence number ${seqOf(judge)}`);
  }

  #checkPort(judge: Judge): void {
    const port = portOf(judge);
    if (this.#port !== 0 && port !== this.#port)
      note(judge, C.replyPort, 12, 4, 'nlmsg_pid', `the port was ${this.#port} before, and is ${port}`);
    else this.#port = port;
  }

  #error(judge: Judge, pending: Pending): void {
    const { header, shared } = pending;
    pending.done = true;
    if (shared) return;
    const from = judge.start + N.NLMSG_HDRLEN + 4;
    if (judge.end - from >= N.NLMSG_HDRLEN && header.some((byte, i) => judge.u8[from + i] !== byte))
      note(
        judge,
        C.errorMalformed,
        20,
        N.NLMSG_HDRLEN,
        'msg',
        `the header is not that of ${pending.name}, which it answers`,
      );
    const error = judge.view.getInt32(judge.start + N.NLMSG_HDRLEN, true);
    if (error === 0 && !pending.ack) note(judge, C.unasked, 0, 16, '', 'no acknowledgement was asked for');
  }

  #part(judge: Judge, pending: Pending): void {
    const { type, flags } = judge;
    if (pending.shared) return;
    if (!pending.dump && pending.multi) {
      this.#single(judge);
      return;
    }
    if (!pending.dump) {
      note(judge, C.replyFlags, 6, 2, 'nlmsg_flags', `NLM_F_MULTI, and ${pending.name} asks for no dump`);
      return;
    }
    if (pending.done) {
      note(judge, C.afterDone, 0, 16, '', `the dump of ${pending.name} has ended already`);
      return;
    }
    if (type === N.NLMSG_DONE) {
      pending.done = true;
      if (judge.message > 0 && endsApart.has(pending.answers))
        note(judge, C.doneAlone, 0, 16, '', `NLMSG_DONE of ${pending.name} comes in a datagram of its own`);
    } else if ((flags & N.NLM_F_MULTI) === 0)
      note(judge, C.replyFlags, 6, 2, 'nlmsg_flags', 'a part of a dump carries NLM_F_MULTI');
  }

  /** A message that may be an answer or a notification. */
  #single(judge: Judge): void {
    const pending = this.#pending.get(seqOf(judge));
    if (pending?.dump === false && !pending.ack && judge.type === pending.answers) pending.done = true;
    if (pending?.dump !== true || pending.done || pending.shared || judge.type !== pending.answers) return;
    if (this.#port === 0 || portOf(judge) !== this.#port) return;
    note(judge, C.replyFlags, 6, 2, 'nlmsg_flags', 'a part of a dump carries NLM_F_MULTI');
  }

  /** Names of requests that were not answered in full: dumps without an end, acknowledgements that did not come. */
  open(): { readonly name: string; readonly dump: boolean }[] {
    return [...this.#pending.values()].filter(({ done, ack, dump }) => !done && (ack || dump));
  }
}
