// The file a recording goes to, and what its header says. Written in large pieces while the command runs; a file that
// cannot be written any more ends the recording, not the command.
import { closeSync, openSync } from 'node:fs';
import { machine } from 'node:os';
import { HostError } from '../host/host_error.js';
import type { Recording } from '../host/control.js';
import { Recorder } from '../host/recorder.js';
import { Where, type HeaderToWrite } from '../record/recording.js';
import { codeOf, putAll } from './files.js';
import { say } from './say.js';
import { version } from './version.js';

const PIECE = 1 << 16;

export class RecordFile {
  readonly #name: string;
  readonly #fd: number;
  readonly #piece = new Uint8Array(PIECE);
  #held = 0;
  #failed = false;

  /** A file, `-` for standard output, or what was opened as one. */
  constructor(path: string, fd = openForWriting(path)) {
    this.#name = path === '-' ? 'standard output' : path;
    this.#fd = fd;
  }

  /** Whether everything got there so far. */
  get isWhole(): boolean {
    return !this.#failed;
  }

  readonly write = (bytes: Uint8Array): void => {
    if (this.#held + bytes.length > PIECE) this.#flush();
    if (bytes.length > PIECE) {
      this.#put(bytes);
      return;
    }
    this.#piece.set(bytes, this.#held);
    this.#held += bytes.length;
  };

  close(): void {
    this.#flush();
    closeRecording(this.#fd);
  }

  #flush(): void {
    this.#put(this.#piece.subarray(0, this.#held));
    this.#held = 0;
  }

  #put(bytes: Uint8Array): void {
    if (this.#failed) return;
    try {
      putAll(this.#fd, bytes);
    } catch (error) {
      this.#failed = true;
      say(`${this.#name} cannot be written any more (${codeOf(error)}): the recording is not complete`);
    }
  }
}

const STDOUT = 1;

/** Standard output stays open for the others who have it. */
export function closeRecording(fd: number): void {
  if (fd !== STDOUT) closeSync(fd);
}

/** Throws a HostError. */
export function openForWriting(path: string): number {
  if (path === '-') return STDOUT;
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new HostError('output', `${path} cannot be written (${codeOf(error)})`, 'choose another file with -o');
  }
}

/** The header of a recording that begins now. */
export function headerOf(
  where: (typeof Where)[keyof typeof Where],
  command: readonly string[],
  kernel: { readonly kernel: string; readonly config?: string },
): HeaderToWrite {
  const now = Date.now();
  return {
    ...{ recorder: `tcbox ${version()}`, where, config: '', ...kernel, machine: machine(), command },
    ...{ startSeconds: Math.floor(now / 1000), startNanos: (now % 1000) * 1e6 },
  };
}

/** Nanoseconds since now, on the monotonic clock. */
export function stopwatch(): () => number {
  const began = performance.now();
  return () => Math.round((performance.now() - began) * 1e6);
}

/** A recording of a program of a box that stays, to an fd that somebody has sent. */
export function recordingTo(
  fd: number,
  argv: readonly string[],
  kernel: { kernel: string; config: string },
): Recording {
  const file = new RecordFile(`the recording of '${argv[0] ?? ''}'`, fd);
  const recorder = new Recorder(file.write, headerOf(Where.BOX, argv, kernel), stopwatch());
  return {
    recorder,
    end: (status) => {
      recorder.end(status);
      file.close();
    },
  };
}
