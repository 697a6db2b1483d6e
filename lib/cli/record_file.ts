// The file a recording goes to, and what its header says. Written in large pieces while the command runs; a file that
// cannot be written any more ends the recording, not the command.
import { closeSync, openSync, writeSync } from 'node:fs';
import { machine } from 'node:os';
import { HostError } from '../host/host_error.js';
import type { HeaderToWrite, Where } from '../record/recording.js';
import { say } from './say.js';
import { version } from './version.js';

const PIECE = 1 << 16;

export class RecordFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #piece = new Uint8Array(PIECE);
  #held = 0;
  #failed = false;

  /** Throws a HostError. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'w');
    } catch (error) {
      throw new HostError('output', `${path} cannot be written (${codeOf(error)})`, 'choose another file with -o');
    }
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
    closeSync(this.#fd);
  }

  #flush(): void {
    this.#put(this.#piece.subarray(0, this.#held));
    this.#held = 0;
  }

  #put(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length && !this.#failed;) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      this.#failed = true;
      say(`${this.#path} cannot be written any more (${codeOf(error)}): the recording is not complete`);
    }
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

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
