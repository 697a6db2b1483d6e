// Requests to a machine in this process, for `npm run bench`: messages as bytes, and a socket that sends them and takes what
// comes back.
import type { LocalTask } from '../../lib/linux/kernel/local_task.js';
import type { Machine } from '../../lib/linux/machine.js';
import type { Socket } from '../../lib/linux/net/socket.js';
import * as N from '../../lib/uapi/linux/netlink.js';

export function message(type: number, flags: number, body: Uint8Array, attributes: Uint8Array): Uint8Array {
  const nlmsg_len = N.NLMSG_HDRLEN + body.length + attributes.length;
  const header = N.nlmsghdr.bytes({ nlmsg_len, nlmsg_type: type, nlmsg_flags: N.NLM_F_REQUEST | flags, nlmsg_seq: 1 });
  return Uint8Array.of(...header, ...body, ...attributes);
}

export class Client {
  readonly #task: LocalTask;
  readonly #socket: Socket;

  constructor(machine: Machine) {
    this.#task = machine.init;
    const socket = machine.socket(this.#task, N.AF_NETLINK, 3, N.NETLINK_ROUTE);
    if (typeof socket === 'number') throw new Error(`socket: errno ${-socket}`);
    this.#socket = socket;
  }

  /** Sends a request and takes its acknowledgement. */
  acked(data: Uint8Array): void {
    this.#send(data);
    const received = this.#receive();
    if (received.subarray(N.NLMSG_HDRLEN, N.NLMSG_HDRLEN + 4).some((byte) => byte !== 0)) throw new Error('refused');
  }

  /** Sends a dump request and takes all of it; the number of bytes. */
  dumped(data: Uint8Array): number {
    this.#send(data);
    let total = 0;
    for (;;) {
      const received = this.#receive();
      total += received.length;
      if (received[4] === N.NLMSG_DONE && received[5] === 0) return total;
    }
  }

  #send(data: Uint8Array): void {
    const sent = this.#socket.sendmsg(this.#task, { name: null, data, flags: 0 });
    if (sent !== data.length) throw new Error(`sendmsg: ${sent}`);
  }

  #receive(): Uint8Array {
    const received = this.#socket.recvmsg(this.#task, 32768, 0, 0);
    if (typeof received === 'number') throw new Error(`recvmsg: ${received}`);
    return received.data;
  }
}
