// Plays one recording of bpf(2) calls to the model and compares what came of each: the return value, the attributes and
// every buffer, byte for byte, but for what varies and for addresses and fds, which are the player's own.
import { Bytes, fromHex, toHex } from '../../../lib/codec/bytes.js';
import type { BpfPaths, Pinned } from '../../../lib/linux/kernel/bpf/inode.js';
import { PinTree } from '../../../lib/linux/kernel/bpf/inode.js';
import * as capability from '../../../lib/uapi/linux/capability.js';
import * as E from '../../../lib/uapi/asm-generic/errno.js';
import { makeCall } from '../netlink/calls.js';
import type { Subject } from '../netlink/process.js';
import { Process } from '../netlink/process.js';
import type { Mask } from '../netlink/record.js';
import type { BpfStep, Outcome, SyscallRecord } from './record.js';

const absolute = (path: string): string => (path === '' ? path : `/cwd/${path}`);

/** The recorder's working directory: a tmpfs with a file `plain` and a file system of pins at `bpf`. */
class WorkingDirectory implements BpfPaths {
  readonly #tree = new PinTree('/cwd/bpf');

  pin(dirfd: number, path: string, object: Pinned): number {
    if (path === 'plain') return -E.EEXIST;
    return path.startsWith('plain/') ? -E.ENOTDIR : this.#tree.pin(dirfd, absolute(path), object);
  }

  get(dirfd: number, path: string): Pinned | number {
    if (path === 'plain') return -E.EACCES;
    return path.startsWith('plain/') ? -E.ENOTDIR : this.#tree.get(dirfd, absolute(path));
  }
}

/** A buffer in the player's memory. */
interface Placed {
  readonly bytes: Bytes;
  readonly before: Uint8Array;
  readonly address: number;
}

function setAddress(to: Bytes, offset: number, address: number): void {
  to.view.setBigUint64(offset, BigInt(address), true);
}

/** Differences of two byte strings outside of the masks, as one line; undefined when there are none. */
function differ(where: string, expected: Uint8Array, got: Uint8Array, masks: readonly Mask[]): string | undefined {
  const covered = (at: number): boolean =>
    masks.some(({ ranges }) => ranges === undefined || ranges.some(([from = 0, to = 0]) => at >= from && at < to));
  const places: number[] = [];
  for (let at = 0; at < Math.max(expected.length, got.length); at++)
    if (expected[at] !== got[at] && !covered(at)) places.push(at);
  const [first] = places;
  if (first === undefined) return undefined;
  const from = first & ~3;
  const show = (bytes: Uint8Array): string => toHex(bytes.subarray(from, from + 16));
  return `${where}: ${places.length} bytes differ, from ${first}: expected ${show(expected)}, got ${show(got)} at ${from}`;
}

class Player {
  readonly #record: SyscallRecord;
  readonly #process: Process;
  readonly lines: string[] = [];

  constructor(record: SyscallRecord, subject: Subject) {
    this.#record = record;
    this.#process = new Process(subject, new WorkingDirectory());
  }

  run(): void {
    for (const object of this.#record.objects) this.#process.make(object);
    const caps = capability as Readonly<Record<string, number>>;
    this.#process.dropped = new Set(this.#record.dropped.map((name) => caps[name] ?? -1));
    this.#record.steps.forEach((step, i) => {
      if ('call' in step) this.#outcome(i, step.expected, makeCall(this.#process, step.call));
      else this.#bpf(step, i);
    });
  }

  #masks(step: number, which: string, index?: number | string): Mask[] {
    return this.#record.mask.filter((mask) => mask.step === step && mask.which === which && mask.index === index);
  }

  #place(step: BpfStep, attr: Bytes): Placed[] {
    const process = this.#process;
    const placed = step.buffers.map(({ hex, size, fds }) => {
      const given = fromHex(hex);
      const bytes = Bytes.zeroed(Math.max(size, given.length));
      bytes.u8.set(given);
      for (const { offset, object } of fds) bytes.view.setUint32(offset, process.fd(object), true);
      return { bytes, address: process.memory.map(bytes.u8), before: bytes.u8 };
    });
    step.buffers.forEach(({ inAttr, inBuffer, offset }, i) => {
      setAddress(inAttr ? attr : placed[inBuffer]!.bytes, offset, placed[i]!.address);
    });
    return placed.map((one) => ({ ...one, before: one.bytes.u8.slice() }));
  }

  #fixUp({ fds, ids, pids }: BpfStep, attr: Bytes): void {
    const process = this.#process;
    for (const { offset, object } of fds) attr.view.setUint32(offset, process.fd(object), true);
    for (const { offset, object } of ids) attr.view.setUint32(offset, process.idOf(object), true);
    for (const offset of pids) attr.view.setUint32(offset, process.task.tgid, true);
  }

  /** Zeroes what is the player's own in the attributes. */
  #neutral({ buffers, fds, ids, pids }: BpfStep, attr: Bytes): Uint8Array {
    const out = attr.u8.slice();
    for (const { inAttr, offset } of buffers) if (inAttr) out.fill(0, offset, offset + 8);
    for (const offset of [...fds, ...ids].map((fixup) => fixup.offset).concat(pids)) out.fill(0, offset, offset + 4);
    return out;
  }

  #bpf(step: BpfStep, i: number): void {
    const attr = Bytes.zeroed(Math.max(step.size, step.attrHex.length / 2));
    attr.u8.set(fromHex(step.attrHex));
    this.#fixUp(step, attr);
    const placed = this.#place(step, attr);
    const ret = this.#process.bpf(step.cmd, this.#process.memory.map(attr.u8), step.size, step.as);
    const got = ret < 0 ? { errno: -ret } : { ret: step.returnsFd ? 'fd' : ret };
    this.#outcome(i, step.expected, got);
    const expected = Bytes.zeroed(attr.u8.length);
    expected.u8.set(fromHex(step.attrOutHex));
    const masks = this.#masks(i, 'attr');
    this.#note(differ(`step ${i} attr`, this.#neutral(step, expected), this.#neutral(step, attr), masks));
    placed.forEach(({ bytes, before }, k) => {
      const changed = step.changed.get(k);
      const wanted = changed === undefined ? before : fromHex(changed);
      this.#note(differ(`step ${i} mem ${k}`, wanted, bytes.u8, this.#masks(i, 'mem', k)));
    });
  }

  #note(line: string | undefined): void {
    if (line !== undefined) this.lines.push(line);
  }

  #outcome(i: number, expected: Outcome, got: Outcome): void {
    for (const key of ['ret', 'errno'] as const)
      if (expected[key] !== got[key] && this.#masks(i, key).length === 0)
        this.lines.push(`step ${i} ${key}: expected ${String(expected[key])}, got ${String(got[key])}`);
    if (expected.out === undefined || Array.isArray(expected.out)) return;
    for (const key of new Set([...Object.keys(expected.out), ...Object.keys(got.out ?? {})])) {
      const [wanted, given] = [expected.out[key], got.out?.[key]];
      if (this.#masks(i, 'out', key).length > 0 || wanted === given) continue;
      this.lines.push(`step ${i} out ${key}: expected ${String(wanted)}, got ${String(given)}`);
    }
  }
}

/** The differences; none = the subject agrees. Throws NotModelled for what it lacks. */
export function playSyscalls(record: SyscallRecord, subject: Subject): string[] {
  const player = new Player(record, subject);
  player.run();
  return player.lines;
}
