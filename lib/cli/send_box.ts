// `tcbox send --in BOX`: frames go to a box that stays, one after the other, and their verdicts come back; those of which
// nothing is told go many at once. Nothing is sent before the answer to the last: a box does not wait for callers who do not
// read.
import { HostError } from '../host/host_error.js';
import type { FromBox, Sent, SentAll, ToBox } from '../record/control.js';
import { call, type Connection } from './connection.js';
import { SendError, type SendLine } from './send_line.js';

/** Frames, and hexadecimal digits of them, that go at once. */
const FRAMES = 256;
const DIGITS = 1 << 16;
/** Longest frame for a box, which is far longer than any device takes. */
const FRAME_MAX = 1 << 20;

function hexOf(frame: Uint8Array): string {
  if (frame.length > FRAME_MAX) throw new SendError(`a frame of ${frame.length} bytes is too long for a box`);
  return Buffer.from(frame).toString('hex');
}

/** Hears of frames that were sent without being told of. */
interface Counter {
  readonly isHopeless: boolean;
  count(passed: boolean): void;
  refused(error: SendError): void;
}

export class BoxSender {
  readonly #connection: Connection;
  readonly #box: string;
  #waiting: { resolve: (answer: FromBox) => void; reject: (error: Error) => void } | undefined;
  #ended: string | undefined;
  #frames: string[] = [];
  #digits = 0;

  /** Throws a HostError when there is no such box. */
  constructor(box: string) {
    this.#box = box;
    this.#connection = call(box, { query: {} });
    this.#connection.listen(
      (answer) => {
        if (answer.sent === undefined && answer.sentAll === undefined) return;
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve(answer);
      },
      (problem) => {
        this.#ended = problem ?? 'its process has ended';
        this.#waiting?.reject(this.#lost());
      },
    );
  }

  /** Throws a SendError when the frame cannot be sent, a HostError when the box has ended. */
  async send(device: string, ingress: boolean, frame: Uint8Array): Promise<SendLine> {
    const { sent } = await this.#ask({ send: { device, ingress, frame: hexOf(frame) } });
    const { verdict, error } = sent as Sent;
    if (error !== '') throw new SendError(error);
    return JSON.parse(verdict) as SendLine;
  }

  /** Takes a frame; `counter` hears of it now or later. Throws a HostError when the box has ended. */
  async take(device: string, ingress: boolean, frame: Uint8Array, counter: Counter): Promise<void> {
    if (frame.length > FRAME_MAX) await this.flush(device, ingress, counter);
    const digits = hexOf(frame);
    this.#frames.push(digits);
    this.#digits += digits.length;
    if (this.#frames.length >= FRAMES || this.#digits >= DIGITS) await this.flush(device, ingress, counter);
  }

  /** Sends what was taken. */
  async flush(device: string, ingress: boolean, counter: Counter): Promise<void> {
    let frames = this.#frames;
    this.#frames = [];
    this.#digits = 0;
    while (frames.length !== 0 && !counter.isHopeless) {
      const { sentAll } = await this.#ask({ sendAll: { device, ingress, frames } });
      const { frames: done, passed, error } = sentAll as SentAll;
      for (let n = 0; n < done; n++) counter.count(n < passed);
      if (error !== '') counter.refused(new SendError(error));
      frames = frames.slice(done + 1);
    }
  }

  close(): void {
    this.#connection.close();
  }

  #ask(request: ToBox): Promise<FromBox> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#lost());
        return;
      }
      this.#waiting = { resolve, reject };
      this.#connection.send(request);
    });
  }

  #lost(): HostError {
    return new HostError(
      'ended',
      `box '${this.#box}': ${this.#ended ?? 'it has ended'}`,
      'tcbox ls shows those there are',
    );
  }
}
