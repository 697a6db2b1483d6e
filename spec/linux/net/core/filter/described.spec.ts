// Kinds of programs that load and are described: their contexts and their helpers, as the real kernel has them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import * as T from '../../../../../lib/linux/kernel/bpf/type_flags.js';
import { verifierOpsOf } from '../../../../../lib/linux/net/core/filter/verifier_ops.js';
import { program } from './program.js';

interface Kind {
  readonly type: number;
  readonly access: Readonly<Record<string, readonly number[]>>;
  readonly pointers: Readonly<Record<string, readonly number[]>>;
  readonly helpers: readonly number[];
}

interface Attached extends Kind {
  readonly attachType: number;
}

const file = join(import.meta.dirname, '../../../../../../spec/vectors/bpf/kinds.6.18.json');
const { attached, ...others } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Kind | string> & {
  attached: readonly Attached[];
};
const kinds = Object.entries(others).filter((entry): entry is [string, Kind] => 'access' in Object(entry[1]));

const pointerTypes: Readonly<Record<string, number>> = {
  pkt: T.PTR_TO_PACKET,
  pkt_end: T.PTR_TO_PACKET_END,
  pkt_meta: T.PTR_TO_PACKET_META,
  sock: T.PTR_TO_SOCKET,
  sock_or_null: T.PTR_TO_SOCKET_OR_NULL,
  sock_common_or_null: T.PTR_TO_SOCK_COMMON_OR_NULL,
  flow_keys: T.PTR_TO_FLOW_KEYS,
  tp_buffer: T.PTR_TO_TP_BUFFER,
};
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** What an access gives, or undefined when it is refused. */
function result({ type }: Kind, off: number, size: number, access: T.AccessType): number | undefined {
  const info = { regType: T.SCALAR_VALUE, isLdsx: false, ctxFieldSize: 0, isRetval: false };
  const allowed = verifierOpsOf(type)!.isValidAccess(off, size, access, program(type), info);
  return allowed ? info.regType : undefined;
}

const offsets = (kind: Kind, size: number, access: T.AccessType): number[] =>
  numbers(400).filter((off) => result(kind, off, size, access) !== undefined);

describe('net/core/filter/described', () => {
  for (const [name, kind] of kinds) {
    it(`${name}: its context`, () => {
      for (const size of [1, 2, 4, 8]) {
        expect(offsets(kind, size, T.BPF_READ), `read ${size}`).deep.equal(kind.access[`r${size}`] ?? []);
        expect(offsets(kind, size, T.BPF_WRITE), `write ${size}`).deep.equal(kind.access[`w${size}`] ?? []);
      }
      for (const [pointer, places] of Object.entries(kind.pointers))
        for (const off of places) {
          const given = [4, 8].map((size) => result(kind, off, size, T.BPF_READ));
          expect(given, `${pointer} at ${off}`).include(pointerTypes[pointer]);
        }
    });

    it(`${name}: its helpers`, () => {
      const root = new LocalTask();
      const ops = verifierOpsOf(kind.type)!;
      const has = numbers(230).filter((id) => ops.getFuncProto(id, program(kind.type), root) !== undefined);
      expect(has).deep.equal(kind.helpers);
    });
  }

  it('kinds whose context depends on where they are to be attached', () => {
    const root = new LocalTask();
    for (const { type, attachType, access, helpers } of attached) {
      const prog = program(type, attachType);
      const ops = verifierOpsOf(type)!;
      for (const key of ['r1', 'r2', 'r4', 'r8', 'w1', 'w2', 'w4', 'w8']) {
        const info = { regType: T.SCALAR_VALUE, isLdsx: false, ctxFieldSize: 0, isRetval: false };
        const way = key.startsWith('r') ? T.BPF_READ : T.BPF_WRITE;
        const size = Number(key.slice(1));
        const model = numbers(100).filter((off) => ops.isValidAccess(off, size, way, prog, { ...info }));
        expect(model, `type ${type}, attached ${attachType}, ${key}`).deep.equal(access[key] ?? []);
      }
      const has = numbers(230).filter((id) => ops.getFuncProto(id, prog, root) !== undefined);
      expect(has, `type ${type}, attached ${attachType}`).deep.equal(helpers);
    }
  });
});
