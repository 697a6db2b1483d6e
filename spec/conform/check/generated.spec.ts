// What check predicts, held against the model's answers to generated requests, with and without strict checking, and
// the model's answers held against what check says of answers. TCBOX_REQUESTS and TCBOX_SEED make a run longer or another.
import { expect } from 'chai';
import { Checker, check } from '../../../lib/conform/check/index.js';
import { session } from './generated.js';
import type { Sent } from './recorded.js';
import { compare, type Outcome } from './tally.js';

const REQUESTS = Number(process.env['TCBOX_REQUESTS'] ?? 4_000);
const SEED = Number(process.env['TCBOX_SEED'] ?? 1);
/** Causes that are listed, the most frequent first. */
const MOST_LISTED = 40;

class Tally {
  readonly outcomes = new Map<Outcome, number>();
  /** What failed, without its numbers: how often, and an example. */
  readonly causes = new Map<string, { count: number; example: string }>();
  /** Sessions that the model cannot play, by what it lacks. */
  readonly gaps = new Map<string, number>();
  messages = 0;
  answers = 0;

  fail(cause: string, example: string): void {
    const known = this.causes.get(cause) ?? { count: 0, example };
    known.count++;
    this.causes.set(cause, known);
  }

  list(): string[] {
    return [...this.causes]
      .sort(([, a], [, b]) => b.count - a.count)
      .slice(0, MOST_LISTED)
      .map(([cause, { count, example }]) => `${count} ${cause}: ${example}`);
  }

  toString(): string {
    const outcomes = [...this.outcomes].map(([outcome, count]) => `${outcome} ${count}`).sort();
    const gaps = [...this.gaps].map(([gap, count]) => `; left out ${count}: ${gap}`).join('');
    return `seed ${SEED}: ${this.messages} messages, ${outcomes.join(', ')}; ${this.answers} answers${gaps}`;
  }
}

/** The verdicts of one request, and where its findings lie. */
function judgeRequest(sent: Sent, tally: Tally): void {
  for (const { outcome, line } of compare(sent)) {
    tally.messages++;
    tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1);
    if (outcome !== 'wrong' && outcome !== 'unforeseen') continue;
    const [, name = ''] = /#\d+ (\S+)/.exec(line) ?? [];
    tally.fail(`${outcome} ${name}${line.slice(line.lastIndexOf(': ')).replace(/\d+/g, '#')}`, line);
  }
  const { bytes } = sent.datagram;
  for (const { offset, length, code } of check(sent.datagram, { version: sent.version }).findings)
    if (offset < 0 || length < 0 || offset + length > bytes.length)
      tally.fail(`${code} outside the datagram`, `${offset}+${length} ${Buffer.from(bytes).toString('hex')}`);
}

function judgeAnswers(checker: Checker, { datagram, replies, where }: Sent, tally: Tally): void {
  checker.check({ ...datagram, socket: 'nl' });
  for (const bytes of replies) {
    tally.answers++;
    const { findings } = checker.check({ ...datagram, bytes, direction: 'reply', socket: 'nl' });
    for (const { code, path, text } of findings)
      tally.fail(`answer ${code} ${path}`, `${where}: ${text}: ${Buffer.from(bytes).toString('hex')}`);
  }
}

function run(config: 'rec-6.18' | 'rec-6.1-uml', requests: number): Tally {
  const tally = new Tally();
  for (let number = 0; tally.messages < requests; number++) {
    const sent = session(SEED, number, config);
    if (typeof sent === 'string') {
      tally.gaps.set(sent, (tally.gaps.get(sent) ?? 0) + 1);
      continue;
    }
    const checker = new Checker({ version: sent[0]!.version });
    for (const one of sent) {
      judgeRequest(one, tally);
      judgeAnswers(checker, one, tally);
    }
  }
  console.log(`      ${tally.toString()}`);
  return tally;
}

describe('check predicts the answers to generated requests', () => {
  for (const [config, requests] of [
    ['rec-6.18', REQUESTS],
    ['rec-6.1-uml', Math.ceil(REQUESTS / 4)],
  ] as const)
    it(`of ${config}`, () => {
      const tally = run(config, requests);
      expect(tally.list().length, tally.list().join('\n')).to.equal(0);
      expect(tally.outcomes.get('right')).to.be.greaterThan(requests / 20);
    }).timeout(240_000 + requests * 20);
});
