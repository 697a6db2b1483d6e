// TAP version 14: a test point a datagram, with its findings as YAML; the plan comes last.
import type { Datagram } from '../datagram.js';
import type { Finding } from '../check/finding.js';
import type { ImportProblem } from '../import/importer.js';
import { showProblem } from '../import/importer.js';
import { type Judged, placeOf, type Reporter, sentence, type Summary, summaryText } from './reporter.js';

/** Descriptions must not begin a directive. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('#', '\\#')
    .replace(/[\r\n]+/g, ' ');

/** Strings of JSON are strings of YAML. */
const entry = (finding: Finding, place: string, text: string): string =>
  `    - code: ${finding.code}\n      severity: ${finding.severity}\n      at: ${JSON.stringify(place)}\n      message: ${JSON.stringify(text)}\n`;

export class TapReporter implements Reporter {
  #points = 0;

  start(): string {
    return 'TAP version 14\n';
  }

  datagram({ datagram: { origin }, findings, messages }: Judged): string {
    const names = [...new Set(messages.map(({ name }) => name))].slice(0, 4).join(' ');
    const title = `${placeOf(origin)} ${names}`;
    if (findings.length === 0) return this.#point(true, title);
    const entries = findings.map((finding) => entry(finding, placeOf(origin, finding), sentence(finding, origin)));
    return `${this.#point(false, title)}  ---\n  findings:\n${entries.join('')}  ...\n`;
  }

  inexact({ origin, lost = [] }: Datagram): string {
    return this.#point(true, placeOf(origin), ` # SKIP ${escaped(lost.join('; '))}`);
  }

  problem(problem: ImportProblem): string {
    return this.#point(false, showProblem(problem));
  }

  end(summary: Summary): string {
    return `1..${this.#points}\n# ${summaryText(summary)}\n`;
  }

  #point(ok: boolean, title: string, directive = ''): string {
    return `${ok ? 'ok' : 'not ok'} ${++this.#points} - ${escaped(title)}${directive}\n`;
  }
}
