// Which elements of two lists belong together: a longest common subsequence by the greedy algorithm of Myers, as diff(1) has it,
// with a bound on its work; beyond it what is left is taken as different.

export interface Pair {
  /** Indices; one of them undefined = the other side has nothing like it. */
  readonly a?: number;
  readonly b?: number;
}

/** Differences up to which the shortest script is looked for. */
const EDITS_MAX = 4000;

/** Indices of equal elements, in order. */
function common(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const most = Math.min(a.length + b.length, EDITS_MAX);
  const furthest = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  const middle = most + 1;
  for (let edits = 0; edits <= most; edits++) {
    trace.push(furthest.slice(middle - edits - 1, middle + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && furthest[middle + k - 1]! < furthest[middle + k + 1]!);
      let x = down ? furthest[middle + k + 1]! : furthest[middle + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest[middle + k] = x;
      if (x >= a.length && x - k >= b.length) return back(trace, a.length, b.length);
    }
  }
  return [];
}

/** The way back from the end to the beginning. */
function back(trace: readonly Int32Array[], endA: number, endB: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [x, y] = [endA, endB];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const row = trace[edits]!;
    const at = (k: number): number => row[k + edits + 1]!;
    const k = x - y;
    const down = k === -edits || (k !== edits && at(k - 1) < at(k + 1));
    const before = down ? k + 1 : k - 1;
    const fromX = edits === 0 ? 0 : at(before);
    const fromY = edits === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) pairs.push([--x, --y]);
    [x, y] = [fromX, fromY];
  }
  return pairs.reverse();
}

/**
 * All indices of both lists in order. Equal elements go together; between them those that are alike do, in their order.
 */
export function align(a: readonly string[], b: readonly string[], alike: (a: number, b: number) => boolean): Pair[] {
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  const between = (endA: number, endB: number): void => {
    for (; i < endA; i++) {
      let match = j;
      while (match < endB && !alike(i, match)) match++;
      if (match === endB) pairs.push({ a: i });
      else {
        for (; j < match; j++) pairs.push({ b: j });
        pairs.push({ a: i, b: j++ });
      }
    }
    for (; j < endB; j++) pairs.push({ b: j });
  };
  // Most of two recordings is mostly the same, at both ends.
  while (i < a.length && i < b.length && a[i] === b[i]) pairs.push({ a: i++, b: j++ });
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - i && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const start = i;
  for (const [x, y] of common(a.slice(i, a.length - tail), b.slice(i, b.length - tail))) {
    between(start + x, start + y);
    pairs.push({ a: i++, b: j++ });
  }
  between(a.length - tail, b.length - tail);
  while (i < a.length) pairs.push({ a: i++, b: j++ });
  return pairs;
}
