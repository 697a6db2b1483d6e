// `tcbox explain [FILE]`: what every byte of the datagrams of a file of any format is, as text, JSON lines or a page.
import { isatty } from 'node:tty';
import type { Datagram } from '../conform/datagram.js';
import { explain } from '../conform/explain/explain.js';
import { type Explained, htmlView } from '../conform/explain/html.js';
import { jsonView } from '../conform/explain/json.js';
import { Requests } from '../conform/explain/requests.js';
import { textView } from '../conform/explain/text.js';
import { type ImportOptions, readDatagrams } from '../conform/import/datagrams.js';
import { type ImportProblem, showProblem } from '../conform/import/importer.js';
import { importOptions } from './import_options.js';
import { InputFile, TextOutput } from './input_file.js';
import { say } from './say.js';
import { UsageError } from './usage_error.js';

/** Options of `tcbox explain`, as they are on the command line. */
export interface ExplainCommandOptions {
  hex?: string[];
  json?: boolean;
  html?: boolean;
  all?: boolean;
  color?: string;
  width?: string;
  format?: string;
  direction?: string;
  protocol?: string;
}

const LEAST_WIDTH = 40;
const WIDTH = 120;

function wantsColour(color: string): boolean {
  if (color === 'always') return true;
  if (color === 'never') return false;
  if (color !== 'auto') throw new UsageError(`--color '${color}' is none of always, never, auto`);
  return isatty(1) && (process.env['NO_COLOR'] ?? '') === '';
}

function widthOf(width: string | undefined): number {
  if (width === undefined) return isatty(1) ? Math.max(LEAST_WIDTH, process.stdout.columns) : WIDTH;
  const columns = Number(width);
  if (!Number.isInteger(columns) || columns < LEAST_WIDTH)
    throw new UsageError(`--width '${width}' is no number from ${LEAST_WIDTH} on`);
  return columns;
}

/** `talk.rec, offset 24: request 3, protocol 16` */
function headline({ origin, direction, protocol, lost = [] }: Datagram): string {
  const { file, offset, line, label } = origin;
  const where = line === undefined ? `${file}, offset ${offset}` : `${file}:${line}`;
  const what = [label, direction === 'unknown' ? undefined : direction, protocol ? `protocol ${protocol}` : undefined];
  const known = what.filter((part) => part !== undefined);
  const title = `# ${where}${known.length === 0 ? '' : `: ${known.join(', ')}`}`;
  return [title, ...lost.map((note) => `# not as it was sent: ${note}`)].join('\n');
}

interface Source {
  readonly datagrams: Iterable<Datagram>;
  /** The user gave the bytes: there is no place to name. */
  readonly isBare: boolean;
}

function sourceOf(
  file: string | undefined,
  { hex, ...options }: ExplainCommandOptions,
  problem: ImportOptions['problem'],
): Source {
  const imported = { ...importOptions(options), ...(problem === undefined ? {} : { problem }) };
  if (hex === undefined) return { datagrams: new InputFile(file ?? '-', imported).datagrams(), isBare: false };
  if (file !== undefined) throw new UsageError('--hex and a file: not both');
  const text = new TextEncoder().encode(`${hex.join(' ')}\n`);
  return { datagrams: readDatagrams([text], { ...imported, file: '--hex', format: 'hex' }), isBare: true };
}

function* explained(datagrams: Iterable<Datagram>): Generator<Explained, void> {
  const requests = new Requests();
  for (const datagram of datagrams) {
    const request = requests.follow(datagram);
    yield { datagram, regions: explain(datagram, request === undefined ? {} : { request }) };
  }
}

type View = (all: Iterable<Explained>) => Iterable<string>;

function* jsonLines(all: Iterable<Explained>): Generator<string, void> {
  for (const { datagram, regions } of all) yield `${jsonView(datagram, regions)}\n`;
}

function textOf({ all: everything = false, color = 'auto', width }: ExplainCommandOptions, isBare: boolean): View {
  const options = { all: everything, colour: wantsColour(color), width: widthOf(width) };
  return function* (all) {
    let first = true;
    for (const { datagram, regions } of all) {
      const title = isBare ? '' : `${headline(datagram)}\n`;
      yield `${first ? '' : '\n'}${title}${textView(regions, datagram.bytes, options)}\n`;
      first = false;
    }
  };
}

function viewOf(options: ExplainCommandOptions, isBare: boolean): View {
  if (options.json === true && options.html === true) throw new UsageError('--json and --html: not both');
  if (options.json === true) return jsonLines;
  return options.html === true ? (all) => htmlView(all) : textOf(options, isBare);
}

/** Explains a file, or what --hex says; the exit code. */
export function explainCommand(file: string | undefined, options: ExplainCommandOptions): number {
  let problems = 0;
  const output = new TextOutput();
  const problem = (found: ImportProblem): void => {
    problems++;
    output.flush();
    say(showProblem(found));
  };
  const { datagrams, isBare } = sourceOf(file, options, problem);
  for (const text of viewOf(options, isBare)(explained(datagrams))) output.print(text);
  output.flush();
  return problems > 0 ? 1 : 0;
}
