// What the importers of this folder have in common: they are given the bytes of a file in chunks of any size and give back
// the datagrams that are whole, in the order of the file. An importer never throws at what a file holds: it names the
// problem with its place, gives what came before, and goes on behind it where the format lets it.
import type { Datagram, Direction, Origin } from '../datagram.js';

/** Something in a file that is no datagram and should be one, or that cannot be read. */
export interface ImportProblem {
  readonly file: string;
  /** In bytes from the start of the file. */
  readonly offset: number;
  /** From 1, in formats made of lines. */
  readonly line?: number;
  readonly text: string;
}

/** What an importer knows beside the bytes. */
export interface ImportContext {
  readonly file: string;
  /** What datagrams are, where the format does not say. */
  readonly direction: Direction;
  readonly protocol: number | undefined;
  problem(problem: ImportProblem): void;
  /** Told of each bpf(2) call of a recording, which is no datagram. */
  readonly call?: () => void;
}

export interface Importer {
  /** The datagrams that are whole with these bytes. To be run to its end before the chunk changes. */
  push(chunk: Uint8Array): Iterable<Datagram>;
  /** Those that only the end of the file completes. */
  end(): Iterable<Datagram>;
  /** The file is whole and says itself that nothing was said, once it has ended. */
  readonly isSilent?: boolean;
}

/** Longest datagram an importer makes, and longest line of a text it reads: bounds of memory. */
export const DATAGRAM_MAX = 16 << 20;

/** `file:line: text` or `file:offset: text`. */
export const showProblem = ({ file, offset, line, text }: ImportProblem): string =>
  line === undefined ? `${file}: offset ${offset}: ${text}` : `${file}:${line}: ${text}`;

/** Thrown at the end of a file by callers who did not ask to be told of problems. */
export class ImportError extends Error {
  readonly problems: readonly ImportProblem[];

  constructor(problems: readonly ImportProblem[]) {
    super(problems.map(showProblem).join('\n'));
    this.problems = problems;
  }
}

/** A datagram of which the file says nothing but its bytes. */
export function plainDatagram(context: ImportContext, bytes: Uint8Array, origin: Omit<Origin, 'file'>): Datagram {
  const { file, direction, protocol } = context;
  return { bytes, direction, ...(protocol === undefined ? {} : { protocol }), origin: { file, ...origin } };
}
