// What `tcbox send` prints and writes: a table or JSON lines of the verdicts, a pcapng file of what left, and on a terminal
// how far it has come.
import { closeSync, openSync, writeSync } from 'node:fs';
import { PcapngWriter } from '../wire/pcap/writer.js';
import { writeAll } from './files.js';
import type { CaptureTime } from './send_frames.js';
import type { LateLine, LineDestination, SendLine } from './send_line.js';
import { UsageError } from './usage_error.js';

/** Bytes of a file that wait to be written. */
const BUFFER = 1 << 18;
const PROGRESS_MS = 200;

/** Where it went, for the table: `em2 received`, `em1 dropped (TC_EGRESS)`, `3: em2 received` of a frame sent before. */
const destinationText = ({ fate, device, why, of }: LineDestination): string =>
  `${of === undefined ? '' : `${of}: `}${device} ${fate}${why === undefined ? '' : ` (${why})`}`;

const columns = (frame: string, length: string, result: string, classid: string, action: string, to: string): string =>
  `${frame.padStart(6)}  ${length.padStart(6)}  ${result.padEnd(8)}  ${classid.padEnd(9)}  ${action.padEnd(18)}  ${to}`;

export const tableHead = (): string => columns('frame', 'length', 'result', 'classid', 'action', 'destination');

export function tableRow({ frame, length, result, errno, classid, action, destinations }: SendLine): string {
  const to = destinations.map(destinationText).join(', ');
  return columns(String(frame), String(length), errno ?? String(result), classid ?? '-', action ?? '-', to || '-');
}

/** What left a queue later. */
export const lateRow = ({ destinations }: LateLine): string =>
  columns('later', '', '', '', '', destinations.map(destinationText).join(', '));

/** Frames that left or arrived, in a pcapng file; each device is an interface. */
export class OutFile {
  readonly #fd: number;
  readonly #path: string;
  readonly #writer = new PcapngWriter();
  readonly #interfaces = new Map<string, number>();
  #parts: Uint8Array[] = [];
  #waiting = 0;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'w');
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
    this.#put(this.#writer.section());
  }

  add(line: SendLine | LateLine, time: CaptureTime): void {
    const ofLine = 'late' in line ? undefined : `frame ${line.frame}${line.classid ? `, class ${line.classid}` : ''}`;
    for (const { fate, device, frame, of } of line.destinations) {
      if (frame === undefined || (fate !== 'sent' && fate !== 'received')) continue;
      const comment = ofLine ?? (of === undefined ? undefined : `frame ${of}, later`);
      const comments = comment === undefined ? [] : [comment];
      const data = Uint8Array.from(Buffer.from(frame, 'hex'));
      const direction = fate === 'sent' ? 'out' : 'in';
      this.#put(this.#writer.packet({ interface: this.#interface(device), ...time, data, comments, direction }));
    }
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #interface(name: string): number {
    const known = this.#interfaces.get(name);
    if (known !== undefined) return known;
    this.#put(this.#writer.interface({ name }));
    this.#interfaces.set(name, this.#interfaces.size);
    return this.#interfaces.size - 1;
  }

  #put(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#waiting += bytes.length;
    if (this.#waiting >= BUFFER) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#waiting = 0;
    writeAll(this.#fd, bytes, this.#path);
  }
}

/** How far a long file has been read, on a terminal that shows nothing else. */
export class Progress {
  readonly #on: boolean;
  #last = performance.now();

  constructor(on: boolean) {
    this.#on = on;
  }

  show(frames: number, read: number, size: number): void {
    if (!this.#on || performance.now() - this.#last < PROGRESS_MS) return;
    this.#last = performance.now();
    const part = size === 0 ? '' : `, ${Math.floor((100 * read) / size)} %`;
    writeSync(2, `\r\u001b[Ktcbox: ${frames} frames${part}`);
  }

  end(): void {
    if (this.#on) writeSync(2, '\r\u001b[K');
  }
}
