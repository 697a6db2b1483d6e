// Annotations of GitHub Actions: workflow commands on standard output.
import type { ImportProblem } from '../import/importer.js';
import { fileOffset, type Judged, levelOf, type Reporter, sentence, type Summary, summaryText } from './reporter.js';

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const command = (level: string, file: string, line: number | undefined, title: string, text: string): string =>
  `::${level} file=${property(file)}${line === undefined ? '' : `,line=${line}`},title=${property(title)}::${data(text)}\n`;

export class GithubReporter implements Reporter {
  start(): string {
    return '';
  }

  datagram({ datagram: { origin }, findings }: Judged): string {
    return findings
      .map((finding) => {
        const text = sentence(finding, origin);
        const at = origin.line === undefined ? `offset ${fileOffset(origin, finding)}: ` : '';
        return command(levelOf(finding), origin.file, origin.line, finding.code, at + text);
      })
      .join('');
  }

  inexact(): string {
    return '';
  }

  problem({ file, line, offset, text }: ImportProblem): string {
    return command('error', file, line, 'unreadable', line === undefined ? `offset ${offset}: ${text}` : text);
  }

  end(summary: Summary): string {
    return `${summaryText(summary)}\n`;
  }
}
