// Requests of the recordings and what the real kernel answered to each of their messages, for comparing predictions.
import { readLines } from '../../../tools/agree/input.js';
import type { NetlinkRecord } from '../../../tools/agree/netlink/record.js';
import { netlinkRecord } from '../../../tools/agree/netlink/record.js';
import type { Datagram } from '../../../lib/conform/datagram.js';
import type { KernelVersion } from '../../../lib/conform/check/index.js';
import { errnoName } from '../../../lib/uapi/asm-generic/errno.js';

const SOL_NETLINK = 270;
const EXT_ACK = 11;

/** What the kernel said of one message. */
export interface Answer {
  /** Name of the errno; undefined = accepted. */
  readonly errno: string | undefined;
  readonly msg: string | undefined;
  readonly badAttr: number | undefined;
  readonly missType: number | undefined;
  readonly missNest: number | undefined;
}

/** One datagram that was sent, with an answer for each of its messages; undefined = nothing was said. */
export interface Sent {
  readonly where: string;
  readonly version: KernelVersion;
  readonly datagram: Datagram;
  readonly replies: readonly Uint8Array[];
  readonly answers: readonly (Answer | undefined)[];
  /** The socket asked for texts. */
  readonly texts: boolean;
  readonly uid: number;
}

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const align = (length: number): number => (length + 3) & ~3;

interface Message {
  readonly view: DataView;
  readonly at: number;
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
}

export function messagesOf(bytes: Uint8Array): Message[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Message[] = [];
  for (let at = 0; bytes.length - at >= 16;) {
    const length = view.getUint32(at, true);
    if (length < 16 || length > bytes.length - at) break;
    const type = view.getUint16(at + 4, true);
    found.push({ view, at, length, type, flags: view.getUint16(at + 6, true), seq: view.getUint32(at + 8, true) });
    at += align(length);
  }
  return found;
}

const accepted: Answer = {
  errno: undefined,
  msg: undefined,
  badAttr: undefined,
  missType: undefined,
  missNest: undefined,
};

/** The texts and places behind an error or the end of a dump. */
function answerOf({ view, at, length, type, flags }: Message): Answer {
  const error = -view.getInt32(at + 16, true);
  const answer: Record<string, unknown> = { ...accepted, errno: error === 0 ? undefined : errnoName(error) };
  if ((flags & 0x200) === 0) return answer as unknown as Answer;
  let off = at + 20;
  if (type === 2) off = at + 20 + ((flags & 0x100) !== 0 ? 16 : align(view.getUint32(at + 20, true)));
  while (at + length - off >= 4) {
    const size = view.getUint16(off, true);
    if (size < 4) break;
    const kind = view.getUint16(off + 2, true) & 0x3fff;
    if (kind === 1) {
      let text = '';
      for (let i = off + 4; i < off + size - 1; i++) text += String.fromCharCode(view.getUint8(i));
      answer['msg'] = text;
    }
    if (kind === 2) answer['badAttr'] = view.getUint32(off + 4, true);
    if (kind === 5) answer['missType'] = view.getUint32(off + 4, true);
    if (kind === 6) answer['missNest'] = view.getUint32(off + 4, true);
    off += align(size);
  }
  return answer as unknown as Answer;
}

/** What was said of `message`: an error that repeats its header, or the end of its dump. */
function find(message: Message, replies: readonly Message[]): Answer | undefined {
  const sameHeader = (reply: Message): boolean => {
    for (let i = 0; i < 16; i++)
      if (reply.view.getUint8(reply.at + 20 + i) !== message.view.getUint8(message.at + i)) return false;
    return true;
  };
  const found = replies.find(
    (reply) =>
      reply.seq === message.seq &&
      ((reply.type === 2 && reply.length >= 36 && sameHeader(reply)) || (reply.type === 3 && reply.length >= 20)),
  );
  if (found !== undefined) return answerOf(found);
  return (message.flags & 4) === 0 && (message.type & 3) !== 2 ? accepted : undefined;
}

/** The requests of a record that has results. */
export function* sentIn(record: NetlinkRecord, file: string): Iterable<Sent> {
  const options = new Set(record.socket?.opts ?? []);
  const version: KernelVersion = record.config.startsWith('rec-6.1-') ? 'v6.1' : 'v6.18';
  for (const [index, step] of record.steps.entries()) {
    if ('call' in step.action) {
      const { name, args } = step.action.call;
      if (name === 'setsockopt' && args[0] === 'nl' && args[1] === SOL_NETLINK && String(args[3]).startsWith('01'))
        options.add(Number(args[2]));
      continue;
    }
    const { send, sock } = step.action;
    const { recv = [], send_ret } = step.expected;
    if (sock !== 'nl' || send_ret === undefined) continue;
    if ((record.socket?.protocol ?? 0) !== 0) continue;
    const bytes = bytesOf(send);
    for (const { step: at, offset } of record.fixups)
      if (at === index && offset + 4 <= bytes.length) bytes.fill(0, offset, offset + 4);
    const replies = recv.filter((reply) => typeof reply === 'string').map(bytesOf);
    const all = replies.flatMap(messagesOf);
    yield {
      where: `${file} ${record.name} #${index}`,
      version,
      datagram: {
        bytes,
        direction: 'request',
        protocol: 0,
        origin: { file, offset: 0, label: record.name },
        options: [...options],
      },
      replies,
      answers: messagesOf(bytes).map((message) => find(message, all)),
      texts: options.has(EXT_ACK),
      uid: record.socket?.uid ?? 0,
    };
  }
}

/** Every request of a file of recordings. */
export function* requestsOf(file: string): Iterable<Sent> {
  for (const record of readLines(file, netlinkRecord)) yield* sentIn(record, file.split('/').slice(-2).join('/'));
}

/** What was said of the first message of a datagram. */
export function answerTo(bytes: Uint8Array, replies: readonly Uint8Array[]): Answer | undefined {
  const [first] = messagesOf(bytes);
  return first === undefined ? undefined : find(first, replies.flatMap(messagesOf));
}
