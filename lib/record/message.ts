// Messages of proto/ as tables of fields, from which encoder, decoder and TypeScript type follow. protobufjs reads and
// writes the wire format; its generated classes would cost every `tcbox exec` more to load than the messages to code.
// The spec holds each table against the .proto file. As in proto3, a scalar of value zero is not written.
import protobuf from 'protobufjs/minimal.js';
import type { Reader, Writer } from 'protobufjs/minimal.js';

interface Scalars {
  uint32: number;
  sint32: number;
  fixed32: number;
  /** Up to 2^53. */
  uint64: number;
  double: number;
  bool: boolean;
  string: string;
  /** Decoded, a part of the bytes that were given. */
  bytes: Uint8Array;
}

type ScalarKind = keyof Scalars;

interface Scalar<K extends ScalarKind> {
  readonly id: number;
  readonly kind: K;
}

/** A scalar that may be absent. */
interface Optional<K extends ScalarKind> {
  readonly id: number;
  readonly optional: K;
}

interface Sub<T> {
  readonly id: number;
  readonly message: Message<T>;
}

interface List<T> {
  readonly id: number;
  readonly items: ScalarKind | Message<T>;
}

export type Field = Scalar<ScalarKind> | Optional<ScalarKind> | Sub<unknown> | List<unknown>;
type Fields = Readonly<Record<string, Field>>;

type MayBeAbsent = Sub<unknown> | Optional<ScalarKind>;

type Values<F extends Fields> = {
  [N in keyof F as F[N] extends MayBeAbsent ? never : N]: F[N] extends Scalar<infer K>
    ? Scalars[K]
    : F[N] extends List<infer T>
      ? readonly T[]
      : never;
} & {
  [N in keyof F as F[N] extends MayBeAbsent ? N : never]?: F[N] extends Sub<infer T>
    ? T
    : F[N] extends Optional<infer K>
      ? Scalars[K]
      : never;
};

/** The TypeScript side of a message. */
export type ValueOf<M> = M extends Message<infer T> ? T : never;

const wireTypes = { uint32: 0, sint32: 0, uint64: 0, bool: 0, double: 1, string: 2, bytes: 2, fixed32: 5 } as const;
const LENGTH_DELIMITED = 2;
const zeros: Scalars = {
  uint32: 0,
  sint32: 0,
  uint64: 0,
  fixed32: 0,
  double: 0,
  bool: false,
  string: '',
  bytes: new Uint8Array(0),
};

export const uint32 = (id: number): Scalar<'uint32'> => ({ id, kind: 'uint32' });
export const sint32 = (id: number): Scalar<'sint32'> => ({ id, kind: 'sint32' });
export const uint64 = (id: number): Scalar<'uint64'> => ({ id, kind: 'uint64' });
export const double = (id: number): Scalar<'double'> => ({ id, kind: 'double' });
export const bool = (id: number): Scalar<'bool'> => ({ id, kind: 'bool' });
export const string = (id: number): Scalar<'string'> => ({ id, kind: 'string' });
export const bytes = (id: number): Scalar<'bytes'> => ({ id, kind: 'bytes' });
export const optionalBytes = (id: number): Optional<'bytes'> => ({ id, optional: 'bytes' });
export const optionalFixed32 = (id: number): Optional<'fixed32'> => ({ id, optional: 'fixed32' });
export const strings = (id: number): List<string> => ({ id, items: 'string' });
export const sub = <T>(id: number, message: Message<T>): Sub<T> => ({ id, message });
export const list = <T>(id: number, items: Message<T>): List<T> => ({ id, items });

function writeScalar(writer: Writer, id: number, kind: ScalarKind, value: unknown): void {
  writer.uint32((id << 3) | wireTypes[kind]);
  put[kind](writer, value as never);
}

const put: { readonly [K in ScalarKind]: (writer: Writer, value: Scalars[K]) => void } = {
  uint32: (writer, value) => writer.uint32(value),
  sint32: (writer, value) => writer.sint32(value),
  fixed32: (writer, value) => writer.fixed32(value),
  uint64: (writer, value) => writer.uint64(value),
  double: (writer, value) => writer.double(value),
  bool: (writer, value) => writer.bool(value),
  string: (writer, value) => writer.string(value),
  bytes: (writer, value) => writer.bytes(value),
};

const take: { readonly [K in ScalarKind]: (reader: Reader) => Scalars[K] } = {
  uint32: (reader) => reader.uint32(),
  sint32: (reader) => reader.sint32(),
  fixed32: (reader) => reader.fixed32(),
  // A Long where that package is there.
  uint64: (reader) => Number(reader.uint64()),
  double: (reader) => reader.double(),
  bool: (reader) => reader.bool(),
  string: (reader) => reader.string(),
  bytes: (reader) => reader.bytes(),
};

const isZero = (kind: ScalarKind, value: unknown): boolean =>
  kind === 'bytes' ? (value as Uint8Array).length === 0 : value === zeros[kind];

export class Message<T> {
  readonly fields: Fields;
  readonly #byId = new Map<number, readonly [string, Field]>();

  constructor(fields: Fields) {
    this.fields = fields;
    for (const entry of Object.entries(fields)) this.#byId.set(entry[1].id, entry);
  }

  encode(value: T): Uint8Array {
    const writer = protobuf.Writer.create();
    this.write(writer, value);
    return writer.finish();
  }

  /** Throws when the bytes are no such message. Fields it does not know are skipped. */
  decode(bytes: Uint8Array): T {
    const reader = protobuf.Reader.create(bytes);
    return this.read(reader, reader.len);
  }

  write(writer: Writer, value: T): void {
    const values = value as Readonly<Record<string, unknown>>;
    for (const [name, field] of Object.entries(this.fields)) {
      const given = values[name];
      if (given === undefined) continue;
      if ('kind' in field) {
        if (!isZero(field.kind, given)) writeScalar(writer, field.id, field.kind, given);
      } else if ('optional' in field) {
        writeScalar(writer, field.id, field.optional, given);
      } else if ('message' in field) {
        writeSub(writer, field.id, field.message, given);
      } else {
        for (const item of given as readonly unknown[]) {
          if (typeof field.items === 'string') writeScalar(writer, field.id, field.items, item);
          else writeSub(writer, field.id, field.items, item);
        }
      }
    }
  }

  read(reader: Reader, end: number): T {
    const values: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(this.fields)) {
      if ('kind' in field) values[name] = zeros[field.kind];
      else if ('items' in field) values[name] = [];
    }
    while (reader.pos < end) {
      const tag = reader.uint32();
      const entry = this.#byId.get(tag >>> 3);
      if (entry === undefined) {
        reader.skipType(tag & 7);
        continue;
      }
      const [name, field] = entry;
      const item = readOne(reader, tag & 7, field);
      if ('items' in field) (values[name] as unknown[]).push(item);
      else values[name] = item;
    }
    if (reader.pos !== end) throw new Error('a field is longer than its message');
    return values as T;
  }
}

/** A message type; its TypeScript type follows from the fields. */
export function message<const F extends Fields>(fields: F): Message<Values<F>> {
  return new Message(fields);
}

function writeSub(writer: Writer, id: number, kind: Message<unknown>, value: unknown): void {
  writer.uint32((id << 3) | LENGTH_DELIMITED).fork();
  kind.write(writer, value);
  writer.ldelim();
}

function kindOf(field: Field): ScalarKind | Message<unknown> {
  if ('kind' in field) return field.kind;
  if ('optional' in field) return field.optional;
  return 'message' in field ? field.message : field.items;
}

function readOne(reader: Reader, wireType: number, field: Field): unknown {
  const kind = kindOf(field);
  if (wireType !== (typeof kind === 'string' ? wireTypes[kind] : LENGTH_DELIMITED)) throw new Error('wrong wire type');
  if (typeof kind === 'string') return take[kind](reader);
  const length = reader.uint32();
  return kind.read(reader, reader.pos + length);
}
