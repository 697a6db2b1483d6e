// Traces of strace. With `-e write=all -e read=all` each call is followed by a dump of its bytes, which are exact; without
// it messages are rebuilt from strace's text, which does not hold all of them. Data that was only looked at
// (MSG_PEEK) is no datagram of its own.
import { MSG_PEEK } from '../../uapi/linux/socket.js';
import type { Datagram } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import { plainDatagram } from './importer.js';
import { type Line, LineImporter } from './lines.js';
import { type StraceCall, StraceLines } from './strace_line.js';
import { rebuild } from './strace_message.js';
import { numberOf } from './strace_names.js';
import { type TracedSocket, TracedSockets } from './strace_sockets.js';
import { type StraceValue, straceValues } from './strace_values.js';

const sends = new Set(['sendto', 'sendmsg', 'sendmmsg', 'write', 'writev', 'send']);
const receives = new Set(['recvfrom', 'recvmsg', 'recvmmsg', 'read', 'readv', 'recv']);
const looksLikeNetlink = /\{nlmsg_len=|sa_family=AF_NETLINK/;

/** One buffer that a call sent or filled. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly lost: readonly string[];
}

interface Pending {
  readonly call: StraceCall;
  readonly socket: TracedSocket;
  readonly line: Line;
  /** One for each message of sendmmsg() and recvmmsg(). */
  readonly dumps: ByteSink[];
  dumped: boolean;
}

const field = (value: StraceValue | undefined, name: string): StraceValue | undefined =>
  value?.kind === 'struct' ? value.fields.get(name) : undefined;

const wordOf = (value: StraceValue | undefined): number | undefined =>
  value?.kind === 'word' ? numberOf(value.text) : undefined;

const flagsOf: Readonly<Record<string, RegExp>> = {
  recvmsg: /, ([^,{}]+)$/,
  recvmmsg: /, ([^,{}]+), (?:\{[^{}]*\}|\w+)$/,
  recvfrom: /, ([^,{}]+), (?:\{[^{}]*\}|\w+), (?:\[[^[\]]*\]|\w+)$/,
};

/** Whether the call left the data in its queue. */
function peeks({ name, args }: StraceCall): boolean {
  const flags = flagsOf[name]?.exec(args.slice(-512))?.[1] ?? '';
  return flags.includes('MSG_PEEK') || ((numberOf(flags) ?? 0) & MSG_PEEK) !== 0;
}

/** The pieces of an iovec. */
function ofVector(vector: StraceValue | undefined, total: number): Piece {
  const parts = vector?.kind === 'list' ? vector.items : [];
  const bytes = new ByteSink();
  const lost: string[] = [];
  for (const part of parts) {
    const room = Math.min(total - bytes.length, wordOf(field(part, 'iov_len')) ?? total);
    const base = field(part, 'iov_base');
    if (room <= 0 || base === undefined) continue;
    const piece = rebuild(base, room);
    bytes.append(piece.bytes);
    lost.push(...piece.lost);
  }
  return { bytes: bytes.take(), lost };
}

/** What the text of a call says of its data: `length` bytes of them. */
function fromText({ name, args }: StraceCall, length: number): Piece | undefined {
  const values = straceValues(args);
  if (values === undefined) return undefined;
  if (name === 'sendmsg' || name === 'recvmsg') return ofVector(field(values[1], 'msg_iov'), length);
  if (name === 'writev' || name === 'readv') return ofVector(values[1], length);
  if (name === 'sendmmsg' || name === 'recvmmsg' || values[1] === undefined) return undefined;
  return rebuild(values[1], length);
}

export class StraceImporter extends LineImporter {
  readonly #lines = new StraceLines();
  readonly #sockets = new TracedSockets();
  #pending: Pending | undefined;

  protected *line(line: Line): Generator<Datagram, void> {
    const found = this.#lines.line(line.text);
    if (found === undefined) {
      if (line.text !== '') yield* this.#done();
    } else if ('row' in found) {
      this.#pending?.dumps.at(-1)!.append(found.row);
      if (this.#pending !== undefined) this.#pending.dumped = true;
    } else if ('vector' in found) {
      if (found.vector && this.#pending?.dumped === true) this.#pending.dumps.push(new ByteSink());
    } else {
      yield* this.#done();
      if ('exited' in found) this.#sockets.ended(found.pid);
      else if ('unfinished' in found) this.#sockets.started(found.pid, found.name);
      else this.#call(found, line);
    }
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#done();
  }

  #call(call: StraceCall, line: Line): void {
    if (!sends.has(call.name) && !receives.has(call.name)) {
      this.#sockets.call(call);
      return;
    }
    const socket =
      this.#sockets.of(call) ?? (looksLikeNetlink.test(call.args) ? this.#sockets.unknown(call) : undefined);
    if (socket === undefined || !(parseInt(call.result, 10) > 0) || peeks(call)) return;
    this.#pending = { call, socket, line, dumps: [new ByteSink()], dumped: false };
  }

  *#done(): Generator<Datagram, void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    for (const piece of this.#pieces(pending)) yield this.#datagram(pending, piece);
  }

  #pieces({ call, line, dumps, dumped }: Pending): Piece[] {
    const length = parseInt(call.result, 10);
    if (!dumped) {
      const piece = fromText(call, length);
      if (piece === undefined) this.problem(line, `${call.name}: its data cannot be read`);
      return piece === undefined || piece.bytes.length === 0 ? [] : [piece];
    }
    if (dumps.length > 1 || call.name.endsWith('mmsg')) return dumps.map((dump) => ({ bytes: dump.take(), lost: [] }));
    const bytes = dumps[0]!.take();
    const missing = length - bytes.length;
    return [{ bytes, lost: missing > 0 ? [`the last ${missing} bytes are not in the dump`] : [] }];
  }

  #datagram({ call, socket, line }: Pending, { bytes, lost }: Piece): Datagram {
    const { protocol = this.context.protocol, options, name, conversation } = socket;
    const direction = sends.has(call.name) ? 'request' : conversation.kernel(bytes);
    if (direction === 'request') conversation.request(bytes);
    const label = `${call.pid === undefined ? '' : `process ${call.pid} `}${call.name}`;
    return {
      ...plainDatagram({ ...this.context, direction, protocol }, bytes, {
        offset: line.offset,
        line: line.number,
        label,
      }),
      socket: name,
      ...(options.length > 0 ? { options } : {}),
      ...(call.time === undefined ? {} : { time: call.time }),
      ...(lost.length > 0 ? { lost } : {}),
    };
  }
}
