// What programs write for readers while packets pass: records of a ring buffer, samples of a perf event array with bytes of the
// packet behind them. The reader sees them in the order of the packets, whatever becomes of these.
import { expect } from 'chai';
import type { MapFile } from '../../../../../lib/linux/kernel/bpf/file.js';
import type { PerfEventArrayMap } from '../../../../../lib/linux/kernel/bpf/fd_array.js';
import type { RingbufMap } from '../../../../../lib/linux/kernel/bpf/ringbuf.js';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import { TCA_BPF, TCA_BPF_FLAG_ACT_DIRECT } from '../../../../../lib/uapi/linux/pkt_cls.js';
import { ifinfomsg, RTM_NEWLINK } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { assemble } from '../../../../../lib/vm/assembler.js';
import { attr, CLSACT, INGRESS } from '../../sched/bed.js';
import { BpfBed } from '../../../kernel/bpf/syscall/bed.js';

const V1 = 2;

/** 60 bytes of IPv4 from 10.0.0.`host`. */
function frame(host: number): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, host]);
  return bytes;
}

/** The length and the address it is from, on the stack; then `call`, then `verdict`. */
const program = (call: string, verdict: number): Uint8Array =>
  assemble(`
    r6 = r1
    r2 = *(u32 *)(r1 +76)
    r3 = *(u32 *)(r1 +80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto out
    r4 = *(u32 *)(r2 +26)
    *(u32 *)(r10 -8) = r4
    r4 = *(u32 *)(r6 +0)
    *(u32 *)(r10 -4) = r4
    ${call}
  out:
    r0 = ${verdict}
    exit
  `);

const record = (host: number): number[] => [10, 0, 0, host, 60, 0, 0, 0];

describe('net/core/filter: what programs tell readers of packets', () => {
  let bed: BpfBed;
  const receive = (...hosts: number[]): void => {
    for (const host of hosts) expect(bed.machine.device('v1').receive(frame(host)).direction).to.equal('receive');
  };
  const run = (insns: Uint8Array): void => {
    const direct = attr(TCA_BPF.FLAGS.type, TCA_BPF_FLAG_ACT_DIRECT);
    const fd = bed.load(insns, { license: 'GPL' });
    const { errno, text } = bed.filterFd(fd, { ifindex: V1, parent: INGRESS }, undefined, direct);
    expect(errno, text).to.equal(0);
  };
  const mapOf = (fd: number): unknown => (bed.task.fget(fd) as MapFile).map;

  beforeEach(() => {
    bed = new BpfBed();
    const up = ifinfomsg.bytes({ ifi_index: V1, ifi_flags: 1, ifi_change: 1 });
    expect(bed.client.errnoOf(RTM_NEWLINK, 0, up)).to.equal(0);
    bed.settle();
    expect(bed.qdisc('clsact', { ifindex: V1, parent: CLSACT }).errno).to.equal(0);
  });

  it('records of a ring buffer, also of packets that are dropped', () => {
    const fd = bed.map(B.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
    run(program(`r1 = map_fd(${fd})\n r2 = r10\n r2 += -8\n r3 = 8\n r4 = 0\n call bpf_ringbuf_output#130`, 2));
    const ring = mapOf(fd) as RingbufMap;
    receive(1, 2);
    expect([...ring.read()!]).to.deep.equal(record(1));
    receive(3);
    expect([...ring.read()!]).to.deep.equal(record(2));
    expect([...ring.read()!]).to.deep.equal(record(3));
    expect(ring.read()).to.equal(undefined);
  });

  it('records until the ring buffer is full', () => {
    const fd = bed.map(B.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
    run(program(`r1 = map_fd(${fd})\n r2 = r10\n r2 += -8\n r3 = 8\n r4 = 0\n call bpf_ringbuf_output#130`, 0));
    const ring = mapOf(fd) as RingbufMap;
    receive(...Array.from({ length: 300 }, (_, n) => n & 255));
    let count = 0;
    while (ring.read() !== undefined) count++;
    expect(count).to.equal(4096 / 16 - 1);
    receive(9);
    expect([...ring.read()!]).to.deep.equal(record(9));
  });

  it('samples with the first bytes of the packet', () => {
    const fd = bed.map(B.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 2);
    const output = (flags: string): string =>
      `r1 = r6\n r2 = map_fd(${fd})\n r3 = ${flags} ll\n r4 = r10\n r4 += -8\n r5 = 8\n call bpf_perf_event_output#25`;
    run(program(output('0x14ffffffff'), 0));
    const seen: Uint8Array[] = [];
    receive(1);
    (mapOf(fd) as PerfEventArrayMap).subscribe(0, { output: (data) => seen.push(data.slice()) });
    receive(2, 3);
    expect(seen.map((data) => [...data])).to.deep.equal(
      [2, 3].map((host) => [...record(host), ...frame(host).subarray(0, 20)]),
    );
  });
});
