// Lines that strace writes: who, when, and a call with its arguments as text; calls that were interrupted by another process are
// put together again. The other lines are hex dumps of `-e write` and `-e read`, headings of their buffers, signals, ends.

export interface StraceCall {
  /** Process or thread; undefined = strace followed one only. */
  readonly pid: string | undefined;
  readonly name: string;
  /** Between the brackets. */
  readonly args: string;
  /** What is behind `=`: a number, `?`, `-1 EAGAIN (…)`. */
  readonly result: string;
  /** In nanoseconds, as the trace counts. */
  readonly time: bigint | undefined;
}

/** A call that is not at its end yet. */
export interface StraceStart {
  readonly pid: string | undefined;
  readonly name: string;
  readonly unfinished: string;
}

export interface StraceEnd {
  readonly pid: string | undefined;
  readonly exited: true;
}

/** A row of a dump. */
export interface StraceRow {
  readonly row: Uint8Array;
}

/** ` * 52 bytes in buffer 0`, ` = 2 buffers in vector 0`. */
export interface StraceHeading {
  readonly vector: boolean;
}

export type StraceLine = StraceCall | StraceStart | StraceEnd | StraceRow | StraceHeading;

/** Interrupted calls that are remembered. */
const REMEMBERED = 4096;
const NANOS = 9;
const UNFINISHED = '<unfinished ...>';

const prefix = /^(?:\[pid\s+(\d+)\]\s+|(\d+)\s+)?(?:(\d\d:\d\d:\d\d(?:\.\d+)?|\s*\d+\.\d+)\s+)?/;
const call = /^([a-z_][a-z0-9_]*)\(/;
const resumed = /^<\.\.\. ([a-z0-9_]+) resumed>\s?/;
const row = /^ \| [0-9a-f]{5,}  (.{48})/;
const heading = /^ (?:\* \d+ bytes in buffer \d+|= \d+ buffers in vector \d+)/;
const pairs = /[0-9a-f]{2}/g;

function timeOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const [whole = '0', fraction = ''] = text.trim().split('.');
  const seconds = whole.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  return seconds * 10n ** BigInt(NANOS) + BigInt(fraction.slice(0, NANOS).padEnd(NANOS, '0'));
}

/** Arguments and result of what follows the name of a call; the last `) = ` is the end of the arguments. */
function halves(text: string): readonly [args: string, result: string] | undefined {
  const at = text.lastIndexOf(' = ');
  if (at < 0) return undefined;
  const close = text.lastIndexOf(')', at);
  return close < 0 || text.slice(close + 1, at).trim() !== '' ? undefined : [text.slice(0, close), text.slice(at + 3)];
}

export class StraceLines {
  /** The first half of a call, by process. */
  readonly #open = new Map<string, { readonly name: string; readonly text: string }>();

  /** What a line is; undefined = nothing that matters. */
  line(text: string): StraceLine | undefined {
    if (text.startsWith(' ')) {
      const bytes = row.exec(text)?.[1]?.match(pairs);
      if (bytes) return { row: Uint8Array.from(bytes, (pair) => parseInt(pair, 16)) };
      if (heading.test(text)) return { vector: text.startsWith(' =') };
    }
    const [all, bracketed, plain, stamp] = prefix.exec(text)!;
    const pid = bracketed ?? plain;
    const rest = text.slice(all.length);
    if (/^\+\+\+ (?:exited|killed)/.test(rest)) return { pid, exited: true };
    return this.#call(pid, rest, timeOf(stamp));
  }

  #call(pid: string | undefined, text: string, time: bigint | undefined): StraceLine | undefined {
    const again = resumed.exec(text);
    const name = again?.[1] ?? call.exec(text)?.[1];
    if (name === undefined) return undefined;
    const before = again === null ? '' : this.#resume(pid, name);
    const tail = text.slice(again === null ? name.length + 1 : again[0].length);
    if (tail.endsWith(UNFINISHED)) {
      const open = before + tail.slice(0, -UNFINISHED.length).trimEnd();
      this.#remember(pid, name, open);
      return { pid, name, unfinished: open };
    }
    const parts = halves(tail);
    return parts === undefined ? undefined : { pid, name, args: before + parts[0], result: parts[1], time };
  }

  #remember(pid: string | undefined, name: string, text: string): void {
    if (this.#open.size >= REMEMBERED) this.#open.clear();
    this.#open.set(pid ?? '', { name, text });
  }

  #resume(pid: string | undefined, name: string): string {
    const open = this.#open.get(pid ?? '');
    this.#open.delete(pid ?? '');
    return open?.name === name ? open.text : '';
  }
}
