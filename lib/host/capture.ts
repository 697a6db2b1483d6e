// Standard streams of a captured client: what it writes goes through a pipe into memory, what it reads is a file in
// memory, so that neither side can block the other.
import { Buffer } from 'node:buffer';
import { EPOLLIN, O_CLOEXEC, O_NONBLOCK, F_SETFL } from './abi.js';
import type { Events } from './events.js';
import { BASE, OUT, OUT_SIZE, WORDS, close, fcntl, i32, lseek, memfdCreate, pipe2, read, u8, write } from './libc.js';

const MFD_CLOEXEC = 1;

/** An fd that reads `text` from its start. */
export function memoryFile(text: string): number {
  const fd = memfdCreate('stdin', MFD_CLOEXEC);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += OUT_SIZE) {
    const part = bytes.subarray(at, at + OUT_SIZE);
    u8.set(part, OUT);
    write(fd, BASE + OUT, part.length);
  }
  lseek(fd, 0, 0);
  return fd;
}

export class Capture {
  /** The end the client gets. */
  readonly writeEnd: number;
  readonly #events: Events;
  readonly #readEnd: number;
  readonly #chunks: Uint8Array[] = [];
  #open = true;
  #ended = false;

  constructor(events: Events) {
    this.#events = events;
    pipe2(BASE + WORDS, O_CLOEXEC);
    this.#readEnd = i32[WORDS >> 2]!;
    this.writeEnd = i32[(WORDS + 4) >> 2]!;
    fcntl(this.#readEnd, F_SETFL, O_NONBLOCK);
    events.add(this.#readEnd, EPOLLIN, () => {
      this.#drain();
    });
  }

  /** The client has its end: ours is closed. */
  started(): void {
    close(this.writeEnd);
    this.#open = false;
  }

  /** Everything written so far. */
  take(): Uint8Array {
    this.#drain();
    return new Uint8Array(Buffer.concat(this.#chunks));
  }

  end(): void {
    if (this.#open) close(this.writeEnd);
    this.#open = false;
    this.#finish();
  }

  #finish(): void {
    if (!this.#ended) this.#events.close(this.#readEnd);
    this.#ended = true;
  }

  #drain(): void {
    while (!this.#ended) {
      const n = read(this.#readEnd, BASE + OUT, OUT_SIZE);
      if (n < 0) return;
      if (n === 0) this.#finish();
      else this.#chunks.push(u8.slice(OUT, OUT + n));
    }
  }
}
