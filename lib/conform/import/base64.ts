// Base64, the usual alphabet or that of URLs, in lines of any length. An empty line or padding ends a datagram, and so does a
// line with which its messages are whole.
import type { Datagram } from '../datagram.js';
import { ByteSink } from './byte_sink.js';
import { type Line, LineImporter } from './lines.js';
import { bareDatagram, isWhole } from './plausible.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const sixBits = new Map<string, number>(Array.from(alphabet, (sign, value) => [sign, value]));
sixBits.set('-', 62).set('_', 63);

/** Bits that do not make a byte yet. */
class Bits {
  value = 0;
  count = 0;

  put(six: number, to: ByteSink): void {
    this.value = ((this.value << 6) | six) & 0xffff;
    this.count += 6;
    if (this.count < 8) return;
    this.count -= 8;
    to.put((this.value >> this.count) & 0xff);
  }
}

const padding = /={1,2}$/;

/** The bytes of one text; undefined = it is no base64. */
export function base64Bytes(text: string): Uint8Array | undefined {
  const [to, bits] = [new ByteSink(), new Bits()];
  for (const sign of text.replace(padding, '')) {
    const six = sixBits.get(sign);
    if (six === undefined) return undefined;
    bits.put(six, to);
  }
  return to.take();
}

export class Base64Importer extends LineImporter {
  readonly #bytes = new ByteSink();
  #bits = new Bits();
  #start: Line | undefined;
  #lost = false;

  protected *line(line: Line): Generator<Datagram, void> {
    const text = line.text.replace(/#.*$/, '').trim();
    if (text === '') {
      if (line.text.trim() === '') yield* this.#done();
      return;
    }
    if (this.#lost) return;
    this.#start ??= line;
    const wrong = Array.from(text.replace(padding, '')).find((sign) => !this.#put(sign));
    if (wrong !== undefined) {
      this.problem(line, `'${wrong}' is no sign of base64`);
      this.#bytes.take();
      this.#lost = true;
    } else if (padding.test(text) || isWhole(this.#bytes.view())) yield* this.#done();
  }

  protected *finish(): Generator<Datagram, void> {
    yield* this.#done();
  }

  #put(sign: string): boolean {
    const six = sixBits.get(sign);
    if (six !== undefined) this.#bits.put(six, this.#bytes);
    return six !== undefined;
  }

  *#done(): Generator<Datagram, void> {
    const start = this.#start;
    this.#start = undefined;
    this.#lost = false;
    this.#bits = new Bits();
    const bytes = this.#bytes.take();
    if (start !== undefined && bytes.length > 0)
      yield bareDatagram(this.context, bytes, { offset: start.offset, line: start.number });
  }
}
