// The text of the log, to the letter, and the buffer it goes to.
import { expect } from 'chai';
import { VerifierLog } from '../../../../../lib/linux/kernel/bpf/log.js';
import { LocalMemory } from '../../../../../lib/linux/kernel/user_memory.js';
import * as C from '../../../../../lib/uapi/linux/bpf_common.js';
import * as I from '../../../../../lib/uapi/linux/bpf_insn.js';
import * as Build from '../../../../../lib/vm/build.js';
import { Bed } from './bed.js';

describe('kernel/bpf/log', () => {
  const write = (
    level: number,
    size: number,
    ...texts: string[]
  ): { text: string; failed: number; trueSize: number } => {
    const memory = new LocalMemory();
    const buffer = new Uint8Array(size);
    const log = new VerifierLog({ logLevel: level, logSize: size, logBuf: memory.map(buffer) }, memory);
    for (const text of texts) log.write(text);
    const { failed, trueSize } = log.finalize();
    return { text: Buffer.from(buffer.subarray(0, buffer.indexOf(0))).toString(), failed, trueSize };
  };

  it('keeps what fits', () => {
    expect(write(1, 16, 'abc', 'def')).to.deep.equal({ text: 'abcdef', failed: 0, trueSize: 7 });
  });

  it('keeps the end of what does not fit', () => {
    expect(write(1, 8, 'abcdef', 'ghijkl')).to.deep.equal({ text: 'fghijkl', failed: 28, trueSize: 13 });
  });

  it('keeps the start when asked to', () => {
    expect(write(9, 8, 'abcdef', 'ghijkl')).to.deep.equal({ text: 'abcdefg', failed: 28, trueSize: 13 });
  });

  it('takes text back', () => {
    const memory = new LocalMemory();
    const buffer = new Uint8Array(32);
    const log = new VerifierLog({ logLevel: 1, logSize: 32, logBuf: memory.map(buffer) }, memory);
    for (const text of ['one ', 'two ', 'three']) log.write(text);
    log.reset(6);
    log.write('!');
    log.finalize();
    expect(Buffer.from(buffer).toString()).to.match(/^one tw!\0/);
  });

  it('says when the buffer is not there', () => {
    const memory = new LocalMemory();
    const log = new VerifierLog({ logLevel: 1, logSize: 8, logBuf: 4096 }, memory);
    log.write('x');
    expect(log.finalize()).to.deep.equal({ trueSize: 2, failed: 14 });
  });

  it('refuses what contradicts itself', () => {
    const memory = new LocalMemory();
    const make = (logLevel: number, logSize: number, logBuf: number) => () =>
      new VerifierLog({ logLevel, logSize, logBuf }, memory);
    expect(make(1, 0, 4096)).to.throw();
    expect(make(0, 64, 4096)).to.throw();
    expect(make(16, 64, 4096)).to.throw();
    expect(make(1, 0, 0)).not.to.throw();
  });
});

describe('kernel/bpf/verifier: the log', () => {
  const insns = [
    Build.ldxMem(C.BPF_W, 2, 1, 0),
    Build.alu64Imm(C.BPF_AND, 2, 7),
    Build.jmpImm(C.BPF_JEQ, 2, 3, 1),
    Build.stxMem(I.BPF_DW, I.BPF_REG_FP, 2, -8),
    Build.mov64Imm(0, 0),
    Build.exitInsn(),
  ];

  it('of an accepted program counts alone', () => {
    expect(new Bed().load(insns).log).to.equal(
      'processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n',
    );
  });

  it('shows every step at level 2', () => {
    expect(new Bed().load(insns, { level: 2 }).log.split('\n')).to.deep.equal([
      'func#0 @0',
      'Live regs before insn:',
      '      0: .1........ (61) r2 = *(u32 *)(r1 +0)',
      '      1: ..2....... (57) r2 &= 7',
      '      2: ..2....... (15) if r2 == 0x3 goto pc+1',
      '      3: ..2....... (7b) *(u64 *)(r10 -8) = r2',
      '      4: .......... (b7) r0 = 0',
      '      5: 0......... (95) exit',
      '0: R1=ctx() R10=fp0',
      '0: (61) r2 = *(u32 *)(r1 +0)          ; R1=ctx() R2=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))',
      '1: (57) r2 &= 7                       ; R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7))',
      '2: (15) if r2 == 0x3 goto pc+1        ; R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7))',
      '3: (7b) *(u64 *)(r10 -8) = r2         ; R2=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7)) R10=fp0 fp-8=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7))',
      '4: (b7) r0 = 0                        ; R0=0',
      '5: (95) exit',
      '(0) frame 0 insn 3 +written -8 ',
      '(0) live stack update done in 2 iterations',
      '',
      'from 2 to 4: R1=ctx() R2=3 R10=fp0',
      '4: R1=ctx() R2=3 R10=fp0',
      '4: (b7) r0 = 0                        ; R0=0',
      '5: (95) exit',
      'processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0',
      '',
    ]);
  });

  it('has times and stacks at level 4', () => {
    expect(new Bed().load(insns, { level: 4 }).log).to.match(/^verification time \d+ usec\nstack depth 8\nprocessed /);
  });

  it('that does not fit ends the load', () => {
    const { errno, log, prog } = new Bed().load(insns, { level: 2, logSize: 128 });
    expect(errno).to.equal(28);
    expect(log).to.match(/mark_read 0\n$/);
    expect(prog).to.equal(undefined);
  });
});
