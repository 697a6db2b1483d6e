// Holds what differs between lib/uapi and the specifications against known.json: who is wrong in each known difference, and the
// recorded lengths that show it. A difference that is not known is taken for a mistake of ours.
import { compare, type Comparison, type Difference } from './compare.js';
import type { Lengths } from './evidence.js';
import type { Specification } from './specification.js';

export interface Known {
  /** Of the difference; that of a struct stands for its members. */
  readonly place: string;
  readonly wrong: 'ynl' | 'neither';
  readonly why: string;
  /** An attribute that has the struct, or is it, and its lengths in the recordings. */
  readonly recorded?: { readonly attribute: string; readonly lengths: readonly number[] };
  /** Where the kernel shows it, in place of a recording. */
  readonly shown?: string;
}

export interface Verdict {
  readonly compared: Comparison['compared'];
  readonly known: readonly (readonly [Known, readonly Difference[]])[];
  /** Where lib/uapi has to be looked at. */
  readonly unknown: readonly Difference[];
  /** What known.json says and does not hold. */
  readonly wrong: readonly string[];
}

const covers = ({ place }: Known, difference: Difference): boolean =>
  difference.place === place || difference.place.startsWith(`${place}.`);

/** What does not hold of the evidence. */
function doubts({ place, recorded: own, shown }: Known, recorded: Lengths): string[] {
  if (own === undefined) return shown === undefined ? [`${place}: nothing shows it`] : [];
  const { attribute, lengths } = own;
  const seen = [...(recorded.get(attribute)?.keys() ?? [])].toSorted((a, b) => a - b);
  if (seen.join() === [...lengths].join()) return [];
  return [`${place}: ${attribute} was recorded with ${seen.join(', ') || 'no'} bytes, not ${lengths.join(', ')}`];
}

export function judge(spec: Specification, known: readonly Known[], recorded: Lengths): Verdict {
  const { differences, compared } = compare(spec);
  const own = known.filter(({ place }) => place.startsWith(`${spec.name}: `));
  const found = own.map((entry) => [entry, differences.filter((difference) => covers(entry, difference))] as const);
  return {
    compared,
    known: found,
    unknown: differences.filter((difference) => !own.some((entry) => covers(entry, difference))),
    wrong: [
      ...found.filter(([, all]) => all.length === 0).map(([{ place }]) => `${place}: differs no more`),
      ...own.flatMap((entry) => doubts(entry, recorded)),
    ],
  };
}

export const attributesOf = (known: readonly Known[]): Set<string> =>
  new Set(known.flatMap(({ recorded }) => (recorded === undefined ? [] : [recorded.attribute])));
