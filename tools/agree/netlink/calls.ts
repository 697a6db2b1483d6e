// The system calls a recording names, made by a process of the model, with results in the recording's form.
import { Bytes, fromHex, toHex } from '../../../lib/codec/bytes.js';
import type { ValueOf } from '../../../lib/codec/scalar.js';
import { NLMSG_HDRLEN, nlmsgAlign, nlmsghdr } from '../../../lib/uapi/linux/netlink.js';
import { BpfFile } from '../../../lib/linux/kernel/bpf/file.js';
import * as E from '../../../lib/uapi/asm-generic/errno.js';
import { asNumber, asObject, asString } from '../input.js';
import { NotModelled } from '../outcome.js';
import type { Process } from './process.js';
import type { Call, Reply, Result } from './record.js';

const MSG_PEEK = 0x02;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const ENOIOCTLCMD = 515;
/** Interface ioctls, SIOCGIFNAME to SIOCETHTOOL and beyond. */
const isDevIoctl = (request: number): boolean => request >= 0x8910 && request <= 0x89ff;

/** A datagram as drained: its bytes (or the errno of the receive), msg_flags, and { nl_pid, nl_groups } of its sender. */
export interface Drained {
  readonly reply: Reply;
  readonly flags: number | null;
  readonly address: number[] | null;
}

export interface ReceivedOnce {
  readonly ret: number;
  readonly data: Uint8Array;
  readonly flags: number;
  readonly name: Uint8Array;
  readonly control: Uint8Array;
}

function receive(process: Process, name: unknown, length: number, flags = 0, control = 0): ReceivedOnce | number {
  const socket = process.socket(name);
  if (typeof socket === 'number') return socket;
  const got = socket.recvmsg(process.task, length, flags | MSG_DONTWAIT, control);
  return typeof got === 'number' ? got : { ...got, data: got.data.slice(0, length) };
}

const most = 5000;

/** Receives until the queue is empty; an overrun is part of what came. */
export function drain(process: Process, name: unknown, bufsize: number): Drained[] {
  const out: Drained[] = [];
  while (out.length < most) {
    const got = receive(process, name, bufsize);
    if (typeof got !== 'number') {
      out.push({ reply: toHex(got.data), flags: got.flags, address: senderOf(got.name) });
      continue;
    }
    if (got === -E.EAGAIN) break;
    out.push({ reply: { errno: -got }, flags: null, address: null });
    if (got !== -E.ENOBUFS) break;
  }
  return out;
}

function senderOf(name: Uint8Array): number[] {
  if (name.length < 12) return [];
  const { view } = new Bytes(name);
  return [view.getUint32(4, true), view.getUint32(8, true)];
}

const result = (value: number): Result => (value >= 0 ? { ret: value } : { errno: -value });

/** Length, msg_flags, number of messages and type of the last one. */
function shapeOf({ reply, flags }: Drained): unknown {
  if (typeof reply !== 'string') return reply;
  return [reply.length / 2, flags, ...messageShape(fromHex(reply))];
}

/** Headers one after the other, also one whose message a small buffer has cut. */
function headersOf(data: Uint8Array): ValueOf<typeof nlmsghdr>[] {
  const bytes = new Bytes(data);
  const headers: ValueOf<typeof nlmsghdr>[] = [];
  for (let at = 0; at + NLMSG_HDRLEN <= data.length;) {
    const header = nlmsghdr.get(bytes, at);
    if (header.nlmsg_len < NLMSG_HDRLEN) break;
    headers.push(header);
    at += nlmsgAlign(header.nlmsg_len);
  }
  return headers;
}

function messageShape(data: Uint8Array): [number, number | null] {
  const headers = headersOf(data);
  return [headers.length, headers.at(-1)?.nlmsg_type ?? null];
}

/** Types and flags of all messages, run by run. */
function headerRuns(drained: readonly Drained[]): number[][] {
  const runs: number[][] = [];
  const headers = drained.flatMap(({ reply }) => (typeof reply === 'string' ? headersOf(fromHex(reply)) : []));
  for (const { nlmsg_type, nlmsg_flags } of headers) {
    const last = runs.at(-1);
    if (last?.[0] === nlmsg_type && last[1] === nlmsg_flags) last[2]!++;
    else runs.push([nlmsg_type, nlmsg_flags, 1]);
  }
  return runs;
}

function peekShapes(process: Process, name: unknown): unknown[] {
  const out: unknown[] = [];
  while (out.length < 500) {
    const peeked = receive(process, name, 0, MSG_PEEK | MSG_TRUNC);
    if (typeof peeked === 'number') return [...out, { errno: -peeked }];
    const got = receive(process, name, peeked.ret);
    if (typeof got === 'number') return [...out, { errno: -got }];
    out.push([peeked.ret, got.ret, ...messageShape(got.data)]);
  }
  return out;
}

/** Bytes of an argument: hex, or { hex, pad_to }. */
function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return fromHex(value);
  const { hex, pad_to } = asObject(value, 'data');
  const padded = new Uint8Array(asNumber(pad_to, 'pad_to'));
  padded.set(fromHex(asString(hex, 'hex')));
  return padded;
}

type Handler = (process: Process, args: readonly unknown[], call: Call) => Result;

const number = (value: unknown): number => asNumber(value, 'argument');

const addressed =
  (method: 'bind' | 'connect'): Handler =>
  (process, [fd, address, length]) => {
    const bytes = bytesOf(address);
    return result(process[method](fd, bytes, length === undefined ? bytes.length : number(length)));
  };

const named =
  (peer: boolean): Handler =>
  (process, [fd]) => {
    const socket = process.socket(fd);
    const got = typeof socket === 'number' ? socket : socket.getname(peer);
    return typeof got === 'number' ? result(got) : { ret: 0, out: { addr: toHex(got) } };
  };

const backlogged =
  (method: 'shutdown' | 'listen'): Handler =>
  (process, [fd, value]) => {
    const socket = process.socket(fd);
    return result(typeof socket === 'number' ? socket : socket[method](number(value)));
  };

/** readlink() of /proc/self/fd/N, and the fields of /proc/self/fdinfo/N, without O_CLOEXEC, which recorders take off. */
const fdinfo: Handler = (process, [fd]) => {
  const file = process.file(fd);
  if (!(file instanceof BpfFile)) throw new NotModelled('fdinfo of what is no bpf object');
  const O_CLOEXEC = 0o2000000;
  const flags = `0${(file.openFlags & ~O_CLOEXEC).toString(8)}`;
  const lines = file.showFdinfo().split('\n');
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of lines.flatMap((line) => [/^([^:]+):\t(.*)$/.exec(line) ?? []]))
    if (name !== '') fields[name] = value;
  const link = `anon_inode:${file.kind}`;
  return { ret: 0, out: { link, pos: '0', flags, mnt_id: '0', ino: '0', ...fields } };
};

const handlers: Readonly<Record<string, Handler>> = {
  socket: (process, [family, type, protocol], { as = 'unnamed' }) =>
    result(process.open(as, number(family), number(type), number(protocol))),
  close: (process, [fd]) => result(process.close(fd)),
  bind: addressed('bind'),
  connect: addressed('connect'),
  getsockname: named(false),
  getpeername: named(true),
  setsockopt: (process, [fd, level, name, value, length]) => {
    const socket = process.socket(fd);
    if (typeof socket === 'number') return result(socket);
    const bytes = bytesOf(value);
    const given = length === undefined ? bytes : bytes.subarray(0, number(length));
    return result(socket.setsockopt(process.task, number(level), number(name), given));
  },
  getsockopt: (process, [fd, level, name, length]) => {
    const socket = process.socket(fd);
    const wanted = number(length);
    const got =
      typeof socket === 'number' ? socket : socket.getsockopt(process.task, number(level), number(name), wanted);
    const buffer = new Uint8Array(16);
    if (typeof got === 'number') return { ...result(got), out: { len: wanted, val: toHex(buffer) } };
    buffer.set(got.value.subarray(0, 16));
    return { ret: 0, out: { len: got.length, val: toHex(buffer) } };
  },
  sendto: (process, [fd, data, flags, address]) => {
    const name = address === null || address === undefined ? null : bytesOf(address);
    return result(process.send(fd, bytesOf(data), number(flags), name));
  },
  write: (process, [fd, data]) => result(process.send(fd, bytesOf(data), 0, null)),
  recvmsg: (process, [fd, length, control, flags], { noData }) => {
    const got = receive(process, fd, number(length), number(flags), number(control));
    if (typeof got === 'number') return result(got);
    const data = noData ? '' : toHex(got.data);
    return { ret: got.ret, out: { data, flags: got.flags, addr: toHex(got.name), control: toHex(got.control) } };
  },
  drain: (process, [fd, bufsize]) => {
    const got = drain(process, fd, number(bufsize));
    return { ret: 0, out: { count: got.length, ...Object.fromEntries(got.map((d, i) => [`d${i}`, d.reply])) } };
  },
  drain_shape: (process, [fd, bufsize]) => ({
    ret: 0,
    out: { shape: drain(process, fd, number(bufsize)).map(shapeOf) },
  }),
  drain_headers: (process, [fd, bufsize]) => ({
    ret: 0,
    out: { runs: headerRuns(drain(process, fd, number(bufsize))) },
  }),
  peek_drain_shape: (process, [fd]) => ({ ret: 0, out: { shape: peekShapes(process, fd) } }),
  poll: (process, [fd, events]) => {
    const socket = process.socket(fd);
    const ERR_HUP_NVAL = 0x38;
    const ready = typeof socket === 'number' ? 0x20 : socket.poll() & (number(events) | ERR_HUP_NVAL);
    return { ret: ready === 0 ? 0 : 1, out: { revents: ready } };
  },
  ioctl: (process, [fd, request]) => {
    const socket = process.socket(fd);
    const arg = Bytes.zeroed(4);
    let got = typeof socket === 'number' ? socket : socket.ioctl(process.task, number(request), arg.u8);
    if (got === -ENOIOCTLCMD) got = isDevIoctl(number(request)) ? devIoctl(process, number(request)) : -E.ENOTTY;
    return { ...result(got), out: { val: arg.view.getInt32(0, true) } };
  },
  shutdown: backlogged('shutdown'),
  listen: backlogged('listen'),
  accept: (process, [fd]) => {
    const socket = process.socket(fd);
    return result(typeof socket === 'number' ? socket : socket.accept());
  },
  sleep: (process, [ms]) => {
    process.subject.advance(number(ms) * 1e6);
    return { ret: 0 };
  },
  new_object: (process, [spec]) => {
    process.make(asObject(spec, 'new_object'));
    return { ret: 0 };
  },
  remember_id: (process, [fd]) => result(process.rememberId(fd)),
  prog_get_fd_by_id: (process, [fd]) => {
    const got = process.progGetFdById(fd);
    return got < 0 ? { errno: -got } : { ret: 'fd' };
  },
  fdinfo,
  packet_drain: (process, [fd]) => packetDrain(process, fd),
};

function devIoctl(process: Process, request: number): number {
  return process.subject.devIoctl(process.task, request, new Uint8Array(40));
}

const FRAME_MAX = 65536;
/** Offset of sll_pkttype, and what it says of frames that this host sends. */
const SLL_PKTTYPE = 10;
const PACKET_OUTGOING = 4;

/** How many frames wait that came from elsewhere. */
function packetDrain(process: Process, fd: unknown): Result {
  const socket = process.socket(fd);
  if (typeof socket === 'number') return result(socket);
  let frames = 0;
  for (;;) {
    const got = socket.recvmsg(process.task, FRAME_MAX, MSG_DONTWAIT, 0);
    if (typeof got === 'number') return got === -E.EAGAIN ? { ret: frames } : result(got);
    if (got.name[SLL_PKTTYPE] !== PACKET_OUTGOING) frames++;
  }
}

/** Makes one call (all but `shell`, which needs a box); throws NotModelled for what the model has not. */
export function makeCall(process: Process, call: Call): Result {
  const handler = handlers[call.name];
  if (handler === undefined) throw new NotModelled(`the system call '${call.name}' of recordings`);
  return handler(process, call.args, call);
}
