// proto/tcbox/v1/recording.proto: recordings of what programs said to a kernel. Written entry by entry, read from chunks of
// any size; neither side keeps more than one entry. Recorders are lib/host/recorder.ts and lib/host/trace; lib/conform and
// `tcbox convert` read.
import protobuf from 'protobufjs/minimal.js';
import { crc32 } from './crc32.js';
import * as m from './message.js';

/** What a recording begins with, as Header.format. */
export const FORMAT = 'tcbox recording';
export const VERSION = 1;

/** Header.where. */
export const Where = { UNKNOWN: 0, BOX: 1, HOST: 2, IMPORT: 3 } as const;

/** Longest entry: more than any datagram or program. A longer one is damage. */
export const ENTRY_MAX = 64 << 20;

export const Header = m.message({
  format: m.string(1),
  version: m.uint32(2),
  recorder: m.string(3),
  where: m.uint32(4),
  kernel: m.string(5),
  config: m.string(6),
  machine: m.string(7),
  command: m.strings(8),
  startSeconds: m.uint64(9),
  startNanos: m.uint32(10),
});
export const Process = m.message({ parent: m.uint32(1), name: m.string(2), command: m.strings(3) });
export const Open = m.message({
  socket: m.uint32(1),
  family: m.uint32(2),
  type: m.uint32(3),
  protocol: m.uint32(4),
  result: m.sint32(5),
  earlier: m.bool(6),
});
export const Bind = m.message({
  socket: m.uint32(1),
  address: m.bytes(2),
  connect: m.bool(3),
  result: m.sint32(4),
  name: m.bytes(5),
});
export const Option = m.message({
  socket: m.uint32(1),
  level: m.uint32(2),
  name: m.uint32(3),
  value: m.bytes(4),
  result: m.sint32(5),
});
export const Ancillary = m.message({ level: m.uint32(1), type: m.uint32(2), data: m.bytes(3) });
export const Fd = m.message({ fd: m.sint32(1), kind: m.string(2), id: m.uint32(3) });
export const Sent = m.message({
  socket: m.uint32(1),
  data: m.bytes(2),
  address: m.bytes(3),
  ancillary: m.list(4, Ancillary),
  flags: m.uint32(5),
  result: m.sint32(6),
  fds: m.list(7, Fd),
  unanswered: m.bool(8),
});
export const Received = m.message({
  socket: m.uint32(1),
  data: m.bytes(2),
  address: m.bytes(3),
  ancillary: m.list(4, Ancillary),
  flags: m.uint32(5),
  resultFlags: m.uint32(6),
  result: m.sint32(7),
  length: m.uint32(8),
});
export const Closed = m.message({ socket: m.uint32(1) });
export const Memory = m.message({ field: m.uint32(1), before: m.bytes(2), after: m.optionalBytes(3) });
export const BpfCall = m.message({
  cmd: m.uint32(1),
  attr: m.bytes(2),
  attrAfter: m.optionalBytes(3),
  size: m.uint32(4),
  result: m.sint32(5),
  fds: m.list(6, Fd),
  memory: m.list(7, Memory),
});
export const Lost = m.message({ what: m.string(1), count: m.uint32(2), socket: m.uint32(3) });
export const End = m.message({ entries: m.uint32(1), status: m.uint32(2) });
export const Entry = m.message({
  header: m.sub(1, Header),
  process: m.sub(2, Process),
  open: m.sub(3, Open),
  bind: m.sub(4, Bind),
  option: m.sub(5, Option),
  sent: m.sub(6, Sent),
  received: m.sub(7, Received),
  closed: m.sub(8, Closed),
  bpf: m.sub(9, BpfCall),
  lost: m.sub(10, Lost),
  end: m.sub(11, End),
  time: m.uint64(12),
  thread: m.uint32(13),
  processId: m.uint32(14),
  check: m.optionalFixed32(15),
});

export type Header = m.ValueOf<typeof Header>;
export type Process = m.ValueOf<typeof Process>;
export type Open = m.ValueOf<typeof Open>;
export type Bind = m.ValueOf<typeof Bind>;
export type Option = m.ValueOf<typeof Option>;
export type Ancillary = m.ValueOf<typeof Ancillary>;
export type Fd = m.ValueOf<typeof Fd>;
export type Sent = m.ValueOf<typeof Sent>;
export type Received = m.ValueOf<typeof Received>;
export type Closed = m.ValueOf<typeof Closed>;
export type Memory = m.ValueOf<typeof Memory>;
export type BpfCall = m.ValueOf<typeof BpfCall>;
export type Lost = m.ValueOf<typeof Lost>;
export type End = m.ValueOf<typeof End>;
export type Entry = m.ValueOf<typeof Entry>;

/** An entry as it is given to a writer: what entries are of none is left out. */
export type EntryToWrite = Omit<Entry, 'time' | 'thread' | 'processId' | 'check' | 'header' | 'end'> &
  Partial<Pick<Entry, 'time' | 'thread' | 'processId'>>;

export type HeaderToWrite = Partial<Omit<Header, 'format' | 'version'>> & Pick<Header, 'recorder' | 'where'>;

/** Tag of Entry.check and its four bytes. */
const CHECK_TAG = (15 << 3) | 5;
const CHECK = 5;

function delimited(entry: Omit<Entry, 'check'>): Uint8Array {
  const body = Entry.encode(entry);
  const writer = protobuf.Writer.create();
  writer.uint32(body.length + CHECK);
  const head = writer.finish();
  const bytes = new Uint8Array(head.length + body.length + CHECK);
  bytes.set(head);
  bytes.set(body, head.length);
  bytes[bytes.length - CHECK] = CHECK_TAG;
  new DataView(bytes.buffer).setUint32(bytes.length - CHECK + 1, crc32(body), true);
  return bytes;
}

/** Gives the bytes of a recording, in order, to `write`. */
export class RecordingWriter {
  readonly #write: (bytes: Uint8Array) => void;
  #entries = 0;

  constructor(write: (bytes: Uint8Array) => void, header: HeaderToWrite) {
    this.#write = write;
    const absent = { kernel: '', config: '', machine: '', command: [], startSeconds: 0, startNanos: 0 };
    this.#put({ header: { ...absent, ...header, format: FORMAT, version: VERSION }, time: 0, thread: 0, processId: 0 });
  }

  /** What it points at may change afterwards. */
  entry(entry: EntryToWrite): void {
    this.#put({ time: 0, thread: 0, processId: 0, ...entry });
  }

  /** The recording is complete. `time` as in entries. */
  end(status = 0, time = 0): void {
    this.#put({ end: { entries: this.#entries, status }, time, thread: 0, processId: 0 });
  }

  #put(entry: Omit<Entry, 'check'>): void {
    this.#write(delimited(entry));
    this.#entries++;
  }
}

/** The file is damaged, cut off, or no recording at all. */
export class RecordingError extends Error {
  /** Of the entry that cannot be read. */
  readonly offset: number;

  constructor(offset: number, why: string) {
    super(`offset ${offset}: ${why}`);
    this.offset = offset;
  }
}

/** An entry with its place. */
export interface PlacedEntry {
  readonly entry: Entry;
  /** Of its length, in the file. */
  readonly offset: number;
  /** Offset in the file of bytes that `entry` holds. */
  readonly placeOf: (bytes: Uint8Array) => number;
}

/** Whether a file that begins with `head` is a recording. */
export function isRecording(head: Uint8Array): boolean {
  const length = lengthAt(head, 0);
  if (length === undefined || head[length.size] !== 0x0a) return false;
  const inner = lengthAt(head, length.size + 1);
  if (inner === undefined) return false;
  const at = length.size + 1 + inner.size;
  const wanted = [0x0a, FORMAT.length, ...Array.from(FORMAT, (char) => char.charCodeAt(0))];
  return wanted.every((byte, i) => head[at + i] === byte);
}

/** The varint at `at`: its value and its size; undefined when it is not whole, NaN when it is none of 32 bits. */
function lengthAt(bytes: Uint8Array, at: number): { value: number; size: number } | undefined {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, size: i + 1 };
  }
  return { value: NaN, size: 5 };
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Reads a recording from chunks. Each method throws a RecordingError at the first thing that is wrong. */
export class RecordingReader {
  /** Bytes of an entry that is not whole yet. */
  #parts: Uint8Array[] = [];
  #held = 0;
  /** How many there must be before it can be looked at again. */
  #wanted = 1;
  #offset = 0;
  #entries = 0;
  #ended = false;

  /** The entries that are whole with this chunk. Their bytes are those of the chunk, where they lie in it. */
  *push(chunk: Uint8Array): Generator<PlacedEntry, void> {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) {
      // The caller may use its chunk again.
      this.#parts[this.#parts.length - 1] = chunk.slice();
      return;
    }
    const bytes = this.#parts.length === 1 ? chunk : join(this.#parts, this.#held);
    let at = 0;
    for (let whole = this.#whole(bytes, at); whole !== undefined; whole = this.#whole(bytes, at)) {
      const { from, to } = whole;
      const offset = this.#offset;
      const entry = this.#entry(bytes.subarray(from, to));
      const start = bytes.byteOffset - offset + at;
      this.#offset += to - at;
      at = to;
      yield { entry, offset, placeOf: ({ byteOffset }) => byteOffset - start };
    }
    this.#held = bytes.length - at;
    this.#parts = this.#held === 0 ? [] : [bytes.slice(at)];
  }

  /** The file ends here. */
  end(): void {
    if (this.#held > 0) throw this.#error(`the file ends in an entry: ${this.#held} bytes of it are there`);
    if (!this.#ended) throw this.#error('the recording was cut off: its end is missing');
  }

  #error(why: string): RecordingError {
    return new RecordingError(this.#offset, why);
  }

  /** Where the entry at `at` lies, when it is whole. */
  #whole(bytes: Uint8Array, at: number): { from: number; to: number } | undefined {
    this.#wanted = 1;
    const length = lengthAt(bytes, at);
    if (length === undefined) {
      this.#wanted = bytes.length - at + 1;
      return undefined;
    }
    if (!(length.value <= ENTRY_MAX)) throw this.#error('the length of an entry is damaged');
    const from = at + length.size;
    const to = from + length.value;
    if (to <= bytes.length) return { from, to };
    this.#wanted = to - at;
    return undefined;
  }

  #entry(body: Uint8Array): Entry {
    const entry = this.#decoded(body);
    if (crc32(body.subarray(0, Math.max(0, body.length - CHECK))) !== entry.check)
      throw this.#error('an entry is damaged: its check is wrong');
    if (this.#ended) throw this.#error('something follows the end of the recording');
    if (this.#entries === 0) this.#checkHeader(entry.header);
    else if (entry.header !== undefined) throw this.#error('a second header');
    if (entry.end !== undefined && entry.end.entries !== this.#entries)
      throw this.#error(`of ${entry.end.entries} entries ${this.#entries} are there`);
    this.#ended = entry.end !== undefined;
    this.#entries++;
    return entry;
  }

  #decoded(body: Uint8Array): Entry {
    try {
      // Of a Buffer, decoded bytes would be Buffers, whose slice() copies nothing.
      return Entry.decode(new Uint8Array(body.buffer, body.byteOffset, body.length));
    } catch {
      throw this.#error('an entry is damaged');
    }
  }

  #checkHeader(header: Header | undefined): void {
    if (header?.format !== FORMAT) throw this.#error('no recording');
    if (header.version !== VERSION)
      throw this.#error(`a recording of version ${header.version}; this is tcbox for version ${VERSION}`);
  }
}

/** The entries of a whole file that comes in chunks, which must not change before the next is asked for. */
export function* readRecording(chunks: Iterable<Uint8Array>): Generator<PlacedEntry, void> {
  const reader = new RecordingReader();
  for (const chunk of chunks) yield* reader.push(chunk);
  reader.end();
}
