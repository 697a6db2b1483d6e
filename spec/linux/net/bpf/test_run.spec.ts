// Programs on packets, against the real kernel: what each of the recorded programs returned, what it made of the packet and
// of its context, and how the run was refused (spec/vectors/bpf/test_run.6.18.jsonl; recorded by tools/oracle/bpf).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Errno } from '../../../../lib/linux/errno.js';
import { BpfProg } from '../../../../lib/linux/kernel/bpf/prog.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { type TestRunAttr, testRunSkb } from '../../../../lib/linux/net/bpf/test_run.js';
import { rewrite } from './rewrite.js';

interface Recorded {
  readonly name: string;
  readonly type: number;
  readonly insns: string;
  readonly packet: string;
  readonly length: number;
  readonly run: {
    readonly out_size?: number;
    readonly out?: boolean;
    readonly ctx?: string;
    readonly ctx_in?: number;
    readonly ctx_out?: number;
    readonly repeat?: number;
    readonly flags?: number;
    readonly cpu?: number;
    readonly batch?: number;
  };
  readonly real: Real;
}

interface Real {
  readonly result: number;
  readonly retval?: number;
  readonly sizeOut?: number;
  readonly data?: string;
  readonly ctxSizeOut?: number;
  readonly ctx?: string;
}

const file = join(import.meta.dirname, '../../../../../spec/vectors/bpf/test_run.6.18.jsonl');
const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
const records = lines.map((line) => JSON.parse(line) as Recorded);

/** These read the socket of the packet, which needs more than a rewriting of R6. */
const ofVerifier = new Set(['family of sk', 'source of sk']);
const ROOM = 32768;

const compact = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1)).toString('hex');

function padded(hex: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from(hex, 'hex'));
  return bytes;
}

/** A caller with its buffers. */
class Caller {
  readonly task = new LocalTask({ tgid: 99 });
  readonly data = new Uint8Array(ROOM);
  readonly context = new Uint8Array(4096);
  readonly attr: TestRunAttr;

  constructor({ packet, length, run }: Recorded) {
    const { memory } = this.task;
    this.attr = {
      dataSizeIn: length,
      dataSizeOut: run.out_size ?? ROOM,
      dataIn: memory.map(padded(packet, length)),
      dataOut: run.out === false ? 0 : memory.map(this.data),
      repeat: run.repeat ?? 0,
      ctxSizeIn: run.ctx_in ?? 0,
      ctxSizeOut: run.ctx_out ?? 0,
      ctxIn: run.ctx === undefined ? 0 : memory.map(padded(run.ctx, run.ctx_in!)),
      ctxOut: run.ctx_out === undefined ? 0 : memory.map(this.context),
      flags: run.flags ?? 0,
      cpu: run.cpu ?? 0,
      batchSize: run.batch ?? 0,
    };
  }

  /** As the recorder writes it. */
  run(prog: BpfProg, { packet }: Recorded): Real {
    const { attr } = this;
    const result = testRunSkb(this.task, prog, attr);
    const written = attr.dataOut === 0 ? 0 : Math.min(result.dataSizeOut, attr.dataSizeOut || ROOM);
    const data = compact(this.data.subarray(0, written));
    return {
      result: -result.errno + 0,
      retval: result.retval,
      sizeOut: result.dataSizeOut,
      ...(data === packet ? {} : { data }),
      ...(attr.ctxOut === 0
        ? {}
        : {
            ctxSizeOut: result.ctxSizeOut ?? attr.ctxSizeOut,
            ctx: compact(this.context.subarray(0, attr.ctxSizeOut)),
          }),
    };
  }
}

function answer(machine: Machine, record: Recorded): Real {
  const parts = { expectedAttachType: 0, name: '', gplCompatible: true, uid: 0, insns: new Uint8Array(0) };
  const prog = new BpfProg(machine, { ...parts, type: record.type }, machine);
  try {
    prog.insns = rewrite(prog, record.insns);
    return new Caller(record).run(prog, record);
  } catch (refusal) {
    if (!(refusal instanceof Errno)) throw refusal;
    return { result: -refusal.errno };
  } finally {
    prog.release(machine);
  }
}

/** By the first word of their names. */
function grouped(): Map<string, Recorded[]> {
  const groups = new Map<string, Recorded[]>();
  for (const record of records) {
    const word = record.name.split(/[ ,]/)[0]!;
    const members = groups.get(word);
    if (members === undefined) groups.set(word, [record]);
    else members.push(record);
  }
  return groups;
}

describe('net/bpf/test_run', () => {
  it('has more than a thousand recordings', () => {
    expect(records.length).greaterThan(1000);
  });

  for (const [group, members] of grouped()) {
    it(`${group}: ${members.length} programs`, () => {
      const machine = new Machine();
      machine.advance(1_000_000_000);
      const asked = members.filter(({ name }) => !ofVerifier.has(name));
      const model = Object.fromEntries(asked.map((record) => [record.name, answer(machine, record)]));
      expect(model).deep.equal(Object.fromEntries(asked.map(({ name, real }) => [name, real])));
      expect(machine.softnet.skbs.inUse).equal(0);
    });
  }

  it('ends with EINTR when a signal waits', () => {
    const machine = new Machine();
    const record = records.find(({ name }) => name === 'repeated')!;
    const prog = new BpfProg(
      machine,
      { type: 3, expectedAttachType: 0, name: '', gplCompatible: true, uid: 0, insns: new Uint8Array(0) },
      machine,
    );
    prog.insns = rewrite(prog, record.insns);
    const caller = new Caller(record);
    let asked = 0;
    const task = Object.assign(caller.task, { signalPending: () => ++asked > 3 });
    expect(() => testRunSkb(task, prog, caller.attr)).throws(Errno, 'EINTR');
    expect(machine.softnet.skbs.inUse).equal(0);
    prog.release(machine);
  });
});
