// kernel/bpf/core.c: the symbols of programs, by which /proc/kallsyms, and with it dumps of programs, names the machine code
// of every program and of every function in one. Their addresses are those that bpf_prog_info tells.
import { toHex } from '../../../codec/bytes.js';
import { BPF_TAG_SIZE } from '../../../uapi/linux/bpf.js';
import type { BpfIds } from './ids.js';
import type { BpfProg } from './prog.js';
import { MODULES_HIGH, jitedAddress, subprograms, tags } from './syscall/info_prog.js';

/** struct bpf_func_info: an instruction and a type. */
const FUNC_INFO_SIZE = 8;
const TYPE_AT = 4;

/** What a function is called: as its type says, else as its program, any function in that being F. */
function functionName({ btf, name }: BpfProg, part: number): string {
  if (btf === undefined || btf.funcInfo.length === 0) return part === 0 ? name : 'F';
  const records = new DataView(btf.funcInfo.buffer, btf.funcInfo.byteOffset, btf.funcInfo.byteLength);
  return btf.btf.types.nameOf(records.getUint32(part * FUNC_INFO_SIZE + TYPE_AT, true));
}

/** @models kernel/bpf/core.c bpf_prog_ksym_set_name() */
function symbol(prog: BpfProg, part: number): string {
  const tag = part === 0 ? prog.tag : tags(prog).subarray(part * BPF_TAG_SIZE, (part + 1) * BPF_TAG_SIZE);
  const name = functionName(prog, part);
  return `bpf_prog_${toHex(tag)}${name === '' ? '' : `_${name}`}`;
}

/** The lines of /proc/kallsyms: functions of a program before the program. @models kernel/bpf/core.c bpf_get_kallsym() */
export function bpfKallsyms({ progs }: BpfIds): string {
  const lines = progs.list().flatMap((prog) => {
    const [whole, ...rest] = subprograms(prog).map(({ start }, part) => {
      const address = MODULES_HIGH.toString(16) + jitedAddress(prog, start).toString(16);
      return `${address} t ${symbol(prog, part)}\t[bpf]\n`;
    });
    return [...rest, whole];
  });
  return lines.join('');
}
