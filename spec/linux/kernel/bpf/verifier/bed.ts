// Loads small programs into a machine, and says what the verifier said.
import { ProgFile } from '../../../../../lib/linux/kernel/bpf/file.js';
import type { BpfProg } from '../../../../../lib/linux/kernel/bpf/prog.js';
import { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import * as Build from '../../../../../lib/vm/build.js';
import { encodeInsns, type Insn } from '../../../../../lib/vm/insn.js';

export interface LoadOptions {
  readonly type?: number;
  readonly level?: number;
  readonly flags?: number;
  readonly logSize?: number;
  readonly license?: string;
}

export interface Loaded {
  /** 0: accepted. */
  readonly errno: number;
  readonly log: string;
  /** Lines of the log without the last one, which counts. */
  readonly lines: readonly string[];
  readonly prog: BpfProg | undefined;
}

/** A program that returns a number, in hex. */
export const returning = (value: number): string =>
  Buffer.from(encodeInsns([Build.mov64Imm(0, value), Build.exitInsn()])).toString('hex');

export class Bed {
  readonly machine = new Machine({ config: 'rec-6.18' });
  readonly task: LocalTask;

  constructor(capabilities?: ReadonlySet<number>) {
    this.task = new LocalTask(capabilities === undefined ? {} : { capabilities });
  }

  map(type: number, keySize: number, valueSize: number, maxEntries: number, flags = 0): number {
    return this.task.bpf(this.machine, B.BPF_MAP_CREATE, {
      map_type: type,
      key_size: keySize,
      value_size: valueSize,
      max_entries: maxEntries,
      map_flags: flags,
    });
  }

  load(insns: readonly (Insn | readonly Insn[])[], options: LoadOptions = {}): Loaded {
    const { type = B.BPF_PROG_TYPE_SCHED_CLS, level = 1, flags = 0, logSize = 1 << 20, license = 'GPL' } = options;
    const list = insns.flat();
    const buffer = new Uint8Array(logSize);
    const fd = this.task.bpf(this.machine, B.BPF_PROG_LOAD, {
      prog_type: type,
      insn_cnt: list.length,
      insns: encodeInsns(list),
      license,
      prog_flags: flags,
      ...(level === 0 ? {} : { log_level: level, log_size: logSize, log_buf: buffer }),
    });
    const end = buffer.indexOf(0);
    const log = Buffer.from(buffer.subarray(0, Math.max(end, 0))).toString('latin1');
    const file = fd < 0 ? undefined : this.task.files.get(fd);
    const lines = log.split('\n').filter((line) => line !== '' && !line.startsWith('processed '));
    return { errno: Math.max(-fd, 0), log, lines, prog: file instanceof ProgFile ? file.prog : undefined };
  }
}
