// What `tcbox send` tells of its frames: lines of a table or JSON, a capture of what left, what is not as expected, and the
// totals.
import { say } from './say.js';
import { Expectations } from './send_expect.js';
import type { CaptureTime } from './send_frames.js';
import type { LateLine, LineDestination, SendError, SendLine } from './send_line.js';
import { lateRow, OutFile, tableHead, tableRow } from './send_output.js';

export interface ReportOptions {
  json?: boolean;
  quiet?: boolean;
  out?: string;
  expect?: string;
}

/** Frames that are not as expected, or cannot be sent: so many are told of. */
const TOLD = 20;

export class Report {
  failed = false;
  #frames = 0;
  #problems = 0;
  /** Frames whose packets wait, by their tickets. */
  readonly #waiting = new Map<number, number>();
  #sent = 0;
  readonly #options: ReportOptions;
  readonly #out: OutFile | undefined;
  readonly #expected: Expectations | undefined;
  readonly #print: (text: string) => void;

  constructor(options: ReportOptions, print: (text: string) => void) {
    this.#options = options;
    this.#print = print;
    this.#expected = options.expect === undefined ? undefined : new Expectations(options.expect);
    this.#out = options.out === undefined ? undefined : new OutFile(options.out);
  }

  /** Before the first frame. */
  begin(): void {
    if (this.#options.json !== true && this.#options.quiet !== true) this.#print(tableHead());
  }

  /** Whether anything of a frame is shown, written or compared. */
  get tells(): boolean {
    return this.#options.quiet !== true || this.#out !== undefined || this.#expected !== undefined;
  }

  /** The first frame could not be sent at all: no other can. */
  get isHopeless(): boolean {
    return this.failed && this.#frames === 1;
  }

  get frames(): number {
    return this.#frames;
  }

  add(line: SendLine, time: CaptureTime): void {
    line.frame = ++this.#frames;
    if (line.result === 0) this.#sent++;
    for (const { fate, ticket } of line.destinations)
      if (fate === 'queued' && ticket !== undefined) this.#waiting.set(ticket, line.frame);
    this.#out?.add(line, time);
    this.#problem(this.#expected?.check(this.#frames, line));
    this.#show({ frame: line.frame, ...line }, () => tableRow(line));
  }

  /** A frame of which nothing is told. */
  count(sent: boolean): void {
    this.#frames++;
    if (sent) this.#sent++;
  }

  late(line: LateLine | undefined, time: CaptureTime): void {
    if (line === undefined) return;
    for (const destination of line.destinations) this.#recall(destination);
    this.#out?.add(line, time);
    this.#show(line, () => lateRow(line));
  }

  /** Which frame a packet comes from that has waited. */
  #recall(destination: LineDestination): void {
    const { ticket, fate } = destination;
    const frame = ticket === undefined ? undefined : this.#waiting.get(ticket);
    if (frame === undefined) return;
    destination.of = frame;
    if (fate !== 'queued') this.#waiting.delete(ticket!);
  }

  /** A frame that could not be sent at all. */
  refused({ message }: SendError): void {
    const frame = ++this.#frames;
    this.failed = true;
    if (this.#options.quiet === true) this.#problem(`frame ${frame}: ${message}`);
    this.#problem(this.#expected?.check(frame, { error: message }));
    this.#show({ frame, error: message }, () => `${String(frame).padStart(6)}  ${message}`);
  }

  #show(json: object, row: () => string): void {
    if (this.#options.quiet !== true) this.#print(this.#options.json === true ? JSON.stringify(json) : row());
  }

  #problem(text: string | undefined): void {
    if (text === undefined) return;
    this.failed = true;
    if (this.#problems++ < TOLD) say(text);
  }

  end(): void {
    this.#out?.close();
    if (this.#problems > TOLD) say(`${this.#problems - TOLD} more of this kind`);
    const missing = this.#expected?.end();
    if (missing !== undefined) say(missing);
    if (missing !== undefined) this.failed = true;
    if (this.#options.quiet === true) this.#print(`${this.#frames} frames, ${this.#sent} with result 0`);
  }
}
