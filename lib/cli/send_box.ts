// `tcbox send --in BOX`: frames go to a box that stays, one after the other, and their verdicts come back. Nothing is sent before
// the answer to the last frame: a box does not wait for callers who do not read.
import { HostError } from '../host/host_error.js';
import type { Sent } from '../record/control.js';
import { call, type Connection } from './connection.js';
import { SendError, type SendLine } from './send_line.js';

export class BoxSender {
  readonly #connection: Connection;
  readonly #box: string;
  #waiting: { resolve: (sent: Sent) => void; reject: (error: Error) => void } | undefined;
  #ended: string | undefined;

  /** Throws a HostError when there is no such box. */
  constructor(box: string) {
    this.#box = box;
    this.#connection = call(box, { query: {} });
    this.#connection.listen(
      ({ sent }) => {
        if (sent === undefined) return;
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve(sent);
      },
      (problem) => {
        this.#ended = problem ?? 'its process has ended';
        this.#waiting?.reject(this.#lost());
      },
    );
  }

  /** Throws a SendError when the frame cannot be sent, a HostError when the box has ended. */
  async send(device: string, ingress: boolean, frame: Uint8Array): Promise<SendLine> {
    const { verdict, error } = await this.#ask(device, ingress, Buffer.from(frame).toString('hex'));
    if (error !== '') throw new SendError(error);
    return JSON.parse(verdict) as SendLine;
  }

  close(): void {
    this.#connection.close();
  }

  #ask(device: string, ingress: boolean, frame: string): Promise<Sent> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#lost());
        return;
      }
      this.#waiting = { resolve, reject };
      this.#connection.send({ send: { device, ingress, frame } });
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
