// Classic programs on frames, as packet sockets ran them on the real kernel (spec/vectors/bpf/classic.6.18.jsonl; recorded by
// tools/oracle/bpf): how much of each frame each program let through.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Machine } from '../../../../../lib/linux/machine.js';
import { NetDevice } from '../../../../../lib/linux/net/core/net_device.js';
import { classicProgram, classicRun } from '../../../../../lib/linux/net/core/filter/run.js';
import { ethTypeTrans } from '../../../../../lib/linux/net/ethernet/eth_type_trans.js';
import { ETH_HLEN } from '../../../../../lib/uapi/linux/if_ether.js';

interface Head {
  readonly ifindex: number;
  readonly address: string;
}

interface Answer {
  readonly name: string;
  readonly insns: string;
  readonly received: readonly number[];
}

const file = join(import.meta.dirname, '../../../../../../spec/vectors/bpf/classic.6.18.jsonl');
const [head, frames, ...answers] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as unknown) as [Head, Record<string, string>, ...Answer[]];

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** A device like the one the frames came in by. */
function device(machine: Machine): NetDevice {
  const dev = new NetDevice(machine.net, 'vb', machine);
  dev.ifindex = head.ifindex;
  dev.address = bytesOf(head.address);
  dev.broadcast = new Uint8Array(6).fill(0xff);
  return dev;
}

describe('net/core/filter: classic programs on packet sockets', () => {
  const machine = new Machine();
  const dev = device(machine);
  const { skbs } = machine.softnet;

  /** Bytes that arrive. */
  function received(insns: Uint8Array, frame: Uint8Array, withLink: boolean): number {
    const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength);
    const program = classicProgram(machine, { view }, 0, insns.length / 8);
    const skb = skbs.alloc(64 + frame.length)!;
    skb.reserve(64);
    machine.memory.u8.set(frame, skb.put(frame.length));
    skb.protocol = ethTypeTrans(skb, dev);
    skb.resetNetworkHeader();
    if (withLink) skb.push(ETH_HLEN);
    const result = Math.min(classicRun(machine, program, skb) >>> 0, skb.len);
    skbs.free(skb);
    program.close();
    return result;
  }

  for (const { name, insns, received: real } of answers)
    it(name, () => {
      const code = bytesOf(insns);
      const model = Object.values(frames).map((frame) => received(code, bytesOf(frame), name.endsWith('raw')));
      const named = (values: readonly number[]): Record<string, number | undefined> =>
        Object.fromEntries(Object.keys(frames).map((frame, i) => [frame, values[i]]));
      expect(named(model)).deep.equal(named(real));
    });
});
