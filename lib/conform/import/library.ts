// Messages as the netlink libraries print them for those who debug: libnl (NLCB=debug, nl_msg_dump()) and libmnl
// (mnl_nlmsg_fprintf()). Header fields and attribute headers stand there as numbers in their order, all else as bytes.
import { NLA_F_NESTED, NLA_F_NET_BYTEORDER, NLA_HDRLEN } from '../../codec/nla.js';
import { NLM_F_ACK, NLM_F_ECHO, NLM_F_MULTI, NLM_F_REQUEST, NLMSG_MIN_TYPE } from '../../uapi/linux/netlink.js';
import type { Datagram, Direction } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import { type Line, LineImporter } from './lines.js';
import { bareDatagram, messagesEnd } from './plausible.js';

/** The first line of a message, and what libnl says in front of it. */
const nlBegin = /^-{4,}\s+BEGIN NETLINK MESSAGE -{4,}/;
const nlEnd = /^-{4,}\s+END NETLINK MESSAGE\s+-{4,}/;
const nlDebug = /^-- Debug: (Sent|Received) Message:/;
const nlField = /^\s+\.(nlmsg_len|type|flags|seq|port|error|cmd|version|unused) = (-?\d+|0x[0-9a-f]+)/;
const nlSection = /^\s+\[(ATTR (\d+)( NESTED)?|[A-Z ]+)\] (\d+) octets/;
const nlRow = /^(\s{4,})((?:[0-9a-f]{2} )+)/;
/** Bytes each field of libnl has in the message. */
const widths: Readonly<Record<string, number>> = {
  ...{ nlmsg_len: 4, type: 2, flags: 2, seq: 4, port: 4, error: 4 },
  ...{ cmd: 1, version: 1, unused: 2 },
};
/** The header of the request in an error, with itself for a length. */
const ORIGINAL = 'ORIGINAL MESSAGE';
/** Columns of a row of libnl, its indentation included. */
const NL_COLUMNS = 20;

const mnlBegin = /^\|\s+(\d{10})\s+\|\s+\| message length \|/;
const mnlType = /^\| (\d{5}) \| ([R-])([M-])([A-])([E-]) \|/;
const mnlNumber = /^\|\s+(\d{10})\s+\|\s+\| (?:sequence number|\s+port ID\s+)\|/;
const mnlBytes = /^\| ((?:[0-9a-f]{2} ){4}) \|/;
const mnlAttribute = /^\|(\d{5})\|([N-])([B-])\|(\d{5})\|\s+\|len \|flags\| type\|/;
const mnlFlags = [NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_ECHO];

const colours = /\u001b\[[\d;]*m/g;

/** Whether a line begins a message in one of these forms. */
export const isLibraryDump = (line: string): boolean =>
  [nlBegin, nlDebug, mnlBegin].some((form) => form.test(line.replace(colours, '')));

export class LibraryImporter extends LineImporter {
  readonly #bytes = new ByteSink();
  #start: Line | undefined;
  #direction: Direction = 'unknown';
  /** Bytes that the section of libnl still has. */
  #section = 0;
  /** Of libmnl: its messages end with their length. */
  #length: number | undefined;
  #lost: string[] = [];

  protected *line(line: Line): Generator<Datagram, void> {
    const text = line.text.replace(colours, '');
    const debug = nlDebug.exec(text)?.[1];
    const length = mnlBegin.exec(text)?.[1];
    if (debug !== undefined || length !== undefined || nlBegin.test(text)) {
      yield* this.#done();
      if (debug !== undefined) this.#direction = debug === 'Sent' ? 'request' : 'reply';
      else this.#start = line;
      if (length !== undefined) this.#put((this.#length = Number(length)), 4);
    } else if (nlEnd.test(text)) yield* this.#done();
    else if (this.#start !== undefined && !(this.#length === undefined ? this.#libnl(text) : this.#libmnl(text)))
      return;
    if (this.#length !== undefined && this.#bytes.length >= this.#length) yield* this.#done();
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#done();
  }

  #put(value: number, width: number): void {
    for (let at = 0; at < width; at++) this.#bytes.put((value >> (8 * at)) & 0xff);
  }

  #digits(digits: string, most: number): void {
    const bytes = digits.trim().split(' ').slice(0, most);
    for (const byte of bytes) this.#bytes.put(parseInt(byte, 16));
  }

  /** Whether the line belongs to the message. */
  #libnl(text: string): boolean {
    const [, field, value] = nlField.exec(text) ?? [];
    const section = nlSection.exec(text);
    const row = nlRow.exec(text);
    if (field !== undefined) this.#put(Number(value), widths[field]!);
    else if (section !== null) {
      const [, name, type, nested, octets] = section;
      this.#section = Number(octets);
      if (name === ORIGINAL) this.#lost.push('nlmsg_len of the request in an error, and what is behind its header');
      if (type === undefined) return true;
      this.#put(this.#section + NLA_HDRLEN, 2);
      this.#put(Number(type) | (nested === undefined ? 0 : NLA_F_NESTED), 2);
    } else if (row !== null) {
      const before = this.#bytes.length;
      this.#digits(row[2]!, Math.min(this.#section, NL_COLUMNS - row[1]!.length));
      this.#section -= this.#bytes.length - before;
    }
    return field !== undefined || section !== null || row !== null;
  }

  #libmnl(text: string): boolean {
    const [, type, ...letters] = mnlType.exec(text) ?? [];
    const number = mnlNumber.exec(text)?.[1];
    const bytes = mnlBytes.exec(text)?.[1];
    const attribute = mnlAttribute.exec(text);
    if (type !== undefined) {
      this.#put(Number(type), 2);
      this.#put(
        mnlFlags.reduce((flags, flag, i) => flags | (letters[i] === '-' ? 0 : flag), 0),
        2,
      );
      // Messages of netlink itself have no others.
      if (Number(type) >= NLMSG_MIN_TYPE) this.#lost.push('nlmsg_flags but REQUEST, MULTI, ACK and ECHO');
    } else if (number !== undefined) this.#put(Number(number), 4);
    else if (bytes !== undefined) this.#digits(bytes, 4);
    else if (attribute !== null) {
      const [, length, nested, order, name] = attribute;
      this.#put(Number(length), 2);
      const flags = (nested === 'N' ? NLA_F_NESTED : 0) | (order === 'B' ? NLA_F_NET_BYTEORDER : 0);
      this.#put(Number(name) | flags, 2);
    } else return false;
    return true;
  }

  *#done(): Generator<Datagram, void> {
    const [start, lost] = [this.#start, this.#lost];
    if (this.#length !== undefined) this.#bytes.truncate(this.#length);
    const bytes = this.#bytes.take();
    const direction = this.#direction;
    this.#start = this.#length = undefined;
    this.#section = 0;
    this.#lost = [];
    if (start === undefined || bytes.length === 0) return;
    this.#direction = 'unknown';
    if (messagesEnd(bytes) === 0 && lost.length === 0) lost.push('what is behind the bytes that were printed');
    const context = direction === 'unknown' ? this.context : { ...this.context, direction };
    const found = bareDatagram(context, bytes, { offset: start.offset, line: start.number });
    yield lost.length === 0 ? found : { ...found, lost };
  }
}
