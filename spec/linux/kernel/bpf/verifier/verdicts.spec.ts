// Verdicts of the verifier and what it says: small programs of every kind, checked against a 6.18 kernel when written.
import { expect } from 'chai';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import * as C from '../../../../../lib/uapi/linux/bpf_common.js';
import * as F from '../../../../../lib/uapi/linux/bpf_func_id.js';
import * as I from '../../../../../lib/uapi/linux/bpf_insn.js';
import { CAP_BPF, CAP_NET_ADMIN } from '../../../../../lib/uapi/linux/capability.js';
import * as Build from '../../../../../lib/vm/build.js';
import type { Insn } from '../../../../../lib/vm/insn.js';
import { Bed } from './bed.js';

const EINVAL = 22;
const EACCES = 13;
const E2BIG = 7;
const EPERM = 1;
const FP = I.BPF_REG_FP;
const DATA = 76;
const DATA_END = 80;

const end = [Build.mov64Imm(0, 0), Build.exitInsn()];
const movReg = Build.mov64Reg;
const addImm = (dst: number, imm: number): Insn => Build.alu64Imm(C.BPF_ADD, dst, imm);

/** R2: the packet, R3: its end, R4: R2 + `length`, held against the end. */
const packet = (length: number): Insn[] => [
  Build.ldxMem(C.BPF_W, 2, 1, DATA),
  Build.ldxMem(C.BPF_W, 3, 1, DATA_END),
  movReg(4, 2),
  addImm(4, length),
  Build.jmpReg(C.BPF_JGT, 4, 3, 1),
];

interface Case {
  readonly what: string;
  readonly insns: readonly (Insn | readonly Insn[])[];
  /** 0: accepted. */
  readonly errno: number;
  readonly says?: string;
}

const cases: readonly Case[] = [
  { what: 'a program that returns', insns: [end], errno: 0 },
  { what: 'R0 that has no value', insns: [Build.exitInsn()], errno: EACCES, says: 'R0 !read_ok' },
  { what: 'a register that is not there', insns: [Build.mov64Imm(12, 0), end], errno: EINVAL, says: 'R12 is invalid' },
  {
    what: 'a new frame pointer',
    insns: [Build.mov64Imm(FP, 0), end],
    errno: EACCES,
    says: 'frame pointer is read only',
  },
  { what: 'no end', insns: [Build.mov64Imm(0, 0)], errno: EINVAL, says: 'last insn is not an exit or jmp' },
  { what: 'an instruction nobody comes to', insns: [end, end], errno: EINVAL, says: 'unreachable insn 2' },
  {
    what: 'a jump out of the program',
    insns: [Build.jmpA(5), end],
    errno: EINVAL,
    says: 'jump out of range from insn 0 to 6',
  },
  {
    what: 'a loop without end',
    insns: [Build.mov64Imm(0, 0), Build.jmpA(-1), Build.exitInsn()],
    errno: EINVAL,
    says: 'unreachable insn 2',
  },
  {
    what: 'a loop that ends',
    insns: [Build.mov64Imm(0, 0), addImm(0, 1), Build.jmpImm(I.BPF_JLT, 0, 10, -2), Build.exitInsn()],
    errno: 0,
  },
  {
    what: 'a shift by too much',
    insns: [Build.mov64Imm(0, 1), Build.alu64Imm(C.BPF_LSH, 0, 64), Build.exitInsn()],
    errno: EINVAL,
    says: 'invalid shift 64',
  },
  {
    what: 'a division by 0',
    insns: [Build.mov64Imm(0, 1), Build.alu64Imm(C.BPF_DIV, 0, 0), Build.exitInsn()],
    errno: EINVAL,
    says: 'div by zero',
  },
  {
    what: 'stack that was not written, read',
    insns: [Build.mov64Imm(2, 0), Build.stxMem(I.BPF_DW, FP, 2, -520), end],
    errno: EACCES,
    says: 'invalid write to stack R10 off=-520 size=8',
  },
  {
    what: 'stack out of alignment',
    insns: [Build.stMem(I.BPF_DW, FP, -12, 0), end],
    errno: EACCES,
    says: 'misaligned stack access off 0+0+-12 size 8',
  },
  {
    what: 'a pointer of which a part is restored',
    insns: [Build.stxMem(I.BPF_DW, FP, 1, -8), Build.ldxMem(C.BPF_W, 0, FP, -8), Build.exitInsn()],
    errno: EACCES,
    says: 'invalid size of register fill',
  },
  {
    what: 'a field of the context that is not there',
    insns: [Build.ldxMem(C.BPF_W, 0, 1, 400), Build.exitInsn()],
    errno: EACCES,
    says: 'invalid bpf_context access off=400 size=4',
  },
  {
    what: 'a changed pointer to the context',
    insns: [addImm(1, 8), Build.ldxMem(C.BPF_W, 0, 1, 0), Build.exitInsn()],
    errno: EACCES,
    says: 'dereference of modified ctx ptr R1 off=8 disallowed',
  },
  {
    what: 'a number as an address',
    insns: [Build.mov64Imm(2, 64), Build.ldxMem(C.BPF_W, 0, 2, 0), Build.exitInsn()],
    errno: EACCES,
    says: "R2 invalid mem access 'scalar'",
  },
  { what: 'packet bytes that were asked for', insns: [packet(14), Build.ldxMem(C.BPF_H, 0, 2, 12), end], errno: 0 },
  {
    what: 'packet bytes beyond',
    insns: [packet(14), Build.ldxMem(C.BPF_H, 0, 2, 13), end],
    errno: EACCES,
    says: 'R2 offset is outside of the packet',
  },
  {
    what: 'packet bytes after the packet was changed',
    insns: [
      movReg(6, 1),
      packet(14),
      Build.jmpA(1),
      Build.exitInsn(),
      movReg(7, 2),
      movReg(1, 6),
      Build.mov64Imm(2, 14),
      Build.emitCall(F.BPF_FUNC_skb_pull_data),
      Build.ldxMem(C.BPF_B, 0, 7, 0),
      Build.exitInsn(),
    ],
    errno: EACCES,
  },
  {
    what: 'a helper that is not there',
    insns: [Build.emitCall(9999), end],
    errno: EINVAL,
    says: 'invalid func unknown#9999',
  },
  {
    what: 'a helper with a wrong argument',
    insns: [
      Build.mov64Imm(1, 0),
      Build.mov64Imm(2, 0),
      Build.mov64Imm(3, 0),
      Build.emitCall(F.BPF_FUNC_skb_vlan_push),
      end,
    ],
    errno: EACCES,
    says: 'R1 type=scalar expected=ctx',
  },
  {
    what: 'two pointers added',
    insns: [movReg(2, FP), Build.alu64Reg(C.BPF_ADD, 2, 1), end],
    errno: EACCES,
    says: 'R2 pointer += pointer prohibited',
  },
  {
    what: 'a function that calls itself for ever',
    insns: [Build.callRel(1), Build.exitInsn(), Build.callRel(-1), Build.exitInsn()],
    errno: E2BIG,
    says: 'the call stack of 9 frames is too deep',
  },
  {
    what: 'a function that is called',
    insns: [Build.mov64Imm(1, 3), Build.callRel(1), Build.exitInsn(), movReg(0, 1), Build.exitInsn()],
    errno: 0,
  },
  {
    what: 'a function with a stack pointer as its result',
    insns: [Build.callRel(1), Build.exitInsn(), movReg(0, FP), Build.exitInsn()],
    errno: EINVAL,
    says: 'cannot return stack pointer to the caller',
  },
  {
    what: 'stacks that are too large together',
    insns: [
      Build.stMem(I.BPF_DW, FP, -296, 0),
      Build.callRel(1),
      Build.exitInsn(),
      Build.stMem(I.BPF_DW, FP, -296, 0),
      end,
    ],
    errno: EACCES,
    says: 'combined stack size of 2 calls is 608. Too large',
  },
  { what: 'an unknown opcode', insns: [Build.raw(0xff, 0, 0, 0, 0), end], errno: EINVAL, says: 'unknown opcode ff' },
  {
    what: 'reserved fields',
    insns: [Build.raw(I.BPF_ALU64 | I.BPF_MOV | C.BPF_K, 0, 3, 0, 0), Build.exitInsn()],
    errno: EINVAL,
    says: 'BPF_MOV uses reserved fields',
  },
];

describe('kernel/bpf/verifier: verdicts', () => {
  for (const { what, insns, errno, says } of cases)
    it(`${errno === 0 ? 'accepts' : 'refuses'} ${what}`, () => {
      const loaded = new Bed().load(insns);
      expect(loaded.errno, loaded.log).to.equal(errno);
      if (says !== undefined) expect(loaded.lines).to.include(says);
      expect(new Bed().load(insns, { level: 0 }).errno).to.equal(errno);
    });

  it('has values of maps looked for before they are used', () => {
    const bed = new Bed();
    const map = bed.map(B.BPF_MAP_TYPE_HASH, 4, 16, 8);
    const lookup = [
      Build.stMem(C.BPF_W, FP, -4, 1),
      ...Build.ldImm64(1, map, 0, B.BPF_PSEUDO_MAP_FD),
      movReg(2, FP),
      addImm(2, -4),
      Build.emitCall(F.BPF_FUNC_map_lookup_elem),
    ];
    const store = (off: number): Insn => Build.stMem(I.BPF_DW, 0, off, 7);
    expect(bed.load([lookup, store(0), end]).lines.at(-1)).to.equal("R0 invalid mem access 'map_value_or_null'");
    const checked = [...lookup, Build.jmpImm(C.BPF_JEQ, 0, 0, 1)];
    expect(bed.load([checked, store(8), end]).errno).to.equal(0);
    expect(bed.load([checked, store(12), end]).lines.slice(-2)).to.deep.equal([
      'invalid access to map value, value_size=16 off=12 size=8',
      'R0 min value is outside of the allowed memory range',
    ]);
  });

  it('takes an fd that is no map for what it is', () => {
    const load = [...Build.ldImm64(1, 77, 0, B.BPF_PSEUDO_MAP_FD), ...end];
    const { errno, lines } = new Bed().load(load);
    expect(errno).to.equal(9);
    expect(lines).to.deep.equal(['fd 77 is not pointing to valid bpf_map']);
  });

  it('wants sockets given back', () => {
    const lookup = [
      ...[-8, -16, -24, -32, -40].map((off) => Build.stMem(I.BPF_DW, FP, off, 0)),
      movReg(2, FP),
      addImm(2, -40),
      Build.mov64Imm(3, 12),
      Build.mov64Imm(4, 0),
      Build.mov64Imm(5, 0),
      Build.emitCall(F.BPF_FUNC_sk_lookup_tcp),
    ];
    expect(new Bed().load([lookup, end]).lines.slice(-2)).to.deep.equal([
      'Unreleased reference id=2 alloc_insn=10',
      'BPF_EXIT instruction in main prog would lead to reference leak',
    ]);
    const release = [Build.jmpImm(C.BPF_JEQ, 0, 0, 2), movReg(1, 0), Build.emitCall(F.BPF_FUNC_sk_release)];
    expect(new Bed().load([lookup, release, end]).errno).to.equal(0);
  });

  describe('of a loader without CAP_PERFMON', () => {
    const bed = (): Bed => new Bed(new Set([CAP_BPF, CAP_NET_ADMIN]));

    it('lets no address out', () => {
      expect(
        bed()
          .load([movReg(0, FP), Build.exitInsn()])
          .lines.at(-1),
      ).to.equal('R0 leaks addr as return value');
      const { errno, lines } = bed().load([Build.stxMem(I.BPF_DW, FP, 1, -8), Build.ldxMem(I.BPF_DW, 0, FP, -8), end]);
      expect(errno).to.equal(0);
      expect(lines).to.deep.equal([]);
      const compared = [Build.jmpImm(C.BPF_JGT, 1, 5, 0), ...end];
      expect(bed().load(compared).lines.at(-1)).to.equal('R1 pointer comparison prohibited');
    });

    it('wants the stack written before it is read', () => {
      const { errno, lines } = bed().load([Build.ldxMem(I.BPF_DW, 0, FP, -8), Build.exitInsn()]);
      expect(errno).to.equal(EACCES);
      expect(lines.at(-1)).to.equal('invalid read from stack R10 off=-8 size=8');
    });

    it('has no functions of the program without CAP_BPF', () => {
      const filter = new Bed(new Set([CAP_NET_ADMIN]));
      const called = [Build.callRel(1), Build.exitInsn(), ...end];
      expect(filter.load(called, { type: B.BPF_PROG_TYPE_SOCKET_FILTER }).errno).to.equal(EPERM);
    });
  });
});
