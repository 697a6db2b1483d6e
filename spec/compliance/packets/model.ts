// The model: ip and tc in a box set it up and show its counters, packet sockets of this process send and listen.
import { expect } from 'chai';
import { fromHex } from '../../../lib/codec/bytes.js';
import { LocalTask } from '../../../lib/linux/kernel/local_task.js';
import type { Machine } from '../../../lib/linux/machine.js';
import { devGetByName } from '../../../lib/linux/net/core/dev/table.js';
import type { Received, Socket } from '../../../lib/linux/net/socket.js';
import * as P from '../../../lib/uapi/linux/if_packet.js';
import { AF_PACKET, SO_RCVBUF, SOCK_RAW, SOL_SOCKET } from '../../../lib/uapi/linux/socket.js';
import type { Shell } from '../../../tools/agree/shell.js';
import type { Got, Job, Play, Ran, Sent } from './play.js';

/** ETH_P_ALL */
const ALL = 0x0003;
const RCVBUF = 1 << 20;
const CMSG_DATA = 16;
/** sizeof(struct tpacket_auxdata) */
const AUXDATA_SIZE = 20;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

function open(machine: Machine, task: LocalTask, dev: string, protocol: number): Socket {
  const sock = machine.socket(task, AF_PACKET, SOCK_RAW, 0);
  if (typeof sock === 'number') throw new Error(`socket: ${sock}`);
  const name = new Uint8Array(P.SOCKADDR_LL_SIZE);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol);
  view.setInt32(4, devGetByName(machine.net, dev)?.ifindex ?? 0, true);
  expect(sock.bind(task, name), `bind to ${dev}`).to.equal(0);
  return sock;
}

function listener(machine: Machine, task: LocalTask, dev: string): Socket {
  const sock = open(machine, task, dev, ALL);
  expect(sock.setsockopt(task, SOL_SOCKET, SO_RCVBUF, int(RCVBUF))).to.equal(0);
  expect(sock.setsockopt(task, P.SOL_PACKET, P.PACKET_AUXDATA, int(1))).to.equal(0);
  return sock;
}

function got(dev: string, { name, control, data }: Received): Got {
  const from = new DataView(name.buffer, name.byteOffset, name.length);
  const [hatype, pktType, length] = [from.getUint16(8, true), name[10]!, name[11]!];
  const address = hex(name.subarray(P.SLL_ADDR, P.SLL_ADDR + length));
  const aux = hex(control.subarray(CMSG_DATA, CMSG_DATA + AUXDATA_SIZE));
  return [dev, [from.getUint16(2), pktType, hatype, address], aux, hex(data)];
}

/** Everything that waits at the sockets. */
function drain(task: LocalTask, listeners: readonly (readonly [dev: string, sock: Socket])[]): Got[] {
  const all: Got[] = [];
  for (const [dev, sock] of listeners)
    for (;;) {
      const received = sock.recvmsg(task, 65536, 0, 256);
      if (received === -11) break;
      all.push(typeof received === 'number' ? [dev, -received] : got(dev, received));
    }
  return all;
}

const separator = '\x1e';

/** Commands one after the other, each with its status. */
function run(shell: Shell, machine: Machine, lines: readonly string[]): Ran[] {
  const script = lines.map((line) => `{ ${line}; } 2>&1; printf '${separator}%d${separator}' $?`).join('\n');
  const parts = shell.run(machine, script).stdout.split(separator);
  expect(parts.length, 'results of commands').to.equal(2 * lines.length + 1);
  return lines.map((_, i): Ran => [Number(parts[2 * i + 1]), parts[2 * i]!]);
}

/** Time between two frames, and for devices to get their carrier; ns. */
const PAUSE = 1e6;
const START = 1e9;

/** Whether a command changes nothing. */
const shows = (line: string): boolean => line.includes(' -j ');

export function playModel(shell: Shell, machine: Machine, job: Job): Play {
  const task = new LocalTask();
  machine.advance(START);
  const setup = run(shell, machine, job.setup);
  machine.advance(START);
  const listeners = job.receivers.map((dev) => [dev, listener(machine, task, dev)] as const);
  const sender = open(machine, task, job.sender, 0);
  for (const [option, value] of job.options)
    expect(sender.setsockopt(task, SOL_SOCKET, option, int(value))).to.equal(0);
  drain(task, listeners);
  const steps: (Sent | Ran)[] = [];
  const waiting: string[] = [];
  const flush = (): void => {
    if (waiting.length > 0) steps.push(...run(shell, machine, waiting.splice(0)));
  };
  for (const step of job.steps) {
    if ('run' in step) {
      waiting.push(step.run);
      if (shows(step.run)) continue;
      flush();
      machine.advance(START);
      continue;
    }
    flush();
    const result = sender.sendmsg(task, { name: null, data: fromHex(step.hex), flags: 0 });
    machine.advance(PAUSE);
    steps.push({ errno: result < 0 ? -result : 0, got: drain(task, listeners) });
  }
  flush();
  return { setup, steps };
}
