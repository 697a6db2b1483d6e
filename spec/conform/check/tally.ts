// Compares what check predicts with what the real kernel answered, message by message, and counts.
import type { Refusal, Verdict } from '../../../lib/conform/check/index.js';
import { check } from '../../../lib/conform/check/index.js';
import { NETLINK_GET_STRICT_CHK } from '../../../lib/uapi/linux/netlink.js';
import type { Answer, Sent } from './recorded.js';
import { messagesOf } from './recorded.js';

export type Outcome =
  /** Refused as predicted. */
  | 'right'
  /** Accepted, and nothing else was predicted. */
  | 'accepted'
  /** Refused before the predicted refusal, by something that was named as possible. */
  | 'object first'
  /** Refused by something that depends on objects, and was named as possible. */
  | 'foreseen'
  /** Refused by something that was not named. */
  | 'unforeseen'
  /** A refusal was predicted that did not come, or came otherwise. */
  | 'wrong';

export interface Compared {
  readonly outcome: Outcome;
  readonly line: string;
}

const same = (answer: Answer, refusal: Refusal, texts: boolean): boolean =>
  answer.errno === refusal.errno &&
  (!texts ||
    (answer.msg === refusal.msg && answer.missType === refusal.missType && answer.missNest === refusal.missNest));

/** A dump says where only in its last message since 6.18, and some refusals of a dump carry no text at all. */
const samePlace = (answer: Answer, refusal: Refusal, texts: boolean): boolean =>
  !texts || answer.badAttr === refusal.badAttr;

const named = ({ mayFail }: Verdict, { errno, msg }: Answer): boolean =>
  mayFail.some((reason) =>
    msg === undefined
      ? reason.startsWith(`${errno}:`)
      : reason === `${errno}: ${msg}` ||
        (reason.startsWith(`${errno}: `) && msg === 'bytes leftover after parsing attributes'),
  );

function outcomeOf(verdict: Verdict, answer: Answer, texts: boolean, isOld: boolean): Outcome {
  const { refusal } = verdict;
  if (answer.errno === undefined) return refusal === undefined ? 'accepted' : 'wrong';
  if (refusal === undefined) return named(verdict, answer) ? 'foreseen' : 'unforeseen';
  if (same(answer, refusal, texts) && (isOld || samePlace(answer, refusal, texts))) return 'right';
  return named(verdict, answer) ? 'object first' : 'wrong';
}

const show = ({ errno, msg, badAttr, missType, missNest }: Answer | Refusal): string =>
  [
    errno ?? 'accepted',
    msg && JSON.stringify(msg),
    badAttr && `@${badAttr}`,
    missType && `miss ${missType}`,
    missNest && `in ${missNest}`,
  ]
    .filter(Boolean)
    .join(' ');

/** One line a message that has an answer. */
export function compare(sent: Sent): Compared[] {
  const { datagram, answers, texts, version } = sent;
  if (sent.uid !== 0) return [];
  const judgement = check(datagram, { version });
  const strict = datagram.options?.includes(NETLINK_GET_STRICT_CHK) ?? false;
  const messages = messagesOf(datagram.bytes);
  return judgement.messages.flatMap((message, i) => {
    const answer = answers[i];
    if (answer === undefined) return [];
    const verdict = strict ? message.strict : message.liberal;
    const dump = (messages[i]!.type & 3) === 2 && (messages[i]!.flags & 0x300) !== 0;
    const outcome = outcomeOf(verdict, answer, texts, dump && version !== 'v6.18');
    const said = verdict.refusal === undefined ? 'nothing' : show(verdict.refusal);
    const line = `${sent.where} ${message.name} ${Buffer.from(datagram.bytes).toString('hex').slice(0, 200)}: kernel ${show(answer)}, predicted ${said}`;
    return [{ outcome, line }];
  });
}
