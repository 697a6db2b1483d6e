// Messages of proto/ as tables of fields, from which encoder, decoder and TypeScript type follow. protobufjs reads and
// writes the wire format; its generated classes would cost every `tcbox exec` more to load than the messages to code.
// The spec holds each table against the .proto file. As in proto3, a scalar of value zero is not written.
import protobuf from 'protobufjs/minimal.js';
import type { Reader, Writer } from 'protobufjs/minimal.js';

interface Scalars {
  uint32: number;
  double: number;
  bool: boolean;
  string: string;
}

type ScalarKind = keyof Scalars;

interface Scalar<K extends ScalarKind> {
  readonly id: number;
  readonly kind: K;
}

interface Sub<T> {
  readonly id: number;
  readonly message: Message<T>;
}

interface List<T> {
  readonly id: number;
  readonly items: ScalarKind | Message<T>;
}

export type Field = Scalar<ScalarKind> | Sub<unknown> | List<unknown>;
type Fields = Readonly<Record<string, Field>>;

type Values<F extends Fields> = {
  [N in keyof F as F[N] extends Sub<unknown> ? never : N]: F[N] extends Scalar<infer K>
    ? Scalars[K]
    : F[N] extends List<infer T>
      ? readonly T[]
      : never;
} & { [N in keyof F as F[N] extends Sub<unknown> ? N : never]?: F[N] extends Sub<infer T> ? T : never };

/** The TypeScript side of a message. */
export type ValueOf<M> = M extends Message<infer T> ? T : never;

const wireTypes = { uint32: 0, bool: 0, double: 1, string: 2 } as const;
const LENGTH_DELIMITED = 2;
const zeros = { uint32: 0, double: 0, bool: false, string: '' } as const;

export const uint32 = (id: number): Scalar<'uint32'> => ({ id, kind: 'uint32' });
export const double = (id: number): Scalar<'double'> => ({ id, kind: 'double' });
export const bool = (id: number): Scalar<'bool'> => ({ id, kind: 'bool' });
export const string = (id: number): Scalar<'string'> => ({ id, kind: 'string' });
export const strings = (id: number): List<string> => ({ id, items: 'string' });
export const sub = <T>(id: number, message: Message<T>): Sub<T> => ({ id, message });
export const list = <T>(id: number, items: Message<T>): List<T> => ({ id, items });

function writeScalar(writer: Writer, id: number, kind: ScalarKind, value: unknown): void {
  writer.uint32((id << 3) | wireTypes[kind]);
  if (kind === 'uint32') writer.uint32(value as number);
  else if (kind === 'double') writer.double(value as number);
  else if (kind === 'bool') writer.bool(value as boolean);
  else writer.string(value as string);
}

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
        if (given !== zeros[field.kind]) writeScalar(writer, field.id, field.kind, given);
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

function readOne(reader: Reader, wireType: number, field: Field): unknown {
  const kind = 'kind' in field ? field.kind : 'message' in field ? field.message : field.items;
  if (wireType !== (typeof kind === 'string' ? wireTypes[kind] : LENGTH_DELIMITED)) throw new Error('wrong wire type');
  if (kind === 'uint32') return reader.uint32();
  if (kind === 'double') return reader.double();
  if (kind === 'bool') return reader.bool();
  if (kind === 'string') return reader.string();
  const length = reader.uint32();
  return kind.read(reader, reader.pos + length);
}
