// Recordings of `tcbox record`: datagrams with the sockets they went through. What the recorder could not see, and requests
// that never reached the kernel, are said.
import { RecordingError, RecordingReader } from '../../record/recording.js';
import type { Entry, PlacedEntry, Received, Sent } from '../../record/recording.js';
import { AF_NETLINK, NETLINK_DROP_MEMBERSHIP, SOL_NETLINK } from '../../uapi/linux/netlink.js';
import type { Datagram, Direction } from '../datagram.js';
import { Conversation } from './conversation.js';
import { type ImportContext, type Importer, plainDatagram } from './importer.js';

interface Socket {
  readonly protocol: number | undefined;
  readonly netlink: boolean;
  options: readonly number[];
  readonly conversation: Conversation;
}

/** nl_groups of a struct sockaddr_nl. */
const GROUPS = 8;
const NANOS_PER_SECOND = 1_000_000_000n;

const nonZero = (bytes: Uint8Array): boolean => bytes.some((byte) => byte !== 0);

export class RecordingImporter implements Importer {
  readonly #context: ImportContext;
  readonly #reader = new RecordingReader();
  readonly #sockets = new Map<number, Socket>();
  readonly #names = new Map<number, string>();
  #start = 0n;
  #failed = false;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  *push(chunk: Uint8Array): Generator<Datagram, void> {
    if (this.#failed) return;
    try {
      for (const placed of this.#reader.push(chunk)) yield* this.#entry(placed);
    } catch (error) {
      this.#fail(error);
    }
  }

  *end(): Generator<Datagram, void> {
    if (this.#failed) return;
    try {
      this.#reader.end();
    } catch (error) {
      this.#fail(error);
    }
    yield* [];
  }

  #fail(error: unknown): void {
    if (!(error instanceof RecordingError)) throw error;
    this.#failed = true;
    this.#problem(error.offset, error.message.replace(/^offset \d+: /, ''));
  }

  #problem(offset: number, text: string): void {
    this.#context.problem({ file: this.#context.file, offset, text });
  }

  *#entry(placed: PlacedEntry): Generator<Datagram, void> {
    const { entry, offset } = placed;
    const { header, process, open, option, sent, received, closed, lost } = entry;
    if (header !== undefined) this.#start = BigInt(header.startSeconds) * NANOS_PER_SECOND + BigInt(header.startNanos);
    else if (process !== undefined) this.#names.set(entry.processId, process.name);
    else if (open !== undefined) this.#open(open);
    else if (option !== undefined) this.#option(option);
    else if (sent !== undefined) yield* this.#sent(placed, sent);
    else if (received !== undefined) yield* this.#received(placed, received);
    else if (closed !== undefined) this.#sockets.delete(closed.socket);
    else if (lost !== undefined)
      this.#problem(offset, `the recording lacks ${lost.count > 0 ? `${lost.count} × ` : ''}${lost.what}`);
  }

  #open({ socket, family, protocol }: NonNullable<Entry['open']>): void {
    const netlink = family === AF_NETLINK;
    this.#sockets.set(socket, { protocol, netlink, options: [], conversation: new Conversation() });
  }

  #option({ socket: id, level, name, value, result }: NonNullable<Entry['option']>): void {
    const socket = this.#sockets.get(id);
    if (socket === undefined || level !== SOL_NETLINK || result < 0 || name <= NETLINK_DROP_MEMBERSHIP) return;
    const rest = socket.options.filter((set) => set !== name);
    socket.options = nonZero(value) ? [...rest, name] : rest;
  }

  *#sent(placed: PlacedEntry, { socket: id, data, result }: Sent): Generator<Datagram, void> {
    const socket = this.#sockets.get(id);
    if (socket?.netlink === false || data.length === 0) return;
    socket?.conversation.request(data);
    yield this.#datagram(placed, id, data, 'request', result < 0 ? ` (not taken: errno ${-result})` : '', []);
  }

  *#received(placed: PlacedEntry, { socket: id, data, address, length }: Received): Generator<Datagram, void> {
    const socket = this.#sockets.get(id);
    if (socket?.netlink === false || data.length === 0) return;
    const group = nonZero(address.subarray(GROUPS, GROUPS + 4));
    const direction = group ? 'notification' : (socket?.conversation.kernel(data) ?? 'reply');
    const lost = length > data.length ? [`the last ${length - data.length} bytes were not received`] : [];
    yield this.#datagram(placed, id, data, direction, '', lost);
  }

  #datagram(
    { entry, placeOf }: PlacedEntry,
    id: number,
    data: Uint8Array,
    direction: Direction,
    note: string,
    lost: readonly string[],
  ): Datagram {
    const socket = this.#sockets.get(id);
    const { protocol = this.#context.protocol, options = [] } = socket ?? {};
    const name = this.#names.get(entry.processId) ?? 'process';
    const label = `${name} ${entry.processId}${note}`;
    return {
      ...plainDatagram({ ...this.#context, direction, protocol }, data.slice(), { offset: placeOf(data), label }),
      socket: `socket ${id}`,
      time: this.#start + BigInt(entry.time),
      ...(options.length > 0 ? { options } : {}),
      ...(lost.length > 0 ? { lost } : {}),
    };
  }
}
