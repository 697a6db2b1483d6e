// Running programs on packets: classic ones with everything they may ask of a packet, extended ones with their maps, calls
// that are not modelled, what is kept between runs.
import { expect } from 'chai';
import { ModelGap } from '../../../../../lib/linux/errno.js';
import { BpfProg } from '../../../../../lib/linux/kernel/bpf/prog.js';
import type { ProgFile } from '../../../../../lib/linux/kernel/bpf/file.js';
import { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import { devGetByIndex } from '../../../../../lib/linux/net/core/dev/table.js';
import { bpfProgRunSaveCb, classicProgram, classicRun, progRun } from '../../../../../lib/linux/net/core/filter/run.js';
import type { SkBuff } from '../../../../../lib/linux/net/core/skbuff/sk_buff.js';
import { ethTypeTrans } from '../../../../../lib/linux/net/ethernet/eth_type_trans.js';
import * as C from '../../../../../lib/uapi/linux/bpf_common.js';
import * as F from '../../../../../lib/uapi/linux/bpf_func_id.js';
import { BPF_PROG_LOAD, BPF_PROG_TYPE_SCHED_CLS } from '../../../../../lib/uapi/linux/bpf.js';
import * as U from '../../../../../lib/uapi/linux/filter.js';
import * as I from '../../../../../lib/vm/build.js';
import { encodeInsns, type Insn } from '../../../../../lib/vm/insn.js';

type Classic = readonly [code: number, jt: number, jf: number, k: number];
const RET_A: Classic = [C.BPF_RET | U.BPF_A, 0, 0, 0];
const load = (k: number): Classic => [C.BPF_LD | C.BPF_W | C.BPF_ABS, 0, 0, k >>> 0];
const ancillary = (k: number): Classic => load(U.SKF_AD_OFF + k);

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const ETHERNET = '02 00 00 00 00 09 02 00 00 00 00 01';
const TCP4 = hex(
  `${ETHERNET} 0800 45 00 0030 0001 0000 40 06 0000 0a000001 0a000002 03e8 0050 00000001 00000002 70 18 0200 0000 0000
   0101010101010101`.replaceAll('\n', ''),
);
const FRAGMENT = TCP4.slice();
FRAGMENT.set([0x00, 0x10], 20);
const UDP6 = hex(
  `${ETHERNET} 86dd 60000000 0010 2c 40 ${'00'.repeat(15)}01 ${'00'.repeat(15)}02 11 00 0000 00000000 03e8 0035 0008 0000`,
);
const ARP = hex(`${ETHERNET} 0806 ${'00'.repeat(28)}`);

describe('net/core/filter/run', () => {
  let machine: Machine;
  const events: string[] = [];
  beforeEach(() => {
    machine = new Machine();
    events.length = 0;
  });

  /** A packet as a socket filter sees it: it starts behind the link header. */
  function packet(bytes: Uint8Array): SkBuff {
    const skb = machine.softnet.skbs.alloc(64 + bytes.length)!;
    skb.reserve(64);
    machine.memory.u8.set(bytes, skb.put(bytes.length));
    skb.protocol = ethTypeTrans(skb, devGetByIndex(machine.net, 1)!);
    skb.resetNetworkHeader();
    return skb;
  }

  function classic(insns: readonly Classic[], skb: SkBuff): number {
    const view = new DataView(new ArrayBuffer(insns.length * 8));
    insns.forEach(([code, jt, jf, k], i) => {
      view.setUint16(8 * i, code, true);
      view.setUint8(8 * i + 2, jt);
      view.setUint8(8 * i + 3, jf);
      view.setUint32(8 * i + 4, k >>> 0, true);
    });
    return classicRun(machine, classicProgram(machine, { view }, 0, insns.length), skb) >>> 0;
  }

  function extended(insns: readonly Insn[]): BpfProg {
    const parts = { type: BPF_PROG_TYPE_SCHED_CLS, expectedAttachType: 0, name: '', gplCompatible: true, uid: 0 };
    return new BpfProg(machine, { ...parts, insns: encodeInsns(insns) }, machine);
  }

  it('classic programs load from the packet, its network and its link header', () => {
    const skb = packet(TCP4);
    expect(classic([load(12), RET_A], skb)).equal(0x0a000001);
    expect(classic([load(U.SKF_NET_OFF + 16), RET_A], skb)).equal(0x0a000002);
    expect(classic([load(U.SKF_LL_OFF), RET_A], skb)).equal(0x02000000);
    expect(classic([load(100), [C.BPF_RET | C.BPF_K, 0, 0, 9]], skb), 'behind the end').equal(0);
    expect(classic([load(U.SKF_LL_OFF + 60), [C.BPF_RET | C.BPF_K, 0, 0, 9]], skb), 'behind the end').equal(0);
    skb.pool.free(skb);
  });

  it('classic programs know what stands beside the packet', () => {
    const skb = packet(TCP4);
    skb.mark = 77;
    skb.queueMapping = 5;
    skb.setHash(0xdeadbeef, true, true);
    skb.putVlanTag(0x88a8, 0x1064);
    const asked = {
      [U.SKF_AD_PROTOCOL]: 0x0800,
      [U.SKF_AD_PKTTYPE]: 3,
      [U.SKF_AD_IFINDEX]: 1,
      [U.SKF_AD_HATYPE]: 772,
      [U.SKF_AD_MARK]: 77,
      [U.SKF_AD_QUEUE]: 5,
      [U.SKF_AD_RXHASH]: 0xdeadbeef,
      [U.SKF_AD_CPU]: 0,
      [U.SKF_AD_VLAN_TAG]: 0x1064,
      [U.SKF_AD_VLAN_TAG_PRESENT]: 1,
      [U.SKF_AD_VLAN_TPID]: 0x88a8,
    };
    for (const [k, value] of Object.entries(asked)) expect(classic([ancillary(Number(k)), RET_A], skb), k).equal(value);
    skb.pool.free(skb);
  });

  it('classic programs without a device end there', () => {
    const skb = packet(TCP4);
    skb.dev = undefined;
    expect(classic([[C.BPF_LD | C.BPF_IMM, 0, 0, 3], ancillary(U.SKF_AD_IFINDEX), RET_A], skb)).equal(3);
    skb.pool.free(skb);
  });

  it('classic programs find the payload', () => {
    const payload = (bytes: Uint8Array): number => {
      const skb = packet(bytes);
      try {
        return classic([ancillary(U.SKF_AD_PAY_OFFSET), RET_A], skb);
      } finally {
        skb.pool.free(skb);
      }
    };
    expect(payload(TCP4), 'TCP with options').equal(20 + 28);
    expect(payload(FRAGMENT), 'a later fragment').equal(20);
    expect(payload(UDP6), 'UDP behind a fragment header').equal(40 + 8 + 8);
    expect(payload(ARP), 'no internet').equal(0);
  });

  it('classic programs find attributes of netlink', () => {
    // Attribute 1 of 8 bytes, attribute 2 with attribute 5 in it.
    const skb = packet(hex(`${ETHERNET} 0800 0800 0100 aabbccdd 0c00 0200 0800 0500 11223344`));
    const find = (start: number, type: number, k: number): number =>
      classic([[C.BPF_LDX | C.BPF_IMM, 0, 0, type], [C.BPF_LD | C.BPF_IMM, 0, 0, start], ancillary(k), RET_A], skb);
    expect(find(0, 2, U.SKF_AD_NLATTR)).equal(8);
    expect(find(0, 3, U.SKF_AD_NLATTR)).equal(0);
    expect(find(8, 5, U.SKF_AD_NLATTR_NEST)).equal(12);
    expect(find(100, 1, U.SKF_AD_NLATTR)).equal(0);
    skb.pool.free(skb);
  });

  it('a helper without behaviour ends the run in a named gap', () => {
    const prog = extended([I.emitCall(F.BPF_FUNC_ktime_get_tai_ns), I.exitInsn()]);
    const skb = packet(TCP4);
    expect(() => progRun(prog, skb))
      .throws(ModelGap)
      .property('what')
      .equal('helper bpf_ktime_get_tai_ns');
    skb.pool.free(skb);
    prog.release(machine);
  });

  it('a filter of a socket gets an empty cb and leaves none', () => {
    const prog = extended([I.ldxMem(C.BPF_W, 0, 1, 48), I.stMem(C.BPF_W, 1, 48, 9), I.exitInsn()]);
    prog.cbAccess = true;
    const skb = packet(TCP4);
    skb.set32(48, 1234);
    expect(bpfProgRunSaveCb(prog, skb)).equal(0);
    expect(skb.get32(48)).equal(1234);
    skb.pool.free(skb);
    prog.release(machine);
  });

  it('a program that writes to a shared packet gets bytes of its own first', () => {
    const task = new LocalTask();
    const insns = [
      I.ldxMem(C.BPF_W, 2, 1, 76),
      I.ldxMem(C.BPF_W, 3, 1, 80),
      I.mov64Reg(4, 2),
      I.alu64Imm(C.BPF_ADD, 4, 4),
      I.mov64Imm(0, 1),
      I.jmpReg(C.BPF_JGT, 4, 3, 2),
      I.stMem(C.BPF_B, 2, 0, 0x77),
      I.mov64Imm(0, 0),
      I.exitInsn(),
    ];
    const fd = task.bpf(machine, BPF_PROG_LOAD, {
      prog_type: BPF_PROG_TYPE_SCHED_CLS,
      insn_cnt: insns.length,
      insns: encodeInsns(insns),
      license: 'GPL',
    });
    const { prog } = task.fget(fd) as ProgFile;
    const skb = packet(TCP4);
    const clone = skb.pool.clone(skb)!;
    expect(progRun(prog, clone)).equal(0);
    expect([clone.bytes()[0], skb.bytes()[0]]).deep.equal([0x77, 0x45]);
    expect([clone.shared, skb.shared]).deep.equal([false, false]);
    skb.pool.free(skb);
    skb.pool.free(clone);
    task.exit();
  });

  it('counts runs while somebody wants to know', () => {
    const prog = extended([I.mov64Imm(0, 3), I.exitInsn()]);
    const skb = packet(TCP4);
    expect(progRun(prog, skb)).equal(3);
    expect(prog.runCount).equal(0);
    machine.bpfIds.statsUsers++;
    progRun(prog, skb);
    expect(prog.runCount).equal(1);
    skb.pool.free(skb);
    prog.release(machine);
  });

  it('what programs print goes to the events of the machine', () => {
    machine.events.sink = (event) => {
      if (event.type === 'trace-printk') events.push(event.text);
    };
    const prog = extended([
      I.stMem(C.BPF_W, 10, -8, 0x6425_203d | 0),
      I.stMem(C.BPF_W, 10, -4, 0),
      I.mov64Reg(1, 10),
      I.alu64Imm(C.BPF_ADD, 1, -8),
      I.mov64Imm(2, 5),
      I.mov64Imm(3, -42),
      I.emitCall(F.BPF_FUNC_trace_printk),
      I.exitInsn(),
    ]);
    const skb = packet(TCP4);
    expect(progRun(prog, skb)).equal(5);
    expect(events).deep.equal(['= -42']);
    skb.pool.free(skb);
    prog.release(machine);
  });
});
