// Programs on packets, against the real kernel: what each of the recorded programs returned, what it made of the packet and
// of its context, and how the run was refused (spec/vectors/bpf/test_run.6.18.jsonl, and random ones in sequences.6.18.jsonl;
// recorded by tools/oracle/bpf).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { EINTR, ENOSPC } from '../../../../lib/uapi/asm-generic/errno.js';
import { BPF_PROG_LOAD, BPF_PROG_TEST_RUN } from '../../../../lib/uapi/linux/bpf.js';

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

/** The programs of a file. */
function recorded(name: string): Recorded[] {
  const file = join(import.meta.dirname, '../../../../../spec/vectors/bpf', name);
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Recorded);
}

const records = [...recorded('test_run.6.18.jsonl'), ...recorded('sequences.6.18.jsonl')];

const ROOM = 32768;

const compact = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1)).toString('hex');

function padded(hex: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from(hex, 'hex'));
  return bytes;
}

/** BPF_PROG_LOAD: the fd. */
function load(machine: Machine, task: LocalTask, { type, insns }: Recorded): number {
  const log = new Uint8Array(65536);
  const fd = task.bpf(machine, BPF_PROG_LOAD, {
    prog_type: type,
    insn_cnt: insns.length / 16,
    insns: new Uint8Array(Buffer.from(insns, 'hex')),
    license: 'GPL',
    log_level: 1,
    log_size: log.length,
    log_buf: log,
  });
  expect(fd, Buffer.from(log.subarray(0, log.indexOf(0))).toString()).least(0);
  return fd;
}

/** BPF_PROG_TEST_RUN, told as the recorder tells it. */
function testRun(machine: Machine, task: LocalTask, fd: number, { packet, length, run }: Recorded): Real {
  const data = new Uint8Array(ROOM);
  const context = new Uint8Array(4096);
  const room = run.out_size ?? ROOM;
  const attr = {
    prog_fd: fd,
    retval: 0,
    data_size_in: length,
    data_size_out: room,
    data_in: padded(packet, Math.max(1, length)),
    data_out: run.out === false ? 0 : data,
    repeat: run.repeat ?? 0,
    ctx_size_in: run.ctx_in ?? 0,
    ctx_size_out: run.ctx_out ?? 0,
    ctx_in: run.ctx === undefined ? 0 : padded(run.ctx, run.ctx_in!),
    ctx_out: run.ctx_out === undefined ? 0 : context,
    flags: run.flags ?? 0,
    cpu: run.cpu ?? 0,
    batch_size: run.batch ?? 0,
  };
  const result = task.bpf(machine, BPF_PROG_TEST_RUN, attr);
  if (result !== 0 && result !== -ENOSPC) return { result };
  const written = run.out === false ? 0 : Math.min(attr.data_size_out, room || ROOM);
  const after = compact(data.subarray(0, written));
  return {
    result,
    retval: attr.retval,
    sizeOut: attr.data_size_out,
    ...(after === packet ? {} : { data: after }),
    ...(run.ctx_out === undefined
      ? {}
      : { ctxSizeOut: attr.ctx_size_out, ctx: compact(context.subarray(0, Math.min(192, run.ctx_out))) }),
  };
}

function answer(machine: Machine, record: Recorded): Real {
  const task = new LocalTask();
  try {
    return testRun(machine, task, load(machine, task, record), record);
  } finally {
    task.exit();
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
      const model = Object.fromEntries(members.map((record) => [record.name, answer(machine, record)]));
      expect(model).deep.equal(Object.fromEntries(members.map(({ name, real }) => [name, real])));
      expect(machine.softnet.skbs.inUse).equal(0);
    });
  }

  it('ends with EINTR when a signal waits', () => {
    const machine = new Machine();
    const record = records.find(({ name }) => name === 'repeated')!;
    let asked = 0;
    const task = Object.assign(new LocalTask(), { signalPending: () => ++asked > 3 });
    const fd = load(machine, task, record);
    expect(testRun(machine, task, fd, record)).deep.equal({ result: -EINTR });
    expect(machine.softnet.skbs.inUse).equal(0);
    task.exit();
  });

  it('leaves nothing behind, whatever a run was refused for', () => {
    const machine = new Machine();
    const task = new LocalTask();
    const before = machine.snapshot().length;
    for (const record of records.filter(({ real }) => real.result !== 0)) {
      const fd = load(machine, task, record);
      testRun(machine, task, fd, record);
      task.close(fd);
    }
    machine.advance(1_000_000_000);
    expect(machine.snapshot()).length(before);
    expect([machine.softnet.skbs.inUse, machine.softnet.socks.size]).deep.equal([0, 0]);
  });
});
