// Text of instructions: what the kernel's logs show of each kind, that the assembler reads back what the disassembler
// writes, and what else it takes.
import { expect } from 'chai';
import fc from 'fast-check';
import * as I from '../../lib/uapi/linux/bpf_insn.js';
import { assemble, AssemblerError } from '../../lib/vm/assembler.js';
import * as B from '../../lib/vm/build.js';
import { printBpfInsn } from '../../lib/vm/disasm.js';
import type { Insn } from '../../lib/vm/insn.js';
import { decodeInsns, encodeInsns, Insns } from '../../lib/vm/insn.js';
import { atomicOps, bpfOpcodeInInsntable, isLdImm64, opcodes } from '../../lib/vm/isa.js';
import type { Opcode } from '../../lib/vm/isa.js';

const register = fc.integer({ min: 0, max: 10 });
const s16 = fc.integer({ min: -0x8000, max: 0x7fff });
const s32 = fc.integer();

/** Instructions of an opcode whose unused fields are 0. */
function instances(opcode: Opcode): fc.Arbitrary<Insn[]> {
  const { code, form, name, wide, size } = opcode;
  const made = (fields: Partial<Record<'dst' | 'src' | 'off' | 'imm', fc.Arbitrary<number>>>): fc.Arbitrary<Insn[]> =>
    fc.record(fields).map((given) => [{ code, dst: 0, src: 0, off: 0, imm: 0, ...given }]);
  switch (form) {
    case 'alu-imm':
      return made({ dst: register, imm: s32, off: fc.constantFrom(0, name === 'div' || name === 'mod' ? 1 : 0) });
    case 'alu-reg': {
      const casts = name === 'mov' ? [8, 16, ...(wide ? [32] : [])] : name === 'div' || name === 'mod' ? [1] : [0];
      return made({ dst: register, src: register, off: fc.constantFrom(0, ...casts) });
    }
    case 'neg':
      return made({ dst: register });
    case 'end':
      return made({ dst: register, imm: fc.constantFrom(16, 32, 64) });
    case 'ld-imm64':
      return fc.tuple(register, s32, s32).map(([dst, low, high]) => B.ldImm64(dst, low, high));
    case 'ld-abs':
      return made({ imm: s32 });
    case 'ld-ind':
      return made({ src: register, imm: s32 });
    case 'ldx':
    case 'stx':
      return made({ dst: register, src: register, off: s16 });
    case 'st':
      return made({ dst: register, off: s16, imm: s32 });
    case 'atomic': {
      const ops = [...atomicOps.keys()].filter((imm) => size >= 4 || imm >= I.BPF_LOAD_ACQ);
      return made({ dst: register, src: register, off: s16, imm: fc.constantFrom(...ops) });
    }
    case 'ja':
    case 'jcond':
      return made({ off: s16 });
    case 'ja32':
      return made({ imm: s32 });
    case 'jmp-reg':
      return made({ dst: register, src: register, off: s16 });
    case 'jmp-imm':
      return made({ dst: register, imm: s32, off: s16 });
    case 'call':
      return fc.oneof(made({ imm: fc.integer({ min: 0, max: 5000 }) }), made({ src: fc.constant(1), imm: s32 }));
    default:
      return made({});
  }
}

const text = (insns: readonly Insn[], early = false): string =>
  printBpfInsn(new Insns(encodeInsns(insns)), 0, { early });

describe('vm: text of instructions', () => {
  for (const opcode of opcodes) {
    if (opcode === undefined || opcode.form === 'tail-call' || opcode.name === 'probe') continue;
    const { code, name, form } = opcode;
    it(`0x${code.toString(16).padStart(2, '0')} ${name} (${form}) is read back`, () => {
      fc.assert(
        fc.property(instances(opcode), (insns) => {
          const line = text(insns);
          expect(decodeInsns(assemble(line))).to.deep.equal(insns, line);
          expect(decodeInsns(assemble(line.slice(5)))).to.deep.equal(insns, line);
        }),
      );
    });
  }

  it('is that of the verifier log', () => {
    const lines = [
      ['b700000001000000', '(b7) r0 = 1'],
      ['bc21000000000000', '(bc) w1 = w2'],
      ['bf21080000000000', '(bf) r1 = (s8)r2'],
      ['3f21010000000000', '(3f) r1 s/= r2'],
      ['8700000000000000', '(87) r0 = -r0'],
      ['dc02000010000000', '(dc) r2 = be16 r2'],
      ['d702000020000000', '(d7) r2 = bswap32 r2'],
      ['7a0af8ff05000000', '(7a) *(u64 *)(r10 -8) = 5'],
      ['9112040000000000', '(91) r2 = *(s8 *)(r1 +4)'],
      ['2000000017000000', '(20) r0 = *(u32 *)skb[23]'],
      ['4810000002000000', '(48) r0 = *(u16 *)skb[r1 + 2]'],
      ['db21080000000000', '(db) lock *(u64 *)(r1 +8) += r2'],
      ['c321080051000000', '(c3) r2 = atomic_fetch_and((u32 *)(r1 +8), r2)'],
      ['db210000f1000000', '(db) r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)'],
      ['d312080000010000', '(d3) r2 = load_acquire((u8 *)(r1 +8))'],
      ['cb21080010010000', '(cb) store_release((u16 *)(r1 +8), r2)'],
      ['550102000000ff7f', '(55) if r1 != 0x7fff0000 goto pc+2'],
      ['6601feffffffffff', '(66) if w1 s> 0xffffffff goto pc-2'],
      ['0500fcff00000000', '(05) goto pc-4'],
      ['0600000003000000', '(06) gotol pc+3'],
      ['e500030000000000', '(e5) may_goto pc+3'],
      ['8500000001000000', '(85) call bpf_map_lookup_elem#1'],
      ['8510000005000000', '(85) call pc+5'],
      ['8520000005000000', '(85) call kernel-function#5'],
      ['8500000088130000', '(85) call unknown#5000'],
      ['9500000000000000', '(95) exit'],
      ['c200000000000000', '(c2) nospec'],
      ['c200000000000000'.replace('c2', 'a2'), 'BUG_st_a2'],
    ] as const;
    for (const [bytes, line] of lines)
      expect(printBpfInsn(new Insns(Uint8Array.from(Buffer.from(bytes, 'hex'))), 0)).to.equal(line);
  });

  it('hides addresses and takes names from the caller', () => {
    const insns = new Insns(encodeInsns([...B.ldImm64(1, 0x1234, 0x7fff, 1), B.callRel(7)]));
    expect(printBpfInsn(insns, 0)).to.equal('(18) r1 = 0x7fff00001234');
    expect(printBpfInsn(insns, 0, { allowPtrLeaks: false })).to.equal('(18) r1 = 0x0');
    expect(printBpfInsn(insns, 0, { imm: (all, i) => `map[id:${all.imm(i)}]` })).to.equal('(18) r1 = map[id:4660]');
    expect(printBpfInsn(insns, 2, { call: () => '+7#f' })).to.equal('(85) call pc+7#f');
  });

  it('of early kernels names no 32-bit registers and no helpers', () => {
    expect(text([B.alu32Imm(I.BPF_MOV, 3, 7)], true)).to.equal('(b4) (u32) r3 = (u32) 7');
    expect(text([B.alu32Reg(0, 3, 1)], true)).to.equal('(0c) (u32) r3 += (u32) r1');
    expect(text([B.endian(I.BPF_TO_BE, 2, 16)], true)).to.equal('(dc) (u32) r2 endian (u32) r0');
    expect(text([B.emitCall(1)], true)).to.equal('(85) call 1');
    expect(text(B.ldImm64(1, -1, 5), true)).to.equal('(18) r1 = 0xffffffff');
    expect(text([B.raw(0x16, 1, 0, 2, 3)], true)).to.equal('(16) BUG');
    expect(text([B.raw(0xa5, 1, 0, 2, 3)], true)).to.equal('(a5) if r1 (null) 0x3 goto pc+2');
  });
});

describe('vm: assembler', () => {
  it('knows labels, functions and maps', () => {
    const source = `
      r1 = map_fd(3)          ; held by the program
      r2 = map_value(4, 16)
      r3 = func add
      again:
      0: (07) r0 += 1
      if r0 < 10 goto again   // ten rounds
      call func add
      goto end
      add:
      r0 = r1
      end:
      exit
    `;
    expect(decodeInsns(assemble(source))).to.deep.equal([
      ...[B.ldImm64(1, 3, 0, 1), B.ldImm64(2, 4, 16, 2), B.ldImm64(3, 5, 0, 4)].flat(),
      ...[B.alu64Imm(0, 0, 1), B.jmpImm(I.BPF_JLT, 0, 10, -2), B.callRel(1), B.jmpA(1), B.mov64Reg(0, 1), B.exitInsn()],
    ]);
  });

  it('says which line is none', () => {
    expect(() => assemble('exit\nr11x = 5')).to.throw(AssemblerError, 'line 2: no instruction: r11x = 5');
    expect(() => assemble('goto nowhere')).to.throw(AssemblerError, 'line 1: no label nowhere');
    expect(() => assemble('r0 = 99999999999')).to.throw(AssemblerError, 'line 1');
    expect(() => assemble('w0 = r1')).to.throw(AssemblerError, 'line 1');
  });
});

describe('vm: instruction table', () => {
  it('has the opcodes a user may submit', () => {
    const known = [...opcodes.keys()].filter(bpfOpcodeInInsntable);
    expect(known).to.include.members([0x07, 0x18, 0x85, 0x95, 0xe5, 0x06, 0x91, 0xdb, 0xd3, 0xd7]);
    expect(known).to.not.include.members([0x00, 0x08, 0x8d, 0xf5, 0xc2, 0xff, 0x98]);
  });

  it('tells operations apart', () => {
    const keys = opcodes.flatMap((o) => (o ? [`${o.name}/${o.form}/${o.wide}/${o.size}/${o.signed}`] : []));
    expect(new Set(keys).size).to.equal(keys.length);
    expect(isLdImm64(0x18)).to.equal(true);
  });
});
