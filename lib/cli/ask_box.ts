// `tcbox check --in BOX`: sends datagrams into a box that stays, one after the other, and takes its answers. They take effect there,
// as if a program in the box had sent them.
import { HostError } from '../host/host_error.js';
import type { Asked } from '../record/control.js';
import { EMSGSIZE } from '../uapi/asm-generic/errno.js';
import { call, type Connection } from './connection.js';

/** More than any socket takes at once. */
const DATAGRAM_MAX = 4 << 20;

export class BoxAsker {
  readonly #connection: Connection;
  readonly box: string;
  #waiting: { resolve: (answer: Asked) => void; reject: (error: Error) => void } | undefined;
  #ended: string | undefined;

  /** Throws a HostError when there is no such box. */
  constructor(box: string) {
    this.box = box;
    this.#connection = call(box, { query: {} });
    this.#connection.listen(
      ({ asked }) => {
        if (asked === undefined) return;
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve(asked);
      },
      (problem) => {
        this.#ended = problem ?? 'its process has ended';
        this.#waiting?.reject(this.#lost());
      },
    );
  }

  /** Throws a HostError when the box has ended. */
  ask(protocol: number, options: readonly number[], data: Uint8Array): Promise<Asked> {
    return new Promise((resolve, reject) => {
      if (data.length > DATAGRAM_MAX) {
        resolve({ result: -EMSGSIZE, datagrams: [], total: 0 });
        return;
      }
      if (this.#ended !== undefined) {
        reject(this.#lost());
        return;
      }
      this.#waiting = { resolve, reject };
      this.#connection.send({ ask: { protocol, options: Uint8Array.from(options), data } });
    });
  }

  close(): void {
    this.#connection.close();
  }

  #lost(): HostError {
    const why = `box '${this.box}': ${this.#ended ?? 'it has ended'}`;
    return new HostError('ended', why, 'tcbox ls shows those there are');
  }
}
