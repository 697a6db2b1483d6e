// The checker of classic programs: every opcode, jumps, memory, and bytes that are no program at all.
import { expect } from 'chai';
import fc from 'fast-check';
import { Bytes } from '../../../../../lib/codec/bytes.js';
import { Errno } from '../../../../../lib/linux/errno.js';
import { bpfCheckClassic } from '../../../../../lib/linux/net/core/filter/classic.js';
import { EINVAL } from '../../../../../lib/uapi/asm-generic/errno.js';
import * as C from '../../../../../lib/uapi/linux/bpf_common.js';
import * as F from '../../../../../lib/uapi/linux/filter.js';

type Insn = readonly [code: number, jt: number, jf: number, k: number];

const RET: Insn = [C.BPF_RET | C.BPF_K, 0, 0, 0];

function passes(insns: readonly Insn[]): boolean {
  const bytes = Bytes.zeroed(insns.length * F.sock_filter.size);
  for (const [i, [code, jt, jf, k]] of insns.entries())
    F.sock_filter.set(bytes, i * F.sock_filter.size, { code, jt, jf, k });
  try {
    bpfCheckClassic(bytes.view, 0, insns.length);
    return true;
  } catch (thrown) {
    expect(thrown).to.be.instanceOf(Errno);
    expect((thrown as Errno).errno).to.equal(EINVAL);
    return false;
  }
}

const op = (code: number, k = 0, jt = 0, jf = 0): Insn => [code, jt, jf, k];

describe('net/core/filter/classic: the checker', () => {
  const cases: readonly [string, boolean, readonly Insn[]][] = [
    ['a return', true, [RET]],
    ['return of the accumulator', true, [op(C.BPF_RET | F.BPF_A)]],
    ['no instruction', false, []],
    ['return of X', false, [op(C.BPF_RET | C.BPF_X)]],
    ['no return at the end', false, [RET, op(C.BPF_LD | C.BPF_IMM)]],
    ['an opcode above one byte', false, [op(0x106), RET]],
    ['an extended opcode', false, [op(0xb7), RET]],
    ['negation of X', false, [op(C.BPF_ALU | C.BPF_NEG | C.BPF_X), RET]],
    ['division by a constant', true, [op(C.BPF_ALU | C.BPF_DIV | C.BPF_K, 2), RET]],
    ['division by zero', false, [op(C.BPF_ALU | C.BPF_DIV | C.BPF_K, 0), RET]],
    ['division by X', true, [op(C.BPF_ALU | C.BPF_DIV | C.BPF_X, 0), RET]],
    ['modulo zero', false, [op(C.BPF_ALU | C.BPF_MOD | C.BPF_K, 0), RET]],
    ['a shift of 31', true, [op(C.BPF_ALU | C.BPF_LSH | C.BPF_K, 31), RET]],
    ['a left shift of 32', false, [op(C.BPF_ALU | C.BPF_LSH | C.BPF_K, 32), RET]],
    ['a right shift of 2^32-1', false, [op(C.BPF_ALU | C.BPF_RSH | C.BPF_K, 0xffffffff), RET]],
    ['a store to M[15]', true, [op(C.BPF_ST, 15), RET]],
    ['a store to M[16]', false, [op(C.BPF_ST, 16), RET]],
    ['a load of what was stored', true, [op(C.BPF_STX, 3), op(C.BPF_LD | C.BPF_MEM, 3), RET]],
    ['a load of another cell', false, [op(C.BPF_STX, 3), op(C.BPF_LDX | C.BPF_MEM, 4), RET]],
    ['a jump to the last instruction', true, [op(C.BPF_JMP | C.BPF_JA, 1), RET, RET]],
    ['a jump behind the program', false, [op(C.BPF_JMP | C.BPF_JA, 2), RET, RET]],
    ['a jump that wraps', false, [op(C.BPF_JMP | C.BPF_JA, 0xffffffff), RET]],
    ['a branch to the end', true, [op(C.BPF_JMP | C.BPF_JEQ | C.BPF_K, 0, 1, 0), RET, RET]],
    ['a true branch behind the program', false, [op(C.BPF_JMP | C.BPF_JEQ | C.BPF_K, 0, 2, 0), RET, RET]],
    ['a false branch behind the program', false, [op(C.BPF_JMP | C.BPF_JSET | C.BPF_X, 0, 0, 2), RET, RET]],
    ['a load from the packet', true, [op(C.BPF_LD | C.BPF_H | C.BPF_ABS, 12), RET]],
    ['a load from the link layer', true, [op(C.BPF_LD | C.BPF_B | C.BPF_ABS, F.SKF_LL_OFF), RET]],
    ['the protocol', true, [op(C.BPF_LD | C.BPF_W | C.BPF_ABS, F.SKF_AD_OFF + F.SKF_AD_PROTOCOL), RET]],
    ['the VLAN protocol', true, [op(C.BPF_LD | C.BPF_B | C.BPF_ABS, F.SKF_AD_OFF + F.SKF_AD_VLAN_TPID), RET]],
    ['an unknown ancillary value', false, [op(C.BPF_LD | C.BPF_W | C.BPF_ABS, F.SKF_AD_OFF + F.SKF_AD_MAX), RET]],
    ['an ancillary offset in between', false, [op(C.BPF_LD | C.BPF_W | C.BPF_ABS, F.SKF_AD_OFF + 2), RET]],
    ['an indirect load of any offset', true, [op(C.BPF_LD | C.BPF_W | C.BPF_IND, 0xfffffffe), RET]],
  ];
  for (const [title, expected, insns] of cases)
    it(`${expected ? 'takes' : 'refuses'} ${title}`, () => {
      expect(passes(insns)).to.equal(expected);
    });

  it('takes 4096 instructions and refuses 4097', () => {
    const nop = op(C.BPF_LD | C.BPF_IMM);
    expect(passes([...Array<Insn>(4095).fill(nop), RET])).to.be.true;
    expect(passes([...Array<Insn>(4096).fill(nop), RET])).to.be.false;
  });

  it('asks for a store on every way to a load', () => {
    const branch = (jt: number, jf: number): Insn => op(C.BPF_JMP | C.BPF_JEQ | C.BPF_K, 0, jt, jf);
    const load = op(C.BPF_LD | C.BPF_MEM, 0);
    expect(passes([branch(0, 1), op(C.BPF_ST, 0), load, RET]), 'stored on one way only').to.be.false;
    const both = [branch(0, 2), op(C.BPF_ST, 0), op(C.BPF_JMP | C.BPF_JA, 1), op(C.BPF_ST, 0), load, RET];
    expect(passes(both), 'stored on both ways').to.be.true;
  });

  it('judges any bytes without any other error', () => {
    const word = fc.oneof(fc.nat(0xffff), fc.constantFrom(6, 0x15, 0x20, 0x60, 0x61, 2, 3, 0x16));
    const insn = fc.tuple(word, fc.nat(255), fc.nat(255), fc.nat(0xffffffff));
    fc.assert(
      fc.property(fc.array(insn, { maxLength: 40 }), (insns) => {
        passes(insns);
      }),
    );
  });
});
