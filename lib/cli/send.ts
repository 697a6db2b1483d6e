// `tcbox send DEV`: sends frames through a device of a fresh kernel that a script has prepared, or of a box that stays, and
// prints what became of each.
import { isatty } from 'node:tty';
import { HostError } from '../host/host_error.js';
import { SpawnError } from '../host/program.js';
import { OutputError, writeAll } from './files.js';
import type { RunOptions } from './options.js';
import { CANNOT_START, say } from './say.js';
import { BoxSender } from './send_box.js';
import { CaptureFrames, type CaptureTime, type FrameToSend, hexFrames, madeFrames } from './send_frames.js';
import { OwnKernel } from './send_kernel.js';
import { SendError, type SendLine } from './send_line.js';
import { Progress } from './send_output.js';
import { Report } from './send_report.js';
import { UsageError } from './usage_error.js';

/** Options of `tcbox send`. */
export interface SendOptions extends RunOptions {
  ingress?: boolean;
  pcap?: string;
  hex?: string[];
  count?: string;
  size?: string;
  in?: string;
  script?: string;
  json?: boolean;
  quiet?: boolean;
  out?: string;
  expect?: string;
  wait?: string;
}

const FRAME_MAX = 65535;
const COUNT_MAX = 1e9;
const SIZE = 60;
/** How long queues may take to let go what waits at the end, seconds of the kernel's time. */
const WAIT = 10;
const NANOS = 1e9;
/** Steps in which that time passes. */
const WAIT_STEP = 0.1 * NANOS;

function numberOf(name: string, text: string | undefined, fallback: number, most: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (text?.trim() !== '' && Number.isFinite(value) && value >= 0 && value <= most) return value;
  throw new UsageError(`--${name} '${text ?? ''}' is no number from 0 to ${most}`);
}

function wholeNumber(name: string, text: string | undefined, fallback: number, most: number): number {
  const value = numberOf(name, text, fallback, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${name} ${value} is no whole number`);
}

interface Source {
  readonly frames: Iterable<FrameToSend>;
  readonly capture: CaptureFrames | undefined;
}

function sourceOf({ pcap, hex, count, size }: SendOptions): Source {
  if ([pcap, hex, count].filter((given) => given !== undefined).length !== 1)
    throw new UsageError('send needs one of --pcap, --hex and --count');
  if (size !== undefined && count === undefined) throw new UsageError('--size is of --count');
  if (hex !== undefined) return { frames: hexFrames(hex), capture: undefined };
  if (pcap === undefined) {
    const [frames, length] = [wholeNumber('count', count, 1, COUNT_MAX), wholeNumber('size', size, SIZE, FRAME_MAX)];
    return { frames: madeFrames(frames, length), capture: undefined };
  }
  const capture = new CaptureFrames(pcap);
  return { frames: capture.frames(), capture };
}

interface Sending {
  readonly device: string;
  readonly ingress: boolean;
  readonly report: Report;
  /** Seconds for queues at the end. */
  readonly limit: number;
}

interface Sender {
  readonly now: CaptureTime;
  send(frame: FrameToSend, sending: Sending): SendLine | Promise<SendLine>;
  /** The same for frames of which nothing is told; the report hears of them now or at the end. */
  count(frame: FrameToSend, sending: Sending): void | Promise<void>;
  /** After the last frame. */
  end(sending: Sending): void | Promise<void>;
  close(): void;
}

/** Sends one frame and tells of it, as far as anybody wants to know. */
async function sendOne(sender: Sender, frame: FrameToSend, sending: Sending): Promise<void> {
  const { report } = sending;
  try {
    if (report.tells) report.add(await sender.send(frame, sending), sender.now);
    else await sender.count(frame, sending);
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    report.refused(error);
  }
}

async function sendAll(
  sender: Sender,
  { frames, capture }: Source,
  sending: Sending,
  progress: Progress,
): Promise<void> {
  const { report } = sending;
  report.begin();
  for (const frame of frames) {
    await sendOne(sender, frame, sending);
    if (report.isHopeless) break;
    progress.show(report.frames, capture?.read ?? 0, capture?.size ?? 0);
  }
  await sender.end(sending);
  progress.end();
  if (capture?.problem === undefined) return;
  say(capture.problem);
  report.failed = true;
}

/** Time is that of the capture, which begins with its first frame; else that of the kernel. */
function ownSender(kernel: OwnKernel): Sender {
  let first: { readonly time: CaptureTime; readonly at: number } | undefined;
  const now = (): CaptureTime => (first === undefined ? kernel.time : later(first.time, kernel.now - first.at));
  return {
    get now() {
      return now();
    },
    send: ({ data, after, time }, { device, ingress, report }) => {
      report.late(kernel.wait(after), now());
      if (time !== undefined) first ??= { time, at: kernel.now };
      return kernel.send(device, ingress, data);
    },
    count: ({ data, after }, { device, ingress, report }) => {
      kernel.waitUntold(after);
      report.count(kernel.sendUntold(device, ingress, data));
    },
    end: ({ report, limit }) => {
      for (let waited = 0; waited < limit && kernel.waiting > 0; waited += WAIT_STEP) {
        const step = Math.min(WAIT_STEP, limit - waited);
        if (report.tells) report.late(kernel.wait(step), now());
        else kernel.waitUntold(step);
      }
    },
    close: () => {
      kernel.close();
    },
  };
}

function later({ seconds, nanos }: CaptureTime, ns: number): CaptureTime {
  const sum = nanos + ns;
  return { seconds: seconds + Math.floor(sum / NANOS), nanos: sum % NANOS };
}

const boxSender = (box: BoxSender): Sender => ({
  get now() {
    return { seconds: Math.floor(Date.now() / 1000), nanos: (Date.now() % 1000) * 1e6 };
  },
  send: ({ data }, { device, ingress }) => box.send(device, ingress, data),
  count: ({ data }, { device, ingress, report }) => box.take(device, ingress, data, report),
  end: ({ device, ingress, report }) => box.flush(device, ingress, report),
  close: () => {
    box.close();
  },
});

/** A sender; a number is the exit code of what could not begin. */
async function senderFor(options: SendOptions): Promise<Sender | number> {
  if (options.in !== undefined) return boxSender(new BoxSender(options.in));
  const kernel = await OwnKernel.boot(options);
  const status = await kernel.prepare(options.script);
  if (status === 0) return ownSender(kernel);
  say(`the setup script ended with ${status}`);
  kernel.close();
  return CANNOT_START;
}

/** Sends the frames and prints what became of them by `print`; the exit code. */
export async function sendCommand(
  device: string,
  options: SendOptions,
  print: (text: string) => void = printLine,
): Promise<number> {
  if (options.in !== undefined && options.script !== undefined)
    throw new UsageError('--script prepares a fresh kernel, and --in names a box that has one');
  const source = sourceOf(options);
  const report = new Report(options, print);
  const limit = numberOf('wait', options.wait, WAIT, 1e6) * NANOS;
  // Asked now: later the answer would be that of the modelled kernel.
  const terminal = isatty(2) && (options.quiet === true || !isatty(1));
  try {
    const sender = await senderFor(options);
    if (typeof sender === 'number') return sender;
    try {
      const sending = { device, ingress: options.ingress === true, report, limit };
      await sendAll(sender, source, sending, new Progress(terminal && source.capture !== undefined));
      report.end();
      return report.failed ? 1 : 0;
    } finally {
      sender.close();
    }
  } catch (error) {
    if (!(error instanceof HostError || error instanceof SpawnError || error instanceof OutputError)) throw error;
    if (error.message !== '') say(error.message);
    if (error instanceof OutputError) return 1;
    return error instanceof SpawnError ? error.status : CANNOT_START;
  }
}

/** Past the streams of Node.js, which ask the kernel of the box what standard output is. */
function printLine(text: string): void {
  writeAll(1, Buffer.from(`${text}\n`), 'standard output');
}
