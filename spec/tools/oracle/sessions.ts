// For specs of the fuzzer: kinds to generate from, and two sides that are both the model, one of them wrong on purpose
// where a spec wants a difference.
import type { Task } from '../../../lib/linux/kernel/task.js';
import type { Socket } from '../../../lib/linux/net/socket.js';
import type { Json } from '../../../tools/agree/input.js';
import type { Subject } from '../../../tools/agree/netlink/process.js';
import { boot } from '../../../tools/agree/netlink/replay.js';
import { findKinds } from '../../../tools/oracle/fuzz/kinds.js';
import type { Mode } from '../../../tools/oracle/fuzz/sequence.js';
import { sequence } from '../../../tools/oracle/fuzz/sequence.js';
import type { Sides } from '../../../tools/oracle/fuzz/session.js';
import { playToModel } from '../../../tools/oracle/fuzz/session.js';

export const { kinds } = findKinds();

export const session = (seed: number, number: number, mode: Mode, length = 20): Json =>
  sequence({ seed, number, mode, length, kinds, waitMs: 1 });

export const stepsOf = (definition: Json): Json[] => definition['steps'] as Json[];

/** Changes datagrams that a model gives, or leaves them. */
export type Distortion = (data: Uint8Array) => Uint8Array;

function distorted(socket: Socket, distort: Distortion): Socket {
  const recvmsg = socket.recvmsg.bind(socket);
  socket.recvmsg = (...args): ReturnType<Socket['recvmsg']> => {
    const got = recvmsg(...args);
    return typeof got === 'number' ? got : { ...got, data: distort(got.data.slice()) };
  };
  return socket;
}

/** The model on both sides; the second gives every datagram as `distort` makes it. */
export const bothModels = (distort: Distortion = (data) => data): Sides => ({
  kernel: (record) => playToModel(record).results,
  model: (record) =>
    playToModel(record, (r, gaps): Subject => {
      const machine = boot(r, { kernel: undefined, config: undefined }, gaps);
      return {
        advance: (ns) => {
          machine.advance(ns);
        },
        devIoctl: (task, request, ifreq) => machine.devIoctl(task, request, ifreq),
        socket: (task: Task, family, type, protocol) => {
          const socket = machine.socket(task, family, type, protocol);
          return typeof socket === 'number' ? socket : distorted(socket, distort);
        },
      };
    }),
});
