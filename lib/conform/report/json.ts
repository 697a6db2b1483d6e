// JSON lines: an object a finding, a verdict (when they are asked for) and a problem, as they come; the last one sums up.
import type { Datagram } from '../datagram.js';
import type { ImportProblem } from '../import/importer.js';
import type { Judged, Reporter, Summary } from './reporter.js';
import type { TextOptions } from './text.js';

const line = (value: object): string => `${JSON.stringify(value)}\n`;

export class JsonReporter implements Reporter {
  readonly #verdicts: boolean;

  constructor({ verdicts = false }: TextOptions = {}) {
    this.#verdicts = verdicts;
  }

  start(): string {
    return '';
  }

  datagram({ datagram: { origin, direction }, findings, messages }: Judged): string {
    const found = findings.map((finding) => line({ kind: 'finding', ...finding, origin, direction }));
    const verdicts = this.#verdicts ? messages.map((verdict) => line({ kind: 'verdict', ...verdict, origin })) : [];
    return found.join('') + verdicts.join('');
  }

  inexact({ origin, lost }: Datagram): string {
    return line({ kind: 'inexact', lost, origin });
  }

  answer({ origin }: Datagram, box: string, text: string): string {
    return line({ kind: 'answer', box, text, origin });
  }

  problem(problem: ImportProblem): string {
    return line({ kind: 'problem', ...problem });
  }

  end(summary: Summary): string {
    return line({ kind: 'summary', ...summary });
  }
}
