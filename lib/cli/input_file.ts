// A file of datagrams, or standard input, read chunk by chunk and given to the importers; how far it has been read, for
// a terminal.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { Datagram } from '../conform/datagram.js';
import { DatagramReader, type ImportOptions } from '../conform/import/datagrams.js';
import { codeOf, putAll, patiently } from './files.js';
import { UsageError } from './usage_error.js';

const CHUNK = 1 << 20;
const PROGRESS_MS = 200;

export class InputFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #options: ImportOptions;
  /** Bytes there are, 0 when nobody knows, and bytes that have been read. */
  readonly size: number;
  read = 0;

  /** `-` is standard input. `options.file` is another name for it in reports. */
  constructor(path: string, options: ImportOptions) {
    this.#path = path;
    this.#options = { file: path, ...options };
    try {
      this.#fd = path === '-' ? 0 : openSync(path, 'r');
      const stat = fstatSync(this.#fd);
      if (stat.isDirectory()) throw new UsageError(`${path}: is a directory`);
      this.size = stat.isFile() ? stat.size : 0;
    } catch (error) {
      throw error instanceof UsageError ? error : new UsageError((error as Error).message);
    }
  }

  *datagrams(): Generator<Datagram, void> {
    const reader = new DatagramReader(this.#options);
    const chunk = new Uint8Array(CHUNK);
    try {
      for (let got = this.#fill(chunk); got > 0; got = this.#fill(chunk)) yield* reader.push(chunk.subarray(0, got));
      yield* reader.end();
    } finally {
      if (this.#fd !== 0) closeSync(this.#fd);
    }
  }

  #fill(chunk: Uint8Array): number {
    try {
      const got = patiently(() => readSync(this.#fd, chunk, 0, CHUNK, null));
      this.read += got;
      return got;
    } catch (error) {
      if (codeOf(error) === 'EOF') return 0;
      throw new UsageError(`${this.#path} cannot be read (${codeOf(error)})`);
    }
  }
}

/** How far files have been read, on a terminal. */
export class InputProgress {
  readonly #on: boolean;
  #last = performance.now();
  #shown = false;

  constructor(on: boolean) {
    this.#on = on;
  }

  show({ read, size }: InputFile, path: string, datagrams: number): void {
    if (!this.#on || performance.now() - this.#last < PROGRESS_MS) return;
    this.#last = performance.now();
    this.#shown = true;
    const part = size === 0 ? `${(read / 1e6).toFixed(0)} MB` : `${Math.floor((100 * read) / size)} %`;
    writeSync(2, `\r\u001b[K${path}: ${part}, ${datagrams} datagrams`);
  }

  /** To be called before anything else is printed. */
  clear(): void {
    if (this.#shown) writeSync(2, '\r\u001b[K');
    this.#shown = false;
  }
}

/** Text for standard output, written in large pieces and before the process ends. */
export class TextOutput {
  #parts: string[] = [];
  #waiting = 0;
  readonly #before: () => void;

  constructor(before: () => void = () => undefined) {
    this.#before = before;
  }

  print(text: string): void {
    if (text === '') return;
    this.#parts.push(text);
    this.#waiting += text.length;
    if (this.#waiting > CHUNK / 16) this.flush();
  }

  flush(): void {
    if (this.#parts.length === 0) return;
    this.#before();
    const bytes = Buffer.from(this.#parts.join(''));
    this.#parts = [];
    this.#waiting = 0;
    try {
      putAll(1, bytes);
    } catch (error) {
      // Nobody reads it any more: the rest goes nowhere.
      if (codeOf(error) === 'EPIPE') return;
      throw new UsageError(`standard output cannot be written (${codeOf(error)})`);
    }
  }
}
