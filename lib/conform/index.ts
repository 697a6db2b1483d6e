// The public API of tcbox/conform: what netlink datagrams are, byte by byte, and what is wrong with them. Pure: it works in
// a browser.
export {
  check,
  type CheckBytesOptions,
  Checker,
  type CheckOptions,
  type Code,
  codeNumbers,
  type CodeText,
  codeTexts,
  type Finding,
  type Judgement,
  type KernelVersion,
  kernelVersions,
  type MessageJudgement,
  type Refusal,
  type Severity,
  type Verdict,
} from './check/index.js';
export type { Datagram, Direction, Origin } from './datagram.js';
export { explain, type ExplainOptions } from './explain/explain.js';
export type { Region, RegionRole } from './explain/region.js';
export { textView, type TextOptions } from './explain/text.js';
export { htmlView, type Explained } from './explain/html.js';
export { jsonView } from './explain/json.js';
export { Requests } from './explain/requests.js';
export { diff, type Change, type Difference, type DiffOptions, type DiffResult } from './diff/diff.js';
export { showDifference, showSummary } from './diff/show.js';
export { DatagramReader, readDatagrams, type ImportOptions } from './import/datagrams.js';
export { detectFormat, formats, type Format } from './import/format.js';
export { ImportError, type ImportProblem } from './import/importer.js';
export { Baseline, BaselineError } from './report/baseline.js';
export { reporterOf, reportFormats, type ReportFormat } from './report/formats.js';
export type { Judged, Reporter, Rule, Summary } from './report/reporter.js';
