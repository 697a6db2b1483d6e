// Runs of attributes from the declared sets: which of a set come, in declared order, each with a value, nests included.
import type { Attribute as Declared } from '../../../lib/codec/attrs.js';
import { NLA_F_NESTED } from '../../../lib/codec/nla.js';
import type { AnySet, Inner } from './declared.js';
import { innerOf } from './declared.js';
import type { Attribute, Nest } from './message.js';
import { nestOf } from './message.js';
import type { Random } from './random.js';
import type { MemberWords } from './values.js';
import { payload } from './values.js';

type Value = Uint8Array | Nest;

export interface Vocabulary {
  readonly r: Random;
  /** How often an attribute comes, by its name or by that of its set; 0.3 when neither is named. */
  readonly usage: Readonly<Record<string, number>>;
  /** Meaningful values by the name of an attribute; undefined = by declaration. */
  readonly words: Readonly<Record<string, (r: Random, run: readonly Attribute[]) => Value | undefined>>;
  readonly members: MemberWords;
  /** Puts right what only the whole run can know, by the name of the set. */
  readonly finish: Readonly<Record<string, (r: Random, run: Attribute[]) => Attribute[]>>;
}

/** What the kernel sends and never reads: seldom given, to see that it is not read. */
const unasked = 0.005;

function comes({ r, usage }: Vocabulary, set: string, declared: Declared): boolean {
  if (declared.direction === 'dump' || declared.kind.type === 'reject') return r.chance(unasked);
  return r.chance(usage[declared.name] ?? usage[set] ?? 0.3);
}

function valueOf(v: Vocabulary, declared: Declared, run: readonly Attribute[]): Value {
  const word = v.r.chance(0.98) ? v.words[declared.name]?.(v.r, run) : undefined;
  if (word !== undefined) return word;
  const inner = v.r.chance(0.98) ? innerOf(declared, run) : undefined;
  return inner === undefined ? payload(v.r, declared, v.members) : nestOf(inside(v, inner));
}

function inside(v: Vocabulary, { set, numbered }: Inner): Attribute[] {
  if (!numbered) return attributesOf(v, set);
  const count = v.r.pick([1, 1, 1, 2, 3]);
  return Array.from({ length: count }, (_, i) => ({ type: i + 1, value: nestOf(attributesOf(v, set)) }));
}

/** One run. Where the policy says nest, the flag that says so is there in half of the cases. */
export function attributesOf(v: Vocabulary, set: AnySet): Attribute[] {
  const run: Attribute[] = [];
  for (const declared of set.$byType) {
    if (declared === undefined || !comes(v, set.$name, declared)) continue;
    const flag = declared.kind.type === 'nested' && v.r.chance(0.5) ? NLA_F_NESTED : 0;
    run.push({ type: declared.type | flag, value: valueOf(v, declared, run) });
  }
  return v.finish[set.$name]?.(v.r, run) ?? run;
}
