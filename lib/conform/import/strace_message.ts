// Messages rebuilt from what strace shows of them when it was not told to dump bytes: lengths, types, flags and whatever is a
// number, an address, a string or a struct of lib/uapi. Padding is taken to be zero. What cannot be rebuilt (a device by its
// name, a decoded struct that is not known, text that was cut) stays zero and is named.
import { NLMSG_HDRLEN, nlmsgAlign, NLMSG_ERROR } from '../../uapi/linux/netlink.js';
import { NLA_HDRLEN } from '../../codec/nla.js';
import { DATAGRAM_MAX } from './importer.js';
import { numberOf, structWith } from './strace_names.js';
import type { StraceValue } from './strace_values.js';

type Struct = StraceValue & { readonly kind: 'struct' };

export interface Rebuilt {
  readonly bytes: Uint8Array;
  /** What is zero because the text does not say it. */
  readonly lost: readonly string[];
}

const wordOf = (value: StraceValue | undefined): number | undefined =>
  value?.kind === 'word' ? numberOf(value.text) : undefined;

const isHeader = (value: StraceValue | undefined, field: string): value is Struct =>
  value?.kind === 'struct' && value.fields.has(field);

/** A list that opens with a header is a message or an attribute; any other one is a list of them. */
const opensWith = (value: StraceValue | undefined, field: string): boolean =>
  value?.kind === 'list' && isHeader(value.items[0], field);

const inet4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function addressBytes(text: string): number[] | undefined {
  const four = inet4.exec(text);
  if (four !== null) return four.slice(1).map(Number);
  const [head = '', tail] = text.split('::');
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((digits) => parseInt(digits, 16)));
  const [front, back] = [words(head), words(tail ?? '')];
  const fill = tail === undefined ? 0 : 8 - front.length - back.length;
  const all = [...front, ...new Array<number>(Math.max(0, fill)).fill(0), ...back];
  return all.length === 8 && all.every((word) => word >= 0)
    ? all.flatMap((word) => [word >> 8, word & 0xff])
    : undefined;
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 256));

class Builder {
  readonly bytes: Uint8Array;
  readonly #lost: string[] = [];

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  get lost(): readonly string[] {
    return this.#lost.length <= 8 ? this.#lost : [...this.#lost.slice(0, 8), `and ${this.#lost.length - 8} more`];
  }

  lose(path: string, what: string): void {
    this.#lost.push(`${path}: ${what}`);
  }

  /** One message, or one behind the other; where they end. */
  messages(value: StraceValue, at: number): number {
    if (isHeader(value, 'nlmsg_len')) return this.#message(value, [], at);
    if (value.kind !== 'list') {
      this.#value(value, at, this.bytes.length - at, 'data');
      return this.bytes.length;
    }
    if (opensWith(value, 'nlmsg_len')) return this.#message(value.items[0] as Struct, value.items.slice(1), at);
    let next = at;
    for (const item of value.items) next = this.messages(item, next);
    if (value.cut) this.lose('data', 'more messages follow');
    return next;
  }

  #message(header: Struct, body: readonly StraceValue[], at: number): number {
    const type = header.fields.get('nlmsg_type');
    const path = type?.kind === 'word' ? type.text : 'message';
    this.#struct(header, at, NLMSG_HDRLEN, path);
    const length = wordOf(header.fields.get('nlmsg_len')) ?? 0;
    const end = Math.min(at + length, this.bytes.length);
    let next = at + NLMSG_HDRLEN;
    for (const value of body) next = this.#part(value, next, end, path, wordOf(type) === NLMSG_ERROR);
    if (next < end && nlmsgAlign(next) < end) this.lose(path, `its last ${end - next} bytes are not shown`);
    return at + nlmsgAlign(Math.max(length, NLMSG_HDRLEN));
  }

  /** One part of a message: the struct behind its header, or its attributes; where it ends. */
  #part(value: StraceValue, at: number, end: number, path: string, error: boolean): number {
    if (value.kind === 'list') return this.#attributes(value, at, end, path);
    if (value.kind !== 'struct') {
      const size = value.kind === 'word' ? Math.min(4, end - at) : end - at;
      this.#value(value, at, size, path);
      return at + size;
    }
    if (error && value.fields.has('error')) return this.#error(value, at);
    const shape = structWith([...value.fields.keys()], undefined);
    if (shape === undefined) {
      this.lose(path, `{${[...value.fields.keys()].join(', ')}}`);
      return end;
    }
    this.#struct(value, at, shape.size, path);
    return at + nlmsgAlign(shape.size);
  }

  #error(value: Struct, at: number): number {
    this.#number(wordOf(value.fields.get('error')), at, 4, 'NLMSG_ERROR error');
    const message = value.fields.get('msg');
    if (message === undefined) return at + 4;
    // The header alone when the kernel capped the message.
    if (message.kind === 'struct') this.#struct(message, at + 4, NLMSG_HDRLEN, 'NLMSG_ERROR msg');
    return message.kind === 'struct' ? at + 4 + NLMSG_HDRLEN : this.messages(message, at + 4);
  }

  #attributes(value: StraceValue, at: number, end: number, path: string): number {
    if (value.kind !== 'list') {
      if (isHeader(value, 'nla_len')) return this.#attribute([value], at, end, path);
      this.#value(value, at, end - at, path);
      return end;
    }
    if (opensWith(value, 'nla_len')) return this.#attribute(value.items, at, end, path);
    let next = at;
    for (const item of value.items) next = this.#attributes(item, next, end, path);
    if (value.cut) this.lose(path, 'more attributes follow');
    return next;
  }

  #attribute(items: readonly StraceValue[], at: number, end: number, path: string): number {
    const header = items[0] as Struct;
    const type = header.fields.get('nla_type');
    const inner = `${path} ${type?.kind === 'word' ? type.text : 'attribute'}`;
    this.#struct(header, at, NLA_HDRLEN, inner);
    const length = Math.max(NLA_HDRLEN, wordOf(header.fields.get('nla_len')) ?? 0);
    const room = Math.min(length, end - at) - NLA_HDRLEN;
    const value = items[1];
    if (room > 0 && value !== undefined) this.#payload(value, at + NLA_HDRLEN, room, inner);
    else if (room > 0) this.lose(inner, `${room} bytes`);
    return at + nlmsgAlign(length);
  }

  #payload(value: StraceValue, at: number, size: number, path: string): void {
    const isNest = (item: StraceValue): boolean => opensWith(item, 'nla_len');
    if (value.kind === 'list' && (isNest(value) || value.items.some(isNest)))
      this.#attributes(value, at, at + size, path);
    else this.#value(value, at, size, path);
  }

  #value(value: StraceValue, at: number, size: number, path: string): void {
    if (size <= 0) return;
    if (value.kind === 'text') this.#text(value, at, size, path);
    else if (value.kind === 'struct') this.#struct(value, at, size, path);
    else if (value.kind === 'call') this.#call(value, at, size, path);
    else if (value.kind === 'word') this.#word(value.text, at, size, path);
    else this.#array(value.items, at, size, path);
  }

  /** Numbers that are as many words of four or eight bytes as there is room for. */
  #array(items: readonly StraceValue[], at: number, size: number, path: string): void {
    const width = size / items.length;
    if (items.length === 0 || (width !== 4 && width !== 8)) this.lose(path, `${size} bytes`);
    else for (const [index, item] of items.entries()) this.#value(item, at + index * width, width, path);
  }

  #text(value: StraceValue & { readonly kind: 'text' }, at: number, size: number, path: string): void {
    const { bytes, cut } = value;
    this.bytes.set(bytes.subarray(0, size), at);
    // A string that is shown whole ends with the NUL that is not shown.
    if (bytes.length < size && (cut || bytes.length < size - 1))
      this.lose(path, `${size - bytes.length} bytes are not shown`);
  }

  #word(text: string, at: number, size: number, path: string): void {
    const digits = text.split(':');
    if (digits.length === size && digits.length > 2 && digits.every((two) => /^[0-9a-f]{2}$/i.test(two)))
      this.bytes.set(
        digits.map((two) => parseInt(two, 16)),
        at,
      );
    else this.#number(numberOf(text), at, size, path, text);
  }

  #number(value: number | undefined, at: number, size: number, path: string, text = ''): void {
    if (value === undefined || size > 8 || !Number.isSafeInteger(value)) {
      this.lose(path, text === '' ? `${size} bytes` : text);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < size && at + i < this.bytes.length; i++) {
      this.bytes[at + i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  }

  #call({ name, args }: StraceValue & { readonly kind: 'call' }, at: number, size: number, path: string): void {
    const last = args.at(-1);
    if ((name === 'htons' || name === 'htonl') && last?.kind === 'word') {
      this.#number(numberOf(last.text), at, size, path, name);
      this.bytes.subarray(at, at + size).reverse();
      return;
    }
    const address = (name === 'inet_addr' || name === 'inet_pton') && last?.kind === 'text';
    const bytes = address ? addressBytes(latin1(last.bytes)) : undefined;
    if (bytes?.length === size) this.bytes.set(bytes, at);
    else this.lose(path, last?.kind === 'text' ? `${name}("${latin1(last.bytes)}")` : name);
  }

  /** Members by their names; those that are not shown stay zero. */
  #struct({ fields, cut }: Struct, at: number, size: number, path: string): void {
    const shape = structWith([...fields.keys()], size) ?? attributeHeader(fields);
    if (shape === undefined) {
      this.lose(path, `{${[...fields.keys()].join(', ')}}`);
      return;
    }
    if (cut) this.lose(path, 'not all members are shown');
    for (const [name, value] of fields) {
      const member = shape.members.get(name)!;
      const room = Math.min(member.size, this.bytes.length - at - member.offset);
      this.#value(value, at + member.offset, room, `${path} ${name}`);
    }
  }
}

const nlattr = new Map([
  ['nla_len', { offset: 0, size: 2 }],
  ['nla_type', { offset: 2, size: 2 }],
]);

const attributeHeader = (fields: ReadonlyMap<string, unknown>): { readonly members: typeof nlattr } | undefined =>
  fields.has('nla_len') && [...fields.keys()].every((name) => nlattr.has(name)) ? { members: nlattr } : undefined;

/** The bytes of a buffer of which strace says that it holds `value` and `length` bytes. */
export function rebuild(value: StraceValue, length: number): Rebuilt {
  const builder = new Builder(Math.min(length, DATAGRAM_MAX));
  const end = builder.messages(value, 0);
  if (end < length) builder.lose('data', `the last ${length - end} bytes are not shown`);
  return { bytes: builder.bytes, lost: builder.lost };
}
