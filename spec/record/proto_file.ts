// What the specs of message tables have in common: a table for every message of the .proto file, with its fields.
import { join } from 'node:path';
import { expect } from 'chai';
import protobuf from 'protobufjs';
import { Message } from '../../lib/record/message.js';

/** Declares the cases that hold the tables a module exports against proto/tcbox/v1/`name`.proto. */
export function matchesProtoFile(
  name: string,
  module: Readonly<Record<string, unknown>>,
): { readonly typeOf: (message: string) => protobuf.Type; readonly root: protobuf.Root } {
  const root = protobuf.loadSync(join(import.meta.dirname, `../../../proto/tcbox/v1/${name}.proto`));
  const typeOf = (message: string): protobuf.Type => root.lookupType(`tcbox.v1.${message}`);
  const tables = Object.entries(module).flatMap(([table, value]): [string, Message<object>][] =>
    value instanceof Message ? [[table, value as Message<object>]] : [],
  );
  const declared = (root.lookup('tcbox.v1') as protobuf.Namespace).nestedArray.filter(
    (t) => t instanceof protobuf.Type,
  );

  it('has a table for every message of the file', () => {
    expect(tables.map(([table]) => table).sort()).deep.equal(declared.map((type) => type.name).sort());
  });

  it('numbers and types the fields as the file does', () => {
    for (const [table, { fields }] of tables) {
      const described = Object.entries(fields).map(([field, entry]) => {
        const list = 'items' in entry;
        const items = list
          ? entry.items
          : 'kind' in entry
            ? entry.kind
            : 'optional' in entry
              ? entry.optional
              : entry.message;
        const type = typeof items === 'string' ? items : tables.find(([, known]) => known === items)![0];
        return [field, entry.id, type, list, 'optional' in entry];
      });
      const wanted = typeOf(table).fieldsArray.map((field) => {
        const type = field.resolve().resolvedType instanceof protobuf.Enum ? 'uint32' : field.type;
        return [field.name, field.id, type, field.repeated, field.options?.['proto3_optional'] === true];
      });
      expect(described, table).deep.equal(wanted);
    }
  });
  return { typeOf, root };
}
