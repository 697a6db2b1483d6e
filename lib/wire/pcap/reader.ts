// Reading a capture, pcap or pcapng, while its bytes come: the caller gives chunks of any size and takes the packets that are
// whole. A damaged file gives every packet before the damage, then an error that says where.
import { CaptureError, type CapturedPacket } from './capture.js';
import { Input } from './input.js';
import { PcapReader } from './pcap_reader.js';
import { PcapngReader } from './pcapng_reader.js';

const MAGIC = 4;

export class CaptureReader {
  readonly #input = new Input();
  #format: PcapReader | PcapngReader | undefined;
  #error: CaptureError | undefined;

  /** What is wrong with the file; nothing is read after it. */
  get error(): CaptureError | undefined {
    return this.#error;
  }

  /** The packets that are whole now. To be run to its end; until then the chunk must not change. */
  *push(chunk: Uint8Array): Generator<CapturedPacket, void> {
    if (this.#error !== undefined) return;
    this.#input.push(chunk);
    for (let packet = this.#next(); packet !== undefined; packet = this.#next()) yield packet;
    this.#input.keep();
  }

  /** The file ends here. What is wrong with it, if anything is. */
  end(): CaptureError | undefined {
    const { length, offset } = this.#input;
    if (this.#error === undefined && this.#format === undefined && length === 0)
      this.#error = new CaptureError(0, 'the file is empty');
    if (this.#error === undefined && this.#format === undefined)
      this.#error = new CaptureError(0, 'neither pcap nor pcapng');
    if (this.#error === undefined && length !== 0)
      this.#error = new CaptureError(offset, `the file ends within a record, ${length} bytes after its start`);
    return this.#error;
  }

  #next(): CapturedPacket | undefined {
    try {
      this.#format ??= this.#recognise();
      return this.#format?.next();
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#error = error;
      return undefined;
    }
  }

  #recognise(): PcapReader | PcapngReader | undefined {
    if (this.#input.length < MAGIC) return undefined;
    const format = PcapReader.for(this.#input) ?? PcapngReader.for(this.#input);
    if (format === undefined) throw new CaptureError(0, 'neither pcap nor pcapng');
    return format;
  }
}
