// The seccomp filter as classic BPF: which system calls of a client stop and ask the supervisor. Built from the rules
// of the dispatch table, so that a call with a handler is a call that is intercepted. Calls of other ABIs (i386, x32)
// that could reach sockets or bpf get ENOSYS at once, as does io_uring_setup: a ring would do socket calls unseen.
import { SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_USER_NOTIF, type Abi } from './abi.js';
import { ENOSYS } from '../uapi/asm-generic/errno.js';

/** One intercepted call; with `arg`, only when the low 32 bits of that argument lie in one of the ranges. */
export interface FilterRule {
  readonly nr: number;
  readonly arg?: number;
  readonly ranges?: readonly (readonly [number, number])[];
}

const LD_ABS = 0x20;
const JEQ = 0x15;
const JGT = 0x25;
const JGE = 0x35;
const RET = 0x06;
const DATA_NR = 0;
const DATA_ARCH = 4;
const argLow = (index: number): number => 16 + 8 * index;

/** An instruction whose jumps still name labels; undefined falls through. */
interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly then?: string | undefined;
  readonly otherwise?: string | undefined;
}

class Assembler {
  readonly #code: Instruction[] = [];
  readonly #labels = new Map<string, number>();

  load(offset: number): void {
    this.#code.push({ code: LD_ABS, k: offset });
  }

  jump(code: number, k: number, then?: string, otherwise?: string): void {
    this.#code.push({ code, k, then, otherwise });
  }

  ret(value: number): void {
    this.#code.push({ code: RET, k: value });
  }

  label(name: string): void {
    this.#labels.set(name, this.#code.length);
  }

  /** struct sock_filter[]: u16 code, u8 jt, u8 jf, u32 k. */
  bytes(): Uint8Array {
    const out = new DataView(new ArrayBuffer(this.#code.length * 8));
    this.#code.forEach((insn, at) => {
      out.setUint16(at * 8, insn.code, true);
      out.setUint8(at * 8 + 2, this.#distance(at, insn.then));
      out.setUint8(at * 8 + 3, this.#distance(at, insn.otherwise));
      out.setUint32(at * 8 + 4, insn.k, true);
    });
    return new Uint8Array(out.buffer);
  }

  #distance(at: number, label: string | undefined): number {
    if (label === undefined) return 0;
    const distance = this.#labels.get(label)! - at - 1;
    if (!(distance >= 0 && distance <= 255)) throw new Error(`filter: jump to ${label} out of range`);
    return distance;
  }
}

function rule(asm: Assembler, { nr, arg, ranges }: FilterRule, index: number): void {
  const next = `rule${index}`;
  if (arg === undefined || ranges === undefined) {
    asm.jump(JEQ, nr, 'notify');
    return;
  }
  asm.jump(JEQ, nr, undefined, next);
  asm.load(argLow(arg));
  ranges.forEach(([low, high], i) => {
    if (low === high) {
      asm.jump(JEQ, low, 'notify');
      return;
    }
    const miss = `${next}.${i}`;
    asm.jump(JGE, low, undefined, miss);
    asm.jump(JGT, high, undefined, 'notify');
    asm.label(miss);
  });
  asm.ret(SECCOMP_RET_ALLOW);
  asm.label(next);
}

/**
 * The filter program. `cookie` (two 32-bit halves) in the sixth argument lets a call of the supervisor itself pass;
 * needed when the filtered thread is the supervisor's own.
 */
export function filterProgram(abi: Abi, rules: readonly FilterRule[], cookie?: readonly [number, number]): Uint8Array {
  const asm = new Assembler();
  asm.load(DATA_ARCH);
  asm.jump(JEQ, abi.auditArch, 'native');
  asm.load(DATA_NR);
  for (const nr of abi.compat) asm.jump(JEQ, nr, 'compat');
  asm.ret(SECCOMP_RET_ALLOW);
  asm.label('compat');
  asm.ret(SECCOMP_RET_ERRNO | ENOSYS);
  asm.label('native');
  asm.load(DATA_NR);
  asm.jump(JGE, abi.foreignFrom, 'refuse');
  asm.jump(JEQ, abi.nr.io_uring_setup, 'refuse');
  // Unconditional rules first: a conditional one leaves its argument in the accumulator only on its own way out.
  const sorted = [...rules].sort((a, b) => Number(a.arg !== undefined) - Number(b.arg !== undefined));
  sorted.forEach((r, i) => {
    rule(asm, r, i);
  });
  asm.ret(SECCOMP_RET_ALLOW);
  asm.label('refuse');
  asm.ret(SECCOMP_RET_ERRNO | ENOSYS);
  asm.label('notify');
  if (cookie !== undefined) {
    asm.load(argLow(5));
    asm.jump(JEQ, cookie[0], undefined, 'ask');
    asm.load(argLow(5) + 4);
    asm.jump(JEQ, cookie[1], undefined, 'ask');
    asm.ret(SECCOMP_RET_ALLOW);
    asm.label('ask');
  }
  asm.ret(SECCOMP_RET_USER_NOTIF);
  return asm.bytes();
}
