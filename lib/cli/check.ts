// `tcbox check FILE…`: judges the datagrams of files of any format by the kernel's own rules and reports each deviation. The
// files are read as they are judged, so their size does not matter.
import { readFileSync, writeFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import {
  Checker,
  type CheckOptions,
  codeNumbers,
  codeTexts,
  kernelVersions,
  type Severity,
} from '../conform/check/index.js';
import type { Datagram } from '../conform/datagram.js';
import type { ImportOptions } from '../conform/import/datagrams.js';
import { answerText } from '../conform/report/answer.js';
import { Baseline, BaselineError } from '../conform/report/baseline.js';
import { reporterOf, reportFormats } from '../conform/report/formats.js';
import { type Reporter, severities, type Summary } from '../conform/report/reporter.js';
import { NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NETLINK_ROUTE } from '../uapi/linux/netlink.js';
import { HostError } from '../host/host_error.js';
import { BoxAsker } from './ask_box.js';
import { chosen, type FileOptions, importOptions } from './import_options.js';
import { InputFile, InputProgress, TextOutput } from './input_file.js';
import { CANNOT_START, say } from './say.js';
import { UsageError } from './usage_error.js';
import { version } from './version.js';

/** Options of `tcbox check`, as they are on the command line. */
export interface CheckCommandOptions extends FileOptions {
  report?: string;
  json?: boolean;
  verdicts?: boolean;
  kernel?: string;
  strict?: boolean;
  severity?: string;
  silence?: string[];
  baseline?: string;
  writeBaseline?: string;
  in?: string;
}

function checkOptions({ kernel, silence = [] }: CheckCommandOptions): CheckOptions {
  const codes = Object.values(codeNumbers);
  const silent = silence.flatMap((list) => list.split(',')).map((code) => chosen('silence', codes, code.toUpperCase()));
  return {
    ...(kernel === undefined ? {} : { version: chosen('kernel', kernelVersions, kernel) }),
    silence: new Set(silent),
  };
}

function readBaseline(path: string | undefined): Baseline {
  if (path === undefined) return Baseline.none();
  try {
    return Baseline.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof BaselineError) throw new UsageError(`${path}: ${error.message}`);
    throw new UsageError((error as Error).message);
  }
}

function reporterFor({ report, json, verdicts = false }: CheckCommandOptions): Reporter {
  if (report !== undefined && json === true) throw new UsageError('--json is --report json: not both');
  const format = chosen('report', reportFormats, report ?? (json === true ? 'json' : 'text'));
  const rules = Object.values(codeNumbers).map((code) => {
    const { title, example, fix } = codeTexts[code];
    return { code, text: title, help: `For example: ${example}. ${fix}` };
  });
  return reporterOf(format, { verdicts, rules, version: version() });
}

type Counts = { -readonly [K in keyof Summary]: number };

/** One run over all files. */
class Run {
  readonly counts: Counts = { files: 0, datagrams: 0, messages: 0, findings: 0, known: 0, inexact: 0, problems: 0 };
  readonly baseline: Baseline;
  readonly #checker: Checker;
  readonly #asker: BoxAsker | undefined;
  readonly #strict: boolean;
  readonly #told: ReadonlySet<Severity>;
  readonly #reporter: Reporter;
  readonly #output: TextOutput;

  constructor(options: CheckCommandOptions, reporter: Reporter, output: TextOutput, asker?: BoxAsker) {
    this.#asker = asker;
    this.#checker = new Checker(checkOptions(options));
    this.#strict = options.strict === true;
    const least = chosen('severity', severities, options.severity ?? severities.at(-1)!);
    this.#told = new Set(severities.slice(0, severities.indexOf(least) + 1));
    this.baseline = readBaseline(options.baseline);
    this.#reporter = reporter;
    this.#output = output;
  }

  async file(path: string, options: ImportOptions, progress: InputProgress): Promise<void> {
    const problem: NonNullable<ImportOptions['problem']> = (found) => {
      this.counts.problems++;
      this.#output.print(this.#reporter.problem(found));
    };
    const input = new InputFile(path, { ...options, problem });
    this.counts.files++;
    for (const datagram of input.datagrams()) {
      this.#datagram(datagram);
      if (this.#asker !== undefined && isRequest(datagram)) await this.#ask(this.#asker, datagram);
      progress.show(input, path, this.counts.datagrams);
    }
  }

  async #ask(asker: BoxAsker, datagram: Datagram): Promise<void> {
    const { protocol = NETLINK_ROUTE, options = [], bytes } = this.#strict ? strictly(datagram) : datagram;
    const set = options.includes(NETLINK_EXT_ACK) ? options : [...options, NETLINK_EXT_ACK];
    const { result, datagrams, total } = await asker.ask(protocol, set, bytes);
    const received = datagrams.map(({ data }) => data);
    const text = answerText(result, received, total - received.length);
    this.#output.print(this.#reporter.answer?.(datagram, asker.box, text) ?? '');
  }

  #datagram(datagram: Datagram): void {
    this.counts.datagrams++;
    if (datagram.lost !== undefined) {
      this.counts.inexact++;
      this.#checker.overlook(datagram);
      this.#output.print(this.#reporter.inexact(datagram));
      return;
    }
    const { findings, messages } = this.#checker.check(this.#strict ? strictly(datagram) : datagram);
    this.counts.messages += messages.length;
    const grave = findings.filter(({ severity }) => this.#told.has(severity));
    const told = grave.filter((finding) => !this.baseline.knows(finding));
    this.counts.findings += told.length;
    this.counts.known += grave.length - told.length;
    this.#output.print(this.#reporter.datagram({ datagram, findings: told, messages }));
  }
}

/** Sent to a kernel, whole. */
const isRequest = ({ direction, lost }: Datagram): boolean =>
  lost === undefined && (direction === 'request' || direction === 'unknown');

/** As if its socket had strict checking. */
function strictly(datagram: Datagram): Datagram {
  const { options = [] } = datagram;
  return options.includes(NETLINK_GET_STRICT_CHK)
    ? datagram
    : { ...datagram, options: [...options, NETLINK_GET_STRICT_CHK] };
}

/** Reports on the files; the exit code. */
export async function checkCommand(files: readonly string[], options: CheckCommandOptions): Promise<number> {
  try {
    const asker = options.in === undefined ? undefined : new BoxAsker(options.in);
    try {
      return await reportOn(files, options, asker);
    } finally {
      asker?.close();
    }
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    say(error.message);
    return CANNOT_START;
  }
}

async function reportOn(files: readonly string[], options: CheckCommandOptions, asker?: BoxAsker): Promise<number> {
  const progress = new InputProgress(isatty(2));
  const output = new TextOutput(() => {
    progress.clear();
  });
  const reporter = reporterFor(options);
  const run = new Run(options, reporter, output, asker);
  const imported = importOptions(options);
  output.print(reporter.start());
  for (const file of files) await run.file(file, imported, progress);
  output.print(reporter.end(run.counts));
  output.flush();
  progress.clear();
  return conclude(run, options);
}

function conclude({ baseline, counts }: Run, { baseline: path, writeBaseline }: CheckCommandOptions): number {
  if (path !== undefined && baseline.stale > 0)
    say(`${path}: ${baseline.stale} findings of the baseline are gone; --write-baseline writes it anew`);
  if (writeBaseline === undefined) return counts.findings + counts.problems > 0 ? 1 : 0;
  try {
    writeFileSync(writeBaseline, baseline.show());
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return counts.problems > 0 ? 1 : 0;
}
