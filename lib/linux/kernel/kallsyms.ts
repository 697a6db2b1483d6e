// kernel/kallsyms.c: the names of what programs call, at addresses a fixed distance apart. Where the kernel writes the
// distance to __bpf_call_base into a call, the model keeps the number of the function; dumps and this table show the distance.
import { bpfFuncNames } from '../../uapi/linux/bpf_func_id.js';
import { internalHelperNames } from '../../vm/internal_helpers.js';
import { mapOpCalls } from './bpf/map_op_calls.js';

/** High and low half of the address of __bpf_call_base. */
const BASE_HIGH = 'ffffffff';
const BASE_LOW = 0x81200000;
/** The first function lies farther from there than any function has a number: readers of dumps tell the two apart by size. */
const FIRST = 0x1000;
/** From one function to the next. */
const STRIDE = 0x40;

/** What a call of function `id` carries in a dump. @models include/linux/filter.h BPF_CALL_IMM() */
export const bpfCallImm = (id: number): number => FIRST + id * STRIDE;

const line = (distance: number, name: string): string =>
  `${BASE_HIGH}${(BASE_LOW + distance).toString(16).padStart(8, '0')} T ${name}\n`;

/** /proc/kallsyms, as far as the kernel itself goes. @models kernel/kallsyms.c s_show() */
export function kallsyms(): string {
  const named = bpfFuncNames.flatMap((name, id) => (id === 0 || name === '' ? [] : [[id, `bpf_${name}`] as const]));
  const ofMaps = [...mapOpCalls].map(([id, [name]]) => [id, name] as const);
  const functions = [...named, ...internalHelperNames, ...ofMaps];
  return line(0, '__bpf_call_base') + functions.map(([id, name]) => line(bpfCallImm(id), name)).join('');
}
