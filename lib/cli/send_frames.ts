// Where `tcbox send` takes its frames from: a capture, which is read as it is needed, the command line, or made ones. Each
// comes with the time it was captured at.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type CapturedPacket, LINKTYPE_ETHERNET } from '../wire/pcap/capture.js';
import { CaptureReader } from '../wire/pcap/reader.js';
import { patiently } from './files.js';
import { UsageError } from './usage_error.js';

export interface FrameToSend {
  /** Valid until the next one is asked for. */
  readonly data: Uint8Array;
  /** Nanoseconds since the frame before. */
  readonly after: number;
  /** When it was captured, where that is known. */
  readonly time?: CaptureTime;
}

/** Since 1970. */
export interface CaptureTime {
  readonly seconds: number;
  readonly nanos: number;
}

const CHUNK = 1 << 20;
const NANOS = 1_000_000_000;
const ETH_HLEN = 14;

/** A file that is read from its beginning to its end. */
export class CaptureFrames {
  /** What is wrong with the file, once that is known. */
  problem: string | undefined;
  /** Bytes there are, 0 when nobody knows, and bytes that have been read. */
  readonly size: number;
  read = 0;
  readonly #path: string;
  readonly #fd: number;
  #before: CaptureTime | undefined;
  #isReadable = true;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = path === '-' ? 0 : openSync(path, 'r');
      this.size = fstatSync(this.#fd).size;
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  }

  *frames(): Generator<FrameToSend, void> {
    const reader = new CaptureReader();
    const chunk = new Uint8Array(CHUNK);
    try {
      for (let got = this.#fill(chunk); got !== 0 && reader.error === undefined; got = this.#fill(chunk))
        for (const packet of reader.push(chunk.subarray(0, got))) if (this.#isFrame(packet)) yield this.#frame(packet);
      const error = this.#isReadable ? reader.end() : undefined;
      if (error !== undefined) this.problem = `${this.#path}: ${error.message}`;
    } finally {
      if (this.#fd !== 0) closeSync(this.#fd);
    }
  }

  #fill(chunk: Uint8Array): number {
    try {
      const got = patiently(() => readSync(this.#fd, chunk, 0, CHUNK, null));
      this.read += got;
      return got;
    } catch (error) {
      this.#isReadable = false;
      this.problem = `${this.#path}: offset ${this.read}: ${(error as Error).message}`;
      return 0;
    }
  }

  #isFrame({ interface: { linkType }, offset }: CapturedPacket): boolean {
    if (linkType === LINKTYPE_ETHERNET) return true;
    this.problem ??= `${this.#path}: offset ${offset}: packets of link type ${linkType} are left out; frames are type 1`;
    return false;
  }

  #frame({ data, seconds, nanos }: CapturedPacket): FrameToSend {
    if (seconds === undefined) return { data, after: 0 };
    const before = this.#before ?? { seconds, nanos };
    const time = { seconds, nanos };
    this.#before = time;
    return { data, after: Math.max(0, (seconds - before.seconds) * NANOS + nanos - before.nanos), time };
  }
}

/** Frames written as hexadecimal digits; spaces, colons, dots and dashes between them do not count. */
export function hexFrames(texts: readonly string[]): FrameToSend[] {
  return texts.map((text) => {
    const digits = text.replace(/^0x/, '').replace(/[\s:.-]/g, '');
    if (digits === '' || digits.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(digits))
      throw new UsageError(`--hex '${text}' is no run of bytes`);
    return { data: Uint8Array.from(Buffer.from(digits, 'hex')), after: 0 };
  });
}

function headerSum(frame: Uint8Array): number {
  let sum = 0;
  for (let at = ETH_HLEN; at < ETH_HLEN + 20; at += 2) sum += (frame[at]! << 8) | frame[at + 1]!;
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
}

/** IPv4 and UDP from 192.0.2.1 to 192.0.2.2, port 9 (discard), to the broadcast address; shorter ones are cut. */
function madeFrame(size: number, number: number): Uint8Array {
  const frame = new Uint8Array(Math.max(size, 42));
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, 6);
  frame.set([2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0], 6);
  view.setUint16(16, frame.length - ETH_HLEN);
  view.setUint16(18, number & 0xffff);
  frame.set([64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2], 22);
  view.setUint16(24, headerSum(frame));
  frame.set([0, 9, 0, 9], 34);
  view.setUint16(38, frame.length - 34);
  return frame.subarray(0, size);
}

/** `count` frames of `size` bytes, numbered in the identification of their IPv4 header. */
export function* madeFrames(count: number, size: number): Generator<FrameToSend, void> {
  for (let number = 0; number < count; number++) yield { data: madeFrame(size, number), after: 0 };
}
