// Raw bytes: netlink messages one behind the other. Where one datagram ended and the next began is not in such a file, so
// all of it is one datagram; a file longer than a datagram can be is cut between messages.
import type { Datagram } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import type { ImportContext, Importer } from './importer.js';
import { bareDatagram, messagesEnd } from './plausible.js';

/** More than a socket takes in one piece. */
const CUT = 1 << 20;

export class RawImporter implements Importer {
  readonly #context: ImportContext;
  readonly #bytes = new ByteSink();
  #offset = 0;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  *push(chunk: Uint8Array): Generator<Datagram, void> {
    for (let at = 0; at < chunk.length; at += CUT) {
      this.#bytes.append(chunk.subarray(at, at + CUT));
      if (this.#bytes.length > CUT) yield this.#cut();
    }
  }

  *end(): Generator<Datagram, void> {
    if (this.#bytes.length > 0) yield this.#take(this.#bytes.length);
  }

  /** The messages that are whole; everything, if the first one is not. */
  #cut(): Datagram {
    return this.#take(messagesEnd(this.#bytes.view()) || this.#bytes.length);
  }

  #take(length: number): Datagram {
    const all = this.#bytes.take();
    const datagram = bareDatagram(this.#context, all.slice(0, length), { offset: this.#offset });
    this.#bytes.append(all.subarray(length));
    this.#offset += length;
    return datagram;
  }
}
