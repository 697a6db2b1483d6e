// What a step has done to a frame: the places where bytes differ. A frame that became longer or shorter has one place, from
// the first byte that differs to the last, counted from the end.
import { toHex } from '../../codec/bytes.js';
import type { FrameChange } from './verdict.js';

/** Equal bytes between two differences that are told as one. */
const NEAR = 2;

function sameStart(a: Uint8Array, b: Uint8Array, from: number, most: number): number {
  let at = from;
  while (at < most && a[at] === b[at]) at++;
  return at;
}

function sameEnd(a: Uint8Array, b: Uint8Array, most: number): number {
  let count = 0;
  while (count < most && a[a.length - 1 - count] === b[b.length - 1 - count]) count++;
  return count;
}

function change(before: Uint8Array, after: Uint8Array, at: number, end: number, endAfter: number): FrameChange {
  return { at, before: toHex(before.subarray(at, end)), after: toHex(after.subarray(at, endAfter)) };
}

/** Where the two differ, in order; empty when they do not. */
export function frameChanges(before: Uint8Array, after: Uint8Array): FrameChange[] {
  const shorter = Math.min(before.length, after.length);
  if (before.length !== after.length) {
    const at = sameStart(before, after, 0, shorter);
    const tail = sameEnd(before, after, shorter - at);
    return [change(before, after, at, before.length - tail, after.length - tail)];
  }
  const changes: FrameChange[] = [];
  for (let at = sameStart(before, after, 0, shorter); at < shorter;) {
    let end = at + 1;
    for (let i = end; i < shorter && i - end <= NEAR; i++) if (before[i] !== after[i]) end = i + 1;
    changes.push(change(before, after, at, end, end));
    at = sameStart(before, after, end, shorter);
  }
  return changes;
}
