// A client of a machine inside the test's own process: one task, its netlink sockets, requests built by hand.
import { expect } from 'chai';
import { Bytes, toHex } from '../../lib/codec/bytes.js';
import type { LocalTaskOptions } from '../../lib/linux/kernel/local_task.js';
import { LocalTask } from '../../lib/linux/kernel/local_task.js';
import type { Machine } from '../../lib/linux/machine.js';
import type { NetlinkSock } from '../../lib/linux/net/netlink/af_netlink/sock.js';
import type { Received } from '../../lib/linux/net/socket.js';
import * as N from '../../lib/uapi/linux/netlink.js';

/** A sockaddr_nl. */
export const address = (nl_pid = 0, nl_groups = 0): Uint8Array =>
  N.sockaddr_nl.bytes({ nl_family: N.AF_NETLINK, nl_pid, nl_groups });

/** One netlink message; `length` overrides nlmsg_len. */
export function message(
  type: number,
  flags: number,
  body: Uint8Array = new Uint8Array(0),
  length?: number,
): Uint8Array {
  const header = N.nlmsghdr.bytes({
    nlmsg_len: length ?? N.NLMSG_HDRLEN + body.length,
    nlmsg_type: type,
    nlmsg_flags: flags,
    nlmsg_seq: 1,
  });
  return Uint8Array.of(...header, ...body);
}

/** A raw socket with what specs do to it; opens as `task`. */
export class Client {
  readonly sock: NetlinkSock;
  readonly task: LocalTask;

  constructor(
    machine: Machine,
    options: LocalTaskOptions & { readonly protocol?: number; readonly opts?: number[] } = {},
  ) {
    this.task = new LocalTask({ tgid: 100, ...options });
    const sock = machine.socket(this.task, N.AF_NETLINK, 3, options.protocol ?? N.NETLINK_ROUTE);
    expect(sock).to.be.an('object');
    this.sock = sock as NetlinkSock;
    for (const opt of options.opts ?? []) expect(this.setOption(opt, 1)).to.equal(0);
  }

  setOption(optname: number, value: number): number {
    const bytes = new Uint8Array(Uint32Array.of(value).buffer);
    return this.sock.setsockopt(this.task, N.SOL_NETLINK, optname, bytes);
  }

  bind(pid = 0, groups = 0): number {
    return this.sock.bind(this.task, address(pid, groups));
  }

  /** sendto() of raw bytes, to the kernel unless told otherwise. */
  send(data: Uint8Array, name: Uint8Array | null = address(), flags = 0): number {
    return this.sock.sendmsg(this.task, { name, data, flags });
  }

  receive(length = 65536, flags = 0, controllen = 0): Received {
    const received = this.sock.recvmsg(this.task, length, flags, controllen);
    expect(received, 'recvmsg').to.be.an('object');
    return received as Received;
  }

  /** The errno of a receive that must fail. */
  receiveError(): number {
    const received = this.sock.recvmsg(this.task, 65536, 0, 0);
    expect(received, 'recvmsg').to.be.a('number');
    return -(received as number);
  }

  /** Everything that waits, as hex. */
  drain(length = 65536): string[] {
    const all: string[] = [];
    for (;;) {
      const received = this.sock.recvmsg(this.task, length, 0, 0);
      if (typeof received === 'number') return all;
      all.push(toHex(received.data));
    }
  }

  /** Sends one request and returns every reply as bytes. */
  request(type: number, flags: number, body?: Uint8Array): Bytes[] {
    const data = message(type, flags | N.NLM_F_REQUEST, body);
    expect(this.send(data)).to.equal(data.length);
    return this.drain().map((hex) => new Bytes(Uint8Array.from(Buffer.from(hex, 'hex'))));
  }

  /** Sends one request with NLM_F_ACK and returns the (positive) errno of its acknowledgement. */
  errnoOf(type: number, flags: number, body?: Uint8Array): number {
    const replies = this.request(type, flags | N.NLM_F_ACK, body);
    const last = replies[replies.length - 1]!;
    expect(last.view.getUint16(4, true), 'last reply').to.equal(N.NLMSG_ERROR);
    return -last.view.getInt32(N.NLMSG_HDRLEN, true);
  }
}
