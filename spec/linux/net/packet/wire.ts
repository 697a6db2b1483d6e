// What specs of packet sockets share: a machine with a veth pair that is up, sockets, addresses, frames.
import { expect } from 'chai';
import { Bytes, fromHex } from '../../../../lib/codec/bytes.js';
import { IFF_NOARP, IFF_UP } from '../../../../lib/uapi/linux/if.js';
import { SOL_PACKET } from '../../../../lib/uapi/linux/if_packet.js';
import { AF_PACKET, SOCK_RAW } from '../../../../lib/uapi/linux/socket.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { IFLA } from '../../../../lib/uapi/linux/if_link.js';
import { PacketSock } from '../../../../lib/linux/net/packet/af_packet/sock.js';
import type { Received } from '../../../../lib/linux/net/socket.js';
import { Links, newVeth } from '../core/links.js';

export const ETH_P_ALL = 3;
/** Indices of the pair. */
export const VB = 2;
export const VA = 3;
export const MAC_A = fromHex('02000000000a');

/** From va to everybody: 64 bytes of a protocol nobody has. */
export const frame = fromHex(`ffffffffffff02000000000a88b5${'78'.repeat(50)}`);
/** The same with VLAN tag 5. */
export const tagged = fromHex(`ffffffffffff02000000000a810000050800${'78'.repeat(50)}`);

/** A frame of `length` bytes that starts as `start`. */
export function longer(start: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(0x79);
  bytes.set(start.subarray(0, length));
  return bytes;
}

/** int as setsockopt(2) takes it. */
export const int = (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);

/** struct sockaddr_ll. */
export function address(ifindex: number, protocol = 0, family = AF_PACKET, halen = 0): Uint8Array {
  const name = Bytes.zeroed(20);
  name.view.setUint16(0, family, true);
  name.view.setUint16(2, protocol);
  name.view.setInt32(4, ifindex, true);
  name.view.setUint8(11, halen);
  return name.u8;
}

export class Wire {
  readonly gaps: string[] = [];
  readonly machine = new Machine({ onGap: (what) => void this.gaps.push(what) });
  readonly task = new LocalTask();
  readonly links = new Links(this.machine);

  constructor() {
    this.links.add(
      newVeth('va', 'vb', (w) => {
        w.put(IFLA.ADDRESS, MAC_A);
      }),
    );
    for (const index of [VB, VA]) this.#up(index);
    // The end that came up first hears of its carrier later.
    this.machine.advance(2_000_000_000);
    this.links.events();
  }

  /** Up, and without ARP, as devices of recordings are. */
  #up(ifi_index: number): void {
    const flags = IFF_UP | IFF_NOARP;
    expect(this.links.change({ ifi_index, ifi_flags: flags, ifi_change: flags })).to.equal(0);
  }

  /** A socket bound to a device (0: to none). */
  open(ifindex: number, type = SOCK_RAW, protocol = ETH_P_ALL): PacketSock {
    const sock = this.machine.socket(this.task, AF_PACKET, type, ((protocol & 0xff) << 8) | (protocol >> 8));
    if (!(sock instanceof PacketSock)) throw new Error('socket() refuses');
    if (ifindex !== 0) expect(sock.bind(this.task, address(ifindex))).to.equal(0);
    return sock;
  }

  send(sock: PacketSock, data: Uint8Array, name: Uint8Array | null = null): number {
    return sock.sendmsg(this.task, { name, data, flags: 0 });
  }

  receive(sock: PacketSock, length = 2000, flags = 0, control = 200): Received | number {
    return sock.recvmsg(this.task, length, flags, control);
  }

  /** A receive that has to give something. */
  received(sock: PacketSock, length = 2000, flags = 0): Received {
    const got = this.receive(sock, length, flags);
    if (typeof got === 'number') throw new Error(`recvmsg() gives ${got}`);
    return got;
  }

  set(sock: PacketSock, optname: number, value: Uint8Array, level = SOL_PACKET): number {
    return sock.setsockopt(this.task, level, optname, value);
  }

  /** An option's value as words, or a negative errno. */
  get(sock: PacketSock, optname: number, level = SOL_PACKET, given?: Uint8Array): number[] | number {
    const got = sock.getsockopt(this.task, level, optname, 64, given);
    return typeof got === 'number' ? got : Array.from(new Uint32Array(got.value.slice().buffer));
  }
}
