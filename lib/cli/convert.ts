// `tcbox convert`: recordings, traces, captures and texts with netlink messages, from one format to another. Files are read and
// written piece by piece, whatever their size.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { CaptureExporter } from '../conform/export/capture.js';
import { RecordingExporter } from '../conform/export/recording.js';
import type { Datagram } from '../conform/datagram.js';
import { readDatagrams } from '../conform/import/datagrams.js';
import { formats, type Format } from '../conform/import/format.js';
import { showProblem, type ImportProblem } from '../conform/import/importer.js';
import { entryJson } from '../record/json.js';
import { isRecording, RecordingError, RecordingReader, type PlacedEntry } from '../record/recording.js';
import { codeOf, putAll } from './files.js';
import { say } from './say.js';
import { UsageError } from './usage_error.js';
import { version } from './version.js';

export interface ConvertOptions {
  readonly to?: string;
  readonly format?: string;
  readonly output?: string;
}

const targets = ['json', 'pcapng', 'rec'] as const;
type Target = (typeof targets)[number];

const CHUNK = 1 << 16;

function targetOf({ to, output = '' }: ConvertOptions): Target {
  const suffix = /\.(?:(json|jsonl)|(pcapng)|(rec))$/.exec(output);
  const told = suffix === null ? 'json' : suffix[1] !== undefined ? 'json' : suffix[2] !== undefined ? 'pcapng' : 'rec';
  const target = targets.find((known) => known === (to ?? told));
  if (target === undefined) throw new UsageError(`no format '${to!}' to convert to: one of ${targets.join(', ')}`);
  return target;
}

function formatOf(name: string | undefined): Format | undefined {
  const format = formats.find((known) => known === name);
  if (name === undefined || format !== undefined) return format;
  throw new UsageError(`no format '${name}': one of ${formats.join(', ')}`);
}

/** A file or standard input, in pieces. */
function* piecesOf(file: string): Generator<Uint8Array, void> {
  let fd = 0;
  try {
    if (file !== '-') fd = openSync(file, 'r');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${codeOf(error)})`);
  }
  try {
    for (;;) {
      const piece = new Uint8Array(CHUNK);
      const length = readSync(fd, piece);
      if (length === 0) return;
      yield piece.subarray(0, length);
    }
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${codeOf(error)})`);
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

/** Whether both names are of one file that holds data. */
function isSameFile(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a), b === '-' ? fstatSync(0) : statSync(b)];
    return one.isFile() && one.dev === other.dev && one.ino === other.ino;
  } catch {
    // Opening it says why.
    return false;
  }
}

/** Collects what is written into large pieces; what nobody reads any more is dropped. */
class Output {
  readonly #name: string;
  readonly #fd: number;
  #parts: Uint8Array[] = [];
  #held = 0;
  #unread = false;

  /** `source` is being read, and must not be cut off by that. */
  constructor(path: string | undefined, source: string) {
    const standard = path === undefined || path === '-';
    this.#name = standard ? 'standard output' : path;
    if (!standard && isSameFile(path, source)) throw new UsageError(`${path} is what is to be read: choose another -o`);
    try {
      this.#fd = standard ? 1 : openSync(path, 'w');
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  readonly write = (bytes: Uint8Array): void => {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    if (this.#held >= CHUNK) this.#flush();
  };

  close(): void {
    this.#flush();
    if (this.#fd !== 1) closeSync(this.#fd);
  }

  #refusal(error: unknown): UsageError {
    return new UsageError(`${this.#name} cannot be written (${codeOf(error)})`);
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#held = 0;
    if (this.#unread) return;
    try {
      putAll(this.#fd, bytes);
    } catch (error) {
      if (codeOf(error) !== 'EPIPE') throw this.#refusal(error);
      this.#unread = true;
    }
  }
}

const utf8 = new TextEncoder();

/** Entries of a recording in the making, as lines of JSON. */
class JsonLines {
  readonly #reader = new RecordingReader();
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  readonly push = (bytes: Uint8Array): void => {
    this.#lines(this.#reader.push(bytes));
  };

  end(): void {
    this.#reader.end();
  }

  #lines(entries: Iterable<PlacedEntry>): void {
    for (const { entry } of entries) this.#write(utf8.encode(`${entryJson(entry)}\n`));
  }
}

function* chain(head: Uint8Array, rest: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  yield head;
  yield* rest;
}

/** What was wrong with the source, as it is found. */
class Problems {
  count = 0;

  readonly told = (problem: ImportProblem): void => {
    this.add(showProblem(problem));
  };

  add(line: string): void {
    this.count++;
    say(line);
  }
}

/** A recording as lines, or checked and copied. */
function fromRecording(file: string, pieces: Iterable<Uint8Array>, target: Target, output: Output): number {
  const reader = new RecordingReader();
  try {
    for (const piece of pieces) {
      for (const { entry } of reader.push(piece))
        if (target === 'json') output.write(utf8.encode(`${entryJson(entry)}\n`));
      if (target === 'rec') output.write(piece);
    }
    reader.end();
    return 0;
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    say(`${file}: ${error.message}`);
    return 1;
  }
}

function toCapture(datagrams: Iterable<Datagram>, output: Output): void {
  const exporter = new CaptureExporter();
  output.write(exporter.header());
  for (const datagram of datagrams) output.write(exporter.datagram(datagram));
}

function toRecording(datagrams: Iterable<Datagram>, write: (bytes: Uint8Array) => void, lost: () => string[]): void {
  const exporter = new RecordingExporter(write, { recorder: `tcbox ${version()}` });
  for (const datagram of datagrams) {
    for (const what of lost()) exporter.problem(what);
    exporter.datagram(datagram);
  }
  for (const what of lost()) exporter.problem(what);
  exporter.end();
}

/** Converts a file; the exit code: 1 when something in it could not be read. */
export function convertCommand(file: string, options: ConvertOptions): number {
  const target = targetOf(options);
  const format = formatOf(options.format);
  const pieces = piecesOf(file);
  const first = pieces.next();
  const head = first.done === true ? new Uint8Array(0) : first.value;
  const all = chain(head, pieces);
  const output = new Output(options.output, file);
  try {
    const recording = format === 'recording' || (format === undefined && isRecording(head));
    if (recording && target !== 'pcapng') return fromRecording(file, all, target, output);
    return convertDatagrams(file, all, { target, format }, output);
  } finally {
    output.close();
  }
}

interface Conversion {
  readonly target: Target;
  readonly format: Format | undefined;
}

function convertDatagrams(
  file: string,
  pieces: Iterable<Uint8Array>,
  { target, format }: Conversion,
  output: Output,
): number {
  const problems = new Problems();
  let lost: string[] = [];
  const problem = (found: ImportProblem): void => {
    problems.told(found);
    lost.push(found.text);
  };
  let calls = 0;
  const call = (): void => {
    calls++;
  };
  const datagrams = readDatagrams(pieces, { file, problem, call, ...(format === undefined ? {} : { format }) });
  const takeLost = (): string[] => {
    const told = lost;
    lost = [];
    return told;
  };
  if (target === 'pcapng') toCapture(datagrams, output);
  else if (target === 'rec') toRecording(datagrams, output.write, takeLost);
  else {
    const lines = new JsonLines(output.write);
    toRecording(datagrams, lines.push, takeLost);
    lines.end();
  }
  if (calls > 0) say(`${file}: ${calls} bpf(2) calls are left out: only datagrams are converted`);
  return problems.count === 0 ? 0 : 1;
}
