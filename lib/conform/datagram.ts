// One datagram of a netlink conversation, wherever it came from: an importer makes it, explain() and check() read it.
// The bytes are as they were on the socket; what an importer could not know or rebuild is said, never guessed.

/** Who sent it: a program, or the kernel in answer to it, or the kernel to a group. */
export type Direction = 'request' | 'reply' | 'notification' | 'unknown';

/** Where a datagram was found, for `file:offset` of a finding. */
export interface Origin {
  /** File name as given, or `-`. */
  readonly file: string;
  /** Offset of its first byte (binary formats) or of its text, in bytes from the start of the file. */
  readonly offset: number;
  /** Line of its text from 1, in formats made of lines. */
  readonly line?: number;
  /** Name of its case, step, process or system call, where the format gives one. */
  readonly label?: string;
}

export interface Datagram {
  readonly bytes: Uint8Array;
  readonly direction: Direction;
  /** NETLINK_ROUTE and the like; undefined = the format does not say. */
  readonly protocol?: number;
  readonly origin: Origin;
  /** Which socket it went through: equal for the datagrams of one conversation. */
  readonly socket?: string;
  /** Socket options that matter (NETLINK_GET_STRICT_CHK …), as far as the conversation shows them set. */
  readonly options?: readonly number[];
  /** Nanoseconds since the epoch, or since the start of the recording, as the format counts. */
  readonly time?: bigint;
  /** What could not be rebuilt (a lossy format, a snap length); the bytes concerned are zero or missing. */
  readonly lost?: readonly string[];
}
