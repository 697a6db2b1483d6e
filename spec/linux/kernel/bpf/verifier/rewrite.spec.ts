// What runs is not what was submitted: divisions, dead code, the context, calls in place.
import { expect } from 'chai';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import * as C from '../../../../../lib/uapi/linux/bpf_common.js';
import * as F from '../../../../../lib/uapi/linux/bpf_func_id.js';
import * as I from '../../../../../lib/uapi/linux/bpf_insn.js';
import { CAP_BPF, CAP_NET_ADMIN } from '../../../../../lib/uapi/linux/capability.js';
import * as Build from '../../../../../lib/vm/build.js';
import { printBpfInsn } from '../../../../../lib/vm/disasm.js';
import { Insns, type Insn } from '../../../../../lib/vm/insn.js';
import { Bed } from './bed.js';

function textOf(bytes: Uint8Array): string[] {
  const insns = new Insns(bytes);
  return Array.from({ length: insns.length }, (_, i) => printBpfInsn(insns, i));
}

const end = [Build.mov64Imm(0, 0), Build.exitInsn()];

function rewritten(insns: readonly (Insn | readonly Insn[])[], bed = new Bed()): string[] {
  const { prog, log } = bed.load(insns);
  expect(prog, log).not.to.equal(undefined);
  return textOf(prog!.insns);
}

describe('kernel/bpf/verifier: rewriting', () => {
  it('goes around divisors that are 0', () => {
    const divide = (op: number, wide: boolean): string[] =>
      rewritten([
        Build.mov64Imm(0, 7),
        Build.ldxMem(C.BPF_W, 2, 1, 0),
        (wide ? Build.alu64Reg : Build.alu32Reg)(op, 0, 2),
        Build.exitInsn(),
      ]).slice(2, -1);
    expect(divide(C.BPF_DIV, true)).to.deep.equal([
      '(55) if r2 != 0x0 goto pc+2',
      '(ac) w0 ^= w0',
      '(05) goto pc+1',
      '(3f) r0 /= r2',
    ]);
    expect(divide(C.BPF_MOD, false)).to.deep.equal([
      '(16) if w2 == 0x0 goto pc+2',
      '(9c) w0 %= w2',
      '(05) goto pc+1',
      '(bc) w0 = w0',
    ]);
  });

  it('moves jumps with what they lead to', () => {
    const insns = [
      Build.mov64Imm(0, 1),
      Build.ldxMem(C.BPF_W, 2, 1, 0),
      Build.alu64Imm(C.BPF_ADD, 0, 1),
      Build.jmpImm(C.BPF_JGT, 2, 9, 1),
      Build.alu64Reg(C.BPF_DIV, 0, 2),
      Build.jmpImm(I.BPF_JLT, 0, 5, -4),
      Build.exitInsn(),
    ];
    const { prog } = new Bed().load([Build.ldxMem(C.BPF_W, 3, 1, 0), ...insns.slice(0, 5), Build.exitInsn()]);
    expect(textOf(prog!.insns)[4]).to.equal('(25) if r2 > 0x9 goto pc+4');
  });

  it('takes out what nothing comes to', () => {
    const insns = [Build.mov64Imm(2, 5), Build.jmpImm(C.BPF_JEQ, 2, 5, 2), Build.mov64Imm(0, 9), Build.exitInsn(), end];
    expect(rewritten(insns)).to.deep.equal(['(b7) r2 = 5', '(b7) r0 = 0', '(95) exit']);
  });

  it('makes harmless what nothing comes to, for a loader without CAP_BPF', () => {
    const bed = new Bed(new Set([CAP_NET_ADMIN]));
    const insns = [Build.mov64Imm(2, 5), Build.jmpImm(C.BPF_JEQ, 2, 5, 2), Build.mov64Imm(0, 9), Build.exitInsn(), end];
    const { prog } = bed.load(insns, { type: B.BPF_PROG_TYPE_SOCKET_FILTER });
    if (prog !== undefined) expect(textOf(prog.insns).slice(2, 4)).to.deep.equal(['(05) goto pc-1', '(05) goto pc-1']);
  });

  it('reads the packet through the context', () => {
    const [first] = rewritten([Build.ldxMem(C.BPF_W, 0, 1, 0), Build.exitInsn()]);
    expect(first)
      .to.match(/^\(61\) r0 = \*\(u32 \*\)\(r1 \+\d+\)$/)
      .and.not.to.contain('+0)');
  });

  it('looks into arrays in place', () => {
    const bed = new Bed();
    const map = bed.map(B.BPF_MAP_TYPE_ARRAY, 4, 8, 3);
    const texts = rewritten(
      [
        Build.stMem(C.BPF_W, 10, -4, 9),
        Build.ldImm64(1, map, 0, B.BPF_PSEUDO_MAP_FD),
        Build.mov64Reg(2, 10),
        Build.alu64Imm(C.BPF_ADD, 2, -4),
        Build.emitCall(F.BPF_FUNC_map_lookup_elem),
        end,
      ],
      bed,
    );
    expect(texts.filter((text) => text.startsWith('(85)'))).to.deep.equal([]);
    expect(texts).to.include('(35) if r0 >= 0x3 goto pc+3');
  });

  it('masks offsets of pointers, for a loader without CAP_PERFMON', () => {
    const bed = new Bed(new Set([CAP_BPF, CAP_NET_ADMIN]));
    const map = bed.map(B.BPF_MAP_TYPE_HASH, 4, 64, 3);
    const texts = rewritten(
      [
        Build.ldxMem(C.BPF_W, 6, 1, 0),
        Build.stMem(C.BPF_W, 10, -4, 9),
        Build.ldImm64(1, map, 0, B.BPF_PSEUDO_MAP_FD),
        Build.mov64Reg(2, 10),
        Build.alu64Imm(C.BPF_ADD, 2, -4),
        Build.emitCall(F.BPF_FUNC_map_lookup_elem),
        Build.jmpImm(C.BPF_JEQ, 0, 0, 3),
        Build.alu64Imm(C.BPF_AND, 6, 31),
        Build.alu64Reg(C.BPF_ADD, 0, 6),
        Build.ldxMem(C.BPF_B, 0, 0, 0),
        end,
      ],
      bed,
    );
    expect(texts).to.include.members(['(1f) r11 -= r6', '(5f) r11 &= r6', '(0f) r0 += r11']);
  });

  it('makes the packet the own before it is written', () => {
    const texts = rewritten([
      Build.ldxMem(C.BPF_W, 2, 1, 76),
      Build.ldxMem(C.BPF_W, 3, 1, 80),
      Build.mov64Reg(4, 2),
      Build.alu64Imm(C.BPF_ADD, 4, 1),
      Build.jmpReg(C.BPF_JGT, 4, 3, 1),
      Build.stMem(C.BPF_B, 2, 0, 1),
      end,
    ]);
    expect(texts.findIndex((text) => text.startsWith('(85) call bpf_skb_pull_data'))).to.be.within(1, 8);
  });

  it('counts the rounds of may_goto in the stack', () => {
    const mayGoto = Build.raw(C.BPF_JMP | I.BPF_JCOND, 0, I.BPF_MAY_GOTO, 1, 0);
    const { prog, log } = new Bed().load([Build.mov64Imm(0, 0), mayGoto, Build.jmpA(-2), Build.exitInsn()]);
    expect(prog, log).not.to.equal(undefined);
    expect(prog!.stackDepth).to.be.greaterThan(0);
    expect(textOf(prog!.insns)[0]).to.equal('(7a) *(u64 *)(r10 -8) = 8388608');
  });
});
