// JUnit XML: a suite a file, a failed case a finding, and one passed case for the datagrams without any. Counts stand before the
// cases, so cases are kept until their file is at its end, a limited number of them.
import type { Datagram } from '../datagram.js';
import type { ImportProblem } from '../import/importer.js';
import { type Judged, placeOf, type Reporter, sentence, type Summary, summaryText } from './reporter.js';

/** Cases of one file that are listed. */
const CASES_MAX = 10_000;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text of XML 1.0, which has no control characters. */
const xml = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/gu, '\ufffd')
    .replace(/[&<>"]/g, (sign) => entities[sign]!);

class Suite {
  readonly file: string;
  readonly cases: string[] = [];
  failures = 0;
  passed = 0;
  skipped = 0;

  constructor(file: string) {
    this.file = file;
  }

  fail(name: string, type: string, text: string): void {
    this.failures++;
    if (this.cases.length >= CASES_MAX) return;
    const failure = `<failure type="${xml(type)}" message="${xml(text)}">${xml(`${name}: ${type} ${text}`)}</failure>`;
    this.cases.push(`    <testcase classname="tcbox" name="${xml(`${name} ${type}`)}">${failure}</testcase>\n`);
  }

  show(): string {
    const left = this.failures - this.cases.length;
    if (left > 0) {
      const text = `${left} more findings`;
      this.cases.push(`    <testcase classname="tcbox" name="${text}"><failure message="${text}"/></testcase>\n`);
    }
    if (this.passed > 0)
      this.cases.push(`    <testcase classname="tcbox" name="${this.passed} datagrams without findings"/>\n`);
    if (this.skipped > 0)
      this.cases.push(
        `    <testcase classname="tcbox" name="${this.skipped} datagrams not judged"><skipped/></testcase>\n`,
      );
    const counts = `tests="${this.cases.length}" failures="${this.#failed()}" errors="0" skipped="${this.skipped > 0 ? 1 : 0}"`;
    return `  <testsuite name="${xml(this.file)}" ${counts}>\n${this.cases.join('')}  </testsuite>\n`;
  }

  #failed(): number {
    return Math.min(this.failures, CASES_MAX + 1);
  }
}

export class JunitReporter implements Reporter {
  #suite: Suite | undefined;

  start(): string {
    return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="tcbox check">\n';
  }

  datagram({ datagram: { origin }, findings }: Judged): string {
    const before = this.#turnTo(origin.file);
    if (findings.length === 0) this.#suite!.passed++;
    for (const finding of findings)
      this.#suite!.fail(placeOf(origin, finding), finding.code, sentence(finding, origin));
    return before;
  }

  inexact({ origin }: Datagram): string {
    const before = this.#turnTo(origin.file);
    this.#suite!.skipped++;
    return before;
  }

  problem({ file, line, offset, text }: ImportProblem): string {
    const before = this.#turnTo(file);
    this.#suite!.fail(`${file}:${line ?? offset}`, 'unreadable', text);
    return before;
  }

  end(summary: Summary): string {
    const last = this.#suite?.show() ?? '';
    this.#suite = undefined;
    return `${last}  <!-- ${xml(summaryText(summary))} -->\n</testsuites>\n`;
  }

  /** What was before, when another file begins. */
  #turnTo(file: string): string {
    if (this.#suite?.file === file) return '';
    const before = this.#suite?.show() ?? '';
    this.#suite = new Suite(file);
    return before;
  }
}
