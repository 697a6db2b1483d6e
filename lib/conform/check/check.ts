// Judges the messages of one datagram: the header of each, as af_netlink cuts a datagram into messages, then what the
// handler of its type reads, or what the kernel would send. One look with findings for the version asked for, and of
// requests one each for the verdicts of the others.
import { rtmType } from '../../uapi/linux/rtnetlink.js';
import {
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  nlmsgAlign,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
  nlmsgType,
} from '../../uapi/linux/netlink.js';
import type { Datagram, Direction } from '../datagram.js';
import { C } from './codes.js';
import type { Finding, Judgement, MessageJudgement, Severity, Verdict } from './finding.js';
import { Judge } from './judge.js';
import type { Conversation } from './conversation.js';
import { judgeRequest } from './netlink.js';
import { judgeReply } from './reply.js';
import type { KernelVersion } from './versions.js';
import { kernelVersions } from './versions.js';

export interface CheckOptions {
  /** The kernel whose verdict findings speak of; v6.18 by default. */
  readonly version?: KernelVersion;
  /** Kernels that a message is to be fit for: what only they refuse is a finding, too. Later ones by default. */
  readonly versions?: readonly KernelVersion[];
  /** Codes not to be told of. */
  readonly silence?: ReadonlySet<string>;
}

const noFindings: readonly Finding[] = [];

/** The judges of every version, made once: they keep nothing between messages. */
const judges: Readonly<Record<KernelVersion, Judge>> = {
  'v4.1': new Judge('v4.1'),
  'v6.1': new Judge('v6.1'),
  'v6.18': new Judge('v6.18'),
};

const nameOf = (type: number, route: boolean): string =>
  type < 16 ? nlmsgType(type) : route ? rtmType(type) : `type ${type}`;

interface Cut {
  readonly start: number;
  readonly end: number;
}

type FramingCode = (typeof C)['shortMessage' | 'messageBeyondDatagram' | 'trailingBytes' | 'shortDatagram'];

function noteFraming(
  judge: Judge,
  severity: Severity,
  code: FramingCode,
  offset: number,
  text: string,
  fix: string,
): void {
  const at = { offset, length: judge.u8.length - offset, path: '' };
  judge.name = 'datagram';
  const end = severity === 'ignored' ? ': the kernel reads no further, and says nothing' : '';
  judge.note({ code, severity, at, text: text + end, fix });
}

/** Why the datagram is cut off at `at`. */
function noteRest(judge: Judge, at: number, message: number, direction: Direction): void {
  const rest = judge.u8.length - at;
  const severity = direction === 'reply' || direction === 'notification' ? 'reply' : 'ignored';
  judge.message = message;
  judge.symbol = severity === 'ignored' ? 'net/netlink/af_netlink.c netlink_rcv_skb()' : '';
  if (rest < NLMSG_HDRLEN) {
    const code = at === 0 ? C.shortDatagram : C.trailingBytes;
    noteFraming(judge, severity, code, at, `${rest} bytes are no message`, 'end the datagram with its last message');
    return;
  }
  const length = judge.view.getUint32(at, true);
  const short = length < NLMSG_HDRLEN;
  const text = short
    ? `nlmsg_len ${length} is less than its own header`
    : `nlmsg_len ${length} reaches beyond the ${rest} bytes that are left`;
  const fix = short ? 'count the header of 16 bytes in nlmsg_len' : 'set nlmsg_len to the length of the message';
  noteFraming(judge, severity, short ? C.shortMessage : C.messageBeyondDatagram, at, text, fix);
}

/** Padding between two messages. */
function checkPadding(judge: Judge, end: number, next: number): void {
  const last = Math.min(next, judge.u8.length);
  for (let i = end; i < last; i++) {
    if (judge.u8[i] === 0) continue;
    const at = { offset: end, length: last - end, path: '' };
    judge.note({
      code: C.messagePadding,
      severity: 'ignored',
      at,
      text: 'the padding behind the message is not zero',
      fix: 'clear it',
    });
    return;
  }
}

/** Who sent a message, where the format does not say: requests have NLM_F_REQUEST, and no part of a dump has. */
function isReply(direction: Direction, { type, flags }: Judge): boolean {
  if (direction !== 'unknown') return direction !== 'request';
  return type < NLMSG_MIN_TYPE || (flags & NLM_F_REQUEST) === 0 || (flags & NLM_F_MULTI) !== 0;
}

class Look {
  readonly #judge: Judge;
  readonly #options: CheckOptions;
  readonly #route: boolean;
  readonly #direction: Direction;
  readonly #conversation: Conversation | undefined;
  /** Bytes are missing: nothing is said of where the datagram ends. */
  readonly #lossy: boolean;
  readonly findings: Finding[] = [];
  readonly messages: MessageJudgement[] = [];

  constructor(datagram: Datagram, options: CheckOptions, conversation: Conversation | undefined) {
    this.#options = options;
    this.#direction = datagram.direction;
    this.#conversation = conversation;
    this.#lossy = (datagram.lost?.length ?? 0) > 0;
    this.#route = (datagram.protocol ?? NETLINK_ROUTE) === NETLINK_ROUTE;
    this.#judge = judges[options.version ?? 'v6.18'];
    const { bytes } = datagram;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const version of kernelVersions) judges[version].take(bytes, view);
    this.#judge.strictSocket = datagram.options?.includes(NETLINK_GET_STRICT_CHK) ?? false;
  }

  run(): void {
    const judge = this.#judge;
    judge.sink = this.findings;
    let at = 0;
    let message = 0;
    while (judge.u8.length - at >= NLMSG_HDRLEN) {
      const length = judge.view.getUint32(at, true);
      if (length < NLMSG_HDRLEN || length > judge.u8.length - at) break;
      this.#one({ start: at, end: at + length }, message++);
      const next = at + nlmsgAlign(length);
      if (next !== at + length) checkPadding(judge, at + length, next);
      at = next;
    }
    if ((at < judge.u8.length || message === 0) && !this.#lossy) noteRest(judge, at, message, this.#direction);
    judge.sink = undefined;
    judge.strictSocket = false;
  }

  #one(cut: Cut, message: number): void {
    const judge = this.#judge;
    judge.message = message;
    judge.name = nameOf(judge.view.getUint16(cut.start + 4, true), this.#route);
    judge.turnTo(cut.start, cut.end);
    if (isReply(this.#direction, judge)) {
      judgeReply(judge, this.#route);
      this.#conversation?.reply(judge, this.#direction);
    } else {
      this.#conversation?.request(judge);
      this.#request(cut, message);
    }
  }

  #request(cut: Cut, message: number): void {
    const judge = this.#judge;
    judgeRequest(judge, this.#route);
    const { liberal, strict } = judge;
    const versions: Record<string, Verdict> = {};
    for (const version of kernelVersions)
      versions[version] = judge.agrees(version) ? liberal : this.#by(version, cut, message);
    this.messages.push({ message, offset: cut.start, name: judge.name, liberal, strict, versions });
  }

  /** The verdict of another version; told of where it is the only one to refuse. */
  #by(version: KernelVersion, { start, end }: Cut, message: number): Verdict {
    const judge = judges[version];
    const asked = this.#isAsked(version) && !this.#judge.refused;
    const found: Finding[] = [];
    judge.sink = asked ? found : undefined;
    judge.message = message;
    judge.name = this.#judge.name;
    judge.turnTo(start, end);
    judgeRequest(judge, this.#route);
    judge.sink = undefined;
    for (const finding of found)
      if (finding.severity === 'refused') this.findings.push({ ...finding, severity: 'version', versions: [version] });
    return judge.liberal;
  }

  #isAsked(version: KernelVersion): boolean {
    const { versions } = this.#options;
    if (versions !== undefined) return versions.includes(version);
    return kernelVersions.indexOf(version) > kernelVersions.indexOf(this.#judge.version);
  }
}

/** Judges one datagram; what was said before is known to its conversation. */
export function checkDatagram(datagram: Datagram, options: CheckOptions, conversation?: Conversation): Judgement {
  const look = new Look(datagram, options, conversation);
  look.run();
  return { findings: inOrder(look.findings, options), messages: look.messages };
}

/** By byte, without what is not wanted. */
export function inOrder(findings: Finding[], { silence }: CheckOptions): readonly Finding[] {
  if (findings.length === 0) return noFindings;
  const told = silence === undefined ? findings : findings.filter(({ code }) => !silence.has(code));
  return told.length < 2 ? told : told.sort((a, b) => a.message - b.message || a.offset - b.offset);
}
