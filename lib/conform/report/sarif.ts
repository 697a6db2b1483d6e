// SARIF 2.1.0: one run with all codes as rules, a result a finding. Places are bytes in binary files and lines in text.
import type { ImportProblem } from '../import/importer.js';
import { fileOffset, type Judged, levelOf, type Reporter, type Rule, sentence, type Summary } from './reporter.js';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

export interface SarifOptions {
  readonly rules: readonly Rule[];
  readonly version: string;
}

const levels = { error: 'error', warning: 'warning', notice: 'note' } as const;

/** A file name as a relative or file: URI. */
function uriOf(file: string): string {
  if (file === '-') return 'stdin';
  const path = file.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${path}` : path;
}

const location = (file: string, region: object): object => ({
  physicalLocation: { artifactLocation: { uri: uriOf(file) }, region },
});

const ruleObject = ({ code, text, help }: Rule): object => ({
  id: code,
  shortDescription: { text },
  ...(help === undefined ? {} : { help: { text: help } }),
});

export class SarifReporter implements Reporter {
  readonly #options: SarifOptions;
  readonly #index: ReadonlyMap<string, number>;
  readonly #notes: object[] = [];
  #results = 0;

  constructor(options: SarifOptions) {
    this.#options = options;
    this.#index = new Map(options.rules.map(({ code }, index) => [code, index]));
  }

  start(): string {
    const { rules, version } = this.#options;
    const driver = { name: 'tcbox', version, rules: rules.map(ruleObject) };
    return `{"$schema":"${SCHEMA}","version":"2.1.0","runs":[{"tool":{"driver":${JSON.stringify(driver)}},"columnKind":"utf16CodeUnits","results":[`;
  }

  datagram({ datagram: { origin }, findings }: Judged): string {
    return findings
      .map((finding) => {
        const region =
          origin.line === undefined
            ? { byteOffset: fileOffset(origin, finding), byteLength: finding.length }
            : { startLine: origin.line };
        const ruleIndex = this.#index.get(finding.code);
        return this.#result({
          ruleId: finding.code,
          ...(ruleIndex === undefined ? {} : { ruleIndex }),
          level: levels[levelOf(finding)],
          message: { text: sentence(finding, origin) },
          locations: [location(origin.file, region)],
        });
      })
      .join('');
  }

  inexact(): string {
    return '';
  }

  /** What could not be read is a notification of the tool, not a result. */
  problem({ file, offset, line, text }: ImportProblem): string {
    const region = line === undefined ? { byteOffset: offset } : { startLine: line };
    this.#notes.push({ level: 'error', message: { text }, locations: [location(file, region)] });
    return '';
  }

  end({ inexact }: Summary): string {
    if (inexact > 0)
      this.#notes.push({
        level: 'note',
        message: { text: `${inexact} datagrams were not judged: bytes of them are missing` },
      });
    const invocation = { executionSuccessful: true, toolExecutionNotifications: this.#notes };
    return `\n],"invocations":[${JSON.stringify(invocation)}]}]}\n`;
  }

  #result(result: object): string {
    return `${this.#results++ === 0 ? '' : ','}\n${JSON.stringify(result)}`;
  }
}
