// Classic BPF as text: one instruction a line, jumps to the number of the instruction they lead to.
import * as common from '../../uapi/linux/bpf_common.js';
import * as filter from '../../uapi/linux/filter.js';
import { nameTable } from '../../codec/names.js';

export interface ClassicInsn {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const CLASS = 0x07;
const SIZE = 0x18;
const MODE = 0xe0;
const OP = 0xf0;
const RVAL = 0x18;
const MISC = 0xf8;

const sizes: Readonly<Record<number, string>> = { [common.BPF_W]: '', [common.BPF_H]: 'h', [common.BPF_B]: 'b' };

const operations: Readonly<Record<number, string>> = {
  [common.BPF_ADD]: 'add',
  [common.BPF_SUB]: 'sub',
  [common.BPF_MUL]: 'mul',
  [common.BPF_DIV]: 'div',
  [common.BPF_OR]: 'or',
  [common.BPF_AND]: 'and',
  [common.BPF_LSH]: 'lsh',
  [common.BPF_RSH]: 'rsh',
  [common.BPF_MOD]: 'mod',
  [common.BPF_XOR]: 'xor',
};

const jumps: Readonly<Record<number, string>> = {
  [common.BPF_JEQ]: 'jeq',
  [common.BPF_JGT]: 'jgt',
  [common.BPF_JGE]: 'jge',
  [common.BPF_JSET]: 'jset',
};

const ancillary = nameTable({
  SKF_AD_PROTOCOL: filter.SKF_AD_PROTOCOL,
  SKF_AD_PKTTYPE: filter.SKF_AD_PKTTYPE,
  SKF_AD_IFINDEX: filter.SKF_AD_IFINDEX,
  SKF_AD_NLATTR: filter.SKF_AD_NLATTR,
  SKF_AD_NLATTR_NEST: filter.SKF_AD_NLATTR_NEST,
  SKF_AD_MARK: filter.SKF_AD_MARK,
  SKF_AD_QUEUE: filter.SKF_AD_QUEUE,
  SKF_AD_HATYPE: filter.SKF_AD_HATYPE,
  SKF_AD_RXHASH: filter.SKF_AD_RXHASH,
  SKF_AD_CPU: filter.SKF_AD_CPU,
  SKF_AD_ALU_XOR_X: filter.SKF_AD_ALU_XOR_X,
  SKF_AD_VLAN_TAG: filter.SKF_AD_VLAN_TAG,
  SKF_AD_VLAN_TAG_PRESENT: filter.SKF_AD_VLAN_TAG_PRESENT,
  SKF_AD_PAY_OFFSET: filter.SKF_AD_PAY_OFFSET,
  SKF_AD_RANDOM: filter.SKF_AD_RANDOM,
  SKF_AD_VLAN_TPID: filter.SKF_AD_VLAN_TPID,
});

const hex = (value: number): string => `#0x${(value >>> 0).toString(16)}`;

/** Where a load reads: the packet, its headers, or what the kernel knows of it. */
function place(k: number): string {
  if (k >= filter.SKF_AD_OFF && k < filter.SKF_AD_OFF + filter.SKF_AD_MAX) return ancillary(k - filter.SKF_AD_OFF);
  if (k >= filter.SKF_NET_OFF && k < filter.SKF_AD_OFF) return `SKF_NET_OFF+${k - filter.SKF_NET_OFF}`;
  if (k >= filter.SKF_LL_OFF && k < filter.SKF_NET_OFF) return `SKF_LL_OFF+${k - filter.SKF_LL_OFF}`;
  return String(k);
}

function load({ code, k }: ClassicInsn): string | undefined {
  const isX = (code & CLASS) === common.BPF_LDX;
  const size = sizes[code & SIZE];
  if (size === undefined) return undefined;
  const name = `ld${isX ? 'x' : ''}${size}`;
  const mode = code & MODE;
  if (isX && mode === common.BPF_MSH && size === 'b') return `ldxb 4*([${k}]&0xf)`;
  if (!isX && mode === common.BPF_ABS) return `${name} [${place(k)}]`;
  if (!isX && mode === common.BPF_IND) return `${name} [x+${place(k)}]`;
  if (size !== '') return undefined;
  if (mode === common.BPF_IMM) return `${name} ${hex(k)}`;
  if (mode === common.BPF_MEM) return `${name} M[${k}]`;
  return mode === common.BPF_LEN ? `${name} #len` : undefined;
}

function arithmetic({ code, k }: ClassicInsn): string | undefined {
  if (code === (common.BPF_ALU | common.BPF_NEG)) return 'neg';
  const name = operations[code & OP];
  return name && `${name} ${code & common.BPF_X ? 'x' : hex(k)}`;
}

function jump({ code, jt, jf, k }: ClassicInsn, index: number): string | undefined {
  if (code === (common.BPF_JMP | common.BPF_JA)) return `ja ${index + 1 + k}`;
  const name = jumps[code & OP];
  return name && `${name} ${code & common.BPF_X ? 'x' : hex(k)} jt ${index + 1 + jt} jf ${index + 1 + jf}`;
}

function end({ code, k }: ClassicInsn): string | undefined {
  const source = code & RVAL;
  if ((code & ~(CLASS | RVAL)) !== 0) return undefined;
  if (source === filter.BPF_A) return 'ret a';
  return source === common.BPF_K ? `ret ${hex(k)}` : undefined;
}

function transfer({ code }: ClassicInsn): string | undefined {
  const which = code & MISC;
  return which === filter.BPF_TAX ? 'tax' : which === filter.BPF_TXA ? 'txa' : undefined;
}

const byClass: readonly ((insn: ClassicInsn, index: number) => string | undefined)[] = [
  load,
  load,
  (insn) => (insn.code === common.BPF_ST ? `st M[${insn.k}]` : undefined),
  (insn) => (insn.code === common.BPF_STX ? `stx M[${insn.k}]` : undefined),
  arithmetic,
  jump,
  end,
  transfer,
];

/** `jeq #0x800 jt 2 jf 3`; undefined when there is no such instruction. `index` is its number in the program. */
export function classicText(insn: ClassicInsn, index: number): string | undefined {
  return insn.code > 0xff ? undefined : byClass[insn.code & CLASS]!(insn, index);
}

const classNames = ['BPF_LD', 'BPF_LDX', 'BPF_ST', 'BPF_STX', 'BPF_ALU', 'BPF_JMP', 'BPF_RET', 'BPF_MISC'];

/** `0x28 (BPF_LD)` */
export const classicCode = (code: number): string =>
  `0x${code.toString(16).padStart(2, '0')} (${classNames[code & CLASS]!})`;
