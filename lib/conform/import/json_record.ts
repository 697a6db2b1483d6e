// One record of requests to a kernel, as the vectors of this project have them: in version 2 a step has `send` or `syscall`, in
// version 1 `sent`; `recv` and `notify` are what the requester and a second socket read after it. Sockets have their
// protocol and options, from the record or from calls that set them.
import { AF_NETLINK, NETLINK_DROP_MEMBERSHIP, SOL_NETLINK } from '../../uapi/linux/netlink.js';
import { MSG_PEEK } from '../../uapi/linux/socket.js';
import type { Datagram, Direction } from '../datagram.js';
import { Conversation } from './conversation.js';
import { type ImportContext, plainDatagram } from './importer.js';
import { hexBytes } from './json_values.js';
import { isObject, type JsonObject, type Places } from './json_text.js';

interface Socket {
  readonly name: string;
  readonly protocol: number | undefined;
  options: readonly number[];
  readonly conversation: Conversation;
}

/** The requester socket. */
const REQUESTER = 'nl';
const MONITOR = 'monitor';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numbersOf = (value: unknown): number[] => listOf(value).filter((item) => typeof item === 'number');

export class RecordWalk {
  readonly #context: ImportContext;
  readonly #places: Places;
  readonly #sockets = new Map<string, Socket>();
  #label = '';

  constructor(context: ImportContext, places: Places) {
    this.#context = context;
    this.#places = places;
  }

  *datagrams(record: JsonObject & { readonly steps: readonly unknown[] }): Generator<Datagram, void> {
    const { protocol } = this.#context;
    const options = isObject(record['socket']) ? numbersOf(record['socket']['opts']) : [];
    this.#open(REQUESTER, protocol, options);
    this.#open(MONITOR, protocol, []);
    for (const object of listOf(record['objects'])) if (isObject(object)) this.#object(object);
    const name = textOf(record['name']) ?? '';
    for (const [index, step] of record.steps.entries()) {
      if (!isObject(step)) continue;
      const label = textOf(step['label']);
      this.#label = `${name} step ${index}${label === undefined ? '' : ` ${label}`}`;
      yield* this.#step(step);
    }
  }

  #open(name: string, protocol: number | undefined, options: readonly number[]): void {
    this.#sockets.set(name, { name, protocol, options, conversation: new Conversation() });
  }

  /** A socket among the objects of a record, or opened by a call. */
  #object({ op, fd, domain, protocol }: JsonObject): void {
    if (op === 'socket' && domain === AF_NETLINK && typeof fd === 'string')
      this.#open(fd, typeof protocol === 'number' ? protocol : undefined, []);
  }

  *#step(step: JsonObject): Generator<Datagram, void> {
    for (const [key, value] of Object.entries(step)) {
      if (key === 'send' || key === 'sent') yield* this.#sent(REQUESTER, value);
      else if (key === 'recv') yield* this.#received(REQUESTER, value);
      else if (key === 'notify') yield* this.#received(MONITOR, value);
      else if (key === 'syscall' && isObject(value)) yield* this.#call(value, step['errno'] !== undefined);
      else if (key === 'out' && isObject(value)) yield* this.#out(step['syscall'], value);
    }
  }

  *#sent(socket: string, value: unknown): Generator<Datagram, void> {
    const bytes = hexBytes(value);
    if (bytes === undefined) return;
    this.#sockets.get(socket)?.conversation.request(bytes);
    yield* this.#datagram(socket, value, bytes, 'request');
  }

  *#received(socket: string, values: unknown): Generator<Datagram, void> {
    for (const value of listOf(values)) {
      const bytes = hexBytes(value);
      if (bytes === undefined) continue;
      const direction = this.#sockets.get(socket)?.conversation.kernel(bytes) ?? 'unknown';
      yield* this.#datagram(socket, value, bytes, direction);
    }
  }

  *#datagram(name: string, text: unknown, bytes: Uint8Array, direction: Direction): Generator<Datagram, void> {
    const socket = this.#sockets.get(name);
    if (socket === undefined || bytes.length === 0) return;
    const { protocol, options } = socket;
    const place = { ...this.#places.of(String(text)), label: this.#label };
    yield {
      ...plainDatagram({ ...this.#context, direction, protocol }, bytes, place),
      socket: name,
      ...(options.length > 0 ? { options } : {}),
    };
  }

  *#call({ name, args, as }: JsonObject, failed: boolean): Generator<Datagram, void> {
    const list = listOf(args);
    const fd = textOf(list[0]) ?? '';
    if (name === 'sendto') yield* this.#sent(fd, isObject(list[1]) ? list[1]['hex'] : list[1]);
    else if (name === 'write') yield* this.#sent(fd, list[1]);
    else if (failed) return;
    else if (name === 'socket') this.#object({ op: 'socket', fd: as, domain: list[0], protocol: list[2] });
    else if (name === 'setsockopt') this.#setOption(fd, list);
  }

  #setOption(fd: string, [, level, option, value]: readonly unknown[]): void {
    const socket = this.#sockets.get(fd);
    if (
      socket === undefined ||
      level !== SOL_NETLINK ||
      typeof option !== 'number' ||
      option <= NETLINK_DROP_MEMBERSHIP
    )
      return;
    const rest = socket.options.filter((set) => set !== option);
    socket.options = /[1-9a-f]/i.test(textOf(value) ?? '') ? [...rest, option] : rest;
  }

  /** What a call read: `data`, or `d0`, `d1` and so on. */
  *#out(call: unknown, out: JsonObject): Generator<Datagram, void> {
    if (!isObject(call)) return;
    const args = listOf(call['args']);
    const fd = textOf(args[0]) ?? '';
    // What was only looked at is read again.
    if (call['name'] === 'recvmsg' && typeof args[3] === 'number' && (args[3] & MSG_PEEK) !== 0) return;
    if (!this.#sockets.has(fd) || (call['name'] !== 'recvmsg' && call['name'] !== 'drain')) return;
    for (const [key, value] of Object.entries(out)) if (/^(?:data|d\d+)$/.test(key)) yield* this.#received(fd, [value]);
  }
}
