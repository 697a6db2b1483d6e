// Loads the program of one recording into a fresh machine, as often as the real kernel did, and compares verdict, errno and
// the last words of the log. How many whole logs and rewritten programs are the same is counted besides.
import { Machine } from '../../../lib/linux/machine.js';
import { LocalTask } from '../../../lib/linux/kernel/local_task.js';
import { ModelGap } from '../../../lib/linux/errno.js';
import * as B from '../../../lib/uapi/linux/bpf.js';
import { CAP_BPF, CAP_NET_ADMIN } from '../../../lib/uapi/linux/capability.js';
import { toHex } from '../../../lib/codec/bytes.js';
import { foreignFile } from '../../../lib/linux/fs/file.js';
import type { Outcome } from '../outcome.js';
import { judged, notRun } from '../outcome.js';
import type { Settings } from '../suite.js';
import { closeMaps, makeMap } from './make_map.js';
import type { Verdict, VerifierRecord } from './record.js';

const LOG_SIZE = 1 << 20;

/** Columns that are counted beside the verdict. */
export interface Counts {
  logs: number;
  equalLogs: number;
  programs: number;
  equalPrograms: number;
}

interface Load {
  readonly errno: number;
  readonly log: string;
  readonly xlated: string;
}

function withMaps(record: VerifierRecord, machine: Machine, task: LocalTask, progType: number): Uint8Array {
  const insns = record.insns.slice();
  const view = new DataView(insns.buffer);
  const made = new Map<string, number>();
  for (const { insn, recipe, source } of record.maps()) {
    const key = JSON.stringify(recipe);
    const fd = made.get(key) ?? makeMap(machine, task, recipe, progType);
    made.set(key, fd);
    view.setInt32(insn * 8 + 4, fd, true);
    const regs = insns[insn * 8 + 1]!;
    const wanted = source ?? (regs >> 4 || B.BPF_PSEUDO_MAP_FD);
    insns[insn * 8 + 1] = (regs & 15) | (wanted << 4);
  }
  return insns;
}

function textOf(buffer: Uint8Array): string {
  const end = buffer.indexOf(0);
  return Buffer.from(buffer.subarray(0, end < 0 ? buffer.length : end)).toString('latin1');
}

function btfOf({ types, strings }: NonNullable<VerifierRecord['btf']>): Uint8Array {
  const text = Buffer.from(strings, 'hex');
  const bytes = new Uint8Array(24 + types.length * 4 + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, 24, true);
  view.setUint32(12, types.length * 4, true);
  view.setUint32(16, types.length * 4, true);
  view.setUint32(20, text.length, true);
  for (const [i, word] of types.entries()) view.setUint32(24 + i * 4, word, true);
  bytes.set(text, 24 + types.length * 4);
  return bytes;
}

function typeAttrs(record: VerifierRecord, machine: Machine, task: LocalTask): Record<string, number | Uint8Array> {
  if (record.btf === undefined) return {};
  const btf = btfOf(record.btf);
  const fd = task.bpf(machine, B.BPF_BTF_LOAD, { btf, btf_size: btf.length });
  const info = new Uint8Array(record.funcInfo.length * 8);
  const view = new DataView(info.buffer);
  for (const [i, [insn = 0, type = 0]] of record.funcInfo.entries()) {
    view.setUint32(i * 8, insn, true);
    view.setUint32(i * 8 + 4, type, true);
  }
  return { prog_btf_fd: fd, func_info: info, func_info_cnt: record.funcInfo.length, func_info_rec_size: 8 };
}

/** Offsets in struct bpf_prog_info. */
const XLATED_LEN = 20;
const XLATED_INSNS = 32;
const INFO_SIZE = 40;

/** The instructions as BPF_OBJ_GET_INFO_BY_FD shows them. */
function dumpOf(task: LocalTask, machine: Machine, fd: number): string {
  const info = new Uint8Array(INFO_SIZE);
  const view = new DataView(info.buffer);
  task.bpf(machine, B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: fd, info, info_len: INFO_SIZE });
  const insns = new Uint8Array(view.getUint32(XLATED_LEN, true));
  const address = task.memory.map(insns);
  info.fill(0);
  view.setUint32(XLATED_LEN, insns.length, true);
  view.setBigUint64(XLATED_INSNS, BigInt(address), true);
  task.bpf(machine, B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: fd, info, info_len: INFO_SIZE });
  task.memory.unmap(address);
  return toHex(insns);
}

/** One load; `level` of its log. */
function load(record: VerifierRecord, verdict: Verdict, machine: Machine, level: number): Load {
  const who = verdict.perfmon ? {} : { capabilities: new Set([CAP_BPF, CAP_NET_ADMIN]) };
  const maker = new LocalTask(who);
  const task = new LocalTask(who);
  const insns = withMaps(record, machine, maker, verdict.progType);
  const types = typeAttrs(record, machine, maker);
  for (const [fd, file] of maker.files) task.files.set(fd, file);
  // Whoever recorded had files of another kind there.
  for (let fd = 0; fd < 3; fd++) task.files.set(fd, foreignFile);
  const log = new Uint8Array(level === 0 ? 0 : LOG_SIZE);
  const fd = task.bpf(machine, B.BPF_PROG_LOAD, {
    prog_type: verdict.progType,
    insn_cnt: insns.length / 8,
    insns,
    license: 'GPL',
    prog_flags: record.progFlags,
    expected_attach_type: record.expectedAttachType,
    ...types,
    ...(level === 0 ? {} : { log_level: level, log_size: log.length, log_buf: log }),
  });
  const xlated = fd < 0 ? '' : dumpOf(task, machine, fd);
  if (fd >= 0) task.close(fd);
  task.files.clear();
  closeMaps(maker);
  return { errno: Math.max(-fd, 0), log: textOf(log), xlated };
}

/** Lines of the trace: instructions, states, where branches go on, source. */
const trace =
  /^(\d+: |from \d+ to |; |caller:|callee:|returning from|to caller at|mark_precise:| frame\d|func#|Live regs|R\d|processed |verification time|stack depth|frame \d: prop|SCC |\()|^$/;

/** What is said after the last step of the trace: why a program is refused. */
export function lastWords(log: string): string[] {
  const lines = log.split('\n');
  while (lines.length > 0 && (lines.at(-1) === '' || lines.at(-1)!.startsWith('processed '))) lines.pop();
  let start = lines.length;
  while (start > 0 && !trace.test(lines[start - 1]!)) start--;
  // Some refusals begin like a register.
  while (start > 0 && /^R\d+ /.test(lines[start - 1]!) && !/^R\d+=/.test(lines[start - 1]!)) {
    start--;
    while (start > 0 && !trace.test(lines[start - 1]!)) start--;
  }
  return lines.slice(start);
}

/** Addresses of maps are the kernel's own, and the comment stands where they end; lines of source are not recorded. */
export const unmasked = (log: string): string =>
  log
    .replace(/^(; .*|Global function \w+\(\) doesn't return scalar.*)\n/gm, '')
    .replace(/^(\d+: \(18\) r\d+ = )0x\w+ +;/gm, '$10xPTR ;')
    .replace(/^(\d+: \(18\) r\d+ = )0x\w+$/gm, '$10xPTR');

/** Instructions without what differs from one kernel to the next: addresses of helpers and maps. */
export function withoutAddresses(hex: string): string {
  const insns = hex.match(/.{16}/g) ?? [];
  let wide = false;
  return insns
    .map((insn) => {
      if (wide) {
        wide = false;
        return insn.slice(0, 8);
      }
      wide = insn.startsWith('18');
      const isHelper = insn.startsWith('85') && insn[2] === '0';
      return wide ? `18${insn[3]!}` : isHelper ? '85' : insn;
    })
    .join(' ');
}

function compareLoads(record: VerifierRecord, verdict: Verdict, settings: Settings, counts: Counts): string[] {
  const gaps: string[] = [];
  const { kernel } = settings;
  const onGap = (what: string): void => void gaps.push(`not modelled: ${what}`);
  const machine = new Machine({ config: settings.config ?? 'rec-6.18', ...(kernel && { version: kernel }), onGap });
  const silent = load(record, verdict, machine, 0);
  const told = load(record, verdict, machine, 1);
  const lines: string[] = [];
  if (silent.errno !== verdict.errno) lines.push(`errno ${silent.errno}, recorded ${verdict.errno}`);
  if (verdict.log !== undefined) {
    counts.logs++;
    const equal = unmasked(told.log) === unmasked(verdict.log);
    if (equal) counts.equalLogs++;
    if (!equal && verdict.errno !== 0) {
      const words = lastWords(told.log).join('\n');
      const recorded = lastWords(verdict.log).join('\n');
      if (words !== recorded) lines.push(`said     ${words}`, `recorded ${recorded}`);
    }
  }
  if (verdict.xlated !== undefined && silent.errno === 0) {
    counts.programs++;
    if (withoutAddresses(silent.xlated) === withoutAddresses(verdict.xlated)) counts.equalPrograms++;
  }
  return lines.length === 0 ? [] : [...gaps, ...lines].map((line) => `${verdict.label}: ${line}`);
}

export function replayVerifier(record: VerifierRecord, settings: Settings, counts: Counts): Outcome {
  if (record.obstacle !== undefined) return notRun(record.obstacle);
  const lines: string[] = [];
  for (const verdict of record.verdicts)
    try {
      lines.push(...compareLoads(record, verdict, settings, counts));
    } catch (error) {
      const text = error instanceof ModelGap ? `not modelled: ${error.what}` : String((error as Error).stack);
      lines.push(`${verdict.label}: ${text}`);
    }
  return judged(lines.flatMap((line) => line.split('\n')));
}
