// What an instruction costs in the interpreter: rounds of 64-bit multiplication, shifts and rotation, and a sum over the
// bytes of a packet. Both read their packet through a context whose words 19 and 20 are its start and end.
import { assemble } from '../../lib/vm/assembler.js';
import { Memory } from '../../lib/vm/memory.js';
import type { Program } from '../../lib/vm/program.js';
import { trace } from '../../lib/vm/stepper.js';
import { Vm } from '../../lib/vm/vm.js';
import type { Bench, Row } from './measure.js';
import { busy } from './measure.js';

const hash = `
  r2 = *(u32 *)(r1 +80)
  r1 = *(u32 *)(r1 +76)
  r3 = r1
  r3 += 8
  if r3 > r2 goto none
  r1 = *(u64 *)(r1 +0)
  r2 = 0x9e3779b97f4a7c15
  r1 ^= r2
  r2 = 0
  r3 = 0xff51afd7ed558ccd
round:
  r0 = r1
  r0 >>= 33
  r0 ^= r1
  r0 *= r3
  r1 = r0
  r1 >>= 29
  r1 ^= r0
  r4 = r1
  r4 <<= 27
  r5 = r1
  r5 >>= 37
  r4 |= r5
  r1 += r4
  r1 ^= r2
  r2 += 1
  if r2 != 256 goto round
  r0 = r1
  r0 >>= 32
  r0 ^= r1
  r0 &= 2147483647
  exit
none:
  r0 = 0
  exit
`;

const sum = `
  r2 = *(u32 *)(r1 +80)
  r1 = *(u32 *)(r1 +76)
  w0 = 0
byte:
  r3 = r1
  r3 += 2
  if r3 > r2 goto end
  r4 = *(u16 *)(r1 +0)
  r4 = be16 r4
  w0 += w4
  r1 = r3
  goto byte
end:
  r3 = r0
  w0 &= 65535
  w3 >>= 16
  w0 += w3
  exit
`;

const LENGTH = 1500;
/** Instructions that are timed at a time. */
const BATCH = 20_000_000;

function row(name: string, vm: Vm, program: Program, context: number, { rounds, progress }: Parameters<Bench>[0]): Row {
  const { insns } = trace(vm.memory, program, context);
  const runs = Math.ceil(BATCH / insns);
  const times = Array.from({ length: 2 * rounds }, () => {
    progress();
    return busy(() => {
      for (let i = 0; i < runs; i++) vm.run(program, context);
    });
  });
  return { name: `vm: interpreter, ${name}`, value: (Math.min(...times) * 1000) / (runs * insns), unit: 'ns', most: 6 };
}

export const vm: Bench = (context) => {
  const machine = new Vm(new Memory());
  const { memory } = machine;
  const [skb, packet] = [memory.alloc(192), memory.alloc(LENGTH)];
  for (let i = 0; i < LENGTH; i++) memory.u8[packet + i] = i * 7;
  memory.view.setUint32(skb + 76, packet, true);
  memory.view.setUint32(skb + 80, packet + LENGTH, true);
  return [
    row('an instruction of 64-bit arithmetic', machine, machine.compile(assemble(hash)), skb, context),
    row('an instruction of a sum over a packet', machine, machine.compile(assemble(sum)), skb, context),
  ];
};
