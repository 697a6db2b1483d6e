// The conversion of classic programs: the instructions that stand for each classic one, and that converted programs give
// what the classic machine gives, which is written down here once more in its own terms.
import { expect } from 'chai';
import fc from 'fast-check';
import * as C from '../../lib/uapi/linux/bpf_common.js';
import * as F from '../../lib/uapi/linux/filter.js';
import { bpfConvertFilter, ClassicError } from '../../lib/vm/classic.js';
import type { ClassicLayout } from '../../lib/vm/classic.js';
import { printBpfInsn } from '../../lib/vm/disasm.js';
import type { Helper } from '../../lib/vm/helper_call.js';
import { setR0, setR0Unsigned } from '../../lib/vm/helper_call.js';
import { Insns } from '../../lib/vm/insn.js';
import * as H from '../../lib/vm/internal_helpers.js';
import { Bench } from './bench.js';

const layout: ClassicLayout = {
  ...{ data: 200, len: 112, dataLen: 116, dev: 16, protocol: 176, mark: 164, hash: 148, queueMapping: 124 },
  ...{ pktType: 128, vlanAll: 152, vlanProto: 152, vlanTci: 154, ifindex: 224, devType: 536 },
};

interface Classic {
  readonly code: number;
  readonly jt?: number;
  readonly jf?: number;
  readonly k?: number;
}

function converted(prog: readonly Classic[]): Uint8Array {
  const bytes = Uint8Array.from(
    prog.flatMap(({ code, jt = 0, jf = 0, k = 0 }) => [...F.sock_filter.bytes({ code, jt, jf, k })]),
  );
  return bpfConvertFilter(layout, new DataView(bytes.buffer), 0, prog.length);
}

/** Text of the converted program without the three or seven instructions every program begins with. */
function text(...prog: Classic[]): string[] {
  const insns = new Insns(converted(prog));
  const lines = Array.from({ length: insns.length }, (_, i) => printBpfInsn(insns, i).slice(5));
  expect(lines.slice(0, 3)).to.deep.equal(['w0 ^= w0', 'w7 ^= w7', 'r6 = r1']);
  return lines.slice(3);
}

const { BPF_LD, BPF_LDX, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC, BPF_W, BPF_H, BPF_B, BPF_ABS, BPF_IND, BPF_X, BPF_K } = C;
const ret: Classic = { code: BPF_RET | F.BPF_A };
const anc = (value: number): Classic => ({ code: BPF_LD | BPF_W | BPF_ABS, k: F.SKF_AD_OFF + value });
const helperCall = (id: number): string => `call unknown#${id}`;
const giveUp = ['if r0 s>= 0x0 goto pc+2', 'w0 ^= w0', 'exit'];
const loadsFirst = ['r8 = *(u64 *)(r6 +200)', 'r9 = *(u32 *)(r6 +112)', 'r2 = *(u32 *)(r6 +116)', 'w9 -= w2'];

describe('vm: classic programs become', () => {
  it('loads from the linear part, or through a helper', () => {
    expect(text({ code: BPF_LD | BPF_H | BPF_ABS, k: 12 }, ret)).to.deep.equal([
      ...loadsFirst,
      ...['r2 = r9', 'r2 -= 12', 'if r2 s< 0x2 goto pc+3', 'r0 = *(u16 *)(r8 +12)', 'r0 = be16 r0', 'goto pc+8'],
      ...['r1 = r6', 'r2 = r8', 'r3 = r9', 'r4 = 12', helperCall(H.SKB_LOAD_HELPER_16), ...giveUp],
      'exit',
    ]);
    expect(text({ code: BPF_LD | BPF_B | BPF_ABS, k: 0 }, ret).slice(4, 9)).to.deep.equal([
      'r2 = r9',
      'if r2 s< 0x1 goto pc+2',
      'r0 = *(u8 *)(r8 +0)',
      'goto pc+8',
      'r1 = r6',
    ]);
    expect(text({ code: BPF_LD | BPF_W | BPF_ABS, k: 40000 }, ret).slice(4, 12)).to.deep.equal([
      ...['r2 = r9', 'r2 -= 40000', 'if r2 s< 0x4 goto pc+5', 'r2 = r8', 'r2 += 40000', 'r0 = *(u32 *)(r2 +0)'],
      ...['r0 = be32 r0', 'goto pc+8'],
    ]);
    expect(text({ code: BPF_LD | BPF_W | BPF_ABS, k: F.SKF_LL_OFF + 2 }, ret)).to.deep.equal([
      ...loadsFirst,
      ...['r1 = r6', 'r2 = r8', 'r3 = r9', 'r4 = -2097150', helperCall(H.SKB_LOAD_HELPER_32), ...giveUp, 'exit'],
    ]);
    expect(text({ code: BPF_LD | BPF_B | BPF_IND, k: 3 }, ret)).to.deep.equal([
      ...loadsFirst,
      ...['r1 = r6', 'r2 = r8', 'r3 = r9', 'r4 = r7', 'r4 += 3', helperCall(H.SKB_LOAD_HELPER_8), ...giveUp, 'exit'],
    ]);
  });

  it('the length of an IP header', () => {
    const lines = text({ code: BPF_LDX | C.BPF_MSH | BPF_B, k: 14 }, ret);
    expect(lines.slice(0, 5)).to.deep.equal([...loadsFirst, 'r7 = r0']);
    expect(lines.slice(-6)).to.deep.equal(['w0 &= 15', 'w0 <<= 2', 'r2 = r7', 'r7 = r0', 'r0 = r2', 'exit']);
  });

  it('reads of the structures of a packet', () => {
    const device = ['r2 = *(u64 *)(r6 +16)', 'if r2 != 0x0 goto pc+1', 'exit'];
    const fields: readonly (readonly [number, string[]])[] = [
      [F.SKF_AD_PROTOCOL, ['r0 = *(u16 *)(r6 +176)', 'r0 = be16 r0']],
      [F.SKF_AD_PKTTYPE, ['r0 = *(u8 *)(r6 +128)', 'w0 &= 7']],
      [F.SKF_AD_IFINDEX, [...device, 'r0 = *(u32 *)(r2 +224)']],
      [F.SKF_AD_HATYPE, [...device, 'r0 = *(u16 *)(r2 +536)']],
      [F.SKF_AD_MARK, ['r0 = *(u32 *)(r6 +164)']],
      [F.SKF_AD_RXHASH, ['r0 = *(u32 *)(r6 +148)']],
      [F.SKF_AD_QUEUE, ['r0 = *(u16 *)(r6 +124)']],
      [F.SKF_AD_VLAN_TAG, ['r0 = *(u16 *)(r6 +154)']],
      [F.SKF_AD_VLAN_TAG_PRESENT, ['r0 = *(u32 *)(r6 +152)', 'if r0 == 0x0 goto pc+1', 'w0 = 1']],
      [F.SKF_AD_VLAN_TPID, ['r0 = *(u16 *)(r6 +152)', 'r0 = be16 r0']],
      [F.SKF_AD_ALU_XOR_X, ['w0 ^= w7']],
      [F.SKF_AD_PAY_OFFSET, ['r1 = r6', 'r2 = r0', 'r3 = r7', helperCall(H.SKB_GET_PAY_OFFSET)]],
      [F.SKF_AD_NLATTR, ['r1 = r6', 'r2 = r0', 'r3 = r7', helperCall(H.SKB_GET_NLATTR)]],
      [F.SKF_AD_NLATTR_NEST, ['r1 = r6', 'r2 = r0', 'r3 = r7', helperCall(H.SKB_GET_NLATTR_NEST)]],
      [F.SKF_AD_CPU, ['r1 = r6', 'r2 = r0', 'r3 = r7', helperCall(H.GET_RAW_CPU_ID)]],
      [F.SKF_AD_RANDOM, ['r1 = r6', 'r2 = r0', 'r3 = r7', helperCall(H.USER_RND_U32)]],
    ];
    for (const [value, lines] of fields) expect(text(anc(value), ret)).to.deep.equal([...lines, 'exit']);
    expect(text({ code: BPF_LD | BPF_W | C.BPF_LEN }, { code: BPF_LDX | BPF_W | C.BPF_LEN }, ret)).to.deep.equal([
      'r0 = *(u32 *)(r6 +112)',
      'r7 = *(u32 *)(r6 +112)',
      'exit',
    ]);
  });

  it('jumps of one or two instructions', () => {
    const jump = (op: number, jt: number, jf: number, k = 5): string[] =>
      text({ code: BPF_JMP | op | BPF_K, jt, jf, k }, ret, ret, ret).slice(0, -3);
    expect(jump(C.BPF_JEQ, 2, 0)).to.deep.equal(['if r0 == 0x5 goto pc+2']);
    expect(jump(C.BPF_JEQ, 0, 2)).to.deep.equal(['if r0 != 0x5 goto pc+2']);
    expect(jump(C.BPF_JGT, 0, 1)).to.deep.equal(['if r0 <= 0x5 goto pc+1']);
    expect(jump(C.BPF_JGE, 0, 1)).to.deep.equal(['if r0 < 0x5 goto pc+1']);
    expect(jump(C.BPF_JSET, 0, 1)).to.deep.equal(['if r0 & 0x5 goto pc+1', 'goto pc+1']);
    expect(jump(C.BPF_JGT, 1, 2)).to.deep.equal(['if r0 > 0x5 goto pc+2', 'goto pc+2']);
    expect(jump(C.BPF_JEQ, 1, 0, 0x80000000)).to.deep.equal(['w2 = -2147483648', 'if r0 == r2 goto pc+1']);
    expect(text({ code: BPF_JMP | C.BPF_JEQ | BPF_X, jt: 1 }, ret, ret)[0]).to.equal('if r0 == r7 goto pc+1');
    expect(text({ code: BPF_JMP | C.BPF_JA, k: 1 }, ret, ret)[0]).to.equal('goto pc+1');
  });

  it('divisions that end the program by zero, moves, stores', () => {
    expect(text({ code: BPF_ALU | C.BPF_DIV | BPF_X }, ret)).to.deep.equal([
      'w7 = w7',
      'if r7 != 0x0 goto pc+2',
      'w0 ^= w0',
      'exit',
      'w0 /= w7',
      'exit',
    ]);
    expect(text({ code: BPF_ALU | C.BPF_MOD | BPF_K, k: 7 }, { code: BPF_RET | BPF_K, k: 9 })).to.deep.equal([
      'w0 %= 7',
      'w0 = 9',
      'exit',
    ]);
    expect(
      text(
        ...[
          { code: C.BPF_ST, k: 0 },
          { code: C.BPF_STX, k: 15 },
          { code: BPF_LD | C.BPF_MEM, k: 15 },
        ],
        ...[{ code: BPF_LDX | C.BPF_MEM, k: 0 }, { code: BPF_MISC | F.BPF_TAX }, { code: BPF_MISC | F.BPF_TXA }, ret],
      ),
    ).to.deep.equal([
      ...['*(u32 *)(r10 -4) = r0', '*(u32 *)(r10 -64) = r7', 'r0 = *(u32 *)(r10 -64)', 'r7 = *(u32 *)(r10 -4)'],
      ...['r7 = r0', 'r0 = r7', 'exit'],
    ]);
  });

  it('nothing, when a jump gets too far', () => {
    const far = { code: BPF_ALU | C.BPF_DIV | BPF_X };
    const filled = (n: number): Classic[] => [{ code: BPF_JMP | C.BPF_JA, k: n }, ...Array<Classic>(n).fill(far), ret];
    expect(() => converted(filled(7000))).to.throw(ClassicError, 'too far');
    expect(converted(filled(6000)).length).to.equal(8 * (3 + 1 + 6000 * 5 + 1));
  });
});

/** The classic machine: result of a program over a packet. */
function classicResult(prog: readonly Required<Classic>[], packet: Uint8Array): number {
  const cells = new Uint32Array(16);
  let [a, x] = [0, 0];
  const u32 = (value: number): number => value >>> 0;
  const alu: Readonly<Record<number, (value: number) => number | undefined>> = {
    [C.BPF_ADD]: (v) => a + v,
    [C.BPF_SUB]: (v) => a - v,
    [C.BPF_MUL]: (v) => Math.imul(a, v),
    [C.BPF_DIV]: (v) => (v === 0 ? undefined : Math.floor(a / v)),
    [C.BPF_MOD]: (v) => (v === 0 ? undefined : a % v),
    [C.BPF_OR]: (v) => a | v,
    [C.BPF_AND]: (v) => a & v,
    [C.BPF_XOR]: (v) => a ^ v,
    [C.BPF_LSH]: (v) => a << v,
    [C.BPF_RSH]: (v) => a >>> v,
    [C.BPF_NEG]: () => -a,
  };
  const conditions: Readonly<Record<number, (value: number) => boolean>> = {
    [C.BPF_JEQ]: (v) => a === v,
    [C.BPF_JGT]: (v) => a > v,
    [C.BPF_JGE]: (v) => a >= v,
    [C.BPF_JSET]: (v) => (a & v) !== 0,
  };
  const loaded = (code: number, offset: number): number | undefined => {
    const size = (code & 0x18) === BPF_B ? 1 : (code & 0x18) === BPF_H ? 2 : 4;
    if (offset < 0 || offset + size > packet.length) return undefined;
    return packet.subarray(offset, offset + size).reduce((sum, byte) => sum * 256 + byte, 0);
  };
  for (let pc = 0; ; pc++) {
    const { code, jt, jf, k } = prog[pc]!;
    const operand = (code & 0x08) === BPF_X ? x : k;
    const op = code & 0xf0;
    let value: number | undefined;
    switch (code & 7) {
      case BPF_ALU:
        value = alu[op]!(operand);
        if (value === undefined) return 0;
        a = u32(value);
        break;
      case BPF_JMP:
        pc += op === C.BPF_JA ? k : conditions[op]!(operand) ? jt : jf;
        break;
      case BPF_RET:
        return code === (BPF_RET | F.BPF_A) ? a : k;
      case C.BPF_ST:
        cells[k] = a;
        break;
      case C.BPF_STX:
        cells[k] = x;
        break;
      case BPF_MISC:
        if (code === (BPF_MISC | F.BPF_TAX)) x = a;
        else a = x;
        break;
      default:
        if ((code & 0xe0) === C.BPF_MEM) value = cells[k]!;
        else if ((code & 0xe0) === C.BPF_IMM) value = k;
        else if ((code & 0xe0) === C.BPF_LEN) value = packet.length;
        else if ((code & 0xe0) === BPF_IND) value = loaded(code, (k + x) | 0);
        else value = loaded(code, k | 0);
        if (value === undefined) return 0;
        if ((code & 0xe0) === C.BPF_MSH) x = (value & 15) * 4;
        else if ((code & 7) === BPF_LD) a = value;
        else x = value;
    }
  }
}

const cell = fc.integer({ min: 0, max: 15 });
const number = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.integer({ min: 0, max: 40 }),
  fc.constant(0xffffffff),
);
const offset = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constant(33000));
const fullOps = [C.BPF_ADD, C.BPF_SUB, C.BPF_MUL, C.BPF_OR, C.BPF_AND, C.BPF_XOR];
const sized = fc.constantFrom(BPF_W, BPF_H, BPF_B);
const instruction: fc.Arbitrary<Required<Classic>> = fc
  .oneof(
    fc.record({ code: fc.constantFrom(...fullOps.map((op) => BPF_ALU | op)), k: number }),
    fc.record({
      code: fc.constantFrom(BPF_ALU | C.BPF_DIV, BPF_ALU | C.BPF_MOD),
      k: fc.integer({ min: 1, max: 0xffffffff }),
    }),
    fc.record({ code: fc.constantFrom(BPF_ALU | C.BPF_LSH, BPF_ALU | C.BPF_RSH), k: fc.integer({ min: 0, max: 31 }) }),
    fc.record({
      code: fc.constantFrom(...[...fullOps, C.BPF_DIV, C.BPF_MOD].map((op) => BPF_ALU | op | BPF_X)),
    }),
    fc.record({ code: fc.constantFrom(BPF_ALU | C.BPF_NEG, BPF_MISC | F.BPF_TAX, BPF_MISC | F.BPF_TXA) }),
    fc.record({ code: fc.constantFrom(BPF_LD | C.BPF_IMM, BPF_LDX | C.BPF_IMM), k: number }),
    fc.record({ code: sized.map((size) => BPF_LD | size | BPF_ABS), k: offset }),
    fc.record({ code: sized.map((size) => BPF_LD | size | BPF_IND), k: fc.oneof(offset, number) }),
    fc.record({ code: fc.constantFrom(BPF_LD | BPF_W | C.BPF_LEN, BPF_LDX | BPF_W | C.BPF_LEN) }),
    fc.record({ code: fc.constant(BPF_LDX | C.BPF_MSH | BPF_B), k: offset }),
    fc.record({ code: fc.constantFrom(C.BPF_ST, C.BPF_STX, BPF_LD | C.BPF_MEM, BPF_LDX | C.BPF_MEM), k: cell }),
    fc.record({
      code: fc.constantFrom(
        ...[C.BPF_JEQ, C.BPF_JGT, C.BPF_JGE, C.BPF_JSET].flatMap((op) => [BPF_JMP | op | BPF_K, BPF_JMP | op | BPF_X]),
      ),
      ...{ jt: fc.integer({ min: 0, max: 5 }), jf: fc.integer({ min: 0, max: 5 }), k: number },
    }),
    fc.record({ code: fc.constant(BPF_JMP | C.BPF_JA), k: fc.integer({ min: 0, max: 5 }) }),
  )
  .map((insn) => ({ jt: 0, jf: 0, k: 0, ...insn }));

describe('vm: converted programs', () => {
  const bench = new Bench();
  const skb = bench.memory.alloc(224);
  const data = bench.memory.alloc(64);
  const { u32 } = bench.memory;

  /** The loads of net/core/filter.c over a packet without frags. */
  const load =
    (size: number): Helper =>
    (regs) => {
      const [at, head, off] = [regs[4]!, regs[6]!, regs[8]!];
      if (off < 0 || head - off < size) {
        setR0(regs, -14);
        return;
      }
      const bytes = bench.memory.u8.subarray(at + off, at + off + size);
      setR0Unsigned(
        regs,
        bytes.reduce((sum, byte) => sum * 256 + byte, 0),
      );
    };
  const table = new Map([
    [H.SKB_LOAD_HELPER_8, load(1)],
    [H.SKB_LOAD_HELPER_16, load(2)],
    [H.SKB_LOAD_HELPER_32, load(4)],
  ]);

  it('give what the classic machine gives', () => {
    // Padding in front sets every cell, so that loads of cells have something to load; behind, every jump finds a return.
    const first = [...Array(16).keys()].map((k): Required<Classic> => ({ code: C.BPF_ST, jt: 0, jf: 0, k }));
    const last = Array<Required<Classic>>(6).fill({ code: BPF_RET | F.BPF_A, jt: 0, jf: 0, k: 0 });
    fc.assert(
      fc.property(fc.array(instruction, { maxLength: 40 }), fc.uint8Array({ maxLength: 64 }), (body, packet) => {
        const prog = [...first, ...body, ...last];
        bench.memory.u8.set(packet, data);
        u32[(skb + layout.data) >> 2] = data;
        u32[(skb + layout.len) >> 2] = packet.length;
        const program = bench.vm.compile(converted(prog), { helpers: (id) => table.get(id) });
        expect(bench.vm.run(program, skb) >>> 0).to.equal(classicResult(prog, packet));
      }),
      { numRuns: 1000 },
    );
  });
});
