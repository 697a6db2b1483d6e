// Everything this loader asks of a kernel against what libbpf 1.1.2 asked of Linux 6.18 for the same objects: *.libbpf.jsonl
// beside the objects, one bpf(2) call after the other, buffers as hex, the calls that only probe the kernel left out. The
// recorded answers are given back, so that file descriptors inside instructions agree as well.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { toHex } from '../../lib/codec/bytes.js';
import { load } from '../../lib/loader/load.js';
import type { BpfFields, BpfPort } from '../../lib/loader/load.js';
import { openObject } from '../../lib/loader/object.js';
import type { BpfObject } from '../../lib/loader/object.js';
import { relocate } from '../../lib/loader/relocate.js';

const folder = join(import.meta.dirname, '../../../spec/loader/objects');

interface Call {
  readonly cmd: number;
  readonly size: number;
  readonly ret: number;
  readonly [field: string]: number | string;
}

interface Row {
  readonly program?: number;
  readonly calls: readonly Call[];
}

const read = (name: string): BpfObject => openObject(readFileSync(join(folder, name)), name);

const rows = (name: string): Row[] =>
  readFileSync(join(folder, `${name}.libbpf.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

const shown = (value: BpfFields[string]): number | string =>
  value instanceof Uint8Array ? toHex(value) : typeof value === 'string' ? value : Number(value ?? 0);

/** Answers as the recording does, and holds each call against the recorded one. */
function compare(object: BpfObject, calls: readonly Call[]): void {
  let at = 0;
  const port: BpfPort = {
    bpf: (cmd, fields) => {
      const call = calls[at++];
      if (call === undefined) throw new Error(`call ${at}, bpf(${cmd}), is one too many`);
      const { cmd: expected, size, ret, ...rest } = call;
      expect(cmd, `call ${at}`).to.equal(expected);
      expect(size).to.be.greaterThan(0);
      const given = Object.fromEntries(Object.keys(rest).map((field) => [field, shown(fields[field])]));
      expect(given, `call ${at}, bpf(${cmd})`).to.deep.equal(rest);
      return ret;
    },
    close: () => undefined,
  };
  load(relocate(object), port, { cpus: 2 });
  expect(at).to.equal(calls.length);
}

describe('loader, as libbpf loads', () => {
  for (const name of ['maps', 'globals', 'calls'])
    it(`${name}.o: maps, contents, programs, types and line information`, () => {
      const [row] = rows(name);
      compare(read(`${name}.o`), row!.calls);
    });

  describe('core.o: relocations against kernel types', () => {
    const object = read('core.o');
    const kernelBtf = read('core_target.o').btf!;
    for (const { program, calls } of rows('core'))
      it(object.programs[program!]!.name, () => {
        const linked = relocate(object, { programs: [program!], kernelBtf }).programs[0]!;
        const [call] = calls;
        expect(toHex(linked.insns)).to.equal(call!['insns']);
        expect(toHex(linked.func_info!.bytes)).to.equal(call!['func_info']);
        expect(toHex(linked.line_info!.bytes)).to.equal(call!['line_info']);
      });
  });
});
