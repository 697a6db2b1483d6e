// Compares what the model gave with what was recorded, step by step, as replay.py of the recordings does: results,
// datagrams with their masks, flags, addresses, outputs. Each difference is a line that says where and what.
import { fromHex, toHex } from '../../../lib/codec/bytes.js';
import { differences, showDifference } from '../../../lib/wire/difference.js';
import type { Json } from '../input.js';
import type { Mask, NetlinkRecord, Reply, Result } from './record.js';

type Ranges = readonly (readonly number[])[];

/** Masks of one place; 'whole' leaves the value out of the comparison. */
class Masks {
  readonly #byPlace = new Map<string, Ranges | 'whole'>();

  constructor(masks: readonly Mask[]) {
    for (const mask of masks) {
      const key = this.#key(mask.step, mask.which, mask.index);
      const before = this.#byPlace.get(key) ?? [];
      const whole = before === 'whole' || mask.ranges === undefined;
      this.#byPlace.set(key, whole ? 'whole' : [...before, ...mask.ranges]);
    }
  }

  #key(step: number, which: string, index: number | string | undefined): string {
    return JSON.stringify([step, which, index]);
  }

  of(step: number, which: string, index?: number | string): Ranges | 'whole' | undefined {
    return this.#byPlace.get(this.#key(step, which, index));
  }
}

function masked(hex: string, ranges: Ranges): Uint8Array {
  const u8 = fromHex(hex);
  for (const [from = 0, to = 0] of ranges) u8.fill(0, from, to);
  return u8;
}

const everything: Ranges = [[0, Infinity]];

const rangesOf = (mask: Ranges | 'whole' | undefined): Ranges => (mask === 'whole' ? everything : (mask ?? []));

/** Shown of one datagram: enough to see what kind of difference it is. */
const shown = 4;

const cut = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function compareReply(where: string, recorded: Reply, got: Reply, mask: Ranges): string[] {
  if (typeof recorded !== 'string' || typeof got !== 'string')
    return same(recorded, got) ? [] : [`${where}: expected ${cut(recorded)}, got ${cut(got)}`];
  // Masks are places of the recorded bytes: with another length they would hide the wrong ones.
  const ranges = recorded.length === got.length ? mask : [];
  const found = differences(masked(recorded, ranges), masked(got, ranges)).map(showDifference);
  const more = found.length > shown ? [`${where}: ${found.length - shown} more differences`] : [];
  return [...found.slice(0, shown).map((line) => `${where} ${line}`), ...more];
}

/** Types of the messages in datagrams, for a list that has too many or too few. */
const sizes = (replies: readonly Reply[]): string =>
  replies.map((reply) => (typeof reply === 'string' ? `${reply.length / 2} bytes` : cut(reply))).join(', ') || 'none';

function compareReplies(step: number, which: 'recv' | 'notify', recorded: Result, got: Result, masks: Masks): string[] {
  const [a, b] = [recorded[which] ?? [], got[which] ?? []];
  const where = `step ${step} ${which}`;
  const count =
    a.length === b.length ? [] : [`${where}: ${a.length} datagrams (${sizes(a)}), got ${b.length} (${sizes(b)})`];
  const each = a.slice(0, b.length).flatMap((reply, i) => {
    const mask = masks.of(step, which, i);
    return compareReply(`${where} ${i}`, reply, b[i]!, rangesOf(mask));
  });
  return [...count, ...each];
}

const isHex = (value: unknown): value is string => typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value);

function compareOut(step: number, recorded: Json, got: Json, masks: Masks): string[] {
  const keys = [...new Set([...Object.keys(recorded), ...Object.keys(got)])].toSorted();
  return keys.flatMap((key) => {
    const mask = masks.of(step, 'out', key);
    if (mask === 'whole') return [];
    const [a, b] = [recorded[key], got[key]];
    const equal =
      mask !== undefined && isHex(a) && isHex(b) ? toHex(masked(a, mask)) === toHex(masked(b, mask)) : same(a, b);
    return equal ? [] : [`step ${step} out ${key}: expected ${cut(a)}, got ${cut(b)}`];
  });
}

function compareStep(step: number, recorded: Result, got: Result, masks: Masks): string[] {
  const lines: string[] = [];
  for (const key of ['send_ret', 'ret', 'errno'] as const)
    if (!same(recorded[key], got[key]) && masks.of(step, key) === undefined)
      lines.push(`step ${step} ${key}: expected ${cut(recorded[key])}, got ${cut(got[key])}`);
  lines.push(...compareReplies(step, 'recv', recorded, got, masks));
  lines.push(...compareReplies(step, 'notify', recorded, got, masks));
  for (const key of ['recv_flags', 'recv_addr'] as const)
    if (!same(recorded[key] ?? [], got[key] ?? []))
      lines.push(`step ${step} ${key}: expected ${cut(recorded[key])}, got ${cut(got[key])}`);
  if (recorded.out !== undefined || got.out !== undefined)
    lines.push(...compareOut(step, recorded.out ?? {}, got.out ?? {}, masks));
  return lines;
}

/** The differences of a whole record; none = agrees. */
export function compare(record: NetlinkRecord, results: readonly Result[]): string[] {
  const masks = new Masks(record.mask);
  const lines = results.flatMap((got, i) => compareStep(i, record.steps[i]!.expected, got, masks));
  const missing = record.steps.length - results.length;
  return missing === 0 ? lines : [...lines, `${missing} of ${record.steps.length} steps were not made`];
}
