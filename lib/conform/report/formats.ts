// The formats of reports, by their names.
import { GithubReporter } from './github.js';
import { JsonReporter } from './json.js';
import { JunitReporter } from './junit.js';
import type { Reporter } from './reporter.js';
import { type SarifOptions, SarifReporter } from './sarif.js';
import { TapReporter } from './tap.js';
import { type TextOptions, TextReporter } from './text.js';

export const reportFormats = ['text', 'json', 'tap', 'junit', 'sarif', 'github'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export function reporterOf(format: ReportFormat, options: TextOptions & SarifOptions): Reporter {
  switch (format) {
    case 'text':
      return new TextReporter(options);
    case 'json':
      return new JsonReporter(options);
    case 'tap':
      return new TapReporter();
    case 'junit':
      return new JunitReporter();
    case 'sarif':
      return new SarifReporter(options);
    case 'github':
      return new GithubReporter();
  }
}
