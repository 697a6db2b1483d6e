// What a kernel is given, what it answers, and in which words that is compared: one text for what became of a frame, one
// value for every counter. Both kernels hand over the bytes as they came from their sockets and programs; all that is read
// from them is read here.
import { fromHex } from '../../../lib/codec/bytes.js';
import { DEVICES, devices, shows, type Configuration } from './configurations.js';
import type { Frame } from './frames.js';

/** sll_protocol, sll_pkttype, sll_hatype, sll_addr in hex. */
export type From = readonly [protocol: number, pktType: number, hatype: number, address: string];
/** A packet at a device: from whom, struct tpacket_auxdata and bytes in hex; or the errno of the receive. */
export type Got =
  readonly [dev: string, from: From, auxdata: string, data: string] | readonly [dev: string, errno: number];
export interface Sent {
  readonly errno: number;
  readonly got: readonly Got[];
}
export type Ran = readonly [status: number, output: string];
export type Step = { readonly hex: string } | { readonly run: string };

/** What a kernel is given. */
export interface Job {
  /** The file with the programs, which is called `$O` where commands are told of. */
  readonly object: string;
  readonly setup: readonly string[];
  readonly sender: string;
  readonly receivers: readonly string[];
  readonly options: readonly (readonly [option: number, value: number])[];
  readonly steps: readonly Step[];
}

/** What it answers: one result for each command and for each step. */
export interface Play {
  readonly setup: readonly Ran[];
  readonly steps: readonly (Sent | Ran)[];
}

/** The results of a configuration, as they are compared and recorded. */
export interface Outcome {
  readonly name: string;
  /** What the commands of the setup, and those between frames, said; only those that said something. */
  readonly said: Readonly<Record<string, string>>;
  /** What became of the frames, by number: equal ones stand together. */
  readonly frames: readonly (readonly [what: string, which: string])[];
  readonly counters: Readonly<Record<string, unknown>>;
}

/** `object`: the path of the file with the programs. */
export function jobOf(configuration: Configuration, frames: readonly Frame[], object: string): Job {
  const { setup, changes = [], options = [], receivers = DEVICES } = configuration;
  const command = (line: string): string => line.replaceAll('$O', object);
  const steps: Step[] = [];
  frames.forEach(({ bytes }, number) => {
    for (const { before, run } of changes)
      if (before === number) steps.push({ run: command(run) }, ...shows(configuration).map((run) => ({ run })));
    steps.push({ hex: Buffer.from(bytes).toString('hex') });
  });
  steps.push(...shows(configuration).map((run) => ({ run })));
  return { object, setup: [...devices, ...setup.map(command)], sender: 'v0', receivers, options, steps };
}

const pktTypes = ['host', 'broadcast', 'multicast', 'otherhost', 'outgoing', 'loopback'];

/** The bytes by what became of those that were sent: `=` the same, else `+N` bytes lost and bytes in their place at N. */
export function changes(sent: Uint8Array, got: Uint8Array): string {
  const shorter = Math.min(sent.length, got.length);
  let start = 0;
  while (start < shorter && sent[start] === got[start]) start++;
  let end = 0;
  while (end < shorter - start && sent[sent.length - 1 - end] === got[got.length - 1 - end]) end++;
  const lost = sent.length - start - end;
  const put = Buffer.from(got.subarray(start, got.length - end)).toString('hex');
  return lost === 0 && put === '' ? '=' : `@${start}-${lost}+${put}`;
}

function auxdata(hex: string, length: number): string {
  const view = new DataView(fromHex(hex).buffer);
  const u32 = (at: number): number => view.getUint32(at, true);
  const u16 = (at: number): number => view.getUint16(at, true);
  const cut = u32(4) === length && u32(8) === length ? '' : ` len ${u32(4)} snap ${u32(8)}`;
  const tag = u16(16) | u16(18) ? ` tag ${u16(18).toString(16)}:${u16(16).toString(16)}` : '';
  return `status ${u32(0).toString(16)} mac ${u16(12)} net ${u16(14)}${tag}${cut}`;
}

function arrival(sent: Uint8Array, got: Got): string {
  if (got.length === 2) return `${got[0]} errno ${got[1]}`;
  const [dev, [protocol, pktType, hatype, address], aux, hex] = got;
  const data = fromHex(hex);
  const sender = Buffer.from(data.subarray(6, 12)).toString('hex') === address ? '' : ` from ${address}`;
  const type = hatype === 1 ? '' : ` hatype ${hatype}`;
  const kind = `${pktTypes[pktType] ?? pktType} ${protocol.toString(16)}${type}${sender}`;
  return `${dev} ${kind} ${auxdata(aux, data.length)} ${changes(sent, data)}`;
}

/** What became of a frame. A protocol that is the frame's own is told as TYPE, so that more fates are equal. */
function fate(frame: Frame, { errno, got }: Sent): string {
  const { bytes } = frame;
  const type = bytes.length >= 14 ? ((bytes[12]! << 8) | bytes[13]!).toString(16) : 'none';
  const arrivals = got.map((one) => arrival(bytes, one).replace(` ${type} status`, ' TYPE status'));
  arrivals.sort((a, b) => DEVICES.indexOf(a.slice(0, 2) as 'v0') - DEVICES.indexOf(b.slice(0, 2) as 'v0'));
  return [errno === 0 ? 'sent' : `errno ${errno}`, ...arrivals].join('; ');
}

/** 0-3,7 */
export function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const first = numbers[i]!;
    while (numbers[i + 1] === numbers[i]! + 1) i++;
    parts.push(first === numbers[i] ? `${first}` : `${first}-${numbers[i]!}`);
  }
  return parts.join(',');
}

/** Which numbers a text of ranges() means. */
export const inRanges = (text: string): number[] =>
  text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });

/** What varies from moment to moment, whatever the kernel does. */
const moments = new Set(['tokens', 'ctokens', 'installed', 'last_used', 'first_used', 'expires', 'load_time']);

/** JSON, or nearly so: tc shows some old ways as plain text in between. */
function told(output: string): unknown {
  try {
    return JSON.parse(output) as unknown;
  } catch {
    return output.replace(/"(\w+)":\d+,?/g, (all, key: string) => (moments.has(key) ? '' : all));
  }
}

/** The value without what is never compared: times, tokens, and numbers and translations of programs. */
function still(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(still);
  if (typeof value !== 'object' || value === null) return value;
  const isProgram = 'tag' in value && 'id' in value;
  const kept = Object.entries(value).filter(
    ([key]) => !moments.has(key) && !(isProgram && (key === 'id' || key === 'jited')),
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, still(inner)]));
}

/** Reads what a kernel answered. */
export function outcomeOf(configuration: Configuration, frames: readonly Frame[], job: Job, play: Play): Outcome {
  const said: Record<string, string> = {};
  const counters: Record<string, unknown> = {};
  const fates = new Map<string, number[]>();
  let number = 0;
  const plain = (line: string): string => line.replaceAll(job.object, '$O');
  job.setup.forEach((line, i) => {
    const [status, output] = play.setup[i]!;
    if (status !== 0 || output !== '') said[plain(line)] = plain(`${status} ${output}`);
  });
  job.steps.forEach((step, i) => {
    const result = play.steps[i]!;
    if ('hex' in step) {
      const what = fate(frames[number]!, result as Sent);
      fates.set(what, [...(fates.get(what) ?? []), number++]);
      return;
    }
    const [status, output] = result as Ran;
    const key = `${number}: ${plain(step.run)}`;
    if (status !== 0) said[key] = plain(`${status} ${output}`);
    else if (step.run.includes(' -j ')) counters[key] = still(told(output));
    else if (output !== '') said[key] = plain(output);
  });
  return { name: configuration.name, said, counters, frames: [...fates].map(([what, which]) => [what, ranges(which)]) };
}
