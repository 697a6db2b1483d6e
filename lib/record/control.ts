// proto/tcbox/v1/control.proto: what a box that stays and its callers say to each other, and the frames they say it in.
// The box is lib/host/control.ts, its callers are lib/cli/exec.ts, send_box.ts and the like.
import { bool, bytes, double, list, message, sint32, string, strings, sub, uint32, type ValueOf } from './message.js';

/** Number of the protocol this package speaks. It changes with any change of a message but Hello. */
export const PROTOCOL = 5;

/** Longest frame: more than argv and environment of any program. */
export const FRAME_MAX = 16 << 20;

export const Hello = message({ protocol: uint32(1), version: string(2) });
export const Limit = message({ resource: uint32(1), soft: double(2), hard: double(3) });
export const Exec = message({
  argv: strings(1),
  env: strings(2),
  cwd: string(3),
  umask: uint32(4),
  limits: list(5, Limit),
  record: bool(6),
});
export const Signal = message({ number: uint32(1), group: bool(2) });
export const Query = message({});
export const Stop = message({});
export const Send = message({ device: string(1), ingress: bool(2), frame: string(3) });
export const Sent = message({ verdict: string(1), error: string(2) });
export const SendAll = message({ device: string(1), ingress: bool(2), frames: strings(3) });
export const SentAll = message({ frames: uint32(1), passed: uint32(2), error: string(3) });
export const Ask = message({ protocol: uint32(1), options: bytes(2), data: bytes(3) });
export const Datagram = message({ data: bytes(1) });
export const Asked = message({ result: sint32(1), datagrams: list(2, Datagram), total: uint32(3) });
export const Exited = message({ status: uint32(1), error: string(2) });
export const Notice = message({ line: string(1) });
export const Status = message({
  pid: uint32(1),
  guardian: uint32(2),
  kernel: string(3),
  config: string(4),
  started: double(5),
  programs: uint32(6),
  sockets: uint32(7),
});
export const ToBox = message({
  hello: sub(1, Hello),
  exec: sub(2, Exec),
  signal: sub(3, Signal),
  query: sub(4, Query),
  stop: sub(5, Stop),
  send: sub(6, Send),
  sendAll: sub(7, SendAll),
  ask: sub(8, Ask),
});
export const FromBox = message({
  hello: sub(1, Hello),
  exited: sub(2, Exited),
  notice: sub(3, Notice),
  status: sub(4, Status),
  sent: sub(5, Sent),
  sentAll: sub(6, SentAll),
  asked: sub(7, Asked),
});

export type Hello = ValueOf<typeof Hello>;
export type Limit = ValueOf<typeof Limit>;
export type Exec = ValueOf<typeof Exec>;
export type Send = ValueOf<typeof Send>;
export type Sent = ValueOf<typeof Sent>;
export type SendAll = ValueOf<typeof SendAll>;
export type SentAll = ValueOf<typeof SentAll>;
export type Ask = ValueOf<typeof Ask>;
export type Asked = ValueOf<typeof Asked>;
export type Status = ValueOf<typeof Status>;
export type ToBox = ValueOf<typeof ToBox>;
export type FromBox = ValueOf<typeof FromBox>;

const HEADER = 4;

/** One message as a frame. */
export function frame(body: Uint8Array): Uint8Array {
  const framed = new Uint8Array(HEADER + body.length);
  new DataView(framed.buffer).setUint32(0, body.length, true);
  framed.set(body, HEADER);
  return framed;
}

/** Collects bytes as they come and gives back whole frames. */
export class Frames {
  #bytes = new Uint8Array(0);

  /** Throws when a frame is longer than any can be. */
  *push(more: Uint8Array): Generator<Uint8Array, void> {
    const all = new Uint8Array(this.#bytes.length + more.length);
    all.set(this.#bytes);
    all.set(more, this.#bytes.length);
    const view = new DataView(all.buffer);
    let at = 0;
    while (all.length - at >= HEADER) {
      const length = view.getUint32(at, true);
      if (length > FRAME_MAX) throw new Error(`a frame of ${length} bytes`);
      if (all.length - at < HEADER + length) break;
      at += HEADER + length;
      this.#bytes = all.subarray(at);
      yield all.subarray(at - length, at);
    }
    this.#bytes = all.subarray(at);
  }
}

/** What a newer client and an older box, or the reverse, tell the user; undefined when they speak the same protocol. */
export function mismatch(box: Hello, own: Hello): string | undefined {
  if (box.protocol === own.protocol) return undefined;
  const told = `it was started by tcbox ${box.version} (protocol ${box.protocol})`;
  return `${told}, and this is tcbox ${own.version} (protocol ${own.protocol}): stop and start it with one of them`;
}
