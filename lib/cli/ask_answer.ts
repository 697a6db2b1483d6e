// The box's answer to `tcbox check --in BOX`: a netlink datagram goes to the kernel from a socket that is opened for it, and what
// the socket receives comes back, as much as fits into one message to a caller.
import type { Machine } from '../linux/machine.js';
import type { Ask, Asked } from '../record/control.js';
import { AF_NETLINK, SOL_NETLINK } from '../uapi/linux/netlink.js';
import { MSG_DONTWAIT } from '../uapi/linux/socket.js';

const SOCK_RAW = 3;
const RECEIVE = 1 << 16;
const ANSWERS_MAX = 40 << 10;
/** A dump in a large kernel; more is not waited for. */
const DATAGRAMS_MAX = 4096;

/** struct sockaddr_nl of the kernel. */
const kernel = Uint8Array.of(AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const on = Uint8Array.of(1, 0, 0, 0);

export function answerAsk(machine: Machine, { protocol, options, data }: Ask): Asked {
  const task = machine.init;
  const socket = machine.socket(task, AF_NETLINK, SOCK_RAW, protocol);
  if (typeof socket === 'number') return { result: socket, datagrams: [], total: 0 };
  try {
    for (const option of options) socket.setsockopt(task, SOL_NETLINK, option, on);
    const result = socket.sendmsg(task, { name: kernel, data, flags: 0 });
    const datagrams: { data: Uint8Array }[] = [];
    let [total, room] = [0, ANSWERS_MAX];
    for (; total < DATAGRAMS_MAX; total++) {
      const got = socket.recvmsg(task, RECEIVE, MSG_DONTWAIT, 0);
      if (typeof got === 'number') break;
      room -= got.data.length;
      if (room >= 0) datagrams.push({ data: got.data.slice() });
    }
    return { result, datagrams, total };
  } finally {
    socket.release();
  }
}
