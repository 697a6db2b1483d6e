// Where the payload of a packet begins, as classic filters ask for it: every frame of the compliance suite against what
// Linux 6.18 said. A filter at a packet socket returns the offset and one more, and that much of the frame arrives.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import type { Socket } from '../../../../../lib/linux/net/socket.js';
import { SKF_AD_OFF, SKF_AD_PAY_OFFSET, sock_filter } from '../../../../../lib/uapi/linux/filter.js';
import { SOCKADDR_LL_SIZE } from '../../../../../lib/uapi/linux/if_packet.js';
import { ifinfomsg, RTM_NEWLINK } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { AF_PACKET, SO_ATTACH_FILTER, SO_RCVBUF, SOCK_RAW, SOL_SOCKET } from '../../../../../lib/uapi/linux/socket.js';
import { suites } from '../../../../compliance/packets/suites.js';
import { attr, Bed, V0 } from '../../sched/bed.js';

interface Recorded {
  readonly origin: string;
  readonly frames: Readonly<Record<string, number | null>>;
}

const V1 = 2;
const ETH_P_ALL = 3;
const IFLA_MTU = 4;
const file = join(import.meta.dirname, '../../../../../../spec/vectors/packets/payload_offsets.6.18.json');

describe('net/core/flow_dissector: skb_get_poff()', () => {
  const bed = new Bed();
  const { machine } = bed;
  const task = new LocalTask();

  function open(ifindex: number, protocol: number): Socket {
    const sock = machine.socket(task, AF_PACKET, SOCK_RAW, 0) as Socket;
    const name = new Uint8Array(SOCKADDR_LL_SIZE);
    const view = new DataView(name.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, protocol);
    view.setInt32(4, ifindex, true);
    expect(sock.bind(task, name)).to.equal(0);
    return sock;
  }

  /** How much of a frame arrives, or why it was not sent; null: it does not arrive. */
  function arrived(sender: Socket, receiver: Socket, data: Uint8Array): number | null {
    const sent = sender.sendmsg(task, { name: null, data, flags: 0 });
    if (sent < 0) return sent;
    const got = receiver.recvmsg(task, 1 << 16, 0, 0);
    return typeof got === 'number' ? null : got.data.length;
  }

  it('is that of Linux 6.18 for each frame', () => {
    const mtu = Uint8Array.from(attr(IFLA_MTU, 9000));
    for (const ifi_index of [V0, V1]) {
      const body = ifinfomsg.bytes({ ifi_index, ifi_flags: 1, ifi_change: 1 });
      expect(bed.client.errnoOf(RTM_NEWLINK, 0, Uint8Array.from([...body, ...mtu]))).to.equal(0);
    }
    bed.settle();
    const [sender, receiver] = [open(V0, 0), open(V1, ETH_P_ALL)];
    const program = [
      { code: 0x20, k: (SKF_AD_OFF + SKF_AD_PAY_OFFSET) >>> 0 },
      { code: 0x04, k: 1 },
      { code: 0x16, k: 0 },
    ];
    const at = task.memory.map(Uint8Array.from(program.flatMap((insn) => [...sock_filter.bytes(insn)])));
    const fprog = new Uint8Array(16);
    new DataView(fprog.buffer).setUint16(0, program.length, true);
    new DataView(fprog.buffer).setUint32(8, at, true);
    expect(receiver.setsockopt(task, SOL_SOCKET, SO_RCVBUF, new Uint8Array(Int32Array.of(1 << 20).buffer))).to.equal(0);
    expect(receiver.setsockopt(task, SOL_SOCKET, SO_ATTACH_FILTER, fprog)).to.equal(0);
    const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
    const found = Object.fromEntries(
      suites.flower.frames.map(({ name, bytes }) => [name, arrived(sender, receiver, bytes)]),
    );
    expect(found).to.deep.equal(recorded.frames);
  });
});
