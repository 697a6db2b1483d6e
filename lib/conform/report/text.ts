// One line a finding, `file:offset: TCB0123 …`: what editors and people read. The last line sums up.
import type { Datagram } from '../datagram.js';
import type { MessageJudgement, Verdict } from '../check/finding.js';
import { type ImportProblem, showProblem } from '../import/importer.js';
import { type Judged, placeOf, refusalText, type Reporter, sentence, type Summary, summaryText } from './reporter.js';

const verdictText = ({ refusal, mayFail }: Verdict): string => {
  if (refusal !== undefined) return `refused, ${refusalText({ refusal })}`;
  return mayFail.length === 0 ? 'format correct' : `format correct; can still fail with ${mayFail.join(', ')}`;
};

/** The liberal and the strict verdict side by side, then that of each kernel. */
function verdictLine({ name, liberal, strict, versions }: MessageJudgement): string {
  const each = Object.entries(versions).map(([version, verdict]) => `${version}: ${refusalText(verdict) || 'ok'}`);
  const [loose, tight] = [verdictText(liberal), verdictText(strict)];
  const both = loose === tight ? loose : `liberal: ${loose}; strict: ${tight}`;
  return `${name}: ${both} [${each.join(', ')}]`;
}

export interface TextOptions {
  /** A line a message with its verdicts, too. */
  readonly verdicts?: boolean;
}

export class TextReporter implements Reporter {
  readonly #verdicts: boolean;

  constructor({ verdicts = false }: TextOptions = {}) {
    this.#verdicts = verdicts;
  }

  start(): string {
    return '';
  }

  datagram({ datagram: { origin }, findings, messages }: Judged): string {
    const lines = findings.map(
      (finding) => `${placeOf(origin, finding)}: ${finding.code} ${sentence(finding, origin)}\n`,
    );
    if (this.#verdicts)
      for (const message of messages) {
        const place = origin.line ?? origin.offset + message.offset;
        lines.push(`${origin.file}:${place}: ${verdictLine(message)}\n`);
      }
    return lines.join('');
  }

  inexact({ origin, lost = [] }: Datagram): string {
    return this.#verdicts ? `${placeOf(origin)}: not judged: ${lost.join('; ')}\n` : '';
  }

  answer({ origin }: Datagram, box: string, text: string): string {
    return `${placeOf(origin)}: in ${box}: ${text}\n`;
  }

  problem(problem: ImportProblem): string {
    return `${showProblem(problem)}\n`;
  }

  end(summary: Summary): string {
    return `${summaryText(summary)}\n`;
  }
}
