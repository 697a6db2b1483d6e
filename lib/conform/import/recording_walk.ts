// The entries of a recording, one after the other, as datagrams with the sockets they went through: the same for the file and
// for its form in JSON. What the recorder could not see, and requests that never reached the kernel, are said.
import { AF_NETLINK, NETLINK_DROP_MEMBERSHIP, SOL_NETLINK } from '../../uapi/linux/netlink.js';
import type { Datagram, Direction } from '../datagram.js';
import { Conversation } from './conversation.js';
import { type ImportContext, plainDatagram } from './importer.js';

/** What is read of an entry. */
export interface WalkedEntry {
  readonly time: number;
  readonly processId: number;
  /** Only that there is one counts. */
  readonly bpf?: object | undefined;
  readonly header?: { readonly startSeconds: number; readonly startNanos: number } | undefined;
  readonly process?: { readonly name: string } | undefined;
  readonly open?: { readonly socket: number; readonly family: number; readonly protocol: number } | undefined;
  readonly option?:
    | {
        readonly socket: number;
        readonly level: number;
        readonly name: number;
        readonly value: Uint8Array;
        readonly result: number;
      }
    | undefined;
  readonly sent?: { readonly socket: number; readonly data: Uint8Array; readonly result: number } | undefined;
  readonly received?:
    | { readonly socket: number; readonly data: Uint8Array; readonly address: Uint8Array; readonly length: number }
    | undefined;
  readonly closed?: { readonly socket: number } | undefined;
  readonly lost?: { readonly what: string; readonly count: number } | undefined;
}

/** Where an entry stands. */
export interface EntryPlace {
  readonly offset: number;
  readonly line?: number;
  /** Of the bytes that the entry holds. */
  of(bytes: Uint8Array): { readonly offset: number; readonly line?: number };
}

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

export class RecordingWalk {
  readonly #context: ImportContext;
  readonly #sockets = new Map<number, Socket>();
  readonly #names = new Map<number, string>();
  #start = 0n;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  *entry(entry: WalkedEntry, place: EntryPlace): Generator<Datagram, void> {
    const { header, process, open, option, sent, received, closed, bpf, lost } = entry;
    if (header !== undefined) this.#start = BigInt(header.startSeconds) * NANOS_PER_SECOND + BigInt(header.startNanos);
    else if (process !== undefined) this.#names.set(entry.processId, process.name);
    else if (open !== undefined) this.#open(open);
    else if (option !== undefined) this.#option(option);
    else if (sent !== undefined) yield* this.#sent(entry, place, sent);
    else if (received !== undefined) yield* this.#received(entry, place, received);
    else if (closed !== undefined) this.#sockets.delete(closed.socket);
    else if (bpf !== undefined) this.#context.call?.();
    else if (lost !== undefined)
      this.#lost(place, `the recording lacks ${lost.count > 0 ? `${lost.count} × ` : ''}${lost.what}`);
  }

  #open({ socket, family, protocol }: NonNullable<WalkedEntry['open']>): void {
    const netlink = family === AF_NETLINK;
    this.#sockets.set(socket, { protocol, netlink, options: [], conversation: new Conversation() });
  }

  #option({ socket: id, level, name, value, result }: NonNullable<WalkedEntry['option']>): void {
    const socket = this.#sockets.get(id);
    if (socket === undefined || level !== SOL_NETLINK || result < 0 || name <= NETLINK_DROP_MEMBERSHIP) return;
    const rest = socket.options.filter((set) => set !== name);
    socket.options = nonZero(value) ? [...rest, name] : rest;
  }

  *#sent(
    entry: WalkedEntry,
    place: EntryPlace,
    { socket: id, data, result }: NonNullable<WalkedEntry['sent']>,
  ): Generator<Datagram, void> {
    const socket = this.#sockets.get(id);
    if (socket?.netlink === false || data.length === 0) return;
    socket?.conversation.request(data);
    yield this.#datagram(entry, place, id, data, 'request', result < 0 ? ` (not taken: errno ${-result})` : '', []);
  }

  *#received(
    entry: WalkedEntry,
    place: EntryPlace,
    { socket: id, data, address, length }: NonNullable<WalkedEntry['received']>,
  ): Generator<Datagram, void> {
    const socket = this.#sockets.get(id);
    if (socket?.netlink === false || data.length === 0) return;
    const group = nonZero(address.subarray(GROUPS, GROUPS + 4));
    const direction = group ? 'notification' : (socket?.conversation.kernel(data) ?? 'reply');
    const lost = length > data.length ? [`the last ${length - data.length} bytes were not received`] : [];
    yield this.#datagram(entry, place, id, data, direction, '', lost);
  }

  #lost({ offset, line }: EntryPlace, text: string): void {
    const { file } = this.#context;
    this.#context.problem({ file, offset, ...(line === undefined ? {} : { line }), text });
  }

  #datagram(
    entry: WalkedEntry,
    place: EntryPlace,
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
      ...plainDatagram({ ...this.#context, direction, protocol }, data.slice(), { ...place.of(data), label }),
      socket: `socket ${id}`,
      time: this.#start + BigInt(entry.time),
      ...(options.length > 0 ? { options } : {}),
      ...(lost.length > 0 ? { lost } : {}),
    };
  }
}
