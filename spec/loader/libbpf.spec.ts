// Everything this loader asks of a kernel against what libbpf 1.1.2 asked of Linux 6.18 for the same objects: *.libbpf.jsonl
// beside the objects, one bpf(2) call after the other, buffers as hex, the calls that only probe the kernel left out. The
// recorded answers are given back, so that file descriptors inside instructions agree as well. *.iproute2.jsonl are those
// of tc 6.1.0 built without libbpf, whose loader of its own reads section maps; it loads programs in another order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { toHex } from '../../lib/codec/bytes.js';
import { load } from '../../lib/loader/load.js';
import type { BpfFields, BpfPort, LoadOptions } from '../../lib/loader/load.js';
import { openObject } from '../../lib/loader/object.js';
import type { BpfObject } from '../../lib/loader/object.js';
import { programsFor, relocate } from '../../lib/loader/relocate.js';

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
  readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

const shown = (value: BpfFields[string]): number | string =>
  value instanceof Uint8Array ? toHex(value) : typeof value === 'string' ? value : Number(value ?? 0);

/** Answers as the recording does, and holds each call against the recorded one. */
function compare(object: BpfObject, calls: readonly Call[], options: LoadOptions = {}): void {
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
  load(relocate(object), port, { cpus: 2, ...options });
  expect(at).to.equal(calls.length);
}

/** As `compare`, for a loader with another order of programs: each call must be one of the recorded ones. */
function compareAnyOrder(object: BpfObject, calls: readonly Call[]): void {
  const left = [...calls];
  const port: BpfPort = {
    bpf: (cmd, fields) => {
      const at = left.findIndex(
        ({ cmd: recorded, size, ret, ...rest }) => recorded === cmd && size > 0 && ret >= 0 && equal(fields, rest),
      );
      if (at < 0) throw new Error(`nobody asked for bpf(${cmd}) of ${JSON.stringify(fields)}`);
      return left.splice(at, 1)[0]!.ret;
    },
    close: () => undefined,
  };
  load(relocate(object, { programs: programsFor(object, 'classifier')!, prog_type: 3 }), port, {
    btf: false,
    names: false,
  });
  expect(left).to.deep.equal([]);
}

const equal = (fields: BpfFields, rest: Readonly<Record<string, number | string>>): boolean =>
  Object.entries(rest).every(([field, value]) =>
    typeof value === 'number' ? shown(fields[field] ?? 0) === value : value === '' || shown(fields[field]) === value,
  );

describe('loader, as libbpf loads', () => {
  for (const name of ['maps', 'globals', 'calls'])
    it(`${name}.o: maps, contents, programs, types and line information`, () => {
      const [row] = rows(`${name}.libbpf`);
      compare(read(`${name}.o`), row!.calls);
    });

  it('pins.o: looks for the pinned map, makes it, and pins it', () => {
    const [row] = rows('pins.libbpf');
    const object = read('pins.o');
    expect(object.maps.map(({ name, pinning }) => [name, pinning])).to.deep.equal([['shared', 'by-name'], ['own', 'none']]); // prettier-ignore
    const pinPath: LoadOptions['pinPath'] = ({ name, pinning }) =>
      pinning === 'by-name' ? `/pins/${name}` : undefined;
    compare(object, row!.calls, { pinPath });
  });

  for (const name of ['legacy_0_nobtf', 'legacy_28_nobtf', 'legacy_36_nobtf'])
    it(`${name}.o: section maps, as iproute2 loads it`, () => {
      const [row] = rows(`${name}.iproute2`);
      compareAnyOrder(read(`${name}.o`), row!.calls);
    });

  describe('core.o: relocations against kernel types', () => {
    const object = read('core.o');
    const kernelBtf = read('core_target.o').btf!;
    for (const { program, calls } of rows('core.libbpf'))
      it(object.programs[program!]!.name, () => {
        const linked = relocate(object, { programs: [program!], kernelBtf }).programs[0]!;
        const [call] = calls;
        expect(toHex(linked.insns)).to.equal(call!['insns']);
        expect(toHex(linked.func_info!.bytes)).to.equal(call!['func_info']);
        expect(toHex(linked.line_info!.bytes)).to.equal(call!['line_info']);
      });
  });
});
