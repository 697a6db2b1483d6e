// Helpers of every kind of program, called as a program calls them: text, time, tasks, memory by address, loops.
import { expect } from 'chai';
import { ModelGap } from '../../../../lib/linux/errno.js';
import { bpfBaseFuncProto } from '../../../../lib/linux/kernel/bpf/helpers.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { BPF_PSEUDO_FUNC } from '../../../../lib/uapi/linux/bpf.js';
import * as C from '../../../../lib/uapi/linux/bpf_common.js';
import * as F from '../../../../lib/uapi/linux/bpf_func_id.js';
import { CAP_BPF } from '../../../../lib/uapi/linux/capability.js';
import * as I from '../../../../lib/vm/build.js';
import { encodeInsns } from '../../../../lib/vm/insn.js';

describe('kernel/bpf/helpers', () => {
  let machine: Machine;
  let memory: number;
  beforeEach(() => {
    machine = new Machine();
    memory = machine.memory.alloc(4096);
  });

  /** R0 after a call with numbers for R1 and so on; the high half is in `regs[1]`. */
  function call(id: number, ...args: number[]): Int32Array {
    const regs = new Int32Array(22);
    args.forEach((value, i) => {
      regs[2 + 2 * i] = value;
      regs[3 + 2 * i] = value < 0 ? -1 : 0;
    });
    bpfBaseFuncProto(id, machine.init)!.func!(machine)(regs);
    return regs;
  }

  /** Puts text with a NUL at an offset of the memory; its address. */
  function text(off: number, value: string): number {
    machine.memory.u8.set(Buffer.from(`${value}\0`, 'latin1'), memory + off);
    return memory + off;
  }

  const read = (at: number): string => {
    const { u8 } = machine.memory;
    return Buffer.from(u8.subarray(at, u8.indexOf(0, at))).toString('latin1');
  };

  const numbers = (off: number, ...values: bigint[]): number => {
    values.forEach((value, i) => {
      machine.memory.view.setBigUint64(memory + off + 8 * i, BigInt.asUintN(64, value), true);
    });
    return memory + off;
  };

  it('snprintf writes what fits, ends it, and counts all of it', () => {
    const format = text(0, '%d %s %llx|%-4u|%04x|%c|%pI4');
    const address = text(100, '\x0a\x00\x00\x01');
    const args = numbers(200, -5n, BigInt(text(120, 'abc')), 0x1_2345_6789n, 7n, 0xabn, 0x41n, BigInt(address));
    expect(call(F.BPF_FUNC_snprintf, memory + 1000, 100, format, args, 56)[0]).equal(
      '-5 abc 123456789|7   |00ab|A|10.0.0.1'.length + 1,
    );
    expect(read(memory + 1000)).equal('-5 abc 123456789|7   |00ab|A|10.0.0.1');
    expect(call(F.BPF_FUNC_snprintf, memory + 2000, 6, format, args, 56)[0]).equal(38);
    expect(read(memory + 2000)).equal('-5 ab');
    expect(call(F.BPF_FUNC_snprintf, 0, 0, format, args, 56)[0]).equal(38);
  });

  it('snprintf refuses lists of odd length and formats with too few arguments', () => {
    const args = numbers(200, 1n, 2n);
    expect(call(F.BPF_FUNC_snprintf, memory, 10, text(0, '%d'), args, 7)[0]).equal(-22);
    expect(call(F.BPF_FUNC_snprintf, memory, 10, text(0, '%d %d %d'), args, 16)[0]).equal(-22);
    expect(call(F.BPF_FUNC_snprintf, memory, 10, text(0, 'x'), 0, 8)[0]).equal(-22);
    expect(call(F.BPF_FUNC_snprintf, memory, 10, text(0, '%d'), args, 104)[0]).equal(-22);
  });

  it('strncmp compares up to the NUL or the size', () => {
    const a = text(0, 'abcd');
    expect(call(F.BPF_FUNC_strncmp, a, 8, text(50, 'abcd'))[0]).equal(0);
    expect(call(F.BPF_FUNC_strncmp, a, 8, text(50, 'abce'))[0]).equal(-1);
    expect(call(F.BPF_FUNC_strncmp, a, 3, text(50, 'abce'))[0]).equal(0);
    expect(call(F.BPF_FUNC_strncmp, a, 8, text(50, 'abc'))[0]).equal(1);
  });

  it('time is that of the clock, beyond 32 bits', () => {
    machine.advance(0x5_0000_0007);
    expect([...call(F.BPF_FUNC_ktime_get_ns).subarray(0, 2)]).deep.equal([7, 5]);
    expect([...call(F.BPF_FUNC_ktime_get_boot_ns).subarray(0, 2)]).deep.equal([7, 5]);
  });

  it('random numbers come from the entropy of the machine', () => {
    const first = call(F.BPF_FUNC_get_prandom_u32)[0];
    machine = new Machine();
    expect(call(F.BPF_FUNC_get_prandom_u32)[0]).equal(first);
  });

  it('the current task is the idle one, or the one that asked for the run', () => {
    expect([...call(F.BPF_FUNC_get_current_pid_tgid).subarray(0, 2)]).deep.equal([0, 0]);
    const idle = call(F.BPF_FUNC_get_current_task).slice(0, 2);
    expect(call(F.BPF_FUNC_get_current_comm, memory, 6)[0]).equal(0);
    expect(read(memory)).equal('swapp');
    const task = new LocalTask({ tgid: 42, uid: 7 });
    machine.softnet.current = task;
    expect([...call(F.BPF_FUNC_get_current_pid_tgid).subarray(0, 2)]).deep.equal([42, 42]);
    const address = call(F.BPF_FUNC_get_current_task).slice(0, 2);
    expect(address[0]).not.equal(idle[0]);
    expect(address[1]! >>> 16).equal(0xffff);
    expect([...call(F.BPF_FUNC_get_current_uid_gid).subarray(0, 2)]).deep.equal([7, 7]);
    expect(() => call(F.BPF_FUNC_get_current_comm, memory, 16)).throws(ModelGap);
    machine.softnet.current = Object.assign(task, { comm: 'tc' });
    call(F.BPF_FUNC_get_current_comm, memory, 16);
    expect(read(memory)).equal('tc');
  });

  it('memory is read by address, of the kernel and of the task', () => {
    const from = text(0, 'hello');
    expect(call(F.BPF_FUNC_probe_read_kernel, memory + 100, 6, from)[0]).equal(0);
    expect(read(memory + 100)).equal('hello');
    expect(call(F.BPF_FUNC_probe_read_kernel_str, memory + 200, 4, from)[0]).equal(4);
    expect(read(memory + 200)).equal('hel');
    expect(call(F.BPF_FUNC_probe_read_kernel, memory + 100, 6, 8)[0]).equal(-14);
    expect(read(memory + 100)).equal('');
    const task = new LocalTask();
    machine.softnet.current = task;
    const theirs = task.memory.map(new Uint8Array(Buffer.from('theirs\0')));
    expect(call(F.BPF_FUNC_probe_read_user_str, memory + 300, 32, theirs)[0]).equal(7);
    expect(read(memory + 300)).equal('theirs');
    expect(call(F.BPF_FUNC_probe_read_user, memory + 300, 8, 64)[0]).equal(-14);
  });

  it('loop calls a function of the program until it says 1, or often enough', () => {
    // r0 = loop(r6, f, fp - 8, 0); f(i, counter): *counter += i; return i == 4
    const insns = [
      I.mov64Reg(6, 1),
      I.stMem(0x18, 10, -8, 0),
      I.mov64Reg(1, 6),
      ...I.ldImm64(2, 7, 0, BPF_PSEUDO_FUNC),
      I.mov64Reg(3, 10),
      I.alu64Imm(C.BPF_ADD, 3, -8),
      I.mov64Imm(4, 0),
      I.emitCall(F.BPF_FUNC_loop),
      I.ldxMem(0x18, 7, 10, -8),
      I.exitInsn(),
      I.ldxMem(0x18, 0, 2, 0),
      I.alu64Reg(C.BPF_ADD, 0, 1),
      I.stxMem(0x18, 2, 0, 0),
      I.mov64Imm(0, 0),
      I.jmpImm(0x50, 1, 4, 1),
      I.mov64Imm(0, 1),
      I.exitInsn(),
    ];
    const program = machine.vm.compile(encodeInsns(insns), {
      helpers: (id) => bpfBaseFuncProto(id, machine.init)?.func?.(machine),
    });
    expect(machine.vm.run(program, 3)).equal(3);
    expect(machine.vm.run(program, 100)).equal(5);
    expect(machine.vm.run(program, (8 << 20) + 1)).equal(-7);
    program.close();
  });

  it('gives helpers by what the loader may do', () => {
    const none = new LocalTask({ uid: 1, capabilities: new Set() });
    const bpf = new LocalTask({ uid: 1, capabilities: new Set([CAP_BPF]) });
    const has = (id: number, task: LocalTask): boolean => bpfBaseFuncProto(id, task) !== undefined;
    expect(
      [F.BPF_FUNC_map_lookup_elem, F.BPF_FUNC_loop, F.BPF_FUNC_trace_printk].map((id) => has(id, none)),
    ).deep.equal([true, false, false]);
    expect([F.BPF_FUNC_map_lookup_elem, F.BPF_FUNC_loop, F.BPF_FUNC_trace_printk].map((id) => has(id, bpf))).deep.equal(
      [true, true, false],
    );
    expect(has(F.BPF_FUNC_trace_printk, new LocalTask())).equal(true);
  });
});
