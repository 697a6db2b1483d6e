// A file of any format as netlink datagrams: chunks in, datagrams out, in the order of the file and with their places in it. The
// caller reads the file, standard input or whatever a page was given; nothing here waits, and memory is bounded whatever
// the file holds.
import type { Datagram, Direction } from '../datagram.js';
import { Base64Importer } from './base64.js';
import { CaptureImporter } from './capture.js';
import { DETECT, detectFormat, type Format } from './format.js';
import { DumpImporter } from './dump.js';
import { HexImporter } from './hex.js';
import { type ImportContext, ImportError, type Importer, type ImportProblem } from './importer.js';
import { JsonImporter } from './json.js';
import { LibraryImporter } from './library.js';
import { LiteralImporter } from './literal.js';
import { RawImporter } from './raw.js';
import { RecordingImporter } from './recording.js';
import { StraceImporter } from './strace.js';

export interface ImportOptions {
  /** Name for origins; `-` by default. */
  readonly file?: string;
  /** Told from the content when it is not given. */
  readonly format?: Format;
  /** What datagrams are, where the format does not say; `unknown` by default. */
  readonly direction?: Direction;
  /** Their protocol, where the format does not say. */
  readonly protocol?: number;
  /** Told of each problem as it comes. */
  readonly problem?: (problem: ImportProblem) => void;
  /** Told of each bpf(2) call of a recording, which is no datagram. */
  readonly call?: () => void;
}

/** Problems of a file that are told. */
const PROBLEMS_MAX = 1000;

/** UTF-16 with its byte order mark, as shells of Windows write text: each second byte of ASCII is 0. */
class Utf16 {
  /** Position of the byte that counts in each pair. */
  readonly #low: number;
  #at = 0;

  constructor(head: Uint8Array) {
    this.#low = head[0] === 0xff ? 0 : 1;
  }

  static is(head: Uint8Array): boolean {
    const mark = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
    const high = head[0] === 0xff ? 1 : 0;
    return mark && head.length > 4 && head.slice(2, 64).every((byte, i) => i % 2 !== high || byte === 0);
  }

  /** The bytes as ASCII. */
  narrow(chunk: Uint8Array): Uint8Array {
    const first = this.#at;
    this.#at += chunk.length;
    const skip = first === 0 ? 2 : 0;
    return chunk.subarray(skip).filter((_, i) => (first + skip + i) % 2 === this.#low);
  }
}

const LF = 10;
const CR = 13;
/** Formats in which CR is a byte as any other. */
const binary: ReadonlySet<Format> = new Set(['recording', 'capture', 'raw']);

/** Lines that end with CR alone, as some terminals write them, end with LF: offsets stay as they are. */
const feedLines = (chunk: Uint8Array): Uint8Array => chunk.map((byte) => (byte === CR ? LF : byte));

type ImporterClass = new (context: ImportContext) => Importer;

const importers: Readonly<Record<Format, ImporterClass>> = {
  recording: RecordingImporter,
  capture: CaptureImporter,
  raw: RawImporter,
  strace: StraceImporter,
  json: JsonImporter,
  library: LibraryImporter,
  dump: DumpImporter,
  literal: LiteralImporter,
  hex: HexImporter,
  base64: Base64Importer,
};

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** For callers to whom chunks come: push() for each, then end(); both must be run to their ends. */
export class DatagramReader {
  readonly #context: ImportContext;
  #format: Format | undefined;
  #importer: Importer | undefined;
  #head: Uint8Array = new Uint8Array(0);
  #utf16: Utf16 | undefined;
  #returns = false;
  #problems = 0;
  #datagrams = 0;

  constructor({ file = '-', format, direction = 'unknown', protocol, problem, call }: ImportOptions) {
    const told = (found: ImportProblem): void => {
      this.#problems++;
      if (this.#problems < PROBLEMS_MAX) problem?.(found);
      else if (this.#problems === PROBLEMS_MAX) problem?.({ ...found, text: 'more problems, which are not listed' });
    };
    this.#context = { file, direction, protocol, problem: told, ...(call && { call }) };
    this.#format = format;
  }

  /** The format of the file, once enough of it is there. */
  get format(): Format | undefined {
    return this.#format;
  }

  /** The datagrams that are whole with this chunk, which must not change before the last of them was taken. */
  *push(chunk: Uint8Array): Generator<Datagram, void> {
    if (this.#importer !== undefined) {
      yield* this.#counted(this.#importer.push(this.#plain(chunk)));
      return;
    }
    this.#head = joined(this.#head, chunk);
    if (this.#format !== undefined || this.#head.length >= DETECT) yield* this.#begin();
  }

  /** The file ends here. */
  *end(): Generator<Datagram, void> {
    if (this.#importer === undefined) yield* this.#begin();
    yield* this.#counted(this.#importer!.end());
    if (this.#datagrams + this.#problems === 0 && this.#importer?.isSilent !== true)
      this.#context.problem({ file: this.#context.file, offset: 0, text: 'no datagram in it' });
  }

  *#counted(datagrams: Iterable<Datagram>): Generator<Datagram, void> {
    for (const datagram of datagrams) {
      this.#datagrams++;
      yield datagram;
    }
  }

  /** Text in ASCII, with lines that end with LF. */
  #plain(chunk: Uint8Array): Uint8Array {
    const narrow = this.#utf16?.narrow(chunk) ?? chunk;
    return this.#returns ? feedLines(narrow) : narrow;
  }

  *#begin(): Generator<Datagram, void> {
    if (Utf16.is(this.#head)) this.#utf16 = new Utf16(this.#head);
    let head = this.#plain(this.#head);
    this.#head = new Uint8Array(0);
    const formatOf = (bytes: Uint8Array): Format => detectFormat(bytes.subarray(0, DETECT));
    const told = this.#format ?? formatOf(head);
    this.#returns = !binary.has(told) && head.includes(CR) && !head.includes(LF);
    if (this.#returns) head = feedLines(head);
    this.#format ??= this.#returns ? formatOf(head) : told;
    this.#importer = new importers[this.#format](this.#context);
    yield* this.#counted(this.#importer.push(head));
  }
}

/**
 * The datagrams of a file that comes in `chunks`; each chunk may be used again when the next one is asked for. Problems go to
 * `options.problem`; without it they are thrown as one ImportError behind the last datagram.
 */
export function* readDatagrams(chunks: Iterable<Uint8Array>, options: ImportOptions = {}): Generator<Datagram, void> {
  const problems: ImportProblem[] = [];
  const reader = new DatagramReader({ problem: (found) => problems.push(found), ...options });
  for (const chunk of chunks) yield* reader.push(chunk);
  yield* reader.end();
  if (problems.length > 0) throw new ImportError(problems);
}
