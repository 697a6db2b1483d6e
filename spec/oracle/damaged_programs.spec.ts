// Programs whose bytes are damaged, loaded into the kernel of this computer and into the model: the same verdict, and the
// same reason in the log. Which bytes is the same in every run; another `seed` tries others.
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { Machine } from '../../lib/linux/machine.js';
import { load } from '../../lib/loader/load.js';
import type { BpfPort, LoadError } from '../../lib/loader/load.js';
import { LoaderError } from '../../lib/loader/loader_error.js';
import { openObject } from '../../lib/loader/object.js';
import { relocate } from '../../lib/loader/relocate.js';
import type { LinkedObject } from '../../lib/loader/relocate.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import { realBpf, realBpfMissing } from './real_bpf.js';

const folder = join(import.meta.dirname, '../../../spec/loader/objects');
const names = ['maps', 'globals', 'calls', 'legacy_28', 'legacy_36'];
const files = names.map((name) => new Uint8Array(readFileSync(join(folder, `${name}.o`))));

/** Where the instructions and the records about them are in each file. */
const places = files.map((u8, i) =>
  openObject(u8, names[i]!)
    .elf.sections.filter(({ name, size }) => /^(tc|\.text|classifier|\.BTF\.ext)$/.test(name) && size > 0)
    .map(({ offset, size }) => ({ offset, size })),
);

/** Which file, and bytes to change: a place in a section (0 to 1), and the new byte. */
const damage = fc.tuple(
  fc.nat({ max: names.length - 1 }),
  fc.array(fc.tuple(fc.nat({ max: 9 }), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat({ max: 255 })), {
    minLength: 1,
    maxLength: 4,
  }),
);

function damaged(which: number, changes: readonly (readonly [number, number, number])[]): LinkedObject | undefined {
  const u8 = files[which]!.slice();
  for (const [section, where, byte] of changes) {
    const { offset, size } = places[which]![section % places[which]!.length]!;
    u8[offset + Math.floor(where * size)] = byte;
  }
  try {
    const linked = relocate(openObject(u8, names[which]!));
    return { ...linked, programs: linked.programs.map((each) => ({ ...each, prog_type: B.BPF_PROG_TYPE_SCHED_CLS })) };
  } catch (error) {
    if (error instanceof LoaderError) return undefined;
    throw error;
  }
}

/** Errno and the last line of the log before the summary, for each program. */
function verdicts(port: BpfPort, object: LinkedObject): Record<string, readonly [number, string]> {
  const found: Record<string, readonly [number, string]> = {};
  const loaded = load(object, port, {
    cpus: 2,
    onRefused: ({ name }, { errno, log }: LoadError) => {
      found[name] = [errno, log.trim().split('\n').at(-2) ?? ''];
    },
  });
  for (const { name } of loaded.programs) found[name] = [0, ''];
  loaded.close();
  return found;
}

/** Verdicts and their texts change from one version to the next. */
const otherVersion = (): string | undefined =>
  release().startsWith('6.18.') ? undefined : `Linux ${release()}, not 6.18`;

describe('damaged programs on the kernel of this computer', () => {
  before(function () {
    const missing = realBpfMissing() ?? otherVersion();
    if (missing === undefined) return;
    console.log(`no kernel to compare with: ${missing}`);
    this.skip();
  });

  it('the model refuses what it refuses, for the same reason', () => {
    fc.assert(
      fc.property(damage, ([which, changes]) => {
        const object = damaged(which, changes);
        if (object === undefined) return;
        const machine = new Machine();
        const model: BpfPort = {
          bpf: (cmd, fields) => machine.bpf(cmd, fields),
          close: (fd) => {
            machine.init.close(fd);
          },
        };
        expect(verdicts(model, object)).to.deep.equal(verdicts(realBpf, object));
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
