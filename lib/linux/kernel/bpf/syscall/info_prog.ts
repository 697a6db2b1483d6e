// kernel/bpf/syscall.c bpf_prog_get_info_by_fd(): what a program is, and its instructions as they run. Programs count as
// JITed, as they are wherever tc is used; the sizes of machine code are estimates, and the code itself is not shown.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { BPF_FUNC_tail_call } from '../../../../uapi/linux/bpf_func_id.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_prog_info } from '../../../../uapi/linux/bpf_attr.js';
import { errno } from '../../../errno.js';
import { bpfCallImm } from '../../kallsyms.js';
import { calcTag } from '../core.js';
import type { BpfMap } from '../map.js';
import type { BpfProg } from '../prog.js';
import { bpfCapable } from '../token.js';
import type { Info } from './info.js';

const at = bpf_prog_info.offsetof;
const INSN = 8;
const LD_IMM64 = 0x18;
const CALL = 0x85;
const TAIL_CALL = 0xf5;

/** struct bpf_func_info, struct bpf_line_info, and an address of machine code. */
const FUNC_INFO_SIZE = 8;
const LINE_INFO_SIZE = 16;
const JITED_LINE_INFO_SIZE = 8;

/** Bytes of machine code: what frames a function, and one instruction on average. */
const JITED_FRAME = 12;
const JITED_INSN = 4;
/** Where machine code of programs lies: the high half of its addresses, and how far apart programs are. */
export const MODULES_HIGH = 0xffffffff;
const MODULES_LOW = 0xc0000000;
const MODULE_STRIDE = 0x2000;

/** Range of each subprogram in instructions. @differs the kernel makes a program of each */
export function subprograms(prog: BpfProg): { start: number; count: number }[] {
  const end = prog.insns.length / INSN;
  return prog.subprogStarts.map((start, i) => ({ start, count: (prog.subprogStarts[i + 1] ?? end) - start }));
}

const jitedLength = (count: number): number => JITED_FRAME + JITED_INSN * count;

/** Fills an array of `records` that the user has room for `length field` of, and puts their true number there. */
function fillArray(info: Info, count: number, address: number, records: Uint8Array, size: number): void {
  const room = Math.min(info.u32(count), records.length / size);
  if (room > 0) info.call.write(info.address(address), records.subarray(0, room * size));
  info.setU32(count, records.length / size);
}

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

/** Low halves with the high half of kernel addresses. */
function addresses(lows: readonly number[]): Uint8Array {
  return words(lows.flatMap((low) => [low, MODULES_HIGH]));
}

/** EINVAL unless the user's sizes of records are the kernel's. @models kernel/bpf/syscall.c set_info_rec_size() */
function setRecordSizes(info: Info): void {
  const sizes: readonly (readonly [number, number, number])[] = [
    [at.nr_func_info, at.func_info_rec_size, FUNC_INFO_SIZE],
    [at.nr_line_info, at.line_info_rec_size, LINE_INFO_SIZE],
    [at.nr_jited_line_info, at.jited_line_info_rec_size, JITED_LINE_INFO_SIZE],
  ];
  for (const [count, record, size] of sizes) {
    if ((info.u32(count) !== 0 || info.u32(record) !== 0) && info.u32(record) !== size) throw errno(EINVAL);
    info.setU32(record, size);
  }
}

/** Where in the value of the map an address lies, or undefined. */
function offsetInValue(map: BpfMap, address: number): number | undefined {
  const base = map.directValueAddr(0);
  return base >= 0 && address >= base && address <= base + map.valueSize ? address - base : undefined;
}

/** A load of a map says which by its id, as user space knows it. @models kernel/bpf/syscall.c bpf_map_from_imm() */
function showMap(prog: BpfProg, dump: DataView, offset: number): void {
  const low = dump.getUint32(offset + 4, true);
  if (dump.getUint32(offset + 12, true) !== 0) return;
  for (const map of prog.usedMaps.filter(({ placed }) => placed)) {
    const inValue = map.address === low ? undefined : offsetInValue(map, low);
    if (map.address !== low && inValue === undefined) continue;
    const source = inValue === undefined ? B.BPF_PSEUDO_MAP_FD : B.BPF_PSEUDO_MAP_VALUE;
    dump.setUint8(offset + 1, (dump.getUint8(offset + 1) & 0x0f) | (source << 4));
    dump.setUint32(offset + 4, map.id, true);
    dump.setUint32(offset + 12, inValue ?? 0, true);
    return;
  }
}

/** A call of a subprogram carries its distance in `off` and its number in `imm`, that of a helper where the helper lies. */
function showCall(prog: BpfProg, dump: DataView, offset: number): void {
  const source = dump.getUint8(offset + 1) >> 4;
  if (source === 0) dump.setInt32(offset + 4, bpfCallImm(dump.getInt32(offset + 4, true)), true);
  if (source !== B.BPF_PSEUDO_CALL) return;
  const distance = dump.getInt32(offset + 4, true);
  dump.setInt16(offset + 2, distance, true);
  dump.setInt32(offset + 4, prog.subprogStarts.indexOf(offset / INSN + 1 + distance), true);
}

/** The instructions as user space may see them. @models kernel/bpf/syscall.c bpf_insn_prepare_dump() */
function prepareDump(prog: BpfProg): Uint8Array {
  const insns = prog.insns.slice();
  const dump = new DataView(insns.buffer);
  for (let offset = 0; offset < insns.length; offset += INSN) {
    const code = insns[offset]!;
    if (code === TAIL_CALL) {
      insns[offset] = CALL;
      dump.setInt32(offset + 4, BPF_FUNC_tail_call, true);
    } else if (code === CALL) showCall(prog, dump, offset);
    else if (code === LD_IMM64) {
      showMap(prog, dump, offset);
      offset += INSN;
    }
  }
  return insns;
}

/** What callers without CAP_BPF do not see. */
function hideCode(info: Info): void {
  const hidden = [
    at.jited_prog_len,
    at.xlated_prog_len,
    at.nr_jited_ksyms,
    at.nr_jited_func_lens,
    at.nr_func_info,
    at.nr_line_info,
    at.nr_jited_line_info,
  ];
  for (const field of hidden) info.setU32(field, 0);
}

/** The low half of the address of an instruction's machine code. @differs nothing is compiled to it */
export const jitedAddress = (prog: BpfProg, insn: number): number =>
  (MODULES_LOW + prog.id * MODULE_STRIDE + JITED_INSN * insn) >>> 0;

function fillJited(info: Info, prog: BpfProg): void {
  const parts = subprograms(prog);
  const where = (insn: number): number => jitedAddress(prog, insn);
  info.setU32(
    at.jited_prog_len,
    parts.reduce((sum, { count }) => sum + jitedLength(count), 0),
  );
  info.setU64(at.jited_prog_insns, 0);
  fillArray(info, at.nr_jited_ksyms, at.jited_ksyms, addresses(parts.map(({ start }) => where(start))), 8);
  fillArray(info, at.nr_jited_func_lens, at.jited_func_lens, words(parts.map(({ count }) => jitedLength(count))), 4);
  const { lineInfo = new Uint8Array(0), lineInfoRecSize = LINE_INFO_SIZE } = prog.btf ?? {};
  const lines = new DataView(lineInfo.buffer, lineInfo.byteOffset, lineInfo.byteLength);
  const places: number[] = [];
  for (let line = 0; line < lineInfo.length; line += lineInfoRecSize) places.push(where(lines.getUint32(line, true)));
  fillArray(info, at.nr_jited_line_info, at.jited_line_info, addresses(places), JITED_LINE_INFO_SIZE);
}

function fillCode(info: Info, prog: BpfProg): void {
  fillArray(info, at.xlated_prog_len, at.xlated_prog_insns, prepareDump(prog), 1);
  fillArray(info, at.nr_func_info, at.func_info, prog.btf?.funcInfo ?? new Uint8Array(0), FUNC_INFO_SIZE);
  fillArray(info, at.nr_line_info, at.line_info, prog.btf?.lineInfo ?? new Uint8Array(0), LINE_INFO_SIZE);
  fillJited(info, prog);
  fillArray(info, at.nr_prog_tags, at.prog_tags, tags(prog), B.BPF_TAG_SIZE);
}

/** The instructions as the JIT compiler found them, of which each subprogram has a tag. @models kernel/bpf/verifier.c jit_subprogs() */
function asCompiled(prog: BpfProg): Uint8Array {
  const insns = prepareDump(prog);
  const view = new DataView(insns.buffer);
  for (let offset = 0; offset < insns.length; offset += INSN) {
    if (prog.insns[offset] === TAIL_CALL) insns.set(prog.insns.subarray(offset, offset + INSN), offset);
    else if (insns[offset] === LD_IMM64) offset += INSN;
    else if (insns[offset] === CALL && insns[offset + 1]! >> 4 === B.BPF_PSEUDO_CALL) {
      view.setInt16(offset + 2, view.getInt32(offset + 4, true), true);
      view.setInt32(offset + 4, 1, true);
    }
  }
  return insns;
}

/** The tag of the program, or of each of its subprograms. @differs the kernel makes a program of each */
export function tags(prog: BpfProg): Uint8Array {
  const parts = subprograms(prog);
  if (parts.length === 1) return prog.tag;
  const insns = asCompiled(prog);
  const all = new Uint8Array(parts.length * B.BPF_TAG_SIZE);
  parts.forEach(({ start, count }, i) => {
    all.set(calcTag(prog.machine, insns.subarray(start * INSN, (start + count) * INSN)), i * B.BPF_TAG_SIZE);
  });
  return all;
}

function fillIdentity(info: Info, prog: BpfProg): void {
  info.setU32(at.type, prog.type);
  info.setU32(at.id, prog.id);
  info.u8.set(prog.tag, at.tag);
  info.setU64(at.load_time, prog.loadTime);
  info.setU32(at.created_by_uid, prog.uid);
  info.u8.fill(0, at.name, at.name + B.BPF_OBJ_NAME_LEN);
  info.setText(at.name, prog.name);
  info.setU32(at.gpl_compatible, (info.u32(at.gpl_compatible) & ~1) | (prog.gplCompatible ? 1 : 0));
}

function fillStatistics(info: Info, prog: BpfProg): void {
  info.setU64(at.run_time_ns, prog.runTime);
  info.setU64(at.run_cnt, prog.runCount);
  info.setU64(at.recursion_misses, 0);
  info.setU32(at.verified_insns, prog.verifiedInsns);
  if (prog.btf !== undefined) info.setU32(at.btf_id, prog.btf.btf.id);
}

/** @models kernel/bpf/syscall.c bpf_prog_get_info_by_fd() */
export function fillProgInfo(info: Info, prog: BpfProg): number {
  fillIdentity(info, prog);
  fillArray(info, at.nr_map_ids, at.map_ids, words(prog.usedMaps.map(({ id }) => id)), 4);
  setRecordSizes(info);
  fillStatistics(info, prog);
  if (bpfCapable(info.call.task)) fillCode(info, prog);
  else hideCode(info);
  info.setU32(at.attach_btf_obj_id, 0);
  info.setU32(at.attach_btf_id, 0);
  return info.finish();
}
